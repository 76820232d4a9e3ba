"""`tf.RaggedTensor`: rows of different lengths, as the values of all rows and where each row ends.

What it is made of are tensors, so that it goes into functions and comes out of them. Elementwise arithmetic, rows,
slices of rows and conversions are here; other operations take `flat_values`, `to_tensor()` or
`tf.ragged.map_flat_values`.
"""

import builtins

import numpy as np

from tfc.core import Tensor, executing_eagerly
from tfc.dtypes import TensorShape, as_dtype, int32, int64
from tfc.errors import InvalidArgumentError
from tfc.ops import math
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape
from tfc.ops.convert import convert_to_tensor, static_ints
from tfc.ops.creation import fill, zeros
from tfc.ops.creation import range as range_
from tfc.ops.gather import gather, tensor_scatter_nd_update
from tfc.ops.reductions import cumsum, reduce_max


class RaggedTensor:
    """Rows of different lengths: row i is `values[row_splits[i]:row_splits[i + 1]]`.

    `tf.ragged.constant` and the `from_...` functions make it. `values` may be ragged in turn.
    """

    def __init__(self, values, row_splits):
        self._values, self._splits = values, row_splits

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
        return cls.from_row_splits(values, concat([zeros([1], int64), cumsum(lengths)], 0), validate=validate)

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
        numbers = p.expand_dims(range_(math.cast(rows, int64)), axes=(1,))
        hits = p.cast(p.equal(numbers, p.expand_dims(ids, axes=(0,))), dtype=int64)
        return cls.from_row_lengths(values, p.reduce_sum(hits, axes=(1,), keepdims=False), validate=validate)

    @classmethod
    def from_tensor(cls, tensor, lengths=None, padding=None, ragged_rank=1, name=None) -> "RaggedTensor":
        """The rows of a tensor: whole, or the first `lengths[i]` elements of each."""
        if padding is not None or ragged_rank != 1:
            raise NotImplementedError("RaggedTensor.from_tensor takes lengths and ragged_rank=1 only")
        x = convert_to_tensor(tensor)
        rows, size = shape(x, int64)[0], shape(x, int64)[1]
        lengths = fill([rows], size) if lengths is None else _index(lengths)
        numbers = p.expand_dims(range_(size), axes=(0,))
        inside = p.less(numbers, p.expand_dims(lengths, axes=(1,)))
        flat = reshape(x, concat([[-1], shape(x, int64)[2:]], 0))
        kept = p.squeeze(p.nonzero(reshape(inside, [-1])), axes=(1,))
        return cls.from_row_lengths(gather(flat, kept), lengths, validate=False)

    # What it is made of.

    def __tf_flatten__(self):
        return "RaggedTensor", (self._values, self._splits)

    @classmethod
    def __tf_unflatten__(cls, metadata, components):
        return cls(*components)

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
        return TensorShape([None if count is None else count - 1, None]).concatenate(inner[1:])

    def get_shape(self) -> TensorShape:
        return self.shape

    def nrows(self, out_type=None, name=None) -> Tensor:
        """The number of rows."""
        return p.sub(shape(self._splits, int64)[0], convert_to_tensor(1, int64))

    def row_starts(self, name=None) -> Tensor:
        return self._splits[:-1]

    def row_limits(self, name=None) -> Tensor:
        return self._splits[1:]

    def row_lengths(self, axis=1, name=None) -> Tensor:
        """The number of elements of each row."""
        if axis != 1:
            raise NotImplementedError("row_lengths is there for axis 1")
        return p.sub(self.row_limits(), self.row_starts())

    def value_rowids(self, name=None) -> Tensor:
        """The row of each value."""
        places = p.expand_dims(range_(_count(self._values)), axes=(1,))
        passed = p.cast(p.less_equal(p.expand_dims(self.row_limits(), axes=(0,)), places), dtype=int64)
        return p.reduce_sum(passed, axes=(1,), keepdims=False)

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
        if isinstance(key, tuple):
            if not key:
                return self
            if isinstance(key[0], slice):
                raise NotImplementedError(
                    "RaggedTensor takes a row first: rt[i, ...], or rows: rt[a:b]\n  try:  rt.to_tensor()[...]"
                )
            row = self[key[0]]
            return row[key[1:] if len(key) > 2 else key[1]] if len(key) > 1 else row
        if isinstance(key, slice):
            if key.step not in (None, 1):
                raise NotImplementedError("RaggedTensor slices have step 1")
            starts, limits = self.row_starts()[key], self.row_limits()[key]
            return _rows(self._values, starts, limits)
        start, limit = self.row_starts()[key], self.row_limits()[key]
        return self._values[start:limit]

    def __len__(self):
        count = self._splits.shape_tuple[0]
        if count is None:
            raise ValueError("The number of rows is not known while tracing: use nrows()")
        return count - 1

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
        fallback = zeros([], self.dtype) if default_value is None else convert_to_tensor(default_value, self.dtype)
        longest = reduce_max(concat([[0], self.row_lengths()], 0))
        wanted = [None, None] if shape is None else list(TensorShape(shape))[:2]
        size = longest if wanted[1] is None else convert_to_tensor(wanted[1], int64)
        rows = self.value_rowids()
        columns = p.sub(range_(_count(inner)), gather(self.row_starts(), rows))
        kept = p.squeeze(p.nonzero(p.less(columns, size)), axes=(1,))
        at = p.concat(
            p.expand_dims(gather(rows, kept), axes=(1,)), p.expand_dims(gather(columns, kept), axes=(1,)), axis=1
        )
        whole = fill(concat([[self.nrows()], [size], _sizes(inner)[1:]], 0), fallback)
        made = tensor_scatter_nd_update(whole, at, gather(inner, kept))
        if wanted[0] is not None:
            made = made[: wanted[0]]
        return made

    def to_list(self) -> list:
        """Nested lists, of an eager one."""
        values = self._values.to_list() if isinstance(self._values, RaggedTensor) else self._values.numpy().tolist()
        splits = self._splits.numpy().tolist()
        return [values[a:b] for a, b in zip(splits, splits[1:], strict=False)]

    def numpy(self):
        """An array of arrays, one a row; a plain array if all rows have one length."""
        rows = [r.numpy() for r in self]
        if len({r.shape for r in rows}) <= 1:
            return np.array(rows)
        made = np.empty(len(rows), object)
        made[:] = rows
        return made

    def __tf_tensor__(self, dtype=None, name=None):
        raise TypeError(
            "a RaggedTensor is no tensor\n  try:  to_tensor(), flat_values, or tf.ragged.map_flat_values(op, rt)"
        )

    def __repr__(self):
        if executing_eagerly() and hasattr(self._splits, "numpy"):
            return f"<tf.RaggedTensor {self.to_list()}>"
        return f"tf.RaggedTensor(values={self._values}, row_splits={self._splits})"

    __str__ = __repr__


def _operator(function, reflected=False):
    def operator(self, other):
        return map_flat_values(function, *((other, self) if reflected else (self, other)))

    return operator


for _name, _function in {
    "add": math.add, "sub": math.subtract, "mul": math.multiply, "truediv": math.truediv, "floordiv": math.floordiv,
    "mod": math.floormod, "pow": math.pow,
}.items():  # fmt: skip
    setattr(RaggedTensor, f"__{_name}__", _operator(_function))
    setattr(RaggedTensor, f"__r{_name}__", _operator(_function, True))
for _name, _function in {
    "lt": math.less, "le": math.less_equal, "gt": math.greater, "ge": math.greater_equal,
    "eq": math.equal, "ne": math.not_equal,
}.items():  # fmt: skip
    setattr(RaggedTensor, f"__{_name}__", _operator(_function))
RaggedTensor.__neg__ = lambda self: map_flat_values(math.negative, self)
RaggedTensor.__abs__ = lambda self: map_flat_values(math.abs, self)
RaggedTensor.__hash__ = object.__hash__


def _values(values):
    return values if isinstance(values, RaggedTensor) else convert_to_tensor(values)


def _index(values) -> Tensor:
    x = convert_to_tensor(values, dtype_hint=int64)
    return x if x.dtype is int64 else p.cast(x, dtype=int64)


def _count(values) -> Tensor:
    return values.nrows() if isinstance(values, RaggedTensor) else shape(values, int64)[0]


def _sizes(x) -> Tensor:
    return shape(x, int64)


def _rows(values, starts, limits) -> RaggedTensor:
    """Neighbouring rows, by where they start and end in `values`."""
    first = concat([starts, [0]], 0)[0]
    last = concat([[0], limits], 0)[-1]
    return RaggedTensor(values[first:last], p.sub(concat([[first], limits], 0), first))


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
    array = np.array(level) if level else np.zeros([0, *(inner_shape or ())], np.float32)
    if array.dtype == np.int64 and array.size and abs(array).max() < 2**31:
        array = array.astype(np.int32)
    if array.dtype == np.float64:
        array = array.astype(np.float32)
    made = convert_to_tensor(array if dtype is None else array.astype(as_dtype(dtype).np_dtype))
    for sizes in reversed(lengths):
        made = RaggedTensor.from_row_lengths(made, np.array(sizes, np.int64))
    return made


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


def stack(values, axis=0, name=None) -> RaggedTensor:
    """Tensors of different first sizes as the rows of one RaggedTensor."""
    if axis != 0:
        raise NotImplementedError("tf.ragged.stack is there for axis 0")
    rows = [convert_to_tensor(v) for v in values]
    return RaggedTensor.from_row_lengths(concat(rows, 0), [_count(r) for r in rows], validate=False)


def range(starts, limits=None, deltas=1, dtype=None, name=None, row_splits_dtype=int64) -> RaggedTensor:
    """The integers of a range in each row."""
    starts, limits = (0, starts) if limits is None else (starts, limits)
    a, b, d = np.broadcast_arrays(*(np.asarray(convert_to_tensor(v).numpy()) for v in (starts, limits, deltas)))
    rows = [np.arange(x, y, z, dtype=a.dtype) for x, y, z in zip(a.ravel(), b.ravel(), d.ravel(), strict=True)]
    flat = np.concatenate(rows) if rows else np.zeros(0, a.dtype)
    return RaggedTensor.from_row_lengths(flat, np.array([len(r) for r in rows], np.int64))


def is_ragged(value) -> bool:
    """Whether it is a RaggedTensor."""
    return isinstance(value, RaggedTensor)


def boolean_mask(data, mask, name=None) -> RaggedTensor:
    """The elements of each row of a tensor where `mask` (of its first two dimensions) holds."""
    x, holds = convert_to_tensor(data), convert_to_tensor(mask)
    kept = p.squeeze(p.nonzero(reshape(holds, [-1])), axes=(1,))
    flat = reshape(x, concat([[-1], shape(x, int64)[2:]], 0))
    lengths = p.reduce_sum(p.cast(holds, dtype=int64), axes=(1,), keepdims=False)
    return RaggedTensor.from_row_lengths(gather(flat, kept), lengths, validate=False)
