"""The op table: one row a primitive, with its numpy meaning, its gradient and where tests sample it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from tfc.core import Primitive, Unset

# Reasons of rows without kernels (`Op.gpu`), as documents show them.
IN_ORDER = "elements are computed one after the other"
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
class Linear:
    """The value of `Op.jvp` for an op that is linear in its operands at these positions (none given: in all).

    `together`: in all of them at once, so that the tangents take their places; else in each for itself, and the
    derivative is the sum over them.
    """

    operands: tuple[int, ...]
    together: bool


def linear(*operands: int) -> Linear:
    """f(x + dx, y + dy) = f(x, y) + f(dx, dy)."""
    return Linear(operands, True)


def multilinear(*operands: int) -> Linear:
    """f(x + dx, y) = f(x, y) + f(dx, y), and so for y."""
    return Linear(operands, False)


# The value of `Op.jvp` for an op of which each element of the result depends on one element of each operand: forward
# and reverse mode multiply by the same derivative.
ELEMENTWISE = "elementwise"


@dataclass(frozen=True)
class Op:
    """What a primitive means.

    `vjp` is a tuple with one function for each operand, None where no gradient flows: `f(g, out, *operands,
    **attrs)`,
    where `g` is the gradient of the result and `out` the result, gives the gradient of that operand. It is
    composed of
    primitives. A single function instead of a tuple returns the gradients of all operands at once.

    `jvp` says how forward mode gets the derivative: `ELEMENTWISE`, `linear(...)`, `multilinear(...)`, a function
    `f(tangent, out, x, **attrs)` of an op with one operand, or None: from `vjp`, which is linear in `g`, by transposing
    it.
    """

    numpy: Callable
    vjp: tuple | Callable | type[NotDifferentiable] | NoGradient
    # Open interval in which tests sample operands, and numpy kinds of the dtypes: b(ool), i, u, f, c(omplex).
    domain: tuple[float, float] = (-2.0, 2.0)
    kinds: str = "f"
    raw: bool = False
    # What of it stays on the host in code for GPUs, and why; nothing: it has kernels (of what is not complex).
    gpu: str = ""
    jvp: Linear | Callable | str | None = None
    # How it runs on many rows at once (`ops.rows.batching`).
    batch: "Callable | OneByOne | None" = None


@dataclass(frozen=True)
class OneByOne:
    """The value of `Op.batch` for an op that runs row by row, in a loop, and why."""

    reason: str


OPS: dict[Primitive, Op] = {}


def row(
    prim: Primitive, numpy: Callable, vjp, *, domain=(-2.0, 2.0), kinds="f", raw=False, quiet=True, gpu="", jvp=None
) -> None:
    """Adds a row. With `raw` the meaning gets operands themselves instead of arrays, and wraps its results
    itself.
    """
    if prim.meaning is not Unset:
        raise ValueError(f"{prim!r} has a row already")
    OPS[prim] = Op(numpy, vjp, domain, kinds, raw, gpu, jvp, prim.batch)
    prim.meaning = numpy
    prim.vjp = vjp
    prim.jvp = jvp
    prim.raw = raw
    prim.quiet = quiet


def batched(rule: "Callable | OneByOne", *prims: Primitive) -> None:
    """Says how these primitives run on many rows at once.

    A rule is `rule(rows, prim, operands, attrs)`: `operands` are `Row`s, of which at least one is batched (its value
    has the rows along its first dimension). It returns the batched result(s), a `Row` that says otherwise, or
    `NotImplemented` where these operands have to run row by row.
    """
    for prim in prims:
        if prim.batch is not None:
            raise ValueError(f"{prim!r} has a rule already")
        if prim in OPS:
            OPS[prim] = replace(OPS[prim], batch=rule)
        prim.batch = rule
