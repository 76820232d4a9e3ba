"""Operators, properties and methods of tensors: they call ops, nothing else."""

from tfc.tensor.operators import attach_operators
from tfc.tensor.tensor import Reference, Tensor, attach_tensor

__all__ = ["Reference", "Tensor", "attach_operators", "attach_tensor"]
