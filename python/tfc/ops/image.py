"""`tf.image` as far as it is array work: turning, cutting, padding, colors, differences; sizes in `ops.resizing`."""

import functools
import math

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import as_dtype, float32, int32, int64
from tfc.ops import primitives as p
from tfc.ops.array import pad, reverse, split, stack
from tfc.ops.control_flow import cond
from tfc.ops.convert import convert_to_tensor, number, operand, operands, sequence, static_ints, static_value
from tfc.ops.gradients import full_like
from tfc.ops.linalg import tensordot
from tfc.ops.math import FLOAT, saturate_cast
from tfc.ops.nn import relu
from tfc.ops.pooling import avg_pool2d
from tfc.ops.random import stateless_uniform, uniform
from tfc.ops.reductions import reduce_mean, reduce_sum
from tfc.ops.shapes import rank_of
from tfc.ops.sizes import Size, known, plus, sizes_of_tensor
from tfc.ops.slicing import slice as box

_NUMBERS = "iuf"


def _number(value, dtype) -> Tensor:
    return p.constant(value=np.asarray(value, dtype.np_dtype))


def _image(op, image, kinds="biufc", ranks=(3, 4)) -> Tensor:
    x = operand(op, image, kinds)
    n = rank_of(x, op)
    if n not in ranks:
        wanted = " or ".join(map(str, ranks))
        raise ValueError(f"'image' must have {wanted} dimensions. Received a {n}-D tensor of shape {x.shape} in {op}")
    return x


def _channels(op, image, count=3, kinds=FLOAT) -> Tensor:
    x = operand(op, image, kinds)
    if rank_of(x, op) < 1 or x.shape_tuple[-1] not in (count, None):
        raise argument_error(None, op, f"{op}: expected {count} channels last, got shape {list(x.shape_tuple)}")
    return x


# Turning.


def flip_left_right(image) -> Tensor:
    """The columns of an image `[..., height, width, channels]` in opposite order."""
    x = _image("flip_left_right", image)
    return reverse(x, [len(x.shape_tuple) - 2])


def flip_up_down(image) -> Tensor:
    """The rows of an image in opposite order."""
    x = _image("flip_up_down", image)
    return reverse(x, [len(x.shape_tuple) - 3])


def transpose(image, name=None) -> Tensor:
    """Rows and columns exchanged."""
    x = _image("transpose", image)
    n = len(x.shape_tuple)
    return p.transpose(x, perm=(*range(n - 3), n - 2, n - 3, n - 1))


def rot90(image, k=1, name=None) -> Tensor:
    """The image turned counter-clockwise by `k` right angles."""
    x = _image("rot90", image)
    turns = static_value(k)
    if turns is None:
        raise NotImplementedError("tf.image.rot90 needs a k that is known while tracing")
    turns = int(turns) % 4
    if turns == 0:
        return x
    if turns == 2:
        return flip_left_right(flip_up_down(x))
    return flip_up_down(transpose(x)) if turns == 1 else transpose(flip_up_down(x))


# Cutting and padding.


def crop_to_bounding_box(image, offset_height, offset_width, target_height, target_width) -> Tensor:
    """The box of this size at this place."""
    x = _image("crop_to_bounding_box", image)
    n = len(x.shape_tuple)
    known = [static_value(v) for v in (offset_height, offset_width, target_height, target_width)]
    for v, name in zip(known, ("offset_height", "offset_width", "target_height", "target_width"), strict=True):
        if v is not None and (int(v) < 0 if name.startswith("offset") else int(v) <= 0):
            raise ValueError(f"{name} must be {'>= 0' if name.startswith('offset') else '> 0'}.")
    for offset, size, axis, name in ((0, 2, n - 3, "height"), (1, 3, n - 2, "width")):
        whole = x.shape_tuple[axis]
        if None not in (known[offset], known[size], whole) and int(known[offset]) + int(known[size]) > whole:
            raise ValueError(f"{name} must be >= target + offset.")
    begin = [0] * (n - 3) + [offset_height, offset_width, 0]
    return box(x, begin, [-1] * (n - 3) + [target_height, target_width, -1])


def _size(value) -> Size:
    known = static_value(value)
    return p.cast(convert_to_tensor(value), dtype=int64) if known is None else int(known)


def _minus(a: Size) -> Size:
    return p.neg(a) if isinstance(a, Tensor) else -a


def _half_or_none(a: Size) -> Size:
    """Half of a size, rounded down; nothing of a negative one."""
    if not isinstance(a, Tensor):
        return max(a // 2, 0)
    return p.maximum(p.floor_div(a, _number(2, int64)), _number(0, int64))


def _less(a: Size, b: Size) -> Size:
    if known((a, b)):
        return min(a, b)
    return p.minimum(*(v if isinstance(v, Tensor) else _number(v, int64) for v in (a, b)))


def pad_to_bounding_box(image, offset_height, offset_width, target_height, target_width) -> Tensor:
    """The image on a larger one of zeros, at this place."""
    x = _image("pad_to_bounding_box", image)
    n = len(x.shape_tuple)
    height, width = sizes_of_tensor(x, "pad_to_bounding_box")[n - 3 : n - 1]
    top, left, high, wide = values = [_size(v) for v in (offset_height, offset_width, target_height, target_width)]
    if not known((*values, height, width)):
        below, right = plus(high, _minus(plus(top, height))), plus(wide, _minus(plus(left, width)))
        padded = pad(x, [[0, 0]] * (n - 3) + [[top, below], [left, right], [0, 0]])
        target = (None if isinstance(v, Tensor) else v for v in (high, wide))
        return p.ensure_shape(padded, shape=(*x.shape_tuple[: n - 3], *target, x.shape_tuple[-1]))
    below, right = high - top - height, wide - left - width
    for value, name in ((top, "offset_height"), (left, "offset_width")):
        if value < 0:
            raise ValueError(f"{name} must be >= 0")
    for value, name in ((below, "height"), (right, "width")):
        if value < 0:
            raise ValueError(f"{name} must be <= target - offset")
    return pad(x, [[0, 0]] * (n - 3) + [[top, below], [left, right], [0, 0]])


def central_crop(image, central_fraction) -> Tensor:
    """The middle part of this share of height and width."""
    x = _image("central_crop", image)
    share = static_value(central_fraction)
    if share is None:
        raise NotImplementedError("tf.image.central_crop needs a fraction that is known while tracing")
    share = float(share)
    if not 0 < share <= 1:
        raise ValueError("central_fraction must be within (0, 1]")
    if share == 1:
        return x
    n = len(x.shape_tuple)
    height, width = x.shape_tuple[n - 3 : n - 1]
    if None in (height, width):
        raise NotImplementedError("tf.image.central_crop needs sizes that are known while tracing")
    top, left = int((height - height * share) / 2), int((width - width * share) / 2)
    return crop_to_bounding_box(x, top, left, height - 2 * top, width - 2 * left)


def resize_with_crop_or_pad(image, target_height, target_width) -> Tensor:
    """The middle of the image, cut off or with zeros around."""
    x = _image("resize_with_crop_or_pad", image)
    n = len(x.shape_tuple)
    height, width = sizes_of_tensor(x, "resize_with_crop_or_pad")[n - 3 : n - 1]
    high, wide = _size(target_height), _size(target_width)
    for value, name in ((high, "target_height"), (wide, "target_width")):
        if not isinstance(value, Tensor) and value <= 0:
            raise ValueError(f"{name} must be > 0.")
    more = plus(high, _minus(height)), plus(wide, _minus(width))
    top, left = (_half_or_none(_minus(v)) for v in more)
    cut = crop_to_bounding_box(x, top, left, _less(high, height), _less(wide, width))
    if None in cut.shape_tuple:  # batch and channels are the image's
        cut = p.ensure_shape(cut, shape=(*x.shape_tuple[: n - 3], *cut.shape_tuple[n - 3 : n - 1], x.shape_tuple[-1]))
    return pad_to_bounding_box(cut, *map(_half_or_none, more), high, wide)


# Numbers.


def convert_image_dtype(image, dtype, saturate=False, name=None) -> Tensor:
    """The same picture in another dtype: floats are in [0, 1), integers use their positive range."""
    x, to = operand("convert_image_dtype", image, _NUMBERS), as_dtype(dtype)
    if not (to.is_floating or to.is_integer):
        raise AttributeError("dtype must be either floating point or integer")
    if x.dtype is to:
        return x
    if x.dtype.is_integer and to.is_integer:
        scale_in, scale_out = x.dtype.max, to.max
        if scale_in > scale_out:
            shrunk = p.floor_div(x, _number((scale_in + 1) // (scale_out + 1), x.dtype))
            return saturate_cast(shrunk, to) if saturate else p.cast(shrunk, dtype=to)
        wide = saturate_cast(x, to) if saturate else p.cast(x, dtype=to)
        return p.mul(wide, _number((scale_out + 1) // (scale_in + 1), to))
    if x.dtype.is_floating and to.is_floating:
        return p.cast(x, dtype=to)
    if x.dtype.is_integer:
        return p.mul(p.cast(x, dtype=to), _number(1.0 / x.dtype.max, to))
    scaled = p.mul(x, _number(to.max + 0.5, x.dtype))
    return saturate_cast(scaled, to) if saturate else p.cast(scaled, dtype=to)


def _as_float(x):
    """A float image to compute with, and how to come back."""
    original = x.dtype
    if original.is_floating and original.size > 2:
        return x, lambda y: y
    if original.is_floating:
        return p.cast(x, dtype=float32), lambda y: p.cast(y, dtype=original)
    return convert_image_dtype(x, float32), lambda y: convert_image_dtype(y, original, saturate=True)


def per_image_standardization(image) -> Tensor:
    """Each image less its mean, divided by its standard deviation (by no less than 1 / sqrt(pixels)), in float32."""
    x = _image("per_image_standardization", image, _NUMBERS)
    x = x if x.dtype is float32 else p.cast(x, dtype=float32)
    axes = tuple(range(len(x.shape_tuple) - 3, len(x.shape_tuple)))
    mean = reduce_mean(x, axes, keepdims=True)
    distance = p.sub(x, mean)
    deviation = p.sqrt(reduce_mean(p.mul(distance, distance), axes, keepdims=True))
    sizes = p.slice_(p.shape_of(x, dtype=int64), starts=(axes[0],), sizes=(3,), strides=(1,))
    pixels = p.cast(p.reduce_prod(sizes, axes=(0,), keepdims=False), dtype=x.dtype)
    return p.div(distance, p.maximum(deviation, p.rsqrt(pixels)))


def adjust_brightness(image, delta) -> Tensor:
    """`delta` added to each element, as a share of the range of the dtype."""
    x, back = _as_float(operand("adjust_brightness", image, _NUMBERS))
    return back(p.add(x, p.cast(convert_to_tensor(delta), dtype=x.dtype)))


def adjust_contrast(images, contrast_factor) -> Tensor:
    """Each channel's distance from its mean, scaled."""
    x, back = _as_float(operand("adjust_contrast", images, _NUMBERS))
    n = rank_of(x, "adjust_contrast")
    if n < 3:
        raise ValueError(f"adjust_contrast: expected at least 3 dimensions, got shape {x.shape}")
    mean = reduce_mean(x, (n - 3, n - 2), keepdims=True)
    factor = p.cast(convert_to_tensor(contrast_factor), dtype=x.dtype)
    return back(p.add(p.mul(p.sub(x, mean), factor), mean))


def adjust_gamma(image, gamma=1, gain=1) -> Tensor:
    """gain * x ** gamma."""
    if isinstance(gamma, (int, float)) and gamma < 0:
        raise ValueError("Gamma should be a non-negative real number.")
    x, back = _as_float(operand("adjust_gamma", image, _NUMBERS))
    power, factor = (p.cast(convert_to_tensor(v), dtype=x.dtype) for v in (gamma, gain))
    return back(p.mul(p.pow_(x, power), factor))


# Colors.


def rgb_to_grayscale(images, name=None) -> Tensor:
    """The weighted sum of red, green and blue, as one channel."""
    x, back = _as_float(_channels("rgb_to_grayscale", images, kinds=_NUMBERS))
    weights = _number([0.2989, 0.5870, 0.1140], x.dtype)
    gray = p.reduce_sum(p.mul(x, weights), axes=(len(x.shape_tuple) - 1,), keepdims=True)
    return back(gray)


def grayscale_to_rgb(images, name=None) -> Tensor:
    """One channel three times."""
    x = _channels("grayscale_to_rgb", images, 1, "biufc")
    return p.concat(x, x, x, axis=len(x.shape_tuple) - 1)


def _parts(x) -> list:
    n = len(x.shape_tuple)
    return [p.squeeze(v, axes=(n - 1,)) for v in split(x, 3, axis=n - 1)]


def rgb_to_hsv(images, name=None) -> Tensor:
    """Hue, saturation and value, all in [0, 1], of colors in [0, 1]."""
    return stack(_hsv_of(_channels("rgb_to_hsv", images)), axis=-1)


def _hsv_of(x):
    """The three parts, each an image without channels."""
    r, g, b = _parts(x)
    zero, one = _number(0, x.dtype), _number(1, x.dtype)
    value = p.maximum(p.maximum(r, g), b)
    span = p.sub(value, p.minimum(p.minimum(r, g), b))
    lit, colored = p.greater(value, zero), p.greater(span, zero)
    saturation = p.select(lit, p.div(span, p.select(lit, value, one)), zero)
    step = p.div(_number(1 / 6, x.dtype), p.select(colored, span, one))
    third, two_thirds = _number(2 / 6, x.dtype), _number(4 / 6, x.dtype)
    hue = p.select(
        p.equal(r, value),
        p.mul(step, p.sub(g, b)),
        p.select(
            p.equal(g, value),
            p.add(p.mul(step, p.sub(b, r)), third),
            p.add(p.mul(step, p.sub(r, g)), two_thirds),
        ),
    )
    hue = p.select(colored, hue, zero)
    hue = p.select(p.less(hue, zero), p.add(hue, one), hue)
    return hue, saturation, value


def hsv_to_rgb(images, name=None) -> Tensor:
    """Red, green and blue of hue, saturation and value in [0, 1]."""
    return _rgb_of(*_parts(_channels("hsv_to_rgb", images)))


def _rgb_of(h, s, v):
    """Of parts, each an image without channels."""
    zero, one, two, three, four, six = (_number(n, h.dtype) for n in (0, 1, 2, 3, 4, 6))
    turn = p.mul(h, six)

    def clipped(y):
        return p.minimum(p.maximum(y, zero), one)

    r = clipped(p.sub(p.abs_(p.sub(turn, three)), one))
    g = clipped(p.sub(two, p.abs_(p.sub(turn, two))))
    b = clipped(p.sub(two, p.abs_(p.sub(turn, four))))
    rest = p.sub(one, s)
    return stack([p.mul(p.add(rest, p.mul(s, c)), v) for c in (r, g, b)], axis=-1)


_YIQ = [[0.299, 0.59590059, 0.2115], [0.587, -0.27455667, -0.52273617], [0.114, -0.32134392, 0.31119955]]
_YUV = [[0.299, -0.14714119, 0.61497538], [0.587, -0.28886916, -0.51496512], [0.114, 0.43601035, -0.10001026]]
_RGB_OF_YIQ = [[1, 1, 1], [0.95598634, -0.27201283, -1.10674021], [0.6208248, -0.64720424, 1.70423049]]
_RGB_OF_YUV = [[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]]


def _linear(name, matrix, text):
    def function(images):
        x = _channels(name, images)
        return tensordot(x, _number(matrix, x.dtype), [[len(x.shape_tuple) - 1], [0]])

    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return function


rgb_to_yiq = _linear("rgb_to_yiq", _YIQ, "Colors in [0, 1] as luma and two color differences (NTSC).")
yiq_to_rgb = _linear("yiq_to_rgb", _RGB_OF_YIQ, "The inverse of `tf.image.rgb_to_yiq`.")
rgb_to_yuv = _linear("rgb_to_yuv", _YUV, "Colors in [0, 1] as luma and two color differences (PAL).")
yuv_to_rgb = _linear("yuv_to_rgb", _RGB_OF_YUV, "The inverse of `tf.image.rgb_to_yuv`.")


def adjust_hue(image, delta, name=None) -> Tensor:
    """The hue turned by `delta`, of which 1 is a whole turn."""
    if isinstance(delta, (int, float)) and not -1 <= delta <= 1:
        raise ValueError("delta must be in the interval [-1, 1]")
    x, back = _as_float(_channels("adjust_hue", image, kinds=_NUMBERS))
    h, s, v = _hsv_of(x)
    turned = p.floor_mod(p.add(h, p.cast(convert_to_tensor(delta), dtype=x.dtype)), _number(1, x.dtype))
    return back(_rgb_of(turned, s, v))


def adjust_saturation(image, saturation_factor, name=None) -> Tensor:
    """The saturation scaled, and kept in [0, 1]."""
    x, back = _as_float(_channels("adjust_saturation", image, kinds=_NUMBERS))
    h, s, v = _hsv_of(x)
    scaled = p.mul(s, p.cast(convert_to_tensor(saturation_factor), dtype=x.dtype))
    scaled = p.minimum(p.maximum(scaled, _number(0, x.dtype)), _number(1, x.dtype))
    return back(_rgb_of(h, scaled, v))


# Differences.


def image_gradients(image):
    """(dy, dx): each pixel's difference to the next one, 0 in the last row or column."""
    x = _image("image_gradients", image, _NUMBERS, ranks=(4,))
    return tuple(
        p.concat(p.sub(_along(x, axis, 1, None), _along(x, axis, 0, -1)), _zeros_like(_along(x, axis, 0, 1)), axis=axis)
        for axis in (1, 2)
    )


def _along(x, axis, start, stop):
    """x[..., start:stop, ...], also of unknown size."""
    n = len(x.shape_tuple)
    begins = _number([start if i == axis else 0 for i in range(n)], int64)
    ends = _number([stop or 0 if i == axis else 0 for i in range(n)], int64)
    open_ends = sum(1 << i for i in range(n) if i != axis or stop is None)
    return p.dynamic_strided_slice(x, begins, ends, strides=(1,) * n, begin_mask=0, end_mask=open_ends)


def _zeros_like(x):
    return full_like(x, 0)


def sobel_edges(image) -> Tensor:
    """The vertical and horizontal derivative by Sobel's filters, along a new last dimension."""
    x = _image("sobel_edges", image, FLOAT, ranks=(4,))
    smooth, slope = np.array([1, 2, 1.0]), np.array([-1, 0, 1.0])
    filters = np.stack([np.outer(slope, smooth), np.outer(smooth, slope)], axis=-1)
    channels = x.shape_tuple[3]
    if channels is None:
        raise NotImplementedError("tf.image.sobel_edges needs channels that are known while tracing")
    wide = np.repeat(filters[:, :, None, :], channels, axis=2).reshape(3, 3, 1, channels * 2)
    padded = pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT")
    out = p.conv(
        padded, _number(wide, x.dtype), strides=(1, 1), dilations=(1, 1), padding=(0, 0, 0, 0), groups=channels
    )
    sizes = p.shape_of(x, dtype=int64)
    return p.dynamic_reshape(out, p.concat(sizes, _number([2], int64), axis=0))


def total_variation(images, name=None) -> Tensor:
    """The sum of absolute differences of neighbouring pixels, of each image."""
    x = _image("total_variation", images, _NUMBERS)
    n = len(x.shape_tuple)
    axes = (n - 3, n - 2, n - 1)
    parts = [reduce_sum(p.abs_(p.sub(_along(x, a, 1, None), _along(x, a, 0, -1))), axes) for a in (n - 3, n - 2)]
    return p.add(*parts)


def psnr(a, b, max_val, name=None) -> Tensor:
    """The peak signal-to-noise ratio of each pair of images, in decibels."""
    x, y = operands("psnr", a, b, _NUMBERS)
    peak = p.cast(convert_to_tensor(max_val), dtype=x.dtype)
    x, y, peak = (convert_image_dtype(v, float32) for v in (x, y, peak))
    n = rank_of(x, "psnr")
    error = reduce_mean(p.mul(p.sub(x, y), p.sub(x, y)), (n - 3, n - 2, n - 1))
    scale = _number(10 / math.log(10), float32)
    return p.sub(p.mul(_number(20 / math.log(10), float32), p.log(peak)), p.mul(scale, p.log(error)))


def ssim(img1, img2, max_val, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, return_index_map=False) -> Tensor:
    """The structural similarity of each pair of images.

    Source: Wang et al., "Image quality assessment: from error visibility to structural similarity", IEEE TIP 2004.
    """
    x, y = operands("ssim", img1, img2, _NUMBERS)
    peak = p.cast(convert_to_tensor(max_val), dtype=x.dtype)
    x, y, peak = (convert_image_dtype(v, float32) for v in (x, y, peak))
    index = _similarity(x, y, peak, filter_size, filter_sigma, k1, k2)[0]
    if return_index_map:
        return reduce_mean(index, (-1,))
    return reduce_mean(_mean_of_pixels(index), (-1,))


_POWERS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def ssim_multiscale(
    img1, img2, max_val, power_factors=_POWERS, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03
) -> Tensor:
    """The structural similarity of each pair of images over several scales, of which each is half as large as the one
    before: the product of contrast and structure on each scale, and of luminance on the last, to these powers.

    Source: Wang, Simoncelli, Bovik, "Multiscale structural similarity for image quality assessment", ACSSC 2003.
    """
    x, y = operands("ssim_multiscale", img1, img2, _NUMBERS)
    peak = p.cast(convert_to_tensor(max_val), dtype=x.dtype)
    x, y, peak = (convert_image_dtype(v, float32) for v in (x, y, peak))
    powers = [number(v, "power_factors") for v in sequence(power_factors, "power_factors")]
    if not powers:
        raise ValueError("ssim_multiscale: power_factors must have at least one number")
    if rank_of(x, "ssim_multiscale") < 3 or x.shape_tuple != y.shape_tuple:
        raise ValueError(
            "ssim_multiscale: expected two images [..., height, width, channels] of one shape, "
            f"got {x.shape} and {y.shape}"
        )
    factors = []
    for scale, power in enumerate(powers):
        if scale:
            x, y = _half(x), _half(y)
        index, structure = _similarity(x, y, peak, filter_size, filter_sigma, k1, k2)
        each = index if scale == len(powers) - 1 else structure
        factors.append(p.pow_(relu(_mean_of_pixels(each)), _number(power, float32)))
    return reduce_mean(functools.reduce(p.mul, factors), (-1,))


def _half(x) -> Tensor:
    """An image of means of 2 times 2 pixels; of an odd size, the last row or column counts twice."""
    dims = x.shape_tuple
    flat = p.reshape(x, shape=(int(np.prod(dims[:-3], dtype=int)), *dims[-3:]))
    flat = pad(flat, [[0, 0], [0, dims[-3] % 2], [0, dims[-2] % 2], [0, 0]], "SYMMETRIC")
    made = avg_pool2d(flat, 2, 2, "VALID")
    return p.reshape(made, shape=(*dims[:-3], *made.shape_tuple[1:]))


def _mean_of_pixels(x) -> Tensor:
    """Of each channel. Whole rows first: they fill vectors, which channels do not."""
    return reduce_mean(reduce_mean(x, (-3,)), (-2,))


def _similarity(x, y, peak, size, sigma, k1, k2):
    """(index, contrast and structure alone) at each place and channel."""
    n = rank_of(x, "ssim")
    dims = x.shape_tuple
    if n < 3 or None in dims:
        raise ValueError(f"ssim: expected images [..., height, width, channels] of known shape, got {x.shape}")
    if min(dims[-3:-1]) < size:
        raise argument_error(None, "ssim", f"ssim: images of shape {list(dims)} are smaller than the filter, {size}")
    at = np.arange(size, dtype=np.float64) - (size - 1) / 2
    bell = np.exp(-0.5 * at**2 / sigma**2)
    # Down, then across: the window is the product of two.
    kernels = [
        _number(np.broadcast_to((bell / bell.sum()).reshape(shape), (*shape[:2], 1, dims[-1])), float32)
        for shape in ((size, 1, 1, 1), (1, size, 1, 1))
    ]

    def blurred(v):
        out = p.reshape(v, shape=(int(np.prod(dims[:-3], dtype=int)), *dims[-3:]))
        for kernel in kernels:
            out = p.conv(out, kernel, strides=(1, 1), dilations=(1, 1), padding=(0,) * 4, groups=dims[-1])
        return p.reshape(out, shape=(*dims[:-3], *out.shape_tuple[1:]))

    c1, c2 = (p.mul(v, v) for v in (p.mul(_number(k, float32), peak) for k in (k1, k2)))
    two = _number(2, float32)
    mean_x, mean_y = blurred(x), blurred(y)
    cross = p.mul(mean_x, mean_y)
    squares = p.add(p.mul(mean_x, mean_x), p.mul(mean_y, mean_y))
    luminance = p.div(p.add(p.mul(two, cross), c1), p.add(squares, c1))
    covariance = p.sub(blurred(p.mul(x, y)), cross)
    variances = p.sub(blurred(p.add(p.mul(x, x), p.mul(y, y))), squares)
    structure = p.div(p.add(p.mul(two, covariance), c2), p.add(variances, c2))
    return p.mul(luminance, structure), structure


# At random.


def _flip(image, draw, turn):
    """`draw(shape)` gives uniform numbers in [0, 1)."""
    x = _image("random_flip", image)
    half = _number(0.5, float32)
    if len(x.shape_tuple) == 3:
        return cond(p.less(draw([]), half), lambda: turn(x), lambda: x)
    if x.shape_tuple[0] is None:
        raise NotImplementedError("random flips need a batch size that is known while tracing")
    turned = p.greater(draw([x.shape_tuple[0]]), half)
    return p.select(p.expand_dims(turned, axes=(1, 2, 3)), turn(x), x)


def random_flip_left_right(image, seed=None) -> Tensor:
    """The image, turned left to right half of the time."""
    return _flip(image, lambda dims: uniform(dims, seed=seed), flip_left_right)


def stateless_random_flip_left_right(image, seed) -> Tensor:
    """The image, turned left to right half of the time; a function of `seed`."""
    return _flip(image, lambda dims: stateless_uniform(dims, seed), flip_left_right)


def random_flip_up_down(image, seed=None) -> Tensor:
    """The image, turned upside down half of the time."""
    return _flip(image, lambda dims: uniform(dims, seed=seed), flip_up_down)


def stateless_random_flip_up_down(image, seed) -> Tensor:
    """The image, turned upside down half of the time; a function of `seed`."""
    return _flip(image, lambda dims: stateless_uniform(dims, seed), flip_up_down)


def _delta(max_delta, limit=None):
    max_delta = number(max_delta, "max_delta")
    if max_delta < 0 or (limit is not None and max_delta > limit):
        raise ValueError("max_delta must be non-negative." if limit is None else f"max_delta must be <= {limit}.")
    return -max_delta, max_delta


def _bounds(lower, upper):
    lower, upper = number(lower, "lower"), number(upper, "upper")
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")
    return lower, upper


def random_brightness(image, max_delta, seed=None) -> Tensor:
    """`adjust_brightness` by a random delta in [-max_delta, max_delta)."""
    return adjust_brightness(image, uniform([], *_delta(max_delta), seed=seed))


def stateless_random_brightness(image, max_delta, seed) -> Tensor:
    """`adjust_brightness` by a random delta in [-max_delta, max_delta); a function of `seed`."""
    return adjust_brightness(image, stateless_uniform([], seed, *_delta(max_delta)))


def random_contrast(image, lower, upper, seed=None) -> Tensor:
    """`adjust_contrast` by a random factor in [lower, upper)."""
    return adjust_contrast(image, uniform([], *_bounds(lower, upper), seed=seed))


def stateless_random_contrast(image, lower, upper, seed) -> Tensor:
    """`adjust_contrast` by a random factor in [lower, upper); a function of `seed`."""
    return adjust_contrast(image, stateless_uniform([], seed, *_bounds(lower, upper)))


def random_hue(image, max_delta, seed=None) -> Tensor:
    """`adjust_hue` by a random delta in [-max_delta, max_delta), at most 0.5."""
    return adjust_hue(image, uniform([], *_delta(max_delta, 0.5), seed=seed))


def stateless_random_hue(image, max_delta, seed) -> Tensor:
    """`adjust_hue` by a random delta in [-max_delta, max_delta), at most 0.5; a function of `seed`."""
    return adjust_hue(image, stateless_uniform([], seed, *_delta(max_delta, 0.5)))


def random_saturation(image, lower, upper, seed=None) -> Tensor:
    """`adjust_saturation` by a random factor in [lower, upper)."""
    return adjust_saturation(image, uniform([], *_bounds(lower, upper), seed=seed))


def stateless_random_saturation(image, lower, upper, seed=None) -> Tensor:
    """`adjust_saturation` by a random factor in [lower, upper); a function of `seed`."""
    return adjust_saturation(image, stateless_uniform([], seed, *_bounds(lower, upper)))


def _crop(value, size, draw):
    x = convert_to_tensor(value)
    sizes = static_ints(size)
    if sizes is None or None in sizes or None in (x.shape_tuple or (None,)):
        raise NotImplementedError("random crops need sizes that are known while tracing")
    if len(sizes) != len(x.shape_tuple) or any(a > b for a, b in zip(sizes, x.shape_tuple, strict=False)):
        raise argument_error(None, "random_crop", f"Need value.shape >= size, got {x.shape_tuple} and {sizes}")
    room = _number([a - b + 1 for a, b in zip(x.shape_tuple, sizes, strict=True)], int32)
    at = p.floor_mod(draw([len(sizes)]), room)
    return p.dynamic_slice(x, at, sizes=tuple(sizes))


def random_crop(value, size, seed=None, name=None) -> Tensor:
    """A box of this size at a random place."""
    return _crop(value, size, lambda dims: uniform(dims, 0, int32.max, dtype=int32, seed=seed))


def stateless_random_crop(value, size, seed, name=None) -> Tensor:
    """A box of this size at a random place; a function of `seed`."""
    return _crop(value, size, lambda dims: stateless_uniform(dims, seed, 0, int32.max, dtype=int32))
