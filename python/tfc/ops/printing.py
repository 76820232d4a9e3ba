"""How `tf.print` shows tensors, and where it writes."""

import logging
import sys

import numpy as np

_LOG_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_LOGGER = logging.getLogger("tfc")


_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def tensor_text(array: np.ndarray, summarize: int) -> str:
    """The elements as `[0 1 2 ... 7 8 9]`: `summarize` at each end of a dimension, -1 all; strings in quotes."""
    if array.ndim == 0:
        return element_text(array[()])
    if array.size == 0 and array.shape[0]:
        # Rows without elements, as TensorFlow writes them.
        return "[" + "\n" * (array.ndim - 1) + " ...]"
    return _rows(array, summarize, 1)


def _rows(array, summarize, depth):
    n = array.shape[0]
    if summarize >= 0 and n > 2 * summarize:
        parts = [_part(array[i], summarize, depth) for i in range(summarize)]
        parts += ["..."] + [_part(array[i], summarize, depth) for i in range(n - summarize, n)]
    else:
        parts = [_part(row, summarize, depth) for row in array]
    gap = " " if array.ndim == 1 else "\n" * (array.ndim - 1) + " " * depth
    return "[" + gap.join(parts) + "]"


def _part(value, summarize, depth):
    return element_text(value) if np.ndim(value) == 0 else _rows(value, summarize, depth + 1)


def element_text(value) -> str:
    """One number: the shortest of few digits that reads back as the same, as C's %g writes it."""
    if isinstance(value, np.bool_):
        return "1" if value else "0"
    if isinstance(value, bytes):
        return f'"{value.decode(errors="replace").translate(_ESCAPES)}"'
    if isinstance(value, np.complexfloating):
        return f"({element_text(value.real)},{element_text(value.imag)})"
    if isinstance(value, np.integer):
        return str(int(value))
    if value != value:
        return "-nan" if np.signbit(value) else "nan"
    if isinstance(value, np.float64):
        short = f"{value:.15g}"
        return short if float(short) == value else f"{value:.17g}"
    value = np.float32(value)
    short = f"{value:.6g}"
    return short if np.float32(short) == value else f"{value:.9g}"


class Output:
    """A stream by name: "stdout", "stderr", "log:LEVEL" or "file://PATH" (appended to)."""

    def __init__(self, name: str):
        self.name = name

    def write(self, text: str) -> None:
        if self.name == "stdout":
            print(text, end="", file=sys.stdout, flush=True)
        elif self.name == "stderr":
            print(text, end="", file=sys.stderr, flush=True)
        elif self.name.startswith("log:"):
            _LOGGER.log(_LOG_LEVELS[self.name.removeprefix("log:")], "%s", text.removesuffix("\n"))
        else:
            with open(self.name.removeprefix("file://"), "a", encoding="utf-8") as file:
                file.write(text)
