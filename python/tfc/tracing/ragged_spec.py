"""`tf.RaggedTensorSpec`: what a RaggedTensor is, for signatures."""

from tfc.dtypes import TensorShape, TensorSpec, as_dtype, float32, int64
from tfc.ops.ragged_ops import RaggedTensor
from tfc.tracing.composite_spec import CompositeSpec
from tfc.tracing.nested_types import FlattenedType
from tfc.tracing.trace_type import TensorType


class RaggedType(FlattenedType):
    """The trace type of ragged tensors: how many values there are is no part of it."""

    __slots__ = ()

    @classmethod
    def of_value(cls, value: RaggedTensor) -> "RaggedType":
        """The type of a ragged tensor of tensors, or of specs."""
        lengths, (flat, outer, *inner) = value.__tf_flatten__()
        dims = flat.shape.dims
        shape = None if dims is None else [None, *dims[1:]]
        splits = [TensorSpec(outer.shape, outer.dtype), *(TensorSpec([None], s.dtype) for s in inner)]
        return cls((RaggedTensor, lengths), [TensorType(s) for s in (TensorSpec(shape, flat.dtype), *splits)])

    def as_spec(self) -> "RaggedTensorSpec":
        flat, outer, *_ = self.flatten()
        rows = None if outer.shape.rank is None else outer.shape.dims[0]
        lengths = self.tag[1]
        shape = None
        if flat.shape.rank is not None:
            shape = [None if rows is None else rows - 1, *lengths, *flat.shape.dims[1:]]
        return RaggedTensorSpec(shape, flat.dtype, len(lengths))

    def is_subtype_of(self, other):
        return (
            isinstance(other, RaggedType)
            and len(self.components) == len(other.components)
            and all(b in (None, a) for a, b in zip(self.tag[1], other.tag[1], strict=True))
            and all(a.is_subtype_of(b) for a, b in zip(self.components, other.components, strict=True))
        )

    def most_specific_common_supertype(self, others):
        if not all(isinstance(o, RaggedType) and len(o.components) == len(self.components) for o in others):
            return None
        made = []
        for at, component in enumerate(self.components):
            made.append(component.most_specific_common_supertype([o.components[at] for o in others]))
        lengths = zip(self.tag[1], *(o.tag[1] for o in others), strict=True)
        merged = tuple(known[0] if len(set(known)) == 1 else None for known in lengths)
        return None if None in made else RaggedType((RaggedTensor, merged), made)

    def split(self, value):
        return list(value.__tf_flatten__()[1])

    def accepts(self, value):
        if not isinstance(value, RaggedTensor):
            return False
        lengths = value.__tf_flatten__()[0]
        return len(lengths) == len(self.tag[1]) and all(
            b in (None, a) for a, b in zip(lengths, self.tag[1], strict=True)
        )

    def __repr__(self):
        return repr(self.as_spec())


class RaggedTensorSpec(CompositeSpec):
    """RaggedTensors of a shape (None: a ragged dimension, or any size), dtype and number of ragged dimensions.

    `ragged_rank`: how many dimensions after the first are ragged; without it all but those at the end that are known.
    """

    def __init__(self, shape=None, dtype=float32, ragged_rank=None, row_splits_dtype=int64, flat_values_spec=None):
        self._shape, self._dtype = TensorShape(shape), as_dtype(dtype)
        rank = self._shape.rank
        if ragged_rank is None:
            if rank is None:
                raise ValueError("Must specify ragged_rank or a shape with known rank.")
            ragged_rank = rank - 1
        if rank is not None and not 0 <= ragged_rank < max(rank, 1):
            raise ValueError(f"Argument ragged_rank ({ragged_rank}) must be less than rank ({rank}).")
        if as_dtype(row_splits_dtype) is not int64:
            raise NotImplementedError("row splits are int64")
        self._ragged_rank = ragged_rank

    @property
    def ragged_rank(self) -> int:
        return self._ragged_rank

    row_splits_dtype = int64
    value_type = RaggedTensor

    @classmethod
    def from_value(cls, value: RaggedTensor) -> "RaggedTensorSpec":
        return cls(value.shape, value.dtype, value.ragged_rank)

    def _fixed(self) -> tuple:
        return self._dtype, self._ragged_rank

    def _of_shape(self, shape) -> "RaggedTensorSpec":
        return RaggedTensorSpec(shape, self._dtype, self._ragged_rank)

    def _leaves(self) -> tuple:
        """Specs of the flat values, and of the splits of each ragged dimension, the outermost first."""
        dims = self._shape.dims
        tail = None if dims is None else dims[1 + self._ragged_rank :]
        first = dims[0] if dims is not None and not self._ragged_rank else None
        splits = [TensorSpec([None], int64) for _ in range(self._ragged_rank)]
        if splits and dims is not None and dims[0] is not None:
            splits[0] = TensorSpec([dims[0] + 1], int64)
        return TensorSpec(None if tail is None else [first, *tail], self._dtype), splits

    @property
    def components(self):
        """A RaggedTensor of specs: its parts. A TensorSpec if no dimension is ragged."""
        made, splits = self._leaves()
        return RaggedTensor.__tf_unflatten__(self._lengths(), (made, *splits)) if splits else made

    def _lengths(self) -> tuple:
        """The length of the rows of each ragged dimension where it is known, else None."""
        dims = self._shape.dims
        return (None,) * self._ragged_rank if dims is None else tuple(dims[1 : 1 + self._ragged_rank])

    def __tf_tracing_type__(self, context):
        flat, splits = self._leaves()
        if not splits:
            return TensorType(flat)
        return RaggedType((RaggedTensor, self._lengths()), [TensorType(s) for s in (flat, *splits)])

    def __repr__(self):
        return f"RaggedTensorSpec({self._shape!r}, {self._dtype!r}, {self._ragged_rank}, {int64!r})"
