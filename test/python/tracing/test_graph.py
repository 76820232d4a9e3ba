"""FuncGraph: ops, constants, captures, scopes."""

import numpy as np
import pytest
import tfc as tf
from tfc.core import using
from tfc.ops import primitives as p
from tfc.tracing import FuncGraph, SymbolicTensor, current_graph


@pytest.fixture
def graph():
    g = FuncGraph("f")
    with using(g):
        yield g


def ops(g):
    return [op.operation.name.removeprefix("tfc.") for op in g.function.entry.operations]


def x_of(g, shape=(2,), dtype=tf.float32, name="x"):
    return g.add_input(tf.TensorSpec(shape, dtype), name)


def test_primitives_become_ops(graph):
    x = x_of(graph)
    y = tf.tanh(x) * x
    assert type(y) is SymbolicTensor and y.shape == [2] and y.dtype is tf.float32 and ops(graph) == ["tanh", "mul"]
    assert current_graph() is graph and y.graph is graph and not tf.executing_eagerly()


def test_errors_of_the_dialect_say_what_came_and_where(graph):
    with pytest.raises(ValueError, match=r"(?s)do not broadcast.*got:  float32\[2\], float32\[3\].*test_graph.py"):
        x_of(graph) + x_of(graph, (3,), name="y")


def test_sizes_that_are_known_are_constants(graph):
    x = x_of(graph, (2, 3))
    n = tf.shape(x)[0] * 2 + 1
    assert n.const == 5 and tf.get_static_value(n) == 5
    assert tf.reshape(x, tf.stack([tf.size(x)])).shape == [6]


def test_sizes_that_are_partly_known(graph):
    x = x_of(graph, (None, 3, 4))
    shape = tf.shape(x)
    assert shape.const is None and shape[1].const == 3 and shape[0].const is None
    assert tf.reshape(x, tf.concat([shape[:1], [12]], 0)).shape.as_list() == [None, 12]
    assert tf.broadcast_to(tf.constant(1.0), shape).shape.as_list() == [None, 3, 4]


def test_what_fails_on_known_values_fails_when_it_runs(graph):
    a, b = tf.constant(1), tf.constant(0)
    c = a // b
    assert c.const is None and ops(graph)[-1] == "floor_div"


def test_floats_are_not_folded(graph):
    y = tf.constant(1.0) + tf.constant(2.0)
    assert y.const is None and ops(graph) == ["constant", "constant", "add"]


def test_small_eager_tensors_become_constants_once():
    k = tf.constant([1.0, 2.0])
    g = FuncGraph("f")
    with using(g):
        x = x_of(g)
        y = x + k
        z = y * k
        g.finish([z])
    assert ops(g) == ["constant", "add", "mul", "func.return"] and g.captured == [] and g.constants()[0] is k


def test_large_eager_tensors_and_arrays_become_arguments():
    k = tf.ones([1000])
    g = FuncGraph("f")
    with using(g):
        x = x_of(g, (1000,))
        y = x + k + k + np.ones(5000, np.float32)[:1000] + np.ones((5, 1000), np.float32)
        g.finish([y])
    assert len(g.captured) == 2 and g.captured[0] is k


def test_arguments_come_in_the_order_inputs_captures_variables():
    k, v = tf.ones([100]), tf.Variable(1.0, name="v")
    g = FuncGraph("f")
    with using(g):
        y = v + k
        x = x_of(g, (100,))
        g.finish([x + y])
    text = g.function.text()
    assert 'tensor<100xf32> {tfc.name = "x"}, %arg1: tensor<100xf32>, %arg2: !tfc.resource<tensor<f32>>' in text


def test_a_variable_is_one_argument():
    v = tf.Variable(1.0)
    g = FuncGraph("f")
    with using(g):
        v.assign_add(v * v)
        g.finish([])
    assert len(g.function.entry.arguments) == 1 and g.variables[0] is v


def test_names_of_parameters_are_made_unique(graph):
    assert [x_of(graph, name=graph.unique_name(n)).op_name for n in ("x", "x", "a/b", "a b")] == [
        "x",
        "x_1",
        "a/b",
        "Placeholder",
    ]


def test_values_of_a_region_are_gone_after_it(graph):
    held = []
    x = x_of(graph, ())
    tf.cond(x > 0, lambda: held.append(x * 2) or x, lambda: x)
    with pytest.raises(tf.errors.InaccessibleTensorError):
        held[0] + 1


def test_the_types_of_branches_are_joined(graph):
    x = x_of(graph, (2, 3))
    flag = x_of(graph, (), tf.bool, "flag")
    assert tf.cond(flag, lambda: x, lambda: x[:1]).shape.as_list() == [None, 3]
    assert tf.cond(flag, lambda: x, lambda: x[0]).shape.rank is None
    with pytest.raises(TypeError, match=r"(?s)same number, type.*want: float32.*got:  int32"):
        tf.cond(flag, lambda: x, lambda: tf.zeros([2, 3], tf.int32))


def test_a_failed_branch_leaves_a_valid_function(graph):
    x = x_of(graph, ())
    with pytest.raises(RuntimeError):
        tf.cond(x > 0, lambda: x, lambda: 1 / 0 if False else _fail())
    graph.finish([x])


def _fail():
    raise RuntimeError("mine")


def test_a_failed_body_leaves_a_valid_function(graph):
    x = x_of(graph, ())
    with pytest.raises(RuntimeError):
        tf.while_loop(lambda v: v > 0, lambda v: _fail(), [x])
    graph.finish([x])


def test_loop_variables_keep_their_dtype(graph):
    x = x_of(graph, ())
    with pytest.raises(
        TypeError,
        match=r"enters the loop with type <dtype: 'float32'> but has type <dtype: 'int32'> after 1",
    ):
        tf.while_loop(lambda v: v > 0, lambda v: tf.cast(v, tf.int32), [x])


def test_loop_variables_keep_their_shape_or_say_what_varies(graph):
    x = x_of(graph, (1,))
    loop = lambda **kw: tf.while_loop(lambda v: tf.size(v) < 3, lambda v: tf.concat([v, v], 0), [x], **kw)
    with pytest.raises(ValueError, match="shape_invariants"):
        loop()
    assert loop(shape_invariants=[tf.TensorShape([None])])[0].shape.as_list() == [None]
    with pytest.raises(ValueError, match="not compatible with the initial shape"):
        loop(shape_invariants=[tf.TensorShape([3])])


@pytest.mark.parametrize(
    "condition, error",
    [
        (lambda v: v, (TypeError, tf.errors.InvalidArgumentError)),
        (lambda v: v > 0, (ValueError, tf.errors.InvalidArgumentError)),
    ],
)
def test_conditions_are_bool_scalars(graph, condition, error):
    x = x_of(graph, (2,))
    with pytest.raises(error):
        tf.while_loop(condition, lambda v: v, [x])


def test_maximum_iterations_is_a_counter(graph):
    x = x_of(graph, ())
    (y,) = tf.while_loop(lambda v: v > 0, lambda v: v + 1, [x], maximum_iterations=3)
    graph.finish([y])
    assert "tfc.less" in graph.function.text() and "logical_and" in graph.function.text()


def test_a_trial_is_forgotten(graph):
    x = x_of(graph)
    tf.tanh(x)
    with graph.trial():
        kept = tf.exp(x)
        tf.cond(tf.reduce_sum(x) > 0, lambda: x * 2, lambda: x)
    assert ops(graph) == ["tanh"] and graph.operation_count == 1
    with pytest.raises(tf.errors.InaccessibleTensorError):
        kept + 1
    graph.finish([x])


def test_a_kept_trial_stays(graph):
    x = x_of(graph)
    with graph.trial() as it:
        y = tf.exp(x)
        it.keep()
    graph.finish([y + 1])
    assert "exp" in ops(graph)


def test_a_trial_that_raises_is_forgotten(graph):
    x = x_of(graph)
    with pytest.raises(RuntimeError), graph.trial() as it:
        tf.exp(x)
        it.keep()
        _fail()
    assert ops(graph) == []


def test_set_shape_refines(graph):
    x = x_of(graph, (None,))
    x.set_shape([3])
    assert x.shape == [3] and (x + 1).shape == [3]
    with pytest.raises(ValueError):
        x.set_shape([4])


def test_symbolic_tensors_tell_what_they_are(graph):
    x = x_of(graph, (None, 2))
    assert repr(x) == "<tf.Tensor 'x:0' shape=(None, 2) dtype=float32>"
    assert str(x) == 'Tensor("x:0", shape=(None, 2), dtype=float32)' and x.name == "x:0"
    assert f"{x}" == str(x) and x.symbolic


def test_an_eager_list_is_captured():
    array = tf.TensorArray(tf.float32, 2, element_shape=[]).write(0, 1.0).write(1, 2.0)
    f = tf.function(lambda i: array.read(i))
    assert [f(tf.constant(i)).numpy() for i in (0, 1)] == [1, 2]


def test_effects_keep_program_order():
    v = tf.Variable(1.0)
    g = FuncGraph("f")
    with using(g):
        p.print_(format="a\n", summarize=3, stream="stderr")
        v.assign(2.0)
        tf.debugging.assert_equal(v, 2.0)
        tf.print(v)
        g.finish([])
    kinds = [o for o in ops(g) if o in ("print", "assign_variable", "assert", "read_variable")]
    assert kinds[0] == "print" and kinds[1] == "assign_variable" and kinds.index("assert") < len(kinds) - 1


def test_complex_constants():
    f = tf.function(lambda x: x * (1 + 2j) + tf.constant([1j, 2.0 - 1j], tf.complex64))
    x = tf.constant([1.0, 1j], tf.complex64)
    assert np.allclose(f(x).numpy(), np.array([1, 1j]) * (1 + 2j) + np.array([1j, 2 - 1j]))


def test_a_number_is_one_constant_a_block(graph):
    x = x_of(graph)
    a, b = tf.constant(2.0), tf.constant(2.0)
    y = x * a + b * 2.0 + tf.constant(-0.0) + tf.constant(0.0)
    assert a is not b and ops(graph).count("constant") == 3 and y.shape == [2]


def test_functions_are_where_they_are_defined():
    @tf.function
    def f(x):
        return x

    text = f.get_concrete_function(tf.constant(1.0))._graph.function.text(debug_info=True)
    assert f"test_graph.py:{f.python_function.__code__.co_firstlineno}:" in text


def test_locations_end_where_the_trace_begins():
    def inner(x):
        return tf.tanh(x)

    f = tf.function(lambda x: inner(x) + 1.0)
    text = f.get_concrete_function(tf.constant(1.0))._graph.function.text(debug_info=True)
    assert "inner" in text and "pytest" not in text


def test_values_of_ops_that_were_taken_back_are_not_looked_at(graph):
    held = []
    x = x_of(graph, ())
    with graph.trial():
        held.append(tf.exp(x))
        tf.cond(x > 0, lambda: held.append(x * 2) or x, lambda: x)
    with pytest.raises(RuntimeError):
        tf.while_loop(lambda v: v > 0, lambda v: held.append(v + 1) or _fail(), [x])
    for t in held:
        assert "shape=()" in repr(t)
        with pytest.raises(tf.errors.InaccessibleTensorError):
            t.op  # noqa: B018
        with pytest.raises(tf.errors.InaccessibleTensorError):
            t + 1


def test_the_graph_of_a_tensor_names_what_the_function_captures():
    variable, large = tf.Variable(2.0), tf.constant(np.ones(5000, np.float32))
    concrete = tf.function(lambda x: x * variable + large).get_concrete_function(tf.TensorSpec([], tf.float32))
    graph = concrete.outputs[0].graph
    assert graph.external_captures[0] is large and graph.external_captures[1] is variable
    assert len(graph.captures) == len(concrete.graph.captures) == 2
