"""`tf.experimental.DynamicRaggedShape` and `RowPartition`: the shape of a ragged tensor as a value.

`tf.shape` of a ragged tensor gives one; `tf.ones`, `tf.zeros`, `tf.fill`, `tf.reshape` and `tf.broadcast_to` take one.
"""

import builtins

from tfc.core import Tensor
from tfc.dtypes import TensorShape, as_dtype, int32, int64
from tfc.ops import primitives as p
from tfc.ops.array import broadcast_to, concat, reshape, stack
from tfc.ops.array import shape as sizes_of
from tfc.ops.convert import convert_to_tensor, static_ints
from tfc.ops.creation import fill, ones, zeros
from tfc.ops.creation import range as range_
from tfc.ops.gather import gather
from tfc.ops.naming import register_dispatch
from tfc.ops.ragged import RaggedTensor, elementwise


class RowPartition:
    """How a list of values is divided into rows: row i ends before value `row_splits()[i + 1]`."""

    def __init__(self, row_splits, uniform_row_length=None):
        self._splits, self._uniform = row_splits, uniform_row_length

    @classmethod
    def from_row_splits(cls, row_splits, validate=True, dtype=None) -> "RowPartition":
        """Row i is from value `row_splits[i]` to before `row_splits[i + 1]`."""
        splits = _indices(row_splits, dtype)
        return cls._of(RaggedTensor.from_row_splits(_numbers(splits[-1]), splits, validate=validate), splits.dtype)

    @classmethod
    def from_row_lengths(cls, row_lengths, validate=True, dtype=None) -> "RowPartition":
        """Row i has `row_lengths[i]` values."""
        lengths = _indices(row_lengths, dtype)
        total = p.reduce_sum(lengths, axes=(0,), keepdims=False)
        return cls._of(RaggedTensor.from_row_lengths(_numbers(total), lengths, validate=validate), lengths.dtype)

    @classmethod
    def from_row_starts(cls, row_starts, nvals, validate=True, dtype=None) -> "RowPartition":
        """Row i starts at value `row_starts[i]`."""
        starts = _indices(row_starts, dtype)
        return cls.from_row_splits(concat([starts, [_indices(nvals, starts.dtype)]], 0), validate)

    @classmethod
    def from_row_limits(cls, row_limits, validate=True, dtype=None) -> "RowPartition":
        """Row i ends before value `row_limits[i]`."""
        limits = _indices(row_limits, dtype)
        return cls.from_row_splits(concat([zeros([1], limits.dtype), limits], 0), validate)

    @classmethod
    def from_value_rowids(cls, value_rowids, nrows=None, validate=True, dtype=None) -> "RowPartition":
        """Value j is in row `value_rowids[j]`; those ascend."""
        ids = _indices(value_rowids, dtype)
        return cls._of(RaggedTensor.from_value_rowids(ids, ids, nrows, validate=validate), ids.dtype)

    @classmethod
    def from_uniform_row_length(cls, uniform_row_length, nvals=None, nrows=None, validate=True, dtype=None):
        """Rows of one length."""
        size = _indices(uniform_row_length, dtype)
        if nvals is None:
            if nrows is None:
                raise ValueError("At least one of nvals and nrows must be given")
            nvals = p.mul(size, _indices(nrows, size.dtype))
        made = RaggedTensor.from_uniform_row_length(_numbers(_indices(nvals, size.dtype)), size, nrows, validate)
        return cls._of(made, size.dtype)

    @classmethod
    def _of(cls, rows: RaggedTensor, dtype) -> "RowPartition":
        """The rows of a ragged tensor."""
        return cls(p.cast(rows.row_splits, dtype=dtype), rows._uniform)

    @property
    def dtype(self):
        return self._splits.dtype

    def with_dtype(self, dtype) -> "RowPartition":
        """The same rows by numbers of another dtype."""
        return RowPartition(p.cast(self._splits, dtype=as_dtype(dtype)), self._uniform)

    def _rows_of(self, values) -> RaggedTensor:
        """Values divided into these rows."""
        return RaggedTensor(values, p.cast(self._splits, dtype=int64), self._uniform)

    def nrows(self) -> Tensor:
        """The number of rows."""
        return p.sub(sizes_of(self._splits, self.dtype)[0], convert_to_tensor(1, self.dtype))

    def nvals(self) -> Tensor:
        """The number of values."""
        return self._splits[-1]

    def row_splits(self) -> Tensor:
        return self._splits

    def row_starts(self) -> Tensor:
        return self._splits[:-1]

    def row_limits(self) -> Tensor:
        return self._splits[1:]

    def row_lengths(self) -> Tensor:
        return p.sub(self.row_limits(), self.row_starts())

    def value_rowids(self) -> Tensor:
        """The row of each value."""
        return p.cast(self._rows_of(_numbers(self.nvals())).value_rowids(), dtype=self.dtype)

    def offsets_in_rows(self) -> Tensor:
        """The place of each value in its row."""
        rows = self._rows_of(_numbers(self.nvals()))
        starts = gather(p.cast(self.row_starts(), dtype=int64), rows.value_rowids())
        return p.cast(p.sub(rows.values, starts), dtype=self.dtype)

    def is_uniform(self) -> bool:
        """Whether all rows have one length by the way they were made."""
        return self._uniform is not None

    def uniform_row_length(self) -> Tensor | None:
        """The one length of all rows, or None."""
        return None if self._uniform is None else convert_to_tensor(self._uniform, self.dtype)

    static_uniform_row_length = property(lambda self: self._uniform)

    @property
    def static_nrows(self) -> int | None:
        """The number of rows, if it is known now."""
        count = self._splits.shape[0]
        return None if count is None else count - 1

    @property
    def static_nvals(self) -> int | None:
        """The number of values, if it is known now."""
        known = _known(self._splits)
        return None if known is None else known[-1]

    def _static_lengths(self):
        """The length of each row, if they are known now."""
        known = _known(self._splits)
        return None if known is None else tuple(b - a for a, b in zip(known, known[1:], strict=False))

    def __repr__(self):
        shown = self._splits.numpy() if hasattr(self._splits, "numpy") else self._splits
        return f"tf.RowPartition(row_splits={shown})"


class DynamicRaggedShape:
    """The shape of a ragged tensor: how rows are divided (`row_partitions`, outermost first), then `inner_shape`, the
    shape of the values, the first size of which is their number.
    """

    def __init__(self, row_partitions, inner_shape, dtype=None, validate=False, static_inner_shape=None):
        partitions = tuple(row_partitions)
        if dtype is None:
            dtype = partitions[0].dtype if partitions else getattr(inner_shape, "dtype", int64)
        self._dtype = as_dtype(dtype)
        self._partitions = tuple(r.with_dtype(self._dtype) for r in partitions)
        self._inner = _indices(inner_shape, self._dtype)

    @classmethod
    def from_tensor(cls, t, dtype=None) -> "DynamicRaggedShape":
        """The shape of a tensor or a ragged tensor."""
        if not isinstance(t, RaggedTensor):
            return cls((), sizes_of(convert_to_tensor(t), as_dtype(dtype or int64)), dtype)
        dtype, partitions = as_dtype(dtype or int64), []
        while isinstance(t, RaggedTensor):
            partitions.append(RowPartition._of(t, dtype))
            t = t.values
        return cls(partitions, sizes_of(t, dtype), dtype)

    @classmethod
    def from_row_partitions(cls, row_partitions, dtype=None) -> "DynamicRaggedShape":
        """Rows of scalars."""
        partitions = list(row_partitions)
        if not partitions:
            raise ValueError("row_partitions cannot be empty")
        return cls(partitions, [partitions[-1].nvals()], dtype)

    @classmethod
    def from_lengths(cls, lengths, num_row_partitions=None, dtype=int64) -> "DynamicRaggedShape":
        """Of one size for each dimension; a vector of sizes is the length of each row of a ragged dimension."""
        dtype, lengths = as_dtype(dtype), list(lengths)
        if not lengths:
            return cls((), [], dtype)
        if not isinstance(lengths[0], int):
            raise ValueError(f"the number of rows is one number, got lengths[0] = {lengths[0]!r}")
        ragged = [at for at, size in enumerate(lengths) if not isinstance(size, int)]
        partitioned = (ragged[-1] if ragged else 0) if num_row_partitions is None else num_row_partitions
        if ragged and ragged[-1] > partitioned:
            raise ValueError(f"num_row_partitions ({partitioned}) leaves out a ragged dimension of {lengths}")
        count, partitions = lengths[0], []
        for size in lengths[1 : 1 + partitioned]:
            if isinstance(size, int):
                partitions.append(RowPartition.from_uniform_row_length(size, nrows=count, dtype=dtype))
                count *= size
                continue
            sizes = _known(convert_to_tensor(size, dtype))
            if sizes is None or len(sizes) != count:
                raise ValueError(f"expected {count} lengths of rows, got {size!r} in {lengths}")
            partitions.append(RowPartition.from_row_lengths(convert_to_tensor(size, dtype)))
            count = builtins.sum(sizes)
        return cls(partitions, [count, *lengths[1 + partitioned :]], dtype)

    # As an argument or result of a function.

    _is_composite = True

    def __tf_flatten__(self):
        lengths = tuple(r._uniform for r in self._partitions)
        return (self._dtype, lengths), (*(r.row_splits() for r in self._partitions), self._inner)

    @classmethod
    def __tf_unflatten__(cls, metadata, components):
        made = cls.__new__(cls)
        made._dtype, lengths = metadata
        *splits, made._inner = components
        made._partitions = tuple(RowPartition(s, n) for s, n in zip(splits, lengths, strict=True))
        return made

    dtype = property(lambda self: self._dtype)
    row_partitions = property(lambda self: self._partitions)
    num_row_partitions = property(lambda self: len(self._partitions))
    inner_shape = property(lambda self: self._inner)

    def with_dtype(self, dtype) -> "DynamicRaggedShape":
        """The same shape by numbers of another dtype."""
        return DynamicRaggedShape(self._partitions, p.cast(self._inner, dtype=as_dtype(dtype)), dtype)

    @property
    def inner_rank(self) -> int | None:
        return self._inner.shape[0]

    @property
    def rank(self) -> int | None:
        """The number of dimensions."""
        return None if self.inner_rank is None else self.inner_rank + len(self._partitions)

    def is_uniform(self, axis: int) -> bool:
        """Whether a dimension has one size."""
        if axis < 0 or (self.rank is not None and axis >= self.rank):
            raise IndexError(f"axis {axis} is out of range for a shape of rank {self.rank}")
        return not 1 <= axis <= len(self._partitions) or self._partitions[axis - 1].is_uniform()

    def static_lengths(self, ragged_lengths: bool = True) -> list:
        """The size of each dimension as far as it is known now: a number, a tuple for a ragged one, or None."""
        known = _known(self._inner)
        inner = [None] * (self.inner_rank or 0) if known is None else [int(n) for n in known]
        if not self._partitions:
            return inner
        made = [self._partitions[0].static_nrows]
        for rows in self._partitions:
            uniform = rows.static_uniform_row_length
            made.append(uniform if uniform is not None else rows._static_lengths() if ragged_lengths else None)
        return made + inner[1:]

    def __getitem__(self, index):
        """The size of a dimension that has one; a slice is a shape."""
        if isinstance(index, slice):
            return self._slice(*index.indices(self.rank)[:2]) if index.step in (None, 1) else _no_step(index)
        at = int(index)
        at = at + self.rank if at < 0 else at
        if not 0 <= at < self.rank:
            raise IndexError(f"index {index} is out of range for a shape of rank {self.rank}")
        if not self._partitions or at > len(self._partitions):
            return self._inner[at - len(self._partitions)]
        if at == 0:
            return self._partitions[0].nrows()
        if not self.is_uniform(at):
            raise ValueError(f"Index {at} is not uniform: rows have lengths {self.static_lengths()[at]}")
        return self._partitions[at - 1].uniform_row_length()

    def _slice(self, start: int, stop: int) -> "DynamicRaggedShape":
        if start == 0 and stop > len(self._partitions):
            return DynamicRaggedShape(self._partitions, self._inner[: stop - len(self._partitions)], self._dtype)
        if start == 0 and stop >= 1:
            rows = self._partitions[: stop - 1]
            count = rows[-1].nvals() if rows else self._partitions[0].nrows()
            return DynamicRaggedShape(rows, [count], self._dtype)
        sizes = [self[at] for at in range(start, stop)]
        return DynamicRaggedShape((), stack(sizes) if sizes else zeros([0], self._dtype), self._dtype)

    def _rows_of(self, values):
        """Values of `inner_shape`, divided into the rows of this shape."""
        for partition in reversed(self._partitions):
            values = partition._rows_of(values)
        return values

    def __repr__(self):
        lengths = self.static_lengths()
        return f"<DynamicRaggedShape lengths={lengths} num_row_partitions={self.num_row_partitions}>"


def _no_step(index):
    raise IndexError(f"slices of a shape have no step, got {index}")


def _indices(value, dtype=None) -> Tensor:
    if isinstance(value, TensorShape):
        value = value.as_list()
    x = convert_to_tensor(value, dtype_hint=as_dtype(dtype or int64))
    if x.dtype not in (int32, int64):
        raise ValueError(f"sizes and splits are int32 or int64, got {x.dtype.name}")
    return x if dtype is None or x.dtype is as_dtype(dtype) else p.cast(x, dtype=as_dtype(dtype))


def _known(x):
    """The numbers of sizes, if they are known now; specs stand for tensors where a function says what it returns."""
    return static_ints(x) if isinstance(x, Tensor) else None


def _numbers(count) -> Tensor:
    """As many values as there are: their numbers."""
    return range_(p.cast(count, dtype=int64))


# What functions of `tf` do with ragged shapes.


def shape_of(input, out_type=None) -> DynamicRaggedShape:
    """`tf.shape` of a ragged tensor."""
    return DynamicRaggedShape.from_tensor(input, as_dtype(out_type or int32))


def _broadcast_to(input, shape):
    if not shape.row_partitions:
        return broadcast_to(input, shape.inner_shape)
    x = input if isinstance(input, RaggedTensor) else convert_to_tensor(input)
    if isinstance(x, Tensor) and x.shape_tuple is not None and set(x.shape_tuple) == {1}:
        x = reshape(x, [])
    cells = shape._rows_of(zeros(shape.inner_shape, int32))
    return elementwise(lambda cell, value: broadcast_to(value, sizes_of(cell)), cells, x)


def _fill(dims, value):
    return dims._rows_of(fill(dims.inner_shape, value))


def _filled(function):
    def filled(shape, dtype=None, **kwargs):
        made = function(shape.inner_shape) if dtype is None else function(shape.inner_shape, dtype)
        return shape._rows_of(made)

    return filled


def _reshape(tensor, shape):
    flat = tensor.flat_values if isinstance(tensor, RaggedTensor) else tensor
    return shape._rows_of(reshape(flat, shape.inner_shape))


_TABLE = {
    "broadcast_to": _broadcast_to,
    "fill": _fill,
    "ones": _filled(ones),
    "zeros": _filled(zeros),
    "reshape": _reshape,
}


def dispatched(function, public: str, args: tuple, kwargs: dict):
    """What `function` gives for a ragged shape; NotImplemented if there is none among the arguments."""
    kwargs = {k: v for k, v in kwargs.items() if k != "name"}
    if public in _TABLE and any(isinstance(a, DynamicRaggedShape) for a in [*args, *kwargs.values()]):
        return _TABLE[public](*args, **kwargs)
    return NotImplemented


register_dispatch(dispatched)
