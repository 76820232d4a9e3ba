"""Blocks of pixels moved between space, depth and batch; patches; morphology."""

import functools
import itertools

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import int64
from tfc.ops import primitives as p
from tfc.ops.array import reshape
from tfc.ops.convert import convert_to_tensor, integer, operand, operands, static_ints, static_value
from tfc.ops.layout import from_last, paddings, spatial, to_last
from tfc.ops.math import REAL
from tfc.ops.shapes import rank_of
from tfc.ops.windows import slides


def sizes_of(x) -> list:
    """The size of each dimension: an integer, or an int64 scalar tensor where it is not known."""
    vector = None
    result = []
    for i, size in enumerate(x.shape_tuple):
        if size is None:
            vector = p.shape_of(x, dtype=int64) if vector is None else vector
            size = p.squeeze(p.slice_(vector, starts=(i,), sizes=(1,), strides=(1,)), axes=(0,))
        result.append(size)
    return result


def _combine(prim, number):
    def apply(a, b):
        if isinstance(a, Tensor) or isinstance(b, Tensor):
            a, b = (v if isinstance(v, Tensor) else p.constant(value=np.array(v, np.int64)) for v in (a, b))
            return prim(a, b)
        return number(a, b)

    return apply


times = _combine(p.mul, lambda a, b: a * b)
plus = _combine(p.add, lambda a, b: a + b)
parts = _combine(p.floor_div, lambda a, b: a // b)


def _block(block_size, op) -> int:
    size = integer(block_size, f"{op}: block_size")
    if size < 2:
        raise argument_error(None, op, f"Block size should be > 1: {size} [Op:{op}]")
    return size


def _image(op, input, data_format):
    x = operand(op, input, "biufc")
    if data_format not in ("NHWC", "NCHW"):
        raise ValueError(f"{op}: `data_format` must be 'NHWC' or 'NCHW'. Received: data_format={data_format}")
    if rank_of(x, op) != 4:
        raise argument_error(None, op, f"input must be 4-dimensional, got shape {list(x.shape_tuple)} [Op:{op}]")
    return to_last(x, data_format == "NCHW"), data_format == "NCHW"


def space_to_depth(input, block_size, data_format="NHWC", name=None) -> Tensor:
    """Each block of `block_size` by `block_size` pixels as one pixel of that many more channels."""
    op, b = "space_to_depth", _block(block_size, "space_to_depth")
    x, first = _image(op, input, data_format)
    n, h, w, c = sizes_of(x)
    for size in (h, w):
        if isinstance(size, int) and size % b:
            raise argument_error(
                None, op, f"Image width {w} and height {h} should be divisible by block_size: {b} [Op:SpaceToDepth]"
            )
    apart = reshape(x, [n, parts(h, b), b, parts(w, b), b, c])
    moved = p.transpose(apart, perm=(0, 1, 3, 2, 4, 5))
    return from_last(reshape(moved, [n, parts(h, b), parts(w, b), times(c, b * b)]), first)


def depth_to_space(input, block_size, data_format="NHWC", name=None) -> Tensor:
    """The inverse of `tf.nn.space_to_depth`."""
    op, b = "depth_to_space", _block(block_size, "depth_to_space")
    x, first = _image(op, input, data_format)
    n, h, w, c = sizes_of(x)
    if isinstance(c, int) and c % (b * b):
        raise argument_error(None, op, f"Input depth dimension {c} should be divisible by: {b * b} [Op:DepthToSpace]")
    depth = parts(c, b * b)
    apart = reshape(x, [n, h, w, b, b, depth])
    moved = p.transpose(apart, perm=(0, 1, 3, 2, 4, 5))
    return from_last(reshape(moved, [n, times(h, b), times(w, b), depth]), first)


def _blocks(op, block_shape, edges, rank):
    shape, pairs = static_ints(block_shape), static_value(edges)
    if shape is None or pairs is None:
        raise NotImplementedError(f"{op} needs a block shape and edges that are known while tracing")
    pairs = np.asarray(pairs)
    if pairs.dtype.kind not in "iu" and pairs.size:
        raise TypeError(f"{op} needs pairs of integers, got {edges!r}")
    pairs = pairs.astype(np.int64)
    if pairs.shape != (len(shape), 2):
        raise argument_error(None, op, f"{op}: expected {len(shape)} pairs, got {pairs.tolist()}")
    if min(shape, default=1) < 1 or (pairs < 0).any() or len(shape) > rank - 1:
        raise argument_error(
            None, op, f"{op}: block shape {list(shape)} and edges {pairs.tolist()} do not fit rank {rank}"
        )
    return shape, pairs.tolist()


def space_to_batch(input, block_shape, paddings, name=None) -> Tensor:
    """Dimensions after the batch, padded with zeros, cut in blocks; pixels of one place in their blocks are a batch."""
    x = convert_to_tensor(input)
    rank = rank_of(x, "space_to_batch")
    shape, pairs = _blocks("space_to_batch", block_shape, paddings, rank)
    m = len(shape)
    rest = rank - 1 - m
    low, high = (0, *(a for a, _ in pairs), *[0] * rest), (0, *(b for _, b in pairs), *[0] * rest)
    x = p.pad(x, p.constant(value=np.zeros((), x.dtype.np_dtype)), low=low, high=high)
    batch, *sizes = sizes_of(x)
    for size, b in zip(sizes, shape, strict=False):
        if isinstance(size, int) and size % b:
            raise argument_error(
                None, "space_to_batch", f"padded size {size} is not divisible by block size {b} [Op:SpaceToBatchND]"
            )
    places = [parts(size, b) for size, b in zip(sizes[:m], shape, strict=True)]
    apart = reshape(x, [batch, *(v for pair in zip(places, shape, strict=True) for v in pair), *sizes[m:]])
    perm = (*range(2, 2 * m + 1, 2), 0, *range(1, 2 * m, 2), *range(2 * m + 1, 2 * m + 1 + rest))
    return reshape(p.transpose(apart, perm=perm), [times(batch, int(np.prod(shape, dtype=int))), *places, *sizes[m:]])


def batch_to_space(input, block_shape, crops, name=None) -> Tensor:
    """The inverse of `tf.space_to_batch`, with `crops` cut off."""
    x = convert_to_tensor(input)
    rank = rank_of(x, "batch_to_space")
    shape, pairs = _blocks("batch_to_space", block_shape, crops, rank)
    m, count = len(shape), int(np.prod(shape, dtype=int))
    batch, *sizes = sizes_of(x)
    if isinstance(batch, int) and batch % count:
        raise argument_error(
            None, "batch_to_space", f"Input batch dimension ({batch}) is not divisible by block sizes ({count})"
        )
    rest = rank - 1 - m
    apart = reshape(x, [*shape, parts(batch, count), *sizes])
    perm = (m, *(v for i in range(m) for v in (m + 1 + i, i)), *range(2 * m + 1, 2 * m + 1 + rest))
    whole = [times(size, b) for size, b in zip(sizes[:m], shape, strict=True)]
    out = reshape(p.transpose(apart, perm=perm), [parts(batch, count), *whole, *sizes[m:]])
    if not any(v for pair in pairs for v in pair):
        return out
    for size, (low, high) in zip(whole, pairs, strict=True):
        if isinstance(size, int) and low + high > size:
            raise argument_error(None, "batch_to_space", f"crops {pairs} are larger than the result, {whole}")
    n = len(out.shape_tuple)
    begins = p.constant(value=np.array([0, *(a for a, _ in pairs), *[0] * rest], np.int64))
    ends = p.constant(value=np.array([0, *(-b for _, b in pairs), *[0] * rest], np.int64))
    open_ends = sum(1 << i for i in range(n) if not 1 <= i <= m or not pairs[i - 1][1])
    return p.dynamic_strided_slice(out, begins, ends, strides=(1,) * n, begin_mask=0, end_mask=open_ends)


def with_space_to_batch(
    input, dilation_rate, padding, op, filter_shape=None, spatial_dims=None, data_format=None
) -> Tensor:
    """`op(x, spatial dimensions, "VALID")` of the pixels that lie `dilation_rate` apart, put together again: what a
    dilated window sees. `spatial_dims`: which dimensions that is about (by default those after the batch).
    """
    name = "with_space_to_batch"
    x, rates = convert_to_tensor(input), static_ints(dilation_rate)
    if rates is None or min(rates, default=1) < 1:
        raise ValueError(f"{name} needs dilation rates that are known while tracing and positive, got {dilation_rate}")
    first = isinstance(data_format, str) and data_format.startswith("NC")
    start = 2 if first else 1
    dims = list(range(start, start + len(rates)) if spatial_dims is None else spatial_dims)
    if dims != sorted(set(dims)) or min(dims, default=1) < 1 or len(dims) != len(rates):
        raise ValueError(f"spatial_dims must be a monotonically increasing sequence of positive integers, got {dims}")
    if all(r == 1 for r in rates):
        return op(x, len(dims), padding)
    if padding not in ("SAME", "VALID"):
        raise ValueError(f"{name}: padding must be 'SAME' or 'VALID', got {padding!r}")
    edges = np.zeros((len(rates), 2), np.int64)
    if padding == "SAME":
        window = None if filter_shape is None else static_ints(filter_shape)
        if window is None:
            raise ValueError("filter_shape must be specified for padding SAME")
        reach = (np.array(window[: len(rates)]) - 1) * rates
        edges[:, 0], edges[:, 1] = reach // 2, reach - reach // 2
    sizes = [x.shape_tuple[d] for d in dims]
    if None in sizes:
        raise NotImplementedError(f"{name} needs sizes that are known while tracing, got {x.shape}")
    more = -(np.array(sizes) + edges.sum(1)) % rates
    block, pairs, crops = [], [], []
    for d in range(1, dims[-1] + 1):
        at = dims.index(d) if d in dims else None
        block.append(1 if at is None else rates[at])
        pairs.append([0, 0] if at is None else [int(edges[at, 0]), int(edges[at, 1] + more[at])])
        crops.append([0, 0 if at is None else int(more[at])])
    return batch_to_space(op(space_to_batch(x, block, pairs), len(dims), "VALID"), block, crops)


def space_to_batch_nd(input, block_shape, paddings, name=None) -> Tensor:
    """The same as `tf.space_to_batch`."""
    return space_to_batch(input, block_shape, paddings)


# Patches.


def windows_of(x, window, strides, dilations, padding, fill) -> Tensor:
    """What each window sees: `[batch, places..., window..., channels]`. Any dtype; gradients flow back by indices."""
    rank = len(window)
    sizes = sizes_of(x)
    low, high, places, first = [], [], [], []
    for i, (k, stride, dilation) in enumerate(zip(window, strides, dilations, strict=True)):
        size, reach = sizes[i + 1], (k - 1) * dilation
        first.append(None)
        if padding:
            low.append(padding[2 * i])
            high.append(padding[2 * i + 1])
            room = plus(size, padding[2 * i] + padding[2 * i + 1] - reach)
            places.append(parts(plus(room, stride - 1), stride))
            continue
        places.append(parts(plus(size, stride - 1), stride))
        total = max(0, (places[-1] - 1) * stride + reach + 1 - size) if isinstance(size, int) else reach
        if isinstance(size, Tensor) and stride > 1 and reach > 0:
            # As much as any size needs is added; the first window begins where it should.
            needed = plus(plus(times(places[-1], stride), reach + 1 - stride), times(size, -1))
            before = parts(p.maximum(needed, p.constant(value=np.array(0, np.int64))), 2)
            first[-1] = plus(times(before, -1), reach // 2)
        low.append(total // 2)
        high.append(total - total // 2)
    if any(isinstance(n, int) and n < 1 and size != 0 for n, size in zip(places, sizes[1:], strict=False)):
        raise argument_error(None, "windows", f"a window of {list(window)} does not fit in {list(x.shape_tuple)}")
    if any(low) or any(high):
        x = p.pad(x, fill, low=(0, *low, 0), high=(0, *high, 0))
    for i, (k, stride, dilation) in enumerate(zip(window, strides, dilations, strict=True)):
        count = _count(places[i])
        starts = p.mul(count, p.constant(value=np.array(stride, np.int64)))
        if first[i] is not None:
            starts = plus(starts, first[i])
        offsets = p.constant(value=np.arange(k, dtype=np.int64) * dilation)
        at = p.add(p.expand_dims(starts, axes=(1,)), p.expand_dims(offsets, axes=(0,)))
        # [batch, place, element, ..., size, ...]: places and elements alternate.
        x = p.gather(x, at, axis=1 + 2 * i, batch_dims=0)
    perm = (0, *range(1, 2 * rank, 2), *range(2, 2 * rank + 1, 2), 2 * rank + 1)
    return p.transpose(x, perm=perm)


def _count(n) -> Tensor:
    if isinstance(n, int):
        return p.iota(shape=(n,), axis=0, dtype=int64)
    zero, one = (p.constant(value=np.array(v, np.int64)) for v in (0, 1))
    return p.range_(zero, n, one)


def extract_patches(images, sizes, strides, rates, padding, name=None) -> Tensor:
    """The patches of `[batch, height, width, channels]` images, each along the last dimension of the result.

    `sizes`, `strides` and `rates` (dilations) are `[1, height, width, 1]`; `padding` is "SAME" (with zeros) or "VALID".
    """
    op = "extract_patches"
    x = operand(op, images, "biufc")
    if rank_of(x, op) != 4:
        raise argument_error(None, op, f"images must be 4-dimensional, got shape {list(x.shape_tuple)}")
    window, steps, apart = (
        spatial(v, 2, False, op, name) for v, name in ((sizes, "sizes"), (strides, "strides"), (rates, "rates"))
    )
    zero = p.constant(value=np.zeros((), x.dtype.np_dtype))
    seen = windows_of(x, window, steps, apart, paddings(padding, 2, False, op), zero)
    n, h, w, kh, kw, c = sizes_of(seen)
    return reshape(seen, [n, h, w, times(c, kh * kw)])


def extract_volume_patches(input, ksizes, strides, padding, name=None) -> Tensor:
    """The patches of `[batch, depth, height, width, channels]`, each along the last dimension of the result.

    `ksizes` and `strides` are `[1, depth, height, width, 1]`; `padding` is "SAME" (with zeros) or "VALID".
    """
    op = "extract_volume_patches"
    x = operand(op, input, "biufc")
    if rank_of(x, op) != 5:
        raise argument_error(None, op, f"input must be 5-dimensional, got shape {list(x.shape_tuple)}")
    window, steps = (spatial(v, 3, False, op, name) for v, name in ((ksizes, "ksizes"), (strides, "strides")))
    zero = p.constant(value=np.zeros((), x.dtype.np_dtype))
    seen = windows_of(x, window, steps, (1, 1, 1), paddings(padding, 3, False, op), zero)
    sizes = sizes_of(seen)
    return reshape(seen, [*sizes[:4], times(sizes[7], int(np.prod(window)))])


def dilation2d(input, filters, strides, padding, data_format, dilations, name=None) -> Tensor:
    """Grayscale dilation: the largest of `input + filters` in each window; `filters` is [height, width, channels]."""
    return _morphology("dilation2d", input, filters, strides, padding, data_format, dilations)


def erosion2d(value, filters, strides, padding, data_format, dilations, name=None) -> Tensor:
    """Grayscale erosion: the smallest of `value - mirrored filters` in each window."""
    x, f = operands("erosion2d", value, filters, REAL)
    mirrored = p.reverse(f, axes=(0, 1))
    return p.neg(_morphology("erosion2d", p.neg(x), mirrored, strides, padding, data_format, dilations))


def _morphology(op, input, filters, strides, padding, data_format, dilations):
    x, f = operands(op, input, filters, REAL)
    if data_format != "NHWC":
        raise ValueError("Data formats other than NHWC are not yet supported")
    if rank_of(x, op) != 4 or rank_of(f, op) != 3 or None in f.shape_tuple:
        raise argument_error(
            None, op, f"{op}: expected an image of rank 4 and a filter of rank 3, got {x.shape} and {f.shape}"
        )
    window = f.shape_tuple[:2]
    steps, apart = (spatial(v, 2, False, op, name) for v, name in ((strides, "strides"), (dilations, "dilations")))
    lowest = x.dtype.min if not x.dtype.is_floating else -np.inf
    fill = p.constant(value=np.array(lowest, x.dtype.np_dtype))
    around = paddings(padding, 2, False, op)
    # The filter must not lift padding of integers, nor wrap it around.
    inside = None if x.dtype.is_floating else p.equal(x, x)
    outside = p.constant(value=np.array(False))
    if None not in x.shape_tuple and window[0] * window[1] <= _MOST_SHIFTS:
        parts = _shifted(x, window, steps, apart, around, fill)
        masks = itertools.repeat(None)
        if inside is not None:
            masks = _shifted(inside, window, steps, apart, around, outside)
        # Each is made where it is needed: loops take as many of them as they can.
        return functools.reduce(p.maximum, map(_lift, parts, _elements(f), masks))
    seen = windows_of(x, window, steps, apart, around, fill)
    mask = windows_of(inside, window, steps, apart, around, outside) if inside is not None else None
    return p.reduce_max(_lift(seen, f, mask), axes=(3, 4), keepdims=False)


# A window of more elements is a tensor of its own, and not as many shifted images.
_MOST_SHIFTS = 64


def _lift(seen, f, mask):
    return p.add(seen, f) if mask is None else p.select(mask, p.add(seen, f), seen)


def _elements(f):
    """The filter's channels at each place of the window."""
    h, w, c = f.shape_tuple
    for i, j in itertools.product(range(h), range(w)):
        yield p.reshape(p.slice_(f, starts=(i, j, 0), sizes=(1, 1, c), strides=(1, 1, 1)), shape=(c,))


def _shifted(x, window, strides, dilations, padding, fill):
    """What each element of the window sees of images of known sizes, at all places: `[batch, places..., channels]`."""
    dims = slides(x.shape_tuple[1:-1], window, strides, dilations, padding)
    if any(d.before or d.after for d in dims):
        x = p.pad(x, fill, low=(0, *(d.before for d in dims), 0), high=(0, *(d.after for d in dims), 0))
    for at in itertools.product(*(range(d.window) for d in dims)):
        starts = (0, *(k * d.dilation for k, d in zip(at, dims, strict=True)), 0)
        sizes = (x.shape_tuple[0], *(d.places for d in dims), x.shape_tuple[-1])
        yield p.slice_(x, starts=starts, sizes=sizes, strides=(1, *(d.stride for d in dims), 1))
