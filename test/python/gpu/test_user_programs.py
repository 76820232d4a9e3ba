"""Programs that mix devices, control flow, variables and gradients: on a GPU they compute what the CPU computes."""

import numpy as np
import pytest
import tfc as tf

rng = np.random.default_rng(0)


def normal(*shape):
    return rng.standard_normal(shape, dtype=np.float32)


def both(build, *args, tolerance=1e-5, times=1):
    """`build()` makes (function, variables); the results and variables of a few calls on the GPU are those on the CPU."""
    (cpu, kept), (gpu, placed) = build(), build()
    for _ in range(times):
        want = tf.nest.flatten(cpu(*args))
        with tf.device("/GPU:0"):
            got = tf.nest.flatten(gpu(*args))
        for g, w in zip(got, want, strict=True):
            np.testing.assert_allclose(g.numpy(), w.numpy(), rtol=tolerance, atol=tolerance)
    for v, w in zip(placed, kept, strict=True):
        np.testing.assert_allclose(v.numpy(), w.numpy(), rtol=tolerance, atol=tolerance)
        assert v.device.endswith("GPU:0")


def dense(*shape):
    return tf.Variable(np.random.default_rng(sum(shape)).standard_normal(shape, dtype=np.float32) / 4)


def test_results_of_single_ops_in_a_scope_are_on_its_device(gpu):
    with tf.device("/GPU:0"):
        a = tf.constant([1.0, 2.0])
        b = a + 1.0
        c = tf.matmul([[1.0]], [[2.0]])
        values, places = tf.math.top_k(b, 1)
    assert all(t.device.endswith("GPU:0") for t in (a, b, c, values, places))
    assert (a + b).device.endswith("CPU:0")


def test_a_variable_stays_on_its_device(gpu):
    with tf.device("/GPU:0"):
        v = tf.Variable(tf.ones([2, 2]))
    before = v.read_value()
    v.assign_add([[1.0, 1.0], [1.0, 1.0]])
    v.assign(v * 3.0)
    v[0].assign([7.0, 8.0])
    assert v.device.endswith("GPU:0") and before.numpy().sum() == 4
    np.testing.assert_array_equal(v.numpy(), [[7, 8], [6, 6]])


def test_scopes_nest(gpu):
    found = []
    with tf.device("/GPU:0"):
        with tf.device(None):
            found.append(tf.constant(1.0).device)
        with tf.device("/CPU:0"):
            found.append(tf.constant(1.0).device)
            with tf.device("/job:localhost/replica:0/task:0/device:GPU:0"):
                found.append(tf.constant(1.0).device)
        with tf.device(tf.config.list_logical_devices("GPU")[0]):
            found.append(tf.constant(1.0).device)
    assert [d[-5:] for d in found] == ["GPU:0", "CPU:0", "GPU:0", "GPU:0"]


def test_loops_branches_and_variables(gpu):
    def build():
        v, count = tf.Variable(tf.zeros([8])), tf.Variable(0)

        @tf.function
        def f(x, n):
            total = tf.zeros_like(x)
            for i in tf.range(n):
                if tf.reduce_sum(total) > 20.0:
                    total -= x * 0.5
                    count.assign_add(1)
                else:
                    total += tf.nn.softmax(x) * tf.cast(i, tf.float32)
                v.assign_add(total)
            while tf.reduce_max(total) > 1.0:
                total = total / 2.0
            return total, count

        return f, [v]

    both(build, normal(8), tf.constant(13), times=2)


def test_a_training_loop_inside_a_function(gpu):
    x, y = normal(64, 5), normal(64, 1)

    def build():
        w1, b1, w2 = dense(5, 16), tf.Variable(tf.zeros([16])), dense(16, 1)
        variables = [w1, b1, w2]
        velocities = [tf.Variable(tf.zeros_like(v)) for v in variables]

        @tf.function
        def train(steps):
            losses = tf.TensorArray(tf.float32, size=steps)
            for i in tf.range(steps):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(tf.nn.gelu(x @ w1 + b1) @ w2 - y))
                for v, m, g in zip(variables, velocities, tape.gradient(loss, variables), strict=True):
                    m.assign(0.9 * m + g)
                    v.assign_sub(0.05 * m)
                losses = losses.write(i, loss)
            return losses.stack()

        return train, variables + velocities

    both(build, tf.constant(10), tolerance=1e-4)


def test_a_training_step_with_an_optimizer_and_an_embedding(gpu):
    ids, labels = rng.integers(0, 20, (6, 4), np.int32), rng.integers(0, 3, 6, np.int32)

    def build():
        table, w = dense(20, 8), dense(8, 3)
        optimizer = tf.optimizers.Adam(0.1)

        @tf.function
        def step():
            with tf.GradientTape() as tape:
                h = tf.reduce_mean(tf.nn.embedding_lookup(table, ids), axis=1)
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, h @ w))
            optimizer.apply_gradients(zip(tape.gradient(loss, [table, w]), [table, w], strict=True))
            return loss

        return step, [table, w]

    both(build, times=3, tolerance=1e-4)


def test_an_lstm_over_time(gpu):
    xs = normal(7, 4, 6)

    def build():
        w, u, b = dense(6, 32), dense(8, 32), dense(32)

        @tf.function
        def f(xs, lengths):
            h = c = tf.zeros([4, 8])
            outputs = tf.TensorArray(tf.float32, size=7)
            for t in tf.range(7):
                i, g, o, k = tf.split(xs[t] @ w + h @ u + b, 4, axis=1)
                new_c = tf.sigmoid(i) * tf.tanh(g) + tf.sigmoid(k) * c
                new_h = tf.sigmoid(o) * tf.tanh(new_c)
                alive = (t < lengths)[:, None]
                c, h = tf.where(alive, new_c, c), tf.where(alive, new_h, h)
                outputs = outputs.write(t, h)
            return outputs.stack(), h

        return f, [w, u, b]

    both(build, xs, tf.constant([7, 3, 1, 5]))


def test_attention_and_its_gradients(gpu):
    x = normal(2, 10, 16)

    def build():
        wq, wk, wv = dense(16, 8), dense(16, 8), dense(16, 8)

        @tf.function
        def f(x):
            with tf.GradientTape() as tape:
                q, k, v = x @ wq, x @ wk, x @ wv
                mask = tf.linalg.band_part(tf.ones([10, 10]), -1, 0)
                scores = tf.matmul(q, k, transpose_b=True) / np.sqrt(8.0).astype(np.float32)
                scores = tf.where(mask > 0, scores, -1e9)
                y = tf.nn.softmax(scores) @ v
                loss = tf.reduce_sum(y * y)
            return y, tape.gradient(loss, [wq, wk, wv])

        return f, [wq, wk, wv]

    both(build, x, tolerance=1e-4)


def test_a_convolution_with_batch_normalization(gpu):
    x = normal(2, 8, 8, 3)

    def build():
        kernel, gamma, mean = dense(3, 3, 3, 4), tf.Variable(tf.ones([4])), tf.Variable(tf.zeros([4]))

        @tf.function
        def f(x):
            with tf.GradientTape() as tape:
                y = tf.nn.conv2d(x, kernel, 1, "SAME")
                m, v = tf.nn.moments(y, [0, 1, 2])
                y = tf.nn.relu((y - m) * tf.math.rsqrt(v + 1e-3) * gamma)
                y = tf.nn.max_pool2d(y, 2, 2, "VALID")
                loss = tf.reduce_mean(y)
            mean.assign(0.9 * mean + 0.1 * m)
            return loss, tape.gradient(loss, [kernel, gamma])

        return f, [kernel, gamma, mean]

    both(build, x, tolerance=1e-4, times=2)


def test_beam_search_with_sorts_and_scatters(gpu):
    def build():
        @tf.function
        def f(logits):
            scores, chosen = tf.zeros([3]), tf.zeros([3, 4], tf.int32)
            for t in tf.range(4):
                every = tf.reshape(scores[:, None] + tf.nn.log_softmax(logits[t]), [-1])
                scores, flat = tf.math.top_k(every, 3)
                chosen = tf.gather(chosen, flat // 9)
                places = tf.stack([tf.range(3), tf.fill([3], t)], axis=1)
                chosen = tf.tensor_scatter_nd_update(chosen, places, flat % 9)
            return scores, chosen, tf.cumsum(scores), tf.where(chosen > 4)

        return f, []

    both(build, normal(4, 3, 9))


def test_what_a_device_lacks_mixes_with_kernels(gpu):
    """Complex numbers, strings and host calls are the host's; kernels before and after see their values."""

    def build():
        @tf.function
        def f(x):
            y = tf.nn.softmax(x)
            z = tf.signal.fft(tf.cast(y, tf.complex64))
            w = tf.math.real(z) * 2.0 + tf.math.imag(z)
            w = tf.numpy_function(lambda a: a[:, ::-1].copy(), [w], tf.float32)
            w.set_shape([3, 8])
            inverse = tf.linalg.inv(tf.matmul(w, w, transpose_b=True) + 5.0 * tf.eye(3))
            return tf.reduce_sum(inverse @ w, axis=0)

        return f, []

    both(build, normal(3, 8), tolerance=1e-4)


def test_a_function_mixes_scopes(gpu):
    @tf.function
    def f(x):
        with tf.device("/CPU:0"):
            a = x + 1.0
        with tf.device("/GPU:0"):
            return a, tf.matmul(a, a)

    x = normal(4, 4)
    a, b = f(x)
    np.testing.assert_allclose(a.numpy(), x + 1)
    np.testing.assert_allclose(b.numpy(), (x + 1) @ (x + 1), rtol=1e-5)


def test_a_module_moves_between_devices(gpu):
    class Model(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = dense(4, 4)

        @tf.function
        def __call__(self, x):
            return tf.tanh(x @ self.w)

    model, x = Model(), normal(3, 4)
    want = model(x).numpy()
    with tf.device("/GPU:0"):
        y = model(x)
    assert y.device.endswith("GPU:0") and model.w.device.endswith("GPU:0")
    np.testing.assert_allclose(y.numpy(), want, rtol=1e-5)
    np.testing.assert_allclose(model(x).numpy(), want, rtol=1e-5)


def test_random_numbers_are_those_of_the_cpu(gpu):
    f = tf.function(lambda: tf.random.stateless_uniform([100], [1, 2]))
    with tf.device("/GPU:0"):
        got = f()
    np.testing.assert_array_equal(got.numpy(), f().numpy())


@pytest.mark.parametrize("policy", ["float16", "bfloat16"])
def test_mixed_precision(gpu, policy):
    dtype = getattr(tf, policy)

    def build():
        w, b = dense(12, 20), dense(20)

        @tf.function
        def f(x):
            with tf.GradientTape() as tape:
                y = tf.nn.relu(tf.matmul(tf.cast(x, dtype), tf.cast(w, dtype)) + tf.cast(b, dtype))
                loss = tf.reduce_mean(tf.cast(y, tf.float32) ** 2)
            return loss, tape.gradient(loss, [w, b])

        return f, [w, b]

    both(build, normal(9, 12), tolerance=2e-2)
