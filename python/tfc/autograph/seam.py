"""What autograph knows of tensors: the few functions of `core` and `ops` it is built on, in one place.

Flat lists hold tensors and list values (`core.TensorList`).
"""

from contextlib import contextmanager

import numpy as np

from tfc import core
from tfc.dtypes import TensorShape, as_dtype, int32, int64, string
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, stack
from tfc.ops.array import shape as shape_tensor
from tfc.ops.control_flow import (
    case,
    switch_case,
)
from tfc.ops.control_flow import cond as cond_of_functions
from tfc.ops.control_flow import while_loop as while_loop_of_functions
from tfc.ops.convert import convert_to_tensor, static_value
from tfc.ops.creation import range as range_
from tfc.ops.creation import zeros as make_zeros
from tfc.ops.functional import (
    foldl,
    foldr,
    map_fn,
    scan,
    vectorized_map,
)
from tfc.ops.gather import argsort, gather, sort
from tfc.ops.logging_ops import print_v2 as print_
from tfc.ops.math import abs as absolute
from tfc.ops.math import add, cast, less, logical_and, logical_not, logical_or, maximum, minimum
from tfc.ops.naming import in_place_of, operation
from tfc.ops.nest import Composite
from tfc.ops.reductions import reduce_all, reduce_any, reduce_max, reduce_min, reduce_sum
from tfc.ops.strings import to_number
from tfc.ops.tensor_array import TensorArray

__all__ = [
    "TensorArray",
    "absolute",
    "add",
    "argsort",
    "cast",
    "concat",
    "gather",
    "in_place_of",
    "int32",
    "int64",
    "less",
    "logical_and",
    "logical_not",
    "logical_or",
    "maximum",
    "minimum",
    "operation",
    "print_",
    "range_",
    "reduce_all",
    "reduce_any",
    "reduce_max",
    "reduce_min",
    "reduce_sum",
    "reshape",
    "sort",
    "stack",
    "vectorized_map",
]

# Operations that call functions of the user's.
HIGHER_ORDER = frozenset(
    (
        case,
        cond_of_functions,
        foldl,
        foldr,
        map_fn,
        scan,
        switch_case,
        vectorized_map,
        while_loop_of_functions,
    )
)

# What values are.


def is_tensor(x) -> bool:
    """Is `x` a tensor, whether its numbers are known or not?"""
    return isinstance(x, core.Tensor)


def is_symbolic(x) -> bool:
    """Is `x` a tensor whose numbers are not known while Python runs?"""
    return isinstance(x, core.Tensor) and not isinstance(x, core.EagerTensor)


def is_eager(x) -> bool:
    """Is `x` a tensor whose numbers are known?"""
    return isinstance(x, core.EagerTensor)


def equal(a, b) -> bool:
    """Do two tensors whose numbers are known have the same?"""
    return a is b or (a.dtype is b.dtype and a.shape == b.shape and a.numpy().tobytes() == b.numpy().tobytes())


def is_list(x) -> bool:
    """Is `x` a list value, what a TensorArray holds?"""
    return isinstance(x, core.TensorList)


def is_array(x) -> bool:
    return isinstance(x, (np.ndarray, np.generic))


def is_value(x) -> bool:
    """Can `x` be in a flat list as it is?"""
    return is_tensor(x) or is_list(x)


def tensorable(x) -> bool:
    """Can this leaf of a nest become a value?"""
    return is_value(x) or is_array(x) or isinstance(x, (bool, int, float, complex))


def is_text(x) -> bool:
    """Is `x` a Python string? It stays one as long as it is the same on all ways; else it becomes a tensor."""
    return isinstance(x, (str, bytes))


def is_variable(x) -> bool:
    return isinstance(x, core.VariableStorage)


def is_tensor_array(x) -> bool:
    return isinstance(x, TensorArray)


def tracing() -> bool:
    """Are operations recorded now, rather than executed?"""
    return not core.executing_eagerly()


def is_bool(x) -> bool:
    return x.dtype.name == "bool"


def dtype(x):
    return x.dtype


def shape(x):
    """The static shape: a tuple with None for unknown sizes, or None."""
    return x.shape_tuple


def dims(shape):
    """A TensorShape as a tuple."""
    return None if shape.rank is None else tuple(shape.as_list())


# Nests.


def flatten(structure) -> list:
    """The leaves of a nest; a TensorArray is one of lists."""
    return nest.flatten(structure, expand_composites=True)


def pack(structure, leaves):
    """A nest like `structure` of other leaves."""
    return nest.pack_sequence_as(structure, leaves, expand_composites=True)


def is_composite(x) -> bool:
    return isinstance(x, Composite)


# Making tensors.


def tensor(value, dtype=None):
    """`value` as a tensor; Python numbers become int32, float32, bool."""
    return convert_to_tensor(value, dtype=dtype)


def zeros(dtype, shape):
    """Zeros of a static shape (unknown sizes are 1)."""
    return make_zeros([1 if d is None else d for d in shape or ()], dtype)


def empty_list(element, dynamic_size):
    """A list value without elements."""
    return p.list_create(tensor(0), element_type=element, dynamic_size=dynamic_size)


# Control flow.


def cond(pred, true_fn, false_fn):
    return core.current().cond(pred, true_fn, false_fn)


def while_loop(cond_fn, body_fn, init, *, shape_invariants=None, maximum_iterations=None, names=None):
    """`shape_invariants`: for each value None, a tuple, or `...` for any shape at all."""
    if shape_invariants is not None:
        shape_invariants = [s if s is None else TensorShape(None if s is ... else s) for s in shape_invariants]
    return core.current().while_loop(
        cond_fn,
        body_fn,
        init,
        shape_invariants=shape_invariants,
        maximum_iterations=maximum_iterations,
        names=names,
    )


class Kept:
    """What `trial` gives: says whether the operations stay."""

    def keep(self):
        """Nothing to forget."""


@contextmanager
def trial():
    """Forgets the operations traced inside, unless `.keep()` was called on what it gives."""
    make = getattr(core.current(), "trial", None)
    if make is None:
        yield Kept()
        return
    with make() as it:
        yield it


def operations():
    """The operations of the function, branch or loop being traced, so far; None where none are recorded."""
    make = getattr(core.current(), "ops_so_far", None)
    return None if make is None else make()


def are_read(tensors) -> bool:
    """Does an iteration of a traced loop look at any of these, which it starts with?"""
    look = getattr(core.current(), "is_read", None)
    return look is None or any(map(look, tensors))


def likeness(before):
    """Compares the operations since to those of `before`, which `operations` gave."""
    return core.current().likeness(before)


def operation_count():
    """How many operations the function being traced has, or None."""
    return getattr(core.current(), "operation_count", None)


def is_known_true(condition) -> bool:
    """Is it a bool that is known while tracing, and true?"""
    known = static_value(condition)
    return known is not None and bool(known)


def check(condition, message):
    """An assertion at run time: InvalidArgumentError(message)."""
    p.assert_(condition, message=message, summarize=3)


# Arithmetic.


def number(x, dtype):
    """`x` as a number of this dtype: text is read as one."""
    return to_number(x, as_dtype(dtype)) if x.dtype is string else cast(x, dtype)


def all_of(conditions):
    result = conditions[0]
    for condition in conditions[1:]:
        result = logical_and(result, condition)
    return result


def as_bool(x):
    """Is a number not zero?"""
    return x if is_bool(x) else cast(x, "bool")


def in_range(value, limit, delta, forward):
    """Has a counter not yet reached `limit`? `forward` says the sign of `delta`; None: it is known at run
    time only.
    """
    if forward is not None:
        return less(value, limit) if forward else less(limit, value)
    zero = tensor(0, dtype(delta))
    forth = logical_and(less(zero, delta), less(value, limit))
    back = logical_and(less(delta, zero), less(limit, value))
    return logical_or(forth, back)


# A counter of 64 bits that starts within the first takes months to their end, in steps up to the second.
_FAR_FROM_ENDS, _SHORT_STEP = 1 << 62, 1 << 20


def stays_in_type(start, limit, delta):
    """Is it known that a counter in steps of `delta` has a next number in its dtype whenever it is before `limit`?"""
    step, end, begin = (None if v is None else int(v) for v in map(static_value, (delta, limit, start)))
    if step is None:
        return False
    if abs(step) == 1:
        return True
    bits = 31 if dtype(start) is int32 else 63
    if end is not None:
        return -(1 << bits) <= end + step - (1 if step > 0 else -1) < 1 << bits
    return bits == 63 and begin is not None and abs(begin) < _FAR_FROM_ENDS and abs(step) <= _SHORT_STEP


def unless_wrapped(value, following, delta, limit):
    """`following`, which is `value + delta`; or `limit`, if the sum is none of the dtype's numbers."""
    zero = tensor(0, dtype(delta))
    is_past = logical_or(
        logical_and(less(zero, delta), less(following, value)), logical_and(less(delta, zero), less(value, following))
    )
    return p.select(is_past, limit, following)


# What can be iterated over.


def rows(value, make):
    """`make(length, get)` for a tensor, a variable or a TensorArray to be iterated over; else None."""
    if hasattr(type(value), "read_value"):
        value = value.read_value()
    if is_tensor(value):
        return make(length(value), lambda i: value[i])
    if is_tensor_array(value):
        return make(value.size(), value.read)
    return None


def length(value):
    """The size of the first axis, as an int32 tensor."""
    static = shape(value)
    if static == ():
        raise ValueError("len requires a non-scalar tensor, got one of shape (). A scalar cannot be iterated over")
    if static is not None and static[0] is not None:
        return tensor(static[0])
    return shape_tensor(value)[0]


def integer_range(start, limit, delta, dtype=None):
    """`(start, limit, delta, forward)`: integer scalars of the dtype that `tf.range` gives, and the sign of
    `delta`, None if unknown.

    None for a range of something else than int32 or int64.
    """
    parts = [tensor(x) for x in (start, limit, delta)]
    if not all(x.dtype in (int32, int64) for x in parts):
        return None
    common = as_dtype(dtype) if dtype is not None else int64 if any(x.dtype is int64 for x in parts) else int32
    if common not in (int32, int64):
        return None
    step = static_value(delta)
    if step is not None and step == 0:
        raise ValueError("tf.range: delta must not be 0")
    forward = None if step is None else bool(step > 0)
    return *(x if x.dtype is common else cast(x, common) for x in parts), forward
