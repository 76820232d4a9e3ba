"""The backward walk: from gradients of results to gradients of operands, entry by entry."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from tfc.core import Operation, Tensor, TensorList, Unset, describe
from tfc.dtypes import int32
from tfc.errors import page
from tfc.ops import primitives as p
from tfc.ops.gradients import Part, dynamic_shape
from tfc.ops.indexed_slices import IndexedSlices, add_slices, dense, scatter_slices
from tfc.ops.rows.lists import add_lists
from tfc.ops.table import NoGradient, NotDifferentiable


class UnconnectedGradients(enum.Enum):
    """What the gradient of a target with respect to an unconnected source is."""

    NONE = "none"
    ZERO = "zero"


@dataclass(frozen=True)
class Entry:
    """One primitive that ran: operands, attributes and results (always a tuple)."""

    prim: object
    args: tuple
    attrs: dict
    results: tuple

    @property
    def single(self) -> bool:
        """Whether the gradient function gets the one result itself, not a tuple."""
        return self.prim.num_results == 1 and type(self.prim) is not Operation


def accumulate(total, extra):
    """The sum of two gradients of one value, either of which may be None."""
    if isinstance(extra, Part):
        return extra.added_to(total)
    if total is None:
        return extra
    if extra is None:
        return total
    if isinstance(total, TensorList):
        return add_lists(total, extra)
    if isinstance(extra, IndexedSlices):
        return add_slices(total, extra) if isinstance(total, IndexedSlices) else scatter_slices(total, extra)
    return scatter_slices(extra, total) if isinstance(total, IndexedSlices) else p.add(total, extra)


def backward(entries: Sequence[Entry], gradients: dict, needed: set, sparse=False) -> dict:
    """Walks `entries` from the last to the first.

    `gradients`: by id of a value, its gradient so far; it is completed and returned. `needed`: the ids of
    values that are worth
    a gradient. `sparse`: the gradient of a variable that rows are gathered from may be `IndexedSlices`.
    """
    tables = {id(e.results[0]) for e in entries if e.prim is p.read_variable} if sparse else ()
    for entry in reversed(entries):
        grads = [gradients.get(id(r)) for r in entry.results]
        if all(g is None for g in grads):
            continue
        wanted = [id(a) in needed for a in entry.args]
        if not any(wanted):
            continue
        if entry.prim is p.read_variable:
            gradients[id(entry.args[0])] = accumulate(gradients.get(id(entry.args[0])), grads[0])
            continue
        grads = [dense(g) for g in grads]
        if entry.prim is p.gather and id(entry.args[0]) in tables and entry.attrs == {"axis": 0, "batch_dims": 0}:
            table, indices = entry.args
            slices = _gathered_rows(grads[0], table, indices)
            gradients[id(table)] = accumulate(gradients.get(id(table)), slices)
            continue
        totals = [None] * len(entry.args)
        if type(entry.prim) is Operation and entry.prim.adds:
            totals = _totals(entry, wanted, gradients)
        found = operand_gradients(entry, grads, wanted, totals)
        for arg, want, grad, total in zip(entry.args, wanted, found, totals, strict=True):
            if want and grad is not None:
                _check(entry, arg, grad)
                gradients[id(arg)] = grad if total is not None else accumulate(gradients.get(id(arg)), grad)
    return gradients


def _totals(entry: Entry, wanted, gradients) -> list:
    """The gradients so far of operands that an operation adds to: of tensors that are one operand only."""
    ids = [id(a) for a in entry.args]
    totals = []
    for arg, want in zip(entry.args, wanted, strict=True):
        total = gradients.get(id(arg))
        fits = want and isinstance(total, Tensor) and total.shape_tuple == getattr(arg, "shape_tuple", None)
        totals.append(total if fits and ids.count(id(arg)) == 1 else None)
    return totals


def _gathered_rows(g, table, indices) -> IndexedSlices:
    """The gradient of rows taken from a table, as those rows: a dense one would be as large as the table."""
    rank = len(indices.shape_tuple)
    if rank != 1:
        flat = p.reshape(indices, shape=(None,) if 0 not in indices.shape_tuple else (0,))
        dims = table.shape_tuple[1:]
        if None in dims:
            rest = p.slice_(dynamic_shape(table), starts=(1,), sizes=(len(dims),), strides=(1,))
            g = p.dynamic_reshape(g, p.concat(dynamic_shape(flat), rest, axis=0))
        else:
            g = p.reshape(g, shape=(flat.shape_tuple[0], *dims))
        indices = flat
    return IndexedSlices(g, indices, p.shape_of(table, dtype=int32))


def operand_gradients(entry: Entry, grads, wanted, totals=()):
    """The gradients of an op's operands (None: no gradient flows) from those of its results, where `wanted`.

    `totals`: for each operand None, or a gradient that the result includes.
    """
    vjp = entry.prim.vjp
    if vjp is NotDifferentiable:
        return [None] * len(entry.args)
    if isinstance(vjp, NoGradient) or vjp is Unset:
        reason = vjp.reason if isinstance(vjp, NoGradient) else "it has no row"
        raise LookupError(f"No gradient defined for operation '{entry.prim.name}': {reason}")
    g, out = (grads[0], entry.results[0]) if entry.single else (grads, entry.results)
    if isinstance(vjp, tuple):
        return [
            f(g, out, *entry.args, **entry.attrs) if want and f is not None else None
            for f, want in zip(vjp, wanted, strict=True)
        ]
    more = {"totals": totals} if any(t is not None for t in totals) else {}
    result = vjp(g, out, *entry.args, **entry.attrs, **more)
    result = (result,) if isinstance(result, (Tensor, TensorList)) or result is None else tuple(result)
    if len(result) != len(entry.args):
        raise ValueError(
            f"the gradient of {entry.prim.name} returned {len(result)} values, expected one for each of its "
            f"{len(entry.args)} inputs"
        )
    return result


def _check(entry, arg, grad):
    """A gradient has the dtype of its value; a wrong one would surface far away."""
    if isinstance(grad, Tensor) and grad.dtype is not arg.dtype:
        raise TypeError(
            page(
                f"the gradient of {entry.prim.name} has another dtype than its input",
                want=describe(arg),
                got=describe(grad),
            )
        )
