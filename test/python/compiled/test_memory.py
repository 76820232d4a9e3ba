"""Calls of compiled functions keep no memory, and traces a bounded amount."""

import gc
from pathlib import Path

import numpy as np
import pytest
import tfc as tf


def resident() -> int:
    """Bytes of this process that are in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")


def growth(call, times) -> int:
    for k in range(times // 4):
        call(k)
    before = resident()
    for k in range(times):
        call(k)
    return resident() - before


X = tf.constant(np.ones((300, 100), np.float32))
CALLS = {
    "static sizes": tf.function(lambda x: tf.exp(x) @ tf.transpose(x), autograph=False),
    "sizes known at run time": tf.function(lambda x: tf.boolean_mask(x, x > 0.5), autograph=False),
    "a list": tf.function(
        lambda x: tf.map_fn(lambda row: row * 2.0, x), autograph=False
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_calls_do_not_leak(name):
    assert growth(lambda k: CALLS[name](X), 200) < 10 * X.numpy().nbytes


def test_calls_that_fail_do_not_leak():
    def f(x, n):
        y = tf.boolean_mask(x, x > 0.5)
        tf.debugging.Assert(n < 0, [n])
        return y * 2.0

    function = tf.function(f, autograph=False)

    def call(k):
        with pytest.raises(tf.errors.InvalidArgumentError):
            function(X, tf.constant(1))

    assert growth(call, 100) < 10 * X.numpy().nbytes


def test_assignments_do_not_leak():
    variable = tf.Variable(X)
    function = tf.function(lambda x: variable.assign(variable * 0.5 + x), autograph=False)
    assert growth(lambda k: function(X), 200) < 10 * X.numpy().nbytes


def test_functions_that_are_dropped_give_their_memory_back():
    def call(k):
        tf.function(lambda x: x + float(k), autograph=False)(tf.constant(1.0))

    assert growth(call, 120) < 120 * 100_000
