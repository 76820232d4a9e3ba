"""`tf.sparse`."""

from tfc.api.absent import explain as _explain
from tfc.ops.sparse import SparseTensor, from_dense, is_sparse, reduce_sum, reorder, sparse_dense_matmul, to_dense

__all__ = [
    "SparseTensor",
    "from_dense",
    "is_sparse",
    "reduce_sum",
    "reorder",
    "sparse_dense_matmul",
    "to_dense",
]


def __getattr__(name):
    _explain("sparse", name)
