"""Programs give what they give eagerly, whichever optional pass is switched off, and with none of them."""

import numpy as np
import pytest
import tfc as tf
from optional_passes import OPTIONAL

RNG = np.random.default_rng(0)


def data(*shape):
    return tf.constant(RNG.normal(size=shape).astype(np.float32))


X, W, B, IMAGE, FILTERS = data(17, 33), data(33, 21), data(21), data(2, 9, 8, 3), data(3, 3, 3, 5)
ROWS = tf.constant([3, 0, 16, 3, 5], tf.int32)


class Model:
    """A layer with momentum, trained in place."""

    def __init__(self):
        self.w, self.b = tf.Variable(W), tf.Variable(B)
        self.speed = tf.Variable(tf.zeros_like(W))

    def step(self, x):
        with tf.GradientTape() as tape:
            y = tf.nn.softmax(tf.tanh(x @ self.w + self.b))
            loss = tf.reduce_mean(tf.square(y - 0.1))
        gw, gb = tape.gradient(loss, [self.w, self.b])
        self.speed.assign(0.9 * self.speed - 0.5 * gw)
        self.w.assign_add(self.speed)
        self.b.assign_sub(0.5 * gb)
        return loss


def train():
    model = Model()
    step = tf.function(model.step)
    losses = [step(X) for _ in range(3)]
    return [*losses, model.w, model.b, model.speed]


def attention():
    def f(x):
        scores = tf.matmul(x, x, transpose_b=True) * 0.3
        weights = tf.nn.softmax(scores, axis=-1)
        y = tf.matmul(weights, x) + x
        mean = tf.reduce_mean(y, axis=1, keepdims=True)
        centered = y - mean
        return centered * tf.math.rsqrt(tf.reduce_mean(tf.square(centered), axis=1, keepdims=True) + 1e-5), mean

    return tf.function(f)(X)


def network():
    def f(x, w):
        y = tf.nn.relu(tf.nn.conv2d(x, w, 1, "SAME"))
        y = tf.nn.max_pool2d(y, 2, 2, "VALID")
        return tf.reduce_sum(y, axis=[1, 2]), tf.argmax(y, axis=-1)

    return tf.function(f)(IMAGE, FILTERS)


def state():
    total, count = tf.Variable(tf.zeros([33])), tf.Variable(0)

    def f(x):
        count.assign(0)
        for i in tf.range(5):
            total.assign_add(x[i] * 2.0)
            if i % 2 == 0:
                count.assign_add(1)
            total.assign(total * 0.5)
        before = total.read_value()
        total.assign(before + 1.0)
        return before, total + 0.0, count + 0

    return [*tf.function(f)(X), total, count]


def loops():
    def f(x):
        steps = tf.TensorArray(tf.float32, size=4)
        h = tf.zeros([21])
        for i in tf.range(4):
            h = tf.tanh(tf.linalg.matvec(W, x[i], transpose_a=True) + 0.5 * h)
            steps = steps.write(i, h)
        n = tf.constant(0)
        while tf.reduce_sum(h) < 30.0:
            h = tf.abs(h) + 0.25
            n += 1
        return steps.stack(), h, n

    return tf.function(f)(X)


def moves():
    def f(x, rows):
        picked = tf.gather(x, rows)
        back = tf.tensor_scatter_nd_add(x, rows[:, None], picked * 0.5)
        summed = tf.math.unsorted_segment_sum(picked, tf.constant([0, 1, 0, 2, 1]), 3)
        joined = tf.concat([back[:5], picked[::-1]], 0)
        return tf.cumsum(joined, axis=0), summed, tf.sort(x, axis=1)[:, :3], tf.transpose(joined)

    return tf.function(f)(X, ROWS)


def scans():
    v = tf.Variable(tf.linspace(-1.0, 1.0, 20_011))

    def f(x):
        v.assign(tf.cumsum(v * 0.5) * 1e-3 + x[0, 0])
        v.assign(tf.cumsum(tf.cumsum(v, reverse=True) * 1e-4))
        return v.read_value(), tf.cumsum(x * 2.0, axis=1)

    return tf.function(f)(X)


def stencils():
    @tf.function
    def f(x, n):
        u, v = x @ tf.transpose(x), x @ tf.transpose(x) * 0.5
        for _ in tf.range(n):
            u, v = v, 2.0 * v - u + 0.1 * tf.pad(v[:-2, 1:-1] + v[2:, 1:-1] - 2.0 * v[1:-1, 1:-1], [[1, 1], [1, 1]])
        while tf.reduce_max(tf.abs(u)) > 1.0:
            u = 0.3 * (u[::-1] + tf.transpose(u))
        return u, v

    return f(X, 3) + f(X, tf.constant(4))


def unknown_sizes():
    f = tf.function(
        lambda x, y: (tf.exp(x - tf.reduce_max(x, 1, keepdims=True)) @ y, tf.boolean_mask(x, x[:, 0] > 0.0)),
        input_signature=[tf.TensorSpec([None, None]), tf.TensorSpec([None, None])],
    )
    return f(X, W)


PROGRAMS = [train, attention, network, state, loops, moves, scans, stencils, unknown_sizes]


@pytest.fixture(scope="module")
def expected():
    tf.config.run_functions_eagerly(True)
    try:
        return {program: [t.numpy() for t in program()] for program in PROGRAMS}
    finally:
        tf.config.run_functions_eagerly(False)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
@pytest.mark.parametrize("off", [*OPTIONAL, "all"])
def test_results_do_not_depend_on_the_pass(off, program, expected, switched_off):
    switched_off(OPTIONAL if off == "all" else (off,))
    for got, want in zip(program(), expected[program], strict=True):
        np.testing.assert_allclose(got.numpy(), want, rtol=2e-5, atol=2e-5)


def test_all_optional_passes_are_tested(switched_off):
    switched_off(("nonsense",))
    with pytest.raises(ValueError, match="these can: ") as e:
        tf.function(lambda x: x + 1.0)(X)
    assert {name.strip() for name in str(e.value).split("these can: ")[1].split(",")} == set(OPTIONAL)
