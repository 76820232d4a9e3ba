"""Slices that are repeated or moved, and counts of rows: as numpy has them, for all kinds of sizes."""

import numpy as np
import pytest
import tfc as tf

SPEC = tf.TensorSpec


def compiled(f, *args):
    return tf.function(f, autograph=False)(*args).numpy()


@pytest.mark.parametrize("counts", [[], [0], [3], [0, 2, 0, 0, 1], [0, 0], list(range(40))])
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
def test_slices_are_repeated_as_often_as_a_tensor_says(counts, dtype):
    x, n = np.arange(3.0 * len(counts)).reshape(-1, 3), np.array(counts, dtype)
    want = np.repeat(x, n, 0)
    f = lambda x, n: tf.repeat(x, n, axis=0)
    np.testing.assert_array_equal(f(tf.constant(x), tf.constant(n)), want)
    np.testing.assert_array_equal(compiled(f, tf.constant(x), tf.constant(n)), want)
    g = tf.function(f, input_signature=[SPEC([None, 3], tf.float64), SPEC([None], n.dtype.name)])
    np.testing.assert_array_equal(g(x, n), want)


def test_many_slices_are_repeated_without_comparing_all_with_all():
    rng = np.random.default_rng(0)
    x, n = rng.random(300_000).astype(np.float32), rng.integers(0, 4, 300_000)
    np.testing.assert_array_equal(compiled(tf.repeat, tf.constant(x), tf.constant(n)), np.repeat(x, n))


def test_negative_counts_are_none():
    x, n = tf.constant([1, 2, 3]), tf.constant([2, -1, 1])
    assert compiled(tf.repeat, x, n).tolist() == [1, 1, 3]


def test_one_count_of_a_tensor_is_for_all_slices():
    assert compiled(tf.repeat, tf.constant([1, 2]), tf.constant(2)).tolist() == [1, 1, 2, 2]
    assert compiled(tf.repeat, tf.constant([1, 2]), tf.constant([2])).tolist() == [1, 1, 2, 2]


@pytest.mark.parametrize("shape, axis", [((5,), 0), ((3, 4), 0), ((3, 4), 1), ((2, 3, 5), 1), ((2, 0), 0), ((0, 2), 0)])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_slices_are_repeated_equally_often(shape, axis, count):
    x = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    want = np.repeat(x, count, axis)
    np.testing.assert_array_equal(tf.repeat(tf.constant(x), count, axis=axis), want)
    np.testing.assert_array_equal(compiled(lambda x: tf.repeat(x, count, axis=axis), tf.constant(x)), want)


def test_the_gradient_of_repeated_slices_is_the_sum_of_theirs():
    x = tf.constant([1.0, 2.0, 3.0])

    @tf.function(autograph=False)
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.repeat(x, 3) * tf.range(9.0))
        return tape.gradient(y, x)

    assert f(x).numpy().tolist() == [3.0, 12.0, 21.0]


@pytest.mark.parametrize(
    "shift, axis", [([1, 2], [0, 1]), ([-3, 9], [1, 0]), ([1, 1], [1, 1]), ([2, -1, 3], [0, 1, 2])]
)
@pytest.mark.parametrize("shape", [(4, 5, 3), (1, 2, 7), (0, 3, 3)])
def test_rolls_along_several_axes_add_up(shift, axis, shape):
    x = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    want = np.roll(x, shift, axis)
    f = lambda x: tf.roll(x, shift, axis)
    np.testing.assert_array_equal(f(tf.constant(x)), want)
    np.testing.assert_array_equal(compiled(f, tf.constant(x)), want)
    g = tf.function(f, autograph=False, input_signature=[SPEC([shape[0], None, shape[2]], tf.int32)])
    np.testing.assert_array_equal(g(x), want)


OPTIONS = {
    "open": {},
    "at least": {"minlength": 9},
    "at most": {"maxlength": 3},
    "as many as there are": {"minlength": 4, "maxlength": 4},
    "more than there are": {"minlength": 10, "maxlength": 10},
    "whether": {"minlength": 4, "maxlength": 4, "binary_output": True},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("shape", [(3, 5), (1, 1), (40, 300), (2, 0), (0, 2)])
@pytest.mark.parametrize("weighted", [False, True])
def test_counts_of_rows(options, shape, weighted):
    if weighted and "binary_output" in options:
        pytest.skip("exclusive")
    rng = np.random.default_rng(1)
    x, w = rng.integers(0, 7, shape).astype(np.int32), rng.integers(0, 9, shape).astype(np.float32)
    size = max(int(x.max(initial=-1)) + 1, options.get("minlength", 0))
    size = min(size, options.get("maxlength", size))
    want = np.zeros((shape[0], size), np.float32 if weighted else np.int32)
    for i, j in np.ndindex(*shape):
        if x[i, j] < size:
            want[i, x[i, j]] += w[i, j] if weighted else 1
    if "binary_output" in options:
        want = np.minimum(want, 1)
    more = (w,) if weighted else ()
    f = lambda x, *w: tf.math.bincount(x, *w, axis=-1, **options)
    np.testing.assert_array_equal(f(x, *more), want)
    np.testing.assert_array_equal(compiled(f, tf.constant(x), *map(tf.constant, more)), want)
    specs = [SPEC([None, None], tf.int32), SPEC([None, None], tf.float32)][: 1 + weighted]
    np.testing.assert_array_equal(tf.function(f, autograph=False, input_signature=specs)(x, *more), want)
