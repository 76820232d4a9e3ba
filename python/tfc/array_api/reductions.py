"""Statistical and utility functions of the array API standard, sorting, searching and sets."""

import builtins
import collections

import numpy as np

from tfc.array_api.dtypes import DEFAULT, arrays, astype
from tfc.array_api.manipulation import concat, take
from tfc.core import Tensor
from tfc.dtypes import as_dtype, int32, int64
from tfc.ops import binning, unique
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gather import where as select_where
from tfc.ops.gradients import scalar
from tfc.ops.reductions import _count
from tfc.ops.shapes import axes_of, axis_of

UniqueAll = collections.namedtuple("UniqueAll", ["values", "indices", "inverse_indices", "counts"])
UniqueCounts = collections.namedtuple("UniqueCounts", ["values", "counts"])
UniqueInverse = collections.namedtuple("UniqueInverse", ["values", "inverse_indices"])


def _sum_type(x, dtype):
    if dtype is not None:
        return as_dtype(dtype)
    if x.dtype.kind == "i":
        return x.dtype if x.dtype.size >= DEFAULT["integral"].size else DEFAULT["integral"]
    if x.dtype.kind == "u":
        return x.dtype if x.dtype.size >= 4 else as_dtype("uint32")
    if x.dtype.is_bool:
        return DEFAULT["integral"]
    return x.dtype


def _axes(x, axis, op):
    return axes_of(axis, len(x.shape_tuple), op)


def _numeric(x, op, kinds="iufc"):
    x = convert_to_tensor(x)
    if x.dtype.kind not in kinds:
        raise TypeError(f"{op} is not defined for {x.dtype.name}")
    return x


def sum(x, /, *, axis=None, dtype=None, keepdims=False) -> Tensor:
    """The sum over dimensions; small integers are added as the default integer type."""
    x = _numeric(x, "sum", "biufc")
    x = astype(x, _sum_type(x, dtype))
    return p.reduce_sum(x, axes=_axes(x, axis, "sum"), keepdims=keepdims)


def prod(x, /, *, axis=None, dtype=None, keepdims=False) -> Tensor:
    """The product over dimensions."""
    x = _numeric(x, "prod", "biufc")
    x = astype(x, _sum_type(x, dtype))
    return p.reduce_prod(x, axes=_axes(x, axis, "prod"), keepdims=keepdims)


def max(x, /, *, axis=None, keepdims=False) -> Tensor:
    """The largest elements."""
    x = _numeric(x, "max", "iuf")
    return p.reduce_max(_not_empty(x, axis, "max"), axes=_axes(x, axis, "max"), keepdims=keepdims)


def min(x, /, *, axis=None, keepdims=False) -> Tensor:
    """The smallest elements."""
    x = _numeric(x, "min", "iuf")
    return p.reduce_min(_not_empty(x, axis, "min"), axes=_axes(x, axis, "min"), keepdims=keepdims)


def _not_empty(x, axis, op):
    if builtins.any(x.shape_tuple[a] == 0 for a in _axes(x, axis, op)):
        raise ValueError(f"{op} over no elements")
    return x


def mean(x, /, *, axis=None, keepdims=False) -> Tensor:
    """The mean over dimensions."""
    x = _numeric(x, "mean", "fc")
    axes = _axes(x, axis, "mean")
    return p.div(p.reduce_sum(x, axes=axes, keepdims=keepdims), _count(x, axes))


def var(x, /, *, axis=None, correction=0.0, keepdims=False) -> Tensor:
    """The variance: squared distances from the mean, divided by their number minus `correction`."""
    x = _numeric(x, "var", "f")
    axes = _axes(x, axis, "var")
    d = p.sub(x, mean(x, axis=axes, keepdims=True))
    total = p.reduce_sum(p.mul(d, d), axes=axes, keepdims=keepdims)
    return p.div(total, p.sub(_count(x, axes), scalar(correction, x)))


def std(x, /, *, axis=None, correction=0.0, keepdims=False) -> Tensor:
    """The square root of the variance."""
    return p.sqrt(var(x, axis=axis, correction=correction, keepdims=keepdims))


def _cumulative(name, prim, first):
    def function(x, /, *, axis=None, dtype=None, include_initial=False) -> Tensor:
        x = _numeric(x, name, "biufc")
        rank = len(x.shape_tuple)
        if axis is None:
            if rank != 1:
                raise ValueError(f"{name} needs an axis for arrays of more than one dimension")
            axis = 0
        where = axis_of(axis, rank, name)
        x = astype(x, _sum_type(x, dtype))
        out = prim(x, axis=where, exclusive=False, reverse=False)
        if not include_initial:
            return out
        low = tuple(int(i == where) for i in range(rank))
        return p.pad(out, scalar(first, out), low=low, high=(0,) * rank)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The {name.split('_')[1]} of the elements up to each one; with the empty one first on request."
    return function


cumulative_sum = _cumulative("cumulative_sum", p.cumsum, 0)
cumulative_prod = _cumulative("cumulative_prod", p.cumprod, 1)


def _truth(x):
    x = convert_to_tensor(x)
    return x if x.dtype.is_bool else p.not_equal(x, scalar(0, x))


def all(x, /, *, axis=None, keepdims=False) -> Tensor:
    """Whether all elements are true (not zero)."""
    x = _truth(x)
    return p.reduce_all(x, axes=_axes(x, axis, "all"), keepdims=keepdims)


def any(x, /, *, axis=None, keepdims=False) -> Tensor:
    """Whether any element is true (not zero)."""
    x = _truth(x)
    return p.reduce_any(x, axes=_axes(x, axis, "any"), keepdims=keepdims)


def count_nonzero(x, /, *, axis=None, keepdims=False) -> Tensor:
    """The number of elements that are not zero."""
    x = p.cast(_truth(x), dtype=DEFAULT["indexing"])
    return p.reduce_sum(x, axes=_axes(x, axis, "count_nonzero"), keepdims=keepdims)


def diff(x, /, *, axis=-1, n=1, prepend=None, append=None) -> Tensor:
    """The differences of neighbours along a dimension, `n` times."""
    x = _numeric(x, "diff")
    if n < 0:
        raise ValueError("n must not be negative")
    where = axis_of(axis, len(x.shape_tuple), "diff")
    parts = [v for v in (prepend, x, append) if v is not None]
    x = concat(parts, axis=where) if len(parts) > 1 else x
    for _ in range(n):
        size = x.shape_tuple[where]
        first, second = (np.arange(size - 1) + k if size else np.arange(0) for k in (0, 1))
        x = p.sub(take(x, convert_to_tensor(second), axis=where), take(x, convert_to_tensor(first), axis=where))
    return x


# Sorting and searching.


def sort(x, /, *, axis=-1, descending=False, stable=True) -> Tensor:
    """The elements in order along a dimension."""
    x = _numeric(x, "sort", "iuf")
    return p.sort(x, axis=axis_of(axis, len(x.shape_tuple), "sort"), descending=descending)


def argsort(x, /, *, axis=-1, descending=False, stable=True) -> Tensor:
    """The indices that sort along a dimension."""
    x = _numeric(x, "argsort", "iuf")
    order = p.argsort(x, axis=axis_of(axis, len(x.shape_tuple), "argsort"), descending=descending)
    return p.cast(order, dtype=int64)


def _arg(name, prim):
    def function(x, /, *, axis=None, keepdims=False) -> Tensor:
        x = _numeric(x, name, "iuf")
        rank = len(x.shape_tuple)
        if axis is None:
            flat = p.reshape(x, shape=(None,))
            out = prim(flat, axis=0, dtype=int64)
            return p.expand_dims(out, axes=tuple(range(rank))) if keepdims and rank else out
        where = axis_of(axis, rank, name)
        out = prim(x, axis=where, dtype=int64)
        return p.expand_dims(out, axes=(where,)) if keepdims else out

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The index of the {'largest' if 'max' in name else 'smallest'} element, the first of equals."
    return function


argmax, argmin = _arg("argmax", p.argmax), _arg("argmin", p.argmin)


def nonzero(x, /) -> tuple:
    """The indices of the elements that are not zero, one array for each dimension."""
    x = _truth(x)
    if not x.shape_tuple:
        raise ValueError("nonzero of a scalar is not defined")
    at = p.nonzero(x)
    return tuple(take(at, convert_to_tensor(i), axis=1) for i in range(len(x.shape_tuple)))


def searchsorted(x1, x2, /, *, side="left", sorter=None) -> Tensor:
    """Where to insert values so that the vector `x1` (in the order `sorter`) stays sorted."""
    x1, x2 = convert_to_tensor(x1), convert_to_tensor(x2) if isinstance(x2, Tensor) else x2
    if sorter is not None:
        x1 = take(x1, sorter, axis=0)
    x1, x2 = arrays(x1, x2)
    flat = p.reshape(x2, shape=(None,)) if 0 not in x2.shape_tuple else p.reshape(x2, shape=(0,))
    out = binning.searchsorted(x1, flat, side=side, out_type=int64)
    return p.reshape(out, shape=tuple(x2.shape_tuple)) if len(x2.shape_tuple) != 1 else out


def where(condition, x1, x2, /) -> Tensor:
    """`x1` where the condition holds, else `x2`."""
    x1, x2 = arrays(x1, x2)
    return select_where(condition, x1, x2)


# Sets.


def _flat(x):
    x = convert_to_tensor(x)
    return p.reshape(x, shape=(None,)) if 0 not in x.shape_tuple else p.reshape(x, shape=(0,))


def _distinct(x):
    """(values, inverse, counts, first indices) of a vector; NaN differ from each other."""
    if x.shape_tuple == (0,):
        nothing = p.constant(value=np.zeros(0, np.int64))
        return x, nothing, nothing, nothing
    real = x
    if x.dtype.is_complex or x.dtype.is_bool:
        raise TypeError(f"sets of {x.dtype.name} are not supported")
    values, inverse, counts = unique.unique_with_counts(real, out_idx=int64)
    size = p.slice_(p.shape_of(values, dtype=int64), starts=(0,), sizes=(1,), strides=(1,))
    count = p.squeeze(p.slice_(p.shape_of(x, dtype=int64), starts=(0,), sizes=(1,), strides=(1,)), axes=(0,))
    base = p.dynamic_broadcast_to(count, size)
    place = p.range_(scalar(0, count), count, scalar(1, count))
    first = p.scatter(base, p.expand_dims(inverse, axes=(1,)), place, mode="min")
    return values, inverse, p.cast(counts, dtype=int64), first


def _as_numbers(x):
    x = convert_to_tensor(x)
    return p.cast(x, dtype=int32) if x.dtype.is_bool else x


def _back(values, x):
    x = convert_to_tensor(x)
    return p.not_equal(values, scalar(0, values)) if x.dtype.is_bool else values


def unique_all(x, /) -> UniqueAll:
    """The distinct values, where each is first, what each element is, and how often each occurs."""
    x = convert_to_tensor(x)
    values, inverse, counts, first = _distinct(_flat(_as_numbers(x)))
    return UniqueAll(_back(values, x), first, p.reshape(inverse, shape=tuple(x.shape_tuple)), counts)


def unique_counts(x, /) -> UniqueCounts:
    """The distinct values, and how often each occurs."""
    values, _, counts, _ = _distinct(_flat(_as_numbers(x)))
    return UniqueCounts(_back(values, x), counts)


def unique_inverse(x, /) -> UniqueInverse:
    """The distinct values, and what each element is."""
    x = convert_to_tensor(x)
    values, inverse, _, _ = _distinct(_flat(_as_numbers(x)))
    return UniqueInverse(_back(values, x), p.reshape(inverse, shape=tuple(x.shape_tuple)))


def unique_values(x, /) -> Tensor:
    """The distinct values."""
    return _back(_distinct(_flat(_as_numbers(x)))[0], x)


def isin(x1, x2, /, *, invert=False) -> Tensor:
    """Whether each element of `x1` is among those of `x2`."""
    x1, x2 = arrays(x1, x2)
    values = _flat(x2)
    wide = p.expand_dims(x1, axes=(len(x1.shape_tuple),))
    hits = p.equal(wide, values)
    found = p.reduce_any(hits, axes=(len(x1.shape_tuple),), keepdims=False)
    return p.logical_not(found) if invert else found
