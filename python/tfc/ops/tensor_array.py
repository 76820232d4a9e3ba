"""`tf.TensorArray`: a Python object around a list value. Writing returns a new one."""

import functools

from tfc.core import Tensor, TensorList, argument_error, current, executing_eagerly
from tfc.dtypes import TensorShape, TensorSpec, as_dtype, as_shape, int32
from tfc.errors import InvalidArgumentError
from tfc.ops import primitives as p
from tfc.ops import ragged_array as ragged
from tfc.ops.array import concat, reshape, shape, split, unstack
from tfc.ops.convert import convert_to_tensor, static_ints, static_value
from tfc.ops.creation import range as range_
from tfc.ops.gather import gather as gather_slices
from tfc.ops.nest import Composite

# Writes of so many elements are a loop in a trace.
_UNROLLED = 16


class TensorArray(Composite):
    """A list of tensors of one dtype (and, unless `infer_shape` is off, one shape), made for loops.

    `TensorArray(dtype, size, dynamic_size=False, clear_after_read=True, element_shape=None, infer_shape=True)`. `write`
    and the like return a new TensorArray, which must be used in the place of the old one. Reading an element that was
    never written gives zeros if the element shape is known. With `infer_shape=False` elements may differ in shape, but
    not in rank.

    Raises:
      ValueError: no `size` is given; a value has another shape than the elements; a scalar is unstacked.
      TypeError: `size` or an index is no integer scalar.
      OutOfRangeError, InvalidArgumentError: an index out of range, eagerly and in a traced function.
      InvalidArgumentError: a value of another dtype; an element is read twice, eagerly, without
        `clear_after_read=False`.
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
        # Whether the shape of elements was given: then elements that are gone are zeros.
        self._declared = self._element_shape.is_fully_defined()
        self._name = name or tensor_array_name or "TensorArray"
        # The second list of an array whose elements differ in shape, in a trace.
        self._index = None
        # The size that it was made with and keeps, in a trace. The list itself may not have a type yet.
        self._made_with = None
        given = flow if flow is not None else handle
        if given is not None:
            self._list = given
            return
        if size is None:
            raise ValueError("TensorArray: a size must be given, for instance 0 with dynamic_size=True")
        count = convert_to_tensor(size)
        if not count.dtype.is_integer or count.shape_tuple not in ((), None):
            raise TypeError(f"TensorArray size must be an integer scalar, got {size!r}")
        if self.is_ragged and not executing_eagerly():
            rank = self._element_shape.rank
            self._list, self._index = ragged.create(self._dtype, count, rank, self._dynamic)
        else:
            self._list = p.list_create(count, element_type=self._spec(), dynamic_size=self._dynamic)
            self._counted(static_ints(count))
            if not self._dynamic and not executing_eagerly():
                self._made_with = count

    @property
    def is_ragged(self) -> bool:
        """May elements differ in shape?"""
        return not self._infer_shape and not self._element_shape.is_fully_defined()

    # What it is.

    @property
    def is_unwritten(self) -> bool:
        """Is it known that no element was ever written?"""
        return self._list.is_unwritten

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

    handle = None

    def _spec(self) -> TensorSpec:
        return TensorSpec(self._element_shape, self._dtype)

    def _components(self) -> tuple:
        return (self._list,) if self._index is None else (self._list, self._index)

    def _with_components(self, components):
        new = self._next(components[0])
        new._index = components[1] if len(components) > 1 else None
        known = components[0].element.shape
        if known.rank is not None and new._index is None:
            compatible = self._infer_shape and self._element_shape.is_compatible_with(known)
            new._element_shape = self._element_shape.merge_with(known) if compatible else known
        if new._index is not None and executing_eagerly():
            return new._as_items()
        return new

    def _as_items(self):
        """An array of elements of different shapes as the result of a function: eagerly a list of its elements."""
        pair = self._list, self._index
        items = p.list_create(p.list_length(pair[1]), element_type=self._spec(), dynamic_size=self._dynamic)
        for i in range(int(p.list_length(items))):
            items = p.list_set(items, _index(i), ragged.read(pair, _index(i), self._element_shape))
        self._list, self._index = items, None
        return self

    def _pair(self) -> tuple:
        """The two lists of an array whose elements differ in shape, to be passed to a function."""
        if self._index is not None:
            return self._list, self._index
        return ragged.of_items(self._list.items, self._dtype, self._dynamic)

    def _rank(self) -> int | None:
        """The rank of the elements, if anything says it."""
        if self._element_shape.rank is not None:
            return self._element_shape.rank
        if self._index is not None:
            return ragged.rank_of(self._pair())
        return next((len(t.shape_tuple) for t in getattr(self._list, "items", ()) if t is not None), None)

    def _next(self, lst, element_shape=None, read=frozenset()):
        new = object.__new__(type(self))
        new._dtype, new._infer_shape, new._dynamic = self._dtype, self._infer_shape, self._dynamic
        new._clear, new._name, new._read = self._clear, self._name, read
        new._declared = self._declared
        new._element_shape = self._element_shape if element_shape is None else element_shape
        new._list, new._index, new._made_with = lst, self._index, None
        return new

    def _of_pair(self, pair):
        new = self._next(pair[0])
        new._index = pair[1]
        return new

    def _counted(self, count):
        """Notes how many elements there are (a tuple of one, or None), unless the array grows."""
        if count is not None and count[0] is not None and not self._dynamic:
            self._list.count = count[0]

    def size(self, name=None) -> Tensor:
        """The number of elements, an int32 scalar."""
        if self._made_with is not None:
            return self._made_with if self._made_with.dtype is int32 else p.cast(self._made_with, dtype=int32)
        return p.list_length(self._list if self._index is None else self._index)

    def identity(self):
        """The same array."""
        return self._next(self._list, read=self._read)

    # Elements.

    def read(self, index, name=None) -> Tensor:
        """The element at `index`. Out of range raises `OutOfRangeError`."""
        index = _index(index)
        position = static_value(index) if executing_eagerly() else None
        if position is not None and self._clear:
            if int(position) in self._read and self._declared:
                return p.list_get(self._left(), index, element_type=self._spec())
            if int(position) in self._read:
                raise InvalidArgumentError(
                    None,
                    "read",
                    f"Could not read index {int(position)} twice because it was cleared "
                    f"after a previous read (perhaps try "
                    "setting clear_after_read = false?)",
                )
            self._read |= {int(position)}
        if self._index is not None:
            return ragged.read(self._pair(), index, self._element_shape)
        if position is not None and not self._element_shape.is_fully_defined():
            self._check_written(int(position))
        return p.list_get(self._list, index, element_type=self._spec())

    def _check_written(self, position):
        items = self._list.items
        if 0 <= position < len(items) and items[position] is None and not any(t is not None for t in items):
            raise ValueError(
                f"Could not read index {position}: nothing was written to the TensorArray, and the shape of its "
                "elements is not known. Write an element first, or give an element_shape"
            )

    def write(self, index, value, name=None) -> "TensorArray":
        """The TensorArray with one element replaced. Use the result: the old one stays as it was."""
        value = self._value(value)
        if self._index is not None:
            self._merged(TensorShape(value.shape_tuple))
            return self._of_pair(ragged.write(self._pair(), _index(index), value))
        lst = p.list_set(self._list, _index(index), value)
        new = self._next(lst, self._merged(TensorShape(value.shape_tuple)), self._read)
        if new._read:
            new._read = self._read - {int(static_value(_index(index)))}
        if not self._dynamic:
            lst.count, new._made_with = self._list.count, self._made_with
        return new

    def _left(self) -> TensorList:
        """The list without the elements that were read, eagerly: zeros stand for them."""
        gone = self._read
        if not gone:
            return self._list
        lst = p.list_create(self.size(), element_type=self._spec(), dynamic_size=self._dynamic)
        for at, item in enumerate(self._list.items):
            if at not in gone and item is not None:
                lst = p.list_set(lst, _index(at), item)
        return lst

    def _check_any_written(self, places=None):
        """Eagerly, elements that were never written are zeros of a shape that somebody has to know, and those that were
        read are gone.
        """
        items = getattr(self._list, "items", ())
        gone = sorted(self._read if places is None else self._read.intersection(places))
        if gone and not self._declared:
            raise ValueError(
                f"Could not read the elements {gone} of a TensorArray: they were cleared when they were read\n"
                "  try:  TensorArray(..., clear_after_read=False)"
            )
        if items and not self._element_shape.is_fully_defined() and all(item is None for item in items):
            raise ValueError(
                "Tried to stack elements of a TensorArray to which nothing was written, and the shape of its elements "
                f"is not known ({self._element_shape}). Write an element first, or give an element_shape"
            )

    def stack(self, name=None) -> Tensor:
        """All elements along a new first dimension."""
        if self._index is not None:
            return ragged.stacked(self._pair(), None, self._element_shape)
        if executing_eagerly():
            self._check_any_written()
        value = p.list_stack(self._left() if executing_eagerly() else self._list, element_type=self._spec())
        count = None if self._dynamic else self._list.count
        if count is None or value.shape_tuple is None or value.shape_tuple[0] is not None:
            return value
        return p.ensure_shape(value, shape=(count, *value.shape_tuple[1:]))

    def gather(self, indices, name=None) -> Tensor:
        """The elements at `indices` (a vector) along a new first dimension."""
        if self._index is not None:
            return ragged.stacked(self._pair(), convert_to_tensor(indices), self._element_shape)
        if executing_eagerly():
            places = static_value(indices).reshape(-1).tolist()
            count = len(getattr(self._list, "items", ()))
            if any(at >= count for at in places):
                raise IndexError(f"TensorArray.gather: there are {count} elements, got the indices {places}")
            self._check_any_written(places)
            if self.is_ragged and places:
                # Only the elements that are asked for need one shape.
                parts = [p.list_get(self._list, _index(i), element_type=self._spec()) for i in places]
                return p.concat(*(p.expand_dims(part, axes=(0,)) for part in parts), axis=0)
            return gather_slices(p.list_stack(self._left(), element_type=self._spec()), indices)
        return gather_slices(self.stack(), indices)

    def concat(self, name=None) -> Tensor:
        """All elements joined along their first dimension."""
        if executing_eagerly():
            if self._index is None:
                self._check_any_written()
            count = int(self.size())
            parts = [p.list_get(self._list, _index(i), element_type=self._spec()) for i in range(count)]
            if any(part.shape_tuple == () for part in parts):
                raise InvalidArgumentError(None, "concat", "TensorArray.concat needs elements of rank at least 1")
            return concat(parts, 0)
        if self._index is not None:
            return ragged.joined(self._pair(), self._element_shape)
        stacked = self.stack()
        if stacked.shape_tuple is not None and len(stacked.shape_tuple) < 2:
            raise ValueError("TensorArray.concat needs elements of rank at least 1")
        dims = stacked.shape_tuple
        if dims is not None and None not in dims:
            return reshape(stacked, (dims[0] * dims[1], *dims[2:]))
        sizes = shape(stacked)
        joined = reshape(stacked, concat([p.mul(sizes[:1], sizes[1:2]), sizes[2:]], 0))
        return joined if dims is None else p.ensure_shape(joined, shape=(None, *dims[2:]))

    def unstack(self, value, name=None) -> "TensorArray":
        """A TensorArray of the slices of `value` along its first dimension."""
        value = self._value(value)
        if value.shape_tuple == ():
            raise ValueError("TensorArray.unstack needs a value of rank at least 1")
        element = TensorShape(None if value.shape_tuple is None else value.shape_tuple[1:])
        if self._index is not None:
            count = shape(value)[0]
            pair = ragged.create(self._dtype, count, element.rank, self._dynamic)
            self._merged(element)
            return self._of_pair(pair)._written(range_(count), value)
        size = static_value(self.size()) if executing_eagerly() else None
        if size is not None and not self._dynamic and value.shape_tuple[0] > int(size):
            raise ValueError(
                f"Cannot unstack {value.shape_tuple[0]} tensors into a TensorArray of static size {int(size)}"
            )
        count = None if self._dynamic or value.shape_tuple is None else self._list.count
        if count is not None and value.shape_tuple[0] is not None and value.shape_tuple[0] > count:
            raise InvalidArgumentError(
                None,
                "unstack",
                f"TensorArray is not resizeable: its size is {count}, but the value has {value.shape_tuple[0]} slices",
            )
        merged = self._merged(element)
        result = self._next(unstacked(value, TensorSpec(merged, self._dtype), self._dynamic), merged)
        result._counted(None if value.shape_tuple is None else value.shape_tuple[:1])
        return result

    def scatter(self, indices, value, name=None) -> "TensorArray":
        """The TensorArray with the slices of `value` written at `indices`."""
        value, indices = self._value(value), convert_to_tensor(indices)
        if value.shape_tuple == ():
            raise ValueError("TensorArray.scatter needs a value of rank at least 1")
        count = indices.shape_tuple[0] if indices.shape_tuple else None
        rows = None if value.shape_tuple is None else value.shape_tuple[0]
        if None not in (count, rows) and count != rows and not executing_eagerly():
            text = f"Expected one slice of value for each index, got {rows} slices and {count} indices"
            raise InvalidArgumentError(None, "scatter", text)
        if not executing_eagerly() and (count is None or count > _UNROLLED):
            return self._written(indices, value)
        result = self
        for i, part in zip(unstack(indices, count), unstack(value, value.shape_tuple[0]), strict=False):
            result = result.write(i, part)
        return result

    def _written(self, indices, value):
        """The slices of `value` written at `indices`, in a loop."""
        element = None if value.shape_tuple is None else value.shape_tuple[1:]
        merged = self._merged(TensorShape(element))
        count = shape(indices)[0]
        like = self._next(self._list, merged)

        def step(i, *lists):
            written = like._with_components(lists).write(gather_slices(indices, i), gather_slices(value, i))
            return [p.add(i, convert_to_tensor(1, int32)), *written._components()]

        init = [convert_to_tensor(0, int32), *self._components()]
        return like._with_components(current().while_loop(lambda i, *_: p.less(i, count), step, init)[1:])

    def split(self, value, lengths, name=None) -> "TensorArray":
        """The TensorArray with consecutive parts of `value` of these lengths as its first elements.

        In a traced function, lengths that differ need `infer_shape=False`, or an array that was never written.
        """
        value, lengths = self._value(value), convert_to_tensor(lengths)
        if value.shape_tuple == ():
            kind = functools.partial(InvalidArgumentError, None, "split") if executing_eagerly() else ValueError
            raise kind("TensorArray.split needs a value of rank at least 1")
        if lengths.shape_tuple is not None and len(lengths.shape_tuple) != 1:
            text = f"Expected lengths to be a vector, received shape: {list(lengths.shape_tuple)}"
            raise argument_error(None, "split", text)
        sizes = static_ints(lengths)
        if sizes is not None and None not in sizes:
            rows = None if value.shape_tuple is None else value.shape_tuple[0]
            if rows is not None and sum(sizes) != rows:
                raise InvalidArgumentError(
                    None,
                    "split",
                    f"Expected sum of lengths to be equal to values.shape[0], got {sum(sizes)} and {rows}",
                )
            count = None if self._dynamic or self._index is not None else self._list.count
            if count is not None and count < len(sizes):
                raise InvalidArgumentError(
                    None, "split", f"TensorArray's size is less than the number of lengths ({count} vs. {len(sizes)})"
                )
        lengths = lengths if lengths.dtype is int32 else p.cast(lengths, dtype=int32)
        if self._index is not None:
            _check_sum(value, lengths)
            return self._of_pair(ragged.split(self._pair(), value, lengths))
        if sizes is None or None in sizes:
            return self._split_at(value, lengths)
        rest = TensorShape(None if value.shape_tuple is None else (None, *value.shape_tuple[1:]))
        if len(set(sizes)) > 1 and not executing_eagerly() and self.is_unwritten and rest.rank is not None:
            self._merged(rest)
            pair = ragged.create(self._dtype, self.size(), rest.rank, self._dynamic)
            return self._of_pair(ragged.split(pair, value, lengths))
        result = self._next(self._list, self._merged(rest))
        # The parts may differ in their first dimension, which is then not known of the elements.
        result._infer_shape = self._infer_shape and len(set(sizes)) == 1
        for i, part in enumerate(split(value, list(sizes), 0)):
            result = result.write(i, part)
        result._infer_shape = self._infer_shape
        return result

    def _split_at(self, value, lengths):
        """Parts of lengths that are not known while tracing; an assertion says that they are equal."""
        _check_sum(value, lengths)
        rest = TensorShape(None if value.shape_tuple is None else (None, *value.shape_tuple[1:]))
        like = self._next(self._list, self._merged(rest))
        count, one = shape(lengths)[0], convert_to_tensor(1, int32)

        def step(i, start, lst):
            size = gather_slices(lengths, i)
            part = gather_slices(value, p.add(start, range_(size)))
            return [p.add(i, one), p.add(start, size), p.list_set(lst, i, part)]

        zero = convert_to_tensor(0, int32)
        init = [zero, zero, self._list]
        return like._next(current().while_loop(lambda i, *_: p.less(i, count), step, init)[2])

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
        try:
            value = convert_to_tensor(value, None if hasattr(value, "dtype") else self._dtype)
        except TypeError:
            value = convert_to_tensor(value)  # a number of another kind: refused below
        if value.dtype is not self._dtype:
            raise InvalidArgumentError(
                None,
                "write",
                f"TensorArray dtype is {self._dtype.name} but Op is trying to write dtype "
                f"{value.dtype.name}: cast the value",
            )
        return value

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


def unstacked(value, element: TensorSpec, dynamic_size: bool) -> TensorList:
    """The slices of `value` as a list of such elements."""
    if not dynamic_size or executing_eagerly():
        lst = p.list_unstack(value)
        lst.dynamic_size = dynamic_size
        return lst
    # What `list_unstack` makes in a trace cannot grow.
    count = shape(value)[0]
    zero, one = convert_to_tensor(0, int32), convert_to_tensor(1, int32)
    made = p.list_create(count, element_type=element, dynamic_size=True)

    def step(i, lst):
        return [p.add(i, one), p.list_set(lst, i, gather_slices(value, i))]

    return current().while_loop(lambda i, _: p.less(i, count), step, [zero, made])[1]


def _check_sum(value, lengths):
    total = p.reduce_sum(lengths, axes=(0,), keepdims=False)
    rows = shape(value)[0]
    p.assert_(
        p.equal(total, rows),
        total,
        rows,
        message="Expected sum of lengths to be equal to values.shape[0]",
        summarize=3,
    )
