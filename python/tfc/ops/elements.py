"""Loops over elements that numpy has no fast ones for, done by native code with the same results."""

import math

import numpy as np

from tfc import _native

# Up to so many elements numpy is as fast: what it does once for a call is what takes long.
_FEW = 256


def choose(condition: np.ndarray, x, y) -> np.ndarray:
    """`np.where`, which takes several nanoseconds for an element where the condition is random."""
    x, y = np.asarray(x), np.asarray(y)
    shape = condition.shape
    if condition.size <= _FEW or x.dtype != y.dtype or x.dtype.kind == "O":
        return np.where(condition, x, y)
    if any(v.shape != shape and v.size != 1 for v in (x, y)) or any(v.ndim > len(shape) for v in (x, y)):
        return np.where(condition, x, y)
    out = np.empty(shape, x.dtype)
    _native.choose(*map(np.ascontiguousarray, (condition, x, y)), out)
    return out


def error_function(x: np.ndarray, complement: bool) -> np.ndarray:
    """erf, or 1 - erf(x), of a float array, computed in float64."""
    wide = np.array(x, np.float64, order="C")
    _native.error_function(wide, complement)
    return wide.astype(x.dtype, copy=False)


def scatter(x: np.ndarray, at: tuple, updates: np.ndarray, mode: str) -> np.ndarray | None:
    """`x` with updates of `x[at]`, one after the other; None where native code does not know how."""
    if x.dtype not in _SCATTERED or not at or updates.size <= _FEW:
        return None
    depth = len(at)
    rows, size = math.prod(x.shape[:depth]), math.prod(x.shape[depth:])
    places = at[0] if depth == 1 else np.ravel_multi_index(at, x.shape[:depth])
    out = np.array(x, order="C")
    places = np.ascontiguousarray(places, np.int64)
    _native.scatter_rows(out.reshape(rows, size), places, np.ascontiguousarray(updates), mode)
    return out


_SCATTERED = tuple(map(np.dtype, ("float32", "float64", "int32", "int64")))
