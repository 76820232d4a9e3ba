"""`tf.TensorArray`: a Python object around a list value. Writing returns a new one."""

from tfc.core import Tensor, TensorList, current, executing_eagerly
from tfc.dtypes import TensorShape, TensorSpec, as_dtype, as_shape, int32
from tfc.errors import InvalidArgumentError
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape, split, unstack
from tfc.ops.convert import convert_to_tensor, static_ints, static_value
from tfc.ops.gather import gather as gather_slices
from tfc.ops.nest import Composite


class TensorArray(Composite):
    """A list of tensors of one dtype (and, unless `infer_shape` is off, one shape), made for loops.

    `TensorArray(dtype, size=None, dynamic_size=False, clear_after_read=True, element_shape=None,
    infer_shape=True)`. `write`
    and the like return a new TensorArray, which must be used in the place of the old one. Reading an element
    that was never
    written gives zeros if the element shape is known.
    """

    def __init__(
        self,
        dtype,
        size=None,
        dynamic_size=None,
        clear_after_read=None,
        tensor_array_name=None,
        handle=None,
        flow=None,
        infer_shape=True,
        element_shape=None,
        colocate_with_first_write_call=True,
        name=None,
    ):
        self._dtype = as_dtype(dtype)
        self._infer_shape = bool(infer_shape)
        self._dynamic = bool(dynamic_size)
        self._clear = clear_after_read is None or bool(clear_after_read)
        self._element_shape = as_shape(element_shape)
        self._read = frozenset()
        self._size = None
        self._name = name or tensor_array_name or "TensorArray"
        given = flow if flow is not None else handle
        if given is not None:
            self._list = given
        else:
            count = convert_to_tensor(0 if size is None else size)
            if not count.dtype.is_integer or count.shape_tuple not in ((), None):
                raise TypeError(f"TensorArray size must be an integer scalar, got {size!r}")
            self._size = None if self._dynamic else static_ints(count)
            self._list = p.list_create(count, element_type=self._spec(), dynamic_size=self._dynamic)

    # What it is.

    @property
    def dtype(self):
        return self._dtype

    @property
    def element_shape(self) -> TensorShape:
        """What is known of the shape of each element."""
        return self._element_shape

    @property
    def dynamic_size(self) -> bool:
        return self._dynamic

    @property
    def flow(self) -> TensorList:
        """The list value itself."""
        return self._list

    handle = flow

    def _spec(self) -> TensorSpec:
        return TensorSpec(self._element_shape, self._dtype)

    def _components(self) -> tuple:
        return (self._list,)

    def _with_components(self, components):
        new = self._next(components[0])
        # What comes out of a branch or loop may be another list than this one, and elements were set there.
        new._size = None
        known = components[0].element.shape
        if known.rank is not None:
            compatible = self._infer_shape and self._element_shape.is_compatible_with(known)
            new._element_shape = self._element_shape.merge_with(known) if compatible else known
        return new

    def _next(self, lst, element_shape=None, read=frozenset()):
        new = object.__new__(type(self))
        new._dtype, new._infer_shape, new._dynamic = self._dtype, self._infer_shape, self._dynamic
        new._clear, new._name, new._read, new._size = self._clear, self._name, read, self._size
        new._element_shape = self._element_shape if element_shape is None else element_shape
        new._list = lst
        return new

    def size(self, name=None) -> Tensor:
        """The number of elements, an int32 scalar."""
        return p.list_length(self._list)

    def identity(self):
        return self._next(self._list)

    # Elements.

    def read(self, index, name=None) -> Tensor:
        """The element at `index`. Out of range raises `OutOfRangeError`."""
        index = _index(index)
        position = static_value(index) if executing_eagerly() else None
        if position is not None and self._clear:
            if int(position) in self._read:
                raise InvalidArgumentError(
                    None,
                    "read",
                    f"Could not read index {int(position)} twice because it was cleared "
                    f"after a previous read (perhaps try "
                    "setting clear_after_read = false?)",
                )
            self._read |= {int(position)}
        return p.list_get(self._list, index, element_type=self._spec())

    def write(self, index, value, name=None) -> "TensorArray":
        """The TensorArray with one element replaced. Use the result: the old one stays as it was."""
        value = self._value(value)
        lst = p.list_set(self._list, _index(index), value)
        return self._next(lst, self._learned(value), self._read)

    def stack(self, name=None) -> Tensor:
        """All elements along a new first dimension."""
        value = p.list_stack(self._list, element_type=self._spec())
        if self._size is None or value.shape_tuple is None or value.shape_tuple[0] is not None:
            return value
        return p.ensure_shape(value, shape=(*self._size, *value.shape_tuple[1:]))

    def gather(self, indices, name=None) -> Tensor:
        """The elements at `indices` (a vector) along a new first dimension."""
        return gather_slices(self.stack(), indices)

    def concat(self, name=None) -> Tensor:
        """All elements joined along their first dimension."""
        if executing_eagerly():
            count = int(self.size())
            parts = [p.list_get(self._list, _index(i), element_type=self._spec()) for i in range(count)]
            return concat(parts, 0)
        stacked = self.stack()
        if stacked.shape_tuple is not None and len(stacked.shape_tuple) < 2:
            raise ValueError("TensorArray.concat needs elements of rank at least 1")
        rank = len(stacked.shape_tuple)
        rest = p.slice_(shape(stacked), starts=(2,), sizes=(rank - 2,), strides=(1,))
        return reshape(stacked, concat([[-1], rest], 0))

    def unstack(self, value, name=None) -> "TensorArray":
        """A TensorArray of the slices of `value` along its first dimension."""
        value = self._value(value)
        if value.shape_tuple == ():
            raise ValueError("TensorArray.unstack needs a value of rank at least 1")
        element = TensorShape(None if value.shape_tuple is None else value.shape_tuple[1:])
        size = static_value(self.size()) if executing_eagerly() else None
        if size is not None and not self._dynamic and value.shape_tuple[0] != int(size):
            raise ValueError(
                f"Cannot unstack {value.shape_tuple[0]} tensors into a TensorArray of static size {int(size)}"
            )
        result = self._next(self._slices(value, element), self._merged(element))
        known = value.shape_tuple is not None and value.shape_tuple[0] is not None and not self._dynamic
        result._size = value.shape_tuple[:1] if known else None
        return result

    def _slices(self, value, element):
        if not self._dynamic or executing_eagerly():
            return p.list_unstack(value)
        # What `list_unstack` makes cannot grow.
        count = p.squeeze(p.slice_(shape(value), starts=(0,), sizes=(1,), strides=(1,)), axes=(0,))
        spec = TensorSpec(self._merged(element), self._dtype)
        made = p.list_create(count, element_type=spec, dynamic_size=True)
        zero, one = convert_to_tensor(0, int32), convert_to_tensor(1, int32)

        def step(i, lst):
            return [p.add(i, one), p.list_set(lst, i, gather_slices(value, i))]

        return current().while_loop(lambda i, _: p.less(i, count), step, [zero, made])[1]

    def scatter(self, indices, value, name=None) -> "TensorArray":
        """The TensorArray with the slices of `value` written at `indices`."""
        value = self._value(value)
        at = static_ints(indices)
        if at is None:
            count = convert_to_tensor(indices).shape_tuple[0]
            if count is None:
                raise NotImplementedError("TensorArray.scatter needs to know the number of indices while tracing")
            at = unstack(convert_to_tensor(indices), count)
        result = self
        for i, part in zip(at, unstack(value, len(at)), strict=True):
            result = result.write(i, part)
        return result

    def split(self, value, lengths, name=None) -> "TensorArray":
        """The TensorArray with consecutive parts of `value` of these lengths."""
        sizes = static_ints(lengths)
        if sizes is None or None in sizes:
            raise NotImplementedError("TensorArray.split needs lengths that are known while tracing")
        value = self._value(value)
        rest = TensorShape(None if value.shape_tuple is None else (None, *value.shape_tuple[1:]))
        result = self._next(self._list, self._merged(rest))
        # The parts differ in their first dimension, which is thus not known of the elements.
        result._infer_shape = False
        for i, part in enumerate(split(value, list(sizes), 0)):
            result = result.write(i, part)
        result._infer_shape = self._infer_shape
        return result

    def grad(self, source, flow=None, name=None):
        raise NotImplementedError("TensorArray.grad is not supported: use tf.GradientTape")

    def close(self, name=None):
        """Nothing to do."""

    def __len__(self):
        if executing_eagerly():
            return int(self.size())
        raise TypeError("a TensorArray has no len() while tracing: use .size()")

    def __repr__(self):
        return f"<tf.TensorArray dtype={self._dtype.name} element_shape={self._element_shape}>"

    # Checks.

    def _value(self, value) -> Tensor:
        value = convert_to_tensor(value, None if hasattr(value, "dtype") else self._dtype)
        if value.dtype is not self._dtype:
            raise InvalidArgumentError(
                None,
                "write",
                f"TensorArray dtype is {self._dtype.name} but Op is trying to write dtype "
                f"{value.dtype.name}: cast the value",
            )
        return value

    def _learned(self, value) -> TensorShape:
        return self._merged(TensorShape(value.shape_tuple))

    def _merged(self, element: TensorShape) -> TensorShape:
        if not self._element_shape.is_compatible_with(element):
            raise ValueError(
                f"Incompatible shape for value ({element}), expected ({self._element_shape})\n"
                "  try:  TensorArray(..., infer_shape=False) for elements of different shapes"
            )
        return self._element_shape.merge_with(element) if self._infer_shape else self._element_shape


def _index(index) -> Tensor:
    index = convert_to_tensor(index)
    if not index.dtype.is_integer or index.shape_tuple not in ((), None):
        raise TypeError(f"TensorArray index must be an integer scalar, got {index!r}")
    return index
