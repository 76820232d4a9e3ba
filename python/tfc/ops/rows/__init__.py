"""The rows of the op table, by family. Importing this package fills `ops.table.OPS`."""

from tfc.ops.rows import (
    batching,
    binary,
    comparison,
    contraction,
    indexing,
    lists,
    matrix,
    random,
    reduction,
    shape,
    spectral,
    state,
    strings,
    unary,
    window,
)

__all__ = [
    "batching",
    "binary",
    "comparison",
    "contraction",
    "indexing",
    "lists",
    "matrix",
    "random",
    "reduction",
    "shape",
    "spectral",
    "state",
    "strings",
    "unary",
    "window",
]
