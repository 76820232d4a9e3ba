"""Chains of cheap functions of one large tensor are computed in each loop that needs them."""

import numpy as np
import pytest
import tfc as tf


def chain(x, s, b):
    return ((x * s + b) - s) * b


# 2^18 elements, and fewer.
@pytest.mark.parametrize("rows", [512, 511])
def test_each_loop_computes_the_same(rows):
    rng = np.random.default_rng(0)
    x, s, b = (rng.normal(size=shape).astype(np.float32) for shape in ((rows, 512), 512, 512))

    def f(x, s, b):
        c = chain(x, s, b)
        mask = tf.where(c > 0, c, 0.1 * c)
        return tf.reduce_sum(mask, 0), mask - tf.reduce_max(c, 0), tf.exp(-tf.abs(c))

    results = tf.function(f)(*map(tf.constant, (x, s, b)))
    c = chain(*(v.astype(np.float64) for v in (x, s, b)))
    mask = np.where(c > 0, c, 0.1 * c)
    for result, wanted in zip(results, (mask.sum(0), mask - c.max(0), np.exp(-np.abs(c))), strict=True):
        np.testing.assert_allclose(result.numpy(), wanted, rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize("rows", [512, 511])
def test_what_is_computed_later_is_of_the_value_before_an_update(rows):
    rng = np.random.default_rng(0)
    x, s, b = (rng.normal(size=shape).astype(np.float32) for shape in ((rows, 512), 512, 512))
    v = tf.Variable(x)

    @tf.function
    def step(s, b):
        c = chain(v, s, b)
        total = tf.reduce_sum(c, 0)
        v.assign(c - total)
        return tf.abs(c) * total

    result = step(tf.constant(s), tf.constant(b))
    c = chain(*(u.astype(np.float64) for u in (x, s, b)))
    np.testing.assert_allclose(v.numpy(), c - c.sum(0), rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(result.numpy(), np.abs(c) * c.sum(0), rtol=1e-4, atol=1e-2)
