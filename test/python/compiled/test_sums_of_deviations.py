"""Reductions of rows with a number of each row: along the rows, whatever their lengths."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)
REDUCTIONS = {
    "sum of squares": (lambda f, x, m: f.reduce_sum((x - m) ** 2, 1), lambda x, m: ((x - m) ** 2).sum(1)),
    "count": (lambda f, x, m: f.reduce_sum(f.cast(x > m, f.int32), 1), lambda x, m: (x > m).sum(1)),
    "any": (lambda f, x, m: f.reduce_any(x > m, 1), lambda x, m: (x > m).any(1)),
    "max": (lambda f, x, m: f.reduce_max(x * m, 1), lambda x, m: (x * m).max(1)),
    "product": (lambda f, x, m: f.reduce_prod(1 + (x - m) / 100, 1), lambda x, m: (1 + (x - m) / 100).prod(1)),
    "best": (lambda f, x, m: f.argmax(x * m, 1), lambda x, m: (x * m).argmax(1)),
}


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize(
    "rows, columns", [(1, 1), (1, 100), (3, 2), (5, 7), (4, 16), (64, 17), (7, 1000), (1000, 5), (300, 33)]
)
def test_reductions_of_rows(name, rows, columns):
    make, want = REDUCTIONS[name]
    x, m = RNG.normal(size=(rows, columns)).astype(np.float32), RNG.normal(size=(rows, 1)).astype(np.float32)
    got = tf.function(lambda x, m: make(tf, x, m), autograph=False)(tf.constant(x), tf.constant(m)).numpy()
    np.testing.assert_allclose(got, want(x.astype(np.float64), m.astype(np.float64)), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.uint8, np.float16])
def test_sums_of_every_type(dtype):
    x, m = RNG.integers(0, 9, (33, 70)).astype(dtype), RNG.integers(0, 9, (33, 1)).astype(dtype)
    got = tf.function(lambda x, m: tf.reduce_sum(tf.maximum(x, m), 1))(tf.constant(x), tf.constant(m)).numpy()
    np.testing.assert_array_equal(got, np.maximum(x, m).sum(1, dtype=np.int64).astype(dtype))


def test_nan_of_the_row_is_its_own():
    x, m = np.ones((20, 50), np.float32), np.zeros((20, 1), np.float32)
    m[7] = np.nan
    got = tf.function(lambda x, m: tf.reduce_max(x - m, 1))(tf.constant(x), tf.constant(m)).numpy()
    assert np.isnan(got).nonzero()[0].tolist() == [7]
