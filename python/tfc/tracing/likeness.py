"""Do two parts of a trace compute the same? One is the other traced again, from the same values."""

from tfc.ir import kind_of, mlir
from tfc.ops.random_state import State
from tfc.tracing.known import real

_EFFECTS = frozenset(("tfc.assign_variable", "tfc.print", "tfc.assert", "tfc.host_call"))


def _attributes(op) -> dict:
    """What an op says. Functions that a trace makes, and those of the host, have other numbers each time."""
    found = {name: op.attributes[name] for name in op.attributes}
    if op.name == "func.call":
        found["callee"] = str(found["callee"]).rpartition("_")[0]
    elif op.name == "tfc.host_call":
        found.pop("host", None)
    return found


class Likeness:
    """Compares the ops `mine` to the ops `other`, which came later, by what they compute and do."""

    def __init__(self, graph, mine: list, other: list):
        self.mine, self.other = mine, other
        # By values of `mine`: the values of `other` that are known to be the same.
        self.known: dict = {}
        resources = graph._resources
        self._made = [
            (real(resources[id(variable)][1]), getattr(value, "value", None))
            for variable, value in graph.created or ()
            if id(variable) in resources
        ]
        self._draws = {real(handle) for variable, handle in resources.values() if isinstance(variable, State)}

    def effects(self) -> bool:
        """Do both the same, in one order? Draws of random numbers do not count, nor first values of variables."""
        mine, other = ([op for op in ops if self._has_effect(op)] for ops in (self.mine, self.other))
        return len(mine) == len(other) and all(map(self._same_op, mine, other))

    def _has_effect(self, op) -> bool:
        if op.name == "tfc.assign_variable":
            return op.operands[0] not in self._draws and not self._gives_first_value(op)
        if op.name == "func.call":
            return any(kind_of(v.type)[0] == "resource" for v in op.operands)
        if not len(op.regions):
            return op.name in _EFFECTS
        found = []
        for region in op.regions:
            for block in region.blocks:
                found += [o for o in block.operations if self._has_effect(o.operation)]
        return bool(found)

    def _gives_first_value(self, op) -> bool:
        handle, given = list(op.operands)[:2]
        constant = getattr(getattr(given.owner, "operation", None), "name", "tfc.constant") == "tfc.constant"
        return any(handle == h and (constant if v is None else given == v) for h, v in self._made)

    def tensors(self, mine, other) -> bool:
        """The same of tensors and lists, of which one may have its numbers."""
        if not hasattr(mine, "raw") or not hasattr(other, "raw"):
            return False
        return self.values(mine.value, other.value)

    def values(self, mine, other) -> bool:
        """Are two values the same?"""
        pending = [(mine, other)]
        while pending:
            a, b = pending.pop()
            if a == b or (a in self.known and self.known[a] == b):
                continue
            one, two = (getattr(v.owner, "operation", v.owner) for v in (a, b))
            if isinstance(one, mlir.Block) or isinstance(two, mlir.Block):
                return False
            if not self._alike(one, two) or list(one.results).index(a) != list(two.results).index(b):
                return False
            self.known.update(zip(one.results, two.results, strict=True))
            pending += zip(one.operands, two.operands, strict=True)
            if len(one.regions) and not self._same_regions(one, two):
                return False
        return True

    def _alike(self, a, b) -> bool:
        return (
            a.name == b.name
            and len(a.operands) == len(b.operands)
            and len(a.results) == len(b.results)
            and len(a.regions) == len(b.regions)
            and _attributes(a) == _attributes(b)
        )

    def _same_op(self, a, b) -> bool:
        if not self._alike(a, b) or not all(map(self.values, a.operands, b.operands)):
            return False
        self.known.update(zip(a.results, b.results, strict=True))
        return self._same_regions(a, b)

    def _same_regions(self, a, b) -> bool:
        for mine, other in zip(a.regions, b.regions, strict=True):
            blocks = list(mine.blocks), list(other.blocks)
            if len(blocks[0]) != len(blocks[1]):
                return False
            for one, two in zip(*blocks, strict=True):
                if len(one.arguments) != len(two.arguments):
                    return False
                self.known.update(zip(one.arguments, two.arguments, strict=True))
                ops = [[o.operation for o in block.operations] for block in (one, two)]
                if len(ops[0]) != len(ops[1]) or not all(map(self._same_op, *ops)):
                    return False
        return True
