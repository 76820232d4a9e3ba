"""`tf.experimental`: what TensorFlow keeps there."""

from types import SimpleNamespace

from tfc.tensor.operators import enable_numpy_behavior

numpy = SimpleNamespace(experimental_enable_numpy_behavior=enable_numpy_behavior)
