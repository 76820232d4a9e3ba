"""`tf.nn`: precision of halves, approximate top k, experimental names."""

import numpy as np
import pytest
import tfc as tf

X = np.random.default_rng(4).standard_normal((4, 33)).astype(np.float32) * 3


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16], ids=lambda d: d.name)
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "gelu", "silu", "elu", "selu"])
def test_halves_are_rounded_once(name, dtype):
    f, x = getattr(tf.nn, name), tf.cast(X, dtype)
    want = tf.cast(f(tf.cast(x, tf.float32)), dtype).numpy()
    for g in (f, tf.function(f, autograph=False)):
        out = g(x)
        assert out.dtype == dtype
        far = np.abs(out.numpy().astype(np.float32) - want.astype(np.float32))
        # 1 + erf of gelu cancels where x is far below 0: there, the last digits of erf in float32 are what counts.
        near = np.abs(want.astype(np.float32)) * (2e-3 if dtype == tf.float16 else 8e-3)
        assert (far <= near + (3e-7 * np.abs(X) if name == "gelu" else 0)).all()


def test_moments_of_halves_do_not_overflow():
    x = tf.fill([1000], tf.constant(200.0, tf.float16))
    mean, variance = tf.nn.moments(x, [0])
    assert mean.dtype == tf.float16 and mean.numpy() == 200 and variance.numpy() == 0


def test_approximate_top_k_is_exact():
    values, at = tf.nn.approx_max_k(X, 5)
    np.testing.assert_array_equal(values.numpy(), -np.sort(-X, -1)[:, :5])
    np.testing.assert_array_equal(np.take_along_axis(X, at.numpy(), -1), values.numpy())
    values, _ = tf.nn.approx_min_k(X, 2, reduction_dimension=0)
    np.testing.assert_array_equal(values.numpy(), np.sort(X, 0)[:2])


def test_dropout_takes_a_source_of_numbers():
    half = lambda shape, dtype: tf.reshape(tf.cast(tf.range(8), dtype) / 8, shape)
    out = tf.nn.experimental.general_dropout(tf.ones(8), 0.5, half)
    np.testing.assert_array_equal(out.numpy(), [0, 0, 0, 0, 2, 2, 2, 2])


def test_gradient_of_the_reflected_border_adds_up():
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.pad(x, [[2, 1]], mode="REFLECT")
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), [1, 3, 2])


def test_slopes_at_zero_are_those_of_positive_numbers():
    scale = 1.0507009873554805
    for function, slope in ((tf.nn.selu, scale), (tf.nn.elu, 1.0), (tf.nn.softsign, 1.0)):

        @tf.function
        def run(x, function=function):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = function(x)
            return y, tape.gradient(y, x)

        y, got = run(tf.constant([0.0, -0.0], tf.float64))
        np.testing.assert_allclose(got, [slope] * 2, rtol=1e-15)
        np.testing.assert_array_equal(y, [0.0, 0.0])
