"""Forward mode: accumulators by themselves, nested, with tapes, in functions, branches, loops, lists and variables."""

import numpy as np
import pytest
import tfc as tf
from tfc.autodiff import ForwardAccumulator
from tfc.autodiff import forward as forward_mode

X, V = np.array([0.3, -1.2, 2.0]), np.array([1.0, 0.5, -2.0])


def jvp(f, x=X, v=V):
    x = tf.constant(x)
    with ForwardAccumulator(x, tf.constant(v)) as acc:
        y = f(x)
    return acc.jvp(y)


def numeric(f, x=X, v=V, step=1e-6):
    value = lambda x: np.asarray(f(tf.constant(x)))
    return (value(x + step * v) - value(x - step * v)) / (2 * step)


def loop(x):
    i = tf.constant(0)
    while i < 3:
        x = tf.sin(x) * x
        i += 1
    return x


def branch(x):
    if tf.reduce_sum(x) > 0:
        return tf.exp(x)
    return -x


def array(x):
    a = tf.TensorArray(tf.float64, 2).write(0, x * x).write(1, tf.sin(x))
    return a.stack() * tf.cast(a.read(0), tf.float64)


PROGRAMS = {
    "chain": lambda x: tf.tanh(tf.sin(x) * x + 1.0),
    "softmax": tf.nn.softmax,
    "product": tf.reduce_prod,
    "extreme": lambda x: tf.reduce_max(x * x),
    "matrix": lambda x: tf.linalg.matvec(tf.tensordot(x, tf.exp(x), 0), x),
    "norm": lambda x: tf.norm(x) + tf.math.cumsum(x)[-1],
    "sort": lambda x: tf.sort(x * x),
    "gather": lambda x: tf.gather(x * x, [2, 0, 2]),
    "loop": loop,
    "branch": branch,
    "list": array,
}


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_product_agrees_with_finite_differences(name, traced):
    f = tf.function(PROGRAMS[name]) if traced else PROGRAMS[name]
    np.testing.assert_allclose(jvp(f), numeric(PROGRAMS[name]), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_accumulator_inside_a_function_is_traced(name):
    inside = tf.function(lambda x, v: jvp_of(PROGRAMS[name], x, v))
    np.testing.assert_allclose(inside(tf.constant(X), tf.constant(V)), numeric(PROGRAMS[name]), rtol=1e-6, atol=1e-8)


def jvp_of(f, x, v):
    with ForwardAccumulator(x, v) as acc:
        y = tf.autograph.experimental.do_not_convert(f)(x) if f not in (loop, branch) else f(x)
    return acc.jvp(y)


def test_nested_accumulators_give_second_derivatives():
    x, v = tf.constant(X), tf.constant(V)
    with ForwardAccumulator(x, v) as outer:
        with ForwardAccumulator(x, v) as inner:
            y = x**3 + tf.exp(x)
        first = inner.jvp(y)
    np.testing.assert_allclose(outer.jvp(first), (6 * X + np.exp(X)) * V * V, rtol=1e-12)


def test_the_inner_accumulator_does_not_see_products_of_the_outer_one():
    x, v = tf.constant(X), tf.constant(V)
    with ForwardAccumulator(x, v) as outer, ForwardAccumulator(x, v) as inner:
        y = x**3
    assert inner.jvp(outer.jvp(y)) is None


def test_forward_over_reverse_is_the_hessian_vector_product():
    x, v = tf.constant(X), tf.constant(V)
    with ForwardAccumulator(x, v) as acc:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.sin(x) * x * x)
        gradient = tape.gradient(y, x)
    want = (-np.sin(X) * X * X + 4 * X * np.cos(X) + 2 * np.sin(X)) * V
    np.testing.assert_allclose(acc.jvp(gradient), want, rtol=1e-10)


def test_reverse_over_forward_is_the_hessian_vector_product():
    x, v = tf.constant(X), tf.constant(V)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with ForwardAccumulator(x, v) as acc:
            y = tf.reduce_sum(x**3)
        product = acc.jvp(y)
    np.testing.assert_allclose(tape.gradient(product, x), 6 * X * V, rtol=1e-12)


def test_variables_are_primals():
    a, b = tf.Variable([1.0, 2.0]), tf.Variable([3.0, 4.0])
    with ForwardAccumulator([a, b], [tf.constant([1.0, 0.0]), tf.constant([0.0, 1.0])]) as acc:
        y = a * b
    assert acc.jvp(y).numpy().tolist() == [3, 2]


def test_a_custom_gradient_is_used():
    @tf.custom_gradient
    def f(x):
        return tf.sin(x), lambda g: 10.0 * g

    np.testing.assert_allclose(jvp(f), 10 * V)


def test_what_does_not_depend_on_a_primal_is_unconnected():
    x = tf.constant(1.0)
    with ForwardAccumulator(x, tf.constant(1.0)) as acc:
        y = tf.constant(3.0) * 2.0
    assert acc.jvp(y) is None
    assert acc.jvp(y, unconnected_gradients=tf.UnconnectedGradients.ZERO).numpy() == 0
    assert acc.jvp(x).numpy() == 1


def test_products_come_in_the_structure_of_the_targets():
    x = tf.constant(2.0)
    with ForwardAccumulator(x, tf.constant(1.0)) as acc:
        y = {"square": x * x, "more": [x + 1.0]}
    got = acc.jvp(y)
    assert (float(got["square"]), float(got["more"][0])) == (4, 1)


def test_stop_gradient_stops_tangents():
    assert jvp(tf.stop_gradient) is None


def test_a_primal_of_integers_has_its_tangent_and_nothing_else_has():
    i = tf.constant(3)
    with ForwardAccumulator(i, tf.constant(2)) as acc:
        results = i * i, tf.cast(i, tf.float32)
    assert acc.jvp(i).numpy() == 2 and acc.jvp(results) == (None, None)


def test_an_accumulator_that_records_cannot_be_entered_again():
    acc = ForwardAccumulator(tf.constant(1.0), tf.constant(1.0))
    with acc, pytest.raises(ValueError, match="already recording"):
        acc.__enter__()


def test_linear_and_elementwise_ops_need_no_transposition(monkeypatch):
    def refuse(*args):
        raise AssertionError("transposed")

    monkeypatch.setattr(forward_mode, "_transposed", refuse)
    jvp(lambda x: tf.reduce_mean(tf.tanh(tf.linalg.matvec(tf.tensordot(x, x, 0), x)[::2] / 3.0)))
