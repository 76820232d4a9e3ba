"""When a function is traced again (SEMANTICS 1.2)."""

import collections
import dataclasses
import logging
import weakref

import numpy as np
import pytest
import tfc as tf

Point = collections.namedtuple("Point", "x y")


def counting(function=None, **options):
    """(tf.function, list with an entry for each trace)."""
    traces = []
    inner = function or (lambda *args, **kwargs: tf.constant(0))

    def traced(*args, **kwargs):
        traces.append(1)
        return inner(*args, **kwargs)

    return tf.function(traced, **options), traces


def count(*calls, **options):
    f, traces = counting(**options)
    for args in calls:
        f(*args) if isinstance(args, tuple) else f(args)
    return len(traces)


@pytest.mark.parametrize(
    "a, b",
    [
        (1, 2),
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        ("a", "b"),
        (None, 0),
        ([1], (1,)),
        ({"a": 1}, {"b": 1}),
        (tf.float32, tf.int32),
    ],
)
def test_python_values_are_literals(a, b):
    assert count((a,), (b,), (a,), (b,)) == 2


def test_tensors_by_dtype_and_static_shape():
    assert count((tf.constant(1.0),), (tf.constant(2.0),)) == 1
    assert count((tf.constant(1.0),), (tf.constant(1),), (tf.constant([1.0]),)) == 3


def test_arrays_and_numpy_scalars_count_as_tensors():
    assert count((np.float32(1),), (np.float32(2),), (np.ones((), np.float32),), (tf.constant(1.0),)) == 1


def test_variables_by_dtype_shape_and_aliasing():
    f, traces = counting(lambda a, b: a + b)
    v, w = tf.Variable(1.0), tf.Variable(2.0)
    assert f(v, w).numpy() == 3 and f(w, v).numpy() == 3 and len(traces) == 1
    assert f(v, v).numpy() == 2 and f(w, w).numpy() == 4 and len(traces) == 2
    assert f(tf.Variable([1.0]), v).numpy() == [2] and len(traces) == 3


def test_a_variable_argument_that_is_also_captured():
    v, w = tf.Variable(1.0), tf.Variable(10.0)

    @tf.function
    def f(x):
        x.assign_add(1.0)
        return x + v

    assert f(v).numpy() == 4 and f(w).numpy() == 13 and f(v).numpy() == 6


def test_structures_by_their_elements():
    t = tf.constant(1.0)
    assert count(([t, t],), ((t, t),), (Point(t, t),), ([t],), ([t, t],), (Point(t, t),)) == 4


def test_order_of_keys_is_irrelevant():
    t = tf.constant(1.0)
    assert count(({"a": t, "b": 1},), ({"b": 1, "a": t},)) == 1


def test_dataclasses_by_their_fields():
    @dataclasses.dataclass
    class Pair:
        x: object
        y: object

    f, traces = counting(lambda p: p.x + p.y)
    assert f(Pair(tf.constant(1.0), 2)).numpy() == 3 and f(Pair(tf.constant(5.0), 2)).numpy() == 7
    assert len(traces) == 1 and f(Pair(tf.constant(5.0), 3)).numpy() == 8 and len(traces) == 2


def test_flattened_user_types():
    class Masked:
        def __init__(self, values, name):
            self.values, self.name = values, name

        def __tf_flatten__(self):
            return (self.name,), (self.values,)

        @classmethod
        def __tf_unflatten__(cls, metadata, components):
            return cls(components[0], metadata[0])

    f, traces = counting(lambda m: Masked(m.values * 2, m.name))
    out = f(Masked(tf.constant(1.0), "a"))
    assert out.values.numpy() == 2 and out.name == "a"
    f(Masked(tf.constant(2.0), "a"))
    assert len(traces) == 1
    f(Masked(tf.constant(2.0), "b"))
    assert len(traces) == 2


def test_the_tracing_protocol_must_return_a_trace_type():
    class Bad:
        def __tf_tracing_type__(self, context):
            return 1

    with pytest.raises(TypeError, match="Expected an instance of TraceType for Tracing Protocol call to"):
        counting()[0](Bad())


def test_objects_by_identity_weakly():
    class Plain:
        pass

    f, traces = counting()
    p = Plain()
    f(p)
    f(p)
    assert len(traces) == 1
    reference = weakref.ref(p)
    del p
    assert reference() is None
    f(Plain())
    assert len(traces) == 2


def test_unhashable_objects_are_refused():
    with pytest.raises(TypeError, match="Could not generate a generic TraceType for .*hashable"):
        counting()[0]({1, 2})


def test_weak_references_are_refused():
    class Plain:
        pass

    with pytest.raises(TypeError, match="weakref input .* not supported for tf.function"):
        counting()[0](weakref.ref(Plain()))


def test_keywords_and_defaults_are_canonical():
    traces = []

    @tf.function
    def f(a, b=2):
        traces.append(1)
        return a + b

    assert {f(a=1, b=2).numpy(), f(b=2, a=1).numpy(), f(1, 2).numpy(), f(1).numpy()} == {3} and len(traces) == 1


def test_extra_keywords_by_name():
    f, traces = counting(lambda **kw: kw["b"] - kw["a"])
    assert f(a=tf.constant(1), b=tf.constant(5)).numpy() == f(b=tf.constant(5), a=tf.constant(1)).numpy() == 4
    assert len(traces) == 1


def test_a_default_may_be_an_array():
    @tf.function
    def f(x, y=np.array([1.0, 2.0], np.float32)):
        return x + y

    assert f(tf.constant(1.0)).numpy().tolist() == [2, 3] == f(tf.constant(1.0)).numpy().tolist()


@pytest.mark.parametrize(
    "args, kwargs, reason",
    [
        ((1, 2, 3), {}, "too many positional arguments"),
        ((1,), {}, "missing a required argument: 'y'"),
        ((1, 2), {"z": 3}, "got an unexpected keyword argument 'z'"),
    ],
)
def test_binding_errors(args, kwargs, reason):
    f = tf.function(lambda x, y: x)
    with pytest.raises(TypeError, match=f"Binding inputs to tf.function failed due to `{reason}`. Received args"):
        f(*args, **kwargs)


def test_the_most_specific_trace_serves():
    f = tf.function(lambda x: x + 1)
    general = f.get_concrete_function(tf.TensorSpec([None]))
    special = f.get_concrete_function(tf.TensorSpec([2]))
    # TensorFlow: a specific request after the general trace returns the general one.
    assert special is general
    g = tf.function(lambda x: x + 1)
    special = g.get_concrete_function(tf.TensorSpec([2]))
    general = g.get_concrete_function(tf.TensorSpec([None]))
    assert special is not general and g.get_concrete_function(tf.TensorSpec([2])) is special
    assert g.get_concrete_function(tf.TensorSpec([3])) is general


def test_reduce_retracing_forgets_sizes_that_differ():
    shapes = []

    @tf.function(reduce_retracing=True)
    def f(x):
        shapes.append(x.shape.as_list())
        return x * 2

    for n in (1, 2, 3, 4):
        assert f(tf.ones([n])).numpy().tolist() == [2.0] * n
    assert shapes == [[1], [None]]


def test_reduce_retracing_keeps_ranks_and_literals():
    assert count((tf.ones([1]),), (tf.ones([1, 1]),), reduce_retracing=True) == 2
    assert count((1,), (2,), (3,), reduce_retracing=True) == 3


def test_reduce_retracing_inside_structures():
    f, traces = counting(lambda d: d["a"][0] + 1, reduce_retracing=True)
    for n in (1, 2, 3):
        f({"a": [tf.ones([n])]})
    assert len(traces) == 2


def test_python_recursion_on_a_value_unrolls():
    @tf.function
    def factorial(n):
        return tf.constant(1) if n <= 1 else n * factorial(n - 1)

    assert factorial(5).numpy() == 120


def test_endless_recursion_is_an_error():
    @tf.function
    def f(x):
        return f(x) + 1

    with pytest.raises(RecursionError):
        f(tf.constant(1))
    g = tf.function(lambda x: x)
    assert g(tf.constant(1)).numpy() == 1


def test_an_exception_while_tracing_is_not_sticky():
    fail = [True]

    @tf.function
    def f(x):
        if fail[0]:
            raise ValueError("first")
        return x

    with pytest.raises(ValueError, match="first"):
        f(tf.constant(1))
    fail[0] = False
    assert f(tf.constant(1)).numpy() == 1


def test_changing_an_argument_is_an_error():
    @tf.function
    def f(x):
        x.append(tf.constant(1))
        return x[0]

    with pytest.raises(ValueError, match=r"f\(x\) should not modify its Python input arguments. .* were modified: x"):
        f([tf.constant(1)])


def test_python_side_effects_happen_at_trace_time():
    assert count((tf.constant(1),), (tf.constant(2),), (tf.constant(3),)) == 1


def test_captured_python_values_are_frozen():
    k = [1]
    f = tf.function(lambda x: x + k[0])
    f(tf.constant(1))
    k[0] = 5
    assert f(tf.constant(1)).numpy() == 2


def test_the_cache_is_bounded(monkeypatch):
    monkeypatch.setattr(tf.config.knobs, "trace_cache_limit", 5)
    f, traces = counting()
    for i in range(20):
        f.get_concrete_function(i)
    assert len(traces) == 20 and len(f._concretes) == 5


def test_frequent_retracing_warns_twice_and_says_why(caplog):
    f = tf.function(lambda x: tf.constant(0))
    with caplog.at_level(logging.WARNING, "tfc"):
        for i in range(12):
            f(i)
    texts = [r.getMessage() for r in caplog.records if "triggered tf.function retracing" in r.getMessage()]
    assert len(texts) == 2 and "5 out of the last 5 calls" in texts[0] and "Literal[3] -> Literal[4]" in texts[0]


def test_making_the_function_in_a_loop_warns(caplog):
    with caplog.at_level(logging.WARNING, "tfc"):
        for _ in range(6):
            tf.function(_identity)(tf.constant(1))
    assert "triggered tf.function retracing" in caplog.text


def _identity(x):
    return x


def test_explain_retracing_names_the_argument():
    f = tf.function(lambda x, y: x)
    f(tf.constant(1.0), 1)
    f(tf.constant(1.0), 2)
    assert "y: Literal[1] -> Literal[2]" in f.explain_retracing()


def _warnings(caplog):
    return [r.getMessage() for r in caplog.records if "triggered tf.function retracing" in r.getMessage()]


def test_making_the_function_in_a_loop_is_named_as_the_cause(caplog):
    with caplog.at_level(logging.WARNING, "tfc"):
        for _ in range(6):
            tf.function(lambda x: x)(tf.constant(1))
    assert "the tf.function is new" in _warnings(caplog)[0]


def test_attempts_that_fail_are_no_traces(caplog):
    def refuse(x):
        raise ValueError("no")

    f = tf.function(refuse)
    with caplog.at_level(logging.WARNING, "tfc"):
        for i in range(8):
            with pytest.raises(ValueError, match="no"):
                f(i)
    assert not _warnings(caplog) and f.explain_retracing().endswith("has not been traced")


def test_explain_retracing_names_the_attribute():
    class Model:
        scale = 1

        @tf.function
        def __call__(self, x):
            return x * self.scale

    model = Model()
    model(tf.constant(1.0))
    model.scale = 2
    assert model(tf.constant(1.0)).numpy() == 2
    assert model.__call__.explain_retracing().endswith("Model.scale: 1 -> 2")


def test_explain_retracing_names_the_class_of_a_deleted_object():
    class Key:
        pass

    f = tf.function(lambda key: 1)
    f(Key())
    f(Key())
    assert "Weakref[a test_explain_retracing_names_the_class_of_a_deleted_object" in f.explain_retracing()
    assert "Key that was deleted] -> " in f.explain_retracing()
