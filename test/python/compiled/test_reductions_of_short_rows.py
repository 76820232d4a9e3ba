"""Reductions of short rows: several rows at once, whose columns change sides in registers; of rows up to two vectors
long, in two squares.
"""

import numpy as np
import pytest
import tfc as tf
from tfc.ir import compiler

FEATURES = compiler.host()[2].split(",")
CPUS = ["native", *(["x86-64-v3"] if "+avx512f" in FEATURES and "+avx2" in FEATURES else [])]
ROWS = 203  # no multiple of a vector


def reductions(x):
    return (
        tf.reduce_sum(x, 1),
        tf.reduce_max(x, 1),
        tf.argmax(x, 1),
        tf.argmin(x, 1),
        tf.reduce_sum(tf.cast(x > 0, tf.int32), 1),
    )


def expected(x):
    narrow = x.dtype.itemsize < 4 and x.dtype.kind in "iu"
    return (
        x.sum(1, dtype=x.dtype if narrow else None),
        x.max(1),
        x.argmax(1),
        x.argmin(1),
        (x > 0).sum(1),
    )


def compiled(cpu, function=reductions):
    return tf.function(function, experimental_attributes={"compile_options": {"cpu": cpu}})


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "uint8"])
@pytest.mark.parametrize("width", [*range(5, 18), 31, 32, 33])
@pytest.mark.parametrize("cpu", CPUS)
def test_any_width(cpu, width, dtype):
    x = (np.random.default_rng(width).normal(size=(ROWS, width)) * 20).astype(dtype)
    for got, want in zip(compiled(cpu)(x), expected(x), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("cpu", CPUS)
def test_maxima_are_nan_where_a_column_is(cpu):
    x = np.random.default_rng(0).normal(size=(ROWS, 10)).astype(np.float32)
    x[np.arange(ROWS), np.arange(ROWS) % 10] = np.where(np.arange(ROWS) % 3, x[:, 0], np.nan)
    _, most, place, _, _ = compiled(cpu)(x)
    np.testing.assert_array_equal(most, x.max(1))
    np.testing.assert_array_equal(place, x.argmax(1))


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("rows", [0, 1, 15, 16, 9999])
def test_no_rows_and_rows_that_fill_no_vector_begin_with_their_neutral_number(rows, count):
    tf.config.threading.set_intra_op_parallelism_threads(count)
    x = np.random.default_rng(0).normal(size=(rows, 20)).astype(np.float32)
    x[::3, 4], x[1::3, 7], x[2::3] = np.nan, -np.inf, -0.0
    got = tf.function(lambda x: (tf.reduce_sum(x, 1), tf.reduce_max(x, 1), tf.reduce_min(x, 1)))(x)
    tf.config.threading.set_intra_op_parallelism_threads(0)
    np.testing.assert_allclose(got[0], x.sum(1), rtol=1e-5, atol=1e-5)
    for best, want in zip(got[1:], (x.max(1), x.min(1)), strict=True):
        np.testing.assert_array_equal(best, want)


@pytest.mark.parametrize("cpu", CPUS)
def test_rows_of_a_part_of_a_tensor(cpu):
    x = np.random.default_rng(0).normal(size=(ROWS, 25)).astype(np.float32)
    got = compiled(cpu, lambda x: reductions(x[:, 3:15]))(x)
    for mine, want in zip(got, expected(x[:, 3:15]), strict=True):
        np.testing.assert_allclose(mine, want, rtol=1e-5, atol=1e-4)
