"""Shapes: reshape, transpose, join, split, pad, repeat."""

import builtins
import itertools

import numpy as np

from tfc.core import (
    Tensor,
    VariableStorage,
    argument_error,
    at_once,
    describe,
    dtype_error,
    eager_tensor,
    executing_eagerly,
)
from tfc.dtypes import TensorShape, as_dtype, as_shape, bool_, broadcast_static_shape, int32
from tfc.ops import primitives as p
from tfc.ops.convert import common_dtype, convert_to_tensor, sequence, static_ints, static_value
from tfc.ops.gradients import dynamic_shape
from tfc.ops.runtime_axes import (
    View,
    along,
    inserted,
    is_runtime,
    joined,
    needs_runtime,
    padded,
    repeated,
    rolled,
    squeezed,
    transposed,
    without,
)
from tfc.ops.shapes import (
    axes_of,
    axis_of,
    broadcast_value,
    fully_known,
    partly_known,
    rank_of,
    shape_tensor,
    static_shape,
)


def shape(input, out_type=None, name=None) -> Tensor:
    """The sizes of the dimensions as a vector, int32 by default."""
    return p.shape_of(convert_to_tensor(input), dtype=int32 if out_type is None else as_dtype(out_type))


def size(input, out_type=None, name=None) -> Tensor:
    """The number of elements as a scalar, int32 by default."""
    dtype = as_dtype(out_type or int32)
    input = convert_to_tensor(input)
    if fully_known(input):
        return p.constant(value=np.array(TensorShape(input.shape_tuple).num_elements(), dtype.np_dtype))
    return p.reduce_prod(p.shape_of(input, dtype=dtype), axes=(0,), keepdims=False)


def rank(input, name=None) -> Tensor:
    """The number of dimensions as an int32 scalar."""
    input = convert_to_tensor(input)
    if input.shape_tuple is None:
        return p.squeeze(p.shape_of(p.shape_of(input, dtype=int32), dtype=int32), axes=(0,))
    return p.constant(value=np.array(len(input.shape_tuple), np.int32))


def identity(input, name=None) -> Tensor:
    """A tensor of the same contents."""
    if hasattr(input, "__tf_flatten__"):
        return input
    return convert_to_tensor(input)


def reshape(tensor, shape, name=None) -> Tensor:
    """The same elements in row-major order with another shape, one size of which may be -1: the rest."""
    tensor = convert_to_tensor(tensor)
    if type(shape) is not tuple or not all(type(d) is int for d in shape):
        _check_sizes(shape)
    dims = static_shape(shape)
    if dims is None:
        return partly_known(p.dynamic_reshape(tensor, shape_tensor(shape)), shape)
    if dims.count(-1) > 1 or any(d < -1 for d in dims):
        raise argument_error(
            None, "reshape", f"Only one input size may be -1 and none below it, got {list(dims)} [Op:Reshape]"
        )
    return p.reshape(tensor, shape=tuple(None if d == -1 else d for d in dims))


def _check_sizes(shape) -> None:
    """Refuses what is no vector of sizes, with TensorFlow's types of errors."""
    wrong = None
    if isinstance(shape, (Tensor, VariableStorage)):
        wrong = None if shape.dtype.is_integer else shape.dtype.name
    elif isinstance(shape, (str, bytes)):
        wrong = "string"
    elif isinstance(shape, (list, tuple)):
        if any(isinstance(d, (list, tuple)) for d in shape):
            raise argument_error(None, "reshape", f"sizes input must be 1-D, got {shape!r} [Op:Reshape]")
        odd = next((d for d in shape if isinstance(d, (float, str, bytes))), None)
        wrong = type(odd).__name__ if odd is not None else None
        if any(d is None for d in shape):
            raise (ValueError if executing_eagerly() else TypeError)(
                f"a size is an integer, or -1 for what is left, got {shape!r}"
            )
    if wrong is not None:
        raise dtype_error(
            None,
            "reshape",
            f"Value for attr 'Tshape' of {wrong} is not in the list of allowed values: int32, int64, got {shape!r} "
            "[Op:Reshape]\n  try:  integers, or tf.cast(shape, tf.int32)",
        )


def ensure_shape(x, shape, name=None) -> Tensor:
    """`x` with a shape that is checked when it runs; `InvalidArgumentError` if it differs."""
    x, want = convert_to_tensor(x), as_shape(shape)
    merged = as_shape(x.shape_tuple)
    if not merged.is_compatible_with(want):
        raise argument_error(
            None,
            "ensure_shape",
            f"Shape of tensor {merged} is not compatible with expected shape {want}. [Op:EnsureShape]",
        )
    merged = merged.merge_with(want)
    if merged.dims is None or merged.dims == x.shape_tuple:
        return x
    return p.ensure_shape(x, shape=merged.dims)


def expand_dims(input, axis, name=None) -> Tensor:
    """A dimension of size 1 inserted before `axis`."""
    input = convert_to_tensor(input)
    if isinstance(axis, (list, tuple)) and len(axis) == 1:
        (axis,) = axis
    if needs_runtime(input, axis):
        return inserted(input, axis)
    return p.expand_dims(input, axes=(axis_of(axis, rank_of(input, "expand_dims") + 1, "expand_dims"),))


def squeeze(input, axis=None, name=None) -> Tensor:
    """Without dimensions of size 1: all of them, or those in `axis`."""
    input = convert_to_tensor(input)
    if axis is not None and not isinstance(axis, (list, tuple)) or axis:
        if input.shape_tuple is None:
            return without(input, list(axis) if isinstance(axis, (list, tuple)) else [axis])
        axes = axes_of(axis, rank_of(input, "squeeze"), "squeeze")
    else:
        if input.shape_tuple is None or None in input.shape_tuple:
            return squeezed(input)
        axes = tuple(i for i, d in enumerate(input.shape_tuple) if d == 1)
    return p.squeeze(input, axes=axes) if axes else input


def transpose(a, perm=None, conjugate=False, name="transpose") -> Tensor:
    """Dimension i of the result is dimension perm[i] of `a`; reversed order without `perm`."""
    a = convert_to_tensor(a)
    if a.shape_tuple is None or (perm is not None and static_ints(perm) is None):
        a = p.conj(a) if conjugate and a.dtype.is_complex else a
        return transposed(a, None if perm is None else convert_to_tensor(perm))
    n = rank_of(a, "transpose")
    order = static_ints(perm) if perm is not None else tuple(reversed(builtins.range(n)))
    order = tuple(axis_of(i, n, "transpose") for i in order)
    if sorted(order) != list(builtins.range(n)):
        raise argument_error(
            None,
            "transpose",
            f"perm {list(order)} is not a permutation of the {n} dimensions of {describe(a)}",
        )
    if conjugate and a.dtype.is_complex:
        a = p.conj(a)
    return a if order == tuple(builtins.range(n)) else p.transpose(a, perm=order)


def broadcast_to(input, shape, name=None) -> Tensor:
    """`input` stretched to `shape` by numpy's rule."""
    return broadcast_value(convert_to_tensor(input), shape)


def broadcast_dynamic_shape(shape_x, shape_y) -> Tensor:
    """The shape that tensors of two shapes (vectors) broadcast to, as a vector."""
    x, y = convert_to_tensor(shape_x), convert_to_tensor(shape_y)
    for v, given in ((x, shape_x), (y, shape_y)):
        if not v.dtype.is_integer or len(v.shape_tuple or ()) != 1:
            raise TypeError(f"broadcast_dynamic_shape takes shapes as vectors of integers, got {given!r}")
    a, b = static_value(x), static_value(y)
    if a is not None and b is not None:
        dims = broadcast_static_shape(tuple(a.tolist()), tuple(b.tolist()))
        return p.constant(value=np.array(dims.dims, x.dtype.np_dtype))
    i, j = x.shape_tuple[0], y.shape_tuple[0]
    one = p.constant(value=np.array(1, x.dtype.np_dtype))
    n = max(i, j)
    x = p.pad(x, one, low=(n - i,), high=(0,))
    y = p.pad(y, one, low=(n - j,), high=(0,))
    return p.select(p.equal(x, one), y, x)


def concat(values, axis, name="concat") -> Tensor:
    """Tensors joined along one axis; they agree in dtype and all other sizes."""
    if not isinstance(values, (list, tuple)):
        values = [values]
    values = common_dtype(values, "ConcatV2")
    if not values:
        raise argument_error(None, "concat", "tf.concat needs at least one tensor, got an empty list [Op:ConcatV2]")
    n = max((len(v.shape_tuple) for v in values if v.shape_tuple is not None), default=None)
    if n is None or is_runtime(axis):
        return joined(values, axis)
    where = axis_of(axis, n, "ConcatV2")
    dims = values[0].shape_tuple
    for i, v in enumerate(values):
        other = v.shape_tuple
        if dims is None or other is None:
            continue
        if len(other) != n or len(dims) != n:
            raise argument_error(
                None,
                "concat",
                f"ConcatOp : Ranks of all input tensors should match: shape[0] = "
                f"{_text(dims)} vs. shape[{i}] = "
                f"{_text(other)} [Op:ConcatV2]",
            )
        for k, (a, b) in enumerate(zip(dims, other, strict=True)):
            if k != where and a != b and None not in (a, b):
                raise argument_error(
                    None,
                    "concat",
                    f"ConcatOp : Dimension {k} in both shapes must be equal: shape[0] = "
                    f"{_text(dims)} vs. shape[{i}] "
                    f"= {_text(other)} [Op:ConcatV2]",
                )
    return values[0] if len(values) == 1 else p.concat(*values, axis=where)


def _text(dims) -> str:
    return "[" + ",".join("?" if d is None else str(d) for d in dims) + "]"


def stack(values, axis=0, name="stack") -> Tensor:
    """Tensors of one shape along a new axis."""
    if isinstance(values, (Tensor, VariableStorage)):
        values = unstack(values)
    values = common_dtype(values, "Pack")
    if not values:
        raise argument_error(None, "stack", "tf.stack needs at least one tensor, got an empty list [Op:Pack]")
    first = as_shape(values[0].shape_tuple)
    for i, v in enumerate(values):
        if not first.is_compatible_with(v.shape_tuple):
            raise argument_error(
                None,
                "stack",
                f"Shapes of all inputs must match: values[0].shape = {_text(first)} != values[{i}].shape = "
                f"{_text(v.shape_tuple)} [Op:Pack]",
            )
    if needs_runtime(values[0], axis):
        return joined([inserted(v, axis) for v in values], axis)
    rank = rank_of(values[0], "stack") + 1
    if isinstance(axis, int) and not -rank <= axis < rank:
        raise ValueError(f"Argument `axis` = {axis} not in range [{-rank}, {rank})")
    where = axis_of(axis, rank, "stack")
    parts = [p.expand_dims(v, axes=(where,)) for v in values]
    return parts[0] if len(parts) == 1 else p.concat(*parts, axis=where)


def unstack(value, num=None, axis=0, name="unstack") -> list[Tensor]:
    """The slices along one axis, as a list."""
    value = convert_to_tensor(value)
    rank = rank_of(value, "unstack")
    if isinstance(axis, int) and not -rank <= axis < rank:
        raise ValueError(f"Argument `axis` = {axis} not in range [{-rank}, {rank})")
    where = axis_of(axis, rank, "unstack")
    count = value.shape_tuple[where]
    if count is None:
        count = num
    if count is None:
        raise ValueError(f"Cannot infer argument `num` from shape {as_shape(value.shape_tuple)}")
    if num is not None and num != count:
        raise argument_error(None, "unstack", f"num={num}, but dimension {where} has size {count} [Op:Unpack]")
    if at_once(value):
        return [eager_tensor(part) for part in np.moveaxis(value._view(), where, 0)]
    parts = split(value, [1] * count, where) if count else []
    return [p.squeeze(q, axes=(where,)) for q in parts]


def split(value, num_or_size_splits, axis=0, num=None, name="split") -> list[Tensor]:
    """Parts along one axis: `num_or_size_splits` of equal size, or of these sizes (one may be -1)."""
    value = convert_to_tensor(value)
    if needs_runtime(value, axis):
        return _split_along(value, num_or_size_splits, axis)
    n = rank_of(value, "split")
    where = axis_of(axis, n, "split")
    total = value.shape_tuple[where]
    scalar = not isinstance(num_or_size_splits, (list, tuple)) and np.ndim(static_value(num_or_size_splits)) == 0
    sizes = static_ints(num_or_size_splits)
    if sizes is None or None in sizes:
        raise NotImplementedError("tf.split needs sizes that are known while tracing")
    if total is None:
        return _split_unknown(value, where, sizes, scalar)
    if scalar:
        count = sizes[0]
        if count <= 0 or total % count:
            raise argument_error(
                None,
                "split",
                f"Number of ways to split should evenly divide the split dimension, but got "
                f"split_dim {where} "
                f"(size = {total}) and num_split {count} [Op:Split]",
            )
        sizes = (total // count,) * count
    elif -1 in sizes:
        rest = total - sum(s for s in sizes if s != -1)
        sizes = tuple(rest if s == -1 else s for s in sizes)
    if sum(sizes) != total or min(sizes, default=0) < 0:
        raise argument_error(
            None,
            "split",
            f"Determined shape must either match input shape along split_dim exactly if "
            f"fully specified, or be less than "
            f"the size of the input along split_dim if not fully specified. Got: "
            f"{sum(sizes)} and {total} [Op:SplitV]",
        )
    if at_once(value):
        ends = list(itertools.accumulate(sizes))
        view = value._view()
        before = (builtins.slice(None),) * where
        return [
            eager_tensor(view[(*before, builtins.slice(end - size, end))])
            for size, end in zip(sizes, ends, strict=True)
        ]
    dims = value.shape_tuple
    parts, start = [], 0
    for s in sizes:
        starts = tuple(start if i == where else 0 for i in builtins.range(n))
        lengths = tuple(s if i == where else d for i, d in enumerate(dims))
        parts.append(p.slice_(value, starts=starts, sizes=lengths, strides=(1,) * n))
        start += s
    return parts


def _split_along(value, num_or_size_splits, axis) -> list[Tensor]:
    """Parts along an axis that only run time tells."""
    view = View(value, axis, "split")
    parts = split(view.value, num_or_size_splits, 1)
    return [view.back(q, p.slice_(dynamic_shape(q), starts=(1,), sizes=(1,), strides=(1,))) for q in parts]


def _split_unknown(value, where, sizes, scalar) -> list[Tensor]:
    """Parts along a dimension whose size only run time tells."""
    n = len(value.shape_tuple)
    if not scalar:
        if -1 in sizes:
            raise NotImplementedError(f"tf.split by -1 needs to know the size of dimension {where} while tracing")
        ends = np.cumsum(sizes)
        boxes = [
            [(e - s, s) if i == where else (0, d) for i, d in enumerate(value.shape_tuple)]
            for s, e in zip(sizes, ends, strict=True)
        ]
        return [
            p.slice_(value, starts=tuple(int(b) for b, _ in box), sizes=tuple(s for _, s in box), strides=(1,) * n)
            for box in boxes
        ]
    count = p.constant(value=np.array([sizes[0]], np.int64))
    size = p.slice_(dynamic_shape(value), starts=(where,), sizes=(1,), strides=(1,))
    p.assert_(
        p.squeeze(p.equal(p.floor_mod(size, count), p.constant(value=np.array([0], np.int64))), axes=(0,)),
        size,
        count,
        message="Number of ways to split should evenly divide the split dimension",
        summarize=3,
    )
    step = p.floor_div(size, count)
    others = ((1 << n) - 1) & ~(1 << where)
    along = p.constant(value=np.array([i == where for i in builtins.range(n)], np.int64))
    parts = []
    for k in builtins.range(sizes[0]):
        begin, end = (p.mul(along, p.mul(step, p.constant(value=np.array(j, np.int64)))) for j in (k, k + 1))
        parts.append(p.dynamic_strided_slice(value, begin, end, strides=(1,) * n, begin_mask=others, end_mask=others))
    return parts


def tile(input, multiples, name=None) -> Tensor:
    """`input` repeated multiples[i] times along dimension i."""
    input = convert_to_tensor(input)
    n = rank_of(input, "tile")
    counts = static_shape(multiples)
    if counts is not None and len(counts) != n:
        raise argument_error(
            None,
            "tile",
            f"Expected multiples argument to be a vector of length {n} but got length {len(counts)} [Op:Tile]",
        )
    apart = p.expand_dims(input, axes=tuple(2 * i for i in builtins.range(n)))
    if counts is not None and fully_known(input):
        dims = input.shape_tuple
        wide = [v for pair in zip(counts, dims, strict=True) for v in pair]
        out = tuple(c * d for c, d in zip(counts, dims, strict=True))
        return p.reshape(p.broadcast_to(apart, shape=tuple(wide)), shape=out)
    times, sizes = shape_tensor(multiples), dynamic_shape(input)
    wide = p.reshape(stack([times, sizes], axis=1), shape=(2 * n,))
    return p.dynamic_reshape(p.dynamic_broadcast_to(apart, wide), p.mul(times, sizes))


def repeat(input, repeats, axis=None, name=None) -> Tensor:
    """Each slice along `axis` (of the flattened input by default) repeated; `repeats` is an int, or one for
    each slice.
    """
    input = convert_to_tensor(input)
    if axis is None:
        input, axis = p.reshape(input, shape=(None,)), 0
    where = axis_of(axis, rank_of(input, "repeat"), "repeat")
    counts = static_ints(repeats)
    if counts is None or None in counts or (input.shape_tuple[where] is None and len(counts) != 1):
        return repeated(input, convert_to_tensor(repeats), where)
    size = input.shape_tuple[where]
    if counts and size is not None and len(counts) not in (1, size) or counts == () and size:
        raise argument_error(
            None, "repeat", f"repeats needs one entry, or one for each of {size} slices, got {len(counts)} [Op:Repeat]"
        )
    if counts and min(counts) < 0:
        raise argument_error(None, "repeat", f"repeats must not be negative, got {min(counts)} [Op:Repeat]")
    if input.shape_tuple[where] is None and counts[0]:
        wide = p.expand_dims(input, axes=(where + 1,))
        copies = concat([wide] * counts[0], where + 1)
        sizes = dynamic_shape(input)
        factor = [counts[0] if i == where else 1 for i in builtins.range(len(input.shape_tuple))]
        return p.dynamic_reshape(copies, p.mul(sizes, p.constant(value=np.array(factor, np.int64))))
    if fully_known(input) and len(counts) == 1:
        before, after = input.shape_tuple[: where + 1], input.shape_tuple[where + 1 :]
        wide = p.broadcast_to(p.expand_dims(input, axes=(where + 1,)), shape=(*before, counts[0], *after))
        return p.reshape(wide, shape=(*before[:-1], before[-1] * counts[0], *after))
    index = np.repeat(np.arange(input.shape_tuple[where] or 0), counts[0] if len(counts) == 1 else counts)
    return p.gather(input, p.constant(value=index), axis=where, batch_dims=0)


def pad(tensor, paddings, mode="CONSTANT", constant_values=0, name=None) -> Tensor:
    """`paddings[i]` = (before, after) elements added to dimension i: constant, or by "REFLECT" or
    "SYMMETRIC".
    """
    tensor = convert_to_tensor(tensor)
    if tensor.dtype == bool_ and isinstance(constant_values, int) and constant_values == 0:
        constant_values = False  # the default is nothing, of any dtype
    n = rank_of(tensor, "pad")
    pairs = paddings if isinstance(paddings, (list, tuple)) else [paddings]
    parts = [v for pair in pairs for v in (pair if isinstance(pair, (list, tuple)) else [pair])]
    unknown = any(isinstance(v, (Tensor, VariableStorage)) and static_value(v) is None for v in parts)
    widths = None if unknown else static_value(paddings)
    if widths is None:
        mode = _pad_mode(mode)
        paddings = convert_to_tensor(paddings)
        return padded(tensor, paddings, mode, convert_to_tensor(constant_values, tensor.dtype))
    widths = np.asarray(widths)
    if widths.size and (widths.dtype.kind not in "iu" or widths.size % 2):
        raise TypeError(f"tf.pad needs pairs of integers, got {paddings!r}")
    widths = widths.astype(np.int64).reshape(-1, 2) if n or widths.size else np.zeros((0, 2), int)
    if widths.shape != (n, 2) or (widths < 0).any():
        raise argument_error(
            None,
            "pad",
            f"The paddings must be non-negative, of shape [{n}, 2], got {widths.tolist()} [Op:Pad]",
        )
    mode = _pad_mode(mode)
    if mode == "CONSTANT":
        value = convert_to_tensor(constant_values, tensor.dtype)
        low, high = tuple(widths[:, 0].tolist()), tuple(widths[:, 1].tolist())
        return p.pad(tensor, value, low=low, high=high)
    for axis, (low, high) in enumerate(widths.tolist()):
        tensor = _mirror(tensor, axis, low, high, skip=1 if mode == "REFLECT" else 0)
    return tensor


def _pad_mode(mode: str) -> str:
    if not isinstance(mode, str) or mode.upper() not in ("CONSTANT", "REFLECT", "SYMMETRIC"):
        raise ValueError(
            f"Value of argument `mode` expected to be one of CONSTANT, REFLECT, SYMMETRIC. Received {mode}"
        )
    return mode.upper()


def _mirror(x, axis, low, high, skip):
    size = x.shape_tuple[axis]
    if size is None:
        return _mirror_unknown(x, axis, low, high, skip)
    if max(low, high) > size - skip:
        raise argument_error(
            None,
            "pad",
            f"paddings must be no greater than the dimension size: {low}, {high} greater than {size - skip}",
        )
    # Copies of parts move as fast as memory does; gathering would be element by element.
    dims = x.shape_tuple

    def mirrored(start, count):
        starts = tuple(start if i == axis else 0 for i in builtins.range(len(dims)))
        sizes = tuple(count if i == axis else d for i, d in enumerate(dims))
        return p.reverse(p.slice_(x, starts=starts, sizes=sizes, strides=(1,) * len(dims)), axes=(axis,))

    before = [mirrored(skip, low)] if low else []
    after = [mirrored(size - skip - high, high)] if high else []
    return p.concat(*before, x, *after, axis=axis) if before or after else x


def _mirror_unknown(x, axis, low, high, skip):
    """`_mirror` along a dimension whose size is known at run time only."""
    number = lambda v: p.constant(value=np.array(v, np.int64))
    size = p.squeeze(p.slice_(dynamic_shape(x), starts=(axis,), sizes=(1,), strides=(1,)), axes=(0,))
    p.assert_(
        p.less_equal(number(max(low, high) + skip), size),
        size,
        message=f"paddings must be no greater than the dimension size: {low}, {high} for a dimension of size",
        summarize=3,
    )
    place = p.range_(number(-low), p.add(size, number(high)), number(1))
    place = p.select(p.less(place, number(0)), p.sub(number(skip - 1), place), place)
    behind = p.sub(p.add(size, size), p.add(place, number(1 + skip)))
    index = p.select(p.less(place, size), place, behind)
    # What the assertion refuses must not be read beside the tensor either.
    index = p.maximum(number(0), p.minimum(index, p.sub(size, number(1))))
    return p.gather(x, index, axis=axis, batch_dims=0)


def reverse(tensor, axis, name=None) -> Tensor:
    """The elements in opposite order along these axes."""
    tensor = convert_to_tensor(tensor)
    if needs_runtime(tensor, axis):
        axes = axis if isinstance(axis, (list, tuple)) else unstack(convert_to_tensor(axis))
        for a in axes:
            tensor = along(tensor, a, "reverse", lambda v: p.reverse(v, axes=(1,)))
        return tensor
    axes = axes_of(axis, rank_of(tensor, "reverse"), "reverse")
    return p.reverse(tensor, axes=axes) if axes else tensor


def roll(input, shift, axis, name=None) -> Tensor:
    """The elements moved by `shift` along `axis`; those that leave at one end come in at the other."""
    input = convert_to_tensor(input)
    shifts, axes = static_ints(shift), static_ints(axis)
    if shifts is None or axes is None or None in (*shifts, *axes) or input.shape_tuple is None:
        for by, place in zip(_each(shift), _each(axis), strict=True):
            input = rolled(input, by, place)
        return input
    n = rank_of(input, "roll")
    if len(shifts) != len(axes):
        raise argument_error(
            None, "roll", f"shift and axis must have the same size, got {len(shifts)} and {len(axes)} [Op:Roll]"
        )
    known_shifts = {}
    for by, place in zip(shifts, axes, strict=True):
        where = axis_of(place, n, "roll")
        size = input.shape_tuple[where]
        if size is None:
            input = _roll_unknown(input, by, where)
        elif size:
            known_shifts[where] = (known_shifts.get(where, 0) + by) % size
    return _rolled_blocks(input, [(where, by) for where, by in sorted(known_shifts.items()) if by])


def _rolled_blocks(x, shifts) -> Tensor:
    """Blocks that change places along the first axis; each is moved along the others before."""
    if not shifts:
        return x
    (where, by), *others = shifts
    at = x.shape_tuple[where] - by
    back, front = (_rolled_blocks(part, others) for part in split(x, [at, by], where))
    return p.concat(front, back, axis=where)


def _each(value) -> list:
    """The integers of an argument that is one, or several of them, or a tensor of such."""
    if isinstance(value, (list, tuple)):
        return list(value)
    value = convert_to_tensor(value)
    return [value] if value.shape_tuple == () else unstack(value)


def _roll_unknown(x, by, where) -> Tensor:
    n = len(x.shape_tuple)
    one = p.constant(value=np.array([1], np.int64))
    size = p.maximum(p.slice_(dynamic_shape(x), starts=(where,), sizes=(1,), strides=(1,)), one)
    at = p.floor_mod(p.constant(value=np.array([-by], np.int64)), size)
    along = p.constant(value=np.array([i == where for i in builtins.range(n)], np.int64))
    bound, everything = p.mul(along, at), (1 << n) - 1
    others = everything & ~(1 << where)
    back = p.dynamic_strided_slice(x, bound, bound, strides=(1,) * n, begin_mask=others, end_mask=everything)
    front = p.dynamic_strided_slice(x, bound, bound, strides=(1,) * n, begin_mask=everything, end_mask=others)
    return p.concat(back, front, axis=where)


def parallel_stack(values, name="parallel_stack") -> Tensor:
    """The same as `tf.stack` along a new first axis."""
    return stack(values)


def identity_n(input, name=None) -> list[Tensor]:
    """Tensors of the same contents."""
    return [identity(v) for v in sequence(input, "identity_n: input")]


def unravel_index(indices, dims, name=None) -> Tensor:
    """The coordinates `[rank, ...]` of positions in a flattened tensor of shape `dims`."""
    at, sizes = common_dtype([indices, dims], "UnravelIndex")
    parts = []
    for size in reversed(unstack(sizes)):
        parts.append(p.floor_mod(at, size))
        at = p.floor_div(at, size)
    return stack(parts[::-1])


def shape_n(input, out_type=int32, name=None) -> list[Tensor]:
    """The shapes of several tensors."""
    return [shape(v, out_type) for v in sequence(input, "shape_n: input")]
