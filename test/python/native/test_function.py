"""Function: cache, binding of leaves, packing of results, slow paths."""

import collections
import gc
import threading
import weakref

import numpy as np
import pytest
from tfc import _native
from tfc._native import Entry, Function, OutputConst, OutputLeaf, VariableStorage

Point = collections.namedtuple("Point", "x y")


class Equal:
    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return self.value == other.value

    def __hash__(self):
        return 1


@pytest.fixture
def add_one(executable):
    return executable("add_one", [(1,)], results=[(1,)])


def echo(inputs):
    return inputs


# The fast path


def test_first_call_is_slow_then_the_entry_serves(add_one, function, tensor):
    f = function(add_one, [0])
    assert f(tensor([1])) == "traced"
    assert f(tensor([2])).numpy() == [3]
    assert (f._hits, f._misses, f._cache_size) == (1, 1, 1)


def test_another_signature_is_a_miss(add_one, function, tensor):
    f = function(add_one, [0])
    f(tensor([1]))
    assert f(tensor([1]), 2) == "traced" and f(x=tensor([1])) == "traced"


def test_arrays_and_numpy_scalars_are_converted(add_one, executable, function):
    f = function(add_one, [0])
    f(np.ones(1, np.float32))
    assert f(np.array([4], np.float32)).numpy() == [5]
    f(np.ones(1, np.float64))
    assert f(np.array([4.0])).numpy() == [5]
    g = function(lambda inputs: inputs, [0])
    g(np.float32(1))
    assert g(np.float32(3)) == 3


def test_python_numbers_become_tensors_of_the_argument_dtype(executable, function):
    f = function(executable("add_one", [()], results=[()]), [0])
    f._scalars_by_type = True
    f(1.0)
    assert f(2.5).numpy() == 3.5
    f(1)
    assert f(7).numpy() == 8


def test_numbers_that_do_not_fit_go_to_python(executable, function):
    f = function(executable("arena", [()], results=[(3,)], dtype="int64"), [0])
    f._scalars_by_type = True
    assert f(1) == "traced" and f(2**70) == "traced"


def test_variables_as_tensor_arguments_are_read(add_one, function, variable):
    f = function(add_one, [0])
    f(variable([1]))
    assert f(variable([4])).numpy() == [5]


def test_captured_tensors_and_variables(executable, function, tensor, variable):
    store = executable("store", [(2,)], variables=[((2,), False, True)])
    v = variable([0, 0])
    f = function(store, [tensor([1, 2]), weakref.ref(v)], None)
    f()
    assert f() is None and v.read().numpy().tolist() == [1, 2]


def test_a_dead_weak_capture_is_slow(executable, function, variable):
    v = variable([0])
    f = function(executable("increment", variables=[((1,), True, True)]), [weakref.ref(v)], None)
    f()
    assert f() is None
    f.make = lambda: Entry(echo, [])
    del v
    assert f() == "traced"


def test_ten_arguments(executable, function, tensor):
    f = function(executable("sum_ten", [(1,)] * 10, results=[(1,)]), range(10))
    f(*[tensor([0])] * 10)
    assert f(*(tensor([i]) for i in range(10))).numpy() == [45]


# Results


def test_structure_of_results(executable, function, tensor):
    outputs = {"z": [0, (1, None)], "a": Point(0, OutputLeaf(2)), 3: OutputConst("text")}
    f = function(executable("sum_difference", [(2,)] * 2, results=[(2,)] * 2), [0, 1], outputs)
    x, y = tensor([1, 2]), tensor([3, 4])
    f(x, y, "leaf")
    result = f(x, y, "leaf")
    assert list(result) == ["z", "a", 3] and result[3] == "text"
    total, (difference, nothing) = result["z"]
    assert nothing is None and difference.numpy().tolist() == [-2, -2]
    assert type(result["a"]) is Point and result["a"].x is total and result["a"].y == "leaf"


def test_unflatten_builds_anything(add_one, function, tensor):
    f = function(add_one, [0], unflatten=lambda results: {frozenset("a"): results})
    f(tensor([1]))
    assert f(tensor([1]))[frozenset("a")][0].numpy() == [2]


def test_leaves_that_are_no_tensors_come_back_as_tensors(function, tensor, variable):
    f = function(echo, [0], (OutputLeaf(0), OutputLeaf(1), OutputLeaf(2)))
    x, array, v = tensor([1]), np.ones(1), variable([2])
    f(x, array, v)
    first, second, third = f(x, array, v)
    assert first is x and second.numpy() == [1] and third.numpy() == [2]
    array[0] = 5
    assert second.numpy() == [1]


@pytest.mark.parametrize("outputs", [1, [0, 1], OutputLeaf(-1), {1, 2}, object(), "a"])
def test_bad_outputs(add_one, outputs):
    with pytest.raises((TypeError, ValueError)):
        Entry(add_one, [0], outputs)


@pytest.mark.parametrize("inputs", [[], [0, 1], [-1], ["a"], [None], 3])
def test_bad_inputs(add_one, inputs):
    with pytest.raises((TypeError, ValueError)):
        Entry(add_one, inputs, 0)


def test_a_python_callable_may_stand_in_for_an_executable(function, tensor):
    f = function(lambda inputs: [x.numpy() + 1 for x in inputs], [1, 0], [1, 0])
    f(tensor([1]), tensor([2]))
    assert f(tensor([1]), tensor([2])) == [[2], [3]]


def test_a_callable_with_too_few_results(function):
    f = function(lambda inputs: [], [])
    f()
    with pytest.raises(ValueError, match="output 0 is asked for"):
        f()


# Slow paths


def test_slow_mode_of_the_thread(add_one, function, tensor):
    f = function(add_one, [0])
    f(tensor([1]))
    assert _native.add_slow(1) == 1
    try:
        assert f(tensor([1])) == "traced"
        elsewhere = []
        thread = threading.Thread(target=lambda: elsewhere.append(f(tensor([1]))))
        thread.start()
        thread.join()
        assert elsewhere[0].numpy() == [2]
    finally:
        assert _native.add_slow(-1) == 0
    assert f._slow_calls == 1 and f(tensor([1])).numpy() == [2]


def test_slow_mode_of_the_process(add_one, function, tensor):
    f = function(add_one, [0])
    f(tensor([1]))
    assert _native.set_slow_everywhere(True) is False
    try:
        assert f(tensor([1])) == "traced"
    finally:
        assert _native.set_slow_everywhere(False) is True


def test_slow_arguments_are_never_cached(add_one, function):
    f = function(add_one, [0])
    assert f({1, 2}) == f({1, 2}) == "traced" and f._cache_size == 0
    assert f._insert(({1},), {}, f.make()) is False


def test_slow_calls_get_the_arguments(function):
    class Recorder(Function):
        def _call_slow(self, args, kwargs):
            return args, kwargs

    assert Recorder()(1, [2], a=3) == ((1, [2]), {"a": 3}) and Recorder()() == ((), {})


def test_a_function_without_a_slow_path_says_so():
    with pytest.raises(NotImplementedError, match="_call_slow"):
        Function()()


def test_errors_of_the_slow_path_propagate(function):
    f = function(None, [])
    with pytest.raises(TypeError, match="an entry needs an Executable or a callable"):
        f()


def test_errors_of_hash_propagate(function):
    class Bad(Equal):
        def __hash__(self):
            return 1 // 0

    with pytest.raises(ZeroDivisionError):
        function(echo, [])(Bad(1))


def test_errors_of_equality_propagate(function):
    class Bad(Equal):
        def __eq__(self, other):
            return 1 // 0

        __hash__ = Equal.__hash__

    f = function(echo, [], None)
    f(Bad(1))
    with pytest.raises(ZeroDivisionError):
        f(Bad(1))


# Lifetime


def test_functions_with_cycles_are_collected(function):
    def make():
        f = function(echo, [])
        f.make = lambda: Entry(lambda inputs: [f], [], 0)
        f(1)
        return weakref.ref(f)

    reference = make()
    gc.collect()
    assert reference() is None


def test_captures_live_as_long_as_the_entry(add_one, function, tensor):
    x = tensor([1])
    reference = weakref.ref(x)
    f = function(add_one, [x])
    f()
    f.make = None
    del x
    assert f().numpy() == [2]
    f._clear_cache()
    gc.collect()
    assert reference() is None


def test_calls_leak_nothing(executable, function, tensor):
    f = function(executable("sum_difference", [(2,)] * 2, results=[(2,)] * 2), [0, 1], {"a": [0], "b": (1, 0)})
    x = tensor([1, 2])
    f(x, x)
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(100):
        f(x, x)
    gc.collect()
    assert len(gc.get_objects()) - before < 10
    assert x._holders == 1


# Methods


class Method(Function):
    def __init__(self, name):
        self.name = name
        self.bound = []

    def _call_slow(self, args, kwargs):
        return self.name, args

    def _bind(self, instance):
        self.bound.append(id(instance))
        return Method(f"{self.name}-{len(self.bound)}")


def test_each_instance_has_one_clone():
    class Model:
        call = Method("call")

    a, b = Model(), Model()
    assert a.call is a.call is not b.call and Model.call.name == "call"
    assert a.call(1) == ("call-1", (1,)) and len(Model.call.bound) == 2


def test_instances_are_not_kept_alive():
    class Model:
        call = Method("call")

    a = Model()
    reference, clone = weakref.ref(a), weakref.ref(a.call)
    del a
    gc.collect()
    assert reference() is None and clone() is None


def test_default_binding_passes_the_instance_first(function):
    class Recorder(Function):
        def _call_slow(self, args, kwargs):
            return args

    class Model:
        call = Recorder()

    m = Model()
    assert m.call(1) == (m, 1)


def test_two_variables_or_one(executable, function, variable):
    f = function(executable("swap", variables=[((1,), True, True)] * 2), [0, 1], None)
    a, b = variable([1]), variable([2])
    f(a, b)
    assert f(a, b) is None and (a.read().numpy(), b.read().numpy()) == ([2], [1])
    assert f(a, a) == "traced"


def test_uninitialized_variable_as_argument(executable, function):
    f = function(executable("increment", variables=[((1,), True, True)]), [0], None)
    v = VariableStorage("float32", (1,))
    f(v)
    with pytest.raises(ValueError, match="no value yet"):
        f(v)
