"""`tf.nn.*pool*`: windows, padding, positions, errors."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(6)
X = RNG.standard_normal((2, 5, 4, 3)).astype(np.float32)


def windows(x, size, stride):
    """What VALID windows of `size` by `size` see, one after the other."""
    for i in range(0, x.shape[1] - size + 1, stride):
        for j in range(0, x.shape[2] - size + 1, stride):
            yield x[:, i : i + size, j : j + size]


@pytest.mark.parametrize(("size", "stride"), [(2, 1), (2, 2), (3, 1)])
def test_pools_reduce_each_window(size, stride):
    for pool, reduce in ((tf.nn.max_pool2d, np.max), (tf.nn.avg_pool2d, np.mean)):
        got = pool(X, size, stride, "VALID").numpy()
        want = np.stack([reduce(w, axis=(1, 2)) for w in windows(X, size, stride)], 1)
        np.testing.assert_allclose(got.reshape(want.shape), want, rtol=1e-6)


def test_padding_takes_no_part():
    low = np.full((1, 3, 3, 1), -5.0, np.float32)
    for pool in (tf.nn.max_pool2d, tf.nn.avg_pool2d):
        np.testing.assert_array_equal(pool(low, 2, 2, "SAME").numpy(), np.full((1, 2, 2, 1), -5.0))


def test_nan_is_the_largest_element():
    x = np.array([1, np.nan, 2, 3], np.float32).reshape(1, 4, 1)
    pool = lambda x: tf.nn.max_pool1d(x, 2, 2, "VALID")
    for f in (pool, tf.function(pool)):
        np.testing.assert_array_equal(f(tf.constant(x)).numpy().ravel(), [np.nan, 3])


@pytest.mark.parametrize("batch", [False, True])
def test_argmax_finds_the_maximum(batch):
    out, at = tf.nn.max_pool_with_argmax(X, 2, 2, "SAME", include_batch_in_index=batch)
    if batch:
        np.testing.assert_array_equal(X.ravel()[at.numpy()], out.numpy())
    else:
        for x, o, a in zip(X, out.numpy(), at.numpy(), strict=True):
            np.testing.assert_array_equal(x.ravel()[a], o)


def test_the_first_of_equal_elements_gets_the_gradient():
    x = tf.zeros((1, 4, 4, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.nn.max_pool2d(x, 2, 2, "VALID")
    want = np.zeros((4, 4))
    want[::2, ::2] = 1
    np.testing.assert_array_equal(tape.gradient(y, x).numpy()[0, ..., 0], want)


def test_pool_dilates():
    got = tf.nn.pool(X, [2, 2], "MAX", dilations=[2, 1]).numpy()
    want = np.maximum.reduce([X[:, i : i + 3, j : j + 3] for i in (0, 2) for j in (0, 1)])
    np.testing.assert_array_equal(got, want)


BAD = {
    "type": (lambda: tf.nn.pool(X, [2, 2], "SUM"), "pooling_type"),
    "strides and dilations": (lambda: tf.nn.pool(X, [2, 2], "MAX", strides=[2, 2], dilations=[2, 2]), "conjunction"),
    "window": (lambda: tf.nn.max_pool2d(X, 6, 1, "VALID"), "does not fit"),
    "channels": (lambda: tf.nn.max_pool2d(X, [1, 2, 2, 3], 1, "VALID"), "have to be 1"),
    "rank": (lambda: tf.nn.max_pool2d(X[0], 2, 1, "VALID"), "rank 4"),
    "padding": (lambda: tf.nn.max_pool2d(X, 2, 1, [[0, 0], [2, 0], [0, 0], [0, 0]]), "padding less than"),
    "dtype": (lambda: tf.nn.avg_pool2d(X.astype(np.int32), 2, 1, "VALID"), "int32"),
}


@pytest.mark.parametrize("name", BAD)
def test_arguments_that_do_not_fit_are_refused(name):
    call, message = BAD[name]
    for f in (call, tf.function(call, autograph=False)):
        with pytest.raises((ValueError, TypeError, tf.errors.InvalidArgumentError), match=message):
            f()
