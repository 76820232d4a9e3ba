"""`StringTensor`: an eager tensor of strings. Its elements are Python `bytes`, as in TensorFlow."""

import numpy as np

from tfc import _native
from tfc.dtypes import string


class StringTensor(_native.Tensor):
    """A tensor of strings: an array of `bytes` objects, which nobody changes."""

    __slots__ = ("__weakref__", "_array")

    dtype = string
    symbolic = False

    def __init__(self, array: np.ndarray):
        self._array = array

    @property
    def shape_tuple(self) -> tuple:
        return self._array.shape

    def _view(self) -> np.ndarray:
        return self._array

    def numpy(self):
        """An array of `bytes`, or `bytes` if the shape is ()."""
        return self._array.copy() if self._array.ndim else self._array[()]

    def __array__(self, dtype=None, copy=None):
        return self._array.astype(dtype) if dtype is not None else self._array.copy()

    def __bool__(self):
        if self._array.size != 1:
            raise ValueError("The truth value of a tensor with more than one element is ambiguous.")
        return bool(self._array.reshape(())[()])

    def __reduce__(self):
        return StringTensor, (self._array,)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


def string_array(value) -> np.ndarray:
    """An array of `bytes` of an array (or a scalar) of `str` or `bytes`; `TypeError` if an element is neither."""
    if isinstance(value, (str, bytes)):
        # numpy would drop zeros at the end.
        array = np.empty((), object)
        array[()] = _bytes(value)
        return array
    source = np.asarray(value)
    if source.dtype == object and set(map(type, source.reshape(-1).tolist())) == {bytes}:
        return source.copy()
    array = np.empty(source.shape, object)
    flat = array.reshape(-1)
    for i, element in enumerate(source.reshape(-1)):
        flat[i] = _bytes(element)
    return array


def _bytes(value) -> bytes:
    if type(value) is bytes:
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes):
        return bytes(value)
    raise TypeError(f"expected a string, got {value!r}")


__all__ = ["StringTensor", "string_array"]
