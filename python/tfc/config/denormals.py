"""Numbers nearer to zero than the smallest normal one, which processors are slow with."""

from tfc import _native

_flush = [False]


def set_flush_denormals(enabled) -> None:
    """Whether denormal numbers (below 1.2e-38 of float32, 2.2e-308 of float64) are zero in compiled code.

    By default they are kept, as numpy keeps them. TensorFlow, XLA and, on request, torch take them for zero: arithmetic
    on one takes a hundred cycles and more, which shows where probabilities or gradients vanish. It holds for all calls
    from then on, also of functions that are compiled already. Operands that are denormal count as zero as well; casts
    and copies that compute nothing leave them as they are. Constants that the compiler folds are not affected, nor is
    an object file, whose caller decides. Raises `TypeError` for what is neither True nor False, and
    `NotImplementedError` on processors other than x86-64 and AArch64.
    """
    if not isinstance(enabled, bool):
        raise TypeError(f"set_flush_denormals takes True or False, got {enabled!r}")
    _native.set_flush_denormals(enabled)
    _flush[0] = enabled


def get_flush_denormals() -> bool:
    """Whether denormal numbers are zero in compiled code."""
    return _flush[0]
