"""`tf.IndexedSlices`: some slices of a larger tensor along its first dimension."""

from tfc.core import Tensor
from tfc.dtypes import TensorShape
from tfc.ops.convert import convert_to_tensor, static_ints
from tfc.ops.segments import unsorted_segment_sum


class IndexedSlices:
    """Slice `indices[i]` of a tensor is `values[i]`; slices that are not named are zero, repeated ones are added.

    What `Variable.scatter_add` and its like take. `tf.convert_to_tensor` of it needs `dense_shape`.
    """

    def __init__(self, values, indices, dense_shape=None):
        self.values = convert_to_tensor(values)
        self.indices = convert_to_tensor(indices)
        self.dense_shape = None if dense_shape is None else convert_to_tensor(dense_shape)

    @property
    def dtype(self):
        return self.values.dtype

    @property
    def shape(self) -> TensorShape:
        dims = None if self.dense_shape is None else static_ints(self.dense_shape)
        return TensorShape(dims)

    def __tf_tensor__(self, dtype=None, name=None) -> Tensor:
        if self.dense_shape is None:
            raise ValueError(
                f"Tensor conversion requested for IndexedSlices for variable without dense_shape. {self!r}: give "
                "dense_shape, or use values and indices"
            )
        dense = unsorted_segment_sum(self.values, self.indices, self.dense_shape[0])
        return convert_to_tensor(dense, dtype)

    def __neg__(self) -> "IndexedSlices":
        return IndexedSlices(-self.values, self.indices, self.dense_shape)

    def __repr__(self):
        return f"IndexedSlices(indices={self.indices!r}, values={self.values!r}, dense_shape={self.dense_shape!r})"
