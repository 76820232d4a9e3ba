"""numpy's reductions and running sums."""

import numpy as np

from tfc.dtypes import float16, int64, uint64
from tfc.experimental.numpy.elementwise import _truth, isnan
from tfc.experimental.numpy.promotion import asarray, common, default_float, floating
from tfc.ops import math
from tfc.ops import primitives as p
from tfc.ops import reductions as r
from tfc.ops.array import reshape
from tfc.ops.creation import zeros_like
from tfc.ops.gather import argsort as argsort_
from tfc.ops.gather import sort as sort_
from tfc.ops.gather import where as where_


def _flat(x, axis):
    return (reshape(x, [-1]), 0) if axis is None else (x, axis)


def _total_of(x, dtype):
    """What sums are made in: integers narrower than int64 are widened."""
    if dtype is not None:
        return asarray(x, dtype)
    x = asarray(x)
    if x.dtype.is_bool or (x.dtype.is_integer and x.dtype.size < 8):
        return p.cast(x, dtype=uint64 if x.dtype.is_unsigned else int64)
    return x


def sum(a, axis=None, dtype=None, keepdims=None):
    """The sum along axes."""
    return r.reduce_sum(_total_of(a, dtype), axis, bool(keepdims))


def prod(a, axis=None, dtype=None, keepdims=None):
    """The product along axes."""
    return r.reduce_prod(_total_of(a, dtype), axis, bool(keepdims))


def _of_floats(a, dtype):
    x = asarray(a, dtype)
    return x if x.dtype.is_floating or x.dtype.is_complex else p.cast(x, dtype=default_float())


def mean(a, axis=None, dtype=None, out=None, keepdims=None):
    """The mean along axes."""
    return r.reduce_mean(_of_floats(a, dtype), axis, bool(keepdims))


def var(a, axis=None, dtype=None, out=None, ddof=0, keepdims=None):
    """The variance along axes; `ddof` is taken from the number of values."""
    x = _of_floats(a, dtype)
    low = x.dtype is float16
    result = r.reduce_variance(x, axis, bool(keepdims))
    if ddof:
        total, left = x.shape.num_elements(), result.shape.num_elements()
        count = total / left
        result = result * (count / (count - ddof))
    return result if not low else p.cast(result, dtype=float16)


def std(a, axis=None, keepdims=None):
    """The standard deviation along axes."""
    return math.sqrt(var(a, axis, keepdims=keepdims))


def _extreme(op, logical):
    def function(a, axis=None, out=None, keepdims=None):
        x = asarray(a)
        return (logical if x.dtype.is_bool else op)(x, axis, bool(keepdims))

    return function


amax = max = _extreme(r.reduce_max, r.reduce_any)
amin = min = _extreme(r.reduce_min, r.reduce_all)


def ptp(a, axis=None, keepdims=None):
    """The largest value less the smallest."""
    return amax(a, axis, keepdims=keepdims) - amin(a, axis, keepdims=keepdims)


def all(a, axis=None, keepdims=None):
    """Whether all hold."""
    return r.reduce_all(_truth(a), axis, bool(keepdims))


def any(a, axis=None, keepdims=None):
    """Whether one holds."""
    return r.reduce_any(_truth(a), axis, bool(keepdims))


def count_nonzero(a, axis=None):
    """The number of elements that are not zero."""
    return r.reduce_sum(p.cast(_truth(a), dtype=int64), axis)


def argmax(a, axis=None):
    """The position of the largest element."""
    x, axis = _flat(asarray(a), axis)
    return r.argmax(x, axis)


def argmin(a, axis=None):
    """The position of the smallest element."""
    x, axis = _flat(asarray(a), axis)
    return r.argmin(x, axis)


def cumsum(a, axis=None, dtype=None):
    """Running sums."""
    x, axis = _flat(_total_of(a, dtype), axis)
    return r.cumsum(x, axis)


def cumprod(a, axis=None, dtype=None):
    """Running products."""
    x, axis = _flat(_total_of(a, dtype), axis)
    return r.cumprod(x, axis)


def nansum(a, axis=None, dtype=None, keepdims=None):
    """The sum of what is not NaN."""
    x = asarray(a)
    return sum(where_(isnan(x), zeros_like(x), x), axis, dtype, keepdims)


def nanprod(a, axis=None, dtype=None, keepdims=None):
    """The product of what is not NaN."""
    x = asarray(a)
    return prod(where_(isnan(x), zeros_like(x) + 1, x), axis, dtype, keepdims)


def nanmean(a, axis=None, dtype=None, keepdims=None):
    """The mean of what is not NaN."""
    x = floating(a)
    count = r.reduce_sum(p.cast(math.logical_not(isnan(x)), dtype=x.dtype), axis, bool(keepdims))
    return nansum(x, axis, dtype, keepdims) / count


def average(a, axis=None, weights=None, returned=False):
    """The mean with weights."""
    x = floating(a)
    if weights is None:
        result = r.reduce_mean(x, axis)
        total = zeros_like(result) + float(x.shape.num_elements() / (result.shape.num_elements() or 1))
    else:
        x, w = (floating(v) for v in common(x, weights))
        if w.shape != x.shape and axis is not None:
            place = axis % x.shape.rank
            w = reshape(w, [-1 if i == place else 1 for i in range(x.shape.rank)])
        w = w + zeros_like(x)
        total = r.reduce_sum(w, axis)
        result = r.reduce_sum(x * w, axis) / total
    return (result, total) if returned else result


def sort(a, axis=-1, kind="quicksort", order=None):
    """The values in order along an axis (None: of all)."""
    x, axis = _flat(asarray(a), axis)
    return sort_(x, axis)


def argsort(a, axis=-1, kind="quicksort", order=None):
    """The positions of the values in order."""
    x, axis = _flat(asarray(a), axis)
    return p.cast(argsort_(x, axis, stable=True), dtype=int64)


def diff(a, n=1, axis=-1):
    """Differences of neighbours, `n` times."""
    x = asarray(a)
    at = axis % x.shape.rank
    for _ in range(n):
        later = x[(slice(None),) * at + (slice(1, None),)]
        before = x[(slice(None),) * at + (slice(None, -1),)]
        x = math.not_equal(later, before) if x.dtype.is_bool else later - before
    return x


def nonzero(a):
    """The positions of elements that are not zero, a vector for each dimension."""
    x = asarray(a)
    at = p.nonzero(_truth(x if x.shape.rank else reshape(x, [1])))
    return [at[:, i] for i in range(np.maximum(x.shape.rank, 1))]
