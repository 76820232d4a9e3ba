"""What compiled code asks of Python: printing, and the exceptions of failed checks."""

import linecache
import os

from tfc.errors import error_of_status, page
from tfc.ops.printing import Output, tensor_text
from tfc.runtime import set_error_factory, set_print_hook


def print_hook(text, tensors, summarize, stream) -> None:
    """`tf.print` of compiled code: the same text as eagerly."""
    Output(stream).write(text.format(*(tensor_text(t._view(), summarize) for t in tensors)))


def error_factory(code, message, location, tensors, summarize) -> Exception:
    """The exception for a failed check, with the values and the user's line."""
    data = "".join(f"\n{tensor_text(t._view(), summarize)}" for t in tensors)
    return error_of_status(code, page(message + data, where=_line(location)))


def _line(location: str) -> str | None:
    """`file.py:3: the source text` of "path/file.py:3:5"."""
    if not location:
        return None
    path, _, rest = location.partition(".py:")
    line = rest.split(":")[0]
    if not line.isdigit():
        return location
    path += ".py"
    text = linecache.getline(path, int(line)).strip()
    return f"{os.path.basename(path)}:{line}{': ' if text else ''}{text}"


def install() -> None:
    """Called once, at import."""
    set_print_hook(print_hook)
    set_error_factory(error_factory)
