"""`tf.experimental`: what TensorFlow keeps there."""

from tfc.api.absent import explain as _explain
from tfc.experimental import numpy

__all__ = ["numpy"]


def __getattr__(name):
    _explain("experimental", name)
