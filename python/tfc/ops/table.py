"""The op table: one row a primitive, with its numpy meaning, its gradient and where tests sample it."""

from collections.abc import Callable
from dataclasses import dataclass

from tfc.core import Primitive, Unset

# Reasons of rows without kernels (`Op.gpu`), as documents show them.
IN_ORDER = "elements are computed one after the other"
COMPLEX = "complex numbers"
WIDE_FUNCTIONS = "on Vulkan: computed in f64, of which GLSL has no functions"
HOST_SERVICE = "a service of the host"
CONTROL = "lists are the host's, their elements stay on the device"


class NotDifferentiable:
    """The value of `Op.vjp` for an op whose result does not depend smoothly on its operands: no gradient
    flows.
    """


@dataclass(frozen=True)
class NoGradient:
    """The value of `Op.vjp` for a smooth op whose gradient is not written yet; asking for it is an error."""

    reason: str


@dataclass(frozen=True)
class Op:
    """What a primitive means.

    `vjp` is a tuple with one function for each operand, None where no gradient flows: `f(g, out, *operands,
    **attrs)`,
    where `g` is the gradient of the result and `out` the result, gives the gradient of that operand. It is
    composed of
    primitives. A single function instead of a tuple returns the gradients of all operands at once.
    """

    numpy: Callable
    vjp: tuple | Callable | type[NotDifferentiable] | NoGradient
    # Open interval in which tests sample operands, and numpy kinds of the dtypes: b(ool), i, u, f, c(omplex).
    domain: tuple[float, float] = (-2.0, 2.0)
    kinds: str = "f"
    raw: bool = False
    # What of it stays on the host in code for GPUs, and why; nothing: it has kernels (of what is not complex).
    gpu: str = ""


OPS: dict[Primitive, Op] = {}


def row(prim: Primitive, numpy: Callable, vjp, *, domain=(-2.0, 2.0), kinds="f", raw=False, quiet=True, gpu="") -> None:
    """Adds a row. With `raw` the meaning gets operands themselves instead of arrays, and wraps its results
    itself.
    """
    if prim.meaning is not Unset:
        raise ValueError(f"{prim!r} has a row already")
    OPS[prim] = Op(numpy, vjp, domain, kinds, raw, gpu)
    prim.meaning = numpy
    prim.vjp = vjp
    prim.raw = raw
    prim.quiet = quiet
