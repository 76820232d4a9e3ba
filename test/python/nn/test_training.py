"""Whole models train: compiled steps lower the loss as eager ones do."""

import numpy as np
import pytest
import tfc as tf


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


class ConvNet(tf.Module):
    """Two convolutions with batch normalization and pooling, then a dense layer."""

    def __init__(self, seed=0):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.first = tf.Variable(normal(rng, 3, 3, 1, 8) * 0.3)
        self.depthwise = tf.Variable(normal(rng, 3, 3, 8, 1) * 0.3)
        self.pointwise = tf.Variable(normal(rng, 1, 1, 8, 12) * 0.3)
        self.scale, self.offset = tf.Variable(tf.ones(8)), tf.Variable(tf.zeros(8))
        self.dense, self.bias = tf.Variable(normal(rng, 3 * 3 * 12, 4) * 0.1), tf.Variable(tf.zeros(4))

    def __call__(self, x):
        y = tf.nn.conv2d(x, self.first, 1, "SAME")
        mean, variance = tf.nn.moments(y, [0, 1, 2])
        y = tf.nn.relu(tf.nn.batch_normalization(y, mean, variance, self.offset, self.scale, 1e-3))
        y = tf.nn.max_pool2d(y, 2, 2, "VALID")
        y = tf.nn.relu(tf.nn.separable_conv2d(y, self.depthwise, self.pointwise, [1, 1, 1, 1], "SAME"))
        y = tf.nn.avg_pool2d(y, 2, 2, "SAME")
        return tf.reshape(y, [x.shape[0], -1]) @ self.dense + self.bias


class Transformer(tf.Module):
    """A block of causal self-attention and a feed-forward layer, on embedded tokens."""

    def __init__(self, seed=0, vocabulary=11, width=16, heads=2, length=8):
        super().__init__()
        rng = np.random.default_rng(seed)
        make = lambda *shape: tf.Variable(normal(rng, *shape) * 0.2)
        self.heads, self.width = heads, width
        self.tokens, self.places = make(vocabulary, width), make(length, width)
        self.query, self.key, self.value, self.out = (make(width, width) for _ in range(4))
        self.up, self.down = make(width, 4 * width), make(4 * width, width)
        self.gains = [tf.Variable(tf.ones(width)) for _ in range(2)]

    def norm(self, x, gain):
        mean, variance = tf.nn.moments(x, [-1], keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + 1e-5) * gain

    def split(self, x):
        batch, length, _ = x.shape
        return tf.transpose(tf.reshape(x, [batch, length, self.heads, -1]), [0, 2, 1, 3])

    def __call__(self, ids):
        batch, length = ids.shape
        x = tf.gather(self.tokens, ids) + self.places[:length]
        y = self.norm(x, self.gains[0])
        q, k, v = (self.split(y @ w) for w in (self.query, self.key, self.value))
        scores = tf.matmul(q, k, transpose_b=True) / np.sqrt(self.width / self.heads)
        mask = tf.linalg.band_part(tf.ones([length, length]), -1, 0)
        weights = tf.nn.softmax(tf.where(mask > 0, scores, -1e9))
        mixed = tf.reshape(tf.transpose(weights @ v, [0, 2, 1, 3]), [batch, length, self.width])
        x = x + mixed @ self.out
        x = x + tf.nn.gelu(self.norm(x, self.gains[1]) @ self.up) @ self.down
        return tf.matmul(x, self.tokens, transpose_b=True)


def digits(seed=1):
    """Bars in four directions, with noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, 16)
    images = 0.1 * normal(rng, 16, 12, 12, 1)
    for image, label in zip(images, labels, strict=True):
        at = int(rng.integers(2, 10))
        if label == 0:
            image[at] += 1
        elif label == 1:
            image[:, at] += 1
        else:
            i = np.arange(12)
            image[i, i if label == 2 else 11 - i] += 1
    return images, labels


def sequences(seed=1):
    """Counting in steps: the next token follows from the two before."""
    rng = np.random.default_rng(seed)
    start, step = rng.integers(0, 11, (8, 1)), rng.integers(1, 4, (8, 1))
    ids = (start + step * np.arange(9)) % 11
    return ids[:, :-1], ids[:, 1:]


MODELS = {"conv net": (ConvNet, digits, tf.optimizers.SGD, {"learning_rate": 0.1, "momentum": 0.9}),
          "transformer": (Transformer, sequences, tf.optimizers.Adam, {"learning_rate": 0.01})}  # fmt: skip
STEPS = 10


def train(name, compiled):
    cls, data, optimizer, arguments = MODELS[name]
    model, opt = cls(), optimizer(**arguments)
    x, labels = (tf.constant(v) for v in data())

    def step(x, labels):
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(x))
            loss = tf.reduce_mean(losses)
        variables = model.trainable_variables
        opt.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    step = tf.function(step) if compiled else step
    return [float(step(x, labels)) for _ in range(STEPS)]


@pytest.mark.parametrize("name", MODELS)
def test_compiled_training_reaches_the_loss_of_eager_training(name):
    eager, compiled = train(name, False), train(name, True)
    assert eager[-1] < 0.7 * eager[0]
    np.testing.assert_allclose(compiled, eager, atol=1e-5)
