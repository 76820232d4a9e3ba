"""`tf.py_function` and `tf.numpy_function`: a Python function as an operation."""

import functools

from tfc.core import executing_eagerly
from tfc.dtypes import TensorSpec, as_dtype
from tfc.errors import page, user_line
from tfc.ops import nest
from tfc.ops.convert import convert_to_tensor


def py_function(func=None, inp=None, Tout=None, name=None):
    """`func(*inp)` on eager tensors; the result has the dtype(s) `Tout`. Differentiable where it runs eagerly.

    Inside a `tf.function` it raises `NotImplementedError`: compiled code does not call back into Python yet.
    """
    if func is None:
        return functools.partial(_decorated, py_function, Tout=Tout)
    _refuse_tracing("tf.py_function")
    return _results(func(*[convert_to_tensor(x) for x in inp]), Tout)


def numpy_function(func=None, inp=None, Tout=None, stateful=True, name=None):
    """`func(*inp)` on numpy arrays; the result has the dtype(s) `Tout`. Not differentiable."""
    if func is None:
        return functools.partial(_decorated, numpy_function, Tout=Tout)
    _refuse_tracing("tf.numpy_function")
    return _results(func(*[convert_to_tensor(x).numpy() for x in inp]), Tout)


def _decorated(call, func, Tout):
    @functools.wraps(func)
    def wrapper(*inp):
        return call(func, inp, Tout)

    return wrapper


def _refuse_tracing(what):
    if not executing_eagerly():
        raise NotImplementedError(
            page(
                f"{what} inside a tf.function is not supported yet",
                where=user_line(),
                fix="call the Python function outside, or write it with tf operations",
            )
        )


def _results(value, Tout):
    if Tout is None or (isinstance(Tout, (list, tuple)) and not Tout):
        return [] if Tout is not None else None

    def one(type_, leaf):
        dtype = type_.dtype if isinstance(type_, TensorSpec) else as_dtype(type_)
        return convert_to_tensor(leaf, dtype)

    if isinstance(Tout, (list, tuple)):
        value = value if isinstance(value, (list, tuple)) else [value]
        if len(value) != len(Tout):
            raise ValueError(f"the Python function returned {len(value)} values, expected {len(Tout)} as in Tout")
        return [one(t, v) for t, v in zip(Tout, value, strict=True)]
    return nest.map_structure(one, Tout, value)
