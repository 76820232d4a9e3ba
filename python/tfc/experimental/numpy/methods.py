"""numpy's methods of tensors, which `experimental_enable_numpy_behavior` turns on."""

from tfc.core import Tensor
from tfc.experimental.numpy import elementwise, manipulation, products, reductions
from tfc.experimental.numpy.indexing import getitem
from tfc.experimental.numpy.promotion import asarray
from tfc.tensor.operators import enable_numpy_behavior


def _reshape(self, *newshape, order="C"):
    """The elements in another shape, given as numbers or a sequence."""
    dims = newshape[0] if len(newshape) == 1 and not isinstance(newshape[0], int) else newshape
    return manipulation.reshape(self, dims, order)


def _transpose(self, *axes):
    """The dimensions in another order."""
    order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
    return manipulation.transpose(self, order or None)


_METHODS = {
    "__getitem__": getitem,
    "__matmul__": lambda self, other: products.matmul(self, other),
    "__rmatmul__": lambda self, other: products.matmul(other, self),
    "T": property(manipulation.transpose),
    "astype": lambda self, dtype: asarray(self, dtype),
    "clip": elementwise.clip,
    "data": property(lambda self: self),
    "flatten": manipulation.flatten,
    "max": reductions.amax,
    "mean": reductions.mean,
    "min": reductions.amin,
    "ravel": manipulation.ravel,
    "reshape": _reshape,
    "size": property(manipulation.size),
    "tolist": lambda self: self.numpy().tolist(),
    "transpose": _transpose,
}


def enable(prefer_float32=False, dtype_conversion_mode=None):
    """From now on, in the whole process: operators promote operands as numpy does, and tensors have numpy's methods.

    `prefer_float32`: Python's floats are float32, and so is what numpy would promote to float64 without an operand of
    that type.
    """
    enable_numpy_behavior(prefer_float32, dtype_conversion_mode)
    for name, method in _METHODS.items():
        setattr(Tensor, name, method)
