"""`tf.RaggedTensor`: rows of different lengths, as the values of all rows and where each row ends.

What it is made of are tensors, so that it goes into functions and comes out of them. Its rows, operators and
conversions are here, slices in `ragged_slices`, and what the functions of `tf` do with it in `ragged_ops`.
"""

import builtins
import functools

import numpy as np

from tfc.core import Tensor, VariableStorage, executing_eagerly
from tfc.dtypes import TensorShape, as_dtype, int32, int64
from tfc.errors import InvalidArgumentError
from tfc.ops import math
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape
from tfc.ops.convert import convert_to_tensor, static_ints
from tfc.ops.creation import fill, ones_like, zeros
from tfc.ops.creation import range as range_
from tfc.ops.gather import gather
from tfc.ops.ragged_slices import part, rows_of, splits_of
from tfc.ops.reductions import reduce_max
from tfc.ops.segments import unsorted_segment_sum
from tfc.ops.sparse import SparseTensor


class RaggedTensor:
    """Rows of different lengths: row i is `values[row_splits[i]:row_splits[i + 1]]`.

    `tf.ragged.constant` and the `from_...` functions make it. `values` may be ragged in turn.
    """

    def __init__(self, values, row_splits, uniform_row_length=None):
        self._values, self._splits = values, row_splits
        self._uniform = uniform_row_length

    @classmethod
    def _like(cls, values, row_splits, uniform_row_length=None) -> "RaggedTensor":
        return cls(values, row_splits, uniform_row_length)

    @classmethod
    def from_row_splits(cls, values, row_splits, name=None, validate=True) -> "RaggedTensor":
        """Row i is `values[row_splits[i]:row_splits[i + 1]]`."""
        values, splits = _values(values), _index(row_splits)
        known = static_ints(splits)
        if validate and known is not None:
            if not known or known[0] != 0:
                raise InvalidArgumentError(None, None, "Arguments to from_row_splits do not form a valid RaggedTensor")
            if any(b < a for a, b in zip(known, known[1:], strict=False)):
                raise InvalidArgumentError(
                    None, None, "Arguments to _from_row_partition do not form a valid RaggedTensor: not sorted"
                )
            count = values.shape[0]
            if count is not None and known[-1] != count:
                raise InvalidArgumentError(
                    None, None, f"Arguments to from_row_splits do not form a valid RaggedTensor: {count} values, but "
                    f"rows end at {known[-1]}",
                )  # fmt: skip
        return cls(values, splits)

    @classmethod
    def from_row_lengths(cls, values, row_lengths, name=None, validate=True) -> "RaggedTensor":
        """Row i has `row_lengths[i]` elements."""
        lengths = _index(row_lengths)
        return cls.from_row_splits(values, splits_of(lengths), validate=validate)

    @classmethod
    def from_row_starts(cls, values, row_starts, name=None, validate=True) -> "RaggedTensor":
        """Row i starts at `row_starts[i]`."""
        values = _values(values)
        return cls.from_row_splits(values, concat([_index(row_starts), [_count(values)]], 0), validate=validate)

    @classmethod
    def from_row_limits(cls, values, row_limits, name=None, validate=True) -> "RaggedTensor":
        """Row i ends before `row_limits[i]`."""
        return cls.from_row_splits(values, concat([zeros([1], int64), _index(row_limits)], 0), validate=validate)

    @classmethod
    def from_value_rowids(cls, values, value_rowids, nrows=None, name=None, validate=True) -> "RaggedTensor":
        """Value j is in row `value_rowids[j]`; those ascend."""
        ids = _index(value_rowids)
        rows = p.add(reduce_max(concat([[-1], ids], 0)), convert_to_tensor(1, int64)) if nrows is None else nrows
        lengths = unsorted_segment_sum(ones_like(ids), ids, math.cast(rows, int64))
        return cls.from_row_lengths(values, lengths, validate=validate)

    @classmethod
    def from_uniform_row_length(cls, values, uniform_row_length, nrows=None, validate=True, name=None):
        """Rows of one length."""
        values = _values(values)
        size = _index(uniform_row_length)
        if nrows is None:
            nrows = p.floor_div(_count(values), size)
        splits = p.mul(range_(p.add(_index(nrows), convert_to_tensor(1, int64))), size)
        known = static_ints(size)
        if validate:
            p.assert_(
                p.equal(splits[-1], _count(values)),
                message="Arguments to from_uniform_row_length do not form a valid RaggedTensor",
                summarize=3,
            )
        return cls(values, splits, int(np.asarray(known).item()) if known is not None else None)

    @classmethod
    def from_nested_row_splits(cls, flat_values, nested_row_splits, name=None, validate=True) -> "RaggedTensor":
        """Rows of rows; splits of the outermost ones first."""
        made = flat_values
        for splits in reversed(list(nested_row_splits)):
            made = cls.from_row_splits(made, splits, validate=validate)
        return made

    @classmethod
    def from_nested_row_lengths(cls, flat_values, nested_row_lengths, name=None, validate=True) -> "RaggedTensor":
        """Rows of rows; lengths of the outermost ones first."""
        made = flat_values
        for lengths in reversed(list(nested_row_lengths)):
            made = cls.from_row_lengths(made, lengths, validate=validate)
        return made

    @classmethod
    def from_nested_value_rowids(cls, flat_values, nested_value_rowids, nested_nrows=None, name=None, validate=True):
        """Rows of rows, by the row of each value; the outermost ones first."""
        made = flat_values
        counts = [None] * len(nested_value_rowids) if nested_nrows is None else nested_nrows
        for ids, rows in reversed(list(zip(nested_value_rowids, counts, strict=True))):
            made = cls.from_value_rowids(made, ids, rows, validate=validate)
        return made

    @classmethod
    def from_tensor(cls, tensor, lengths=None, padding=None, ragged_rank=1, name=None, row_splits_dtype=int64):
        """The rows of a tensor: whole, the first `lengths[i]` elements of each, or without the `padding` at their ends.

        `lengths` may be a tuple of lengths of nested rows. With `ragged_rank` the rows of rows are ragged too.
        """
        x = convert_to_tensor(tensor)
        if padding is not None and lengths is not None:
            raise ValueError("Specify only lengths or padding, but not both.")
        if ragged_rank <= 0:
            raise ValueError(f"ragged_rank must be greater than 0; got {ragged_rank}")
        nested = isinstance(lengths, (tuple, list)) and lengths and isinstance(lengths[0], (tuple, list, Tensor))
        if nested or ragged_rank > 1:
            deeper = len(lengths) if nested else ragged_rank
            sizes = shape(x, int64)
            merged = reshape(x, concat([[-1], sizes[2:]], 0))
            outer = cls.from_uniform_row_length(merged, sizes[1], sizes[0], validate=False)
            if nested:
                outer = cls.from_tensor(range_cells(sizes), lengths[0])
                merged = gather(merged, outer.flat_values)
            rest = None if not nested else lengths[1] if deeper == 2 else lengths[1:]
            inner = cls.from_tensor(merged, rest, padding, deeper - 1) if deeper > 1 else merged
            return cls(inner, outer.row_splits)
        rows, size = shape(x, int64)[0], shape(x, int64)[1]
        if padding is not None:
            lengths = _without_padding(x, convert_to_tensor(padding, x.dtype))
        lengths = fill([rows], size) if lengths is None else p.minimum(_index(lengths), size)
        numbers = p.expand_dims(range_(size), axes=(0,))
        inside = p.less(numbers, p.expand_dims(lengths, axes=(1,)))
        flat = reshape(x, concat([[-1], shape(x, int64)[2:]], 0))
        kept = p.squeeze(p.nonzero(reshape(inside, [-1])), axes=(1,))
        return cls.from_row_lengths(gather(flat, kept), lengths, validate=False)

    @classmethod
    def from_sparse(cls, st_input, name=None, row_splits_dtype=int64) -> "RaggedTensor":
        """The values of each row of a sparse matrix, which are its first elements."""
        rows = st_input.indices[:, 0]
        return cls.from_value_rowids(st_input.values, rows, st_input.dense_shape[0], validate=False)

    # What it is made of.

    _is_composite = is_tensor_like = True

    def __tf_flatten__(self):
        """Uniform lengths of rows; the innermost values, then the splits, those of the outermost rows first."""
        lengths, values = [], self
        while isinstance(values, RaggedTensor):
            lengths.append(values._uniform)
            values = values._values
        return tuple(lengths), (values, *self.nested_row_splits)

    @classmethod
    def __tf_unflatten__(cls, metadata, components):
        made, *splits = components
        for at, length in reversed(list(zip(splits, metadata, strict=True))):
            made = cls(made, at, length)
        return made

    @property
    def values(self):
        """The values of all rows, one after the other."""
        return self._values

    @property
    def row_splits(self) -> Tensor:
        """Where rows begin and end, int64."""
        return self._splits

    @property
    def flat_values(self) -> Tensor:
        """The innermost values."""
        return self._values.flat_values if isinstance(self._values, RaggedTensor) else self._values

    @property
    def nested_row_splits(self) -> tuple:
        """The row splits of all ragged dimensions, outermost first."""
        inner = self._values.nested_row_splits if isinstance(self._values, RaggedTensor) else ()
        return (self._splits, *inner)

    @property
    def ragged_rank(self) -> int:
        return len(self.nested_row_splits)

    @property
    def dtype(self):
        return self.flat_values.dtype

    @property
    def shape(self) -> TensorShape:
        """The static shape; ragged dimensions are None."""
        count = self._splits.shape_tuple[0]
        inner = self._values.shape
        rows = None if count is None else count - 1
        return TensorShape([rows, self._uniform]).concatenate(inner[1:])

    @property
    def uniform_row_length(self):
        """The length of all rows where it is the same by the way they were made, else None."""
        return None if self._uniform is None else convert_to_tensor(self._uniform, int64)

    @property
    def flat_inner_shape(self) -> TensorShape:
        return self.flat_values.shape[1:]

    def get_shape(self) -> TensorShape:
        return self.shape

    def nrows(self, out_type=None, name=None) -> Tensor:
        """The number of rows."""
        return p.sub(shape(self._splits, int64)[0], convert_to_tensor(1, int64))

    def row_starts(self, name=None) -> Tensor:
        return self._splits[:-1]

    def row_limits(self, name=None) -> Tensor:
        return self._splits[1:]

    def row_lengths(self, axis=1, name=None):
        """The number of elements of each row; of rows of rows with `axis` 2, as ragged."""
        axis = int(axis) % self.shape.rank if axis < 0 else int(axis)
        if axis == 0:
            return self.nrows()
        if axis > 1:
            if isinstance(self._values, RaggedTensor):
                return self.with_values(self._values.row_lengths(axis - 1))
            sizes = shape(self._values, int64)
            return self.with_values(fill(sizes[: axis - 1], sizes[axis - 1]))
        return p.sub(self.row_limits(), self.row_starts())

    def nested_row_lengths(self, name=None) -> tuple:
        """The lengths of rows of all ragged dimensions, outermost first."""
        inner = self._values.nested_row_lengths() if isinstance(self._values, RaggedTensor) else ()
        return (self.row_lengths(), *inner)

    def value_rowids(self, name=None) -> Tensor:
        """The row of each value."""
        return rows_of(self._splits, _count(self._values))

    def nested_value_rowids(self, name=None) -> tuple:
        inner = self._values.nested_value_rowids() if isinstance(self._values, RaggedTensor) else ()
        return (self.value_rowids(), *inner)

    def merge_dims(self, outer_axis: int, inner_axis: int):
        """The dimensions from one to another as one."""
        rank = self.shape.rank
        outer, inner = (a % rank if a < 0 else a for a in (outer_axis, inner_axis))
        if outer == inner:
            return self
        if outer == 0:
            made = self._values
            return made if inner == 1 else _merged(made, 0, inner - 1)
        if outer == 1 and isinstance(self._values, RaggedTensor):
            made = RaggedTensor(self._values.values, gather(self._values.row_splits, self._splits))
            return made if inner == 2 else made.merge_dims(1, inner - 1)
        return self.with_values(_merged(self._values, outer - 1, inner - 1))

    def consumers(self) -> list:
        return []

    def bounding_shape(self, axis=None, name=None, out_type=None) -> Tensor:
        """The shape of the smallest tensor that holds all rows; with `axis` one size of it."""
        longest = reduce_max(concat([[0], self.row_lengths()], 0))
        inner = self._values.bounding_shape() if isinstance(self._values, RaggedTensor) else shape(self._values, int64)
        whole = concat([[self.nrows()], [longest], inner[1:]], 0)
        return whole if axis is None else whole[axis]

    def with_values(self, new_values) -> "RaggedTensor":
        """The same rows of other values."""
        return RaggedTensor(_values(new_values), self._splits)

    def with_flat_values(self, new_values) -> "RaggedTensor":
        """The same rows of other innermost values."""
        if isinstance(self._values, RaggedTensor):
            return RaggedTensor(self._values.with_flat_values(new_values), self._splits)
        return self.with_values(new_values)

    # Rows.

    def __getitem__(self, key):
        """Rows first: `rt[i]`, `rt[a:b]`, then inside of each row: `rt[:, a:b]`, `rt[..., newaxis]`.

        A number for a ragged dimension that is not the first one is a ValueError: not every row has such an element.
        """
        return part(self, key if isinstance(key, tuple) else (key,))

    def __len__(self):
        count = self._splits.shape_tuple[0]
        if count is None:
            raise ValueError("The number of rows is not known while tracing: use nrows()")
        return count - 1

    def __bool__(self):
        raise TypeError(
            "RaggedTensor may not be used as a boolean: use tf.reduce_any, tf.reduce_all, or a number of rows"
        )

    def __iter__(self):
        if not executing_eagerly():
            raise TypeError("Iterating over a symbolic RaggedTensor: use `for` in a function that autograph converts")
        return (self[i] for i in builtins.range(len(self)))

    def _traced_rows(self) -> tuple:
        """What a `for` statement steps through: the number of rows, and a row by number."""
        return p.cast(self.nrows(), dtype=int32), lambda i: self[i]

    # Conversions.

    def to_tensor(self, default_value=None, name=None, shape=None) -> Tensor:
        """Rows filled up with `default_value` (zeros) to one length; `shape` may say other sizes."""
        inner = self._values
        if isinstance(inner, RaggedTensor):
            inner = inner.to_tensor(default_value)
        if default_value is None:
            default_value = "" if self.dtype.kind == "O" else np.zeros([], self.dtype.np_dtype)
        fallback = convert_to_tensor(default_value, self.dtype)
        longest = reduce_max(concat([[0], self.row_lengths()], 0))
        wanted = [None, None] if shape is None else list(TensorShape(shape))[:2]
        size = longest if wanted[1] is None else convert_to_tensor(wanted[1], int64)
        # For each place the number of its value, or of the default behind all values.
        filler = fill(concat([[1], _sizes(inner)[1:]], 0), fallback)
        column = p.expand_dims(range_(size), axes=(0,))
        there = p.less(column, p.expand_dims(self.row_lengths(), axes=(1,)))
        at = p.add(column, p.expand_dims(self.row_starts(), axes=(1,)))
        made = gather(concat([inner, filler], 0), p.select(there, at, _count(inner)))
        if wanted[0] is None:
            return made
        made = made[: wanted[0]]
        missing = p.maximum(p.sub(convert_to_tensor(wanted[0], int64), _count(made)), convert_to_tensor(0, int64))
        more = fill(concat([p.expand_dims(missing, axes=(0,)), _sizes(made)[1:]], 0), fallback)
        made = concat([made, more], 0)
        made.set_shape([wanted[0], *made.shape.dims[1:]])
        return made

    def to_sparse(self, name=None):
        """A SparseTensor of the bounding shape, with an element for each value."""
        if self.ragged_rank != 1 or len(self.flat_values.shape) != 1:
            raise NotImplementedError("RaggedTensor.to_sparse is there for rows of scalars")
        rows = self.value_rowids()
        columns = p.sub(range_(_count(self._values)), gather(self.row_starts(), rows))
        at = p.concat(p.expand_dims(rows, axes=(1,)), p.expand_dims(columns, axes=(1,)), axis=1)
        return SparseTensor(at, self._values, self.bounding_shape())

    def to_list(self) -> list:
        """Nested lists, of an eager one."""
        values = self._values.to_list() if isinstance(self._values, RaggedTensor) else self._values.numpy().tolist()
        splits = self._splits.numpy().tolist()
        return [values[a:b] for a, b in zip(splits, splits[1:], strict=False)]

    def numpy(self):
        """An array of arrays, one a row; a plain array if all rows have one length."""
        rows = np.split(self._values.numpy(), self._splits.numpy()[1:-1]) if self._splits.shape_tuple[0] > 1 else []
        if not rows:
            return np.array([], self.dtype.np_dtype)
        if all(len(r) == len(rows[0]) for r in rows):
            return np.stack(rows)
        made = np.empty(len(rows), object)
        made[:] = rows
        return made

    def __tf_tensor__(self, dtype=None, name=None):
        raise ValueError(
            "a RaggedTensor is no tensor\n  try:  to_tensor(), flat_values, or tf.ragged.map_flat_values(op, rt)"
        )

    def __repr__(self):
        if executing_eagerly() and hasattr(self._splits, "numpy"):
            return f"<tf.RaggedTensor {_shown(self)}>"
        return f"tf.RaggedTensor(values={self._values}, row_splits={self._splits})"

    __str__ = __repr__


def _shown(rt) -> str:
    """The rows as numpy shows arrays of arrays."""

    def text(x) -> str:
        if not isinstance(x, np.ndarray):
            return str(x)
        return np.array2string(x, separator=", ") if x.size else repr(x.tolist())

    with np.printoptions(formatter={"all": text}):
        return text(rt.numpy())


def _by_dtype(boolean, bits, x, y):
    return (boolean if convert_to_tensor(x).dtype.is_bool else bits)(x, y)


def _operator(function, reflected=False):
    def operator(self, other):
        return elementwise(function, *((other, self) if reflected else (self, other)))

    return operator


def _comparison(function, otherwise: bool):
    """`==` and `!=`: what cannot be compared is not equal."""
    compare = _operator(function)

    def operator(self, other):
        try:
            return compare(self, other)
        except (InvalidArgumentError, TypeError, ValueError):
            return otherwise

    return operator


RaggedTensor.__eq__ = _comparison(math.equal, False)
RaggedTensor.__ne__ = _comparison(math.not_equal, True)
for _name, _function in {
    "add": math.add, "sub": math.subtract, "mul": math.multiply, "truediv": math.truediv, "floordiv": math.floordiv,
    "mod": math.floormod, "pow": math.pow,
}.items():  # fmt: skip
    setattr(RaggedTensor, f"__{_name}__", _operator(_function))
    setattr(RaggedTensor, f"__r{_name}__", _operator(_function, True))
for _name, _function in {
    "lt": math.less, "le": math.less_equal, "gt": math.greater, "ge": math.greater_equal,
}.items():  # fmt: skip
    setattr(RaggedTensor, f"__{_name}__", _operator(_function))
for _name, _boolean, _bits in (
    ("and", math.logical_and, math.bitwise_and),
    ("or", math.logical_or, math.bitwise_or),
    ("xor", math.logical_xor, math.bitwise_xor),
):
    _function = functools.partial(_by_dtype, _boolean, _bits)
    setattr(RaggedTensor, f"__{_name}__", _operator(_function))
    setattr(RaggedTensor, f"__r{_name}__", _operator(_function, True))
RaggedTensor.__invert__ = lambda self: map_flat_values(math.logical_not if self.dtype.is_bool else math.invert, self)
RaggedTensor.__neg__ = lambda self: map_flat_values(math.negative, self)
RaggedTensor.__abs__ = lambda self: map_flat_values(math.abs, self)
# `==` is elementwise.
RaggedTensor.__hash__ = None


def _values(values):
    return values if isinstance(values, RaggedTensor) else convert_to_tensor(values)


def _index(values) -> Tensor:
    x = convert_to_tensor(values, dtype_hint=int64)
    return x if x.dtype is int64 else p.cast(x, dtype=int64)


def _count(values) -> Tensor:
    return values.nrows() if isinstance(values, RaggedTensor) else shape(values, int64)[0]


def _sizes(x) -> Tensor:
    return shape(x, int64)


def range_cells(sizes):
    """The numbers of the cells of the first two dimensions of a tensor of these sizes."""
    return reshape(range_(p.mul(sizes[0], sizes[1])), sizes[:2])


def _merged(values, outer, inner):
    if isinstance(values, RaggedTensor):
        return values.merge_dims(outer, inner)
    sizes = shape(values, int64)
    return reshape(values, concat([sizes[:outer], [-1], sizes[inner + 1 :]], 0))


def _without_padding(x, padding):
    """The lengths of the rows of `x` without the padding at their ends."""
    differs = p.not_equal(x, padding)
    rank = len(x.shape_tuple)
    if rank > 2:
        differs = p.reduce_any(differs, axes=tuple(builtins.range(2, rank)), keepdims=False)
    numbers = p.expand_dims(range_(shape(x, int64)[1]), axes=(0,))
    ends = p.mul(p.cast(differs, dtype=int64), p.add(numbers, convert_to_tensor(1, int64)))
    return p.reduce_max(p.concat(ends, zeros_column(ends), axis=1), axes=(1,), keepdims=False)


def zeros_column(x):
    return fill([shape(x, int64)[0], convert_to_tensor(1, int64)], convert_to_tensor(0, int64))


def elementwise(op, *args, **kwargs):
    """`op` of ragged tensors of the same rows, and of tensors that broadcast against them: scalars, inner dimensions,
    or one value for each row (`[nrows, 1, ...]`).
    """
    first = next((a for a in [*args, *kwargs.values()] if isinstance(a, RaggedTensor)), None)
    if first is None:
        raise TypeError(f"expected a list of tensors or a RaggedTensor for each operand, got {args}")
    matched = [_spread(a, first) for a in args]
    named = {k: _spread(v, first) if k in ("x", "y") or isinstance(v, RaggedTensor) else v for k, v in kwargs.items()}
    return map_flat_values(op, *matched, **named)


def _spread(value, like: RaggedTensor):
    """A tensor operand for the flat values of `like`."""
    if not isinstance(value, (Tensor, VariableStorage, np.ndarray, list, tuple)):
        return value
    x = convert_to_tensor(value) if isinstance(value, Tensor) else convert_to_tensor(value, dtype_hint=like.dtype)
    inner = len(like.flat_values.shape)
    if x.shape_tuple is None or len(x.shape_tuple) <= inner - 1 or x.shape_tuple == ():
        return x
    if isinstance(like._values, RaggedTensor):
        if x.shape_tuple[0] == 1 and len(x.shape_tuple) > 2:
            return _spread(p.squeeze(x, axes=(0,)), like._values)
        if len(x.shape_tuple) >= 2:
            rows = gather(x, like.value_rowids())
            rows = p.squeeze(rows, axes=(1,)) if len(rows.shape_tuple) > 2 else rows
            return _spread(rows, like._values)
    if len(x.shape_tuple) < 2:
        raise InvalidArgumentError(
            None, None, f"Unable to broadcast: a tensor of shape {x.shape} against rows of different lengths"
        )
    if x.shape_tuple[1] == 1:
        rows = p.squeeze(x, axes=(1,))
        return gather(rows, like.value_rowids()) if x.shape_tuple[0] != 1 else rows
    return RaggedTensor.from_tensor(x)


def map_flat_values(op, *args, **kwargs) -> RaggedTensor:
    """`op` of the innermost values of ragged arguments, which have the same rows; other arguments as they are."""
    ragged = [a for a in [*args, *kwargs.values()] if isinstance(a, RaggedTensor)]
    if not ragged:
        return op(*args, **kwargs)
    for other in ragged[1:]:
        for a, b in zip(ragged[0].nested_row_splits, other.nested_row_splits, strict=True):
            known = static_ints(a), static_ints(b)
            if None not in known and known[0] != known[1]:
                raise InvalidArgumentError(None, None, "Inputs must have identical ragged splits")

    def flat(a):
        return a.flat_values if isinstance(a, RaggedTensor) else a

    result = op(*map(flat, args), **{k: flat(v) for k, v in kwargs.items()})
    return ragged[0].with_flat_values(result)


def constant(pylist, dtype=None, ragged_rank=None, inner_shape=None, name=None, row_splits_dtype=int64):
    """A RaggedTensor of nested lists (a tensor, if they are not nested)."""
    depth = _depth(pylist)
    if depth <= 1:
        return convert_to_tensor(list(pylist), dtype)
    inner = len(inner_shape) if inner_shape is not None else 0
    levels = ragged_rank if ragged_rank is not None else depth - 1 - inner
    lengths, level = [], list(pylist)
    for _ in builtins.range(levels):
        lengths.append([len(v) for v in level])
        level = [v for part in level for v in part]
    if len({isinstance(v, (str, bytes)) for v in _scalars(level)}) > 1:
        raise ValueError("tf.ragged.constant takes values of one kind, got strings and numbers")
    array = np.array(level) if level else np.zeros([0, *(inner_shape or ())], np.float32)
    if array.dtype == np.int64 and array.size and abs(array).max() < 2**31:
        array = array.astype(np.int32)
    if array.dtype == np.float64:
        array = array.astype(np.float32)
    made = convert_to_tensor(array if dtype is None else array.astype(as_dtype(dtype).np_dtype))
    for sizes in reversed(lengths):
        made = RaggedTensor.from_row_lengths(made, np.array(sizes, np.int64))
    return made


def _scalars(value):
    if isinstance(value, (list, tuple)):
        for v in value:
            yield from _scalars(v)
    else:
        yield value


def _depth(value) -> int:
    if isinstance(value, np.ndarray):
        return value.ndim
    if not isinstance(value, (list, tuple)):
        return 0
    depths = {_depth(v) for v in value if not (isinstance(v, (list, tuple)) and not v)}
    empty = [v for v in value if isinstance(v, (list, tuple)) and not v]
    if len(depths) > 1 or (empty and 0 in depths):
        raise ValueError("all scalar values must have the same nesting depth")
    return 1 + (depths.pop() if depths else 1 if empty else 0)


def row_splits_to_segment_ids(splits, name=None, out_type=int64):
    """The row of each value, of the splits of rows."""
    splits = _index(splits)
    return p.cast(rows_of(splits, splits[-1]), dtype=as_dtype(out_type))


def segment_ids_to_row_splits(segment_ids, num_segments=None, out_type=int64, name=None):
    """The splits of rows, of the (ascending) row of each value."""
    made = RaggedTensor.from_value_rowids(segment_ids, segment_ids, num_segments, validate=False)
    return p.cast(made.row_splits, dtype=as_dtype(out_type))


def is_ragged(value) -> bool:
    """Whether it is a RaggedTensor."""
    return isinstance(value, RaggedTensor)
