"""`tf.function`: the decorator and the object it makes (SEMANTICS 1.1)."""

import copy
import functools
import gc
import inspect
import pickle
import threading
import weakref

import pytest
import tfc as tf


def cube(x):
    """x to the third."""
    return x * x * x


def test_usable_bare_with_parentheses_and_as_a_call():
    @tf.function
    def a(x):
        return x + 1

    @tf.function(autograph=False)
    def b(x):
        return x + 1

    c = tf.function(lambda x: x + 1)
    assert [f(tf.constant(1.0)).numpy() for f in (a, b, c)] == [2, 2, 2]


def test_not_callable_is_a_type_error():
    with pytest.raises(TypeError, match="is not a callable object"):
        tf.function(1)


def test_python_errors_of_the_body_pass_through():
    f = tf.function(lambda x: x.assign_add(1.0))
    with pytest.raises(AttributeError, match="no attribute"):
        f(tf.constant(1.0))


@pytest.mark.parametrize("error", [IndexError, KeyError, ZeroDivisionError, ValueError, RuntimeError])
def test_exceptions_of_the_trace_keep_their_type(error):
    @tf.function
    def f(x):
        raise error("mine")

    with pytest.raises(error, match="mine"):
        f(tf.constant(1.0))


def test_name_doc_wrapped_and_signature_are_those_of_the_function():
    f = tf.function(cube)
    assert (f.__name__, f.__doc__, f.__wrapped__, f.python_function) == (
        "cube",
        "x to the third.",
        cube,
        cube,
    )
    assert inspect.signature(f) == inspect.signature(cube)


def test_a_method_has_traces_and_variables_for_each_instance():
    class Counter:
        def __init__(self):
            self.v = None

        @tf.function
        def add(self, x):
            if self.v is None:
                self.v = tf.Variable(0.0)
            return self.v.assign_add(x)

    a, b = Counter(), Counter()
    a.add(1.0)
    assert a.add(tf.constant(2.0)).numpy() == 3 and b.add(tf.constant(5.0)).numpy() == 5
    assert a.add is a.add is not b.add
    assert b.add.experimental_get_tracing_count() == 2


def test_an_instance_can_be_collected():
    class Model:
        @tf.function
        def call(self, x):
            return x + 1

    m = Model()
    m.call(tf.constant(1.0))
    m.call(tf.constant(1.0))
    reference = weakref.ref(m)
    del m
    gc.collect()
    assert reference() is None


def test_a_function_of_the_class_takes_the_instance():
    class Model:
        k = 3.0

        @tf.function
        def call(self, x):
            return x * self.k

    assert Model.call(Model(), tf.constant(2.0)).numpy() == 6


def test_bound_arguments_of_a_partial_are_defaults():
    def f(x, y, z=3):
        return x + y + z

    g = tf.function(functools.partial(f, y=2))
    assert g(tf.constant(1)).numpy() == 6 and g(tf.constant(1), z=5).numpy() == 8
    h = functools.partial(tf.function(f), tf.constant(10))
    assert h(1).numpy() == 14


def test_a_callable_object_is_a_function():
    class Scale:
        def __init__(self, by):
            self.by = by

        def __call__(self, x):
            return x * self.by

    assert tf.function(Scale(3.0))(tf.constant(2.0)).numpy() == 6


def test_a_function_of_a_function():
    assert tf.function(tf.function(cube))(tf.constant(2.0)).numpy() == 8


def test_pickles_as_function_and_options():
    f = pickle.loads(pickle.dumps(tf.function(cube, reduce_retracing=True)))
    assert f(tf.constant(2.0)).numpy() == 8 and f._reduce_retracing


def test_decorating_after_tracing_is_an_error():
    f = tf.function(cube)
    f(tf.constant(1.0))
    with pytest.raises(ValueError, match="Functions cannot be decorated after they have been traced"):
        f._decorate(lambda g: g)


def test_threads_share_one_trace():
    traces, results = [], []

    @tf.function
    def f(x):
        traces.append(1)
        return x * 2

    start = threading.Barrier(4)

    def work(i):
        start.wait()
        results.append(f(tf.constant(float(i))).numpy())

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(results) == [0, 2, 4, 6] and len(traces) == 1


def test_the_creating_first_call_from_several_threads():
    class Counter:
        v = None

        @tf.function
        def add(self, x):
            if self.v is None:
                self.v = tf.Variable(0.0)
            return self.v.assign_add(x)

    c, results = Counter(), []
    threads = [threading.Thread(target=lambda: results.append(c.add(tf.constant(1.0)).numpy())) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(results) == [1, 2, 3, 4]


def test_unknown_experimental_attributes_are_refused():
    with pytest.raises(ValueError, match="not supported by tf.function"):
        tf.function(cube, experimental_attributes={"no_such": 1})


def test_autograph_off_leaves_python_as_it_is():
    @tf.function(autograph=False)
    def f(x):
        if x > 0:
            return x
        return -x

    with pytest.raises(tf.errors.OperatorNotAllowedInGraphError, match="AutoGraph is disabled in this function"):
        f(tf.constant(1.0))


@pytest.fixture
def eagerly():
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def test_run_functions_eagerly_is_checked_at_each_call():
    calls = []

    @tf.function
    def f(x):
        calls.append(1)
        return x + 1

    f(tf.constant(1.0))
    f(tf.constant(1.0))
    tf.config.run_functions_eagerly(True)
    try:
        assert tf.config.functions_run_eagerly()
        f(tf.constant(1.0))
        f(tf.constant(1.0))
    finally:
        tf.config.run_functions_eagerly(False)
    f(tf.constant(1.0))
    assert len(calls) == 3


def test_variables_may_be_made_at_each_eager_call(eagerly):
    f = tf.function(lambda x: tf.Variable(x) + 1)
    assert f(1.0).numpy() == f(1.0).numpy() == 2


def test_executing_eagerly_inside_and_outside():
    seen = []

    @tf.function
    def f():
        seen.append((tf.executing_eagerly(), tf.inside_function()))
        with tf.init_scope():
            seen.append((tf.executing_eagerly(), tf.inside_function()))

    f()
    assert seen == [(False, True), (True, False)] and not tf.inside_function()


def test_tracing_count_and_signatures():
    f = tf.function(cube)
    f(tf.constant(1.0))
    f(tf.constant([1.0]))
    assert f.experimental_get_tracing_count() == 2
    text = f.pretty_printed_concrete_signatures()
    assert text.count("Input Parameters") == 2 and "\n\n" in text


def test_clear_cache_traces_again():
    traces = []

    @tf.function
    def f(x):
        traces.append(1)
        return x

    f(tf.constant(1.0))
    f.clear_cache()
    f(tf.constant(1.0))
    assert len(traces) == 2


def test_deepcopy_of_an_object_with_functions():
    class Model(tf.Module):
        def __init__(self):
            super().__init__()
            self.v = tf.Variable(1.0)

        @tf.function
        def call(self):
            return self.v.assign_add(1.0)

    a = Model()
    a.call()
    b = copy.deepcopy(a)
    assert a.call().numpy() == 3 and b.call().numpy() == 3


def test_a_method_of_an_object_that_nobody_holds():
    class Model:
        @tf.function
        def call(self, x):
            return x + 1

    assert Model().call(tf.constant(1)).numpy() == 2


def test_tensor_arrays_cross_the_boundary():
    @tf.function
    def f(array, x):
        return array.write(1, x), x

    array = tf.TensorArray(tf.float32, 2, element_shape=[])
    for _ in range(2):
        array, _ = f(array, tf.constant(3.0))
    assert array.stack().numpy().tolist() == [0, 3]


def test_tracebacks_show_the_users_frames():
    def inner(x):
        raise RuntimeError("mine")

    @tf.function
    def f(x):
        return inner(x)

    with pytest.raises(RuntimeError) as caught:
        f(tf.constant(1.0))
    assert _names(caught) == ["test_tracebacks_show_the_users_frames", "f", "inner"]


def _names(caught):
    return [entry.name for entry in caught.traceback]


def _fail(x):
    raise RuntimeError("mine")


class _Base:
    def method(self, x):
        return _fail(x) if x > 0 else x


class _Derived(_Base):
    def method(self, x):
        return super().method(x)

    @tf.function
    def call(self, x):
        return self.method(x)


def _in_a_loop(x):
    for _ in tf.range(x):
        _fail(x)
    return x


def _in_a_dataset(x):
    return tf.data.Dataset.from_tensors(x).map(_fail)


_lambda = lambda x: _fail(x)
_derived = _Derived()

FAILING = {
    "a loop body": (tf.function(_in_a_loop), ["_in_a_loop", "_fail"]),
    "a lambda": (tf.function(lambda x: _lambda(x)), ["<lambda>", "<lambda>", "_fail"]),
    "a method via super()": (_derived.call, ["call", "method", "method", "<lambda>", "_fail"]),
    "a function in a function": (tf.function(lambda x: tf.function(_fail)(x)), ["<lambda>", "_fail"]),
    "a branch of tf.cond": (
        tf.function(lambda x: tf.cond(x > 0, lambda: _fail(x), lambda: x)), ["<lambda>", "_fail"],
    ),
    "a mapped function": (tf.function(_in_a_dataset), ["_in_a_dataset", "_fail"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", FAILING)
def test_no_frame_of_ours_is_in_a_traceback(kind):
    f, names = FAILING[kind]
    with pytest.raises(RuntimeError, match="mine") as caught:
        f(tf.constant(1))
    assert _names(caught)[1:] == names


@pytest.mark.parametrize("kind", FAILING)
def test_no_frame_of_ours_is_in_a_traceback_of_get_concrete_function(kind):
    f, names = FAILING[kind]
    with pytest.raises(RuntimeError, match="mine") as caught:
        f.get_concrete_function(tf.TensorSpec([], tf.int32))
    assert _names(caught)[1:] == names


def _concrete():
    return tf.function(lambda x: tf.gather([1, 2], x)).get_concrete_function(tf.TensorSpec([], tf.int32))


@pytest.mark.parametrize(
    "call",
    [
        lambda: _concrete()(tf.constant(5)),
        lambda: _concrete()(tf.constant("a"), 3),
        lambda: tf.function(lambda x: x).get_concrete_function(),
        lambda: tf.function(lambda x: x).experimental_get_compiler_ir(tf.constant(1)),
        lambda: tf.function(_fail).get_initialization_function(tf.constant(1)),
    ],
)
def test_errors_of_entry_points_have_no_frames_of_ours(call):
    with pytest.raises(Exception) as caught:
        call()
    assert [n for n in _names(caught)[1:] if n != "_fail"] == ["<lambda>"]


def test_frames_of_ours_are_shown_on_request():
    f = tf.function(_fail)
    tf.debugging.disable_traceback_filtering()
    try:
        with pytest.raises(RuntimeError) as caught:
            f.get_concrete_function(tf.constant(1))
    finally:
        tf.debugging.enable_traceback_filtering()
    assert "get_concrete_function" in _names(caught)


def test_entry_points_are_methods_with_a_signature():
    f = tf.function(_fail)
    assert "args" in inspect.signature(f.get_concrete_function).parameters
    assert "The trace for these arguments" in f.get_concrete_function.__doc__


@pytest.mark.parametrize(
    "call",
    [
        lambda: tf.function(lambda x: tf.gather([1, 2], x))(tf.constant(5)),
        lambda: tf.function(lambda x: x, input_signature=[tf.TensorSpec([2])])(tf.constant([1.0])),
        lambda: tf.function(lambda x: x)(),
    ],
)
def test_errors_of_running_and_binding_end_at_the_users_call(call):
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError)) as caught:
        call()
    assert _names(caught)[1:] == ["<lambda>"]


def test_causes_of_exceptions_are_kept():
    @tf.function
    def f(x):
        try:
            raise KeyError("first")
        except KeyError as e:
            raise RuntimeError("second") from e

    with pytest.raises(RuntimeError) as caught:
        f(tf.constant(1.0))
    assert isinstance(caught.value.__cause__, KeyError)
