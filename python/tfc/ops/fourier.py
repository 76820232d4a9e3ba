"""Fourier transforms: `tf.signal.fft` and its relatives, over the last dimensions or over named ones."""

import math

import numpy as np

from tfc.core import Tensor, VariableStorage, argument_error, dtype_error
from tfc.dtypes import as_dtype, complex64, complex128, float32, float64
from tfc.ops import primitives as p
from tfc.ops.array import concat, pad, roll, shape
from tfc.ops.convert import convert_to_tensor, operand, static_ints
from tfc.ops.gradients import dynamic_shape
from tfc.ops.shapes import axis_of, rank_of


def _complex(x, op) -> Tensor:
    if not isinstance(x, (Tensor, VariableStorage, np.ndarray)):
        # Numbers of Python take the only type that there is for them.
        return convert_to_tensor(x, complex64)
    x = operand(op, x, "iufc")
    if not x.dtype.is_complex:
        raise dtype_error(
            None,
            op,
            f"{op} takes complex numbers, got dtype {x.dtype.name} [Op:{op}]\n  try:  tf.cast, or tf.signal.rfft",
        )
    return x


def _real(x, op) -> Tensor:
    x = operand(op, x, "f")
    if x.dtype not in (float32, float64):
        raise TypeError(f"{op} takes float32 or float64, got dtype {x.dtype.name}")
    return x


def _along(x, axis, function) -> Tensor:
    """`function` over one dimension, which it gets as the last one."""
    rank = len(x.shape_tuple)
    if axis == rank - 1:
        return function(x)
    perm = (*(i for i in range(rank) if i != axis), axis)
    inverse = tuple(perm.index(i) for i in range(rank))
    return p.transpose(function(p.transpose(x, perm=perm)), perm=inverse)


def _over(x, axes, inverse) -> Tensor:
    for axis in axes:
        x = _along(x, axis, lambda t: p.fft(t, inverse=inverse))
    return x


def _last(x, count, op):
    rank = rank_of(x, op)
    if rank < count:
        raise argument_error(None, op, f"Input must have rank of at least {count} but got: {rank} [Op:{op}]")
    return tuple(range(rank - count, rank))


def _plain(name, count, inverse):
    def function(input, name=None):
        x = _complex(input, op)
        return _over(x, _last(x, count, op), inverse)

    op = name
    function.__name__ = function.__qualname__ = name
    what = "inverse discrete Fourier transform (scaled by 1 / size)" if inverse else "discrete Fourier transform"
    function.__doc__ = f"The {what} over the last {count} dimension{'s' if count > 1 else ''} of complex numbers."
    return function


fft, ifft = _plain("fft", 1, False), _plain("ifft", 1, True)
fft2d, ifft2d = _plain("fft2d", 2, False), _plain("ifft2d", 2, True)
fft3d, ifft3d = _plain("fft3d", 3, False), _plain("ifft3d", 3, True)


def _size(x, axis, size, op):
    """The dimension cut, or padded with zeros at its end, to a size."""
    have = x.shape_tuple[axis]
    if size is None or size == have:
        return x
    if size < 0:
        raise ValueError(f"{op}: fft_length must not be negative, got {size}")
    rank = len(x.shape_tuple)
    if have is None:
        have_now = p.squeeze(p.slice_(dynamic_shape(x), starts=(axis,), sizes=(1,), strides=(1,)), axes=(0,))
        more = p.maximum(
            p.sub(p.constant(value=np.array(size, np.int64)), have_now), p.constant(value=np.array(0, np.int64))
        )
        zero = p.constant(value=np.array(0, np.int64))
        x = pad(x, [[zero, more if i == axis else zero] for i in range(rank)])
    elif have < size:
        low = (0,) * rank
        high = tuple(size - have if i == axis else 0 for i in range(rank))
        return p.pad(x, convert_to_tensor(0, x.dtype), low=low, high=high)
    begin = p.constant(value=np.zeros(rank, np.int64))
    end = p.constant(value=np.array([size if i == axis else 0 for i in range(rank)], np.int64))
    others = (1 << rank) - 1 - (1 << axis)
    if None not in x.shape_tuple:
        sizes = tuple(size if i == axis else n for i, n in enumerate(x.shape_tuple))
        return p.slice_(x, starts=(0,) * rank, sizes=sizes, strides=(1,) * rank)
    cut = p.dynamic_strided_slice(x, begin, end, strides=(1,) * rank, begin_mask=0, end_mask=others)
    return p.ensure_shape(cut, shape=tuple(size if i == axis else n for i, n in enumerate(x.shape_tuple)))


def _first(x, axis, count):
    """The first elements along a dimension."""
    return _size(x, axis, count, "fft")


def _half(x, axis):
    """Of a spectrum along a dimension, the frequencies that are not negative."""
    n = x.shape_tuple[axis]
    if n is not None:
        return _first(x, axis, n // 2 + 1)
    one, two = (p.constant(value=np.array([v], np.int64)) for v in (1, 2))
    return _between(x, axis, 0, p.add(p.floor_div(_size_now(x, axis), two), one))


def _size_now(x, axis):
    """Of a dimension of unknown size, as a tensor of one element."""
    return p.slice_(dynamic_shape(x), starts=(axis,), sizes=(1,), strides=(1,))


def _between(x, axis, start, end):
    """The elements along a dimension from a known place to one that is a tensor of one element."""
    rank = len(x.shape_tuple)
    zeros = [p.constant(value=np.zeros(k, np.int64)) for k in (axis, rank - axis - 1)]
    begin = p.constant(value=np.array([start if i == axis else 0 for i in range(rank)], np.int64))
    others = (1 << rank) - 1 - (1 << axis)
    return p.dynamic_strided_slice(
        x, begin, concat([zeros[0], end, zeros[1]], 0), strides=(1,) * rank, begin_mask=others, end_mask=others
    )


def _whole(x, axis):
    """The signal of even size, of whose frequencies those that are not negative are a dimension of unknown size."""
    size, one = _size_now(x, axis), p.constant(value=np.array([1], np.int64))
    last = p.sub(size, one)
    tail = _between(x, axis, 1, p.maximum(last, one))
    whole = p.concat(x, p.conj(p.reverse(tail, axes=(axis,))), axis=axis)
    signal = p.real(_along(whole, axis, lambda t: p.fft(t, inverse=True)))
    # Of one frequency there is no signal.
    return _between(signal, axis, 0, p.add(last, last))


def _mirrored(x, axis, n):
    """The whole spectrum of `n` frequencies of a real signal from those that are not negative."""
    x = _first(x, axis, n // 2 + 1)
    count = (n - 1) // 2
    rank = len(x.shape_tuple)
    starts = tuple(1 if i == axis else 0 for i in range(rank))
    if None not in x.shape_tuple:
        sizes = tuple(count if i == axis else m for i, m in enumerate(x.shape_tuple))
        tail = p.slice_(x, starts=starts, sizes=sizes, strides=(1,) * rank)
    else:
        begin = p.constant(value=np.array(starts, np.int64))
        end = p.constant(value=np.array([1 + count if i == axis else 0 for i in range(rank)], np.int64))
        others = (1 << rank) - 1 - (1 << axis)
        tail = p.dynamic_strided_slice(x, begin, end, strides=(1,) * rank, begin_mask=others, end_mask=others)
    return p.concat(x, p.conj(p.reverse(tail, axes=(axis,))), axis=axis)


def _lengths(fft_length, count, op):
    if fft_length is None:
        return [None] * count
    values = static_ints(fft_length)
    if values is None or None in values:
        raise ValueError(f"{op} needs an fft_length that is known while tracing")
    if len(values) != count:
        raise ValueError(f"{op}: fft_length must have {count} entries, got {list(values)}")
    return [None if v == -1 else int(v) for v in values]


def _rfft(x, axes, lengths, op):
    for axis, size in zip(axes, lengths, strict=True):
        x = _size(x, axis, size, op)
    zero = convert_to_tensor(0, x.dtype)
    z = _along(p.complex_(x, zero), axes[-1], lambda t: p.fft(t, inverse=False))
    return _over(_half(z, axes[-1]), axes[:-1], False)


def _irfft(x, axes, lengths, op):
    last = axes[-1]
    for axis, size in zip(axes[:-1], lengths[:-1], strict=True):
        x = _size(x, axis, size, op)
    n, have = lengths[-1], x.shape_tuple[last]
    x = _over(x, axes[:-1], True)
    if n is None and have is None:
        return _whole(x, last)
    if n is None:
        n = max(2 * (have - 1), 0)
    if n == 0:
        return p.real(_first(x, last, 0))
    return p.real(_along(_mirrored(x, last, n), last, lambda t: p.fft(t, inverse=True)))


def _real_transform(name, count, inverse):
    def forward(input_tensor, fft_length=None, name=None):
        x = _real(input_tensor, op)
        return _rfft(x, _last(x, count, op), _lengths(fft_length, count, op), op)

    def backward(input_tensor, fft_length=None, name=None):
        x = _complex(input_tensor, op)
        return _irfft(x, _last(x, count, op), _lengths(fft_length, count, op), op)

    op = name
    function = backward if inverse else forward
    function.__name__ = function.__qualname__ = name
    over = f"over the last {count} dimension{'s' if count > 1 else ''}"
    function.__doc__ = (
        f"The real signal whose spectrum {over} has these frequencies (of the last one, those that are not negative);"
        " `fft_length` is its size, twice the number of frequencies minus two if not given."
        if inverse
        else f"The discrete Fourier transform {over} of real numbers, without the negative frequencies of the last"
        " one. The input is cut or padded to `fft_length` first."
    )
    return function


rfft, irfft = _real_transform("rfft", 1, False), _real_transform("irfft", 1, True)
rfft2d, irfft2d = _real_transform("rfft2d", 2, False), _real_transform("irfft2d", 2, True)
rfft3d, irfft3d = _real_transform("rfft3d", 3, False), _real_transform("irfft3d", 3, True)


def _named_axes(x, axes, fft_length, op):
    rank = rank_of(x, op)
    if axes is None:
        count = rank if fft_length is None else len(static_ints(fft_length) or ())
        if count > rank:
            raise ValueError(f"{op}: fft_length has {count} entries, more than the dimensions of {x.shape}")
        return tuple(range(rank - count, rank))
    values = static_ints(axes)
    if values is None:
        raise ValueError(f"{op} needs axes that are known while tracing")
    return tuple(axis_of(a, rank, op) for a in values)


def _some_axes(x, axes, fft_length, op):
    """As `_named_axes`, at least one: the last one is halved, or doubled."""
    found = _named_axes(x, axes, fft_length, op)
    if not found:
        raise ValueError(f"{op} needs at least one axis, got axes={axes!r} of a tensor of shape {x.shape}")
    return found


def _factor(norm, sizes, inverse):
    """What the usual result (only the inverse is scaled) is multiplied with."""
    total = math.prod(sizes)
    if norm in (None, "backward"):
        return 1.0
    if norm == "ortho":
        return math.sqrt(total) if inverse else 1 / math.sqrt(total)
    if norm == "forward":
        return float(total) if inverse else 1 / total
    raise ValueError(f'norm must be None, "backward", "ortho" or "forward", got {norm!r}')


def _scaled(out, norm, sizes, inverse):
    if norm in (None, "backward"):
        return out
    if None in sizes:
        raise ValueError("a Fourier transform with `norm` needs to know the sizes while tracing")
    return p.mul(out, convert_to_tensor(_factor(norm, sizes, inverse), out.dtype))


def _nd(name, inverse):
    def function(input_tensor, fft_length=None, axes=None, norm=None, name=None):
        x = _complex(input_tensor, op)
        where = _named_axes(x, axes, fft_length, op)
        lengths = _lengths(fft_length, len(where), op)
        for axis, size in zip(where, lengths, strict=True):
            x = _size(x, axis, size, op)
        return _scaled(_over(x, where, inverse), norm, [x.shape_tuple[a] for a in where], inverse)

    op = name
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The {'inverse ' if inverse else ''}discrete Fourier transform over `axes` (None: all)."
    return function


fftnd, ifftnd = _nd("fftnd", False), _nd("ifftnd", True)


def rfftnd(input_tensor, fft_length=None, axes=None, norm=None, name=None) -> Tensor:
    """The discrete Fourier transform over `axes` of real numbers, without the negative frequencies of the last one."""
    x = _real(input_tensor, "rfftnd")
    where = _some_axes(x, axes, fft_length, "rfftnd")
    lengths = _lengths(fft_length, len(where), "rfftnd")
    sizes = [x.shape_tuple[a] if n is None else n for a, n in zip(where, lengths, strict=True)]
    return _scaled(_rfft(x, where, lengths, "rfftnd"), norm, sizes, False)


def irfftnd(input_tensor, fft_length=None, axes=None, norm=None, name=None) -> Tensor:
    """What `rfftnd` undoes."""
    x = _complex(input_tensor, "irfftnd")
    where = _some_axes(x, axes, fft_length, "irfftnd")
    lengths = _lengths(fft_length, len(where), "irfftnd")
    out = _irfft(x, where, lengths, "irfftnd")
    return _scaled(out, norm, [out.shape_tuple[a] for a in where], True)


def _shift(x, axes, name, sign) -> Tensor:
    x = convert_to_tensor(x)
    rank = rank_of(x, name)
    where = tuple(range(rank)) if axes is None else tuple(axis_of(a, rank, name) for a in np.ravel(static_ints(axes)))
    if not where:
        return x
    if None not in (x.shape_tuple[a] for a in where):
        shifts = [x.shape_tuple[a] // 2 if sign > 0 else -(x.shape_tuple[a] // 2) for a in where]
    else:
        sizes = shape(x)
        picked = p.gather(sizes, p.constant(value=np.array(where, np.int64)), axis=0, batch_dims=0)
        half = p.floor_div(picked, convert_to_tensor(2, picked.dtype))
        shifts = half if sign > 0 else p.neg(half)
    return roll(x, shifts, list(where))


def fftshift(x, axes=None, name=None) -> Tensor:
    """The zero frequency moved to the middle of `axes` (None: all)."""
    return _shift(x, axes, "fftshift", 1)


def ifftshift(x, axes=None, name=None) -> Tensor:
    """What `fftshift` undoes."""
    return _shift(x, axes, "ifftshift", -1)


def complex_of(dtype):
    """The complex type with parts of this real one."""
    return complex128 if as_dtype(dtype) is float64 else complex64
