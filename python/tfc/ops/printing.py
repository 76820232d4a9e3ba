"""How `tf.print` shows tensors, and where it writes."""

import logging
import re
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


# Around the values and before the `{}` of the splits of a ragged tensor in the text of a print. No text of a user's has
# an unescaped `{}`, so that the host knows it, and shows rows (of what can be rows: the same words may stand around
# other tensors). Programs without Python print it as it stands.
RAGGED = "tf.RaggedTensor(values=", ", row_splits={})"


def formatted(template: str, arrays: list, summarize: int) -> str:
    """The text of a print: `template` with arrays, and rows, in the places of `{}`."""
    waiting = iter(arrays)
    made, at = [], 0
    while at < len(template):
        if template.startswith(("{{", "}}"), at):
            made.append(template[at])
            at += 2
        elif template.startswith("{}", at):
            made.append(tensor_text(next(waiting), summarize))
            at += 2
        elif (found := _RAGGED.match(template, at)) is not None:
            heads, tails = found[1].count(RAGGED[0]), found[2].count(RAGGED[1])
            if heads > tails:  # the first is not of a tensor
                made.append(RAGGED[0])
                at += len(RAGGED[0])
                continue
            values, *splits = [next(waiting) for _ in range(heads + 1)]
            made.append(_rows_or_parts(values, splits, summarize))
            at = found.end(1) + len("{}") + heads * len(RAGGED[1])
        else:
            made.append(template[at])
            at += 1
    return "".join(made)


_RAGGED = re.compile(rf"((?:{re.escape(RAGGED[0])})+)\{{\}}((?:{re.escape(RAGGED[1])})+)")


def _rows_or_parts(values, splits: list, summarize: int) -> str:
    """The rows of a ragged tensor; `splits` of the innermost ones first. What cannot be one is what the words say."""
    count = len(values) if np.ndim(values) else -1
    for ends in splits:
        if np.ndim(ends) != 1 or ends.dtype.kind != "i" or not len(ends) or ends[0] != 0 or ends[-1] != count:
            tail, _, end = RAGGED[1].partition("{}")
            texts = (tail + tensor_text(s, summarize) + end for s in splits)
            return RAGGED[0] * len(splits) + tensor_text(values, summarize) + "".join(texts)
        count = len(ends) - 1
    return _ragged_text(values, splits[::-1], summarize)


def _ragged_text(values, splits: list, summarize: int) -> str:
    """Rows in brackets, `splits` of the outermost ones first."""
    if not splits:
        return (
            _listed([_ragged_text(v, [], summarize) for v in values], summarize) if np.ndim(values) else _cell(values)
        )
    ends, *inner = splits
    rows = []
    for a, b in zip(ends[:-1], ends[1:], strict=True):
        if inner:
            part = inner[0][a : b + 1]
            rows.append(_ragged_text(values, [part, *inner[1:]], summarize))
        else:
            rows.append(_ragged_text(values[a:b], [], summarize))
    return _listed(rows, summarize)


def _listed(parts: list, summarize: int) -> str:
    if summarize >= 0 and len(parts) > 2 * summarize:
        parts = [*parts[:summarize], "...", *parts[len(parts) - summarize :]]
    return "[" + ", ".join(parts) + "]"


def _cell(value) -> str:
    """An element of a row."""
    if isinstance(value, np.bool_):
        return "true" if value else "false"
    if isinstance(value, bytes):
        text = value.decode(errors="replace").replace("\\", "\\\\").replace("'", "\\'")
        return f"'{text}'"
    if isinstance(value, np.integer):
        return str(int(value))
    if isinstance(value, np.complexfloating):
        return f"({float(value.real):f},{float(value.imag):f})"
    return f"{float(value):f}"


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
