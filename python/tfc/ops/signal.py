"""`tf.signal` beyond Fourier transforms: windows, frames, cosine transforms."""

import math

import numpy as np

from tfc.core import Tensor
from tfc.dtypes import as_dtype, float32, float64, int32, int64
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape
from tfc.ops.convert import convert_to_tensor, integer, number, operand, static_value
from tfc.ops.cosine_transforms import by_fourier, of_any_size, part
from tfc.ops.fourier import irfft, rfft
from tfc.ops.gather import gather
from tfc.ops.gradients import scalar
from tfc.ops.runtime_axes import padded
from tfc.ops.segments import unsorted_segment_sum
from tfc.ops.shapes import axis_of, rank_of
from tfc.ops.sizes import as_vector, counting, groups, product, reshaped, sizes_of_tensor
from tfc.ops.special_functions import bessel_i0

# Windows.


def _positions(window_length, dtype):
    n = static_value(window_length)
    if n is not None:
        n = integer(n, "window_length")
        return p.constant(value=np.arange(n).astype(as_dtype(dtype).np_dtype)), n
    n = p.cast(convert_to_tensor(window_length), dtype=int32)
    return p.cast(p.range_(scalar(0, n), n, scalar(1, n)), dtype=as_dtype(dtype)), n


def _raised_cosine(window_length, periodic, dtype, a, b):
    dtype = as_dtype(dtype)
    at, n = _positions(window_length, dtype)
    if isinstance(n, int):
        if n == 1:
            return p.constant(value=np.ones(1, dtype.np_dtype))
        even = n % 2 == 0
        # A periodic window of odd length is the symmetric one.
        period = scalar(n if periodic and even else n - 1, at)
    else:
        whole = p.sub(n, scalar(1, n))
        if periodic:
            whole = p.add(whole, p.sub(scalar(1, n), p.floor_mod(n, scalar(2, n))))
        m = p.maximum(whole, scalar(1, n))
        period = p.cast(m, dtype=dtype)
    angle = p.div(p.mul(at, scalar(2 * math.pi, at)), period)
    return p.sub(scalar(a, at), p.mul(scalar(b, at), p.cos(angle)))


def hann_window(window_length, periodic=True, dtype=float32, name=None) -> Tensor:
    """A Hann window: (1 - cos) / 2."""
    return _raised_cosine(window_length, periodic, dtype, 0.5, 0.5)


def hamming_window(window_length, periodic=True, dtype=float32, name=None) -> Tensor:
    """A Hamming window: 0.54 - 0.46 cos."""
    return _raised_cosine(window_length, periodic, dtype, 0.54, 0.46)


def kaiser_window(window_length, beta=12.0, dtype=float32, name=None) -> Tensor:
    """A Kaiser window."""
    dtype = as_dtype(dtype)
    at, n = _positions(window_length, dtype)
    if n == 1:
        return p.constant(value=np.ones(1, dtype.np_dtype))
    beta = convert_to_tensor(beta, dtype)
    last = scalar(n - 1, at) if isinstance(n, int) else p.cast(p.sub(n, scalar(1, n)), dtype=dtype)
    half = p.mul(last, scalar(0.5, at))
    r = p.div(p.sub(at, half), half)
    inside = p.maximum(p.sub(scalar(1, at), p.mul(r, r)), scalar(0, at))
    return p.div(bessel_i0(p.mul(beta, p.sqrt(inside))), bessel_i0(beta))


def kaiser_bessel_derived_window(window_length, beta=12.0, dtype=float32, name=None) -> Tensor:
    """A window whose square, shifted by half its length, sums to one; made of a Kaiser window."""
    half = integer(window_length, "window_length") // 2
    total = p.cumsum(kaiser_window(half + 1, beta, dtype), axis=0, exclusive=False, reverse=False)
    front = p.slice_(total, starts=(0,), sizes=(half,), strides=(1,))
    last = p.slice_(total, starts=(half,), sizes=(1,), strides=(1,))
    rise = p.sqrt(p.div(front, last))
    return p.concat(rise, p.reverse(rise, axes=(0,)), axis=0)


def vorbis_window(window_length, dtype=float32, name=None) -> Tensor:
    """The window of the Vorbis codec."""
    at, n = _positions(window_length, dtype)
    size = scalar(n, at) if isinstance(n, int) else p.cast(n, dtype=at.dtype)
    angle = p.div(p.mul(p.add(at, scalar(0.5, at)), scalar(math.pi, at)), size)
    sine = p.sin(angle)
    return p.sin(p.mul(scalar(math.pi / 2, at), p.mul(sine, sine)))


# Frames.


# Of a frame that are copied as rows.
_MOST_PIECES = 16


def frame(signal, frame_length, frame_step, pad_end=False, pad_value=0, axis=-1, name=None) -> Tensor:
    """Overlapping pieces of `axis`: its place takes two dimensions, the number of frames and `frame_length`."""
    x = convert_to_tensor(signal)
    rank = rank_of(x, "frame")
    where = axis_of(axis, rank, "frame")
    size, length, step = x.shape_tuple[where], integer(frame_length, "frame_length"), integer(frame_step, "frame_step")
    if length < 0 or step < 1:
        raise ValueError(f"tf.signal.frame needs a length >= 0 and a step >= 1, got {length} and {step}")
    if size is None:
        return _frames_at_run_time(x, where, length, step, convert_to_tensor(pad_value, x.dtype) if pad_end else None)
    count = max(0, -(-size // step) if pad_end else 1 + (size - length) // step)
    needed = (count - 1) * step + length if count else 0
    if pad_end and needed > size:
        high = tuple(needed - size if i == where else 0 for i in range(rank))
        x = p.pad(x, convert_to_tensor(pad_value, x.dtype), low=(0,) * rank, high=high)
    pieces = -(-length // step)
    if not count or not length or pieces > _MOST_PIECES or None in x.shape_tuple:
        at = np.arange(count)[:, None] * step + np.arange(length)
        return p.gather(x, p.constant(value=at), axis=where, batch_dims=0)
    # A frame is pieces of `step` elements, each one of a row of blocks: rows are copied, not elements.
    before, after = x.shape_tuple[:where], x.shape_tuple[where + 1 :]
    whole = (count - 1 + pieces) * step
    if whole > x.shape_tuple[where]:
        high = tuple(whole - x.shape_tuple[where] if i == where else 0 for i in range(rank))
        x = p.pad(x, convert_to_tensor(0, x.dtype), low=(0,) * rank, high=high)
    sizes = (*before, count * step, *after)

    def piece(i):
        starts = tuple(i * step if k == where else 0 for k in range(rank))
        rows = p.reshape(
            p.slice_(x, starts=starts, sizes=sizes, strides=(1,) * rank), shape=(*before, count, step, *after)
        )
        width = min(step, length - i * step)
        narrow = (*before, count, width, *after)
        return (
            rows
            if width == step
            else p.slice_(rows, starts=(0,) * len(narrow), sizes=narrow, strides=(1,) * len(narrow))
        )

    return p.concat(*map(piece, range(pieces)), axis=where + 1)


def _frames_at_run_time(x, where, length, step, end) -> Tensor:
    """`frame` of an axis whose size only run time knows; `end`: with what it is padded, or None."""
    size = sizes_of_tensor(x, "frame")[where]
    if end is None:
        count = p.maximum(p.floor_div(p.add(size, scalar(step - length, size)), scalar(step, size)), scalar(0, size))
    else:
        count = groups(size, step)
        needed = p.add(p.mul(p.sub(count, scalar(1, size)), scalar(step, size)), scalar(length, size))
        high = p.maximum(p.sub(needed, size), scalar(0, size))
        widths = [(0, high if axis == where else 0) for axis in range(len(x.shape_tuple))]
        x = padded(x, p.reshape(as_vector([w for pair in widths for w in pair]), shape=(None, 2)), "CONSTANT", end)
    return p.gather(x, _places(count, length, step), axis=where, batch_dims=0)


def _places(count, length, step) -> Tensor:
    """Where the elements of frames are: `[count, length]`."""
    first = p.mul(counting(count, int64), convert_to_tensor(step, int64))
    return p.add(p.expand_dims(first, axes=(1,)), counting(length, int64))


def overlap_and_add(signal, frame_step, name=None) -> Tensor:
    """The sum of frames (the last but one dimension), each `frame_step` after the one before."""
    x = operand("overlap_and_add", signal, "iufc")
    rank = rank_of(x, "overlap_and_add")
    if rank < 2:
        raise ValueError(f"tf.signal.overlap_and_add needs frames, of rank at least 2, got shape {x.shape}")
    count, length = x.shape_tuple[-2:]
    step = integer(frame_step, "frame_step")
    if step < 0:
        raise ValueError(f"frame_step must not be negative, got {step}")
    if count is None or length is None:
        return _added_at_run_time(x, step)
    total = (count - 1) * step + length if count else 0
    at = (np.arange(count)[:, None] * step + np.arange(length)).ravel()
    flat = (
        reshape(x, concat([shape(x)[: rank - 2], [count * length]], 0))
        if rank > 2
        else p.reshape(x, shape=(count * length,))
    )
    perm = (rank - 2, *range(rank - 2))
    summed = unsorted_segment_sum(p.transpose(flat, perm=perm), p.constant(value=at), total)
    out = p.transpose(summed, perm=(*range(1, rank - 1), 0))
    return p.ensure_shape(out, shape=(*x.shape_tuple[:-2], total))


def _added_at_run_time(x, step) -> Tensor:
    """`overlap_and_add` of frames whose number or length only run time knows."""
    *others, count, length = sizes_of_tensor(x, "overlap_and_add")
    rank = len(others) + 2
    flat = reshaped(p.transpose(x, perm=(rank - 2, rank - 1, *range(rank - 2))), (product(count, length), *others))
    # No frame is no element, whatever its length is.
    count, length = convert_to_tensor(count, int64), convert_to_tensor(length, int64)
    total = p.add(p.mul(p.sub(count, scalar(1, count)), scalar(step, count)), length)
    total = p.select(p.equal(count, scalar(0, count)), scalar(0, count), total)
    places = p.reshape(_places(count, length, step), shape=(None,))
    return p.transpose(unsorted_segment_sum(flat, places, total), perm=(*range(1, rank - 1), 0))


def _enclosing_power_of_two(value) -> int:
    return 1 if value <= 1 else 2 ** math.ceil(math.log2(value))


def stft(signals, frame_length, frame_step, fft_length=None, window_fn=hann_window, pad_end=False, name=None) -> Tensor:
    """The short-time Fourier transform of real signals: of each frame, times a window, the `rfft`."""
    x = operand("stft", signals, "f")
    length = integer(frame_length, "frame_length")
    size = _enclosing_power_of_two(length) if fft_length is None else integer(fft_length, "fft_length")
    frames = frame(x, length, frame_step, pad_end=pad_end)
    if window_fn is not None:
        frames = p.mul(frames, window_fn(length, dtype=frames.dtype))
    return rfft(frames, [size])


def inverse_stft(stfts, frame_length, frame_step, fft_length=None, window_fn=hann_window, name=None) -> Tensor:
    """The signals of short-time Fourier transforms: frames transformed back, windowed and added up."""
    x = operand("inverse_stft", stfts, "c")
    length = integer(frame_length, "frame_length")
    size = _enclosing_power_of_two(length) if fft_length is None else integer(fft_length, "fft_length")
    frames = irfft(x, [size])
    rank = len(frames.shape_tuple)
    if length <= size:
        begin, end = (0,) * rank, [0] * (rank - 1) + [length]
        others = (1 << rank - 1) - 1
        frames = p.dynamic_strided_slice(
            frames,
            p.constant(value=np.array(begin, np.int64)),
            p.constant(value=np.array(end, np.int64)),
            strides=(1,) * rank,
            begin_mask=0,
            end_mask=others,
        )
        frames = p.ensure_shape(frames, shape=(*x.shape_tuple[:-1], length))
    else:
        high = (0,) * (rank - 1) + (length - size,)
        frames = p.pad(frames, convert_to_tensor(0, frames.dtype), low=(0,) * rank, high=high)
    if window_fn is not None:
        frames = p.mul(frames, window_fn(length, dtype=frames.dtype))
    return overlap_and_add(frames, frame_step)


def inverse_stft_window_fn(frame_step, forward_window_fn=hann_window, name=None):
    """A window for `inverse_stft` with which it undoes `stft` with `forward_window_fn`."""
    step = integer(frame_step, "frame_step")

    def window(frame_length, dtype):
        length = integer(frame_length, "frame_length")
        forward = forward_window_fn(length, dtype=dtype)
        square = p.mul(forward, forward)
        overlaps = -(-length // step)
        padded = p.pad(square, convert_to_tensor(0, square.dtype), low=(0,), high=(overlaps * step - length,))
        total = p.reduce_sum(p.reshape(padded, shape=(overlaps, step)), axes=(0,), keepdims=True)
        tiled = p.reshape(p.broadcast_to(total, shape=(overlaps, step)), shape=(overlaps * step,))
        return p.div(forward, p.slice_(tiled, starts=(0,), sizes=(length,), strides=(1,)))

    return window


# Cosine transforms.


def _cosines(n, kind, dtype):
    """The matrix of a cosine transform: row k, column j."""
    k, j = np.arange(n)[:, None], np.arange(n)[None, :]
    if kind == 1:
        m = _cosines_of_turns(k * j, 2 * max(n - 1, 1))
        m[:, [0, -1]] /= 2
    elif kind == 2:
        m = _cosines_of_turns(k * (2 * j + 1), 4 * n)
    elif kind == 3:
        m = _cosines_of_turns((2 * k + 1) * j, 4 * n)
        m[:, 0] /= 2
    else:
        m = _cosines_of_turns((2 * k + 1) * (2 * j + 1), 8 * n)
    return m.astype(dtype.np_dtype)


def _cosines_of_turns(parts, whole):
    """Whole turns are left out, which would cost digits."""
    return 2 * np.cos(2 * math.pi * (parts % whole) / whole)


def _ortho(m, kind, n):
    """The rows and columns of an orthonormal transform."""
    m = m / math.sqrt(2 * n)
    if kind == 2:
        m[0] /= math.sqrt(2)
    elif kind == 3:
        m[:, 0] *= math.sqrt(2)
    return m


def dct(input, type=2, n=None, axis=-1, norm=None, name=None) -> Tensor:
    """The discrete cosine transform of type 1 to 4 over the last dimension, cut or padded to `n` first.

    `norm` is None or "ortho". Computed as a product with the matrix of cosines; long rows, by a Fourier transform.
    """
    x = operand("dct", input, "f")
    if integer(axis, "axis") != -1:
        raise NotImplementedError(f"axis must be -1. Got: {axis}")
    if type not in (1, 2, 3, 4):
        raise ValueError(f"Types I, II, III and IV (I)DCT are supported. Got type {type}")
    if norm not in (None, "ortho"):
        raise ValueError(f"Unknown normalization. Expected None or 'ortho', got: {norm}")
    if type == 1 and norm == "ortho":
        raise ValueError("Normalization is not supported for the Type-I DCT.")
    rank = rank_of(x, "dct")
    if rank < 1:
        raise ValueError("tf.signal.dct needs a tensor of rank at least 1, got a scalar")
    size = x.shape_tuple[-1]
    if size is None:
        return _dct_at_run_time(x, type, n, norm)
    count = size if n is None else integer(n, "n")
    _check_count(count, type)
    if count >= LONG and x.dtype in (float32, float64):
        return _long_dct(x, type, count, norm)
    m = _cosines(count, type, x.dtype)
    if norm == "ortho":
        m = _ortho(m, type, count).astype(x.dtype.np_dtype)
    used = min(size, count)
    if used < size:
        x = p.slice_(x, starts=(0,) * rank, sizes=(*x.shape_tuple[:-1], used), strides=(1,) * rank)
    m = p.constant(value=np.ascontiguousarray(m[:, :used]))
    if rank == 1:
        out = p.matmul(p.expand_dims(x, axes=(0,)), m, transpose_x=False, transpose_y=True)
        return p.squeeze(out, axes=(0,))
    return p.matmul(x, m, transpose_x=False, transpose_y=True)


def _check_count(count, kind):
    if count < 1 or (kind == 1 and count < 2):
        raise ValueError(f"n must be at least {2 if kind == 1 else 1}, got {count}")


def _dct_at_run_time(x, kind, n, norm) -> Tensor:
    """`dct` of rows whose size only run time knows."""
    if n is not None:
        count = integer(n, "n")
        _check_count(count, kind)
        low = (0,) * len(x.shape_tuple)
        return dct(part(p.pad(x, scalar(0, x), low=low, high=(*low[1:], count)), 0, count), type=kind, norm=norm)
    if x.dtype not in (float32, float64):
        return p.cast(_dct_at_run_time(p.cast(x, dtype=float32), kind, None, norm), dtype=x.dtype)
    size = sizes_of_tensor(x, "dct")[-1]
    least = 2 if kind == 1 else 1
    p.assert_(p.greater_equal(size, scalar(least, size)), size, message=f"n must be at least {least}, got", summarize=1)
    if norm is None:
        return of_any_size(x, kind, size)
    number = p.cast(size, dtype=x.dtype)
    scale = p.rsqrt(p.mul(number, scalar(2, number)))
    first = p.equal(counting(size, int64), scalar(0, size))
    scale = p.mul(scale, p.select(first, scalar({2: 1 / math.sqrt(2), 3: math.sqrt(2)}.get(kind, 1), x), scalar(1, x)))
    return of_any_size(p.mul(x, scale), kind, size) if kind == 3 else p.mul(of_any_size(x, kind, size), scale)


# Rows of so many elements are transformed without a matrix: it would have the square of that.
LONG = 128


def _long_dct(x, kind, count, norm):
    size, rank = x.shape_tuple[-1], len(x.shape_tuple)
    zeros = (0,) * (rank - 1)
    if size > count:
        x = part(x, 0, count)
    elif size < count:
        x = p.pad(x, convert_to_tensor(0, x.dtype), low=(*zeros, 0), high=(*zeros, count - size))
    if norm is None:
        return by_fourier(x, kind)
    scale = np.full(count, 1 / math.sqrt(2 * count))
    if kind == 3:
        scale[0] *= math.sqrt(2)
    elif kind == 2:
        scale[0] /= math.sqrt(2)
    scale = p.constant(value=scale.astype(x.dtype.np_dtype))
    return by_fourier(p.mul(x, scale), kind) if kind == 3 else p.mul(by_fourier(x, kind), scale)


def idct(input, type=2, n=None, axis=-1, norm=None, name=None) -> Tensor:
    """What `dct` of this type undoes, up to the factor 2 n (2 (n - 1) for type 1) if `norm` is None."""
    return dct(
        input,
        type={1: 1, 2: 3, 3: 2, 4: 4}.get(type, type) if isinstance(type, int) else type,
        n=n,
        axis=axis,
        norm=norm,
    )


def mdct(signals, frame_length, window_fn=vorbis_window, pad_end=False, norm=None, name=None) -> Tensor:
    """The modified discrete cosine transform: frames that overlap by half, folded and transformed by a type 4."""
    x = operand("mdct", signals, "f")
    length = integer(frame_length, "frame_length")
    if length % 4:
        raise ValueError("The frame length must be a multiple of 4.")
    half = length // 2
    frames = frame(x, length, half, pad_end=pad_end)
    scale = None
    if window_fn is not None:
        frames = p.mul(frames, window_fn(length, dtype=frames.dtype))
    else:
        scale = 1 / math.sqrt(2)
        frames = p.mul(frames, scalar(scale, frames))
    quarter = length // 4
    a, b, c, d = (gather(frames, np.arange(i * quarter, (i + 1) * quarter), axis=-1) for i in range(4))
    rank = len(frames.shape_tuple)
    turned = lambda t: p.reverse(t, axes=(rank - 1,))
    folded = p.concat(p.sub(p.neg(turned(c)), d), p.sub(a, turned(b)), axis=rank - 1)
    return dct(folded, type=4, norm=norm)


def inverse_mdct(mdcts, window_fn=vorbis_window, norm=None, name=None) -> Tensor:
    """The signals of modified discrete cosine transforms."""
    x = operand("inverse_mdct", mdcts, "f")
    if not rank_of(x, "inverse_mdct"):
        raise ValueError("tf.signal.inverse_mdct needs coefficients, of rank at least 1, got a scalar")
    half = x.shape_tuple[-1]
    if half is None:
        raise ValueError("tf.signal.inverse_mdct needs to know the last dimension while tracing")
    split = dct(x, type=4, norm=norm)
    if norm is None:
        split = p.mul(split, scalar(0.5 / half, split))
    rank = len(split.shape_tuple)
    quarter = half // 2
    first, second = (gather(split, np.arange(i * quarter, (i + 1) * quarter), axis=-1) for i in range(2))
    turned = lambda t: p.reverse(t, axes=(rank - 1,))
    whole = p.concat(second, p.neg(turned(second)), p.neg(turned(first)), p.neg(first), axis=rank - 1)
    if window_fn is not None:
        whole = p.mul(whole, window_fn(2 * half, dtype=whole.dtype))
    else:
        whole = p.mul(whole, scalar(1 / math.sqrt(2), whole))
    return overlap_and_add(whole, half)


# The mel scale.


def _mel(hertz):
    return 1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0)


def linear_to_mel_weight_matrix(
    num_mel_bins=20,
    num_spectrogram_bins=129,
    sample_rate=8000,
    lower_edge_hertz=125.0,
    upper_edge_hertz=3800.0,
    dtype=float32,
    name=None,
) -> Tensor:
    """The matrix [num_spectrogram_bins, num_mel_bins] of triangular filters, of equal width on the mel scale."""
    bins, mels = integer(num_spectrogram_bins, "num_spectrogram_bins"), integer(num_mel_bins, "num_mel_bins")
    rate = number(sample_rate, "sample_rate")
    lower_edge_hertz = number(lower_edge_hertz, "lower_edge_hertz")
    upper_edge_hertz = number(upper_edge_hertz, "upper_edge_hertz")
    if bins < 1 or mels < 1:
        raise ValueError(f"expected at least one bin of each kind, got {bins} and {mels}")
    if not 0 <= lower_edge_hertz < upper_edge_hertz <= rate / 2:
        raise ValueError(
            f"expected 0 <= lower_edge_hertz < upper_edge_hertz <= sample_rate / 2, got {lower_edge_hertz}, "
            f"{upper_edge_hertz}, {rate}"
        )
    spectrum = _mel(np.linspace(0.0, rate / 2.0, bins)[1:])[:, None]
    edges = np.linspace(_mel(lower_edge_hertz), _mel(upper_edge_hertz), mels + 2)
    low, centre, high = (edges[i : i + mels][None, :] for i in range(3))
    slopes = np.minimum((spectrum - low) / (centre - low), (high - spectrum) / (high - centre))
    weights = np.pad(np.maximum(0.0, slopes), [[1, 0], [0, 0]])
    return p.constant(value=weights.astype(as_dtype(dtype).np_dtype))


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms, name=None) -> Tensor:
    """Mel-frequency cepstral coefficients: the cosine transform of logarithms of mel spectra, in HTK's scale."""
    x = operand("mfccs_from_log_mel_spectrograms", log_mel_spectrograms, "f")
    n = x.shape_tuple[-1] if rank_of(x, "mfccs_from_log_mel_spectrograms") else None
    if not n:
        raise ValueError(f"num_mel_bins must be positive and known. Got: {x.shape}")
    out = dct(x, type=2)
    return p.mul(out, scalar(1 / math.sqrt(2 * n), out))
