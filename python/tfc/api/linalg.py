"""`tf.linalg`."""

from tfc.ops.creation import eye
from tfc.ops.einsum import einsum
from tfc.ops.linalg import (
    adjoint,
    band_part,
    cross,
    diag,
    diag_part,
    global_norm,
    l2_normalize,
    matmul,
    matrix_transpose,
    matvec,
    norm,
    normalize,
    set_diag,
    tensordot,
    trace,
)

__all__ = [
    "adjoint",
    "band_part",
    "cross",
    "diag",
    "diag_part",
    "einsum",
    "eye",
    "global_norm",
    "l2_normalize",
    "matmul",
    "matrix_transpose",
    "matvec",
    "norm",
    "normalize",
    "set_diag",
    "tensordot",
    "trace",
]
