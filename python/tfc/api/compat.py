"""`tf.compat`: bytes and text, numbers and sizes. There is one version of the API: `tf.compat.v1` is not here."""

import numbers
import os

import numpy as np

from tfc.api.absent import explain as _explain
from tfc.dtypes import TensorShape

bytes_or_text_types = (bytes, str)
complex_types = (numbers.Complex, np.number)
integral_types = (numbers.Integral, np.integer)
real_types = (numbers.Real, np.integer, np.floating)


def as_bytes(bytes_or_text, encoding="utf-8"):
    """Text as bytes; bytes (or a bytearray) as they are. `TypeError` for anything else."""
    if isinstance(bytes_or_text, bytearray):
        return bytes(bytes_or_text)
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_text(bytes_or_text, encoding="utf-8"):
    """Bytes as text; text as it is. `TypeError` for anything else."""
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, (bytes, bytearray)):
        return bytes(bytes_or_text).decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


as_str = as_text


def as_str_any(value, encoding="utf-8"):
    """`as_str` of bytes, `str` of anything else."""
    return as_str(value, encoding) if isinstance(value, bytes) else str(value)


def path_to_str(path):
    """A path object as a str; other values as they are."""
    return as_str_any(os.fspath(path)) if isinstance(path, os.PathLike) else path


def dimension_at_index(shape, index):
    """The size of a dimension; None if it, or the rank, is not known."""
    shape = TensorShape(shape)
    return None if shape.rank is None else shape[index]


def dimension_value(dimension):
    """The size that a dimension has: sizes are ints, or None."""
    return dimension


def forward_compatible(year, month, day):
    """Whether programs may use what is newer than this date: always."""
    return True


__all__ = [
    "as_bytes",
    "as_str",
    "as_str_any",
    "as_text",
    "bytes_or_text_types",
    "complex_types",
    "dimension_at_index",
    "dimension_value",
    "forward_compatible",
    "integral_types",
    "path_to_str",
    "real_types",
]


def __getattr__(name: str):
    _explain("compat", name)
