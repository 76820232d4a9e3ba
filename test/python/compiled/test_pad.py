"""Constants around tensors: large ones are written once, what is padded inside and the constant around it."""

import numpy as np
import pytest
import tfc as tf

CASES = {
    "small": ((5, 7), [(1, 1), (2, 0)]),
    "just_below": ((88, 89), [(1, 1), (1, 1)]),
    "large": ((100, 90), [(1, 2), (3, 4)]),
    "before_only": ((100, 90), [(4, 0), (0, 0)]),
    "behind_only": ((100, 90), [(0, 0), (0, 5)]),
    "row": ((9000,), [(3, 200)]),
    "three_dimensions": ((20, 30, 20), [(1, 0), (0, 2), (3, 3)]),
    "five_dimensions": ((6, 7, 8, 5, 6), [(1, 1)] * 5),
    "mostly_constant": ((2, 3), [(60, 70), (40, 50)]),
    "nothing_inside": ((0, 90), [(70, 50), (1, 1)]),
    "nothing_at_all": ((100, 100), [(0, 0), (0, 0)]),
}


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.bool_, np.complex64, np.float16])
@pytest.mark.parametrize("case", CASES)
def test_pads_are_those_of_numpy(case, dtype):
    shape, pads = CASES[case]
    x = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    value = dtype(1)
    got = tf.function(lambda x: tf.pad(x, pads, constant_values=value))(tf.constant(x))
    np.testing.assert_array_equal(got, np.pad(x, pads, constant_values=value))


@pytest.mark.parametrize("case", CASES)
def test_what_is_padded_is_computed_in_place(case):
    shape, pads = CASES[case]
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)

    @tf.function
    def run(x):
        y = tf.pad(x * 2.0 + 1.0, pads)
        return y, tf.reduce_sum(y), x + 1.0

    padded, total, other = run(tf.constant(x))
    want = np.pad(x * np.float32(2) + np.float32(1), pads)
    np.testing.assert_allclose(padded, want, rtol=1e-6)
    np.testing.assert_allclose(total, want.sum(dtype=np.float64), rtol=1e-4, atol=1e-2)
    np.testing.assert_array_equal(other, x + 1)


def test_a_loop_pads_what_it_carries():
    x = np.random.default_rng(0).normal(size=(100, 100)).astype(np.float32)

    @tf.function
    def run(x):
        for _ in tf.range(5):
            x = tf.pad(0.5 * (x[:-2, 1:-1] + x[2:, 1:-1]), [[1, 1], [1, 1]], constant_values=3.0)
        return x

    want = x
    for _ in range(5):
        want = np.pad(np.float32(0.5) * (want[:-2, 1:-1] + want[2:, 1:-1]), 1, constant_values=3.0)
    np.testing.assert_allclose(run(tf.constant(x)), want, rtol=1e-6)


def test_gradients_of_pads_leave_the_constant_out():
    x = tf.constant(np.ones((100, 100), np.float32))

    @tf.function
    def run(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.pad(x, [[2, 1], [0, 3]]) ** 2)
        return tape.gradient(y, x)

    np.testing.assert_array_equal(run(x), np.full((100, 100), 2, np.float32))
