"""Bounds of ranges may be further apart than numbers of their dtype are large, and steps may be as large."""

import numpy as np
import pytest
import tfc as tf

M, N = 2**64 - 1, 2**63
CASES = {
    tf.uint64: [
        (5, M, M),
        (0, M, 2**62),
        (M - 3, M, 1),
        (M - 7, M, 3),
        (N - 2, N + 2, 1),
        (0, 2, M),
        (0, 3, N),
        (7, 7, N),
        (0, M, M // 2),
    ],
    tf.int64: [
        (0, N - 1, 2**62),
        (-N, N - 1, N - 1),
        (N - 1, -N, -N),
        (N - 1, -N, -N + 1),
        (-N, N - 1, 2**62),
        (3, -9, -4),
        (2, 2, -1),
    ],
}


@tf.function
def compiled(start, limit, step):
    return tf.range(start, limit, step)


@pytest.mark.parametrize("dtype", CASES)
def test_bounds_and_steps_are_as_large_as_numbers_are(dtype):
    for bounds in CASES[dtype]:
        tensors = [tf.constant(np.array(n, dtype.as_numpy_dtype)) for n in bounds]
        assert [int(n) for n in compiled(*tensors)] == list(range(*bounds)), bounds
        assert [int(n) for n in tf.function(lambda given=tensors: tf.range(*given))()] == list(range(*bounds)), bounds


def test_more_than_memory_holds_is_an_error():
    with pytest.raises(tf.errors.OpError):
        compiled(tf.constant(-(2**63)), tf.constant(2**63 - 1), tf.constant(1, tf.int64))
