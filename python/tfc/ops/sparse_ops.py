"""What the functions of `tf` do with sparse tensors: those that keep zeros work on the values that are named.

A public function that does not know what to do with an argument asks `dispatched` (`ops.naming`).
"""

from tfc.dtypes import as_dtype, int32
from tfc.ops import math
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.naming import operation, register_dispatch
from tfc.ops.sparse import SparseTensor

# Functions of one argument with f(0) = 0, and those that leave values as they are.
_ON_VALUES = frozenset(
    (
        "abs asin asinh atan atanh bessel_i0e bessel_i1e cast erf expm1 identity negative sign sin sinh sqrt square "
        "stop_gradient tan tanh"
    ).split()
)


def dispatched(function, public: str, args: tuple, kwargs: dict):
    """What `function` gives for a sparse first argument; NotImplemented if there is none, or it takes none."""
    kwargs = {k: v for k, v in kwargs.items() if k != "name"}
    x, rest = _first(args, kwargs)
    if x is None:
        return NotImplemented
    if public in _ON_VALUES:
        return x.with_values(operation(function)(x.values, *rest, **kwargs))
    made = _TABLE.get(public)
    return NotImplemented if made is None else made(x, *rest, **kwargs)


def _first(args: tuple, kwargs: dict):
    """The sparse first argument, and the other positional ones; a first argument given by name leaves `kwargs`."""
    if args:
        return (args[0], args[1:]) if isinstance(args[0], SparseTensor) else (None, args)
    for name in ("x", "input"):
        if isinstance(kwargs.get(name), SparseTensor):
            return kwargs.pop(name), args
    return None, args


def _shape(input, out_type=None):
    return math.cast(input.dense_shape, as_dtype(out_type or int32))


def _size(input, out_type=None):
    return math.cast(p.reduce_prod(input.dense_shape, axes=(0,), keepdims=False), as_dtype(out_type or int32))


def _rank(input):
    rank = input.shape.rank
    return convert_to_tensor(rank) if rank is not None else p.cast(p.shape(input.dense_shape)[0], dtype=int32)


_TABLE = {"shape": _shape, "size": _size, "rank": _rank, "divide": SparseTensor.__truediv__}

register_dispatch(dispatched)

__all__ = ["SparseTensor", "dispatched"]
