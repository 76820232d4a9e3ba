"""AutoGraph: Python functions rewritten so that `if`, `while`, `for` and friends work on tensors that are
being traced.
"""

from . import experimental
from .api import convert, do_not_convert, is_converted, original, to_code, to_graph
from .errors import ConversionError, ConversionWarning, name_unbound
from .operators.changes import apart
from .options import Feature, Options, set_loop_options, set_verbosity, trace

__all__ = [
    "ConversionError",
    "ConversionWarning",
    "Feature",
    "Options",
    "apart",
    "convert",
    "do_not_convert",
    "experimental",
    "is_converted",
    "name_unbound",
    "original",
    "set_loop_options",
    "set_verbosity",
    "to_code",
    "to_graph",
    "trace",
]
