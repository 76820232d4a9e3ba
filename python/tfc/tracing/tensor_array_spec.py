"""`tf.TensorArraySpec`: the trace type of a TensorArray."""

from tfc.core import TensorList
from tfc.dtypes import TensorShape, TensorSpec, as_dtype, as_shape, float32, int32
from tfc.ops import primitives as p
from tfc.ops.tensor_array import TensorArray, unstacked
from tfc.tracing.tensors import is_symbolic
from tfc.tracing.trace_type import TraceType, stacked_list


class _NoList(TensorList):
    """The place of a list in a TensorArray that only says what one is like."""

    __slots__ = ("count", "dynamic_size", "element")

    def __init__(self, element, dynamic_size):
        self.element, self.dynamic_size, self.count = element, dynamic_size, None


class TensorArraySpec(TraceType):
    """What is known of a TensorArray: shape and dtype of its elements, whether it grows, whether they have one shape.

    It may stand in an `input_signature` and for an argument of `get_concrete_function`. The array crosses the boundary
    of a function as stacked tensors, and is taken apart at its start.
    """

    __slots__ = ("dtype", "dynamic_size", "element_shape", "infer_shape")

    value_type = TensorArray

    def __init__(self, element_shape=None, dtype=float32, dynamic_size=False, infer_shape=True):
        self.element_shape = as_shape(element_shape)
        self.dtype = as_dtype(dtype)
        self.dynamic_size = bool(dynamic_size)
        self.infer_shape = bool(infer_shape)

    @classmethod
    def from_value(cls, value: TensorArray) -> "TensorArraySpec":
        """The spec of a TensorArray."""
        shape = value.element_shape
        if shape.rank is None and value.is_ragged and value._rank():
            shape = TensorShape([None] * value._rank())
        return cls(shape, value.dtype, value.dynamic_size, value._infer_shape)

    @property
    def shape(self) -> TensorShape:
        """The shape of the array itself is not known."""
        return TensorShape(None)

    def is_compatible_with(self, other) -> bool:
        """Could this array be `other`, a TensorArray or the spec of one?"""
        if isinstance(other, TensorArray):
            other = TensorArraySpec.from_value(other)
        return self._is_like(other) and self.element_shape.is_compatible_with(other.element_shape)

    def most_specific_compatible_type(self, other) -> "TensorArraySpec":
        """The narrowest spec of both; `ValueError` if there is none."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Types are not compatible: {self!r} vs {other!r}")
        shape = self.element_shape.most_specific_compatible_shape(other.element_shape)
        return TensorArraySpec(shape, self.dtype, self.dynamic_size, self.infer_shape)

    def _is_like(self, other) -> bool:
        return isinstance(other, TensorArraySpec) and (self.dtype, self.dynamic_size, self.infer_shape) == (
            other.dtype,
            other.dynamic_size,
            other.infer_shape,
        )

    def _key(self):
        return self.element_shape, self.dtype, self.dynamic_size, self.infer_shape

    # As a trace type.

    def is_subtype_of(self, other):
        return self._is_like(other) and self.element_shape.is_subtype_of(other.element_shape)

    def most_specific_common_supertype(self, others):
        if not all(map(self._is_like, others)):
            return None
        shape = self.element_shape
        for other in others:
            shape = shape.most_specific_compatible_shape(other.element_shape)
        return TensorArraySpec(shape, self.dtype, self.dynamic_size, self.infer_shape)

    def with_rank_of(self, other):
        rank = other.element_shape.rank
        if self.element_shape.rank is not None or rank is None:
            return self
        return TensorArraySpec([None] * rank, self.dtype, self.dynamic_size, self.infer_shape)

    def cast(self, value, casting_context=None):
        if not isinstance(value, TensorArray):
            raise TypeError(f"Can not cast {value!r} to {self!r}")
        given = TensorArraySpec.from_value(value)
        if not given.is_subtype_of(self):
            raise TypeError(f"Can not cast {given!r} to {self!r}")
        return value

    def placeholder_value(self, placeholder_context):
        return self._of_stacked([placeholder_context.tensor(s) for s in self.flatten()])

    def from_tensors(self, tensors):
        parts = [next(tensors) for _ in self._elements()]
        if isinstance(parts[0], TensorSpec):
            return self
        return self._of_stacked(parts)

    def _of_stacked(self, parts) -> TensorArray:
        pairs = zip(parts, self._elements(), strict=True)
        return self._like()._with_components([unstacked(part, e, self.dynamic_size) for part, e in pairs])

    def to_tensors(self, value):
        if len(self._elements()) > 1:
            return [stacked_list(v) for v in value._pair()]
        return [value.stack() if value.is_ragged else stacked_list(value.flow)]

    def flatten(self):
        dims = [element.shape.dims for element in self._elements()]
        return [
            TensorSpec(None if d is None else (None, *d), e.dtype) for d, e in zip(dims, self._elements(), strict=True)
        ]

    def leaves(self, value):
        return [value]

    def _elements(self) -> list:
        """What the elements of each list of the array are."""
        if self.infer_shape or self.element_shape.is_fully_defined():
            return [TensorSpec(self.element_shape, self.dtype)]
        rank = self.element_shape.rank
        return [TensorSpec([], self.dtype), TensorSpec(None if rank is None else [rank + 1], int32)]

    def _like(self) -> TensorArray:
        """An array of this kind, without its lists."""
        return TensorArray(
            self.dtype,
            dynamic_size=self.dynamic_size,
            element_shape=self.element_shape,
            infer_shape=self.infer_shape,
            flow=_NoList(TensorSpec(self.element_shape, self.dtype), self.dynamic_size),
        )

    def __eq__(self, other):
        return isinstance(other, TensorArraySpec) and self._key() == other._key()

    def __hash__(self):
        return hash(self._key())

    def __repr__(self):
        return f"TensorArraySpec({self.element_shape!r}, {self.dtype!r}, {self.dynamic_size}, {self.infer_shape})"


class UnwrittenTensorArray(TraceType):
    """The trace type of a TensorArray of which nothing was written and whose elements' shape is not known yet.

    There is nothing to stack: only its size crosses the boundary of a function.
    """

    __slots__ = ("dtype", "dynamic_size", "element_shape", "infer_shape")

    def __init__(self, like: TensorArraySpec):
        self.dtype, self.element_shape = like.dtype, like.element_shape
        self.dynamic_size, self.infer_shape = like.dynamic_size, like.infer_shape

    def _key(self):
        return self.element_shape, self.dtype, self.dynamic_size, self.infer_shape

    def is_subtype_of(self, other):
        return self == other

    def most_specific_common_supertype(self, others):
        return self if all(o == self for o in others) else None

    def cast(self, value, casting_context=None):
        if not isinstance(value, TensorArray) or type_of_array(value) != self:
            raise TypeError(f"Can not cast {value!r} to {self!r}")
        return value

    def placeholder_value(self, placeholder_context):
        return self._made(placeholder_context.tensor(self.flatten()[0]))

    def from_tensors(self, tensors):
        size = next(tensors)
        return self if isinstance(size, TensorSpec) else self._made(size)

    def _made(self, size):
        return TensorArray(
            self.dtype,
            size,
            dynamic_size=self.dynamic_size,
            element_shape=self.element_shape,
            infer_shape=self.infer_shape,
        )

    def to_tensors(self, value):
        # Without a use of the list: one of unknown rank cannot be compiled.
        size = value.flow.created_with() if is_symbolic(value.flow) else value.size()
        return [size if size.dtype is int32 else p.cast(size, dtype=int32)]

    def flatten(self):
        return [TensorSpec((), int32)]

    def leaves(self, value):
        return [value]

    def __eq__(self, other):
        return isinstance(other, UnwrittenTensorArray) and self._key() == other._key()

    def __hash__(self):
        return hash(self._key())

    def __repr__(self):
        return f"UnwrittenTensorArray({self.element_shape!r}, {self.dtype!r}, {self.dynamic_size}, {self.infer_shape})"


def type_of_array(value: TensorArray) -> TraceType:
    """The trace type of a TensorArray."""
    spec = TensorArraySpec.from_value(value)
    if spec.element_shape.is_fully_defined() or not value.is_unwritten:
        return spec
    return UnwrittenTensorArray(spec)
