"""Ops on parts of rows (margins, what is rolled, joined or stacked) share loops with what reads them, whose rows then are theirs."""

import numpy as np
import pytest
import tfc as tf


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(request.param)
    yield
    tf.config.threading.set_intra_op_parallelism_threads(before)


def numbers(*shape, dtype="float32"):
    return np.random.default_rng(len(shape)).integers(-50, 50, shape).astype(dtype)


def laplacian(u):
    return u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * u[1:-1, 1:-1]


def same(function, program, *arrays, steps=3):
    """`function` in a compiled loop, three calls, and `program` of numpy as often."""

    @tf.function
    def run(*values):
        values = list(values)
        for _ in tf.range(steps):
            values = list(function(*values))
        return values

    expected = list(arrays)
    for _ in range(steps):
        expected = program(*expected)
    for _ in range(3):
        for want, got in zip(expected, run(*map(tf.constant, arrays)), strict=True):
            np.testing.assert_array_equal(got.numpy(), want, strict=True)


@pytest.mark.parametrize("shape", [(64, 64), (65, 130), (128, 33), (3, 70), (200, 3)])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "uint8"])
def test_margins_of_a_stencil(threads, shape, dtype):
    u = numbers(*shape, dtype="int64").astype(dtype)
    same(
        lambda u: [tf.pad(laplacian(u), [[1, 1], [1, 1]])],
        lambda u: [np.pad(laplacian(u), 1).astype(dtype)],
        u,
        steps=5,
    )


def test_margins_of_an_operand(threads):
    """The padded values are one operand of what follows: they need not be stored."""
    before, now = numbers(128, 96), numbers(96, 128).T.copy()
    same(
        lambda b, n: [n, 2 * n - b + tf.pad(laplacian(n), [[1, 1], [1, 1]])],
        lambda b, n: [n, 2 * n - b + np.pad(laplacian(n), 1)],
        before,
        now,
    )


@pytest.mark.parametrize("low", [0, 1, 3])
@pytest.mark.parametrize("high", [0, 2])
def test_other_numbers_in_margins(threads, low, high):
    x = numbers(100, 80)
    rows = slice(low, 100 - high)
    same(
        lambda x: [tf.pad(2 - x[rows, 1:], [[low, high], [1, 0]], constant_values=7.0)],
        lambda x: [np.pad(2 - x[rows, 1:], [[low, high], [1, 0]], constant_values=7)],
        x,
    )


@pytest.mark.parametrize("shift", [[1, 0], [0, 1], [-1, 2], [5, -7], [64, 0]])
def test_rolled_rows_and_columns(threads, shift):
    x = numbers(128, 130)
    same(
        lambda x: [tf.roll(x, shift, [0, 1]) - x],
        lambda x: [np.roll(x, shift, (0, 1)) - x],
        x,
    )


def test_planes_that_are_rolled_and_stacked(threads):
    shifts = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1)]

    def step(roll, stack):
        def run(x):
            moved = [roll(x[i], s, (0, 1)) for i, s in enumerate(shifts)]
            total = sum(moved)
            return [stack([m * 3 - total for m in moved])]

        return run

    same(step(tf.roll, tf.stack), step(np.roll, np.stack), numbers(6, 64, 64))


def test_a_row_of_another_tensor(threads):
    """The first row comes from elsewhere, the others are computed."""
    x, y = numbers(150, 70), numbers(150, 70)
    same(
        lambda x, y: [tf.concat([y[3:4], x[1:] - y[:-1]], 0), y - x],
        lambda x, y: [np.concatenate([y[3:4], x[1:] - y[:-1]]), y - x],
        x,
        y,
    )


def test_a_row_is_read_before_it_is_written(threads):
    """The second op reads the rows that the first one writes one iteration later."""
    x = numbers(130, 64)
    same(
        lambda x: [tf.concat([(y := x * 2)[1:] + y[:-1], y[:1]], 0)],
        lambda x: [np.concatenate([(y := x * 2)[1:] + y[:-1], y[:1]])],
        x,
    )


def test_borders_that_repeat_their_neighbours(threads):
    def step(concat):
        def run(x):
            inner = x[1:-1] * 2 - x[:-2]
            return [concat([x[1:2], inner, x[-2:-1]], 0)]

        return run

    same(step(tf.concat), step(np.concatenate), numbers(90, 66))


def test_batches_of_grids(threads):
    def step(pad):
        def run(u):
            s = u[:, :-2, 1:-1] + u[:, 2:, 1:-1] - u[:, 1:-1, :-2] + u[:, 1:-1, 2:]
            return [pad(s, [[0, 0], [1, 1], [1, 1]])]

        return run

    same(step(tf.pad), step(np.pad), numbers(5, 66, 64))


def test_sizes_that_are_not_known(threads):
    @tf.function(input_signature=[tf.TensorSpec([None, None])])
    def run(u):
        for _ in tf.range(4):
            u = tf.pad(laplacian(u), [[1, 1], [1, 1]])
        return u

    for shape in [(3, 3), (64, 64), (100, 70)]:
        u = expected = numbers(*shape)
        for _ in range(4):
            expected = np.pad(laplacian(expected), 1)
        np.testing.assert_array_equal(run(tf.constant(u)).numpy(), expected)


def test_gradients_of_steps_over_a_grid(threads):
    u = numbers(70, 66).astype("float64")

    @tf.function
    def gradient(u):
        with tf.GradientTape() as tape:
            tape.watch(u)
            v = u
            for _ in tf.range(3):
                v = tf.pad(laplacian(v), [[1, 1], [1, 1]])
            loss = tf.reduce_sum(v * v)
        return tape.gradient(loss, u)

    def loss(u):
        for _ in range(3):
            u = np.pad(laplacian(u), 1)
        return (u * u).sum()

    got = gradient(tf.constant(u)).numpy()
    for at in [(0, 0), (1, 1), (35, 1), (69, 65), (40, 33)]:
        step = np.zeros_like(u)
        step[at] = 1
        np.testing.assert_allclose(got[at], (loss(u + step) - loss(u - step)) / 2, rtol=1e-12)
