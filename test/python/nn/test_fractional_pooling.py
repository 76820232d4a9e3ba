"""Fractional pooling: windows of two sizes, of which the result is the maximum or the mean."""

import numpy as np
import pytest
import tfc as tf

X = np.random.default_rng(1).normal(size=(2, 20, 18, 3)).astype(np.float32)


def pooled(x, rows, columns, reduce, more):
    cells = [(y, v + more) for y, v in zip(rows[:-1], rows[1:], strict=True)]
    across = [(y, v + more) for y, v in zip(columns[:-1], columns[1:], strict=True)]
    return np.stack([np.stack([reduce(x[:, a:b, c:d], axis=(1, 2)) for c, d in across], 1) for a, b in cells], 1)


@pytest.mark.parametrize("whole", [lambda f: f, tf.function], ids=["eager", "function"])
@pytest.mark.parametrize("overlapping", [True, False])
@pytest.mark.parametrize("pseudo_random", [True, False])
@pytest.mark.parametrize(
    ("function", "reduce"), [(tf.nn.fractional_max_pool, np.max), (tf.nn.fractional_avg_pool, np.mean)]
)
def test_the_result_is_that_of_the_windows_it_returns(function, reduce, pseudo_random, overlapping, whole):
    f = whole(lambda x: function(x, [1, 1.44, 2.6, 1], pseudo_random=pseudo_random, overlapping=overlapping))
    out, rows, columns = (v.numpy() for v in f(X))
    for ends, size, count, sizes in ((rows, 20, 13, {1, 2}), (columns, 18, 6, {3})):
        assert ends[0] == 0 and ends[-1] == size and len(ends) == count + 1 and set(np.diff(ends)) <= sizes
    np.testing.assert_allclose(out, pooled(X, rows, columns, reduce, int(overlapping)), rtol=1e-5, atol=1e-6)


def test_windows_are_drawn_anew_unless_there_is_a_seed():
    draws = {tuple(tf.nn.fractional_max_pool(X, 1.44)[1].numpy().tolist()) for _ in range(10)}
    assert len(draws) > 3


def test_the_gradient_goes_to_the_largest_of_each_window():
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y, _, _ = tf.nn.fractional_max_pool(x, 1.5)
    g = tape.gradient(y, x).numpy()
    assert g.sum() == np.prod(y.shape) and set(np.unique(g)) == {0, 1}


def test_what_it_does_not_take():
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 1"):
        tf.nn.fractional_max_pool(X, 0.5)
    with pytest.raises(ValueError, match="length 1, 2 or 4"):
        tf.nn.fractional_avg_pool(X, [1.0, 1.2, 1.3])
