"""Executable: binding, results, variables, errors, callbacks."""

import gc
import threading
import weakref

import numpy as np
import pytest
from tfc import _native


@pytest.fixture
def hook(request):
    """``hook(setter, f)`` for one test."""
    undo = []

    def install(setter, value):
        undo.append((setter, setter(value)))

    yield install
    for setter, value in reversed(undo):
        setter(value)


# Arguments and results


def test_call(executable, tensor):
    total, difference = executable("sum_difference", [(2,), (2,)], results=[(2,), (2,)]).call(
        [tensor([1, 2]), tensor([3, 5])]
    )
    assert total.numpy().tolist() == [4, 7] and difference.numpy().tolist() == [-2, -3]


def test_results_of_unknown_size_are_adopted(executable, tensor):
    positive = executable("positive", [(None,)], results=[(None,)])
    assert positive.call([tensor([1, -2, 3])])[0].numpy().tolist() == [1, 3]
    assert positive.call([tensor([-2])])[0].shape_tuple == (0,)


def test_foreign_memory_as_a_result_is_an_error(executable):
    with pytest.raises(SystemError, match="ctx->allocate"):
        executable("foreign_memory", results=[(None,)]).call([])


@pytest.mark.parametrize(
    "value, dtype, error",
    [([1], np.float64, TypeError), ([1, 2], np.float32, ValueError), (1, np.float32, ValueError)],
)
def test_arguments_are_checked(executable, tensor, value, dtype, error):
    with pytest.raises(error, match=r"add_one: argument 0 does not fit\s+want: float32 of shape \(1,\)"):
        executable("add_one", [(1,)], results=[(1,)]).call([tensor(value, dtype)])


@pytest.mark.parametrize("inputs", [[], [1, 2], [np.ones(1, np.float32)], [None]])
def test_inputs_must_be_tensors_of_the_right_number(executable, inputs):
    with pytest.raises(TypeError, match="takes 1 inputs|must be an EagerTensor"):
        executable("add_one", [(1,)], results=[(1,)]).call(inputs)


@pytest.mark.parametrize(
    "options",
    [
        {"args": [(11, None)]},
        {"args": [(11, (-1,))]},
        {"args": [(99, ())]},
        {"args": [3]},
        {"arena_bytes": -1},
    ]
    + [{"address": 0}, {"args": [(11, (2**40, 2**40))]}],
)
def test_bad_descriptions(options):
    with pytest.raises((TypeError, ValueError)):
        _native.Executable(**{"address": 1, **options})


@pytest.mark.parametrize("cost", [0, 10**9])
def test_arena_is_aligned_and_reused(executable, cost):
    arena = executable("arena", results=[(3,)], dtype="int64", arena_bytes=1000, cost=cost)
    first, second = (arena.call([])[0].numpy().tolist() for _ in range(2))
    assert first == second and first[0] % 64 == 0 and first[1:] == [1000, 0]


def test_keepalive_lives_as_long_as_the_executable(entries):
    class Code:
        pass

    code = Code()
    reference = weakref.ref(code)
    exe = _native.Executable(1, code)
    del code
    assert exe.keepalive is reference()
    del exe
    gc.collect()
    assert reference() is None


def test_results_and_arguments_are_freed(executable, tensor):
    exe = executable("add_one", [(1,)], results=[(1,)])
    t = tensor([1])
    references = [weakref.ref(t), weakref.ref(exe.call([t])[0])]
    del t
    assert [r() for r in references] == [None, None]


# Variables


def test_in_place_when_nobody_else_holds_the_buffer(executable, variable):
    v = variable([1])
    pointer = v._pointer
    executable("increment", variables=[((1,), True, True)]).call([v])
    assert v._pointer == pointer and v.read().numpy() == [2]


def test_copy_on_write_when_a_tensor_was_read(executable, variable):
    v = variable([1])
    old = v.read()
    executable("increment", variables=[((1,), True, True)]).call([v])
    assert old.numpy() == [1] and v.read().numpy() == [2]


def test_argument_read_from_the_variable_it_writes(executable, variable):
    v = variable([1, 2])
    executable("store", [(2,)], variables=[((2,), False, True)]).call([v.read(), v])
    assert v.read().numpy().tolist() == [1, 2]


def test_first_value_by_a_call(executable, tensor):
    v = _native.VariableStorage("float32", (2,))
    executable("store", [(2,)], variables=[((2,), False, True)]).call([tensor([1, 2]), v])
    assert v.read().numpy().tolist() == [1, 2]


def test_reading_a_variable_without_value_is_an_error(executable):
    v = _native.VariableStorage("float32", (1,))
    with pytest.raises(ValueError, match="increment: variable 0 has no value yet"):
        executable("increment", variables=[((1,), True, True)]).call([v])


def test_variables_that_share_a_buffer_stay_apart(executable, variable):
    a, b = variable([1]), variable([2])
    b.assign(a)
    executable("increment", variables=[((1,), True, True)]).call([a])
    assert (a.read().numpy(), b.read().numpy()) == ([2], [1])


def test_one_variable_in_the_place_of_two_is_an_error(executable, variable):
    v = variable([1])
    with pytest.raises(ValueError, match="are the same variable"):
        executable("swap", variables=[((1,), True, True)] * 2).call([v, v])


def test_variables_may_change_their_shape(executable, variable):
    v = variable([1], shape=(None,))
    append = executable("append_zero", variables=[((None,), True, True)])
    old = v.read()
    append.call([v])
    append.call([v])
    assert v.read().numpy().tolist() == [1, 0, 0] and old.numpy().tolist() == [1]


def test_first_value_of_unknown_shape_by_a_call(executable):
    v = _native.VariableStorage("float32", (None,))
    executable("append_zero", variables=[((None,), False, True)]).call([v])
    assert v.read().numpy().tolist() == [0]


def test_variable_types_are_checked(executable, variable):
    exe = executable("increment", variables=[((1,), True, True)])
    with pytest.raises(ValueError, match="variable 0 does not fit"):
        exe.call([variable([1, 2])])
    with pytest.raises(TypeError, match="must be a variable"):
        exe.call([variable([1]).read()])


# Failures


@pytest.mark.parametrize("cost", [0, 10**9])
def test_report_becomes_the_exception_of_the_factory(executable, variable, hook, cost):
    class Failed(Exception):
        pass

    hook(_native.set_error_factory, lambda *args: Failed(*args))
    v = variable([1])
    with pytest.raises(Failed) as caught:
        executable("write_then_fail", variables=[((1,), True, True)], cost=cost).call([v])
    code, message, location, tensors, summarize = caught.value.args
    assert (code, message, location, summarize) == (1, "assertion failed", "model.py:3:5", 3)
    assert tensors[0].numpy().tolist() == [2]


def test_writes_before_the_failure_are_kept(executable, variable, hook):
    hook(_native.set_error_factory, None)
    v = variable([1])
    old = v.read()
    with pytest.raises(ValueError, match=r"assertion failed \(model.py:3:5\)"):
        executable("write_then_fail", variables=[((1,), True, True)]).call([v])
    assert v.read().numpy() == [2] and old.numpy() == [1]


def test_failure_before_a_write_keeps_the_value(executable, variable, hook):
    hook(_native.set_error_factory, None)
    v = variable([1])
    old = v.read()
    with pytest.raises(IndexError, match="fail_silently failed with status 2"):
        executable("fail_silently", variables=[((1,), False, True)]).call([v])
    assert v.read().numpy() == old.numpy() == [1]


def test_failure_of_a_first_write_leaves_no_value(executable, hook):
    hook(_native.set_error_factory, None)
    v = _native.VariableStorage("float32", (1,))
    with pytest.raises(IndexError):
        executable("fail_silently", variables=[((1,), False, True)]).call([v])
    assert not v.initialized


def test_exceptions_of_the_factory_propagate(executable, variable, hook):
    hook(_native.set_error_factory, lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        executable("write_then_fail", variables=[((1,), True, True)]).call([variable([1])])


# Callbacks


@pytest.mark.parametrize("cost", [0, 10**9])
def test_print_goes_to_the_hook(executable, tensor, hook, cost):
    printed = []
    hook(_native.set_print_hook, lambda *args: printed.append(args))
    executable("print_it", [(2,)], results=[(2,)], cost=cost).call([tensor([1, 2])])
    [(text, tensors, summarize, stream)] = printed
    assert (text, summarize, stream) == ("x is {}", 3, "stderr") and tensors[0].numpy().tolist() == [1, 2]


@pytest.mark.parametrize("cost", [0, 10**9])
def test_exceptions_of_the_print_hook_propagate(executable, tensor, hook, cost):
    hook(_native.set_print_hook, lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        executable("print_it", [(2,)], results=[(2,)], cost=cost).call([tensor([1, 2])])


@pytest.mark.parametrize("cost", [0, 10**9])
def test_host_function_sees_and_makes_values_in_program_order(executable, variable, hook, cost):
    v = variable([1])
    seen = []

    def host(number, tensors):
        seen.append((number, tensors[0].numpy().tolist(), v.read().numpy().tolist()))
        v.assign(np.array([10], np.float32))
        return [np.array([0, 5], np.float32)]

    hook(_native.set_host_call, host)
    executable("call_out", variables=[((1,), True, True)], cost=cost).call([v])
    assert seen == [(7, [2], [2])] and v.read().numpy().tolist() == [15]


@pytest.mark.parametrize("returned", [None, [], [np.ones(2)], [np.ones((1, 1), np.float32)], [1, 2]])
def test_host_functions_must_return_what_was_declared(executable, variable, hook, returned):
    hook(_native.set_host_call, lambda *args: returned)
    with pytest.raises(TypeError):
        executable("call_out", variables=[((1,), True, True)]).call([variable([1])])


def test_calls_of_the_same_code_inside_a_callback(executable, variable, hook):
    outer, inner = variable([1]), variable([1])
    exe = executable("call_out", variables=[((1,), True, True)], arena_bytes=64)
    increment = executable("increment", variables=[((1,), True, True)])

    def host(number, tensors):
        if tensors[0].numpy() == [2] and inner.read().numpy() == [1]:
            exe.call([inner])
        increment.call([outer])
        return [np.ones(1, np.float32)]

    hook(_native.set_host_call, host)
    exe.call([outer])
    assert inner.read().numpy() == [3] and outer.read().numpy() == [5]


# Threads


def test_threads_do_not_lose_updates(executable, variable):
    v = variable([0])
    exe = executable("slow_increment", variables=[((1,), True, True)], cost=10**9)
    threads = [threading.Thread(target=lambda: [exe.call([v]) for _ in range(10)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert v.read().numpy() == [40]


def test_reads_of_other_threads_wait_for_the_writer(executable, variable):
    v = variable([0])
    exe = executable("slow_increment", variables=[((1,), True, True)], cost=10**9)
    thread = threading.Thread(target=lambda: [exe.call([v]) for _ in range(20)])
    thread.start()
    values = []
    while thread.is_alive():
        t = v.read()
        before = t.numpy()[0]
        values.append(before)
        assert t.numpy()[0] == before
    thread.join()
    assert values == sorted(values) and v.read().numpy() == [20]
