"""A counter's last step may lead past the numbers of its dtype: the loop ends there."""

import numpy as np
import pytest
import tfc as tf

ENDS = {
    tf.int32: [
        (2**31 - 10, 2**31 - 1, 3),
        (-(2**31), 2**31 - 1, 2**31 - 1),
        (-(2**31) + 5, -(2**31), -4),
        (2**31 - 1, -(2**31), -(2**31) + 1),
        (2**31 - 2, 2**31 - 1, 2),
    ],
    tf.int64: [(2**63 - 10, 2**63 - 1, 3), (-(2**63) + 5, -(2**63), -4), (-(2**63), 2**63 - 1, 2**63 - 1)],
}
USUAL = [(0, 10, 3), (10, 0, -3), (0, 0, 4), (5, 3, 2), (3, 5, -2), (0, 4, 1)]
RANGES = [(dtype, *bounds) for dtype, ends in ENDS.items() for bounds in ends + USUAL]


@tf.function
def counted(start, limit, step):
    count, last, total = 0, tf.zeros_like(start), tf.zeros_like(start)
    for i in tf.range(start, limit, step):
        count, last, total = count + 1, i, total * 7 + i
    return count, last, total


@tf.function
def left(start, limit, step):
    count, last, total = 0, tf.zeros_like(start), tf.zeros_like(start)
    for i in tf.range(start, limit, step):
        count, last, total = count + 1, i, total * 7 + i
        if count > 20:
            break
    return count, last, total


@tf.function
def with_others(start, limit, step):
    count, last, total = 0, tf.zeros_like(start), tf.zeros_like(start)
    for k, (i, _) in enumerate(zip(tf.range(start, limit, step), tf.range(30), strict=False)):
        count, last, total = k + 1, i, total * 7 + i
    return count, last, total


def expected(dtype, start, limit, step):
    kind = dtype.as_numpy_dtype
    count, last, total = 0, 0, kind(0)
    with np.errstate(over="ignore"):
        for i in range(start, limit, step):
            count, last, total = count + 1, i, total * kind(7) + kind(i)
    return [count, last, int(total)]


@pytest.mark.parametrize("function", [counted, left, with_others], ids=lambda f: f.__name__)
@pytest.mark.parametrize("case", RANGES, ids=str)
def test_a_loop_ends_where_its_next_number_would_be_none_of_the_dtype(function, case):
    dtype, *bounds = case
    assert [int(v) for v in function(*[tf.constant(b, dtype) for b in bounds])] == expected(*case)


@pytest.mark.parametrize("case", RANGES, ids=str)
def test_the_same_holds_for_a_step_that_is_known(case):
    dtype, start, limit, step = case
    found = counted(tf.constant(start, dtype), tf.constant(limit, dtype), step)
    assert [int(v) for v in found] == expected(*case)


def test_a_counter_of_known_bounds_keeps_its_dtype():
    @tf.function
    def total(n):
        s = 0
        for i in tf.range(0, n, 1):
            for j in tf.range(0, 100, 7):
                s += i * j
        return s

    assert "i64" not in total.get_concrete_function(tf.constant(3)).mlir()
