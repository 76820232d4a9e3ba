"""Gradients through functions."""

import numpy as np
import pytest
import tfc as tf
from tfc.function.gradient import pair_of


def gradient(f, *xs):
    with tf.GradientTape() as tape:
        tape.watch(xs)
        y = f(*xs)
    return tape.gradient(y, xs)


def close(a, b):
    np.testing.assert_allclose(np.asarray(a), b, rtol=1e-5)


@tf.function
def cube(x):
    return x * x * x


def test_a_function_under_a_tape():
    for _ in range(2):
        close(gradient(cube, tf.constant(2.0))[0], 12)


def test_a_call_that_was_served_natively_before():
    f = tf.function(lambda x: x * x)
    for _ in range(3):
        f(tf.constant(3.0))
    close(gradient(f, tf.constant(3.0))[0], 6)


def test_a_tape_inside():
    @tf.function
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.tanh(x)
        return tape.gradient(y, x)

    close(f(tf.constant(0.5)), 1 - np.tanh(0.5) ** 2)


def test_a_function_in_a_function_in_a_tape():
    outer = tf.function(lambda x: cube(x) + cube(2 * x))
    close(gradient(outer, tf.constant(2.0))[0], 12 + 24 * 4)


def test_a_tape_inside_around_a_function():
    @tf.function
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = cube(x)
        return tape.gradient(y, x)

    close(f(tf.constant(2.0)), 12)


def test_trainable_variables_are_watched():
    v, w = tf.Variable(3.0), tf.Variable(2.0, trainable=False)
    f = tf.function(lambda x: x * v * w)
    with tf.GradientTape() as tape:
        y = f(tf.constant(5.0))
    assert [x is v for x in tape.watched_variables()] == [True]
    g = tape.gradient(y, [v, w])
    close(g[0], 10)
    assert g[1] is None


def test_a_variable_as_an_argument():
    v = tf.Variable(3.0)
    f = tf.function(lambda u, x: u * x)
    with tf.GradientTape() as tape:
        y = f(v, tf.constant(5.0))
    close(tape.gradient(y, v), 5)


@pytest.mark.parametrize("n", [1, 100])
def test_a_captured_tensor_that_is_watched(n):
    k = tf.ones([n]) * 3
    f = tf.function(lambda x: tf.reduce_sum(x * k))
    f(tf.constant(2.0))
    with tf.GradientTape() as tape:
        tape.watch(k)
        y = f(tf.constant(2.0))
    close(tape.gradient(y, k), [2.0] * n)


def test_second_and_third_order():
    x = tf.constant(2.0)
    with tf.GradientTape() as a:
        a.watch(x)
        with tf.GradientTape() as b:
            b.watch(x)
            with tf.GradientTape() as c:
                c.watch(x)
                y = cube(x) * x
            first = c.gradient(y, x)
        second = b.gradient(first, x)
    third = a.gradient(second, x)
    close(first, 32)
    close(second, 48)
    close(third, 48)


def test_second_order_where_the_value_is_kept():
    f = tf.function(lambda x: tf.tanh(x) * tf.exp(x))
    x = tf.constant(0.3)
    with tf.GradientTape() as a:
        a.watch(x)
        with tf.GradientTape() as b:
            b.watch(x)
            y = f(x)
        first = b.gradient(y, x)
    t, e = np.tanh(0.3), np.exp(0.3)
    close(first, (1 - t * t) * e + t * e)
    close(a.gradient(first, x), -2 * t * (1 - t * t) * e + 2 * (1 - t * t) * e + t * e)


def test_several_outputs_some_unused_some_none():
    @tf.function
    def f(x):
        return {"a": x * x, "none": None, "count": tf.constant(3), "b": x * 5}

    x = tf.constant(4.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)["a"]
    close(tape.gradient(y, x), 8)


def test_unconnected_inputs_are_none():
    f = tf.function(lambda x, y: x * 2)
    g = gradient(f, tf.constant(1.0), tf.constant(1.0))
    close(g[0], 2)
    assert g[1] is None


def test_persistent_tapes():
    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = cube(x)
        z = cube(y)
    close(tape.gradient(y, x), 12)
    close(tape.gradient(z, x), 3 * 64 * 12)


def test_unknown_sizes():
    f = tf.function(lambda x: tf.reduce_sum(x * x), input_signature=[tf.TensorSpec([None])])
    for n in (1, 3):
        x = tf.range(n, dtype=tf.float32)
        close(gradient(f, x)[0], 2 * np.arange(n))


def test_broadcasting_of_unknown_sizes():
    spec = tf.TensorSpec([None, None])
    f = tf.function(lambda x, y: tf.reduce_sum(x * y), input_signature=[spec, spec])
    x, y = tf.ones([1, 3]), tf.ones([2, 1]) * 2
    a, b = gradient(f, x, y)
    assert a.numpy().tolist() == [[4, 4, 4]] and b.numpy().tolist() == [[3], [3]]


def test_training_steps_in_a_function():
    v = tf.Variable([0.0, 0.0])
    target = tf.constant([1.0, -2.0])

    @tf.function
    def step(rate):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((v - target) ** 2)
        v.assign_sub(rate * tape.gradient(loss, v))
        return loss

    losses = [step(tf.constant(0.1)).numpy() for _ in range(50)]
    assert losses[-1] < 1e-6 < losses[0] == 5


def test_integers_have_no_gradient():
    f = tf.function(lambda x, n: x * tf.cast(n, tf.float32))
    x, n = tf.constant(2.0), tf.constant(3)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x, n)
    close(tape.gradient(y, x), 3)


def test_custom_gradients_inside():
    @tf.custom_gradient
    def g(x):
        return x * x, lambda dy: dy * 100.0

    close(gradient(tf.function(lambda x: g(x) * 2), tf.constant(1.0))[0], 200)


def test_effects_happen_once_under_a_tape(capfd):
    v = tf.Variable(0.0)

    @tf.function
    def f(x):
        v.assign_add(1.0)
        tf.print("ran")
        return x * x

    close(gradient(f, tf.constant(3.0))[0], 6)
    assert v.numpy() == 1 and capfd.readouterr().err.count("ran") == 1


def residuals(function, *args):
    pair = pair_of(function.get_concrete_function(*args))
    return [tuple(o.shape_tuple) for o in pair.forward._graph.outputs][pair.count :]


def test_a_chain_of_elementwise_ops_keeps_its_start_only():
    def chain(x):
        for _ in range(4):
            x = tf.tanh(x) * tf.sigmoid(x) + x
        return tf.reduce_sum(x)

    function = tf.function(chain)
    x = tf.constant(np.linspace(-1, 1, 30).reshape(5, 6))
    assert residuals(function, x) == [(5, 6)]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y, z = function(x), chain(x)
    np.testing.assert_allclose(tape.gradient(y, x), tape.gradient(z, x), rtol=1e-12)


def test_what_costs_more_to_keep_the_start_of_is_kept_itself():
    @tf.function
    def f(x, w, v):
        return tf.reduce_sum(tf.tanh(tf.matmul(x, w) + tf.matmul(x, v)))

    x, w = tf.ones([50, 3]), tf.ones([3, 40])
    # The sum of two products has two starts of its size: tanh of it is one value.
    assert sorted(residuals(f, x, w, w)).count((50, 40)) == 1


def test_a_dense_layer_keeps_one_value_of_its_size():
    @tf.function
    def layer(x, w, b):
        return tf.nn.gelu(tf.matmul(x, w) + b)

    x, w, b = tf.ones([50, 3]), tf.ones([3, 40]) * 0.1, tf.ones([40])
    assert residuals(layer, x, w, b).count((50, 40)) == 1
    with tf.GradientTape(persistent=True) as outer:
        outer.watch([x, w, b])
        with tf.GradientTape() as inner:
            inner.watch(b)
            y = tf.reduce_sum(layer(x, w, b) ** 2)
        g = tf.reduce_sum(inner.gradient(y, b) ** 2)
    python = layer.python_function
    with tf.GradientTape(persistent=True) as outer2:
        outer2.watch([x, w, b])
        with tf.GradientTape() as inner:
            inner.watch(b)
            y = tf.reduce_sum(python(x, w, b) ** 2)
        g2 = tf.reduce_sum(inner.gradient(y, b) ** 2)
    for got, want in zip(outer.gradient(g, [x, w, b]), outer2.gradient(g2, [x, w, b]), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4)
