"""`input_signature` (SEMANTICS 1.3)."""

import numpy as np
import pytest
import tfc as tf

F = tf.TensorSpec([None], tf.float32)


def test_one_trace_and_values_are_converted():
    traces = []

    @tf.function(input_signature=[F])
    def f(x):
        traces.append(1)
        return x * 2

    assert f([1.0]).numpy().tolist() == [2] and f(np.ones(3, np.float32)).numpy().tolist() == [2, 2, 2]
    assert f([1, 2]).numpy().tolist() == [2, 4] and len(traces) == 1


@pytest.mark.parametrize("value", [tf.constant([1, 2, 3]), tf.ones([1, 1]), tf.constant(1.0)])
def test_what_does_not_fit_is_a_type_error(value):
    f = tf.function(lambda x: x, input_signature=[tf.TensorSpec([2], tf.float32)])
    with pytest.raises(
        TypeError, match=r"Can not cast TensorSpec\(shape=.* to TensorSpec\(shape=\(2,\), dtype=tf.float32"
    ):
        f(value)


def test_number_of_arguments_is_checked():
    f = tf.function(lambda x: x, input_signature=[F])
    with pytest.raises(TypeError, match="too many positional arguments"):
        f([1.0], [2.0])
    with pytest.raises(TypeError, match="missing a required argument"):
        f()


@pytest.mark.parametrize("bad", [F, 3, [3], ["a"], [tf.constant(1)]])
def test_what_is_no_sequence_of_specs(bad):
    with pytest.raises(TypeError, match="input_signature must be either a tuple or a list"):
        tf.function(lambda x: x, input_signature=bad)


def test_variables_are_no_specs():
    with pytest.raises(TypeError, match="input_signature doesn't support VariableSpec"):
        tf.function(lambda x: x, input_signature=[tf.Variable(1.0)])


def test_too_few_specs_need_defaults():
    with pytest.raises(TypeError, match="input_signature missing type constraint for y"):
        tf.function(lambda x, y: x, input_signature=[F])
    assert tf.function(lambda x, y=2.0: x * y, input_signature=[F])([1.0]).numpy() == [2]


def test_literal_defaults_are_part_of_the_signature():
    f = tf.function(lambda x, y=2.0: x * y, input_signature=[F])
    assert f([1.0], 2.0).numpy() == [2]
    with pytest.raises(TypeError, match="Can not cast 3.0 to Literal"):
        f([1.0], 3.0)
    with pytest.raises(TypeError, match="Can not cast 3.0 to Literal"):
        f([1.0], 3.0)


def test_too_many_specs():
    with pytest.raises(TypeError, match="too many positional arguments"):
        tf.function(lambda x: x, input_signature=[F, F])


def test_nested_specs():
    spec = {"a": F, "b": (F, [F])}
    f = tf.function(lambda d: d["a"] + d["b"][0] + d["b"][1][0], input_signature=[spec])
    assert f({"a": [1.0], "b": ([2.0], [tf.constant([3.0])])}).numpy() == [6]
    with pytest.raises(TypeError, match="Can not cast"):
        f({"a": [1.0]})


def test_varargs():
    f = tf.function(lambda *args: args[0] + args[1], input_signature=[F, F])
    assert f([1.0], [2.0]).numpy() == [3]


def test_keyword_only_needs_a_default():
    def f(x, *, k):
        return x

    with pytest.raises(TypeError, match="missing type constraint for k"):
        tf.function(f, input_signature=[F])


def test_empty():
    f = tf.function(lambda: tf.constant(3), input_signature=())
    assert f().numpy() == 3 == f.get_concrete_function()().numpy()


def test_methods():
    class Model:
        @tf.function(input_signature=[F])
        def call(self, x):
            return x + 1

    m = Model()
    assert m.call([1.0]).numpy() == [2] == m.call.get_concrete_function()(tf.constant([1.0])).numpy()


def test_unknown_rank():
    traces = []

    @tf.function(input_signature=[tf.TensorSpec(None)])
    def f(x):
        traces.append(x.shape)
        return tf.tanh(x) * 2

    for shape in ([], [2], [2, 3]):
        assert f(tf.zeros(shape)).shape == shape
    assert traces == [tf.TensorShape(None)]


def test_functions_that_need_ranks_are_traced_once():
    @tf.function(input_signature=[{"x": tf.TensorSpec(None)}])
    def f(d):
        return tf.reduce_sum(tf.transpose(d["x"])) + tf.cast(tf.rank(d["x"]), tf.float32)

    for _ in range(2):
        assert [f({"x": tf.ones(s)}).numpy() for s in ([], [2], [3], [2, 3])] == [1, 3, 4, 8]
    assert f.experimental_get_tracing_count() == 1


def test_a_rank_that_is_lost_within_the_function_is_missed_where_it_is_needed():
    f = tf.function(lambda x: tf.squeeze(x)[None, :], input_signature=[tf.TensorSpec([None, None])])
    with pytest.raises(ValueError, match=r"needs to know the rank of its input: use tf\.ensure_shape before"):
        f(tf.ones([2, 3]))


def test_concrete_function_without_arguments():
    f = tf.function(lambda x: x + 1, input_signature=[F])
    c = f.get_concrete_function()
    assert c is f.get_concrete_function() and c(tf.constant([1.0, 2.0])).numpy().tolist() == [2, 3]


@pytest.mark.parametrize("make", [lambda n: [n], lambda n: (n,), lambda n: [np.int32(n)]])
def test_a_list_that_becomes_a_tensor_is_looked_at_in_each_call(make):
    f = tf.function(lambda x: tf.fill(x, 7), input_signature=[tf.TensorSpec([1], tf.int32)])
    assert [f(make(n)).shape.as_list() for n in (2, 3, 0, 4)] == [[2], [3], [0], [4]]
