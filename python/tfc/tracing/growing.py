"""Lists that grow, while the body of a loop is run again for its gradient.

The gradient of a list is a list of the length that it has in the end, so the list itself is run again in that length:
every element can be set. How long it is at a point of the program is a number beside it.
"""

from tfc.core import TensorList
from tfc.dtypes import int32
from tfc.errors import page, user_line
from tfc.ops import primitives as p
from tfc.ops import slicing
from tfc.ops.convert import convert_to_tensor


class Growing:
    """`values`: a list in its final length; `length`: how much of it there is."""

    __slots__ = ("length", "values")

    def __init__(self, values: TensorList, length):
        self.values, self.length = values, length

    def run(self, name: str, operands: list, attributes: dict):
        """The result of an op whose first operand this is."""
        if name == "tfc.list_length":
            return p.stop_gradient(self.length)
        if name == "tfc.list_get":
            return p.list_get(self.values, operands[1], **attributes)
        if name == "tfc.list_set":
            index = operands[1] if operands[1].dtype is int32 else p.cast(operands[1], dtype=int32)
            end = p.maximum(self.length, p.add(index, convert_to_tensor(1, int32)))
            return Growing(p.list_set(self.values, *operands[1:]), end)
        if name == "tfc.list_stack":
            return slicing.getitem(p.list_stack(self.values, **attributes), slice(None, self.length))
        raise LookupError(
            page(
                f"No gradient defined for operation 'while': {name} of a TensorArray that its body makes longer",
                where=user_line(),
            )
        )


def flattened(values) -> list:
    """Values for a branch or loop of the interpreter: two for each list that grows."""
    flat = []
    for v in values:
        flat += [v.values, v.length] if isinstance(v, Growing) else [v]
    return flat


def packed(flat, growing: list) -> list:
    """The opposite: `growing` says of each value whether it is two."""
    rest = iter(flat)
    return [Growing(next(rest), next(rest)) if g else next(rest) for g in growing]


def checked(values, growing: list) -> list:
    """`values`, of which these grow; another list in the place of one has no final length."""
    for value, grows in zip(values, growing, strict=True):
        if isinstance(value, Growing) != grows:
            raise LookupError(
                page(
                    "No gradient defined for operation 'while': of a TensorArray that its body makes longer and asks "
                    "for its size, another TensorArray takes the place in a branch or an inner loop",
                    where=user_line(),
                    fix="write to one TensorArray all the time",
                )
            )
    return list(values)


def with_heirs(ops: list, lists: set) -> set:
    """These lists and what becomes of them in these ops, as MLIR values: by setting elements, and through branches and
    loops, whose variables may exchange them.
    """
    same, before = set(lists), -1
    while len(same) != before:
        before = len(same)
        for op in ops:
            operands = list(op.operands)
            if op.name == "tfc.list_set" and operands[0] in same:
                same.add(op.results[0])
            elif op.name == "tfc.while":
                same.update(_variables(op, operands, same))
            elif op.name == "tfc.yield" and op.parent.name == "tfc.while":
                same.update(_variables(op.parent, operands, same))
            elif op.name == "tfc.yield":
                same.update(r for r, v in zip(op.parent.results, operands, strict=False) if v in same)
    return same


def origins(ops: list, lists: set) -> list:
    """What the results of branches and loops of these ops that are these lists are taken from."""
    found = []
    for op in ops:
        if op.name not in ("tfc.if", "tfc.while"):
            continue
        sources = [list(list(r.blocks[0].operations)[-1].operands) for r in op.regions]
        if op.name == "tfc.while":
            sources[0] = list(op.operands)
        found += [values[at] for at, result in enumerate(op.results) if result in lists for values in sources]
    return found


def _variables(loop, operands, same) -> list:
    """What variables of a loop are, inside and afterwards, that one of these operands goes to."""
    found = []
    for at, value in enumerate(operands):
        if value in same:
            found += [loop.results[at], *(r.blocks[0].arguments[at] for r in loop.regions)]
    return found
