"""What autograph knows of tensors: the few functions of `core` and `ops` it is built on, in one place.

Flat lists hold tensors and list values (`core.TensorList`).
"""

from contextlib import contextmanager

import numpy as np
from tfc.dtypes import as_dtype, int32, int64

try:
    from tfc import core, ops
except ImportError:
    core = ops = None


def is_tensor(x) -> bool:
    """Is `x` a tensor, whether its numbers are known or not?"""
    return core is not None and isinstance(x, core.Tensor)


def is_symbolic(x) -> bool:
    """Is `x` a tensor whose numbers are not known while Python runs?"""
    return core is not None and isinstance(x, core.Tensor) and not isinstance(x, core.EagerTensor)


def is_list(x) -> bool:
    """Is `x` a list value, what a TensorArray holds?"""
    return core is not None and isinstance(x, core.TensorList)


def is_array(x) -> bool:
    return isinstance(x, (np.ndarray, np.generic))


def tracing() -> bool:
    """Are operations recorded now, rather than executed?"""
    return core is not None and not core.executing_eagerly()


def tensor(value, dtype=None):
    """`value` as a tensor; Python numbers become int32, float32, bool."""
    return ops.convert_to_tensor(value, dtype=dtype)


def dtype(x):
    return x.dtype


def is_bool(x) -> bool:
    return x.dtype.name == "bool"


def shape(x):
    """The static shape: a tuple with None for unknown sizes, or None."""
    return x.shape_tuple


def zeros(dtype, shape):
    """Zeros of a static shape (unknown sizes are 1)."""
    return ops.zeros([1 if d is None else d for d in shape or ()], dtype)


def cond(pred, true_fn, false_fn):
    return core.current().cond(pred, true_fn, false_fn)


def while_loop(cond_fn, body_fn, init, *, shape_invariants=None, maximum_iterations=None, names=None):
    return core.current().while_loop(
        cond_fn,
        body_fn,
        init,
        shape_invariants=shape_invariants,
        maximum_iterations=maximum_iterations,
        names=names,
    )


def logical_not(x):
    return ops.logical_not(x)


def less(a, b):
    return ops.less(a, b)


def add(a, b):
    return ops.add(a, b)


def check(condition, message):
    """An assertion at run time: InvalidArgumentError(message)."""
    ops.Assert(condition, [message])


class Kept:
    """What `trial` gives: says whether the operations stay."""

    def keep(self):
        """Nothing to forget."""


@contextmanager
def trial():
    """Forgets the operations traced inside, unless `.keep()` was called on what it gives."""
    make = getattr(core.current(), "trial", None) if core is not None else None
    if make is None:
        yield Kept()
        return
    with make() as it:
        yield it


def operation_count():
    """How many operations the function being traced has, or None."""
    return getattr(core.current(), "operation_count", None) if core is not None else None


def logical_and(a, b):
    return ops.logical_and(a, b)


def logical_or(a, b):
    return ops.logical_or(a, b)


def all_of(conditions):
    result = conditions[0]
    for condition in conditions[1:]:
        result = logical_and(result, condition)
    return result


def in_range(value, limit, delta):
    """Has a counter not yet reached `limit`? `delta` is a number or a tensor."""
    if not is_symbolic(delta):
        return less(value, limit) if int(delta) > 0 else less(limit, value)
    forth = logical_and(less(tensor(0, dtype(delta)), delta), less(value, limit))
    back = logical_and(less(delta, tensor(0, dtype(delta))), less(limit, value))
    return logical_or(forth, back)


def rows(value, make):
    """`make(length, get)` for a tensor, a variable or a TensorArray to be iterated over; else None."""
    if hasattr(type(value), "read_value"):
        value = value.read_value()
    if is_tensor(value):
        return make(length(value), lambda i: value[i])
    if is_tensor_array(value):
        return make(value.size(), value.read)
    return None


def is_tensor_array(x) -> bool:
    return isinstance(x, getattr(ops, "TensorArray", ()))


def integer_range(start, limit, delta, dtype=None):
    """`(start, limit, delta)` as integer scalars of the dtype `tf.range` gives, or None for a range of floats.

    `delta` stays a Python number where it is one, so that the direction is known.
    """
    parts = [tensor(x) for x in (start, limit, delta)]
    if not all(x.dtype.is_integer for x in parts):
        return None
    common = (
        as_dtype(dtype)
        if dtype is not None
        else int64
        if any(x.dtype is int64 for x in parts)
        else parts[0].dtype
    )
    if not common.is_integer or any(x.dtype not in (int32, int64) and x.dtype is not common for x in parts):
        return None
    if not is_symbolic(parts[2]) and int(parts[2]) == 0:
        raise ValueError("tf.range: delta must not be 0")
    return [x if x.dtype is common else ops.cast(x, common) for x in parts]


def length(value):
    """The size of the first axis, as an int32 tensor."""
    static = shape(value)
    if static == ():
        raise ValueError(
            "len requires a non-scalar tensor, got one of shape (). A scalar cannot be iterated over"
        )
    if static is not None and static[0] is not None:
        return tensor(static[0])
    return ops.shape(value)[0]
