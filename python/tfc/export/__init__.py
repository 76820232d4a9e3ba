"""Writing compiled functions to files: ``tf.export.compile`` and ``tfc-compile``."""

from tfc.export.compile import compile
from tfc.export.specs import parse_spec

__all__ = ["compile", "parse_spec"]
