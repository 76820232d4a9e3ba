"""The extension `fft` of the array API standard."""

import numpy as np

from tfc.array_api.creation import check_device
from tfc.array_api.dtypes import DEFAULT
from tfc.core import Tensor
from tfc.dtypes import as_dtype
from tfc.ops import fourier as ops
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import scalar
from tfc.ops.shapes import axis_of


def _norm(norm):
    if norm not in ("backward", "ortho", "forward"):
        raise ValueError(f'norm must be "backward", "ortho" or "forward", got {norm!r}')
    return norm


def _complex(x):
    x = convert_to_tensor(x)
    if x.dtype.kind == "f":
        return p.complex_(x, scalar(0, x))
    if not x.dtype.is_complex:
        raise TypeError(f"a Fourier transform takes floating point or complex numbers, got {x.dtype.name}")
    return x


def _lengths(s):
    return None if s is None else [-1 if v is None else v for v in s]


def fft(x, /, *, n=None, axis=-1, norm="backward") -> Tensor:
    """The discrete Fourier transform along a dimension, cut or padded to `n` first."""
    return ops.fftnd(_complex(x), None if n is None else [n], [axis], norm=_norm(norm))


def ifft(x, /, *, n=None, axis=-1, norm="backward") -> Tensor:
    """What `fft` undoes."""
    return ops.ifftnd(_complex(x), None if n is None else [n], [axis], norm=_norm(norm))


def fftn(x, /, *, s=None, axes=None, norm="backward") -> Tensor:
    """The discrete Fourier transform over several dimensions."""
    return ops.fftnd(_complex(x), _lengths(s), axes, norm=_norm(norm))


def ifftn(x, /, *, s=None, axes=None, norm="backward") -> Tensor:
    """What `fftn` undoes."""
    return ops.ifftnd(_complex(x), _lengths(s), axes, norm=_norm(norm))


def rfft(x, /, *, n=None, axis=-1, norm="backward") -> Tensor:
    """The Fourier transform of real numbers, without negative frequencies."""
    return ops.rfftnd(x, None if n is None else [n], [axis], norm=_norm(norm))


def irfft(x, /, *, n=None, axis=-1, norm="backward") -> Tensor:
    """What `rfft` undoes."""
    return ops.irfftnd(_complex(x), None if n is None else [n], [axis], norm=_norm(norm))


def rfftn(x, /, *, s=None, axes=None, norm="backward") -> Tensor:
    """`rfft` over several dimensions."""
    return ops.rfftnd(x, _lengths(s), axes, norm=_norm(norm))


def irfftn(x, /, *, s=None, axes=None, norm="backward") -> Tensor:
    """What `rfftn` undoes."""
    return ops.irfftnd(_complex(x), _lengths(s), axes, norm=_norm(norm))


_OTHER = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def hfft(x, /, *, n=None, axis=-1, norm="backward") -> Tensor:
    """The real spectrum of a signal with Hermitian symmetry."""
    x = _complex(x)
    return ops.irfftnd(p.conj(x), None if n is None else [n], [axis], _OTHER[_norm(norm)])


def ihfft(x, /, *, n=None, axis=-1, norm="backward") -> Tensor:
    """What `hfft` undoes."""
    return p.conj(ops.rfftnd(x, None if n is None else [n], [axis], _OTHER[_norm(norm)]))


def _frequencies(values, d, dtype, device):
    check_device(device)
    dtype = DEFAULT["real floating"] if dtype is None else as_dtype(dtype)
    return convert_to_tensor((values / d).astype(dtype.np_dtype))


def fftfreq(n, /, *, d=1.0, dtype=None, device=None) -> Tensor:
    """The frequencies of `fft`, for samples `d` apart."""
    return _frequencies(np.fft.fftfreq(n), d, dtype, device)


def rfftfreq(n, /, *, d=1.0, dtype=None, device=None) -> Tensor:
    """The frequencies of `rfft`, for samples `d` apart."""
    return _frequencies(np.fft.rfftfreq(n), d, dtype, device)


def fftshift(x, /, *, axes=None) -> Tensor:
    """The zero frequency moved to the middle."""
    return ops.fftshift(x, _all_axes(x, axes))


def ifftshift(x, /, *, axes=None) -> Tensor:
    """What `fftshift` undoes."""
    return ops.ifftshift(x, _all_axes(x, axes))


def _all_axes(x, axes):
    rank = len(convert_to_tensor(x).shape_tuple)
    given = range(rank) if axes is None else (axes if isinstance(axes, (tuple, list)) else (axes,))
    return [axis_of(a, rank, "fftshift") for a in given]
