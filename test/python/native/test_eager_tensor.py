"""EagerTensor: values, numpy, Python numbers."""

import copy
import gc
import pickle
import sys
import weakref

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tfc import _native
from tfc._native import EagerTensor

DTYPES = [np.dtype(name) for name in _native.DTYPE_CODES if name != "bfloat16"] + [np.dtype(ml_dtypes.bfloat16)]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_round_trip_keeps_dtype_shape_and_bits(dtype):
    array = (np.arange(6).reshape(2, 3) % 2 * 3).astype(dtype)
    tensor = EagerTensor.from_numpy(array)
    assert tensor.shape_tuple == (2, 3) and tensor.dtype_code == _native.DTYPE_CODES[dtype.name]
    assert tensor.numpy().dtype == dtype and tensor.numpy().tobytes() == array.tobytes()
    assert tensor.nbytes == array.nbytes and tensor.ndim == 2


@given(hnp.arrays(np.int32, hnp.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=3)), st.data())
def test_any_layout_of_array_becomes_dense(array, data):
    axes = data.draw(st.permutations(range(array.ndim)))
    view = array.transpose(axes)[..., ::-1] if array.ndim else array
    for copying in (True, False):
        tensor = EagerTensor.from_numpy(view, copy=copying)
        assert tensor.shape_tuple == view.shape
        np.testing.assert_array_equal(tensor._view(), view)


@pytest.mark.parametrize("dtype", [">f4", ">i8"])
def test_foreign_byte_order_is_converted(dtype):
    assert EagerTensor.from_numpy(np.array([1, 2], dtype)).numpy().tolist() == [1, 2]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_numpy_scalars(dtype):
    scalar = np.ones((), dtype)[()]
    tensor = EagerTensor.from_numpy(scalar)
    assert tensor.shape_tuple == () and tensor.numpy() == scalar and type(tensor.numpy()) is type(scalar)


def test_memory_of_copies_is_64_byte_aligned():
    assert all(EagerTensor.from_numpy(np.ones(n, np.int8))._pointer % 64 == 0 for n in (0, 1, 65, 100_000))


def test_copy_is_independent_of_the_array():
    array = np.zeros(3)
    tensor = EagerTensor.from_numpy(array)
    array[0] = 1
    assert tensor.numpy()[0] == 0


def test_copy_false_uses_the_array_and_keeps_it_alive():
    array = np.arange(3.0)
    tensor = EagerTensor.from_numpy(array, copy=False)
    assert tensor._pointer == array.ctypes.data
    references = sys.getrefcount(array)
    del tensor
    assert sys.getrefcount(array) == references - 1


def test_from_numpy_parses_its_arguments():
    array = np.zeros(1)
    assert EagerTensor.from_numpy(array=array, copy=False)._pointer == array.ctypes.data
    assert EagerTensor.from_numpy(array, False)._pointer == array.ctypes.data
    assert EagerTensor(array, copy=False)._pointer == array.ctypes.data
    for args, kwargs in [
        ((), {}),
        ((array,), {"other": 1}),
        ((array, True, 1), {}),
        ((array, True), {"copy": True}),
    ]:
        with pytest.raises(TypeError):
            EagerTensor.from_numpy(*args, **kwargs)


def test_adopt_is_from_numpy_without_a_copy():
    array = np.arange(3.0)
    assert EagerTensor._adopt(array)._pointer == array.ctypes.data
    assert EagerTensor._adopt(np.float32(2)).numpy() == 2
    with pytest.raises(TypeError, match="numpy array or scalar"):
        EagerTensor._adopt([1])


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([object()]), np.zeros(1, "M8[s]"), np.zeros(1, "f16")])
def test_other_dtypes_are_a_type_error(array):
    with pytest.raises(TypeError, match="cannot make a tensor of a numpy array of dtype"):
        EagerTensor.from_numpy(array)


@pytest.mark.parametrize("value", [[1, 2], 3.0, None])
def test_from_numpy_takes_only_numpy(value):
    with pytest.raises(TypeError, match="takes a numpy array or scalar"):
        EagerTensor.from_numpy(value)


def test_numpy_of_a_scalar_is_a_numpy_scalar(tensor):
    assert type(tensor(3).numpy()) is np.float32
    assert type(EagerTensor.from_numpy(ml_dtypes.bfloat16(3)).numpy()) is ml_dtypes.bfloat16


def test_numpy_is_a_writable_copy(tensor):
    t = tensor([1, 2])
    t.numpy()[0] = 5
    assert t.numpy().tolist() == [1, 2]


def test_view_is_read_only_cached_and_keeps_the_memory(tensor):
    t = tensor([1, 2])
    view = t._view()
    assert view is t._view() and view.ctypes.data == t._pointer and not view.flags.writeable
    with pytest.raises(ValueError):
        view.flags.writeable = True
    del t
    gc.collect()
    assert view.tolist() == [1, 2]


@pytest.mark.parametrize("copying", [None, True, False])
def test_array_protocol_copies_only_on_demand(tensor, copying):
    t = tensor([1, 2])
    array = np.array(t, copy=copying)
    assert (array.ctypes.data != t._pointer) == bool(copying) and array.flags.writeable == bool(copying)


def test_array_protocol_converts(tensor):
    assert np.asarray(tensor([1, 2]), np.int64).dtype == np.int64
    with pytest.raises(ValueError, match="copy"):
        np.array(tensor([1, 2]), np.int64, copy=False)


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d.name != "bfloat16"], ids=str)
def test_buffer_protocol(dtype):
    array = np.zeros((2, 3), dtype)
    view = memoryview(EagerTensor.from_numpy(array))
    assert view.readonly and view.shape == (2, 3) and view.strides == array.strides and view.nbytes == array.nbytes
    assert np.asarray(view).dtype == dtype


def test_buffer_protocol_holds_the_tensor(tensor):
    view = memoryview(tensor([1, 2]))
    gc.collect()
    assert view.tolist() == [1, 2]


def test_bfloat16_has_bytes_but_no_format():
    tensor = EagerTensor.from_numpy(np.ones(2, ml_dtypes.bfloat16))
    with pytest.raises(BufferError, match="bfloat16"):
        memoryview(tensor)


def test_scalars_convert_to_python_numbers(tensor):
    t = tensor(2.5)
    assert (int(t), float(t), complex(t), bool(t)) == (2, 2.5, 2.5 + 0j, True)
    assert [10, 20][EagerTensor.from_numpy(np.int64(1))] == 20
    assert float(EagerTensor.from_numpy(ml_dtypes.bfloat16(1.5))) == 1.5
    assert complex(EagerTensor.from_numpy(np.complex64(1j))) == 1j


def test_one_element_converts_too(tensor):
    assert int(tensor([[3]])) == 3 and bool(tensor([0.0])) is False


@pytest.mark.parametrize("value", [[], [1, 2]])
def test_other_sizes_do_not_convert(tensor, value):
    with pytest.raises(ValueError, match="ambiguous"):
        bool(tensor(value))
    with pytest.raises(TypeError, match="only length-1 arrays"):
        float(tensor(value))


@pytest.mark.parametrize("array", [np.float32(1), np.array([1]), np.bool_(True)])
def test_index_needs_an_integer_scalar(array):
    with pytest.raises(TypeError, match="only integer scalar arrays"):
        range(EagerTensor.from_numpy(array))


def test_length_is_the_first_dimension(tensor):
    assert len(tensor([[1], [2]])) == 2
    with pytest.raises(TypeError, match=r"Scalar tensor has no `len\(\)`"):
        len(tensor(1))


@pytest.mark.parametrize(
    "value, dtype, expected",
    [(True, "bool", True), (3, "int8", 3), (-128, "int8", -128), (2**64 - 1, "uint64", 2**64 - 1)]
    + [
        (2, "float32", 2.0),
        (1.5, "float16", 1.5),
        (1.5, "bfloat16", 1.5),
        (1, "complex64", 1),
        (2j, "complex128", 2j),
    ],
)
def test_from_scalar(value, dtype, expected):
    tensor = EagerTensor.from_scalar(value, _native.DTYPE_CODES[dtype])
    assert tensor.shape_tuple == () and tensor.numpy() == expected


@pytest.mark.parametrize("value, dtype", [(128, "int8"), (-1, "uint32"), (2**64, "uint64"), (2**70, "int64")])
def test_from_scalar_out_of_range(value, dtype):
    with pytest.raises(ValueError, match="out of range"):
        EagerTensor.from_scalar(value, dtype)


@pytest.mark.parametrize(
    "value, dtype", [(1.5, "int32"), (1j, "float32"), (1, "bool"), (True, "int32"), ("a", "int32")]
)
def test_from_scalar_of_the_wrong_kind(value, dtype):
    with pytest.raises(TypeError, match="Cannot convert"):
        EagerTensor.from_scalar(value, dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_pickle(dtype):
    tensor = EagerTensor.from_numpy(np.ones((2, 1), dtype))
    for protocol in (2, 5):
        loaded = pickle.loads(pickle.dumps(tensor, protocol))
        assert loaded.shape_tuple == (2, 1) and loaded.numpy().dtype == dtype


def test_copies_are_the_tensor_itself(tensor):
    t = tensor([1])
    assert copy.copy(t) is t and copy.deepcopy(t) is t


def test_tensor_class_takes_subclasses_and_operators(tensor, monkeypatch):
    class Symbolic(_native.Tensor):
        pass

    symbolic = Symbolic()
    symbolic.anything = 1
    assert weakref.ref(symbolic)() is symbolic
    monkeypatch.setattr(_native.Tensor, "__matmul__", lambda self, other: "matmul", raising=False)
    assert tensor([1]) @ 2 == "matmul" and symbolic @ 2 == "matmul"


def test_tensors_and_buffers_are_freed(tensor):
    t = tensor([1, 2])
    reference = weakref.ref(t)
    t._view()
    del t
    assert reference() is None


def test_registered_dtype_is_what_dtype_returns(tensor):
    before = tensor(1).dtype
    marker = object()
    _native.register_dtype(11, marker)
    try:
        assert tensor(1).dtype is marker
        assert EagerTensor.from_scalar(1, marker).dtype_code == 11
    finally:
        _native.register_dtype(11, before)


def test_large_buffers_are_reused_and_can_be_dropped():
    array = np.zeros(1 << 20, np.int8)
    first = EagerTensor.from_numpy(array)
    pointer = first._pointer
    del first
    assert EagerTensor.from_numpy(array)._pointer == pointer
    assert _native.cached_buffer_bytes() >= 1 << 20
    _native.drop_cached_buffers()
    assert _native.cached_buffer_bytes() == 0


@pytest.mark.parametrize("nbytes", [1, 1024, 1025, 1280, 1281, 5000, 16384, 57344, 57345, 65535, 65536])
def test_buffers_of_every_size_are_reused(nbytes):
    _native.drop_cached_buffers()
    array = np.arange(nbytes).astype(np.int8)
    first = EagerTensor.from_numpy(array)
    pointer = first._pointer
    del first
    kept = _native.cached_buffer_bytes()
    assert nbytes <= kept <= max(64, nbytes * 5 // 4 + 64)
    again = EagerTensor.from_numpy(array)
    assert again._pointer == pointer and _native.cached_buffer_bytes() == 0
    np.testing.assert_array_equal(again.numpy(), array)


def test_kept_buffers_of_a_few_pages_are_few():
    _native.drop_cached_buffers()
    tensors = [EagerTensor.from_numpy(np.zeros(16384, np.int8)) for _ in range(100)]
    del tensors
    assert _native.cached_buffer_bytes() == 8 * 16384
    _native.drop_cached_buffers()
    assert _native.cached_buffer_bytes() == 0
