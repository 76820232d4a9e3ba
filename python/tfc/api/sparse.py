"""`tf.sparse`."""

from tfc.api.absent import explain as _explain
from tfc.ops.naming import publish
from tfc.ops.sets import sparse_bincount as bincount
from tfc.ops.sparse import (
    add,
    expand_dims,
    from_dense,
    is_sparse,
    map_values,
    reduce_max,
    reduce_sum,
    reorder,
    retain,
    slice,
    sparse_dense_matmul,
    to_dense,
    transpose,
)
from tfc.ops.sparse import sparse_concat as concat
from tfc.ops.sparse import sparse_reshape as reshape
from tfc.ops.sparse_ops import SparseTensor
from tfc.ops.sparse_rows import (
    eye,
    fill_empty_rows,
    mask,
    maximum,
    minimum,
    reset_shape,
    sampled_addmm,
    segment_mean,
    segment_sqrt_n,
    segment_sum,
    softmax,
    split,
    to_indicator,
)

publish(globals())

__all__ = [
    "SparseTensor",
    "add",
    "bincount",
    "concat",
    "expand_dims",
    "eye",
    "fill_empty_rows",
    "from_dense",
    "is_sparse",
    "map_values",
    "mask",
    "maximum",
    "minimum",
    "reduce_max",
    "reduce_sum",
    "reorder",
    "reset_shape",
    "reshape",
    "retain",
    "sampled_addmm",
    "segment_mean",
    "segment_sqrt_n",
    "segment_sum",
    "slice",
    "softmax",
    "sparse_dense_matmul",
    "split",
    "to_dense",
    "to_indicator",
    "transpose",
]


def __getattr__(name):
    _explain("sparse", name)
