"""Traces kept on disk: a later process follows them without MLIR, and builds as soon as anything differs."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tfc as tf
from tfc.dtypes import SpecList, TensorShape, TensorSpec
from tfc.function import flat
from tfc.tracing import known

X = np.array([1.0, 2.0, 3.0], np.float32)


@pytest.fixture
def folder(tmp_path):
    before = tf.config.compilation_cache.directory()
    place = tmp_path / "cache"
    tf.config.compilation_cache.set_directory(place)
    yield place
    tf.config.compilation_cache.set_directory(before)


def traces(folder):
    return sorted(folder.glob("*.tfctrace"))


def twice(make):
    """The concrete functions of one Python function, of which the second follows the first where it may."""
    return [tf.function(make()).get_concrete_function(TensorSpec([3], tf.float32)) for _ in range(2)]


def same(number=2.0):
    return lambda x: tf.exp(x) * number + 1.0


def test_an_equal_trace_is_followed_to_its_end(folder):
    first, second = twice(same)
    assert not first._graph.is_followed and second._graph.is_followed
    assert np.array_equal(first(tf.constant(X)), second(tf.constant(X)))
    assert second._graph.is_followed  # also when it runs


def test_what_is_built_later_is_what_would_have_been_built(folder):
    first, second = twice(same)
    assert first.mlir().replace(first._graph.symbol, "f") == second.mlir().replace(second._graph.symbol, "f")
    assert [op.name for op in first.graph.get_operations()] == [op.name for op in second.graph.get_operations()]
    assert np.array_equal(first(tf.constant(X)), second(tf.constant(X)))


def test_another_value_in_the_closure_is_another_trace(folder):
    for number in (2.0, 3.0, 2.0, 3.0):
        concrete = tf.function(same(number)).get_concrete_function(TensorSpec([3], tf.float32))
        assert np.allclose(concrete(tf.constant(X)), np.exp(X) * number + 1.0)
    assert concrete._graph.is_followed  # several are kept
    assert len(traces(folder)) == 1


def test_numbers_that_are_equal_but_not_the_same_differ(folder):
    def with_zero(zero):
        return tf.function(lambda x: tf.exp(x) * 0.0 + tf.constant(1.0) / zero)

    found = [with_zero(zero)(tf.constant(X)).numpy()[0] for zero in (0.0, -0.0, 0.0)]
    assert found == [np.inf, -np.inf, np.inf]


def test_a_trace_that_ends_differently_is_built(folder):
    longer = [False]

    def f(x):
        y = tf.exp(x)
        return y + 1.0 if longer[0] else y

    found = []
    for longer[0] in (False, True, False, True):
        found.append(tf.function(f)(tf.constant(X)).numpy())
    assert np.allclose(found, [np.exp(X), np.exp(X) + 1, np.exp(X), np.exp(X) + 1])


def test_names_of_arguments_are_part_of_a_trace(folder):
    for name in ("a", "b"):
        concrete = tf.function(same()).get_concrete_function(TensorSpec([3], tf.float32, name=name))
        assert f'tfc.name = "{name}"' in concrete.mlir()


def test_other_options_are_other_code(folder):
    first, _ = twice(same)
    first(tf.constant(X))
    tf.config.optimizer.set_experimental_options({"contract": False})
    try:
        _, second = twice(same)
        second(tf.constant(X))
    finally:
        tf.config.optimizer.set_experimental_options({"contract": True})
    assert len(sorted(folder.glob("*.tfcobj"))) == 2


def test_kept_code_is_there_at_once_where_others_are_compiled_in_the_background(folder, monkeypatch):
    first, second = twice(same)
    want = first(tf.constant(X)).numpy()
    monkeypatch.setattr(flat, "compile_in_background", None)  # calling it would fail
    tf.config.optimizer.set_experimental_options({"background": True})
    try:
        assert np.array_equal(second(tf.constant(X)), want)
    finally:
        tf.config.optimizer.set_experimental_options({"background": False})


def test_an_object_that_is_gone_is_made_again(folder):
    first, second = twice(same)
    want = first(tf.constant(X)).numpy()
    for entry in folder.glob("*.tfcobj"):
        entry.unlink()
    assert np.array_equal(second(tf.constant(X)), want)
    assert list(folder.glob("*.tfcobj"))


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:-1] + b"?"])
def test_a_damaged_trace_is_made_again(folder, damage):
    twice(same)
    (entry,) = traces(folder)
    entry.write_bytes(damage(entry.read_bytes()))
    first, second = twice(same)
    assert not first._graph.is_followed and second._graph.is_followed


def test_a_followed_trace_changes_its_variables(folder):
    v = tf.Variable(X)

    def f(x):
        v.assign_add(x)
        return v * 2.0

    for number in (1.0, 2.0):
        concrete = tf.function(f).get_concrete_function(TensorSpec([3], tf.float32))
        assert np.allclose(concrete(tf.constant(X)), (number + 1) * X * 2)
    assert concrete._graph.is_followed and np.allclose(v, 3 * X)


def test_a_followed_trace_has_gradients(folder):
    _, second = twice(same)
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = second(x)
    assert np.allclose(tape.gradient(y, x), np.exp(X) * 2)


def test_a_training_step_is_followed(folder):
    w = tf.Variable(np.ones((3, 3), np.float32))

    def step(x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.tanh(tf.linalg.matmul(x[None], w)) ** 2)
        w.assign_sub(0.1 * tape.gradient(loss, w))
        return loss

    for _ in range(2):
        concrete = tf.function(step).get_concrete_function(TensorSpec([3], tf.float32))
    assert concrete._graph.is_followed


def test_captured_tensors_are_those_of_this_trace(folder):
    def make(number):
        table = tf.constant(np.full((100, 3), number, np.float32))
        return lambda x: table[0] * x

    for number in (1.0, 2.0):
        concrete = tf.function(make(number)).get_concrete_function(TensorSpec([3], tf.float32))
        assert np.allclose(concrete(tf.constant(X)), number * X)
    assert concrete._graph.is_followed


def test_sizes_are_worked_out_for_a_followed_trace(folder):
    f = lambda x: x[1:] * 2.0
    for _ in range(2):
        concrete = tf.function(f).get_concrete_function(TensorSpec([None], tf.float32))
        assert np.allclose(concrete(tf.constant(X)), X[1:] * 2)
        assert np.allclose(concrete(tf.constant(X[:2])), X[1:2] * 2)
    assert concrete._graph.is_followed


def test_an_error_of_an_op_ends_what_is_written_down(folder):
    def f(x):
        try:
            return x + tf.zeros([4])
        except ValueError:
            return x

    concretes = [tf.function(f).get_concrete_function(TensorSpec([3], tf.float32)) for _ in range(2)]
    assert [c._graph.kept for c in concretes] == [None, None] and not traces(folder)


def test_a_loop_in_the_middle_builds_what_came_before(folder):
    limit = [None]

    def f(x):
        y = tf.exp(x)
        if limit[0] is not None:
            for _ in tf.range(limit[0]):
                y = y + 1.0
        return y

    found = []
    for limit[0] in (None, 2, None):
        concrete = tf.function(f).get_concrete_function(TensorSpec([3], tf.float32))
        found.append(concrete(tf.constant(X)).numpy())
    assert np.allclose(found, [np.exp(X), np.exp(X) + 2, np.exp(X)])
    assert concrete._graph.is_followed


def test_calls_of_functions_are_followed(folder):
    v = tf.Variable(X)

    def make(number):
        inner = tf.function(lambda x, y: (x * number + y, v.assign_add(x))[0])
        return lambda x: inner(x, tf.exp(x)) - inner(x, x)

    for number, times in ((2.0, 2), (2.0, 4), (3.0, 6)):
        concrete = tf.function(make(number)).get_concrete_function(TensorSpec([3], tf.float32))
        assert np.allclose(concrete(tf.constant(X)), np.exp(X) - X) and np.allclose(v, (times + 1) * X)
        assert concrete._graph.is_followed == (times == 4)
    assert concrete.mlir().count(" call @") == 2


def test_a_changed_callee_is_another_trace(folder):
    def make(number):
        inner = tf.function(lambda x: x * number)
        return lambda x: inner(x) + 1.0

    for number in (2.0, 3.0, 2.0):
        concrete = tf.function(make(number)).get_concrete_function(TensorSpec([3], tf.float32))
        assert np.allclose(concrete(tf.constant(X)), X * number + 1)
    assert concrete._graph.is_followed and concrete.mlir().count("func.func") == 2


def test_nothing_is_written_down_without_a_cache(folder):
    tf.config.compilation_cache.set_directory(None)
    assert twice(same)[1]._graph.kept is None


@pytest.mark.parametrize(
    "others",
    [
        (True, 1, 1.0, "1", (1,), np.int32(1), np.int64(1), np.float32(1)),
        (0.0, -0.0, float("nan"), float("inf")),
        (tf.float32, "float32", TensorSpec([], tf.float32), SpecList([TensorSpec([], tf.float32)])),
        (np.zeros(2, np.int8), np.zeros((1, 2), np.int8), np.zeros(2, np.uint8), np.zeros(2, np.bool_)),
        (np.zeros(1, tf.bfloat16.np_dtype), np.zeros(1, np.float16)),
        (TensorShape([1, None]), TensorShape([1, 1]), TensorShape([])),
    ],
)
def test_what_becomes_another_attribute_is_written_differently(others):
    assert len({known.plain(value) for value in others}) == len(others)


PROGRAM = """
import helper

LIMIT = 3

def f(x, scale={default}):
    for _ in range(LIMIT):
        x = tf.tanh(x) * scale
    return helper.shift(x)
"""

RUN = """
import sys
import numpy as np
import tfc as tf

tf.config.compilation_cache.set_directory({folder!r})
sys.path.insert(0, {place!r})
import program

program.tf = tf
program.LIMIT = {limit}
y = tf.function(program.f)(tf.constant(np.array([1.0, 2.0], np.float32)))
print(repr(y.numpy().tolist()), "mlir.ir" in sys.modules)
"""


def run(folder, default=2.0, limit=3, shift=1.0):
    """(what the program gives in a process of its own, whether that loads MLIR)"""
    place = folder.parent
    (place / "program.py").write_text(PROGRAM.format(default=default))
    (place / "helper.py").write_text(f"def shift(x):\n    return x + {shift}\n")
    code = textwrap.dedent(RUN).format(folder=str(folder), place=str(place), limit=limit)
    done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True, check=True)
    numbers, _, loads = done.stdout.rstrip().rpartition(" ")
    x = np.array([1.0, 2.0])
    for _ in range(limit):
        x = np.tanh(x) * default
    assert np.allclose(eval(numbers), x + shift, rtol=1e-6)
    return loads == "True"


def test_a_second_process_does_without_mlir(folder):
    assert run(folder) and not run(folder)


@pytest.mark.parametrize("change", [{"default": 3.0}, {"limit": 4}, {"shift": 2.0}], ids=lambda c: next(iter(c)))
def test_a_change_is_seen(folder, change):
    run(folder)
    assert run(folder, **change)
    assert not run(folder, **change) and not run(folder)


def test_a_shape_that_an_outer_function_knows_differs_where_it_is_used(folder):
    def make(size):
        def f(x):
            known = tf.constant([size])

            @tf.function(autograph=False)
            def inner(y):
                return 2 * tf.reshape(y, tf.concat([tf.shape(y) // known, known], 0))

            return inner(x)

        return tf.function(f, autograph=False)

    for size in (2, 3, 2, 3):
        concrete = make(size).get_concrete_function(TensorSpec([None], tf.float32))
        assert concrete.output_shapes.as_list() == [None, size]
        assert np.array_equal(concrete(tf.range(6.0)), 2 * np.arange(6.0).reshape(-1, size))


def test_arguments_are_not_asked_to_describe_themselves(folder):
    class Silent:
        def __repr__(self):
            raise RuntimeError("asked")

    f = tf.function(lambda x, silent, number: x + 1.0)
    for number in (1, 10**5000):
        assert np.array_equal(f(tf.constant(X), Silent(), number), X + 1)
    assert traces(folder)


def test_values_of_python_arguments_are_traces_of_their_own(folder):
    f = tf.function(lambda x, number, flag: x * number if flag else x)
    for number in range(3):
        f(tf.constant(X), number, True)
        f(tf.constant(X), [number], {"flag": True})
    assert len(traces(folder)) == 6


def test_names_of_any_kind_of_text_are_kept(folder):
    class Text(str):
        __slots__ = ()

    def make():
        f = same()
        f.__name__ = Text("f")
        return f

    first, second = twice(make)
    assert second._graph.is_followed and np.array_equal(first(tf.constant(X)), second(tf.constant(X)))


def test_a_finished_trace_lets_go_of_the_others(folder):
    twice(same)
    for concrete in (*twice(lambda: same(3.0)), *twice(same)):
        assert concrete._graph.kept._candidates == []
