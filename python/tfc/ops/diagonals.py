"""Diagonals and bands of matrices: `tf.linalg.diag` and its relatives."""

import numpy as np

from tfc.core import Tensor, argument_error, at_once, eager_tensor
from tfc.dtypes import bool_, int64, uint8
from tfc.ops import primitives as p
from tfc.ops import triangles
from tfc.ops.convert import convert_to_tensor, integer, operands, static_value
from tfc.ops.gradients import dynamic_shape, known, scalar
from tfc.ops.reductions import reduce_sum
from tfc.ops.shapes import rank_of
from tfc.ops.sizes import counting, sizes_of_tensor

_ALIGNMENTS = ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT")


class _Band:
    """Where the elements of the diagonals `low..high` of matrices are, in both layouts.

    The compact one has a row for each diagonal, the highest first, of the size of the longest of them; `align` says on
    which side the shorter ones (above, below the main one) stand.
    """

    def __init__(self, rows: int, columns: int, low: int, high: int, align: str):
        if align not in _ALIGNMENTS:
            raise ValueError(f"`align` must be one of {', '.join(_ALIGNMENTS)}, got {align!r}")
        self.count = high - low + 1
        lengths = [min(rows + min(d, 0), columns - max(d, 0)) for d in range(low, high + 1)]
        if not -rows < low <= high < columns and not (low <= 0 <= high and 0 in (rows, columns)):
            raise argument_error(
                None, "diag", f"diagonals {low}..{high} lie outside of matrices of shape [{rows}, {columns}]"
            )
        self.length = max(*lengths, 0)
        above, below = (side == "LEFT" for side in align.split("_"))
        row, column = np.indices((rows, columns))
        place = column - row
        self.inside = (place >= low) & (place <= high)
        length = np.minimum(rows + np.minimum(place, 0), columns - np.maximum(place, 0))
        left = ((place >= 0) & above) | ((place <= 0) & below)
        shift = np.where(left, 0, self.length - length)
        # Of each place of the matrix, where it is in the compact layout.
        at = (high - place) * self.length + np.minimum(row, column) + shift
        self.compact = np.where(self.inside, at, 0)
        # Of each place of the compact layout, where it is in the matrix.
        self.filled = np.zeros(self.count * self.length, bool)
        self.place = np.zeros(self.count * self.length, np.int64)
        self.filled[at[self.inside]] = True
        self.place[at[self.inside]] = (row * columns + column)[self.inside]


def _diagonals(k) -> tuple[int, int]:
    known_k = static_value(k) if isinstance(k, Tensor) else k
    if known_k is None:
        raise ValueError("`k` must be known while tracing")
    values = [int(v) for v in np.ravel(np.asarray(known_k))]
    if len(values) not in (1, 2):
        raise ValueError(f"`k` is one diagonal or a pair (lowest, highest), got {k!r}")
    if values[0] > values[-1]:
        raise argument_error(None, "diag", f"lower_diag_index must not be larger than upper_diag_index: {k!r}")
    return values[0], values[-1]


def _taken(x, dims, at, mask, shape, padding):
    """Elements of `x`, whose last dimensions `dims` count as one, at `at`; `padding` where `mask` is false."""
    lead = x.shape_tuple[: len(x.shape_tuple) - len(dims)]
    size = int(np.prod(dims, dtype=np.int64))
    if sum(d is None for d in lead) > 1:
        sizes = p.slice_(dynamic_shape(x), starts=(0,), sizes=(len(lead),), strides=(1,))
        flat = p.dynamic_reshape(x, p.concat(sizes, p.constant(value=np.array([size], np.int64)), axis=0))
        flat = p.ensure_shape(flat, shape=(*lead, size))
    else:
        flat = p.reshape(x, shape=(*lead, size))
    picked = p.gather(flat, p.constant(value=at.reshape(shape)), axis=len(lead), batch_dims=0)
    if mask.all():
        return picked
    return p.select(p.constant(value=mask.reshape(shape)), picked, convert_to_tensor(padding, x.dtype))


def _with_diagonal(d, rows, columns, k, others):
    """Matrices with the vectors `d` on diagonal number `k`, and `others` everywhere else: nothing is looked up."""
    before = max(-k, 0)
    after = rows - before - d.shape_tuple[-1]
    if before or after:
        lead = (0,) * (len(d.shape_tuple) - 1)
        d = p.pad(d, scalar(0, d), low=(*lead, before), high=(*lead, after))
    own = p.constant(value=np.arange(k, rows + k, dtype=np.int32)[:, None])
    here = p.equal(p.constant(value=np.arange(columns, dtype=np.int32)), own)
    return p.select(here, p.expand_dims(d, axes=(len(d.shape_tuple),)), others)


def _compact(x, low, high):
    """The sizes of the compact layout, which vectors (one diagonal) leave a dimension out of."""
    rank = rank_of(x, "diag")
    if rank < 1 or (low != high and rank < 2):
        raise argument_error(None, "diag", f"diagonal must be at least {1 + (low != high)}-dim, got {x.shape}")
    dims = x.shape_tuple[-1:] if low == high else x.shape_tuple[-2:]
    if low != high and dims[0] not in (None, high - low + 1):
        raise argument_error(
            None, "diag", f"The number of diagonals provided must be {high - low + 1}, got shape {x.shape}"
        )
    return dims


def diag(diagonal, name="diag", k=0, num_rows=-1, num_cols=-1, padding_value=0, align="RIGHT_LEFT") -> Tensor:
    """Matrices with these diagonals: number `k`, or `k[0]` to `k[1]` (the last but one dimension has one row each).

    The smallest matrices they fit in, unless `num_rows` and `num_cols` say more; `padding_value` everywhere else.
    """
    d = convert_to_tensor(diagonal)
    if d.dtype.is_bool:
        d = p.cast(d, dtype=uint8)
        return p.cast(diag(d, name, k, num_rows, num_cols, int(padding_value), align), dtype=bool_)
    low, high = _diagonals(k)
    dims = _compact(d, low, high)
    if None in dims:
        if low == high and (num_rows, num_cols, padding_value) == (-1, -1, 0):
            return _moved(triangles.diagonal_matrix(d), low)
        raise NotImplementedError("tf.linalg.diag needs to know the sizes of `diagonal` while tracing")
    length = dims[-1]
    least_rows, least_columns = length - min(high, 0), length + max(low, 0)
    rows, columns = integer(num_rows, "num_rows"), integer(num_cols, "num_cols")
    if rows == -1 and columns == -1:
        rows = columns = max(least_rows, least_columns)
    rows = least_rows if rows == -1 else rows
    columns = least_columns if columns == -1 else columns
    if rows < least_rows or columns < least_columns:
        raise argument_error(
            None, "diag", f"diagonals of size {length} do not fit in matrices of shape [{rows}, {columns}]"
        )
    if length == 0 and low == high:
        # No element lies on a diagonal beside the matrices, which exist all the same.
        return _with_diagonal(d, rows, columns, low, convert_to_tensor(padding_value, d.dtype))
    band = _Band(rows, columns, low, high, align)
    if band.length != length:
        raise argument_error(
            None, "diag", f"num_rows, num_cols and k ask for diagonals of size {band.length}, got {length}"
        )
    if low == high:
        return _with_diagonal(d, rows, columns, low, convert_to_tensor(padding_value, d.dtype))
    return _taken(d, dims, band.compact, band.inside, (rows, columns), padding_value)


def diag_part(input, name="diag_part", k=0, padding_value=0, align="RIGHT_LEFT") -> Tensor:
    """The diagonals number `k` (or `k[0]` to `k[1]`, the highest first) of matrices; shorter ones are padded."""
    x = convert_to_tensor(input)
    if x.dtype.is_bool:
        return p.cast(diag_part(p.cast(x, dtype=uint8), name, k, int(padding_value), align), dtype=bool_)
    low, high = _diagonals(k)
    if rank_of(x, "diag_part") < 2:
        raise argument_error(None, "diag_part", f"input must be at least 2-dim, received shape: {x.shape}")
    dims = x.shape_tuple[-2:]
    if None in dims:
        if low == high:
            return _main_diagonal(_from_diagonal(x, low) if low else x)
        raise NotImplementedError("tf.linalg.diag_part needs to know the sizes of the matrices while tracing")
    if low == high and -dims[0] < low < dims[1] and at_once(x):
        return eager_tensor(np.diagonal(x._view(), low, -2, -1))
    band = _Band(*dims, low, high, align)
    shape = (band.length,) if low == high else (band.count, band.length)
    return _taken(x, dims, band.place, band.filled, shape, padding_value)


def _moved(x, k):
    """Square matrices whose diagonal number `k` is the main one of `x`."""
    before = (0,) * (len(x.shape_tuple) - 2)
    low, high = (*before, max(-k, 0), max(k, 0)), (*before, max(k, 0), max(-k, 0))
    return p.pad(x, scalar(0, x), low=low, high=high)


def _from_diagonal(x, k):
    """The parts of matrices of unknown sizes whose main diagonal is number `k`."""
    rank = len(x.shape_tuple)
    starts = [0] * (rank - 2) + [max(-k, 0), max(k, 0)]
    starts, ends = (p.constant(value=np.array(v, np.int64)) for v in (starts, [0] * rank))
    return p.dynamic_strided_slice(x, starts, ends, strides=(1,) * rank, begin_mask=0, end_mask=(1 << rank) - 1)


def _beside_rows(d, x, k):
    """A column: in each row of the matrices `x` the element of `d` that is in it, as the diagonal number `k`."""
    axis = len(d.shape_tuple) - 1
    rows, columns = (convert_to_tensor(size, int64) for size in sizes_of_tensor(x, "set_diag")[-2:])
    last = convert_to_tensor(sizes_of_tensor(d, "set_diag")[axis], int64)
    length = p.minimum(p.add(rows, scalar(min(k, 0), rows)), p.sub(columns, scalar(max(k, 0), columns)))
    p.assert_(p.equal(last, length), length, last, message="diagonals of size {} wanted, got {}", summarize=1)
    row = p.sub(counting(rows, int64), scalar(max(-k, 0), rows))
    row = p.minimum(p.maximum(row, scalar(0, row)), last)
    longer = p.pad(
        d, convert_to_tensor(False if d.dtype.is_bool else 0, d.dtype), low=(0,) * (axis + 1), high=(0,) * axis + (1,)
    )
    return p.expand_dims(p.gather(longer, row, axis=axis, batch_dims=0), axes=(axis + 1,))


def _main_diagonal(x):
    """Of matrices of unknown sizes, which need not be square."""
    rank = len(x.shape_tuple)
    sizes = p.slice_(dynamic_shape(x), starts=(rank - 2,), sizes=(2,), strides=(1,))
    count = p.reduce_min(sizes, axes=(0,), keepdims=True)
    kept = p.reduce_sum(triangles.diagonal_only(x), axes=(rank - 1,), keepdims=False)
    zeros = p.constant(value=np.zeros(rank - 1, np.int64))
    ends = p.concat(p.constant(value=np.zeros(rank - 2, np.int64)), count, axis=0) if rank > 2 else count
    others = (1 << rank - 2) - 1
    return p.dynamic_strided_slice(kept, zeros, ends, strides=(1,) * (rank - 1), begin_mask=0, end_mask=others)


def set_diag(input, diagonal, name="set_diag", k=0, align="RIGHT_LEFT") -> Tensor:
    """The matrices with these diagonals in the place of their own."""
    x, d = operands("set_diag", input, diagonal)
    low, high = _diagonals(k)
    if rank_of(x, "set_diag") < 2:
        raise argument_error(None, "set_diag", f"input must be at least 2-dim, received shape: {x.shape}")
    dims = x.shape_tuple[-2:]
    if None in dims:
        if low == high:
            place = triangles.offsets(x)
            return p.select(p.equal(place, scalar(low, place)), _beside_rows(d, x, low), x)
        raise NotImplementedError("tf.linalg.set_diag needs to know the sizes of the matrices while tracing")
    band = _Band(*dims, low, high, align)
    have = _compact(d, low, high)
    if known(have) and have[-1] != band.length:
        raise argument_error(None, "set_diag", f"diagonals of size {band.length} wanted, got shape {d.shape}")
    if None in have:
        d = p.ensure_shape(d, shape=(*d.shape_tuple[: -len(have)], *((band.count,) * (len(have) - 1)), band.length))
        have = d.shape_tuple[-len(have) :]
    if low == high:
        return _with_diagonal(d, *dims, low, x)
    wide = _taken(d, have, band.compact, np.ones_like(band.inside), dims, 0)
    return p.select(p.constant(value=band.inside), wide, x)


def trace(x, name=None) -> Tensor:
    """The sums of the main diagonals of matrices."""
    return reduce_sum(diag_part(x), -1)


def band_part(input, num_lower, num_upper, name=None) -> Tensor:
    """The matrix with everything outside a band set to zero; a negative number keeps the whole triangle."""
    x = convert_to_tensor(input)
    if rank_of(x, "band_part") < 2:
        raise argument_error(None, "band_part", f"input must be at least 2-dim, received shape: {x.shape}")
    low, high = (p.cast(convert_to_tensor(v), dtype=int64) for v in (num_lower, num_upper))
    zero, above = convert_to_tensor(0, int64), triangles.offsets(x)
    inside = p.logical_and(
        p.logical_or(p.less(low, zero), p.less_equal(p.neg(above), low)),
        p.logical_or(p.less(high, zero), p.less_equal(above, high)),
    )
    return p.select(inside, x, convert_to_tensor(False if x.dtype.is_bool else 0, x.dtype))


def tensor_diag(diagonal, name=None) -> Tensor:
    """The tensor of twice the rank that has the elements of `diagonal` where both halves of the index are equal."""
    d = convert_to_tensor(diagonal)
    dims = d.shape_tuple
    if not known(dims):
        raise NotImplementedError("tf.linalg.tensor_diag needs to know the shape of its input while tracing")
    return p.reshape(
        triangles.diagonal_matrix(p.reshape(d, shape=(int(np.prod(dims, dtype=np.int64)),))), shape=dims * 2
    )


def tensor_diag_part(input, name=None) -> Tensor:
    """The elements of a tensor of even rank whose index has two equal halves."""
    x = convert_to_tensor(input)
    dims = x.shape_tuple
    if not known(dims):
        raise NotImplementedError("tf.linalg.tensor_diag_part needs to know the shape of its input while tracing")
    half = len(dims) // 2
    if len(dims) % 2 or not dims or dims[:half] != dims[half:]:
        raise argument_error(None, "tensor_diag_part", f"expected a shape of two equal halves, got {x.shape}")
    size = int(np.prod(dims[:half], dtype=np.int64))
    return p.reshape(diag_part(p.reshape(x, shape=(size, size))), shape=dims[:half])
