"""`in_top_k`: what is no column, or stands in a row that is not finite, is not among the first."""

import numpy as np
import pytest
import tfc as tf

ROWS = np.array([[0.1, 0.9, 0.3], [5, 5, 1], [-1, -2, -3]], np.float32)


@pytest.fixture(params=["eager", "function"])
def in_top_k(request):
    def f(targets, rows, k):
        return tf.math.in_top_k(targets, rows, k)

    return f if request.param == "eager" else tf.function(f, reduce_retracing=True)


@pytest.mark.parametrize("ids", [tf.int32, tf.int64])
def test_as_many_larger_ones_as_k_are_too_many(in_top_k, ids):
    targets = tf.constant([2, 1, 2], ids)
    for k, want in enumerate([[0, 0, 0], [0, 1, 0], [1, 1, 0], [1, 1, 1]]):
        assert in_top_k(targets, ROWS, k).numpy().tolist() == [bool(w) for w in want]


@pytest.mark.parametrize("target", [-1, 3, 2**31 - 1, -(2**31)])
def test_no_column_is_not_among_them(in_top_k, target):
    assert in_top_k([target, 0, 0], ROWS, 3).numpy().tolist() == [False, True, True]


@pytest.mark.parametrize("number", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("column", [0, 1, 2])
def test_rows_that_are_not_finite_have_none(in_top_k, number, column):
    rows = ROWS.copy()
    rows[1, column] = number
    assert in_top_k([1, 1, 1], rows, 3).numpy().tolist() == [True, False, True]


def test_rows_without_columns(in_top_k):
    assert in_top_k([1, 0], np.zeros((2, 0), np.float32), 3).numpy().tolist() == [False, False]


def test_sizes_that_only_run_time_knows():
    f = tf.function(
        lambda t, x: tf.math.in_top_k(t, x, 2),
        input_signature=[tf.TensorSpec([None], tf.int32), tf.TensorSpec([None, None])],
    )
    for n in (3, 20, 65):
        x, t = np.random.default_rng(n).normal(size=(9, n)).astype(np.float32), np.arange(9, dtype=np.int32) % (n + 1)
        want = [c < n and (row > row[c]).sum() < 2 for c, row in zip(t, x, strict=True)]
        assert f(t, x).numpy().tolist() == want


@pytest.mark.parametrize("columns", [300, None])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
def test_targets_of_a_type_that_does_not_count_the_columns(dtype, columns):
    spec = [tf.TensorSpec([2], dtype), tf.TensorSpec([2, columns], tf.float32)]
    f = tf.function(lambda t, p: tf.math.in_top_k(t, p, 1), input_signature=spec)
    x = np.eye(2, 300, 100, dtype=np.float32)
    np.testing.assert_array_equal(f(tf.constant([100, 1], dtype), tf.constant(x)), [True, False])
    np.testing.assert_array_equal(tf.math.in_top_k(tf.constant([100, 1], dtype), x, 1), [True, False])
