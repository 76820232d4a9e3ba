"""Rows of running logarithms and of linear recurrences are shared by threads, with the same bits."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(0, 5), (1, 1), (3, 1), (301, 77), (40, 9, 33)])
@pytest.mark.parametrize("reverse", [False, True])
def test_results_do_not_depend_on_threads(shape, reverse):
    x = RNG.normal(size=shape).astype(np.float32)
    if x.size > 100:
        x.reshape(-1)[[3, 50, 90]] = [np.inf, -np.inf, np.nan]
    f = tf.function(lambda x: tf.math.cumulative_logsumexp(x, 1, reverse=reverse))
    before = tf.config.threading.get_intra_op_parallelism_threads()
    results = []
    try:
        for threads in (1, 2, 3):
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            results.append(f(x).numpy())
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)
    assert results[0].tobytes() == results[1].tobytes() == results[2].tobytes()
    turned = x[:, ::-1] if reverse else x
    with np.errstate(invalid="ignore"):
        want = np.logaddexp.accumulate(turned.astype(np.float64), axis=1)
    np.testing.assert_allclose(results[0], want[:, ::-1] if reverse else want, rtol=1e-5, atol=1e-5)
