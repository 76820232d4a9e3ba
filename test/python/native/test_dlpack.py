"""DLPack in both directions."""

import gc
import sys

import numpy as np
import pytest
from tfc._native import EagerTensor, from_dlpack

DTYPES = ["bool", "int8", "int64", "uint16", "float16", "float32", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_reads_the_same_memory(dtype):
    tensor = EagerTensor.from_numpy(np.ones((2, 3), dtype))
    array = np.from_dlpack(tensor)
    assert array.ctypes.data == tensor._pointer and not array.flags.writeable
    del tensor
    gc.collect()
    assert array.dtype == dtype and array.all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_import_uses_the_memory_and_keeps_it(dtype):
    array = np.ones((2, 3), dtype)
    tensor = from_dlpack(array)
    assert tensor._pointer == array.ctypes.data
    del array
    gc.collect()
    assert tensor.numpy().dtype == dtype and tensor.numpy().all()


def test_import_releases_its_producer():
    array = np.ones(3)
    before = sys.getrefcount(array)
    tensor = from_dlpack(array)
    del tensor
    assert sys.getrefcount(array) == before


def test_old_consumers_get_a_copy_of_their_own():
    tensor = EagerTensor.from_numpy(np.ones(3))
    copied = from_dlpack(tensor.__dlpack__())
    assert copied._pointer != tensor._pointer and copied.numpy().tolist() == [1, 1, 1]


def test_old_consumers_cannot_forbid_the_copy():
    with pytest.raises(BufferError, match="read-only"):
        EagerTensor.from_numpy(np.ones(3)).__dlpack__(copy=False)


def test_copy_is_writable():
    tensor = EagerTensor.from_numpy(np.ones(3))
    array = np.from_dlpack(tensor, copy=True)
    assert array.flags.writeable and array.ctypes.data != tensor._pointer


def test_strided_memory_is_copied():
    array = np.arange(6).reshape(2, 3).T[::2]
    assert from_dlpack(array).numpy().tolist() == array.tolist()
    with pytest.raises(BufferError, match="not dense"):
        from_dlpack(array, copy=False)


def test_empty_and_scalar():
    assert from_dlpack(np.zeros((0, 2))).shape_tuple == (0, 2)
    assert from_dlpack(np.array(3)).numpy() == 3


def test_a_capsule_is_used_once():
    capsule = EagerTensor.from_numpy(np.ones(3)).__dlpack__()
    from_dlpack(capsule)
    with pytest.raises(TypeError, match="was not used yet"):
        from_dlpack(capsule)


def test_unused_capsules_free_their_memory():
    tensor = EagerTensor.from_numpy(np.ones(3))
    capsule = tensor.__dlpack__(max_version=(1, 0))
    assert tensor._holders == 2
    del capsule
    assert tensor._holders == 1


def test_device_is_the_cpu():
    tensor = EagerTensor.from_numpy(np.ones(3))
    assert tensor.__dlpack_device__() == (1, 0)
    with pytest.raises(BufferError, match="device type 2"):
        tensor.__dlpack__(dl_device=(2, 0))
    with pytest.raises(BufferError, match="stream"):
        tensor.__dlpack__(stream=1)


def test_other_objects_are_an_error():
    with pytest.raises(AttributeError):
        from_dlpack([1, 2])
