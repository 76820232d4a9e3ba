"""Counts and sums by number, of vectors: what numpy gives, for sizes that are known and not, and errors as in eager execution."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)


def compiled(function, *specs):
    return tf.function(function, autograph=False, input_signature=specs or None)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "int64", "float32"])
@pytest.mark.parametrize("size", [0, 1, 1000])
@pytest.mark.parametrize("known", [True, False])
def test_counts_are_those_of_numpy(known, size, dtype):
    x = RNG.integers(0, 50, size=size).astype(dtype)
    spec = [] if known else [tf.TensorSpec([None], dtype)]
    got = compiled(lambda x: tf.math.bincount(x), *spec)(tf.constant(x))
    np.testing.assert_array_equal(got, np.bincount(x.astype(np.int64)))


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64"])
@pytest.mark.parametrize("most", [7, 100, 1000])
def test_numbers_beyond_the_largest_length_are_left_out(most, dtype):
    x = RNG.integers(0, 100, size=500).astype(dtype)
    got = compiled(lambda x: tf.math.bincount(x, maxlength=most))(tf.constant(x))
    np.testing.assert_array_equal(got, np.bincount(x)[:most])


@pytest.mark.parametrize("axis", [None, -1])
def test_all_numbers_are_beyond_a_largest_length_of_zero(axis):
    got = compiled(lambda x: tf.math.bincount(x, maxlength=0, axis=axis))(tf.constant([[0, 1, 2], [3, 0, 0]]))
    assert got.shape == ((0,) if axis is None else (2, 0))


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_rows_are_counted_each_for_itself(dtype):
    x = RNG.integers(0, 9, size=(4, 30)).astype(dtype)
    got = compiled(lambda x: tf.math.bincount(x, axis=-1, minlength=9))(tf.constant(x))
    np.testing.assert_array_equal(got, [np.bincount(row, minlength=9) for row in x])


@pytest.mark.parametrize("known", [True, False])
def test_no_rows_have_counts_of_no_rows(known):
    spec = [] if known else [tf.TensorSpec([None, None], tf.int32)]
    got = compiled(lambda x: tf.math.bincount(x, axis=-1, minlength=4), *spec)(tf.zeros([0, 3], tf.int32))
    assert got.shape == (0, 4)


def test_weights_are_summed_up():
    x, w = RNG.integers(0, 9, size=300).astype(np.int32), RNG.normal(size=300)
    got = compiled(lambda x, w: tf.math.bincount(x, w))(tf.constant(x), tf.constant(w))
    np.testing.assert_allclose(got, np.bincount(x, w), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_a_negative_number_cannot_be_counted(dtype):
    f = compiled(lambda x: tf.math.bincount(x))
    with pytest.raises(tf.errors.InvalidArgumentError, match="non-negative"):
        f(tf.constant([1, -1, 2], dtype))


@pytest.mark.parametrize("ids", ["int32", "int64"])
@pytest.mark.parametrize("size", [1, 2, 1000])
@pytest.mark.parametrize("known", [True, False])
def test_sums_of_sorted_segments_are_those_of_numpy(known, size, ids):
    i = np.sort(RNG.integers(0, 80, size=size)).astype(ids)
    x = RNG.integers(-9, 9, size=size).astype(np.float32)
    spec = [] if known else [tf.TensorSpec([None], tf.float32), tf.TensorSpec([None], ids)]
    want = np.bincount(i, x)
    counts = np.maximum(np.bincount(i), 1)
    got = compiled(lambda x, i: (tf.math.segment_sum(x, i), tf.math.segment_mean(x, i)), *spec)(x, tf.constant(i))
    np.testing.assert_array_equal(got[0], want.astype(np.float32))
    np.testing.assert_allclose(got[1], want / counts, rtol=1e-6)


def test_segments_without_elements_are_zero():
    def f(x, i):
        return tf.math.segment_max(x, i), tf.math.segment_min(x, i), tf.math.segment_prod(x, i)

    x, i = tf.constant([-3.0, -2.0, -5.0]), tf.constant([1, 1, 3])
    for got, want in zip(compiled(f)(x, i), ([0, -2, 0, -5], [0, -3, 0, -5], [1, 6, 1, -5]), strict=True):
        np.testing.assert_array_equal(got, np.float32(want))


@pytest.mark.parametrize("ids", [[-1, 0, 1], [0, 2, 1], [5, 2, -7], [3, 2, 2]])
@pytest.mark.parametrize("known", [True, False])
def test_numbers_that_are_not_sorted_are_an_error(known, ids):
    spec = [] if known else [tf.TensorSpec([None], tf.float32), tf.TensorSpec([None], tf.int32)]
    f = compiled(lambda x, i: tf.math.segment_sum(x, i), *spec)
    with pytest.raises(tf.errors.InvalidArgumentError, match="not increasing, or negative"):
        f(tf.constant([1.0, 2.0, 3.0]), tf.constant(ids))


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_negative_numbers_are_left_out_of_unsorted_segments(size):
    i = RNG.integers(-3, 10, size=size).astype(np.int32)
    x = RNG.integers(-9, 9, size=size).astype(np.float32)
    want = np.zeros(10, np.float32)
    np.add.at(want, i[i >= 0], x[i >= 0])
    got = compiled(lambda x, i: tf.math.unsorted_segment_sum(x, i, 10))(tf.constant(x), tf.constant(i))
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("index", [-1, 10, 2**31 - 1])
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_a_place_of_one_number_is_checked(dtype, index):
    f = compiled(lambda i, x: tf.tensor_scatter_nd_add(tf.zeros([10]), i[:, tf.newaxis], x))
    places = np.arange(40) % 10
    x = tf.ones([40])
    np.testing.assert_array_equal(f(tf.constant(places, dtype), x), np.full(10, 4, np.float32))
    places[33] = index
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not index into shape"):
        f(tf.constant(places, dtype), x)


@pytest.mark.parametrize("kind", ["sum", "prod", "max", "min", "mean"])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_negative_numbers_are_left_out_of_no_segments_as_well(count, known, kind):
    function = getattr(tf.math, f"unsorted_segment_{kind}")
    x, ids = tf.constant(RNG.normal(size=(4, 3))), tf.constant([-1, -7, -1, -2])
    n = count if known else tf.constant(count)
    got = compiled(lambda x, ids, n: function(x, ids, n))(x, ids, n)
    assert got.shape == (count, 3)
    np.testing.assert_array_equal(got, function(x[:0], ids[:0], count))


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_numbers_of_no_segment_are_refused_beside_negative_ones(count, known):
    n = count if known else tf.constant(count)
    sums = compiled(lambda x, ids, n: tf.math.unsorted_segment_sum(x, ids, n))
    with pytest.raises(tf.errors.InvalidArgumentError, match="does not index into shape"):
        sums(tf.ones([3, 2]), tf.constant([-1, count, -1]), n)


def test_a_message_shows_segment_numbers_as_they_were_given():
    sums = compiled(lambda x, ids: tf.math.unsorted_segment_sum(x, ids, 3))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices = \[\[-5\]\s*\[ 3\]"):
        sums(tf.ones([3]), tf.constant([-5, 3, 0]))


@pytest.mark.parametrize("row", [(), (3,), (16,)])
@pytest.mark.parametrize("size", [0, 1, 500])
def test_places_that_are_computed_where_they_are_used(size, row):
    def f(x, ids):
        even = ids * 2 % 50
        return tf.math.unsorted_segment_sum(x, even, 50), tf.math.unsorted_segment_mean(x, even - 1, 50)

    ids, x = RNG.integers(0, 50, size=size).astype(np.int32), RNG.normal(size=(size, *row))
    got, means = compiled(f)(tf.constant(x), tf.constant(ids))
    want = np.zeros((50, *row))
    np.add.at(want, ids * 2 % 50, x)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(means, f(tf.constant(x), tf.constant(ids))[1], rtol=1e-12, atol=1e-12)


def test_places_computed_from_what_is_added_to_are_those_of_the_old_values():
    x = RNG.integers(0, 50, size=50).astype(np.int32)
    variable = tf.Variable(x)

    def f(x):
        return tf.tensor_scatter_nd_add(x, (x % 50)[:, tf.newaxis], x * 3)

    @tf.function(autograph=False)
    def update():
        variable.scatter_nd_add((variable % 50)[:, tf.newaxis], variable * 3)

    want = x.copy()
    np.add.at(want, x % 50, x * 3)
    np.testing.assert_array_equal(compiled(f)(tf.constant(x)), want)
    update()
    np.testing.assert_array_equal(variable, want)


def test_computed_places_of_several_numbers():
    x, rows = RNG.normal(size=(50, 50)), RNG.integers(0, 50, size=300)

    def f(x, i):
        return tf.tensor_scatter_nd_add(x, tf.stack([i, i * 7 % 50], 1), tf.cast(i, x.dtype))

    want = x.copy()
    np.add.at(want, (rows, rows * 7 % 50), rows)
    np.testing.assert_allclose(compiled(f)(tf.constant(x), tf.constant(rows)), want, rtol=1e-12)


@pytest.mark.parametrize("count", [0, 2])
def test_what_is_left_out_has_a_gradient_of_zero(count):
    ids = [-1] * 4 if not count else [0, -1, 1, 0]

    def gradient(x, n):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.math.unsorted_segment_sum(x, tf.constant(ids), n)
        return tape.gradient(y, x)

    got = compiled(gradient)(tf.ones([4, 2]), tf.constant(count))
    np.testing.assert_array_equal(got, np.repeat([[float(i >= 0)] for i in ids], 2, axis=1))


@pytest.mark.parametrize("size", [1, 3, 10, 20])
def test_counts_of_a_known_size_leave_out_larger_numbers(size):
    x = tf.constant([0, 1, 1, 5, 9, 9], tf.int32)
    weights = tf.constant([1.0, 2, 3, 4, 5, 6])

    def count(x, weights=None):
        return tf.math.bincount(x, weights, minlength=size, maxlength=size)

    want = np.bincount(x.numpy(), minlength=20)[:size]
    sums = np.bincount(x.numpy(), weights.numpy(), minlength=20)[:size]
    for f in (count, tf.function(count)):
        np.testing.assert_array_equal(f(x), want)
        np.testing.assert_array_equal(f(tf.reshape(x, [2, 3]), tf.reshape(weights, [2, 3])), sums)
        np.testing.assert_array_equal(f(x[:0]), np.zeros(size))
        with pytest.raises(tf.errors.InvalidArgumentError, match="non-negative"):
            f(-x)


def test_checked_numbers_are_not_looked_at_twice():
    """What an assertion has found to be in range needs no check of its own where it is added."""
    for f in (tf.math.segment_sum, lambda x, i: tf.math.bincount(i, x)):
        concrete = tf.function(f).get_concrete_function(tf.TensorSpec([5000]), tf.TensorSpec([5000], tf.int32))
        assert "does not index into" not in concrete.compiled().llvm_ir


@pytest.mark.parametrize("at", [0, 2500, 4999])
@pytest.mark.parametrize("wrong", [-1, 1 << 30])
def test_numbers_out_of_order_end_the_call_before_anything_is_added(at, wrong):
    ids = np.sort(np.random.default_rng(0).integers(0, 99, 5000)).astype(np.int32)
    x = np.ones(5000, np.float32)
    f = tf.function(lambda x, i: tf.math.segment_sum(x, i))
    ids[at] = wrong
    if at == 4999 and wrong > 0:
        ids[4998] = wrong + 1
    with pytest.raises(tf.errors.InvalidArgumentError, match="not increasing, or negative"):
        f(x, ids)
