"""Complex numbers in kernels: pairs of floats in memory, arithmetic in registers."""

import numpy as np
import pytest
import tfc as tf

rng = np.random.default_rng(0)


def normal(*shape):
    return (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(np.complex64)


def close(got, want, tolerance=2e-6):
    for g, w in zip(tf.nest.flatten(got), tf.nest.flatten(want), strict=True):
        w = w.numpy()
        assert g.dtype == w.dtype and g.shape == w.shape
        np.testing.assert_allclose(g, w, rtol=tolerance, atol=tolerance)


def test_arithmetic_is_one_kernel(on_gpu):
    f = tf.function(lambda x, y: (x + y) * tf.math.conj(x) - y)
    x, y = normal(7, 33), normal(33)
    close(on_gpu(f, x, y, kernels=1), f(x, y))


def test_parts(on_gpu):
    f = tf.function(lambda x: (tf.math.real(x), tf.math.imag(x) * 2.0, tf.complex(tf.math.imag(x), tf.math.real(x))))
    x = normal(300)
    close(on_gpu(f, x), f(x), 0)


def test_functions_written_with_parts(on_gpu):
    f = tf.function(lambda x: (tf.exp(x), tf.abs(x), tf.sin(x), tf.tanh(x)))
    x = normal(50)
    close(on_gpu(f, x, fallback=True), f(x), 2e-5)


def test_sums_and_products(on_gpu):
    f = tf.function(lambda x, y: (tf.reduce_sum(x, axis=1), tf.reduce_sum(x), x @ y))
    x, y = normal(5, 40), normal(40, 6)
    close(on_gpu(f, x, y), f(x, y), 2e-5)


def test_movement_and_constants(on_gpu):
    f = tf.function(lambda x: (tf.transpose(x) + (1 - 2j), tf.concat([x, tf.zeros_like(x)], 0), x[:, ::2], x == x))
    x = normal(4, 6)
    close(on_gpu(f, x), f(x), 0)


def test_variables_and_gradients(gpu):
    def build():
        z = tf.Variable(np.array([1 + 2j, -0.5j, 3], np.complex64))

        @tf.function
        def step(x):
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(tf.abs(z * x) ** 2)
            z.assign_sub(0.1 * tape.gradient(loss, z))
            return loss

        return step, z

    (cpu, kept), (function, z) = build(), build()
    x = normal(3)
    for _ in range(3):
        want = cpu(x)
        with tf.device("GPU:0"):
            np.testing.assert_allclose(function(x).numpy(), want.numpy(), rtol=1e-5)
    np.testing.assert_allclose(z.numpy(), kept.numpy(), rtol=1e-5)


def test_unknown_sizes(on_gpu):
    f = tf.function(lambda x: x * 2j + 1.0, input_signature=[tf.TensorSpec([None, None], tf.complex64)])
    x = normal(3, 5)
    close(on_gpu(f, x), f(x), 0)


@pytest.mark.parametrize("target", ["spirv", "nvptx:sm_80"])
def test_kernels_take_pairs(target):
    code = tf.function(lambda x: x * x).compile_for(target, tf.TensorSpec([8], tf.complex64))
    assert len(code.kernels) == 1 and not code.host


@pytest.mark.parametrize("axis", [0, 1])
def test_running_sums_and_products(on_gpu, axis):
    f = tf.function(lambda x: (tf.cumsum(x, axis), tf.math.cumprod(x, axis, exclusive=True, reverse=True)))
    x = normal(5, 130) / 8 + 1
    close(on_gpu(f, x), f(x), 1e-4)


def test_a_long_running_sum_is_made_in_pieces(on_gpu):
    f = tf.function(lambda x: tf.cumsum(x))
    x = rng.integers(-3, 4, (17000, 2)).astype(np.float32).view(np.complex64)[:, 0]
    close(on_gpu(f, x, kernels=3), f(x), 0)


def test_choices(on_gpu):
    f = tf.function(lambda x, y: tf.where(tf.math.real(x) > 0, x, y * 2.0))
    x, y = normal(5, 40), normal(5, 40)
    close(on_gpu(f, x, y, kernels=1), f(x, y), 0)


@pytest.mark.parametrize(
    "function, why",
    [
        (tf.signal.fft, "elements that are computed one after the other"),
        (lambda x: x / (x + 1), "no lowering of complex.div"),
    ],
    ids=["fft", "quotients"],
)
def test_what_needs_more_says_so(function, why):
    code = tf.function(function).compile_for("spirv", tf.TensorSpec([8], tf.complex64))
    assert {h.why for h in code.host} == {why}
