"""`TensorShape`: sizes of dimensions, some or all of them unknown."""

import operator
from collections.abc import Sequence

_tuples = [False]


class TensorShape:
    """The shape of a tensor: fully known `(2, 3)`, partly known `(None, 3)`, or of unknown rank `None`.

    Behaves as a sequence of `int | None`. Immutable; equal to tuples and lists of the same sizes. With numpy's
    behaviour (`shapes_are_tuples`) `isinstance` takes it for a `tuple`, which is what the array API standard promises.
    """

    __slots__ = ("_dims",)

    # Not a subclass: `"%s" % x.shape` must see one value, as in TensorFlow, and a shape of unknown rank has no items.
    __class__ = property(lambda self: tuple if _tuples[0] and self._dims is not None else TensorShape)

    def __init__(self, dims=None):
        if dims is None:
            self._dims = None
        elif isinstance(dims, TensorShape):
            self._dims = dims._dims
        elif isinstance(dims, int):
            self._dims = (_size(dims),)
        else:
            try:
                self._dims = tuple(map(_size, dims))
            except TypeError as e:
                # A scalar tensor or numpy integer stands for one dimension.
                if hasattr(dims, "__index__") and not hasattr(dims, "__iter__"):
                    self._dims = (_size(dims),)
                else:
                    raise TypeError(f"Failed to convert {dims!r} to a TensorShape: {e}") from None

    @property
    def dims(self) -> tuple | None:
        """The sizes as a tuple of `int | None`; None if the rank is unknown."""
        return self._dims

    @property
    def rank(self) -> int | None:
        return None if self._dims is None else len(self._dims)

    @property
    def ndims(self) -> int | None:
        return self.rank

    def as_list(self) -> list:
        """The sizes as a list; `ValueError` if the rank is unknown."""
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._dims)

    def num_elements(self) -> int | None:
        """The number of elements, None if it is not known."""
        if not self.is_fully_defined():
            return None
        count = 1
        for size in self._dims:
            count *= size
        return count

    def is_fully_defined(self) -> bool:
        return self._dims is not None and None not in self._dims

    def assert_is_fully_defined(self) -> None:
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def with_rank(self, rank: int) -> "TensorShape":
        """This shape if it has this rank, or unknown sizes of this rank; `ValueError` if it has another."""
        try:
            return self.merge_with(TensorShape([None] * rank))
        except ValueError:
            raise ValueError(f"Shape {self} must have rank {rank}") from None

    assert_has_rank = with_rank

    def with_rank_at_least(self, rank: int) -> "TensorShape":
        if self._dims is not None and len(self._dims) < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> "TensorShape":
        if self._dims is not None and len(self._dims) > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def assert_same_rank(self, other) -> None:
        other = as_shape(other)
        if None not in (self.rank, other.rank) and self.rank != other.rank:
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def is_compatible_with(self, other) -> bool:
        """Whether some fully known shape matches both."""
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return True
        return len(self._dims) == len(other._dims) and all(
            x is None or y is None or x == y for x, y in zip(self._dims, other._dims, strict=True)
        )

    def assert_is_compatible_with(self, other) -> None:
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {as_shape(other)} are incompatible")

    def merge_with(self, other) -> "TensorShape":
        """What both shapes say together; `ValueError` if they contradict."""
        other = as_shape(other)
        if self._dims is None:
            return other
        if other._dims is None:
            return self
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are not compatible")
        return TensorShape(y if x is None else x for x, y in zip(self._dims, other._dims, strict=True))

    def most_specific_compatible_shape(self, other) -> "TensorShape":
        """What both shapes have in common: sizes that differ become unknown."""
        other = as_shape(other)
        if self._dims is None or other._dims is None or len(self._dims) != len(other._dims):
            return TensorShape(None)
        return TensorShape(x if x == y else None for x, y in zip(self._dims, other._dims, strict=True))

    def is_subtype_of(self, other) -> bool:
        """Whether every tensor of this shape has that shape as well."""
        other = as_shape(other)
        if other._dims is None:
            return True
        if self._dims is None or len(self._dims) != len(other._dims):
            return False
        return all(y is None or x == y for x, y in zip(self._dims, other._dims, strict=True))

    def most_specific_common_supertype(self, others) -> "TensorShape | None":
        result = self
        for other in others:
            if not isinstance(other, TensorShape):
                return None
            result = result.most_specific_compatible_shape(other)
        return result

    def concatenate(self, other) -> "TensorShape":
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return TensorShape(None)
        return TensorShape(self._dims + other._dims)

    def __add__(self, other):
        return self.concatenate(other)

    def __radd__(self, other):
        return as_shape(other).concatenate(self)

    def __len__(self):
        if self._dims is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self._dims)

    def __bool__(self):
        return self._dims is not None

    def __iter__(self):
        if self._dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter(self._dims)

    def __getitem__(self, key):
        if self._dims is not None:
            return TensorShape(self._dims[key]) if isinstance(key, slice) else self._dims[key]
        if not isinstance(key, slice):
            return None
        start, stop = key.start or 0, key.stop
        # A slice up to the end, or counted from it, has an unknown number of dimensions.
        if key.step is not None or stop is None or start < 0 or stop < 0:
            return TensorShape(None)
        return TensorShape([None] * max(0, stop - start))

    def __eq__(self, other):
        if not isinstance(other, TensorShape):
            if other is not None and not isinstance(other, (tuple, list)):
                try:
                    other = TensorShape(other)
                except (TypeError, ValueError):
                    return NotImplemented
                return self._dims == other._dims
            try:
                other = TensorShape(other)
            except (TypeError, ValueError):
                return False
        return self._dims == other._dims

    def __hash__(self):
        return hash(self._dims)

    def __repr__(self):
        return "TensorShape(None)" if self._dims is None else f"TensorShape({list(self._dims)})"

    def __str__(self):
        return "<unknown>" if self._dims is None else str(self._dims)

    def __reduce__(self):
        return TensorShape, (self._dims,)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


Sequence.register(TensorShape)


def shapes_are_tuples() -> None:
    """From now on `isinstance(shape, tuple)` holds for shapes of known rank."""
    _tuples[0] = True


def as_shape(shape) -> TensorShape:
    """The `TensorShape` of a TensorShape, sequence, int or None."""
    return shape if type(shape) is TensorShape else TensorShape(shape)


def _size(value) -> int | None:
    if value is None:
        return None
    if type(value) is not int:
        try:
            value = operator.index(value)
        except TypeError:
            raise TypeError(
                f"Dimension value must be integer or None or have an __index__ method, got value "
                f"{value!r} with type {type(value)!r}"
            ) from None
    if value < 0:
        raise ValueError(f"Dimension {value} must be >= 0")
    return value
