"""VariableStorage: value semantics of reads, assignment, subclasses."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfc._native import EagerTensor, VariableStorage


def test_read_shares_the_memory(variable):
    v = variable([1, 2])
    assert v.read()._pointer == v._pointer


def test_a_tensor_read_earlier_keeps_its_value(variable):
    v = variable([1, 2])
    old = v.read()
    v.assign(np.array([3, 4], np.float32))
    assert old.numpy().tolist() == [1, 2] and v.read().numpy().tolist() == [3, 4]


def test_a_view_taken_earlier_keeps_its_value(variable):
    v = variable([1, 2])
    view = v.read()._view()
    v.assign(np.array([3, 4], np.float32))
    assert view.tolist() == [1, 2]


def test_assigning_an_array_reuses_memory_nobody_else_holds(variable):
    v = variable([1, 2])
    pointer = v._pointer
    v.assign(np.array([3, 4], np.float32))
    assert v._pointer == pointer


def test_assigning_a_tensor_shares_it(variable, tensor):
    v, t = variable([1, 2]), tensor([3, 4])
    v.assign(t)
    assert v._pointer == t._pointer


def test_assigned_arrays_are_copied(variable):
    v, array = variable([1, 2]), np.array([3, 4], np.float32)
    v.assign(array)
    array[0] = 9
    assert v.read().numpy().tolist() == [3, 4]


def test_tensors_over_foreign_arrays_are_copied(variable):
    v, array = variable([1, 2]), np.array([3, 4], np.float32)
    v.assign(EagerTensor.from_numpy(array, copy=False))
    array[0] = 9
    assert v.read().numpy().tolist() == [3, 4]


def test_results_of_numpy_are_adopted(variable):
    v = variable([1, 2])
    t = EagerTensor.from_numpy(np.ones(2, np.float32) + 1, copy=False)
    v.assign(t)
    assert v._pointer == t._pointer


@given(st.lists(st.tuples(st.sampled_from(["read", "view", "array", "tensor", "other", "drop"]), st.integers(0, 9))))
def test_values_behave_like_copies(steps):
    make = lambda x: np.full(3, x, np.float32)
    variables = [VariableStorage("float32", (3,), make(-1)), VariableStorage("float32", (3,), make(-2))]
    expected, held = [-1, -2], []
    for kind, x in steps:
        i = x % 2
        if kind == "read":
            held.append((variables[i].read(), expected[i]))
        elif kind == "view":
            held.append((variables[i].read()._view(), expected[i]))
        elif kind == "array":
            variables[i].assign(make(x))
            expected[i] = x
        elif kind == "tensor":
            t = EagerTensor.from_numpy(make(x))
            held.append((t, x))
            variables[i].assign(t)
            expected[i] = x
        elif kind == "other":
            variables[i].assign(variables[1 - i])
            expected[i] = expected[1 - i]
        elif held:
            held.pop(x % len(held))
        for value, want in [*held, *zip(variables, expected)]:
            value = value.read() if isinstance(value, VariableStorage) else value
            assert (np.asarray(value) == want).all()


def test_dtype_must_agree(variable):
    with pytest.raises(TypeError, match="dtype float64 to a variable of dtype float32"):
        variable([1]).assign(np.zeros(1))


@pytest.mark.parametrize("shape, value", [((2,), [1]), ((None,), [[1]]), ((2, None), [[1]])])
def test_shape_must_agree(shape, value):
    v = VariableStorage("float32", shape)
    with pytest.raises(ValueError, match="Shape mismatch"):
        v.assign(np.array(value, np.float32))


@pytest.mark.parametrize("shape", [None, (None,), (None, 2)])
def test_relaxed_shapes_take_any_fitting_value(shape):
    v = VariableStorage("float32", shape)
    for n in (1, 3):
        v.assign(np.ones((n, 2)[: len(shape or (1,))], np.float32))
        assert v.read().shape_tuple[0] == n
    assert v.shape_tuple == shape


def test_reading_before_the_first_value_is_an_error():
    v = VariableStorage("float32", (1,))
    assert not v.initialized
    with pytest.raises(ValueError, match="no value yet"):
        v.read()


def test_numbers_take_the_dtype_of_the_variable():
    v = VariableStorage("float32", (), 1)
    v.assign(2.5)
    assert v.read().numpy() == np.float32(2.5)


def test_version_counts_changes(variable):
    v = variable([1])
    before = v.version
    v.assign(np.ones(1, np.float32))
    assert v.version == before + 1


class Named(VariableStorage):
    def __init__(self, name, value):
        super().__init__("float32", value.shape, value)
        self.name = name


def test_subclasses_with_cycles_are_collected():
    v = Named("v", np.ones(2, np.float32))
    v.me = v
    reference = weakref.ref(v)
    del v
    gc.collect()
    assert reference() is None


def test_a_variable_without_init_says_so():
    v = Named.__new__(Named, "v", None)
    for use in (v.read, lambda: v.assign(1.0)):
        with pytest.raises(RuntimeError, match="__init__"):
            use()


@pytest.mark.parametrize("shape, error", [((-1,), ValueError), (("a",), TypeError), (3, TypeError)])
def test_bad_shapes(shape, error):
    with pytest.raises(error):
        VariableStorage("float32", shape)


@pytest.mark.parametrize("dtype", ["string", 15, -1, None, "float8_e4m3fn"])
def test_bad_dtypes(dtype):
    with pytest.raises(TypeError, match="dtype"):
        VariableStorage(dtype, ())
