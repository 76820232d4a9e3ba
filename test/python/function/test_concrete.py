"""Concrete functions (SEMANTICS 1.4)."""

import collections

import pytest
import tfc as tf

Pair = collections.namedtuple("Pair", "x y")
S = tf.TensorSpec([], tf.int32)


def test_same_request_same_object():
    f = tf.function(lambda x, y: x)
    assert f.get_concrete_function(S, 1) is f.get_concrete_function(tf.constant(3), 1)
    assert f.get_concrete_function(S, 1) is not f.get_concrete_function(S, 2)


def test_tensors_in_order_literals_left_out():
    f = tf.function(lambda x, k, y: x * k - y)
    c = f.get_concrete_function(S, 3, S)
    assert c(tf.constant(5), tf.constant(1)).numpy() == 14
    assert c(x=tf.constant(5), y=tf.constant(1)).numpy() == 14
    assert c(tf.constant(5), 3, tf.constant(1)).numpy() == 14


def test_a_bound_literal_must_be_the_traced_one():
    c = tf.function(lambda x, k: x * k).get_concrete_function(S, 3)
    with pytest.raises(TypeError, match=r"Literal\[3\]"):
        c(tf.constant(1), 4)


def test_structured_calls():
    f = tf.function(lambda d, p: d["a"] + p.x * p.y)
    args = {"a": tf.constant(1)}, Pair(tf.constant(2), tf.constant(3))
    assert f.get_concrete_function(*args)(*args).numpy() == 7


@pytest.mark.parametrize("args, kwargs", [((), {}), ((1, 2, 3), {}), ((1,), {"z": 1})])
def test_wrong_arguments(args, kwargs):
    c = tf.function(lambda x, y: x).get_concrete_function(S, S)
    with pytest.raises(TypeError):
        c(*[tf.constant(a) for a in args], **kwargs)


def test_wrong_dtype():
    c = tf.function(lambda x: x).get_concrete_function(S)
    with pytest.raises((TypeError, tf.errors.InvalidArgumentError)):
        c(tf.constant(1.0))


def test_wrong_shape_inside_a_trace():
    c = tf.function(lambda x: x).get_concrete_function(tf.TensorSpec([1]))
    with pytest.raises(TypeError, match=r"Can not cast TensorSpec\(shape=\(2,\).* to TensorSpec\(shape=\(1,\)"):
        tf.function(lambda x: c(x))(tf.ones([2]))


def test_structured_input_signature_and_outputs():
    f = tf.function(lambda x, n, *, k: {"out": (x, None), "k": x * k})
    c = f.get_concrete_function(S, 2, k=tf.TensorSpec([], tf.int32, name="factor"))
    args, kwargs = c.structured_input_signature
    assert args == (tf.TensorSpec([], tf.int32, "x"), 2) and kwargs == {"k": tf.TensorSpec([], tf.int32, "factor")}
    out, nothing = c.structured_outputs["out"]
    assert out.name == "Identity_1:0" and out.shape == [] and out.dtype is tf.int32 and nothing is None
    assert c.output_dtypes == {"out": (tf.int32, None), "k": tf.int32}
    assert c.output_shapes["k"] == []


def test_names_of_nested_and_repeated_parameters():
    f = tf.function(lambda x, *args: x[0])
    c = f.get_concrete_function([S, S], S)
    assert [t.op_name for t in c.inputs] == ["x", "x_1", "args_0"]


def test_pretty_printed_signature():
    def f(x, kangaroo, octopus):
        return x

    c = tf.function(f).get_concrete_function(S, tf.TensorSpec([3], tf.int32), 7)
    assert c.pretty_printed_signature(verbose=False) == (
        "(x: TensorSpec(shape=(), dtype=tf.int32, name=None), "
        "kangaroo: TensorSpec(shape=(3,), dtype=tf.int32, name=None), octopus: Literal[7]) -> "
        "TensorSpec(shape=(), dtype=tf.int32, name=None)"
    )
    assert c.pretty_printed_signature() == (
        "Input Parameters:\n"
        "  x (POSITIONAL_OR_KEYWORD): TensorSpec(shape=(), dtype=tf.int32, name=None)\n"
        "  kangaroo (POSITIONAL_OR_KEYWORD): TensorSpec(shape=(3,), dtype=tf.int32, name=None)\n"
        "  octopus (POSITIONAL_OR_KEYWORD): Literal[7]\n"
        "Output Type:\n  TensorSpec(shape=(), dtype=tf.int32, name=None)\n"
        "Captures:\n  None"
    )
    assert str(c) == "ConcreteFunction " + c.pretty_printed_signature()
    assert repr(c).startswith("<ConcreteFunction (x: TensorSpec") and " at 0x" in repr(c)


def test_variables_are_those_reached_through_captures():
    v, w = tf.Variable(1.0), tf.Variable(2.0, trainable=False)
    c = tf.function(lambda x: x + v + w).get_concrete_function(tf.TensorSpec([]))
    assert c.variables == (v, w)[:0] + c.variables and [u is z for u, z in zip(c.variables, (v, w))] == [
        True,
        True,
    ]
    assert [u is v for u in c.trainable_variables] == [True]


def test_inputs_end_with_captures():
    big = tf.ones([100])
    c = tf.function(lambda x: x + big).get_concrete_function(tf.TensorSpec([]))
    assert len(c.inputs) == 2 and c.captured_inputs[0] is big and c(tf.constant(1.0)).numpy().sum() == 200


def test_outputs_of_any_nest():
    v = tf.Variable(3.0)

    @tf.function
    def f(x):
        return {"none": None, "number": 1.5, "list": [x, (x, v)], "pair": Pair(x, None)}

    for _ in range(2):
        out = f(tf.constant(2.0))
        assert out["none"] is None and out["number"].numpy() == 1.5 and out["list"][1][1].numpy() == 3
        assert type(out["pair"]) is Pair and out["pair"].x.numpy() == 2 and isinstance(out["list"][1], tuple)


def test_other_results_are_refused():
    with pytest.raises(TypeError, match="must return zero or more Tensors .*found return value of type"):
        tf.function(lambda: object())()


def test_a_function_of_no_results():
    v = tf.Variable(1.0)

    @tf.function
    def f():
        v.assign(2.0)

    assert f() is None and f() is None and v.numpy() == 2


def test_an_input_or_captured_tensor_may_be_returned():
    k = tf.constant([1.0, 2.0])
    f = tf.function(lambda x: (x, k))
    for _ in range(2):
        x, y = f(tf.constant(5.0))
        assert x.numpy() == 5 and y.numpy().tolist() == [1, 2]


def test_operations_of_the_graph():
    c = tf.function(lambda x: tf.tanh(x) + x).get_concrete_function(tf.TensorSpec([2]))
    ops = c.graph.get_operations()
    assert [op.type for op in ops] == ["Placeholder", "Tanh", "AddV2", "Identity"]
    assert [op.name for op in ops] == ["x", "Tanh", "add", "Identity"]
    assert [t.name for t in ops[2].inputs] == ["Tanh:0", "x:0"] and ops[2].outputs[0].shape == [2]
    with pytest.raises(KeyError, match="'nothing' refers to an Operation not in the graph"):
        c.graph.get_operation_by_name("nothing")


def test_a_graph_as_nodes():
    c = tf.function(lambda x: tf.tanh(x) + x).get_concrete_function(tf.TensorSpec([2]))
    nodes = c.graph.as_graph_def().node
    assert [(n.name, n.input) for n in nodes] == [
        ("x", []),
        ("Tanh", ["x"]),
        ("add", ["Tanh", "x"]),
        ("Identity", ["add"]),
    ]
    assert 'op: "AddV2"' in str(c.graph.as_graph_def())


def test_control_inputs_are_the_minimal_order_of_effects():
    v, w = tf.Variable(1.0), tf.Variable(2.0)

    @tf.function
    def f():
        v.assign(3.0)
        w.assign(4.0)
        return v.read_value()

    ops = f.get_concrete_function().graph.get_operations()
    first, second = (op for op in ops if op.type == "AssignVariableOp")
    (read,) = (op for op in ops if op.type == "ReadVariableOp")
    assert read.control_inputs == [first] and second.control_inputs == []


def test_the_operation_of_a_tensor():
    seen = []

    @tf.function
    def f(x):
        y = tf.exp(x)
        seen.append((x.op.type, y.op.type, y.op.inputs[0].name, y.name))
        return y

    c = f.get_concrete_function(tf.TensorSpec([]))
    assert seen == [("Placeholder", "Exp", "x:0", "Exp:0")]
    assert c.outputs[0].op.type == "Identity" and c.graph.get_tensor_by_name("Exp:0").dtype is tf.float32


def test_mlir_text_of_stages():
    c = tf.function(lambda x: x + 1).get_concrete_function(tf.TensorSpec([2]))
    assert "tfc.add" in c.mlir() and "tfc.add" in c.mlir("tfc-optimize")
    with pytest.raises(ValueError, match="no-such"):
        c.mlir("no-such")


@pytest.mark.parametrize(
    ("stage", "has", "has_not"),
    [
        ("tfc-to-linalg", "linalg.", "tfc.exp"),
        ("tfc-bufferization", "memref<", "tensor<"),
        ("tfc-buffers-to-loops", "scf.for", "linalg."),
        ("tfc-loops-to-llvm", "llvm.func", "scf.for"),
        ("tfc-pipeline", "llvm.func", "scf.for"),
        ("tfc-kernels-to-spirv", "gpu.launch_func", "linalg."),
    ],
)
def test_mlir_text_of_a_stage_is_that_of_the_whole_pipeline_up_to_it(stage, has, has_not):
    c = tf.function(lambda x: tf.exp(x) * 2.0, autograph=False).get_concrete_function(tf.TensorSpec([40, 50]))
    assert has in c.mlir(stage) and has_not not in c.mlir(stage)


@pytest.mark.parametrize(
    ("stage", "marked"), [("tfc-to-linalg", True), ("tfc-pack", True), ("tfc-buffers-to-kernels", False)]
)
def test_mlir_text_of_a_stage_marks_captured_tensors_where_code_keeps_copies_of_them(stage, marked):
    w = tf.ones([1024, 2048])
    c = tf.function(lambda x: x @ w, autograph=False).get_concrete_function(tf.TensorSpec([64, 1024]))
    assert ("tfc.constant" in c.mlir(stage)) == marked


def test_concrete_functions_inside_a_trace():
    c = tf.function(lambda x, k: x * k).get_concrete_function(tf.TensorSpec([]), 3.0)
    f = tf.function(lambda x: c(x) + 1)
    assert f(tf.constant(2.0)).numpy() == 7 and "call @" in f.get_concrete_function(tf.constant(2.0)).mlir()


def test_effects_as_text():
    v = tf.Variable(1.0, name="v")

    @tf.function
    def f():
        v.assign(2.0)
        return v + 1

    text = str(f.get_concrete_function().effects())
    assert "assign_variable writes v" in text and "read_variable reads v" in text and "after #0" in text


def test_compiler_ir():
    f = tf.function(lambda x: tf.tanh(x) + 1.0, jit_compile=True)
    get = f.experimental_get_compiler_ir(tf.TensorSpec([2]))
    assert get().startswith("HloModule") and "f32[2]{0} tanh(" in get() and "tanh(" in get("optimized_hlo")
    assert "tfc.tanh" in get("stablehlo") and get("stablehlo_serialized").startswith(b"ML\xefR")
    for stage in ("hlo_serialized", "optimized_hlo_serialized", "optimized_hlo_proto_serialized"):
        assert isinstance(get(stage), bytes)
    assert get("optimized_hlo_dot").startswith("digraph")
    with pytest.raises(ValueError, match="either tensors or TensorSpecs"):
        tf.function(lambda x, y: x + y, jit_compile=True).experimental_get_compiler_ir(
            tf.TensorSpec([]), tf.constant(1.0)
        )
    with pytest.raises(ValueError, match="Only support static input shape but got"):
        f.experimental_get_compiler_ir(tf.TensorSpec([None]))
    with pytest.raises(ValueError, match="marked with 'jit_compile=True'"):
        tf.function(lambda x: x).experimental_get_compiler_ir(tf.constant(1.0))
    with pytest.raises(ValueError, match="no stage"):
        get("no_such")


def test_operations_without_values_have_names():
    @tf.function
    def f(x):
        tf.print("a", x, name="said")
        tf.debugging.Assert(x > 0, [x], name="Checked")
        both = tf.group(x + 1, x + 2, name="both")
        with tf.control_dependencies([both, tf.no_op(name="nothing")]):
            y = tf.identity(x, name="same")
        tf.print(x)
        tf.py_function(lambda v: None, [x], [], name="called")
        names.append((both.name, both.type, tf.print("b").name))
        return y

    names = []
    graph = f.get_concrete_function(tf.TensorSpec([], tf.int32)).graph
    found = [(op.name, op.type) for op in graph.get_operations()]
    for expected in [
        ("said_format", "StringFormat"),
        ("said", "PrintV2"),
        ("Checked/AssertGuard", "If"),
        ("both", "NoOp"),
        ("nothing", "NoOp"),
        ("same", "Identity"),
        ("PrintV2", "PrintV2"),
        ("called", "EagerPyFunc"),
    ]:
        assert expected in found
    assert names[0][:2] == ("both", "NoOp") and names[0][2] == "PrintV2_1"
    assert [op.name for op in graph.get_operation_by_name("both").control_inputs] == ["add", "add_1"]
    assert [op.name for op in graph.get_operation_by_name("Checked/AssertGuard").control_inputs] == ["said"]
    assert 'name: "both"' in str(graph.as_graph_def())


def test_a_literal_that_is_passed_by_name_has_to_be_the_traced_one():
    power = tf.function(lambda a, b: a**b).get_concrete_function(tf.TensorSpec([], tf.float32), 2)
    assert power(tf.constant(3.0), b=2).numpy() == 9
    with pytest.raises(TypeError, match=r"Can not cast 3 to Literal\[2\]"):
        power(tf.constant(3.0), b=3)
