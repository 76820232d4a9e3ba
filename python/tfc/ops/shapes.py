"""Arguments that are shapes, axes or indices: static where possible, tensors where not."""

import numpy as np

from tfc.core import Tensor, VariableStorage, argument_error
from tfc.dtypes import int64
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, sequence, static_ints, static_value


class UnknownRankError(ValueError):
    """An op needs the rank of a tensor that has none while tracing."""


def rank_of(x: Tensor, op: str) -> int:
    """The rank of a tensor; `ValueError` if it is unknown."""
    dims = x.shape_tuple
    if dims is None:
        raise UnknownRankError(f"{op} needs to know the rank of its input: use tf.ensure_shape before")
    return len(dims)


def axis_of(axis, rank: int, op: str) -> int:
    """An axis as 0 <= axis < rank; `InvalidArgumentError` if it is out of range."""
    value = static_value(axis) if isinstance(axis, (Tensor, VariableStorage)) else axis
    if value is None:
        raise ValueError(f"{op} needs an axis that is known while tracing, got {axis!r}")
    try:
        value = int(value.__index__()) if not isinstance(value, np.ndarray) else int(value)
    except (AttributeError, TypeError):
        raise TypeError(f"{op} expected an integer axis, got {axis!r}") from None
    if not -rank <= value < rank:
        raise argument_error(
            None,
            op,
            f"{op}: expected dimension in the range [{-rank}, {rank}), but got {value} [Op:{op}]",
        )
    return value % (rank) if rank else 0


def axes_of(axis, rank: int, op: str) -> tuple[int, ...]:
    """One axis, a sequence of them, or None (all), as ascending distinct axes."""
    if axis is None:
        return tuple(range(rank))
    if isinstance(axis, (Tensor, VariableStorage, np.ndarray)):
        values = static_ints(axis)
        if values is None:
            raise ValueError(f"{op} needs axes that are known while tracing, got {axis!r}")
    else:
        values = axis if isinstance(axis, (list, tuple, range)) else (axis,)
    result = sorted(axis_of(a, rank, op) for a in values)
    if len(set(result)) != len(result):
        raise argument_error(None, op, f"Invalid reduction arguments: Axes contains duplicate dimension: {axis}")
    return tuple(result)


def static_shape(shape) -> tuple | None:
    """A shape argument as a tuple of int if all of it is known now, else None."""
    values = static_ints(shape)
    return None if values is None or None in values else values


def shape_tensor(shape, dtype=int64) -> Tensor:
    """A shape argument as a vector."""
    if isinstance(shape, (Tensor, VariableStorage)):
        vector = convert_to_tensor(shape)
        return vector if vector.dtype is dtype else p.cast(vector, dtype=dtype)
    return index_vector(shape, dtype)


def index_vector(values, dtype=int64) -> Tensor:
    """A vector of integers and integer scalar tensors."""
    values = sequence(values, "a shape")
    if not any(isinstance(v, (Tensor, VariableStorage)) for v in values):
        return p.constant(value=np.array([int(v) for v in values], dtype.np_dtype))
    parts, run = [], []
    for v in values:
        if not isinstance(v, (Tensor, VariableStorage)):
            run.append(int(v))
            continue
        if run:
            parts.append(p.constant(value=np.array(run, dtype.np_dtype)))
            run = []
        t = convert_to_tensor(v)
        t = t if t.dtype is dtype else p.cast(t, dtype=dtype)
        parts.append(p.reshape(t, shape=(1,)))
    if run:
        parts.append(p.constant(value=np.array(run, dtype.np_dtype)))
    return parts[0] if len(parts) == 1 else p.concat(*parts, axis=0)


def partly_known(result: Tensor, shape) -> Tensor:
    """`result`, of which `shape` (an argument with some tensors in it) says at least the sizes that are
    plain numbers.
    """
    if not isinstance(shape, (list, tuple)):
        return result
    want = tuple(None if isinstance(v, (Tensor, VariableStorage)) or v == -1 else int(v) for v in shape)
    dims = result.shape_tuple
    if dims is not None and all(w is None or w == d for w, d in zip(want, dims, strict=True)):
        return result
    if dims is None or any(w is not None for w in want):
        return p.ensure_shape(result, shape=want)
    return result


def broadcast_value(value: Tensor, shape) -> Tensor:
    """A tensor stretched to a shape argument."""
    dims = static_shape(shape)
    if dims is not None:
        return value if value.shape_tuple == dims else p.broadcast_to(value, shape=dims)
    return partly_known(p.dynamic_broadcast_to(value, shape_tensor(shape)), shape)


def fully_known(x: Tensor) -> bool:
    return x.shape_tuple is not None and None not in x.shape_tuple
