"""Conversions to tensors that users add for classes which are not theirs to change (their own have `__tf_tensor__`)."""

import numbers

import numpy as np

from tfc.core import Tensor
from tfc.dtypes import as_dtype

_TAKEN = (numbers.Number, bool, np.generic, np.ndarray)

# (priority, base types, function): the lowest priority first, of one priority in the order of registration.
_registered: list = []


def register_tensor_conversion_function(base_type, conversion_func, priority=100) -> None:
    """From now on objects of `base_type` (a class, or a tuple of them) become tensors, wherever one is wanted, by
    `conversion_func(value, dtype=None, name=None, as_ref=False)`.

    It returns a tensor (of `dtype`, if that is not None), or NotImplemented, for the next function to be asked.
    Functions of a lower `priority` are asked first. Raises `TypeError` for what is no class, for functions that cannot
    be called, and for numbers and arrays, whose conversion is fixed.
    """
    types = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(t, type) for t in types):
        raise TypeError(f"Argument `base_type` must be a type or a tuple of types. Obtained: {base_type}")
    if any(issubclass(t, _TAKEN) for t in types):
        raise TypeError("Cannot register conversions for Python numeric types and NumPy scalars and arrays.")
    if not callable(conversion_func):
        raise TypeError(f"Argument `conversion_func` must be callable. Received {conversion_func}.")
    # At once: a list that is being sorted is empty for other threads.
    _registered[:] = sorted([*_registered, (priority, types, conversion_func)], key=lambda entry: entry[0])


def converted(value, dtype):
    """What the first function that takes `value` makes of it; NotImplemented if there is none.

    Raises `RuntimeError` where that is no tensor, or one of another dtype.
    """
    for _, types, function in _registered:
        if not isinstance(value, types):
            continue
        made = function(value, dtype=dtype, name=None, as_ref=False)
        if made is NotImplemented:
            continue
        if not isinstance(made, Tensor):
            raise RuntimeError(f"Conversion function {function!r} for type {types} returned non-Tensor: {made!r}")
        if dtype is not None and made.dtype is not as_dtype(dtype):
            raise RuntimeError(
                f"Conversion function {function!r} for type {types} returned incompatible dtype: requested = "
                f"{as_dtype(dtype).name}, actual = {made.dtype.name}"
            )
        return made
    return NotImplemented
