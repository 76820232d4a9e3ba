"""Programs on a Vulkan device, against the CPU."""

import numpy as np
import pytest
import tfc as tf

rng = np.random.default_rng(0)


def normal(*shape):
    return rng.standard_normal(shape, dtype=np.float32)


def close(got, want, tolerance=2e-6):
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shape", [(32, 256), (3, 1000), (1, 1), (2, 3, 65)])
def test_softmax_is_one_kernel(on_gpu, shape):
    f = tf.function(lambda x: tf.nn.softmax(x))
    x = 5 * normal(*shape)
    close(on_gpu(f, x, kernels=1), f(x).numpy())


def test_layernorm(on_gpu):
    @tf.function
    def layernorm(x, gamma, beta):
        mean = tf.reduce_mean(x, axis=-1, keepdims=True)
        variance = tf.reduce_mean((x - mean) ** 2, axis=-1, keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + 1e-5) * gamma + beta

    x, gamma, beta = normal(64, 300), normal(300), normal(300)
    close(on_gpu(layernorm, x, gamma, beta, kernels=1), layernorm(x, gamma, beta).numpy(), 1e-5)


@pytest.mark.parametrize("m, k, n", [(64, 64, 64), (37, 23, 51), (16, 8, 8), (130, 70, 66), (1, 100, 3), (5, 0, 4)])
def test_matmul(on_gpu, m, k, n):
    f = tf.function(tf.matmul)
    a, b = normal(m, k), normal(k, n)
    close(on_gpu(f, a, b), a.astype(np.float64) @ b, 1e-5)


def test_matmul_transposed_and_batched(on_gpu):
    @tf.function
    def f(a, b):
        return tf.matmul(a, b, transpose_a=True), tf.matmul(b, a, transpose_a=True), tf.einsum("bij,bkj->bik", a, a)

    a, b = normal(3, 20, 17), normal(3, 20, 33)
    for got, want in zip(on_gpu(f, a, b), f(a, b), strict=True):
        close(got, want.numpy(), 1e-5)


def test_what_follows_a_matmul_is_in_its_kernel(on_gpu):
    f = tf.function(lambda x, w, b: tf.nn.relu(x @ w + b))
    x, w, b = normal(40, 24), normal(24, 48), normal(48)
    close(on_gpu(f, x, w, b, kernels=1), np.maximum(x @ w + b, 0), 1e-5)


def test_lstm_cell(on_gpu):
    @tf.function
    def cell(x, h, c, w, u, b):
        i, f, g, o = tf.split(x @ w + h @ u + b, 4, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c

    args = normal(8, 24), normal(8, 32), normal(8, 32), normal(24, 128), normal(32, 128), normal(128)
    for got, want in zip(on_gpu(cell, *args), cell(*args), strict=True):
        close(got, want.numpy(), 1e-5)


def test_training_steps_of_a_perceptron(on_gpu, gpu):
    def model():
        r = np.random.default_rng(1)
        w1 = tf.Variable(r.standard_normal((12, 16), dtype=np.float32) / 4)
        b1 = tf.Variable(np.zeros(16, np.float32))
        w2 = tf.Variable(r.standard_normal((16, 3), dtype=np.float32) / 4)
        variables = [w1, b1, w2]

        @tf.function
        def step(x, y):
            with tf.GradientTape() as tape:
                logits = tf.tanh(x @ w1 + b1) @ w2
                loss = -tf.reduce_mean(tf.reduce_sum(y * tf.nn.log_softmax(logits), axis=1))
            for v, g in zip(variables, tape.gradient(loss, variables), strict=True):
                v.assign_sub(0.5 * g)
            return loss

        return step, variables

    x = normal(20, 12)
    y = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 20)]
    (cpu, cpu_variables), (device, variables) = model(), model()
    with tf.device(f"GPU:{gpu.index}"):
        losses = [device(x, y).numpy() for _ in range(4)]
    close(losses, [cpu(x, y).numpy() for _ in range(4)], 1e-5)
    for v, want in zip(variables, cpu_variables, strict=True):
        close(v.numpy(), want.numpy(), 1e-5)
        assert v.device.endswith("GPU:0")


def test_dynamic_rnn(on_gpu):
    @tf.function
    def rnn(xs, w, u, length):
        h = tf.zeros((4, 16))
        outputs = tf.TensorArray(tf.float32, size=tf.shape(xs)[0])
        i = 0
        while i < length:
            h = tf.tanh(xs[i] @ w + h @ u)
            outputs = outputs.write(i, h)
            if tf.reduce_max(tf.abs(h)) > 0.9999:
                break
            i += 1
        return h, outputs.stack()

    xs, w, u = normal(6, 4, 8) / 4, normal(8, 16) / 4, normal(16, 16) / 4
    got = on_gpu(rnn, xs, w, u, tf.constant(5), fallback=True)
    for g, want in zip(got, rnn(xs, w, u, tf.constant(5)), strict=True):
        close(g, want.numpy(), 1e-5)


def test_unknown_sizes(on_gpu):
    @tf.function(input_signature=[tf.TensorSpec([None, None]), tf.TensorSpec([None])])
    def f(x, b):
        return tf.reduce_sum(tf.exp(x) * b, axis=1), tf.reduce_max(x)

    for rows, columns in [(5, 7), (64, 33), (1, 300)]:
        x, b = normal(rows, columns), normal(columns)
        sums, most = on_gpu(f, x, b)
        close(sums, (np.exp(x) * b).sum(1), 2e-5)
        assert most == x.max()


def test_large_sums_and_columns(on_gpu):
    f = tf.function(lambda x: (tf.reduce_sum(x), tf.reduce_sum(x, axis=0), tf.argmax(x, axis=1), tf.reduce_any(x > 3)))
    x = normal(500, 70)
    total, columns, best, some = on_gpu(f, x)
    close(total, x.sum(dtype=np.float64), 1e-5)
    close(columns, x.sum(0), 1e-5)
    np.testing.assert_array_equal(best, x.argmax(1))
    assert some == (x > 3).any()
