"""Images of other sizes (`tf.image.resize`): along each of two dimensions, a pixel is a sum of a few pixels, its taps.

Sources: Keys, "Cubic convolution interpolation for digital image processing", 1981; Mitchell and Netravali,
"Reconstruction filters in computer graphics", SIGGRAPH 1988; Turkowski, "Filters for common resampling tasks", 1990.
"""

import functools
import math

import numpy as np

from tfc.core import Tensor, argument_error, outside
from tfc.dtypes import float32, int32, int64
from tfc.ops import primitives as p
from tfc.ops.array import transpose
from tfc.ops.convert import convert_to_tensor, operand
from tfc.ops.image import pad_to_bounding_box
from tfc.ops.shapes import rank_of, static_ints
from tfc.ops.sizes import Size, as_vector, counting, known, product, reshaped, sizes_of, sizes_of_tensor


class ResizeMethod:
    """Names of methods of `tf.image.resize`."""

    BILINEAR = "bilinear"
    NEAREST_NEIGHBOR = "nearest"
    BICUBIC = "bicubic"
    AREA = "area"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    GAUSSIAN = "gaussian"
    MITCHELLCUBIC = "mitchellcubic"


# Methods that, without `antialias`, are not sums over a kernel in TensorFlow.
_PLAIN = ("bilinear", "bicubic")
# More taps than these are a product with a matrix of weights.
_FEW_TAPS = 16
# With more, rows are vectors as they are, and gradients add pixels faster than elements.
_FEW_CHANNELS = 4
# Parts of a pixel that weights of `bicubic` are known for.
_CUBIC_STEPS = 1024


def _number(value) -> Tensor:
    return p.constant(value=np.float32(value))


def _polynomial(x, *coefficients) -> Tensor:
    total = _number(coefficients[0])
    for c in coefficients[1:]:
        total = p.add(p.mul(total, x), _number(c))
    return total


def _piecewise(x, inner, outer) -> Tensor:
    """Cubic below 1, another cubic below 2, then zero."""
    far = p.select(p.less(x, _number(2)), _polynomial(x, *outer), _number(0))
    return p.select(p.less(x, _number(1)), _polynomial(x, *inner), far)


def _triangle(x) -> Tensor:
    return p.maximum(p.sub(_number(1), x), _number(0))


def _keys(x) -> Tensor:
    return _piecewise(x, (1.5, -2.5, 0, 1), (-0.5, 2.5, -4, 2))


def _mitchell(x) -> Tensor:
    return _piecewise(x, (7 / 6, -2, 0, 8 / 9), (-7 / 18, 2, -10 / 3, 16 / 9))


def _gaussian(x) -> Tensor:
    value = p.exp(p.mul(_number(-2), p.mul(x, x)))
    return p.select(p.less(x, _number(1.5)), value, _number(0))


def _lanczos(radius):
    def kernel(x):
        near = p.less_equal(x, _number(1e-3))
        turns = p.mul(_number(math.pi), p.select(near, _number(1), x))
        wave = p.mul(p.sin(turns), p.sin(p.div(turns, _number(radius))))
        value = p.div(p.mul(_number(radius), wave), p.mul(turns, turns))
        value = p.select(p.greater(x, _number(radius)), _number(0), value)
        return p.select(near, _number(1), value)

    return kernel


# By method: how far a kernel reaches, and what it is there.
_KERNELS = {
    "bilinear": (1.0, _triangle),
    "bicubic": (2.0, _keys),
    "lanczos3": (3.0, _lanczos(3)),
    "lanczos5": (5.0, _lanczos(5)),
    "gaussian": (1.5, _gaussian),
    "mitchellcubic": (2.0, _mitchell),
}


def _float(size: Size) -> Tensor:
    return p.cast(size, dtype=float32) if isinstance(size, Tensor) else _number(size)


def _whole(x) -> Tensor:
    return p.cast(x, dtype=int32)


def _column(x) -> Tensor:
    return p.expand_dims(x, axes=(1,))


def _bounded(places, before: Size) -> Tensor:
    last = p.sub(_whole(_size(before)), p.constant(value=np.int32(1)))
    return p.maximum(p.minimum(places, last), p.constant(value=np.int32(0)))


def _size(size: Size) -> Tensor:
    return size if isinstance(size, Tensor) else p.constant(value=np.int64(size))


def _nearest(before: Size, after: Size) -> Tensor:
    """For each pixel the one whose area its middle is in."""
    middle = p.add(counting(after, float32), _number(0.5))
    return _bounded(_whole(p.floor(p.mul(middle, p.div(_float(before), _float(after))))), before)


def _covered(places, before: Size, after: Size) -> Tensor:
    """How much of the area of each pixel `[after, 1]` is that of the pixels at `places`."""
    scale = p.div(_float(before), _float(after))
    start = _column(p.mul(counting(after, float32), scale))
    end = p.add(start, scale)
    low = p.cast(places, dtype=float32)
    shared = p.sub(p.minimum(p.add(low, _number(1)), end), p.maximum(low, start))
    return p.maximum(shared, _number(0))


def _normalized(weights, places, before: Size) -> Tensor:
    """Weights of which those outside of the image are nothing, and the others are 1 together."""
    inside = p.logical_and(
        p.greater_equal(places, p.constant(value=np.int32(0))), p.less(places, _whole(_size(before)))
    )
    weights = p.select(inside, weights, _number(0))
    total = p.reduce_sum(weights, axes=(1,), keepdims=True)
    some = p.greater_equal(p.abs_(total), _number(1000 * np.finfo(np.float32).tiny))
    return p.select(some, p.div(weights, p.select(some, total, _number(1))), weights)


def _middles(before: Size, after: Size, is_plain) -> Tensor:
    """Where the middles of pixels are in the earlier image, whose first pixel goes from 0 to 1."""
    middle = p.add(counting(after, float32), _number(0.5))
    # Rounded as in TensorFlow, where these methods are functions of their own.
    if is_plain:
        return p.mul(middle, p.div(_float(before), _float(after)))
    return p.mul(middle, p.div(_number(1), p.div(_float(after), _float(before))))


def _weights(middles, places, method, stretch) -> Tensor:
    distance = p.abs_(p.sub(p.add(p.cast(places, dtype=float32), _number(0.5)), _column(middles)))
    return _KERNELS[method][1](p.mul(distance, p.div(_number(1), stretch)))


def _stepped(middles) -> Tensor:
    """The nearest of the places between pixels that `bicubic` has weights for."""
    half, steps = _number(0.5), _number(_CUBIC_STEPS)
    at = p.sub(middles, half)
    low = p.floor(at)
    return p.add(p.add(low, p.div(p.round_(p.mul(p.sub(at, low), steps)), steps)), half)


def _count(method, stretch) -> int:
    """How many taps there may be: where a kernel ends in a step, rounding decides between one and the next."""
    return math.ceil(2 * _KERNELS[method][0] * stretch) + 2 * (method == "gaussian")


def _taps(before: Size, after: Size, method, count, stretch, is_plain) -> tuple[Tensor, Tensor]:
    """(places, weights), both `[after, count]`."""
    if method == "area":
        first = p.floor(p.mul(counting(after, float32), p.div(_float(before), _float(after))))
        places = p.add(_column(_whole(first)), p.iota(shape=(1, count), axis=1, dtype=int32))
        return _bounded(places, before), _normalized(_covered(places, before, after), places, before)
    middles = _middles(before, after, is_plain)
    middles = _stepped(middles) if is_plain and method == "bicubic" else middles
    reach = _KERNELS[method][0] * stretch + (0.5 if method == "gaussian" else -0.5)
    first = p.floor(p.sub(middles, _number(reach)))
    places = p.add(_column(_whole(first)), p.iota(shape=(1, count), axis=1, dtype=int32))
    weights = _weights(middles, places, method, _number(stretch))
    return _bounded(places, before), _normalized(weights, places, before)


@functools.lru_cache(maxsize=64)
def _known_taps(before: int, after: int, method, antialias):
    """`_taps` of known sizes, as arrays `[count, after]`."""
    scale = before / after
    stretch = max(scale, 1.0) if antialias else 1.0
    count = math.ceil(scale) + 1 if method == "area" else _count(method, stretch)
    with outside():
        places, weights = _taps(before, after, method, count, stretch, not antialias and method in _PLAIN)
    places, weights = places.numpy().T, weights.numpy().T
    used = weights.any(axis=1)
    return np.ascontiguousarray(places[used]), np.ascontiguousarray(weights[used])


def _matrix(before: Size, after: Size, method) -> Tensor:
    """The weights of all pixels `[after, before]`, where kernels are stretched by as much as the image shrinks."""
    places = p.expand_dims(counting(before, int32), axes=(0,))
    if method == "area":
        return _normalized(_covered(places, before, after), places, before)
    stretch = p.maximum(p.div(_float(before), _float(after)), _number(1))
    return _normalized(_weights(_middles(before, after, False), places, method, stretch), places, before)


def _product(weights, x, axis) -> Tensor:
    """`x` `[batch, height, width, channels]` with the pixels along an axis weighed by the rows of a matrix."""
    if axis == 2:
        return p.matmul(weights, x, transpose_x=False, transpose_y=False)
    turned = transpose(x, (0, 2, 1, 3))
    return transpose(p.matmul(weights, turned, transpose_x=False, transpose_y=False), (0, 2, 1, 3))


def _along(x, axis, before: Size, after: Size, method, antialias) -> Tensor:
    stretched = method == "area" or antialias
    if known((before, after)):
        if before == 0 or after == 0:
            return p.gather(x, p.constant(value=np.zeros(after, np.int32)), axis=axis, batch_dims=0)
        places, weights = _known_taps(before, after, method, antialias)
        if len(places) > _FEW_TAPS:
            dense = np.zeros((after, before), np.float32)
            np.add.at(dense, (np.arange(after), places), weights)
            return _product(p.constant(value=dense), x, axis)
        return _weighted_rows(x, axis, places, weights)
    if stretched:
        return _product(_matrix(before, after, method), x, axis)
    count = _count(method, 1.0)
    places, weights = _taps(before, after, method, count, 1.0, method in _PLAIN)
    return _weighted(x, axis, [tuple(_row(t, i) for t in (places, weights)) for i in range(count)])


def _weighted(x, axis, taps) -> Tensor:
    """The sum over `taps`, each of them places along an axis and their weights."""
    total = None
    for at, weight in taps:
        part = p.gather(x, at, axis=axis, batch_dims=0)
        part = p.mul(part, p.expand_dims(weight, axes=tuple(range(1, len(x.shape_tuple) - axis))))
        total = part if total is None else p.add(total, part)
    return total


def _weighted_rows(x, axis, places, weights) -> Tensor:
    """The same of known taps `[count, after]`.

    Pixels of few channels are no vectors: what follows an axis lies together, and columns are taken channel by channel.
    """
    sizes, channels = sizes_of_tensor(x, "resize"), x.shape_tuple[3]
    inside = x.shape_tuple[axis + 1 :]
    together = None not in inside and 0 not in inside and channels < _FEW_CHANNELS
    if together and axis == 1:
        x = reshaped(x, (*sizes[:2], math.prod(inside)))
    elif together:
        x = reshaped(x, (*sizes[:2], product(sizes[2], channels)))
        places = (places[..., None] * channels + np.arange(channels, dtype=np.int32)).reshape(len(places), -1)
        weights = np.repeat(weights, channels, axis=1)
    taps = [(p.constant(value=at), p.constant(value=w)) for at, w in zip(places, weights, strict=True)]
    total = _weighted(x, axis, taps)
    if not together:
        return total
    after = places.shape[1] if axis == 1 else places.shape[1] // channels
    return reshaped(total, (*sizes[:axis], after, *inside))


def _row(table, i) -> Tensor:
    rows = table.shape_tuple[0]
    if rows is not None:
        return p.squeeze(p.slice_(table, starts=(0, i), sizes=(rows, 1), strides=(1, 1)), axes=(1,))
    return p.gather(table, p.constant(value=np.int32(i)), axis=1, batch_dims=0)


def _within(size, image_sizes) -> tuple:
    """The largest sizes with the proportions of the image that are not above these."""
    if known((*size, *image_sizes)):
        wanted, own = (np.array(v, np.float32) for v in (size, image_sizes))
        return tuple(int(n) for n in np.rint(np.min(wanted / own) * own))
    wanted, own = ([_float(n) for n in v] for v in (size, image_sizes))
    scale = p.minimum(*(p.div(a, b) for a, b in zip(wanted, own, strict=True)))
    return tuple(p.cast(p.round_(p.mul(scale, n)), dtype=int64) for n in own)


def resize(
    images, size, method=ResizeMethod.BILINEAR, preserve_aspect_ratio=False, antialias=False, name=None
) -> Tensor:
    """Images `[height, width, channels]`, or several `[batch, height, width, channels]`, in another `size` (height,
    width), as float32; with the method "nearest" in their own dtype.

    Methods: "bilinear", "nearest", "bicubic", "area" (means of what a pixel covers), "lanczos3", "lanczos5",
    "gaussian", "mitchellcubic". With `antialias` kernels are stretched where an image shrinks, so that all of its
    pixels count. `preserve_aspect_ratio`: `size` is the largest that the images may have.
    """
    method = str(method).lower()
    if method not in _KERNELS and method not in ("area", "nearest"):
        wanted = ", ".join(sorted([*_KERNELS, "area", "nearest"]))
        raise ValueError(f"Resize method is not implemented: {method}. Expected one of {wanted}")
    x = operand("resize", images, "iuf")
    rank = rank_of(x, "resize")
    if rank not in (3, 4):
        raise ValueError(f"'images' must have either 3 or 4 dimensions, got shape {x.shape}")
    after = _wanted_sizes(size)
    x = p.expand_dims(x, axes=(0,)) if rank == 3 else x
    before = sizes_of_tensor(x, "resize")[1:3]
    if any(not isinstance(n, Tensor) and n == 0 for n in before):
        raise ValueError(f"resize: images need to have pixels, got shape {images.shape}")
    _check_positive(before, "images need to have pixels")
    after = _within(after, before) if preserve_aspect_ratio else after
    if any(not isinstance(n, Tensor) and n <= 0 for n in after):
        raise argument_error(None, "resize", f"output dimensions must be positive, got {list(after)}")
    _check_positive(after, "output dimensions must be positive")
    if method == "nearest":
        for axis, sizes in ((1, (before[0], after[0])), (2, (before[1], after[1]))):
            x = p.gather(x, _nearest(*sizes), axis=axis, batch_dims=0)
    else:
        x = x if x.dtype is float32 else p.cast(x, dtype=float32)
        # First the dimension that leaves less to do.
        rows_first = known((*before, *after)) and after[0] * before[1] <= before[0] * after[1]
        for axis in (1, 2) if rows_first else (2, 1):
            x = _along(x, axis, before[axis - 1], after[axis - 1], method, bool(antialias))
    return p.squeeze(x, axes=(0,)) if rank == 3 else x


def _check_positive(sizes, message):
    """Stops a run with sizes below 1, of those that only it knows."""
    if not known(sizes):
        vector = as_vector(sizes)
        fine = p.reduce_all(p.greater(vector, p.constant(value=np.int64(0))), axes=(0,), keepdims=False)
        p.assert_(fine, vector, message=f"resize: {message}, got", summarize=2)


def _wanted_sizes(size) -> tuple:
    try:
        sizes = sizes_of(size, "resize")
    except (TypeError, ValueError):
        raise ValueError("'size' must be a 1-D int32 Tensor") from None
    if len(sizes) != 2:
        raise ValueError("'size' must be a 1-D Tensor of 2 elements: new_height, new_width")
    return sizes


def resize_with_pad(
    image, target_height, target_width, method=ResizeMethod.BILINEAR, antialias=False, name=None
) -> Tensor:
    """The image, resized with its proportions as large as fits, and zeros around it up to the target."""
    x = convert_to_tensor(image)
    dims = x.shape_tuple
    if dims is None or len(dims) not in (3, 4):
        raise ValueError(f"'images' must have either 3 or 4 dimensions, got shape {x.shape}")
    wanted = static_ints([target_height, target_width])
    if None in wanted or None in dims[-3:-1]:
        return _with_pad(x, wanted, (target_height, target_width), method, antialias)
    if min(wanted) <= 0:
        raise ValueError("target_height and target_width must be > 0.")
    if 0 in dims[-3:-1]:
        raise ValueError(f"resize_with_pad: images need to have pixels, got shape {x.shape}")
    own, target = np.array(dims[-3:-1], np.float32), np.array(wanted, np.float32)
    sizes = own / np.max(own / target)
    top, left = (max(int(n), 0) for n in np.floor((target - sizes) / 2))
    resized = resize(x, [int(n) for n in sizes], method, antialias=antialias)
    return pad_to_bounding_box(resized, top, left, *wanted)


def _with_pad(x, wanted, given, method, antialias):
    """The same of sizes that only a run knows."""
    if any(n is not None and n <= 0 for n in wanted):
        raise ValueError("target_height and target_width must be > 0.")
    target = [p.cast(convert_to_tensor(v), dtype=int64) if n is None else n for n, v in zip(wanted, given, strict=True)]
    own = sizes_of_tensor(x, "resize_with_pad")[-3:-1]
    _check_positive(own, "images need to have pixels")
    _check_positive(target, "target sizes must be positive")
    own, room = (p.cast(as_vector(v), dtype=float32) for v in (own, target))
    sizes = p.div(own, p.reduce_max(p.div(own, room), axes=(0,), keepdims=False))
    half = p.div(p.sub(room, sizes), p.constant(value=np.float32(2)))
    before = p.cast(p.floor(p.maximum(half, p.constant(value=np.float32(0)))), dtype=int64)
    top, left = (p.squeeze(p.slice_(before, starts=(i,), sizes=(1,), strides=(1,)), axes=(0,)) for i in (0, 1))
    resized = resize(x, p.cast(sizes, dtype=int64), method, antialias=antialias)
    return pad_to_bounding_box(resized, top, left, *target)
