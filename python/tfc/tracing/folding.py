"""What tracing computes at once: integers of known value (sizes, indices), so that shapes stay static."""

import numpy as np

from tfc.core import EagerTensor, StringTensor
from tfc.ops import primitives as p

# Ops of integers and bools that are evaluated when all operands are known.
FOLDED = frozenset({
    p.neg, p.abs_, p.sign, p.add, p.sub, p.mul, p.floor_div, p.floor_mod, p.trunc_div, p.trunc_mod, p.maximum,
    p.minimum,
    p.equal, p.not_equal, p.less, p.less_equal, p.greater, p.greater_equal, p.logical_and, p.logical_or, p.logical_not,
    p.select, p.cast, p.squeeze, p.expand_dims, p.reshape, p.transpose, p.slice_, p.concat, p.gather, p.reverse,
    p.reduce_sum, p.reduce_prod, p.reduce_max, p.reduce_min, p.reduce_any, p.reduce_all,
})  # fmt: skip
# Vectors of sizes some of which are known.
_PARTIAL = frozenset({p.slice_, p.concat, p.cast, p.squeeze, p.gather, p.reshape})
_MOST = 64


def known(tensor):
    """The value of a tensor as an array if tracing knows it, else None."""
    if type(tensor) in (EagerTensor, StringTensor):
        return tensor._view()
    return getattr(tensor, "const", None)


def fold(prim, args, attrs):
    """The value of an op on known integers as an array, or None."""
    if not args:
        return None
    if prim is p.shape_of and "dtype" in attrs:
        return _static_shape(args[0].shape_tuple, attrs["dtype"])
    if prim not in FOLDED:
        return None
    values = []
    for a in args:
        value = known(a)
        if value is None or value.size > _MOST or a.dtype.kind not in "iub":
            return None
        values.append(value)
    try:
        with np.errstate(all="ignore"):
            return np.asarray(prim.meaning(*values, **attrs))
    except (ValueError, TypeError, IndexError, ZeroDivisionError, OverflowError, ArithmeticError):
        return None
    except Exception as e:
        # What fails on known values fails when the function runs, in its place.
        if e.__class__.__module__.startswith("tfc."):
            return None
        raise


def _static_shape(dims, dtype):
    if dims is None or None in dims:
        return None
    return np.array(dims, dtype.np_dtype)


def partial_of(tensor) -> tuple | None:
    """The entries of a short vector of integers, None where unknown; None if it is no such thing."""
    if not tensor.dtype.is_integer:
        return None
    dims = tensor.shape_tuple
    if dims is None or len(dims) != 1 or dims[0] is None or dims[0] > 16:
        return None
    value = known(tensor)
    if value is not None:
        return tuple(value.tolist())
    return getattr(tensor, "partial", None) or (None,) * dims[0]


def partial(prim, args, attrs) -> tuple | None:
    """What is known of the result of an op on vectors of sizes: a tuple with None for what is not. A 1-tuple for a
    scalar.
    """
    if not args:
        return None
    if prim is p.shape_of:
        dims = args[0].shape_tuple
        return dims if dims else None
    if prim not in _PARTIAL:
        return None
    if prim is p.concat:
        parts = [partial_of(a) for a in args]
        return None if None in parts else tuple(v for part in parts for v in part)
    entries = partial_of(args[0])
    if entries is None:
        return None
    if prim is p.slice_:
        start, size, stride = attrs["starts"][0], attrs["sizes"][0], attrs["strides"][0]
        if size is None:
            return None
        return tuple(entries[start + i * stride] for i in range(size))
    if prim is p.gather:
        at = known(args[1])
        if at is None or at.ndim > 1 or attrs["batch_dims"]:
            return None
        at = np.atleast_1d(at)
        # An index outside is an error when it runs.
        return tuple(entries[int(i)] for i in at) if all(0 <= i < len(entries) for i in at) else None
    if prim is p.cast:
        return entries if attrs["dtype"].is_integer else None
    return entries if len(entries) == 1 else None


def refined_shape(prim, args) -> tuple | None:
    """The sizes that the shape operand of a dynamic op gives, as far as they are known."""
    if prim not in (p.dynamic_reshape, p.dynamic_broadcast_to, p.sum_to):
        return None
    entries = partial_of(args[1])
    if entries is None:
        return None
    return tuple(None if d is None or d < 0 else d for d in entries)
