"""Running the ops of a traced function on many rows at once.

The function was traced for one row. Each op that depends on the row goes through the rule of its primitive
(`Primitive.batch`); what does not is run once. An op without a rule runs row by row, in a loop of its own. Branches and
loops whose condition differs between rows run on those rows that take them.
"""

import numpy as np

from tfc.core import TensorList, current, recorders
from tfc.dtypes import int64
from tfc.ir import kind_of, mlir, python_value, type_spec, walk
from tfc.ops import primitives as p
from tfc.ops.functional import looped_map
from tfc.ops.rows.batching import Row, Rows, elementwise
from tfc.ops.table import OneByOne
from tfc.tracing.replay import PRIMITIVES, Replay, attributes_of

# Ops that cannot fail, whatever their operands are.
_TOTAL = frozenset(
    f"tfc.{q.name}"
    for q in PRIMITIVES.values()
    if q.batch is elementwise and q not in (p.floor_div, p.floor_mod, p.trunc_div, p.trunc_mod)
) | {"tfc.constant", "tfc.yield", "tfc.reduce_sum", "tfc.broadcast_to", "tfc.expand_dims", "tfc.transpose"}


class Unbatchable(Exception):
    """The whole function has to run row by row; says why."""


def check(function) -> None:
    """Raises `Unbatchable` if a function does what has to happen row by row."""
    for op in walk(function.module.body.operations[0].parent):
        reason = _EFFECTS.get(op.name)
        if reason is not None:
            raise Unbatchable(f"{op.name.removeprefix('tfc.')}: {reason}")


_EFFECTS = {
    f"tfc.{q.name}": q.batch.reason for q in (p.assign_variable, p.print_, p.host_call) if isinstance(q.batch, OneByOne)
}


class BatchedReplay(Replay):
    """A replay whose values are `Row`s."""

    def __init__(self, symbols, env: dict, rows: Rows, overridden: frozenset = frozenset()):
        super().__init__(symbols, env)
        self.rows = rows
        self.overridden = overridden

    def one(self, name, op, operands) -> list:
        if name == "tfc.if":
            return self._if(op, operands)
        if name == "tfc.while":
            return self._while(op, operands)
        if name == "func.call":
            callee = mlir.FlatSymbolRefAttr(op.attributes["callee"]).value
            if callee in self.symbols.python and (recorders() or not current().eager):
                raise Unbatchable(f"{callee} has a gradient of its own")
            block = self.symbols.ops[callee].regions[0].blocks[0]
            inner = dict(zip(block.arguments, operands, strict=True))
            return BatchedReplay(self.symbols, inner, self.rows).block(block)
        prim = PRIMITIVES[name.removeprefix("tfc.")]
        if prim is p.constant:
            return [Row(p.constant(value=python_value(op.attributes["value"])), False)]
        return self._primitive(prim, operands, attributes_of(op))

    def _primitive(self, prim, operands, attrs) -> list:
        if prim is not p.list_create and not any(r.batched for r in operands):
            results, batched = prim(*(r.value for r in operands), **attrs), False
        else:
            results, batched = self._by_rule(prim, operands, attrs), True
        if prim.num_results == 1:
            results = (results,)
        return [r if type(r) is Row else Row(r, batched) for r in results or ()]

    def _by_rule(self, prim, operands, attrs):
        rule = prim.batch
        made = NotImplemented
        if not isinstance(rule, OneByOne) and all(r.dims is not None for r in operands if _is_tensor(r)):
            made = rule(self.rows, prim, operands, attrs)
        if made is not NotImplemented:
            return made
        if any(isinstance(r.value, TensorList) for r in operands):
            raise Unbatchable(f"{prim.name}: rows use a list in different ways")
        return self._row_by_row(prim, operands, attrs)

    def _row_by_row(self, prim, operands, attrs):
        """The op in a loop over the rows."""
        batched = [r.value for r in operands if r.batched]

        def one(slices):
            rest = iter(slices)
            out = prim(*(next(rest) if r.batched else r.value for r in operands), **attrs)
            return list(out) if prim.num_results != 1 else [out]

        made = looped_map(one, batched)
        return made[0] if prim.num_results == 1 else tuple(made)

    # Branches and loops.

    def _outside(self, op) -> list:
        """The batched values of outside that the regions of an op use."""
        used = {v for inner in walk(op) if inner.operation != op for v in inner.operands}
        return [v for v in used if v in self.env and self.env[v].batched]

    def _part(self, used: list, at, count: Rows) -> "BatchedReplay":
        """A replay for the rows at these positions."""
        env = dict(self.env)
        for value in used:
            row = env[value]
            if not _is_tensor(row):
                raise Unbatchable("a list is used where rows go different ways")
            env[value] = Row(_take(row.value, at), True)
        return BatchedReplay(self.symbols, env, count, self.overridden)

    def _if(self, op, operands) -> list:
        pred = operands[0]
        yes, no = (region.blocks[0] for region in op.regions)
        used = self._outside(op)
        if pred.batched:
            return self._apart(op, pred.value, (yes, no), used)
        whole = bool(used) or _makes_lists(op)

        def branch(block):
            return lambda: [self._all(r) if whole else r.value for r in self._inner(self.rows).block(block)]

        return [Row(v, whole) for v in current().cond(pred.value, branch(yes), branch(no))]

    def _inner(self, rows) -> "BatchedReplay":
        return BatchedReplay(self.symbols, dict(self.env), rows, self.overridden)

    def _all(self, row: Row):
        if _is_tensor(row):
            return self.rows.all(row)
        if not row.batched:
            raise Unbatchable("a list of outside that rows may change")
        return row.value

    def _apart(self, op, pred, blocks, used) -> list:
        """Both branches, each on the rows that take it; the results in the order of the rows."""
        places, parts = [], []
        types = [kind_of(r.type) for r in op.results if kind_of(r.type)[0] != "token"]
        if any(kind != "tensor" or type_spec(t).shape.rank is None for kind, t in types):
            raise Unbatchable("a branch gives a list, or a tensor of unknown rank")
        for block, holds in zip(blocks, (pred, p.logical_not(pred)), strict=True):
            at = _positions(holds)
            rows = Rows(at.shape_tuple[0], _count(at))
            part = self._part(used, at, rows)

            def run(part=part, block=block, rows=rows):
                return [rows.all(r) for r in part.block(block)]

            places.append(at)
            parts.append(run() if _is_total(block) else self._unless_empty(at, run, types))
        order = p.argsort(p.concat(*places, axis=0), axis=0, descending=False)
        return [Row(self._counted(_take(p.concat(a, b, axis=0), order)), True) for a, b in zip(*parts, strict=True)]

    def _counted(self, value):
        """The same, of as many rows as there are."""
        count = self.rows.count
        if count is None or value.shape_tuple[0] == count:
            return value
        return p.ensure_shape(value, shape=(count, *value.shape_tuple[1:]))

    def _unless_empty(self, at, run, types) -> list:
        """What no row does is not done at all."""
        if not types:
            types = []
        specs = [type_spec(t) for _, t in types]

        def nothing():
            dims = [(0, *(d or 0 for d in s.shape.dims)) for s in specs]
            return [p.constant(value=np.zeros(d, s.dtype.np_dtype)) for d, s in zip(dims, specs, strict=True)]

        some = p.greater(_count(at), p.constant(value=np.array(0, np.int64)))
        return current().cond(some, run, nothing)

    def _while(self, op, operands) -> list:
        test, body = (region.blocks[0] for region in op.regions)
        used = self._outside(op)
        flags = self._flags(body, [r.batched for r in operands])
        if self._depends(test, flags):
            return self._until_all_are_done(op, operands, used)
        rows = self.rows

        def place(row, flag):
            return self._all(row) if flag else row.value

        def run(block, values):
            inner = self._inner(rows)
            inner.env.update((a, Row(v, f)) for a, v, f in zip(block.arguments, values, flags, strict=True))
            return inner.block(block)

        invariants = [_invariant(a, rows.count if f else None, f) for a, f in zip(body.arguments, flags, strict=True)]
        results = current().while_loop(
            lambda *values: run(test, values)[0].value,
            lambda *values: [place(r, f) for r, f in zip(run(body, values), flags, strict=True)],
            [place(r, f) for r, f in zip(operands, flags, strict=True)],
            shape_invariants=invariants,
        )
        return [Row(v, f) for v, f in zip(results, flags, strict=True)]

    def _until_all_are_done(self, op, operands, used) -> list:
        """A loop that each row leaves when its own condition says so: an iteration runs the rows that are left."""
        test, body = (region.blocks[0] for region in op.regions)
        if not all(map(_is_tensor, operands)) or _makes_lists(op):
            raise Unbatchable("a list is used in a loop that rows leave at different times")

        def conditions(values, replay):
            replay.env.update((a, Row(v, True)) for a, v in zip(test.arguments, values, strict=True))
            return replay.rows.all(replay.block(test)[0])

        def step(active, *values):
            at = _positions(active)
            rows = Rows(at.shape_tuple[0], _count(at))
            part = self._part(used, at, rows)
            part.env.update((a, Row(_take(v, at), True)) for a, v in zip(body.arguments, values, strict=True))
            after = [rows.all(r) for r in part.block(body)]
            going = conditions(after, self._part(used, at, rows))
            # Where each row is among those that ran.
            number = p.sub(p.cumsum(p.cast(active, dtype=int64), axis=0, exclusive=False, reverse=False), _ONE())
            number = p.maximum(number, p.constant(value=np.array(0, np.int64)))

            def merged(new, old):
                spread = _take(new, number)
                extra = len(old.shape_tuple) - 1
                mask = p.expand_dims(active, axes=tuple(range(1, 1 + extra))) if extra else active
                return p.select(mask, spread, old)

            still = p.logical_and(active, _take(going, number))
            return [still, *(self._counted(merged(n, o)) for n, o in zip(after, values, strict=True))]

        start = [self.rows.all(r) for r in operands]
        active = conditions(start, self._inner(self.rows))
        counts = [(self.rows.count,), *(_dims(a, self.rows.count) for a in body.arguments)]
        results = current().while_loop(
            lambda active, *_: p.reduce_any(active, axes=(0,), keepdims=False),
            step,
            [active, *start],
            shape_invariants=counts,
        )
        return [Row(v, True) for v in results[1:]]

    def _flags(self, body, flags: list) -> list:
        """Which variables of a loop differ between rows, after any number of iterations."""
        while True:
            after = [a or b for a, b in zip(flags, self._yielded(body, flags), strict=True)]
            if after == flags:
                return flags
            flags = after

    def _depends(self, test, flags) -> bool:
        return self._yielded(test, flags)[0]

    def _yielded(self, block, flags) -> list:
        """Which values that a block yields depend on the row, without running it."""
        known = dict(zip(block.arguments, flags, strict=True))

        def batched(value):
            return known[value] if value in known else value in self.env and self.env[value].batched

        for op in block.operations:
            if op.operation.name == "tfc.yield":
                return [batched(v) for v in op.operands]
            inside = [v for inner in walk(op.operation) for v in inner.operands]
            depends = any(map(batched, inside)) or _makes_lists(op.operation)
            if op.operation.name in ("tfc.shape_of", "tfc.list_length"):
                depends = False
            known.update((r, depends) for r in op.operation.results)
        return []


def _ONE():
    return p.constant(value=np.array(1, np.int64))


def _is_tensor(row: Row) -> bool:
    return hasattr(row.value, "shape_tuple") and not isinstance(row.value, TensorList)


def _makes_lists(op) -> bool:
    return any(inner.name in ("tfc.list_create", "tfc.list_unstack") for inner in walk(op))


def _is_total(block) -> bool:
    return all(op.operation.name in _TOTAL for op in block.operations)


def _take(x, at):
    return p.gather(x, at, axis=0, batch_dims=0)


def _positions(holds):
    return p.squeeze(p.nonzero(holds), axes=(1,))


def _count(at):
    return p.squeeze(p.shape_of(at, dtype=int64), axes=(0,))


def _dims(argument, count):
    dims = type_spec(kind_of(argument.type)[1]).shape.dims
    return None if dims is None else (count, *dims)


def _invariant(argument, count, flag):
    kind, inner = kind_of(argument.type)
    if kind != "tensor":
        return None
    return _dims(argument, count) if flag else type_spec(inner).shape
