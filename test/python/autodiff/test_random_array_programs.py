"""Random programs that write, read, grow and exchange TensorArrays in loops and branches: compiled as eagerly, with gradients."""

import random

import numpy as np
import pytest
import tfc as tf

START = tf.constant([0.3, -0.7, 1.1], tf.float64)
LEAVES = ["append", "set", "read", "stack", "size", "swap ends", "sine"]
NESTS = ["branch", "loop", "exchange"]


def steps(draw, depth):
    """(kind, which array, a factor, a small number, steps inside, other steps inside) of some steps."""
    made = []
    for _ in range(draw.randint(1, 3)):
        kind = draw.choice(LEAVES + NESTS if depth < 2 else LEAVES)
        inside = [steps(draw, depth + 1) if kind in ("branch", "loop") else None for _ in range(2)]
        made.append((kind, draw.randint(0, 1), draw.uniform(-1, 1), draw.randint(1, 3), *inside))
    return made


def changed(kind, array, grows, state, x, i, factor, number):
    """An array after a step that changes it."""
    if kind == "append" and grows:
        return array.write(array.size(), state * factor + x)
    if kind == "swap ends":
        first, last = array.read(0), array.read(array.size() - 1)
        return array.write(0, last).write(array.size() - 1, first * 0.9)
    return array.write(tf.minimum(i % 2 + number - 1, array.size() - 1), state * factor)


def run(program, x, state, first, second, i, grows):
    for kind, which, factor, number, inside, otherwise in program:
        array = second if which else first
        if kind == "read":
            state = state + factor * array.read((i + number) % array.size())
        elif kind == "stack":
            state = state + factor * tf.reduce_sum(array.stack() ** 2, 0) * 0.1
        elif kind == "size":
            state = state * (1.0 + 0.01 * tf.cast(array.size(), tf.float64))
        elif kind == "sine":
            state = tf.sin(state) + factor
        elif kind == "exchange":
            if not (grows[0] or grows[1]):
                first, second = second, first
        elif kind == "branch":
            if tf.reduce_sum(state) > factor * 3.0:
                state, first, second = run(inside, x, state, first, second, i, grows)
            else:
                state, first, second = run(otherwise, x, state, first, second, i, grows)
        elif kind == "loop":
            for j in tf.range(number):
                state, first, second = run(inside, x, state, first, second, i + j, grows)
        elif which:
            second = changed(kind, second, grows[1], state, x, i, factor, number)
        else:
            first = changed(kind, first, grows[0], state, x, i, factor, number)
    return state, first, second


def program(seed):
    draw = random.Random(seed)
    grows = [draw.random() < 0.7 for _ in range(2)]
    vectors, count, body = draw.random() < 0.5, draw.randint(1, 5), steps(draw, 0)

    def f(x):
        x = x if vectors else x[0]
        rows = tf.stack([x * 0.5, x, x * 1.5])
        first, second = (
            tf.TensorArray(
                tf.float64, 3, dynamic_size=g, clear_after_read=False, element_shape=[3] if vectors else []
            ).unstack(rows)
            for g in grows
        )
        state = x * 0.5
        for i in tf.range(count):
            state, first, second = run(body, x, state, first, second, i, grows)
        total = tf.reduce_sum(state) + tf.reduce_sum(tf.tanh(first.stack()))
        return total + tf.reduce_sum(second.read(second.size() - 1)) * tf.cast(first.size(), tf.float64)

    return f


def slope(f):
    def g(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return y, tape.gradient(y, x, unconnected_gradients="zero")

    return g


@pytest.mark.parametrize("seed", range(16))
def test_compiled_values_and_gradients_are_the_eager_ones(seed):
    f = program(seed)
    want = slope(f)(START)
    assert np.isfinite(want[0])
    for got in (tf.function(slope(f))(START), slope(tf.function(f))(START)):
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)
