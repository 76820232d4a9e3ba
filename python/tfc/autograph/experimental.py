"""`tf.autograph.experimental`."""

from .api import do_not_convert
from .options import Feature, set_loop_options

__all__ = ["Feature", "do_not_convert", "set_loop_options"]
