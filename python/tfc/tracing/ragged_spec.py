"""`tf.RaggedTensorSpec`: what a RaggedTensor is, for signatures."""

from tfc.dtypes import TensorShape, TensorSpec, as_dtype, float32, int64
from tfc.ops.ragged_ops import RaggedTensor
from tfc.tracing.nested_types import FlattenedType
from tfc.tracing.trace_type import TensorType


class RaggedTensorSpec:
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
    def shape(self) -> TensorShape:
        return self._shape

    @property
    def dtype(self):
        return self._dtype

    @property
    def ragged_rank(self) -> int:
        return self._ragged_rank

    row_splits_dtype = int64
    value_type = RaggedTensor

    @classmethod
    def from_value(cls, value: RaggedTensor) -> "RaggedTensorSpec":
        return cls(value.shape, value.dtype, value.ragged_rank)

    def is_compatible_with(self, other) -> bool:
        """Whether a RaggedTensor, or another spec, is what this says."""
        other = self.from_value(other) if isinstance(other, RaggedTensor) else other
        return (
            isinstance(other, RaggedTensorSpec)
            and (self._dtype, self._ragged_rank) == (other._dtype, other._ragged_rank)
            and self._shape.is_compatible_with(other._shape)
        )

    def _leaves(self) -> tuple:
        """Specs of the flat values, and of the splits of each ragged dimension, the innermost first."""
        dims = self._shape.dims
        tail = None if dims is None else dims[1 + self._ragged_rank :]
        first = dims[0] if dims is not None and not self._ragged_rank else None
        splits = [TensorSpec([None], int64) for _ in range(self._ragged_rank)]
        if splits and dims is not None and dims[0] is not None:
            splits[-1] = TensorSpec([dims[0] + 1], int64)
        return TensorSpec(None if tail is None else [first, *tail], self._dtype), splits

    @property
    def components(self):
        """A RaggedTensor of specs: its parts. A TensorSpec if no dimension is ragged."""
        made, splits = self._leaves()
        for spec in splits:
            made = RaggedTensor.__tf_unflatten__(None, (made, spec))
        return made

    def __tf_tracing_type__(self, context):
        flat, splits = self._leaves()
        made = TensorType(flat)
        for spec in splits:
            made = FlattenedType((RaggedTensor, None), [made, TensorType(spec)])
        return made

    def __eq__(self, other):
        return isinstance(other, RaggedTensorSpec) and self._key() == other._key()

    def __hash__(self):
        return hash(self._key())

    def _key(self):
        return self._shape.dims, self._dtype, self._ragged_rank

    def __repr__(self):
        return f"RaggedTensorSpec({self._shape!r}, {self._dtype!r}, {self._ragged_rank}, {int64!r})"
