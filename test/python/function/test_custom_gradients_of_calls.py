"""Functions with gradients of their own inside of called functions: forward mode and higher orders see those gradients."""

import numpy as np
import pytest
import tfc as tf

START = tf.constant([1.0, 0.5])
FACTORS = tf.constant([[0.3, 0.1], [0.2, -0.4]])


@tf.custom_gradient
def seven(x):
    return tf.sin(x), lambda g: g * 7.0 * tf.cos(x)


@tf.recompute_grad
def recomputed(x):
    return tf.sin(tf.linalg.matvec(FACTORS, x)) * x


def custom(x):
    return seven(x * 2.0) * 3.0 * x


def both(x):
    return tf.function(lambda x: custom(x) * recomputed(x))(x) * x


def looped(x):
    for _ in tf.range(2):
        x = seven(x) * x
    return x


def with_slope(f):
    """A function and its derivative together: the next derivative goes through the results and what they keep."""

    def g(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return y + tape.gradient(y, x)

    return g


@pytest.mark.parametrize("function", [custom, recomputed, both])
def test_forward_mode_sees_a_custom_gradient_in_a_called_function(function):
    def jvp(f):
        with tf.autodiff.ForwardAccumulator(START, tf.ones_like(START)) as acc:
            y = f(START)
        return acc.jvp(y).numpy()

    np.testing.assert_allclose(jvp(tf.function(function)), jvp(function), rtol=1e-5)


@pytest.mark.parametrize("function", [custom, recomputed, both])
def test_the_second_and_third_derivative_see_it_too(function):
    for order in (1, 2, 3):
        want, got = function, tf.function(lambda x: tf.function(function)(x))
        for _ in range(order):
            want, got = with_slope(want), with_slope(got)
        np.testing.assert_allclose(got(START).numpy(), want(START).numpy(), rtol=1e-4)


def branched(x):
    if tf.reduce_sum(x) > 0.0:
        y = seven(x) * recomputed(x)
    else:
        y = seven(x * x)
    return y * x


def looped_and_recomputed(x):
    for i in tf.range(3):
        if tf.cast(i, tf.float32) < tf.reduce_sum(x):
            x = recomputed(x) + seven(x)
        else:
            x = seven(x) * x
    return x


@pytest.mark.parametrize("how", ["inside", "around"])
@pytest.mark.parametrize("function", [looped, branched, looped_and_recomputed], ids=lambda f: f.__name__)
def test_branches_and_loops_of_them_have_derivatives_of_every_order(function, how):
    whole = tf.function if how == "inside" else lambda f: f
    want, got = function, function if how == "inside" else tf.function(function)
    for _ in range(3):
        want, got = with_slope(want), with_slope(got)
        np.testing.assert_allclose(whole(got)(START).numpy(), want(START).numpy(), rtol=1e-4)


# Gradients that are not derivatives, so that it shows which one is taken.
WEIGHTS = tf.Variable([2.0, 0.5])


@tf.custom_gradient
def weighed(x):
    def gradient(g, variables=None):
        return g * WEIGHTS * 2.0, [g * x * 3.0]

    return x * WEIGHTS, gradient


@tf.recompute_grad
def weighed_again(x):
    return tf.sin(x * WEIGHTS)


@tf.custom_gradient
def of_others(x):
    def gradient(g, variables=None):
        return (g * x, [g]) if variables else g

    return weighed_again(x) * x, gradient


@tf.function
def called(x):
    return weighed(x) * FACTORS[0]


def straight(x):
    return weighed(x) * weighed_again(x)


def chosen(x):
    if tf.reduce_sum(x) > 0.0:
        return weighed(x) * weighed_again(x)
    return x


def repeated(x):
    for _ in tf.range(2):
        x = weighed(x) + weighed_again(x) * x
    return x


def calling(x):
    for _ in tf.range(2):
        x = called(x) + x
    return x


def nested(x):
    for _ in tf.range(2):
        x = of_others(x) + x
    return x


def closing(x):
    """Over a tensor of the trace."""
    z = tf.exp(x) * 0.1

    @tf.custom_gradient
    def scaled(y):
        return y * z, lambda g: g * z * 2.0

    for _ in tf.range(2):
        x = scaled(x) + x
    return scaled(x)


def with_slopes(f):
    """As `with_slope`, with the slopes of the variable too."""

    def g(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        a, b = tape.gradient(y, [x, WEIGHTS], unconnected_gradients="zero")
        return y + a * x + tf.convert_to_tensor(b)

    return g


@pytest.mark.parametrize("how", ["inside", "around"])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize(
    "function",
    [straight, chosen, repeated, calling, nested, closing, called],
    ids=lambda f: getattr(f, "__name__", "f"),
)
def test_their_gradients_may_read_variables_and_tensors_and_call_others(function, order, how):
    want, got = function, function if how == "inside" else tf.function(function)
    for _ in range(order):
        want, got = with_slopes(want), with_slopes(got)
    got = tf.function(got) if how == "inside" else got
    np.testing.assert_allclose(got(START).numpy(), want(START).numpy(), rtol=1e-4)


COUNT = tf.Variable(0.5)


@tf.custom_gradient
def counted(x):
    """Assigns to one variable, and reads another one."""
    COUNT.assign_add(0.25)
    now = COUNT.read_value()
    return tf.sin(x) * now * WEIGHTS, lambda g, variables=None: (
        g * 3.0 * tf.cos(x) * now,
        [g * x if v is WEIGHTS else tf.reduce_sum(g) for v in variables],
    )


@tf.custom_gradient
def assigned_for_itself(x):
    COUNT.assign(tf.reduce_sum(x))
    return x * 1.0, lambda g, variables=None: (g * 2.0 * x, [None] * len(variables))


def counting_loop(x):
    for _ in tf.range(2):
        x = counted(x) * COUNT + x
    return x * COUNT


def counting_branch(x):
    if tf.reduce_sum(x) > 0.0:
        x = counted(x) * x
    else:
        x = x * 2.0
    return x * COUNT


def counting_in_both(x):
    for i in tf.range(3):
        if i > 0:
            x = counted(x) * assigned_for_itself(x)
        else:
            x = assigned_for_itself(x) + COUNT
    return x


@pytest.mark.parametrize("how", ["inside", "around", "called"])
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("function", [counting_loop, counting_branch, counting_in_both], ids=lambda f: f.__name__)
def test_in_regions_they_may_assign_to_variables(function, order, how):
    traced = {"inside": lambda x: function(x), "around": tf.function(function), "called": tf.function(function)}[how]
    want, got = function, traced
    for _ in range(order):
        want, got = with_slopes(want), with_slopes(got)
    got = got if how == "around" else tf.function(got)
    COUNT.assign(0.5)
    expected = want(START).numpy()
    left = float(COUNT)
    COUNT.assign(0.5)
    np.testing.assert_allclose(got(START).numpy(), expected, rtol=1e-4)
    assert float(COUNT) == pytest.approx(left)


def test_a_loop_that_writes_the_variable_gives_each_gradient_the_value_of_its_time():
    v = tf.Variable(1.0)

    @tf.custom_gradient
    def scaled(x):
        now = v.read_value()
        return x * now, lambda g, variables=None: (g * now, [g * x])

    @tf.function
    def f(x):
        for _ in tf.range(3):
            x = scaled(x)
            v.assign_add(1.0)
        return x

    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    assert [float(g) for g in tape.gradient(y, [x, v])] == [6.0, 22.0]
