"""What a failed call raises. Importing this module makes it so."""

import linecache
import os
import sys

import numpy as np

from tfc._native import set_error_factory
from tfc.errors import OpError, error_of_status, page


def error_of_report(code: int, message: str, location: str, tensors: list, summarize: int) -> OpError:
    """The exception for a report of compiled code (`tfc_context.report` in `tfc_rt.h`).

    `location` is "file:line:column" of the user's program, or empty; `tensors` are shown after the message,
    at most `summarize` elements at each end of a dimension, all if it is -1. A message with one `{}` for each
    of them (those of checks that the compiler inserts) has them inside instead.
    """
    shown = [_tensor_text(np.asarray(tensor), summarize) for tensor in tensors]
    summary = f"{message.removesuffix(':')}: {' '.join(shown)}" if shown else message
    parts = message.split("{}")
    if shown and len(parts) == len(shown) + 1:
        summary = "".join(part + value for part, value in zip(parts, [*shown, ""], strict=True))
    return error_of_status(code, page(summary, where=_source(location)))


def _tensor_text(array: np.ndarray, summarize: int) -> str:
    if summarize < 0:
        return np.array2string(array, threshold=sys.maxsize)
    return np.array2string(array, threshold=2 * summarize, edgeitems=summarize)


def _source(location: str) -> str | None:
    """ "file:line: the line's text", of "file:line:column"."""
    parts = location.rsplit(":", 2)
    if len(parts) < 3 or not parts[1].isdigit():
        return location or None
    text = linecache.getline(parts[0], int(parts[1])).strip()
    place = f"{os.path.basename(parts[0])}:{parts[1]}"
    return f"{place}: {text}" if text else place


set_error_factory(error_of_report)
