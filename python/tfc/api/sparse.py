"""`tf.sparse`."""

from tfc.api.absent import explain as _explain
from tfc.ops.sparse import (
    SparseTensor,
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

__all__ = [
    "SparseTensor",
    "add",
    "concat",
    "expand_dims",
    "from_dense",
    "is_sparse",
    "map_values",
    "reduce_max",
    "reduce_sum",
    "reorder",
    "reshape",
    "retain",
    "slice",
    "sparse_dense_matmul",
    "to_dense",
    "transpose",
]


def __getattr__(name):
    _explain("sparse", name)
