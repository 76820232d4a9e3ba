"""Structures of tensors by the names under which saved models know their classes."""

from tfc.ops.ragged_ops import RaggedTensor
from tfc.ops.sparse_ops import SparseTensor

_classes: dict = {"RaggedTensor": RaggedTensor, "SparseTensor": SparseTensor}


def register(name: str, cls: type) -> None:
    """`cls` is what saved models call `name`. A class that is defined again takes the place of the one before."""
    _classes[name] = cls


def name_of(cls: type):
    """The name of a class, None if it has none."""
    return next((name for name, known in _classes.items() if known is cls), None)


def class_of(name: str):
    """The class of a name."""
    if name not in _classes:
        raise ValueError(
            f"the saved model has values of the extension type {name!r}, which is not known here\n"
            "  try:  define (or import) the class with that `__name__` before loading"
        )
    return _classes[name]
