"""`TensorSpec`: the type of a tensor, as signatures write it."""

from tfc.dtypes.dtype import DType, as_dtype, float32
from tfc.dtypes.shape import TensorShape, as_shape


class TensorSpec:
    """Shape, dtype and (optional) name of a tensor argument.

    `TensorSpec(shape, dtype=tf.float32, name=None)`; the shape may have unknown sizes
    or be None (unknown rank).
    """

    __slots__ = ("__weakref__", "_dtype", "_name", "_shape")

    def __init__(self, shape, dtype=float32, name=None):
        self._shape = as_shape(shape)
        self._dtype = as_dtype(dtype)
        self._name = name

    @property
    def shape(self) -> TensorShape:
        return self._shape

    @property
    def dtype(self) -> DType:
        return self._dtype

    @property
    def name(self) -> str | None:
        return self._name

    @property
    def value_type(self):
        return TensorSpec

    @classmethod
    def from_tensor(cls, tensor, name=None) -> "TensorSpec":
        """The spec of a tensor, with its name if it has one and none is given."""
        return cls(tensor.shape, tensor.dtype, name if name is not None else getattr(tensor, "_name", None))

    @classmethod
    def from_spec(cls, spec, name=None) -> "TensorSpec":
        return cls(spec.shape, spec.dtype, name if name is not None else spec.name)

    def is_compatible_with(self, spec_or_tensor) -> bool:
        """Whether dtype and shape match (unknown sizes match anything)."""
        dtype = getattr(spec_or_tensor, "dtype", None)
        if dtype is None:
            return False
        return self._dtype == dtype and self._shape.is_compatible_with(spec_or_tensor.shape)

    def is_subtype_of(self, other) -> bool:
        """Whether every tensor of this spec is one of the other spec (which has the same name, or none)."""
        return (
            isinstance(other, TensorSpec)
            and (other._name is None or self._name == other._name)
            and self._dtype is other._dtype
            and self._shape.is_subtype_of(other._shape)
        )

    def most_specific_common_supertype(self, others) -> "TensorSpec | None":
        """The narrowest spec that this and the others are subtypes of; None if dtypes differ."""
        if any(not isinstance(o, TensorSpec) or o._dtype is not self._dtype for o in others):
            return None
        shape = self._shape.most_specific_common_supertype([o._shape for o in others])
        name = self._name if all(o._name == self._name for o in others) else None
        return TensorSpec(shape, self._dtype, name)

    def most_specific_compatible_type(self, other) -> "TensorSpec":
        if self._dtype is not other.dtype:
            raise ValueError(f"No TypeSpec is compatible with both {self} and {other}")
        return TensorSpec(self._shape.most_specific_compatible_shape(other.shape), self._dtype)

    def __eq__(self, other):
        return (
            isinstance(other, TensorSpec)
            and self._dtype is other._dtype
            and self._shape._dims == other._shape._dims
            and self._name == other._name
        )

    def __hash__(self):
        return hash((self._shape, self._dtype))

    def __repr__(self):
        return f"TensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"

    def __reduce__(self):
        return TensorSpec, (self._shape, self._dtype, self._name)


class SpecList(tuple):
    """TensorSpecs in order, as an attribute of a primitive."""

    __slots__ = ()
