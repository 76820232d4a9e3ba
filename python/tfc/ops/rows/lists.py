"""Rows of lists of tensors: what TensorArrays hold."""

import numpy as np

from tfc.core import TensorList, eager_tensor
from tfc.dtypes import TensorSpec, int64
from tfc.errors import InvalidArgumentError, OutOfRangeError
from tfc.ops import primitives as p
from tfc.ops.gradients import Part, dynamic_shape, known, zeros_like
from tfc.ops.table import CONTROL, NotDifferentiable, linear, row


class EagerList(TensorList):
    """A list value with its elements: `EagerTensor`s, None where nothing was set. Immutable."""

    __slots__ = ("__weakref__", "count", "dynamic_size", "element", "items")

    def __init__(self, items: tuple, element: TensorSpec, dynamic_size: bool):
        self.items = items
        self.count = len(items)
        self.element = element
        self.dynamic_size = dynamic_size

    @property
    def dtype(self):
        return self.element.dtype

    @property
    def is_unwritten(self) -> bool:
        return all(item is None for item in self.items)

    def __repr__(self):
        return f"<list of {len(self.items)} tensors, each {self.element}>"


def _create(size, element_type, dynamic_size):
    # A negative size is 0, as in TensorFlow.
    return EagerList((None,) * int(size), element_type, dynamic_size)


def _length(lst):
    return eager_tensor(np.array(len(lst.items), np.int32))


def _zero(element: TensorSpec, others=()):
    """The value of an element that was never set."""
    shape = element.shape
    for other in others:
        if other is not None and not shape.is_fully_defined():
            shape = shape.merge_with(other.shape_tuple)
    if not shape.is_fully_defined():
        raise InvalidArgumentError(
            "Tried to read from an uninitialized TensorArray element whose shape is not known "
            f"(element shape {shape}): write it first, or give the TensorArray an element_shape"
        )
    return eager_tensor(np.zeros(shape.dims, element.dtype.np_dtype))


def _get(lst, index, element_type):
    i = int(index)
    if not 0 <= i < len(lst.items):
        raise OutOfRangeError(None, "list_get", f"Tried to read from index {i} but array size is: {len(lst.items)}")
    item = lst.items[i]
    if item is not None:
        # A new object: tapes know values by identity, and this is another result than the last read.
        return eager_tensor(item._view())
    return _zero(element_type if element_type.shape.is_fully_defined() else lst.element, lst.items)


def _set(lst, index, value):
    i, n = int(index), len(lst.items)
    if i < 0 or (i >= n and not lst.dynamic_size):
        raise OutOfRangeError(
            None, "list_set", f"Tried to write to index {i} but array is not resizeable and size is: {n}"
        )
    if value.dtype is not lst.element.dtype:
        raise InvalidArgumentError(
            f"TensorArray dtype is {lst.element.dtype.name} but the value has dtype {value.dtype.name}"
        )
    items = lst.items
    if i >= n:
        items = (*items, *(None for _ in range(i - n)), value)
    else:
        items = (*items[:i], value, *items[i + 1 :])
    return EagerList(items, lst.element, lst.dynamic_size)


def _stack(lst, element_type):
    items = lst.items
    if None in items:
        element = element_type if element_type.shape.is_fully_defined() else lst.element
        zero = _zero(element, items)
        items = tuple(zero if i is None else i for i in items)
    if not items:
        shape = element_type.shape.merge_with(lst.element.shape)
        dims = () if shape.rank is None else shape.dims
        return eager_tensor(np.zeros((0, *(d or 0 for d in dims)), lst.element.dtype.np_dtype))
    first = items[0].shape_tuple
    for i, item in enumerate(items):
        if item.shape_tuple != first:
            raise InvalidArgumentError(
                f"TensorArray has inconsistent shapes. Index 0 has shape: {list(first)} but "
                f"index {i} has shape: "
                f"{list(item.shape_tuple)}"
            )
    return eager_tensor(np.stack([i._view() for i in items]))


def _unstack(x):
    view = x._view()
    if view.ndim == 0:
        raise InvalidArgumentError("a scalar cannot be unstacked: the operand's rank must be at least 1")
    element = TensorSpec(view.shape[1:], x.dtype)
    return EagerList(tuple(eager_tensor(v) for v in view), element, False)


# Gradients: the gradient of a list is a list of the same length, or longer if the list grows later. An element of it
# that was never set is zero; where its shape is not known while tracing, compiled code reads it as an empty tensor.


def zeros_list(lst):
    """Zeros of the length of a list."""
    return _of_growing(p.list_create(p.list_length(lst), element_type=lst.element, dynamic_size=False), lst)


def _of_growing(gradient, *lists):
    """Notes that a gradient is that of a list which may grow: others of it may be longer or shorter."""
    gradient.dynamic_size = any(lst.dynamic_size for lst in lists)
    return gradient


def add_lists(a: TensorList, b: TensorList) -> TensorList:
    """The sum of two lists, element by element; elements that only one of them has are kept."""
    x, y = p.list_stack(a, element_type=a.element), p.list_stack(b, element_type=b.element)
    if a.dynamic_size or b.dynamic_size:
        x, y = _as_long(x, y), _as_long(y, x)
    elif not (_known_rows(x) and _known_rows(y)):
        x, y = _or_zeros(x, y), _or_zeros(y, x)
    return _of_growing(p.list_unstack(p.add(x, y)), a, b)


def _as_long(x, other):
    """`x` with zeros behind it, up to the length of `other`; if its rows are empty, they become zeros of that shape."""
    dims = p.maximum(dynamic_shape(x), dynamic_shape(other))
    rank = len(x.shape_tuple)
    count, wanted, rest = _entries(dynamic_shape(x), 0, 1), _entries(dims, 0, 1), _entries(dims, 1, rank)
    zero = p.constant(value=np.zeros((), x.dtype.np_dtype))
    if not _known_rows(x):
        x = _or_zeros(x, p.dynamic_broadcast_to(zero, p.concat(count, rest, axis=0)))
    more = p.dynamic_broadcast_to(zero, p.concat(p.sub(wanted, count), rest, axis=0))
    return p.concat(x, more, axis=0)


def _entries(vector, start, stop):
    return p.slice_(vector, starts=(start,), sizes=(stop - start,), strides=(1,))


def _known_rows(x) -> bool:
    return x.shape_tuple is not None and known(x.shape_tuple[1:])


def _or_zeros(found, like):
    """`found`, or zeros of the shape of `like` if it is empty."""
    flat, zeros = (p.dynamic_reshape(v, _minus_one()) for v in (found, zeros_like(like)))
    sizes = [p.shape_of(v, dtype=int64) for v in (flat, zeros)]
    size = p.maximum(*sizes)
    # An empty one has zeros behind it; of one that is not, the zeros are cut off.
    joined, begin = p.concat(flat, zeros, axis=0), p.sub(size, size)
    whole = p.dynamic_strided_slice(joined, begin, size, strides=(1,), begin_mask=0, end_mask=0)
    dims = p.maximum(dynamic_shape(found), dynamic_shape(like))
    return p.dynamic_reshape(whole, dims)


def _minus_one():
    return p.constant(value=np.array([-1], np.int64))


def element_gradient(g, index, value):
    """The gradient of an element that is, or was set to, `value`."""
    element = TensorSpec(value.shape_tuple, value.dtype)
    found = p.list_get(g, index, element_type=element)
    return found if known(value.shape_tuple) else _like(_or_zeros(found, value), value)


def _like(found, value):
    """What is known of the shape of `value`, for `found`."""
    return found if value.shape_tuple is None else p.ensure_shape(found, shape=value.shape_tuple)


class OneElement(Part):
    """The gradient of a list in which only one element is not zero."""

    __slots__ = ("index", "like", "value")

    def __init__(self, index, value, like):
        self.index, self.value, self.like = index, value, like

    def added_to(self, lst: TensorList | None) -> TensorList:
        if lst is None:
            return p.list_set(zeros_list(self.like), self.index, self.value)
        before = element_gradient(lst, self.index, self.value)
        return p.list_set(lst, self.index, p.add(before, self.value))


def _set_vjp(g, out, lst, index, value):
    # Read before it is set: then setting needs no copy of the list.
    of_value = element_gradient(g, index, value)
    return p.list_set(g, index, zeros_like(value)), None, of_value


def _unstack_vjp(g, out, x):
    dims = x.shape_tuple
    found = p.list_stack(g, element_type=TensorSpec(None if dims is None else dims[1:], x.dtype))
    if g.dynamic_size and found.shape_tuple is not None:
        found = _first_rows(found, x)
    return found if _known_rows(found) or dims is None else _like(_or_zeros(found, x), x)


def _first_rows(found, x):
    """As many rows as `x` has: the list may have grown since."""
    count = x.shape_tuple[0] if x.shape_tuple else None
    if count is not None and found.shape_tuple[0] == count:
        return found
    rank = len(found.shape_tuple)
    ends = p.concat(_entries(dynamic_shape(x), 0, 1), _entries(dynamic_shape(found), 1, rank), axis=0)
    begins = p.constant(value=np.zeros(rank, np.int64))
    rows = p.dynamic_strided_slice(found, begins, ends, strides=(1,) * rank, begin_mask=0, end_mask=0)
    return (
        rows if None in (count, *found.shape_tuple[1:]) else p.ensure_shape(rows, shape=(count, *found.shape_tuple[1:]))
    )


row(p.list_create, _create, NotDifferentiable, raw=True, gpu=CONTROL)
row(p.list_length, _length, NotDifferentiable, raw=True, gpu=CONTROL)
row(
    p.list_get,
    _get,
    (lambda g, out, lst, index, element_type: OneElement(index, g, lst), None),
    raw=True,
    gpu=CONTROL,
    jvp=linear(0),
)
row(p.list_set, _set, _set_vjp, raw=True, gpu=CONTROL, jvp=linear(0, 2))
row(
    p.list_stack,
    _stack,
    (lambda g, out, lst, element_type: _of_growing(p.list_unstack(g), lst),),
    raw=True,
    gpu=CONTROL,
    jvp=linear(0),
)
row(p.list_unstack, _unstack, (_unstack_vjp,), raw=True, gpu=CONTROL, jvp=linear(0))

__all__ = ["EagerList", "OneElement", "add_lists", "element_gradient", "zeros_list"]
