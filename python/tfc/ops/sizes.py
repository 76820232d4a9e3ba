"""Sizes that are known while tracing (int), or only when the code runs (an int64 scalar): one way to write for both."""

import math

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import int64
from tfc.ops import primitives as p
from tfc.ops.gradients import dynamic_shape
from tfc.ops.shapes import index_vector, shape_tensor, static_ints

Size = int | Tensor


def _scalar(value: Size) -> Tensor:
    return value if isinstance(value, Tensor) else p.constant(value=np.array(value, np.int64))


def _entries(vector: Tensor, known: tuple) -> tuple:
    """The entries of a vector of sizes, as numbers where they are known."""
    return tuple(
        p.squeeze(p.slice_(vector, starts=(i,), sizes=(1,), strides=(1,)), axes=(0,)) if n is None else n
        for i, n in enumerate(known)
    )


def sizes_of(shape, op: str) -> tuple:
    """A shape argument as a tuple of sizes.

    Raises `NotImplementedError` if not even the rank is known, and `InvalidArgumentError`, now or when the code runs,
    if a size is negative.
    """
    known = static_ints(shape)
    if known is not None and None not in known:
        if any(n < 0 for n in known):
            raise argument_error(None, op, f"{op}: sizes must be at least 0, got {list(known)}")
        return known
    vector = shape_tensor(shape)
    if known is None:
        count = vector.shape_tuple[0] if vector.shape_tuple else None
        if count is None:
            raise NotImplementedError(f"{op}: expected a vector of known length as shape, got {shape!r}")
        known = (None,) * count
    fits = p.reduce_all(p.greater_equal(vector, _scalar(0)), axes=(0,), keepdims=False)
    p.assert_(fits, vector, message=f"{op}: sizes must be at least 0, got", summarize=8)
    return _entries(vector, known)


def sizes_of_tensor(x: Tensor, op: str) -> tuple:
    """The sizes of a tensor. Raises `NotImplementedError` if not even its rank is known."""
    if x.shape_tuple is None:
        raise NotImplementedError(f"{op} needs a tensor whose rank is known while tracing: use tf.ensure_shape before")
    return x.shape_tuple if None not in x.shape_tuple else _entries(dynamic_shape(x), x.shape_tuple)


def known(sizes) -> bool:
    """Whether all of them are numbers now."""
    return not any(isinstance(n, Tensor) for n in sizes)


def product(*sizes: Size) -> Size:
    """The product of sizes: 1 of none."""
    number = math.prod(n for n in sizes if not isinstance(n, Tensor))
    result = None
    for n in sizes:
        if isinstance(n, Tensor):
            result = n if result is None else p.mul(result, n)
    if result is None:
        return number
    return result if number == 1 else p.mul(result, _scalar(number))


def plus(a: Size, b: Size) -> Size:
    """The sum of two sizes."""
    return p.add(_scalar(a), _scalar(b)) if isinstance(a, Tensor) or isinstance(b, Tensor) else a + b


def groups(count: Size, size: int) -> Size:
    """How many groups of `size` hold `count`: the quotient, rounded up."""
    if not isinstance(count, Tensor):
        return -(-count // size)
    return p.floor_div(p.add(count, _scalar(size - 1)), _scalar(size))


def _static(sizes) -> tuple:
    return tuple(None if isinstance(n, Tensor) else n for n in sizes)


def _with_known(x: Tensor, sizes) -> Tensor:
    dims = _static(sizes)
    missing = x.shape_tuple is None or any(d is not None and d != e for d, e in zip(dims, x.shape_tuple, strict=True))
    return p.ensure_shape(x, shape=dims) if missing else x


def as_vector(sizes) -> Tensor:
    """Sizes as an int64 vector."""
    return index_vector(list(sizes), int64)


def filled(value: Tensor, sizes) -> Tensor:
    """A tensor stretched to these sizes."""
    if known(sizes):
        return p.broadcast_to(value, shape=tuple(sizes))
    return _with_known(p.dynamic_broadcast_to(value, as_vector(sizes)), sizes)


def reshaped(x: Tensor, sizes) -> Tensor:
    """The same elements, of these sizes."""
    dims = _static(sizes)
    if dims.count(None) == 0 or dims.count(None) == 1 and 0 not in dims:
        return p.reshape(x, shape=dims)
    return _with_known(p.dynamic_reshape(x, as_vector(sizes)), sizes)


def counting(count: Size, dtype) -> Tensor:
    """0, 1, ... below a size."""
    if not isinstance(count, Tensor):
        return p.iota(shape=(count,), axis=0, dtype=dtype)
    # The compiler knows that what is stretched to a size has it; of a range it does not: the size could be negative.
    numbers = p.dynamic_broadcast_to(p.range_(_scalar(0), count, _scalar(1)), as_vector((count,)))
    return numbers if dtype is int64 else p.cast(numbers, dtype=dtype)


def first(x: Tensor, count: Size) -> Tensor:
    """The first elements of a vector."""
    if not isinstance(count, Tensor):
        return p.slice_(x, starts=(0,), sizes=(count,), strides=(1,))
    stop = p.reshape(count, shape=(1,))
    return p.dynamic_strided_slice(x, as_vector((0,)), stop, strides=(1,), begin_mask=0, end_mask=0)
