"""The body of a large program is little more than calls: it is compiled without optimizations, and does the same."""

import numpy as np
import pytest
import tfc as tf

STEPS = 100


def step(f, value, n):
    """One loop that threads share; no two are equal, and none can be fused with the next one."""
    for bit in range(7):
        value = f.maximum(value, -1000 - n) + n if n >> bit & 1 else f.minimum(value, 1000 + n) * 3
    return f.roll(value, n + 1, axis=0)


def steps(f, value, gather=None, at=None):
    for n in range(STEPS):
        value = step(f, value, n)
        if gather and n == STEPS // 2:
            value = gather(value, at)
    return value


@pytest.fixture(scope="module")
def given():
    return np.random.default_rng(3).integers(-500, 500, (256, 300)).astype(np.int32)


@pytest.fixture(scope="module")
def traced():
    return tf.function(lambda value, at: steps(tf, value, tf.gather, at))


def plain_functions(traced, *args):
    ir = traced.get_concrete_function(*args).compiled().llvm_ir
    return [line for line in ir.splitlines() if line.startswith("attributes") and "optnone" in line]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_body_of_calls_does_the_same(given, traced, threads):
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        at = np.arange(256, dtype=np.int32)[::-1].copy()
        found = traced(tf.constant(given), tf.constant(at))
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)
    np.testing.assert_array_equal(found, steps(np, given, lambda value, at: value[at], at))


def test_a_body_of_calls_is_not_optimized(given, traced):
    at = np.arange(256, dtype=np.int32)
    attributes = plain_functions(traced, tf.constant(given), tf.constant(at))
    assert attributes


def test_a_short_body_is_optimized(given):
    attributes = plain_functions(tf.function(lambda value: step(tf, step(tf, value, 3), 5)), tf.constant(given))
    assert not attributes


def test_errors_leave_a_body_of_calls(given, traced):
    at = np.full(256, 256, np.int32)
    with pytest.raises(tf.errors.InvalidArgumentError, match="256"):
        traced(tf.constant(given), tf.constant(at))
