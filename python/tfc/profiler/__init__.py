"""`tf.profiler`: where compiled functions spend their time, by line of the program."""

from tfc.profiler import experimental

__all__ = ["experimental"]
