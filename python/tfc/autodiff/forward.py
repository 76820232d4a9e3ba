"""Forward mode: `ForwardAccumulator`, a recorder that computes the tangent of each result when its op runs.

How an op's tangents follow from those of its operands is `Op.jvp` of its row: linear ops are applied to the tangents,
elementwise ones multiply by the derivative that reverse mode knows, and all others transpose their `vjp`, which is
linear in the gradient it gets, unless the row has a function for it.
"""

import itertools
import logging

from tfc.autodiff.backward import Entry, UnconnectedGradients, accumulate, operand_gradients
from tfc.autodiff.tape import GradientTape, not_a_tensor
from tfc.core import (
    Operation,
    Tensor,
    TensorList,
    VariableStorage,
    pop_recorder,
    push_recorder,
    recorders,
    stop_recording,
)
from tfc.errors import user_line
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import zeros_like
from tfc.ops.gradients import Part, broadcast_like, conj
from tfc.ops.indexed_slices import dense
from tfc.ops.table import ELEMENTWISE, Linear, NotDifferentiable

_LOG = logging.getLogger("tfc")


class ForwardAccumulator:
    """Jacobian-vector products of what is computed inside its `with` block.

    `primals` and `tangents` are nests of the same structure, shapes and dtypes. `jvp(target)` is the derivative of
    `target` in the direction of the tangents: it has the shape of `target`. Tangents are computed beside the results,
    so that nothing is kept for later. Accumulators nest, in each other and with tapes, for higher orders: the inner
    one's products are seen by the outer one, not the other way around.
    """

    def __init__(self, primals, tangents):
        nest.assert_same_structure(primals, tangents)
        self._primals = nest.flatten(primals)
        self._tangents: dict = {}
        # The values whose ids are keys: they stay alive, and so the ids unique.
        self._known: list = []
        # The tangents of primals of integers, which no result depends on.
        self._discrete: dict = {}
        self._recording = False
        for x, t in zip(self._primals, nest.flatten(tangents), strict=True):
            if not isinstance(x, (Tensor, VariableStorage)):
                raise not_a_tensor("a primal", x)
            if not x.dtype.is_differentiable:
                _LOG.warning(
                    "The dtype of the watched primal must be floating (e.g. tf.float32), got %r (%s)",
                    x.dtype,
                    user_line(),
                )
            if t is None:
                continue
            t = convert_to_tensor(t, x.dtype)
            if x.shape_tuple is not None and not x.shape.is_compatible_with(t.shape):
                raise ValueError(f"the tangent of a primal of shape {x.shape} has shape {t.shape}")
            if x.dtype.is_differentiable:
                self._set(x, t)
            else:
                self._discrete[id(x)] = t
                self._known.append(x)

    def __enter__(self):
        if self._recording:
            raise ValueError("Accumulator is already recording.")
        push_recorder(self)
        self._recording = True
        return self

    def __exit__(self, *error):
        if self._recording:
            pop_recorder(self)
            self._recording = False

    def _set(self, value, tangent):
        self._tangents[id(value)] = tangent
        self._known.append(value)

    # What recorders do.

    repeats, pushes = False, True

    def tracks(self, value) -> bool:
        return id(value) in self._tangents

    def note_read(self, variable, value) -> None:
        pass

    def mark(self) -> int:
        """How much is known so far, for `rewind`."""
        return len(self._known)

    def rewind(self, mark: int) -> None:
        """Forgets what became known since."""
        for value in self._known[mark:]:
            self._tangents.pop(id(value), None)
        del self._known[mark:]

    def record(self, prim, args, attrs, results) -> None:
        if results is None or prim.vjp is NotDifferentiable:
            return
        tangents = [self._tangents.get(id(a)) for a in args]
        if all(t is None for t in tangents):
            return
        outs = results if isinstance(results, tuple) else (results,)
        # Recorders that came later see results, not how their tangents are made.
        with stop_recording(*self._later()):
            found = _push_forward(prim, args, attrs, outs, tangents)
        for out, tangent in zip(outs, found, strict=True):
            if tangent is not None and out.dtype.is_differentiable:
                self._set(out, tangent)

    def _later(self) -> list:
        after = list(itertools.dropwhile(lambda r: r is not self, recorders()))
        return after or [self]

    def jvp(self, primals, unconnected_gradients=UnconnectedGradients.NONE):
        """The derivative of each tensor of the nest `primals`; None (or zeros) where it depends on no primal."""
        try:
            unconnected = UnconnectedGradients(unconnected_gradients)
        except ValueError:
            raise ValueError(f"Unknown value for unconnected_gradients: '{unconnected_gradients}'") from None
        return nest.map_structure(lambda target: self._one(target, unconnected), primals)

    def _one(self, target, unconnected):
        if not isinstance(target, (Tensor, VariableStorage)):
            raise not_a_tensor("what jvp takes", target)
        found = self._tangents.get(id(target), self._discrete.get(id(target)))
        if found is None and unconnected is UnconnectedGradients.ZERO:
            return zeros_like(target)
        return found


def _push_forward(prim, args, attrs, outs, tangents) -> list:
    """The tangents of the results of an op that ran: one for each, None for zero."""
    if prim is p.read_variable:
        return [tangents[0]]
    rule = prim.jvp
    if rule == ELEMENTWISE and not _mixes_complex(args, outs):
        return [_elementwise(prim, args, attrs, outs[0], tangents)]
    if isinstance(rule, Linear):
        return [_linear(prim, rule, args, attrs, tangents)]
    if callable(rule):
        return [rule(tangents[0], outs[0], *args, **attrs)]
    return _transposed(prim, args, attrs, outs, tangents)


def _mixes_complex(args, outs) -> bool:
    """Whether the derivative is not a factor: real from complex."""
    return len({v.dtype.is_complex for v in (*args, *outs) if v.dtype.is_differentiable}) > 1


def _elementwise(prim, args, attrs, out, tangents):
    """The sum over the operands: tangent times derivative, as `vjp` computes it, without sums over stretched
    dimensions.
    """
    whole = [broadcast_like(a, out) for a in args]
    total = None
    for f, tangent in zip(prim.vjp, tangents, strict=True):
        if tangent is None or f is None:
            continue
        part = f(conj(broadcast_like(tangent, out)), out, *whole, **attrs)
        if part is not None:
            total = _sum(total, conj(part))
    return total


def _linear(prim, rule, args, attrs, tangents):
    places = rule.operands or tuple(range(len(args)))
    if rule.together:
        for a, t in zip(args, tangents, strict=True):
            if isinstance(t, TensorList):
                # It grows where its list does.
                t.dynamic_size = a.dynamic_size
        moved = [
            a if i not in places else _zero_like(a) if t is None else t
            for i, (a, t) in enumerate(zip(args, tangents, strict=True))
        ]
        out = prim(*moved, **attrs) if any(tangents[i] is not None for i in places) else None
        return out
    total = None
    for i in places:
        if tangents[i] is not None:
            total = _sum(total, prim(*(tangents[i] if k == i else a for k, a in enumerate(args)), **attrs))
    return total


def _zero_like(x):
    if isinstance(x, TensorList):
        return p.list_create(p.list_length(x), element_type=x.element, dynamic_size=x.dynamic_size)
    return zeros_like(x)


def _sum(total, part):
    return part if total is None else p.add(total, part)


def _transposed(prim, args, attrs, outs, tangents) -> list:
    """`vjp` is linear in the gradients u of the results: its own gradient by u, weighted with the tangents, is the
    product of the Jacobian and the tangents.
    """
    shown = outs[: len(outs) - prim.private] if isinstance(prim, Operation) else outs
    live = [o for o in shown if isinstance(o, (Tensor, TensorList)) and o.dtype.is_differentiable]
    with GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        cotangents = [_zero_like(o) for o in live]
        tape.watch(cotangents)
        of = {id(o): u for o, u in zip(live, cotangents, strict=True)}
        entry = Entry(prim, args, attrs, outs)
        wanted = [t is not None for t in tangents]
        gradients = operand_gradients(entry, [of.get(id(o)) for o in outs], wanted)
    pairs = [(_plain(g), t) for g, t in zip(gradients, tangents, strict=True) if g is not None and t is not None]
    if not pairs:
        return [None] * len(outs)
    weights = {}
    for g, t in pairs:
        weights[id(g)] = accumulate(weights.get(id(g)), t)
    made = tape.propagate(weights, cotangents)
    found = {id(o): dense(m) for o, m in zip(live, made, strict=True) if m is not None}
    return [found.get(id(o)) for o in outs]


def _plain(gradient):
    gradient = gradient.added_to(None) if isinstance(gradient, Part) else gradient
    return dense(gradient)
