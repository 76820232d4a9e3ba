"""`tf.experimental`: what TensorFlow keeps there."""

from types import SimpleNamespace

from tfc.api.absent import explain as _explain
from tfc.tensor.operators import enable_numpy_behavior

numpy = SimpleNamespace(experimental_enable_numpy_behavior=enable_numpy_behavior)


def __getattr__(name):
    _explain("experimental", name)
