"""Captured values, and values that leave their scope (SEMANTICS 1.5)."""

import gc

import pytest
import tfc as tf


def test_eager_tensors_are_captured_by_value():
    k = tf.constant([1.0, 2.0])
    f = tf.function(lambda x: x + k)
    first = f(tf.constant(1.0))
    k = tf.constant([5.0, 5.0])
    assert first.numpy().tolist() == [2, 3] == f(tf.constant(1.0)).numpy().tolist()


def test_variables_are_captured_by_reference():
    v = tf.Variable(1.0)
    f = tf.function(lambda x: x + v)
    assert f(tf.constant(1.0)).numpy() == 2
    v.assign(5.0)
    assert f(tf.constant(1.0)).numpy() == 6


@pytest.mark.parametrize("n", [2, 1000])
def test_tensors_of_an_outer_trace(n):
    @tf.function
    def outer(x):
        y = x * 2

        @tf.function
        def inner(z):
            return y + z

        return inner(x) + inner(y)

    x = tf.ones([n])
    assert outer(x).numpy().tolist() == [7.0] * n


def test_an_inner_function_that_lives_on_is_traced_for_each_outer_trace():
    held = {}

    @tf.function
    def inner(z):
        return held["y"] + z

    @tf.function
    def outer(x):
        held["y"] = x * 2
        return inner(x)

    assert outer(tf.constant(1.0)).numpy() == 3 and outer(tf.constant([1.0, 2.0])).numpy().tolist() == [3, 6]


def test_a_leaked_tensor_in_another_trace_names_where_it_was_made():
    leaked = []

    @tf.function
    def f(x):
        leaked.append(x * 2)
        return x

    f(tf.constant(1.0))
    g = tf.function(lambda x: x + leaked[0])
    with pytest.raises(
        tf.errors.InaccessibleTensorError, match="(?s)out of scope and cannot be used here.*test_captures.py"
    ):
        g(tf.constant(1.0))
    with pytest.raises(ValueError):
        g(tf.constant(1.0))


def test_a_leaked_tensor_used_eagerly():
    leaked = []

    @tf.function
    def f(x):
        leaked.append(x * 2)
        return x

    f(tf.constant(1.0))
    for use in (lambda: leaked[0] + 1, lambda: f(leaked[0])):
        with pytest.raises(TypeError, match="out of scope"):
            use()


def test_a_tensor_of_a_branch_used_outside():
    leaked = []

    @tf.function
    def f(x):
        tf.cond(x > 0, lambda: leaked.append(x * 2) or x, lambda: x)
        return leaked[0]

    with pytest.raises(tf.errors.InaccessibleTensorError, match="branch or loop body"):
        f(tf.constant(1.0))


def test_a_symbolic_tensor_in_init_scope():
    @tf.function
    def f(x):
        with tf.init_scope():
            return x + 1

    with pytest.raises(TypeError, match="out of scope"):
        f(tf.constant(1.0))


@pytest.mark.parametrize("name", ["numpy", "tolist", "no_such"])
def test_numpy_of_a_symbolic_tensor_is_an_attribute_error(name):
    f = tf.function(lambda x: getattr(x, name)())
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
        f(tf.constant(1.0))


@pytest.mark.parametrize("convert", [int, float, range])
def test_python_numbers_of_a_symbolic_tensor(convert):
    f = tf.function(lambda x: convert(x), autograph=False)
    with pytest.raises(TypeError):
        f(tf.constant(1))


def test_numpy_functions_of_a_symbolic_tensor():
    np = pytest.importorskip("numpy")
    f = tf.function(lambda x: np.sin(x))
    with pytest.raises(NotImplementedError, match="Cannot convert a symbolic tf.Tensor"):
        f(tf.constant(1.0))


def test_iterating_and_bool_are_not_allowed():
    for use in (bool, list):
        f = tf.function(lambda x: use(x), autograph=False)
        with pytest.raises(tf.errors.OperatorNotAllowedInGraphError, match="(?s)symbolic `tf.Tensor`.*is not allowed"):
            f(tf.ones([2]))


def test_a_deleted_variable_is_an_assertion_error():
    def make():
        v = tf.Variable(1.0)
        return tf.function(lambda: v + 1).get_concrete_function()

    c = make()
    gc.collect()
    with pytest.raises(AssertionError, match="referencing variables which have been deleted"):
        c()


def test_sizes_are_constants_through_the_trace():
    @tf.function
    def f(x, n):
        return tf.ones([tf.shape(x)[0] * 2, n])

    assert f.get_concrete_function(tf.TensorSpec([3]), 4).structured_outputs.shape == [6, 4]


def test_known_sizes_are_kept_beside_unknown_ones():
    f = tf.function(lambda x: tf.reshape(x, [tf.shape(x)[0], 6]))
    c = f.get_concrete_function(tf.TensorSpec([None, 2, 3]))
    assert c.structured_outputs.shape.as_list() == [None, 6]
    assert c(tf.ones([4, 2, 3])).shape == [4, 6]
