"""Arguments of ops on sliding windows: strides, dilations, padding and data formats, as TensorFlow writes them."""

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, static_ints

_LAST = {1: "NWC", 2: "NHWC", 3: "NDHWC"}
_FIRST = {1: "NCW", 2: "NCHW", 3: "NCDHW"}


def channels_first(data_format, rank: int | None, op: str) -> bool:
    """Whether channels come right after the batch; `ValueError` for a format that does not exist."""
    if data_format is None:
        return False
    if not isinstance(data_format, str):
        raise TypeError(f"{op}: `data_format` is a string like 'NHWC', got {data_format!r}")
    last = set(_LAST.values()) if rank is None else {_LAST.get(rank, "NWC")}
    first = set(_FIRST.values()) if rank is None else {_FIRST.get(rank, "NCW")}
    if data_format in last:
        return False
    if data_format in first:
        return True
    allowed = ", ".join(sorted(last | first))
    raise ValueError(f"{op}: `data_format` must be one of {allowed}. Received: data_format={data_format}")


def spatial(value, rank: int, first: bool, op: str, name: str) -> tuple[int, ...]:
    """An argument like `strides` as one integer for each spatial dimension.

    It may be one integer, or have 1, `rank` or `rank + 2` of them; those of batch and channels have to be 1.
    """
    values = static_ints(1 if value is None else value)
    if values is None or None in values:
        raise ValueError(f"{op} needs {name} that are known while tracing, got {value!r}")
    if len(values) == 1:
        values = values * rank
    elif len(values) == rank + 2:
        batch, channels = values[0], values[1 if first else -1]
        if batch != 1 or channels != 1:
            raise argument_error(
                None,
                op,
                f"{op}: {name} in the batch and channel dimensions have to be 1, got {list(values)}",
            )
        values = values[2:] if first else values[1:-1]
    elif len(values) != rank:
        raise ValueError(f"{name} should be of length 1, {rank} or {rank + 2} but was {len(values)}")
    if min(values) < 1:
        raise argument_error(None, op, f"{op}: {name} must be positive, got {list(values)}")
    return tuple(values)


def paddings(padding, rank: int, first: bool, op: str) -> tuple[int, ...]:
    """ "SAME", "VALID" or a (before, after) for each dimension, as the attribute `padding` of primitives."""
    if isinstance(padding, str):
        name = padding.upper()
        if name == "SAME":
            return ()
        if name == "VALID":
            return (0,) * (2 * rank)
        raise ValueError(f"{op}: `padding` must be 'SAME', 'VALID' or a list of pairs. Received: padding={padding}")
    widths = np.asarray(padding)
    if widths.shape != (rank + 2, 2) or widths.dtype.kind not in "iu":
        raise ValueError(f"{op}: explicit `padding` must be a list of {rank + 2} pairs of integers, got {padding!r}")
    pairs = widths.tolist()
    batch, channels = pairs[0], pairs[1 if first else -1]
    if any(batch) or any(channels):
        raise ValueError(f"{op}: explicit `padding` of batch and channels must be [0, 0], got {padding!r}")
    inner = pairs[2:] if first else pairs[1:-1]
    if min((w for pair in inner for w in pair), default=0) < 0:
        raise argument_error(None, op, f"{op}: explicit padding must not be negative, got {padding!r}")
    return tuple(w for pair in inner for w in pair)


def to_last(x: Tensor, first: bool) -> Tensor:
    """Channels moved to the end."""
    n = len(x.shape_tuple)
    return p.transpose(x, perm=(0, *range(2, n), 1)) if first else x


def from_last(x: Tensor, first: bool) -> Tensor:
    """Channels moved back to where the format has them."""
    n = len(x.shape_tuple)
    return p.transpose(x, perm=(0, n - 1, *range(1, n - 1))) if first else x


def merge_batches(x: Tensor, rank: int):
    """Several batch dimensions as one; also a function that takes the result apart again."""
    n = len(x.shape_tuple)
    extra = n - rank - 2
    if extra == 0:
        return x, lambda y: y
    inner = x.shape_tuple[extra + 1 :]
    lead = x.shape_tuple[: extra + 1]
    if None not in inner and None not in lead:
        flat = p.reshape(x, shape=(int(np.prod(lead)), *inner))
        return flat, lambda y: p.reshape(y, shape=(*lead, *y.shape_tuple[1:]))
    size = p.shape_of(x, dtype=convert_to_tensor(np.int64(0)).dtype)
    head = _part(size, 0, extra + 1)
    count = p.reduce_prod(head, axes=(0,), keepdims=True)
    flat = p.dynamic_reshape(x, p.concat(count, _part(size, extra + 1, n), axis=0))

    def apart(y):
        tail = _part(p.shape_of(y, dtype=size.dtype), 1, len(y.shape_tuple))
        return p.dynamic_reshape(y, p.concat(head, tail, axis=0))

    return flat, apart


def _part(vector, start, stop):
    return p.slice_(vector, starts=(start,), sizes=(stop - start,), strides=(1,))


def spatial_rank(x: Tensor, data_format, op: str) -> int:
    """The number of spatial dimensions, from the data format or the rank of the input."""
    if data_format is not None:
        for rank in _LAST:
            if data_format in (_LAST[rank], _FIRST[rank]):
                return rank
    n = len(x.shape_tuple) if x.shape_tuple is not None else 0
    if not 3 <= n <= 5:
        raise ValueError(f"Input tensor must be of rank 3, 4 or 5 but was {n if n else 'unknown'}.")
    return n - 2
