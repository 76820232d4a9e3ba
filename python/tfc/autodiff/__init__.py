"""Gradients: tapes that record primitives, and functions with gradients of their own."""

from tfc.autodiff.backward import UnconnectedGradients, accumulate, backward
from tfc.autodiff.custom import custom_gradient, grad_pass_through, recompute_grad
from tfc.autodiff.forward import ForwardAccumulator
from tfc.autodiff.python_calls import error_class, numpy_function, py_function, run_host_function
from tfc.autodiff.tape import GradientTape

__all__ = [
    "ForwardAccumulator",
    "GradientTape",
    "UnconnectedGradients",
    "accumulate",
    "backward",
    "custom_gradient",
    "grad_pass_through",
    "error_class",
    "numpy_function",
    "py_function",
    "recompute_grad",
    "run_host_function",
]
