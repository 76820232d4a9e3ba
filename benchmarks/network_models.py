"""Whole networks, written once: `tf` is tfc, TensorFlow, or JAX or torch behind the same names (network_ops.py).
Weights come from `p`, in the order of their use, in the type that the network computes in. With bfloat16, norms and
losses are computed in float32 and rounded once, as Keras's policy mixed_bfloat16 and flax do.
"""

from __future__ import annotations

import numpy as np


class Weights:
    """Makes weights of the shapes that a network asks for, then hands out what an implementation made of them."""

    def __init__(self, given=None, cast=None):
        self.given = given
        self.cast = cast
        self.made = []
        self.random = np.random.default_rng(0)

    def __call__(self, *shape, scale=None, ones=False, wide=False):
        if self.given is not None:
            self.made.append(None)
            value = self.given[len(self.made) - 1]
            return self.cast(value, wide) if self.cast else value
        if ones:
            value = np.ones(shape)
        else:
            usual = 0.01 if len(shape) == 1 else 1 / np.sqrt(np.prod(shape[:-1]))
            value = self.random.standard_normal(shape) * (scale or usual)
        self.made.append(value.astype(np.float32))
        return self.made[-1]


def scaled(tf, p, x, size, dtype):
    return tf.cast(x * p(size, ones=True, wide=True) + p(size, wide=True), dtype)


def layer_norm(tf, p, x, size):
    wide = tf.cast(x, tf.float32)
    centred = wide - tf.reduce_mean(wide, axis=-1, keepdims=True)
    variance = tf.reduce_mean(tf.square(centred), axis=-1, keepdims=True)
    return scaled(tf, p, centred * tf.math.rsqrt(variance + 1e-5), size, x.dtype)


def dense(tf, p, x, before, after):
    return tf.matmul(x, p(before, after)) + p(after)


def attention(tf, p, x, batch, length, size, heads, causal):
    each = size // heads

    def split(part):
        return tf.transpose(tf.reshape(part, (batch, length, heads, each)), (0, 2, 1, 3))

    q, k, v = map(split, tf.split(dense(tf, p, x, size, 3 * size), 3, axis=-1))
    scores = tf.matmul(q, k, transpose_b=True) * each**-0.5
    if causal:
        scores = scores + tf.cast(np.triu(np.full((length, length), -1e9, np.float32), 1), scores.dtype)
    mixed = tf.transpose(tf.matmul(tf.nn.softmax(scores), v), (0, 2, 1, 3))
    return dense(tf, p, tf.reshape(mixed, (batch, length, size)), size, size)


def transformer_block(tf, p, x, batch, length, size, heads, causal, approximate):
    x = x + attention(tf, p, layer_norm(tf, p, x, size), batch, length, size, heads, causal)
    h = tf.nn.gelu(dense(tf, p, layer_norm(tf, p, x, size), size, 4 * size), approximate=approximate)
    return x + dense(tf, p, h, 4 * size, size)


def gpt(tf, p, tokens, size=768, heads=12, blocks=12, words=50257):
    """A decoder like GPT-2's smallest: logits of all positions."""
    batch, length = tokens.shape
    embedding = p(words, size, scale=0.02)
    x = tf.gather(embedding, tokens) + p(length, size, scale=0.02)
    for _ in range(blocks):
        x = transformer_block(tf, p, x, batch, length, size, heads, True, True)
    return tf.matmul(tf.reshape(layer_norm(tf, p, x, size), (batch * length, size)), embedding, transpose_b=True)


def decoder_step(tf, p, x, keys, values, size=768, heads=12, words=50257):
    """One more token, with the keys and values of those before."""
    for block in range(keys.shape[0]):
        q, k, v = tf.split(dense(tf, p, layer_norm(tf, p, x, size), size, 3 * size), 3, axis=-1)
        q, k, v = (tf.reshape(part, (heads, 1, size // heads)) for part in (q, k, v))
        all_keys, all_values = tf.concat([keys[block], k], axis=1), tf.concat([values[block], v], axis=1)
        scores = tf.nn.softmax(tf.matmul(q, all_keys, transpose_b=True) * (size // heads) ** -0.5)
        x = x + dense(tf, p, tf.reshape(tf.matmul(scores, all_values), (1, size)), size, size)
        h = tf.nn.gelu(dense(tf, p, layer_norm(tf, p, x, size), size, 4 * size), approximate=True)
        x = x + dense(tf, p, h, 4 * size, size)
    return tf.matmul(layer_norm(tf, p, x, size), p(words, size, scale=0.02), transpose_b=True)


def vision_transformer(tf, p, x, size=768, heads=12, blocks=12):
    batch = x.shape[0]
    x = tf.nn.conv2d(x, p(16, 16, 3, size), strides=16, padding="VALID") + p(size)
    x = tf.concat([p(batch, 1, size), tf.reshape(x, (batch, 196, size))], axis=1) + p(1, 197, size)
    for _ in range(blocks):
        x = transformer_block(tf, p, x, batch, 197, size, heads, False, False)
    return dense(tf, p, layer_norm(tf, p, x[:, 0], size), size, 1000)


def batch_norm(tf, p, x, channels, training):
    wide = tf.cast(x, tf.float32)
    if training:
        mean = tf.reduce_mean(wide, axis=(0, 1, 2))
        variance = tf.reduce_mean(tf.square(wide - mean), axis=(0, 1, 2))
    else:
        mean, variance = p(channels, wide=True), p(channels, ones=True, wide=True)
    return scaled(tf, p, (wide - mean) * tf.math.rsqrt(variance + 1e-5), channels, x.dtype)


def convolution(tf, p, x, before, after, size, stride, training):
    y = tf.nn.conv2d(x, p(size, size, before, after), strides=stride, padding="SAME")
    return batch_norm(tf, p, y, after, training)


def resnet(tf, p, x, training=False):
    """ResNet-50."""

    def convolve(x, *sizes):
        return convolution(tf, p, x, *sizes, training)

    x = tf.nn.max_pool2d(tf.nn.relu(convolve(x, 3, 64, 7, 2)), 3, 2, "SAME")
    channels = 64
    for stage, (width, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            short = convolve(x, channels, 4 * width, 1, stride) if not block else x
            y = tf.nn.relu(convolve(x, channels, width, 1, 1))
            y = tf.nn.relu(convolve(y, width, width, 3, stride))
            x = tf.nn.relu(convolve(y, width, 4 * width, 1, 1) + short)
            channels = 4 * width
    return dense(tf, p, tf.reduce_mean(x, axis=(1, 2)), 2048, 1000)


def mobilenet(tf, p, x, training=False):
    """MobileNetV2."""

    def convolve(x, *sizes):
        return convolution(tf, p, x, *sizes, training)

    def inverted(x, before, after, stride, expand):
        wide = before * expand
        y = tf.nn.relu6(convolve(x, before, wide, 1, 1)) if expand > 1 else x
        y = tf.nn.depthwise_conv2d(y, p(3, 3, wide, 1), (1, stride, stride, 1), "SAME")
        y = convolve(tf.nn.relu6(batch_norm(tf, p, y, wide, training)), wide, after, 1, 1)
        return x + y if stride == 1 and before == after else y

    x = tf.nn.relu6(convolve(x, 3, 32, 3, 2))
    channels = 32
    stages = (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)
    for expand, after, blocks, stride in stages:
        for block in range(blocks):
            x = inverted(x, channels, after, 1 if block else stride, expand)
            channels = after
    x = tf.nn.relu6(convolve(x, 320, 1280, 1, 1))
    return dense(tf, p, tf.reduce_mean(x, axis=(1, 2)), 1280, 1000)


def convnext(tf, p, x):
    """ConvNeXt-T."""
    channels = 96
    x = layer_norm(tf, p, tf.nn.conv2d(x, p(4, 4, 3, 96), strides=4, padding="VALID") + p(96), 96)
    for stage, blocks in enumerate((3, 3, 9, 3)):
        if stage:
            x = layer_norm(tf, p, x, channels)
            x = tf.nn.conv2d(x, p(2, 2, channels, 2 * channels), strides=2, padding="VALID") + p(2 * channels)
            channels *= 2
        for _ in range(blocks):
            y = tf.nn.depthwise_conv2d(x, p(7, 7, channels, 1), (1, 1, 1, 1), "SAME") + p(channels)
            y = dense(tf, p, layer_norm(tf, p, y, channels), channels, 4 * channels)
            y = dense(tf, p, tf.nn.gelu(y, approximate=False), 4 * channels, channels)
            x = x + y * p(channels, scale=0.1)
    return dense(tf, p, layer_norm(tf, p, tf.reduce_mean(x, axis=(1, 2)), 768), 768, 1000)


def speech_encoder(tf, p, x, size=384, heads=6, blocks=4):
    """As Whisper's smallest: 30 seconds of 80 bands."""
    x = tf.nn.gelu(tf.nn.conv1d(x, p(3, 80, size), stride=1, padding="SAME") + p(size), approximate=False)
    x = tf.nn.gelu(tf.nn.conv1d(x, p(3, size, size), stride=2, padding="SAME") + p(size), approximate=False)
    x = x + p(1500, size)
    for _ in range(blocks):
        x = transformer_block(tf, p, x, 1, 1500, size, heads, False, False)
    return layer_norm(tf, p, x, size)


def unet(tf, p, x, time):
    """Of a small diffusion model: group norms, attention at the bottom."""

    def group_norm(x, channels, groups=8):
        batch, height, width, _ = x.shape
        y = tf.reshape(tf.cast(x, tf.float32), (batch, height * width, groups, channels // groups))
        centred = y - tf.reduce_mean(y, axis=(1, 3), keepdims=True)
        variance = tf.reduce_mean(tf.square(centred), axis=(1, 3), keepdims=True)
        y = tf.reshape(centred * tf.math.rsqrt(variance + 1e-5), (batch, height, width, channels))
        return scaled(tf, p, y, channels, x.dtype)

    def convolve(x, before, after, stride=1, size=3):
        return tf.nn.conv2d(x, p(size, size, before, after), strides=stride, padding="SAME") + p(after)

    def residual(x, before, after):
        h = convolve(tf.nn.silu(group_norm(x, before)), before, after)
        h = h + tf.reshape(dense(tf, p, tf.nn.silu(time), 256, after), (-1, 1, 1, after))
        h = convolve(tf.nn.silu(group_norm(h, after)), after, after)
        return (convolve(x, before, after, size=1) if before != after else x) + h

    def attend(x, channels):
        batch, height, width, _ = x.shape
        flat = tf.reshape(group_norm(x, channels), (batch, height * width, channels))
        q, k, v = tf.split(dense(tf, p, flat, channels, 3 * channels), 3, axis=-1)
        scores = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) * channels**-0.5)
        mixed = dense(tf, p, tf.matmul(scores, v), channels, channels)
        return x + tf.reshape(mixed, (batch, height, width, channels))

    def twice(x, channels):
        batch, height, width, _ = x.shape
        y = tf.reshape(x, (batch, height, 1, width, 1, channels)) + tf.cast(
            np.zeros((1, 1, 2, 1, 2, 1), np.float32), x.dtype
        )
        return convolve(tf.reshape(y, (batch, 2 * height, 2 * width, channels)), channels, channels)

    time = dense(tf, p, tf.nn.silu(dense(tf, p, time, 64, 256)), 256, 256)
    first = residual(convolve(x, 3, 64), 64, 64)
    second = residual(convolve(first, 64, 64, 2), 64, 128)
    third = attend(residual(convolve(second, 128, 128, 2), 128, 256), 256)
    x = residual(attend(residual(third, 256, 256), 256), 256, 256)
    x = twice(attend(residual(tf.concat([x, third], -1), 512, 256), 256), 256)
    x = twice(residual(tf.concat([x, second], -1), 384, 128), 128)
    x = residual(tf.concat([x, first], -1), 192, 64)
    return convolve(tf.nn.silu(group_norm(x, 64)), 64, 3)


def wavenet(tf, p, x, channels=64, layers=20):
    """Gated convolutions in time, whose taps are up to 512 samples apart."""
    x = tf.nn.conv1d(x, p(1, 1, channels), stride=1, padding="SAME")
    skipped = 0.0
    for layer in range(layers):
        rate = 2 ** (layer % 10)
        y = tf.pad(x, ((0, 0), (rate, 0), (0, 0)))
        y = tf.nn.conv1d(y, p(2, channels, 2 * channels), stride=1, padding="VALID", dilations=rate) + p(2 * channels)
        left, right = tf.split(y, 2, axis=-1)
        gated = tf.tanh(left) * tf.sigmoid(right)
        skipped = skipped + dense(tf, p, gated, channels, channels)
        x = x + dense(tf, p, gated, channels, channels)
    h = tf.nn.relu(dense(tf, p, tf.nn.relu(skipped), channels, channels))
    return dense(tf, p, h, channels, 256)


def classified(network, **options):
    def loss(tf, p, x, labels):
        logits = tf.cast(network(tf, p, x, **options), tf.float32)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))

    return loss


def restored(tf, p, x, time, target):
    return tf.reduce_mean(tf.square(tf.cast(unet(tf, p, x, time), tf.float32) - tf.cast(target, tf.float32)))


def floats(*shape):
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


def integers(below, *shape):
    return np.random.default_rng(2).integers(0, below, shape).astype(np.int32)


IMAGE = 1, 224, 224, 3
#: The network, its inputs, and whether a call is a step of training.
NETWORKS = {
    "resnet50": (resnet, lambda: [floats(*IMAGE)], False),
    "mobilenet": (mobilenet, lambda: [floats(*IMAGE)], False),
    "mobilenet_of_8": (mobilenet, lambda: [floats(8, 224, 224, 3)], False),
    "convnext": (convnext, lambda: [floats(*IMAGE)], False),
    "vit": (vision_transformer, lambda: [floats(*IMAGE)], False),
    "unet": (unet, lambda: [floats(2, 64, 64, 3), floats(2, 64)], False),
    "gpt": (gpt, lambda: [integers(50257, 1, 128)], False),
    "gpt_step": (decoder_step, lambda: [floats(1, 768), floats(12, 12, 255, 64), floats(12, 12, 255, 64)], False),
    "speech": (speech_encoder, lambda: [floats(1, 3000, 80)], False),
    "wavenet": (wavenet, lambda: [floats(1, 4000, 1)], False),
    "resnet50_train": (
        classified(resnet, training=True),
        lambda: [floats(4, 128, 128, 3), integers(1000, 4)],
        True,
    ),
    "mobilenet_train": (
        classified(mobilenet, training=True),
        lambda: [floats(4, 128, 128, 3), integers(1000, 4)],
        True,
    ),
    "unet_train": (restored, lambda: [floats(2, 32, 32, 3), floats(2, 64), floats(2, 32, 32, 3)], True),
    "vit_train": (
        classified(vision_transformer, size=384, heads=6, blocks=6),
        lambda: [floats(2, 224, 224, 3), integers(1000, 2)],
        True,
    ),
    "gpt_train": (
        classified(gpt, size=384, heads=6, blocks=6, words=8000),
        lambda: [integers(8000, 2, 128), integers(8000, 256)],
        True,
    ),
}
