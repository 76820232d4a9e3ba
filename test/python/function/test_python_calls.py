"""`tf.py_function` and `tf.numpy_function` in traces: values, order, errors, gradients."""

import gc
import sys
import weakref

import numpy as np
import pytest
import tfc as tf


def shaped(function, x, dtype=tf.float32):
    """A call whose result has the shape of x, so that the code around is compiled."""
    y = tf.py_function(function, [x], dtype)
    y.set_shape(x.shape)
    return y


def test_compiled_code_calls_python():
    @tf.function
    def f(x):
        return shaped(lambda v: v * v, x) + 1.0

    for x in (3.0, [1.0, 2.0], np.ones((2, 0))):
        x = tf.constant(x, tf.float32)
        np.testing.assert_array_equal(f(x).numpy(), x.numpy() ** 2 + 1)
    assert not f.get_concrete_function(tf.constant(3.0)).is_replayed


def test_a_result_of_unknown_rank_may_be_of_any_rank():
    @tf.function
    def f(x, n):
        return tf.numpy_function(lambda v, k: np.reshape(v, [1] * int(k) + [-1]), [x, n], tf.float32) * 2.0

    assert f([1.0, 2.0], tf.constant(0)).shape == [2] and f([1.0, 2.0], tf.constant(2)).shape == [1, 1, 2]


def test_a_result_of_unknown_size():
    @tf.function
    def f(x):
        y = tf.numpy_function(lambda v: v[v > 1], [x], tf.float32)
        y.set_shape([None])
        return tf.size(y), tf.reduce_sum(y), y

    for x in ([1.0, 2.0, 3.0], [0.0]):
        size, total, y = f(tf.constant(x))
        assert size.numpy() == sum(v > 1 for v in x) == y.shape[0] and total.numpy() == sum(v for v in x if v > 1)


def test_calls_are_made_in_program_order_with_prints_and_variables(capfd):
    v = tf.Variable(0)

    def look(what):
        print(what, v.numpy(), flush=True)

    @tf.function
    def f():
        tf.print("first", output_stream=sys.stdout)
        v.assign_add(1)
        tf.py_function(lambda: look("one"), [], [])
        v.assign_add(1)
        tf.py_function(lambda: look("two"), [], [])

    f()
    assert capfd.readouterr().out.split() == ["first", "one", "1", "two", "2"]


@pytest.mark.parametrize("dims", [(), (3,), (0,)])
def test_a_call_may_change_a_variable_that_the_function_uses(dims):
    v = tf.Variable(np.zeros(dims, np.float32))

    @tf.function
    def f():
        before = v.read_value()
        tf.py_function(lambda: v.assign_add(tf.ones(dims)), [], [])
        between = v.read_value()
        v.assign(between * 10.0)
        tf.py_function(lambda: v.assign_add(tf.ones(dims)), [], [])
        return before, between, v.read_value()

    for want in ([0, 1, 11], [11, 12, 121]):
        for got, number in zip(f(), want, strict=True):
            np.testing.assert_array_equal(got.numpy(), np.full(dims, number, np.float32))


def test_a_call_sees_and_changes_variables_inside_a_loop():
    v = tf.Variable([1.0, 2.0])

    @tf.function
    def f(n):
        total = tf.zeros([2])
        for _ in tf.range(n):
            v.assign_add([1.0, 1.0])
            tf.py_function(lambda: v.assign(v * 2.0), [], [])
            total += v
        return total

    assert f(tf.constant(2)).numpy().tolist() == [4 + 10, 6 + 14] and v.numpy().tolist() == [10, 14]


def test_a_call_whose_result_nobody_uses_is_made():
    seen = []
    f = tf.function(lambda x: (tf.py_function(lambda v: seen.append(float(v)) or v, [x], tf.float32), x)[1])
    f(tf.constant(2.0))
    assert seen == [2.0]


def test_calls_in_branches_and_loops():
    seen = []

    @tf.function
    def f(n):
        total = tf.constant(0.0)
        for i in tf.range(n):
            tf.py_function(lambda k: seen.append(int(k)), [i], [])
            if i % 2 == 0:
                y = tf.py_function(lambda k: float(k) * 1.5, [i], tf.float32)
                y.set_shape([])
                total += y
        return total

    assert f(tf.constant(4)).numpy() == 3.0 and seen == [0, 1, 2, 3]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (ValueError("wrong"), tf.errors.InvalidArgumentError),
        (TypeError("wrong"), tf.errors.InvalidArgumentError),
        (StopIteration("wrong"), tf.errors.OutOfRangeError),
        (NotImplementedError("wrong"), tf.errors.UnimplementedError),
        (MemoryError("wrong"), tf.errors.ResourceExhaustedError),
        (KeyError("wrong"), tf.errors.UnknownError),
    ],
)
def test_a_python_error_is_an_error_of_the_operation(known, raised, error):
    def fail(x):
        raise raised

    @tf.function
    def f(x):
        return shaped(fail, x) if known else tf.py_function(fail, [x], tf.float32)

    with pytest.raises(error, match="wrong") as info:
        f(tf.constant(1.0))
    assert info.value.__cause__ is raised and "test_python_calls.py" in str(info.value)


def test_a_function_that_failed_can_be_called_again_and_writes_before_the_failure_stay():
    v, bad = tf.Variable(0), [True]

    def maybe(x):
        if bad[0]:
            raise ValueError("once")
        return x

    @tf.function
    def f(x):
        v.assign_add(1)
        y = shaped(maybe, x)
        v.assign_add(10)
        return y

    with pytest.raises(tf.errors.InvalidArgumentError, match="once"):
        f(tf.constant(1.0))
    assert v.numpy() == 1
    bad[0] = False
    assert f(tf.constant(1.0)).numpy() == 1 and v.numpy() == 12


@pytest.mark.parametrize("known", [True, False])
def test_a_result_of_another_dtype_or_shape_is_refused(known):
    @tf.function
    def f(x, k):
        y = tf.numpy_function(lambda v, k: v.astype(np.float64) if k else np.ones(3, np.float32), [x, k], tf.float32)
        y.set_shape([2])
        return y

    for k in (0, 1):
        with pytest.raises(tf.errors.InvalidArgumentError):
            f(tf.ones([2]), tf.constant(k))


def test_gradients_flow_through_a_py_function():
    def cube(x):
        return x * x * x

    @tf.function
    def outside(x):
        return shaped(cube, x) * 2.0

    @tf.function
    def inside(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = shaped(cube, x) * 2.0
        return tape.gradient(y, x)

    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = outside(x)
    assert tape.gradient(y, x).numpy().tolist() == [6, 24] == inside(x).numpy().tolist()


def test_gradients_flow_through_results_of_unknown_rank():
    @tf.function
    def f(x, y):
        a, b = tf.py_function(lambda x, y: (x * y, x + y), [x, y], [tf.float32, tf.float32])
        return a * 2.0 + b * 3.0

    x, y = tf.constant(2.0), tf.constant(5.0)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        z = f(x, y)
    assert [g.numpy() for g in tape.gradient(z, [x, y])] == [13, 7]


def test_a_py_function_under_a_tape_runs_once():
    seen = []

    @tf.function
    def f(x):
        return shaped(lambda v: seen.append(1) or v * v, x)

    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    assert tape.gradient(y, x).numpy() == 6 and seen == [1]


def test_no_gradient_flows_through_a_numpy_function():
    f = tf.function(lambda x: tf.numpy_function(lambda v: v * 2, [x], tf.float32))
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    assert tape.gradient(y, x) is None


def test_a_call_may_call_traced_functions():
    inner = tf.function(lambda x: x * 3.0)
    f = tf.function(lambda x: shaped(lambda v: inner(v) + 1.0, x))
    assert f(tf.constant(2.0)).numpy() == 7


def test_functions_of_the_host_live_as_long_as_their_trace():
    class Token:
        pass

    def make():
        token = Token()
        f = tf.function(lambda x: shaped(lambda v: (token, v)[1], x))
        f(tf.constant(1.0))
        return f, weakref.ref(token)

    f, token = make()
    gc.collect()
    assert token() is not None and f(tf.constant(2.0)).numpy() == 2
    del f
    gc.collect()
    assert token() is None


def test_the_decorated_form():
    @tf.py_function(Tout=tf.float32)
    def twice(x):
        return x * 2

    assert tf.function(lambda x: twice(x) + 1)(tf.constant(2.0)).numpy() == 5 and twice(tf.constant(2.0)).numpy() == 4


def test_specs_say_the_shape():
    @tf.function
    def f(x):
        y = tf.py_function(lambda v: v, [x], tf.TensorSpec([2], tf.float32))
        assert y.shape == [2]
        return tf.reduce_sum(y)

    assert f(tf.ones([2])).numpy() == 2


def _derivative(function, order):
    """The derivative of a function of one tensor, by nested tapes."""
    if order == 0:
        return function
    inner = _derivative(function, order - 1)

    def derived(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = inner(x)
        return tape.gradient(y, x)

    return derived


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("traced", ["call", "derivative", "both"])
def test_derivatives_of_higher_order_run_the_function_once(order, traced):
    calls = []

    def quartic(x):
        calls.append(1)
        return x**4

    def call(x):
        return tf.py_function(quartic, [x], tf.float32)

    function = _derivative(call if traced == "derivative" else tf.function(call), order)
    if traced != "call":
        function = tf.function(function)
    x = tf.constant([2.0, -1.0])
    expected = [4 * x**3, 12 * x**2, 24 * x, 24 * tf.ones_like(x)][order - 1]
    np.testing.assert_allclose(function(x), expected)
    assert len(calls) == 1


def test_mixed_second_derivatives_of_several_results():
    def two(a, b):
        return a * a * b, tf.sin(a * b)

    def second(function):
        def derived(a, b):
            with tf.GradientTape() as outer:
                outer.watch([a, b])
                with tf.GradientTape() as inner:
                    inner.watch([a, b])
                    p, q = function(a, b)
                    product = p * q
                ga, gb = inner.gradient(product, [a, b])
                total = tf.reduce_sum(ga * gb)
            return [ga, gb, *outer.gradient(total, [a, b])]

        return derived

    def call(a, b):
        return tf.py_function(two, [a, b], [tf.float32, tf.float32])

    a, b = tf.constant([1.0, 2.0]), tf.constant([0.5, 0.25])
    expected = second(two)(a, b)
    for function in (second(tf.function(call)), tf.function(second(call)), tf.function(second(tf.function(call)))):
        for got, want in zip(function(a, b), expected, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-6)


def test_the_second_derivative_by_a_result_that_weighs_the_first():
    @tf.function
    def f(x, w):
        with tf.GradientTape() as outer:
            outer.watch(w)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.py_function(tf.sin, [x], tf.float32) * w
            g = inner.gradient(y, x)
        return outer.gradient(g, w)

    np.testing.assert_allclose(f(tf.constant(0.5), tf.constant(3.0)), np.cos(np.float32(0.5)), rtol=1e-6)
