"""Reductions, cumulative ops and arg-reductions."""

import math

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import as_dtype, float32, float64, int64, string
from tfc.ops import primitives as p
from tfc.ops.array import reshape
from tfc.ops.convert import convert_to_tensor, flag, operand
from tfc.ops.gradients import dynamic_shape
from tfc.ops.math import ANALYTIC, FLOAT, NUMBER, REAL
from tfc.ops.runtime_axes import along, needs_runtime, of_rank, reduced, reduction
from tfc.ops.shapes import axes_of, axis_of, rank_of


def _reduction(name, prim, kinds, text):
    def function(input_tensor, axis=None, keepdims=False, name=None):
        x = operand(prim.name, input_tensor, kinds)
        if x.shape_tuple is None and axis is None:
            total = function(reshape(x, (-1,)), 0)
            return of_rank(total, x) if keepdims else total
        if needs_runtime(x, axis):
            return reduction(x, axis, bool(keepdims), prim.name, lambda v: prim(v, axes=(1,), keepdims=False))
        axes = axes_of(axis, rank_of(x, prim.name), prim.name)
        return prim(x, axes=axes, keepdims=flag(keepdims, "keepdims"))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"{text} over the dimensions `axis` (an int, a sequence, None: all), which stay with size 1 if `keepdims`."
    )
    return function


reduce_sum = _reduction("reduce_sum", p.reduce_sum, NUMBER, "The sum")
reduce_prod = _reduction("reduce_prod", p.reduce_prod, NUMBER, "The product")
reduce_max = _reduction("reduce_max", p.reduce_max, REAL, "The largest element")
reduce_min = _reduction("reduce_min", p.reduce_min, REAL, "The smallest element")
reduce_any = _reduction("reduce_any", p.reduce_any, "b", "Whether any element is true")
reduce_all = _reduction("reduce_all", p.reduce_all, "b", "Whether all elements are true")


def _count(x, axes) -> Tensor:
    """The number of elements that each result of a reduction is made of, as a scalar of the dtype of `x`."""
    sizes = [x.shape_tuple[a] for a in axes]
    if None not in sizes:
        return p.constant(value=np.array(math.prod(sizes)).astype(x.dtype.np_dtype))
    picked = p.gather(dynamic_shape(x), p.constant(value=np.array(axes, np.int64)), axis=0, batch_dims=0)
    return p.cast(p.reduce_prod(picked, axes=(0,), keepdims=False), dtype=x.dtype)


def reduce_mean(input_tensor, axis=None, keepdims=False, name=None) -> Tensor:
    """The mean over the dimensions `axis`. Integers stay integers, rounded toward zero; of none the mean is 0."""
    x = operand("reduce_mean", input_tensor, NUMBER)
    if x.shape_tuple is None and axis is None:
        total = reduce_mean(reshape(x, (-1,)), 0)
        return of_rank(total, x) if keepdims else total
    if needs_runtime(x, axis):
        return reduction(x, axis, bool(keepdims), "reduce_mean", lambda v: reduce_mean(v, 1))
    if x.dtype.is_integer and x.dtype.size < 8:
        # Sums of small integers overflow where their means do not.
        return p.cast(reduce_mean(p.cast(x, dtype=int64), axis, keepdims), dtype=x.dtype)
    axes = axes_of(axis, rank_of(x, "reduce_mean"), "reduce_mean")
    total = p.reduce_sum(x, axes=axes, keepdims=flag(keepdims, "keepdims"))
    count = _count(x, axes)
    if x.dtype.is_integer:
        return p.trunc_div(total, p.maximum(count, convert_to_tensor(1, x.dtype)))
    return p.div(total, count)


def reduce_variance(input_tensor, axis=None, keepdims=False, name=None) -> Tensor:
    """The mean of squared distances from the mean."""
    x = convert_to_tensor(input_tensor)
    if x.dtype.is_integer or x.dtype.is_bool:
        raise TypeError(f"Input must be either real or complex. Received integer type {x.dtype!r}.")
    x = operand("reduce_variance", x, ANALYTIC)
    axes = axis if needs_runtime(x, axis) else axes_of(axis, rank_of(x, "reduce_variance"), "reduce_variance")
    d = p.sub(x, reduce_mean(x, axes, keepdims=True))
    if x.dtype.is_complex:
        d = p.abs_(d)
    return reduce_mean(p.mul(d, d), axes, keepdims)


def reduce_std(input_tensor, axis=None, keepdims=False, name=None) -> Tensor:
    """The square root of `reduce_variance`."""
    return p.sqrt(reduce_variance(input_tensor, axis, keepdims))


def reduce_euclidean_norm(input_tensor, axis=None, keepdims=False, name=None) -> Tensor:
    """The square root of the sum of squares. Of integers it is one, rounded toward zero."""
    x = operand("reduce_euclidean_norm", input_tensor, NUMBER)
    if x.dtype.is_integer:
        return p.cast(reduce_euclidean_norm(p.cast(x, dtype=float64), axis, keepdims), dtype=x.dtype)
    if needs_runtime(x, axis):
        return reduction(x, axis, bool(keepdims), "reduce_euclidean_norm", lambda v: reduce_euclidean_norm(v, 1))
    axes = axes_of(axis, rank_of(x, "reduce_euclidean_norm"), "reduce_euclidean_norm")
    size = root_of_squares(p.abs_(x) if x.dtype.is_complex else x, axes, bool(keepdims))
    return p.cast(size, dtype=x.dtype) if x.dtype.is_complex else size


def root_of_squares(x, axes, keepdims) -> Tensor:
    """The square root of the sum of squares of real numbers, none of which overflows or vanishes: in float64, where
    they cannot, or scaled.
    """
    if x.dtype.size < 8:
        wide = p.cast(x, dtype=float64)
        root = p.sqrt(p.reduce_sum(p.mul(wide, wide), axes=axes, keepdims=keepdims or not axes))
        return p.cast(root, dtype=x.dtype)
    top = stop_gradient(p.reduce_max(p.abs_(x), axes=axes, keepdims=True))
    zero, one = convert_to_tensor(0, x.dtype), convert_to_tensor(1, x.dtype)
    usual = p.logical_or(p.less_equal(top, zero), p.logical_not(p.is_finite(top)))
    top = p.select(usual, one, top)
    x = p.div(x, top)
    root = p.mul(p.sqrt(p.reduce_sum(p.mul(x, x), axes=axes, keepdims=True)), top)
    return root if keepdims or not axes else p.squeeze(root, axes=axes)


def reduce_logsumexp(input_tensor, axis=None, keepdims=False, name=None) -> Tensor:
    """log(sum(exp(x))) over the dimensions `axis`, without overflow."""
    x = operand("reduce_logsumexp", input_tensor, FLOAT)
    if needs_runtime(x, axis):
        return reduction(x, axis, bool(keepdims), "reduce_logsumexp", lambda v: reduce_logsumexp(v, 1))
    axes = axes_of(axis, rank_of(x, "reduce_logsumexp"), "reduce_logsumexp")
    top = stop_gradient(p.reduce_max(x, axes=axes, keepdims=True))
    zero = convert_to_tensor(0, x.dtype)
    top = p.select(p.is_finite(top), top, zero)
    total = p.log(p.reduce_sum(p.exp(p.sub(x, top)), axes=axes, keepdims=True))
    result = p.add(total, top)
    return result if keepdims or not axes else p.squeeze(result, axes=axes)


def stop_gradient(input, name=None) -> Tensor:
    """The same value; gradients do not flow through it."""
    x = convert_to_tensor(input)
    return p.stop_gradient(x)


def count_nonzero(input, axis=None, keepdims=None, dtype=int64, name=None) -> Tensor:
    """The number of elements that are not zero (False)."""
    x = convert_to_tensor(input)
    zero = "" if x.dtype is string else 0
    hits = x if x.dtype.is_bool else p.not_equal(x, convert_to_tensor(zero, x.dtype))
    return reduce_sum(p.cast(hits, dtype=as_dtype(dtype)), axis, bool(keepdims))


def _arg(name, prim, text):
    def function(input, axis=None, output_type=int64, name=None):
        x = operand(prim.name, input, REAL + "b")
        if x.dtype.is_bool:
            x = p.cast(x, dtype=as_dtype("uint8"))
        axis = 0 if axis is None else axis
        if needs_runtime(x, axis):
            return reduced(x, axis, False, prim.name, lambda v: prim(v, axis=1, dtype=as_dtype(output_type)))
        where = axis_of(axis, rank_of(x, prim.name), prim.name)
        if x.shape_tuple[where] == 0:
            raise argument_error(
                None,
                prim.name,
                f"Reduction axis {where} is empty in shape {list(x.shape_tuple)} [Op:{prim.name}]",
            )
        return prim(x, axis=where, dtype=as_dtype(output_type))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The index of the {text} element along `axis` (0 by default), the first of equals."
    return function


argmax = _arg("argmax", p.argmax, "largest")
argmin = _arg("argmin", p.argmin, "smallest")


def _cumulative(name, prim, text):
    def function(x, axis=0, exclusive=False, reverse=False, name=None):
        x = operand(prim.name, x, NUMBER)
        if needs_runtime(x, axis):
            return along(x, axis, prim.name, lambda v: function(v, 1, exclusive, reverse))
        where = axis_of(axis, rank_of(x, prim.name), prim.name)
        return prim(x, axis=where, exclusive=flag(exclusive, "exclusive"), reverse=flag(reverse, "reverse"))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"The {text} of the elements up to each one along `axis`; "
        "without itself if `exclusive`, from the end if `reverse`."
    )
    return function


cumsum = _cumulative("cumsum", p.cumsum, "sum")
cumprod = _cumulative("cumprod", p.cumprod, "product")


def cumulative_logsumexp(x, axis=0, exclusive=False, reverse=False, name=None) -> Tensor:
    """log of the cumulative sum of exp(x), without overflow; -infinity of nothing."""
    x = operand("cumulative_logsumexp", x, FLOAT)
    if needs_runtime(x, axis):
        return along(x, axis, "cumulative_logsumexp", lambda v: cumulative_logsumexp(v, 1, exclusive, reverse))
    where = axis_of(axis, rank_of(x, "cumulative_logsumexp"), "cumulative_logsumexp")
    return p.cumlogsumexp(x, axis=where, exclusive=flag(exclusive, "exclusive"), reverse=flag(reverse, "reverse"))


def zero_fraction(value, name=None) -> Tensor:
    """The fraction of elements that are zero, as float32."""
    x = convert_to_tensor(value)
    is_zero = p.logical_not(x) if x.dtype.is_bool else p.equal(x, convert_to_tensor(0, x.dtype))
    zeros = p.cast(is_zero, dtype=float32)
    return reduce_mean(zeros)
