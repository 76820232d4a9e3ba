"""`x[...]`, `tf.slice` and `tf.strided_slice`."""

import builtins
import operator

import numpy as np

from tfc.core import Tensor, VariableStorage, argument_error, dtype_error
from tfc.dtypes import int64
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, integer, static_ints, static_value
from tfc.ops.gather import boolean_mask
from tfc.ops.gradients import dynamic_shape
from tfc.ops.runtime_axes import View, resized, stepped
from tfc.ops.runtime_axes import inserted as insert_axis
from tfc.ops.shapes import fully_known, index_vector, partly_known, rank_of, shape_tensor

newaxis = None


def getitem(x, key) -> Tensor:
    """`x[key]`: integers, slices, `...`, `tf.newaxis`, integer scalar tensors, or one boolean mask.

    Tensors or arrays of integers index as numpy's do, alone or beside integers only: they broadcast against each other,
    and the result has their shape, then the dimensions that are left. Raises `InvalidArgumentError` if an index is out
    of range, `TypeError` for any other kind of key.
    """
    x = convert_to_tensor(x)
    dims = x.shape_tuple
    if type(key) is int and dims and None not in dims:
        return _row(x, dims, key)
    if _is_mask(key):
        return _masked(x, key)
    parts = tuple(key) if isinstance(key, (tuple, list)) else (key,)
    if x.shape_tuple is None and len(parts) == 1 and parts[0] is not Ellipsis:
        return _first(x, _part(parts[0]))
    if any(map(_is_array_of_integers, parts)) and all(map(_may_join, parts)):
        return _elements(x, parts)
    parts, squeezed, inserted = _align(x, [_part(k) for k in parts])
    x = _take(x, parts)
    if squeezed:
        x = p.squeeze(x, axes=tuple(squeezed))
    return p.expand_dims(x, axes=tuple(inserted)) if inserted else x


def _first(x, key):
    """x[key] of unknown rank: along the first axis, all others as they are."""
    if key is None:
        return insert_axis(x, 0)
    if isinstance(key, builtins.slice):
        return resized(x, 0, "strided_slice", lambda v: getitem(v, (builtins.slice(None), key)))
    view = View(x, 0, "strided_slice")
    return view.back(getitem(view.value, (builtins.slice(None), key)), p.constant(value=np.zeros(0, np.int64)))


def _row(x, dims, index):
    """x[index] of a known shape."""
    n = dims[0]
    if not -n <= index < n:
        raise argument_error(
            None, "strided_slice", f"slice index {index} of dimension 0 out of bounds. [Op:StridedSlice]"
        )
    starts = (index % n,) + (0,) * (len(dims) - 1)
    return p.squeeze(p.slice_(x, starts=starts, sizes=(1, *dims[1:]), strides=(1,) * len(dims)), axes=(0,))


def _is_mask(key) -> bool:
    if isinstance(key, (Tensor, VariableStorage)):
        return key.dtype.is_bool
    if isinstance(key, np.ndarray):
        return key.dtype == np.bool_
    return isinstance(key, (bool, np.bool_))


def _masked(x, mask) -> Tensor:
    """The elements where a mask is True; a scalar mask keeps all or nothing, in a new first dimension."""
    if isinstance(mask, (Tensor, VariableStorage)) and mask.shape_tuple == ():
        return boolean_mask(p.expand_dims(x, axes=(0,)), p.expand_dims(convert_to_tensor(mask), axes=(0,)))
    return boolean_mask(x, mask)


def _is_array_of_integers(key) -> bool:
    if isinstance(key, (Tensor, VariableStorage)):
        return key.dtype.is_integer and key.shape_tuple not in ((), None)
    return isinstance(key, np.ndarray) and key.ndim > 0 and key.dtype.kind in "iu"


def _may_join(key) -> bool:
    """Whether a part may stand beside an array of integers."""
    if isinstance(key, (Tensor, VariableStorage)):
        return key.dtype.is_integer
    return isinstance(key, (int, np.integer, np.ndarray)) and not isinstance(key, bool)


def _elements(x, parts) -> Tensor:
    """x[i, j, ...] for arrays of indices, which may count from the end."""
    n = rank_of(x, "x[...]")
    if len(parts) > n:
        raise argument_error(
            None, "strided_slice", f"Index out of range using input dim {n}; input has only {n} dims [Op:StridedSlice]"
        )
    sizes, columns = dynamic_shape(x), []
    for axis, part in enumerate(parts):
        at = convert_to_tensor(part)
        at = at if at.dtype is int64 else p.cast(at, dtype=int64)
        size = p.squeeze(p.slice_(sizes, starts=(axis,), sizes=(1,), strides=(1,)), axes=(0,))
        zero = p.constant(value=np.array(0, np.int64))
        columns.append(p.select(p.less(at, zero), p.add(at, size), at))
    if len(columns) == 1:
        return p.gather(x, columns[0], axis=0, batch_dims=0)
    # Their sum has the shape they broadcast to.
    whole = columns[0]
    for at in columns[1:]:
        whole = p.add(whole, at)
    nothing = p.sub(whole, whole)
    rank = len(whole.shape_tuple)
    return p.gather_nd(
        x, p.concat(*(p.expand_dims(p.add(nothing, at), axes=(rank,)) for at in columns), axis=rank), batch_dims=0
    )


def _part(key):
    """One entry of a key, with integers as `int` and slices whose bounds are int, None or scalar tensors."""
    if key is None or key is Ellipsis:
        return key
    if isinstance(key, builtins.slice):
        return builtins.slice(*(None if b is None else _integer(b, key) for b in (key.start, key.stop, key.step)))
    return _integer(key, key)


def _integer(value, key):
    if type(value) is int:
        return value
    if isinstance(value, (bool, np.bool_)):
        raise dtype_error(
            None,
            "strided_slice",
            f"Value for attr 'Index' of bool is not in the list of allowed values: int16, int32, int64, got {key!r}. "
            "A mask is a tensor or an array: tf.boolean_mask(x, mask)",
        )
    if isinstance(value, (Tensor, VariableStorage)):
        value = convert_to_tensor(value)
        if value.dtype.is_integer and value.shape_tuple in ((), None):
            known = static_value(value)
            return value if known is None else int(known)
    else:
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise TypeError(
        "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar "
        "tf.int32/tf.int64 tensors are valid "
        f"indices, got {key!r}"
    )


def _align(x, parts):
    """One entry for each dimension of `x`; the dimensions that integers drop; the positions of new axes in
    the result.
    """
    n = rank_of(x, "x[...]")
    used = sum(k is not None and k is not Ellipsis for k in parts)
    if sum(k is Ellipsis for k in parts) > 1:
        raise argument_error(None, "strided_slice", "Multiple ellipses in slice spec not allowed [Op:StridedSlice]")
    if used > n:
        raise argument_error(
            None,
            "strided_slice",
            f"Index out of range using input dim {n}; input has only {n} dims [Op:StridedSlice]",
        )
    if Ellipsis not in [k if k is Ellipsis else None for k in parts]:
        parts = [*parts, Ellipsis]
    entries, squeezed, inserted, out = [], [], [], 0
    for k in parts:
        if k is None:
            inserted.append(out)
            out += 1
        elif k is Ellipsis:
            entries += [builtins.slice(None)] * (n - used)
            out += n - used
        else:
            if isinstance(k, builtins.slice):
                out += 1
            else:
                squeezed.append(len(entries))
            entries.append(k)
    return entries, squeezed, inserted


def _take(x, parts):
    """The box of all entries; integers give dimensions of size 1."""
    for i, k in enumerate(parts):
        if isinstance(k, builtins.slice) and isinstance(k.step, Tensor):
            x = stepped(x, i, k)
            parts = [*parts[:i], builtins.slice(None), *parts[i + 1 :]]
    dims = x.shape_tuple
    if all(_is_full(k) for k in parts):
        return x
    static = [_static(k, n, i) for i, (k, n) in enumerate(zip(parts, dims, strict=True))]
    if None not in static:
        starts, sizes, strides = zip(*static, strict=True)
        return p.slice_(x, starts=starts, sizes=sizes, strides=strides)
    # Slices first: they clamp. Then integers, which must be in range.
    if any(s is None and isinstance(k, builtins.slice) for s, k in zip(static, parts, strict=True)):
        x = _dynamic_slices(x, parts)
        parts = [builtins.slice(None) if isinstance(k, builtins.slice) else k for k in parts]
        dims = x.shape_tuple
    if all(isinstance(k, builtins.slice) for k in parts):
        return x
    simple = [
        _static(k, n, i) if isinstance(k, builtins.slice) else None
        for i, (k, n) in enumerate(zip(parts, dims, strict=True))
    ]
    if any(s is not None and s[2] != 1 for s in simple):
        whole = [s or (0, dims[i], 1) for i, s in enumerate(simple)]
        starts, sizes, strides = zip(*whole, strict=True)
        x = p.slice_(x, starts=starts, sizes=sizes, strides=strides)
        parts = [builtins.slice(None) if isinstance(k, builtins.slice) else k for k in parts]
        dims = x.shape_tuple
    starts, sizes = [], []
    for i, k in enumerate(parts):
        if dims[i] == 0 and not isinstance(k, builtins.slice):
            # Nothing to take: an error if it runs, which it may not (in a loop over no rows).
            x = p.gather(x, p.reshape(_from_front(x, k, i), shape=(1,)), axis=i, batch_dims=0)
            start, count = 0, 1
        elif isinstance(k, builtins.slice):
            start, count, _ = _static(k, dims[i], i)
        else:
            start, count = _from_front(x, k, i), 1
        starts.append(start)
        sizes.append(count)
    return p.dynamic_slice(x, index_vector(starts), sizes=tuple(sizes))


def _is_full(k) -> bool:
    return isinstance(k, builtins.slice) and k.start is None and k.stop is None and k.step in (None, 1)


def _static(k, n, axis):
    """(start, size, stride) of an entry along a dimension of size n, None if only run time can tell."""
    if isinstance(k, builtins.slice):
        if any(isinstance(b, Tensor) for b in (k.start, k.stop, k.step)):
            return None
        if k.step == 0:
            raise argument_error(None, "strided_slice", f"strides[{axis}] must be non-zero [Op:StridedSlice]")
        if n is None:
            return (0, None, 1) if _is_full(k) else None
        span = builtins.range(*k.indices(n))
        # An empty box may start anywhere inside.
        return (span.start if len(span) else 0, len(span), span.step)
    if isinstance(k, Tensor):
        return None
    if n is None:
        return None
    if not -n <= k < n:
        raise argument_error(
            None, "strided_slice", f"slice index {k} of dimension {axis} out of bounds. [Op:StridedSlice]"
        )
    return (k % n, 1, 1)


def _from_front(x, k, axis):
    """An index that may count from the end, as one that counts from the front."""
    if isinstance(k, int):
        if k >= 0:
            return k
        size = p.slice_(dynamic_shape(x), starts=(axis,), sizes=(1,), strides=(1,))
        return p.add(p.squeeze(size, axes=(0,)), convert_to_tensor(k, int64))
    k = k if k.dtype is int64 else p.cast(k, dtype=int64)
    n = x.shape_tuple[axis]
    if n is None:
        size = p.slice_(dynamic_shape(x), starts=(axis,), sizes=(1,), strides=(1,))
        n = p.squeeze(size, axes=(0,))
    else:
        n = convert_to_tensor(n, int64)
    return p.select(p.less(k, convert_to_tensor(0, int64)), p.add(k, n), k)


def _dynamic_slices(x, parts):
    begins, ends, strides, begin_mask, end_mask = [], [], [], 0, 0
    for i, k in enumerate(parts):
        k = k if isinstance(k, builtins.slice) else builtins.slice(None)
        begins.append(0 if k.start is None else k.start)
        ends.append(0 if k.stop is None else k.stop)
        strides.append(1 if k.step is None else k.step)
        begin_mask |= (k.start is None) << i
        end_mask |= (k.stop is None) << i
    return p.dynamic_strided_slice(
        x,
        index_vector(begins),
        index_vector(ends),
        strides=tuple(strides),
        begin_mask=begin_mask,
        end_mask=end_mask,
    )


def slice(input_, begin, size, name=None) -> Tensor:
    """The box that starts at `begin` and has this size; -1 means up to the end. Outside the input raises."""
    x = convert_to_tensor(input_)
    n = rank_of(x, "slice")
    starts, sizes = static_ints(begin), static_ints(size)
    if starts is not None and sizes is not None and None not in starts and None not in sizes and fully_known(x):
        if len(starts) != n or len(sizes) != n:
            raise argument_error(
                None, "slice", f"Expected begin and size arguments to be 1-D tensors of size {n} [Op:Slice]"
            )
        lengths = tuple(d - b if s == -1 else s for b, s, d in zip(starts, sizes, x.shape_tuple, strict=True))
        for i, (b, s, d) in enumerate(zip(starts, lengths, x.shape_tuple, strict=True)):
            if b < 0 or b > d:
                raise argument_error(None, "slice", f"Expected begin[{i}] in [0, {d}], but got {b} [Op:Slice]")
            if s < 0 or b + s > d:
                raise argument_error(None, "slice", f"Expected size[{i}] in [0, {d - b}], but got {s} [Op:Slice]")
        return p.slice_(x, starts=starts, sizes=lengths, strides=(1,) * n)
    if sizes is not None and None not in sizes:
        lengths = tuple(None if s == -1 else s for s in sizes)
        return p.dynamic_slice(x, shape_tensor(begin), sizes=lengths)
    first, length = shape_tensor(begin), shape_tensor(size)
    minus, zero, whole = convert_to_tensor(-1, int64), convert_to_tensor(0, int64), dynamic_shape(x)
    stop = p.select(p.equal(length, minus), whole, p.add(first, length))
    # The slice that follows would be cut to what is there.
    inside = p.logical_and(
        p.logical_and(p.greater_equal(first, zero), p.greater_equal(length, minus)),
        p.logical_and(p.less_equal(first, stop), p.less_equal(stop, whole)),
    )
    p.assert_(
        p.reduce_all(inside, axes=(0,), keepdims=False), first, length, whole, summarize=-1,
        message="Expected begin and size of a slice inside of the input, got begin {}, size {} for shape {} [Op:Slice]",
    )  # fmt: skip
    out = p.dynamic_strided_slice(x, first, stop, strides=(1,) * n, begin_mask=0, end_mask=0)
    return partly_known(out, size)


def strided_slice(
    input_,
    begin,
    end,
    strides=None,
    begin_mask=0,
    end_mask=0,
    ellipsis_mask=0,
    new_axis_mask=0,
    shrink_axis_mask=0,
    var=None,
    name=None,
) -> Tensor:
    """Python's slicing with the bounds as vectors; bit i of a mask changes the meaning of entry i."""
    x = convert_to_tensor(input_)
    begins = _entries(begin)
    ends = _entries(end)
    steps = [1] * len(begins) if strides is None else _entries(strides)
    masks = begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask
    begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask = (integer(m, "a mask") for m in masks)
    if not len(begins) == len(ends) == len(steps):
        raise argument_error(
            None,
            "strided_slice",
            f"begin, end and strides need the same size, got {len(begins)}, {len(ends)} and {len(steps)}",
        )
    key = []
    for i, (b, e, s) in enumerate(zip(begins, ends, steps, strict=True)):
        bit = 1 << i
        if ellipsis_mask & bit:
            key.append(Ellipsis)
        elif new_axis_mask & bit:
            key.append(None)
        elif shrink_axis_mask & bit:
            key.append(b)
        else:
            key.append(builtins.slice(None if begin_mask & bit else b, None if end_mask & bit else e, s))
    return getitem(x, tuple(key))


def _entries(vector) -> list:
    if isinstance(vector, (list, tuple)):
        return list(vector)
    known = static_ints(vector)
    if known is not None:
        return list(known)
    vector = convert_to_tensor(vector)
    count = vector.shape_tuple[0]
    return [
        p.squeeze(p.slice_(vector, starts=(i,), sizes=(1,), strides=(1,)), axes=(0,)) for i in builtins.range(count)
    ]
