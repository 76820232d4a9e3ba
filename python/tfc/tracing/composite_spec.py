"""What specs of composite tensors have in common: a shape, a dtype, and an order among them."""

from tfc.dtypes import TensorShape
from tfc.errors import page


class CompositeSpec:
    """A spec of values of `value_type`. Subclasses set `_shape` and `_dtype`."""

    value_type: type

    def _fixed(self) -> tuple:
        """What two specs share, or one cannot stand for the other."""
        return (self._dtype,)

    def _of_shape(self, shape: TensorShape) -> "CompositeSpec":
        """The same of another shape."""
        raise NotImplementedError

    @property
    def shape(self) -> TensorShape:
        return self._shape

    @property
    def dtype(self):
        return self._dtype

    def _is_like(self, other) -> bool:
        return type(other) is type(self) and self._fixed() == other._fixed()

    def is_compatible_with(self, other) -> bool:
        """Whether a value, or what another spec describes, may be what this says."""
        other = self.from_value(other) if isinstance(other, self.value_type) else other
        return self._is_like(other) and self._shape.is_compatible_with(other._shape)

    def is_subtype_of(self, other) -> bool:
        """Whether all that this describes is described by `other`."""
        return self._is_like(other) and self._shape.is_subtype_of(other._shape)

    def most_specific_common_supertype(self, others):
        """The narrowest spec of this and all `others`; None if there is none."""
        if not all(self._is_like(other) for other in others):
            return None
        shape = self._shape
        for other in others:
            shape = shape.most_specific_compatible_shape(other._shape)
        return self._of_shape(shape)

    def most_specific_compatible_type(self, other):
        """The narrowest spec of both; `ValueError` if there is none."""
        found = self.most_specific_common_supertype([other])
        if found is None:
            raise ValueError(page(f"No TypeSpec is compatible with both {self!r} and {other!r}"))
        return found

    def _key(self) -> tuple:
        return (self._shape.dims, *self._fixed())

    def __eq__(self, other):
        return type(other) is type(self) and self._key() == other._key()

    def __hash__(self):
        return hash(self._key())
