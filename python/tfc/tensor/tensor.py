"""What every tensor has besides operators: shape, text, iteration, identity."""

import numpy as np

from tfc._native import device_of
from tfc.config.devices import device_name
from tfc.core import EagerTensor, StringTensor, Tensor
from tfc.dtypes import TensorShape
from tfc.errors import OperatorNotAllowedInGraphError, page, user_line
from tfc.ops.array import unstack
from tfc.tensor.operators import attach_operators


class Reference:
    """A hashable stand-in for a tensor or variable: equal if it stands for the same object."""

    __slots__ = ("_wrapped",)

    def __init__(self, wrapped):
        self._wrapped = wrapped

    def deref(self):
        """The tensor or variable itself."""
        return self._wrapped

    def __eq__(self, other):
        return isinstance(other, Reference) and self._wrapped is other._wrapped

    def __hash__(self):
        return id(self._wrapped)

    def __repr__(self):
        return f"<Reference wrapping {self._wrapped!r}>"


def _shape(self) -> TensorShape:
    return TensorShape(self.shape_tuple)


def _get_shape(self) -> TensorShape:
    """The static shape."""
    return TensorShape(self.shape_tuple)


def _set_shape(self, shape) -> None:
    """Says what the shape is: for an eager tensor, a check (`ValueError`)."""
    if not self.shape.is_compatible_with(shape):
        raise ValueError(f"Tensor's shape {self.shape} is not compatible with supplied shape {TensorShape(shape)}.")


def _ndim(self) -> int | None:
    return None if self.shape_tuple is None else len(self.shape_tuple)


def _ref(self) -> Reference:
    """A hashable reference to this tensor, for dictionaries and sets."""
    return Reference(self)


def _hash(self):
    raise TypeError("Tensor is unhashable. Instead, use tensor.ref() as the key.")


def _len(self) -> int:
    dims = self.shape_tuple
    if dims == ():
        raise TypeError("Scalar tensor has no `len()`")
    if dims is None or dims[0] is None:
        raise TypeError(
            "len is not well defined for a symbolic Tensor whose first dimension is "
            "unknown. Please call `x.shape` rather "
            "than `len(x)` for shape information."
        )
    return dims[0]


def _iter(self):
    if self.shape_tuple == ():
        raise TypeError("Cannot iterate over a scalar tensor.")
    return iter(unstack(self))


def _contains(self, item):
    raise TypeError(
        "`in` is not defined for tensors: use tf.reduce_any(x == value) instead"
        if not isinstance(item, str)
        else "`in` is not defined for tensors of strings: use tf.strings.regex_full_match"
    )


def _not_allowed(task):
    def method(self, *args):
        line = user_line()
        raise OperatorNotAllowedInGraphError(
            page(
                f"Using a symbolic `tf.Tensor` as a Python `{task}` is not allowed: it has "
                f"no value while a function is traced.",
                got=repr(self),
                where=line,
                fix="use tf.cond or tf.while_loop, or an `if` or `while` that AutoGraph converts",
            )
        )

    return method


def _symbolic_iter(self):
    line = user_line()
    raise OperatorNotAllowedInGraphError(
        page(
            "Iterating over a symbolic `tf.Tensor` is not allowed: it has no value while a function is traced.",
            got=repr(self),
            where=line,
            fix="use tf.while_loop or tf.map_fn, a `for` that AutoGraph converts, or tf.unstack",
        )
    )


def _numpy_text(value, is_repr) -> str:
    if isinstance(value, np.ndarray) and value.ndim:
        text = repr(value) if is_repr else str(value)
        return "\n" + text if "\n" in text else text
    value = value[()] if isinstance(value, np.ndarray) else value
    return str(value)


def _repr(self) -> str:
    text = _numpy_text(self._view(), is_repr=True)
    return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, numpy={text}>"


def _str(self) -> str:
    text = _numpy_text(self._view(), is_repr=False)
    return f"tf.Tensor({text}, shape={self.shape}, dtype={self.dtype.name})"


def _format(self, spec: str) -> str:
    return format(self._view()[()] if not self.shape_tuple else self._view(), spec)


def attach_tensor() -> None:
    """Completes the native classes. Called once, at import."""
    attach_operators(Tensor)
    Tensor.shape = property(_shape, doc="The static shape, a TensorShape.")
    Tensor.ndim = property(_ndim, doc="The number of dimensions, None if unknown.")
    Tensor.get_shape = _get_shape
    Tensor.set_shape = _set_shape
    Tensor.ref = _ref
    Tensor.experimental_ref = _ref
    Tensor.__hash__ = _hash
    Tensor.__len__ = _len
    Tensor.__contains__ = _contains
    # Symbolic tensors inherit the refusals; eager tensors have values.
    Tensor.__iter__ = _symbolic_iter
    Tensor.__bool__ = _not_allowed("bool")
    EagerTensor.device = property(lambda self: device_name(device_of(self)), doc="Where its memory is.")
    for kind in (EagerTensor, StringTensor):
        kind.__iter__ = _iter
        kind.__repr__ = _repr
        kind.__str__ = _str
        kind.__format__ = _format
    Tensor.__module__ = "tfc"
    Tensor.__qualname__ = "Tensor"


attach_tensor()
