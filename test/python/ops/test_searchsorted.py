"""Places of values in sorted sequences are numpy's, whatever the size is and whether it is known."""

import numpy as np
import pytest
import tfc as tf

SIZES = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33, 100]


def unknown(side):
    specs = [tf.TensorSpec([None], tf.float64)] * 2
    return tf.function(lambda s, v: tf.searchsorted(s, v, side), input_signature=specs)


@pytest.mark.parametrize("side", ["left", "right"])
def test_places_in_sequences_of_any_size(side):
    rng = np.random.default_rng(0)
    of_unknown_size = unknown(side)
    for n in SIZES:
        s = np.sort(rng.integers(0, max(n // 2, 1), n)).astype(np.float64)
        v = np.concatenate([s, s - 0.5, s + 0.5, [-np.inf, np.inf, 0.0, -0.0]])
        want = np.searchsorted(s, v, side)
        for got in (tf.searchsorted(s, v, side), of_unknown_size(s, v)):
            assert got.dtype == tf.int32
            np.testing.assert_array_equal(got, want)
        known = tf.function(lambda s, v: tf.searchsorted(s, v, side, tf.int64))(tf.constant(s), tf.constant(v))
        assert known.dtype == tf.int64
        np.testing.assert_array_equal(known, want)


@pytest.mark.parametrize("side", ["left", "right"])
def test_each_row_has_a_sequence_of_its_own(side):
    rng = np.random.default_rng(1)
    s, v = np.sort(rng.integers(0, 9, (2, 3, 13)), -1), rng.integers(-1, 10, (2, 3, 7))
    want = np.stack(
        [[np.searchsorted(a, b, side) for a, b in zip(x, y, strict=True)] for x, y in zip(s, v, strict=True)]
    )
    for f in (tf.searchsorted, tf.function(tf.searchsorted)):
        np.testing.assert_array_equal(f(tf.constant(s), tf.constant(v), side), want)


def test_infinite_elements_and_none_to_look_for():
    s = tf.constant([-np.inf, 0.0, np.inf, np.inf])
    np.testing.assert_array_equal(tf.searchsorted(s, [-np.inf, np.inf, 1.0]), [0, 2, 2])
    np.testing.assert_array_equal(tf.searchsorted(s, [-np.inf, np.inf, 1.0], "right"), [1, 4, 2])
    assert tf.function(tf.searchsorted)(s, tf.zeros([0])).shape == (0,)
