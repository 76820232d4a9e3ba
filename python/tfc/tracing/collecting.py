"""Loops that also collect what their lists and variables hold at the start of each iteration, or what is written."""

import numpy as np

from tfc.core import current, stop_recording
from tfc.dtypes import TensorSpec, int32
from tfc.ir import build_op, kind_of, mlir, tensor_type, token_type, user_stack, walk
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import zeros_like
from tfc.tracing.control import before, drop, region
from tfc.tracing.growing import origins, with_heirs
from tfc.tracing.tensors import SymbolicList, SymbolicTensor

SCALAR = TensorSpec((), int32)


class Collector:
    """More variables for a loop: lists with one element for each iteration.

    `body`: the scope of its body; `number`: which of its arguments counts iterations. What is collected is built into
    the body; then `finish` makes the loop again, with these lists as further results.
    """

    def __init__(self, graph, op, results, body, number):
        self.graph, self.op, self.results, self.body, self.number = graph, op, results, body, number
        self._inits, self._grown = [], []

    def _at(self, point, build):
        """What `build` makes at a point of the body."""
        scope = self.body
        outer, scope.point = scope.point, point
        try:
            with region(self.graph, scope):
                return build()
        finally:
            scope.point = outer

    def _start(self):
        return mlir.InsertionPoint(next(iter(self.body.block.operations)))

    def _list(self, at, value=None) -> SymbolicList:
        """A list variable of the loop at the start of the body, or what became of it there."""
        like = self.results[at]
        value = self.body.block.arguments[at] if value is None else value
        return SymbolicList(value, self.body, (), like.dynamic_size, like.elements, like.count)

    def _collect(self, value, spec, point) -> int:
        """Collects a value of the body, from this point of it on; the number of the list."""
        n = SymbolicTensor(self.body.block.arguments[self.number], self.body)
        return self._carry(spec, point, lambda values: p.list_set(values, n, value))

    def _carry(self, spec, point, grow) -> int:
        """One more list, which `grow` makes longer at a point of the body; its number."""
        with before(self.graph, self.op), stop_recording():
            init = p.list_create(convert_to_tensor(0, int32), element_type=spec, dynamic_size=True)
            init = self.graph.operand(init)
        return self._variable(init, init.type, point, lambda value: grow(SymbolicList(value, self.body, (), True)))

    def _variable(self, init, kind, point, step) -> int:
        self._inits.append(init)
        argument = [r.blocks[0].add_argument(kind, self.op.location) for r in self.op.regions][1]
        self._grown.append(self._at(point, lambda: step(argument)).value)
        return len(self._grown) - 1

    def value(self, at, spec) -> int:
        """The number of the list of a variable that keeps its sizes."""
        return self._collect(SymbolicTensor(self.body.block.arguments[at], self.body), spec, self._start())

    def ragged(self, at, spec) -> tuple:
        """Of a variable whose sizes change: the numbers of all its elements, one iteration after the other, of the list
        of where those of each begin, and of the list of its shapes.
        """
        start, value = self._start(), SymbolicTensor(self.body.block.arguments[at], self.body)
        with before(self.graph, self.op), stop_recording():
            init = self.graph.operand(p.constant(value=np.zeros([0], spec.dtype.np_dtype)))
        first = []

        def add(elements):
            elements = SymbolicTensor(elements, self.body)
            first.append(p.squeeze(p.shape_of(elements, dtype=int32), axes=(0,)))
            return p.concat(elements, p.reshape(value, shape=(None,)), axis=0)

        elements = self._variable(init, tensor_type(spec.dtype, (None,)), start, add)
        shape = self._at(start, lambda: p.shape_of(value, dtype=int32))
        rank = TensorSpec((spec.shape.rank,), int32)
        return elements, self._collect(first[0], SCALAR, start), self._collect(shape, rank, start)

    def variable(self, variable) -> tuple:
        """(handle, spec, number of the list) of what a variable holds at the start of each iteration."""
        spec = TensorSpec(variable.shape_tuple, variable.dtype)
        handle, start = self.graph.resource(variable), self._start()
        read = build_op("read_variable", [handle], {}, self.op.location, start).results[0]
        return handle, spec, self._collect(SymbolicTensor(read, self.body), spec, start)

    def stack(self, at) -> tuple:
        """(spec, number of the list) of what the list at a position holds at the start of each iteration, stacked."""
        start = self._start()
        values = self._list(at)
        stacked = self._at(start, lambda: p.list_stack(values, element_type=values.element))
        if values.count is not None and not values.dynamic_size and stacked.shape_tuple is not None:
            dims = values.count, *stacked.shape_tuple[1:]
            stacked = self._at(start, lambda: p.ensure_shape(stacked, shape=dims))
        spec = TensorSpec(stacked.shape_tuple, stacked.dtype)
        return spec, self._collect(stacked, spec, start)

    def rows(self, at) -> tuple:
        """(spec of a row, numbers of the lists of all rows, of where those of each iteration begin, of how many they
        are) of the list at a position: at the start of each iteration its rows are added.
        """
        values, start = self._list(at), self._start()
        return values.element, *self._rows(values, values.element, start)

    def _rows(self, values, spec, start) -> tuple:
        """The numbers of the lists of the elements of all lists `values`, of where those of each begin, and of how many
        they are.
        """
        first, count = [], self._at(start, lambda: p.list_length(values))
        # Constants of the body may stand behind its start.
        with before(self.graph, self.op), stop_recording():
            zero, one = convert_to_tensor(0, int32), convert_to_tensor(1, int32)

        def add(rows):
            first.append(p.list_length(rows))

            def step(j, rows):
                return [p.add(j, one), p.list_set(rows, p.add(first[0], j), p.list_get(values, j, element_type=spec))]

            return current().while_loop(lambda j, _: p.less(j, count), step, [zero, rows])[1]

        everything = self._carry(spec, start, add)
        return everything, self._collect(first[0], SCALAR, start), self._collect(count, SCALAR, start)

    def length(self, at) -> int:
        """The number of the list of how long the list at a position is at the start of each iteration."""
        start = self._start()
        return self._collect(self._at(start, lambda: p.list_length(self._list(at))), SCALAR, start)

    def result(self, value) -> tuple:
        """(the value, its spec, number of the list) of what an op of the body gives."""
        made = SymbolicTensor(value, self.body)
        spec = TensorSpec(made.shape_tuple, made.dtype)
        operations = list(self.body.block.operations)
        at = next(i for i, op in enumerate(operations) if op.operation == value.owner)
        return value, spec, self._collect(made, spec, mlir.InsertionPoint(operations[at + 1]))

    def replaced(self, at, made) -> tuple:
        """(the value of the body, its spec, number of the list of where, of the list of values) of what an op that sets
        an element of the list at a position replaces.
        """
        values, *rest = made.operands
        values, point = self._list(at, values), mlir.InsertionPoint(made)
        old, position = self._at(point, lambda: _replaced(values, *(SymbolicTensor(v, self.body) for v in rest)))
        spec = TensorSpec(old.shape_tuple, old.dtype)
        return old.value, spec, self._collect(position, SCALAR, point), self._collect(old, spec, point)

    def finish(self) -> list:
        """Makes the loop again: `op` and `results` then are the new one's. The lists in the end, by their numbers."""
        if not self._grown:
            return []
        graph, op = self.graph, self.op
        blocks = [r.blocks[0] for r in op.regions]
        last = list(blocks[1].operations)[-1]
        build_op("yield", [*last.operands, *self._grown], {}, last.location, mlir.InsertionPoint(last), [])
        last.operation.erase()
        old = list(op.results)[:-1]
        arguments = list(blocks[1].arguments)[len(old) :]
        types = [*(r.type for r in old), *(a.type for a in arguments), token_type()]
        with before(graph, op):
            made = graph.build("while", [*op.operands, *self._inits], {}, (), (), types, 2)
        for block, region_ in zip(blocks, made.regions, strict=True):
            block.append_to(region_)
        new = list(made.results)[:-1]
        place = {value: i for i, value in enumerate(old)}
        for value in self.results:
            value.value = new[place[value.value]]
        for value, instead in zip(old, new, strict=False):
            value.replace_all_uses_with(instead)
        drop(graph, op)
        self.op = made
        stack = user_stack(3)
        is_list = lambda v: kind_of(v.type)[0] == "list"
        return [
            SymbolicList(v, graph.scope, stack, True) if is_list(v) else SymbolicTensor(v, graph.scope, stack)
            for v in new[len(old) :]
        ]


def _replaced(values, index, value) -> tuple:
    """(What setting `value` replaces, zeros where the list grows; the position as int32.)"""
    position = index if index.dtype is int32 else p.cast(index, dtype=int32)
    get = lambda: [p.list_get(values, index, element_type=TensorSpec(value.shape_tuple, value.dtype))]
    if not values.dynamic_size:
        return get()[0], position
    inside = p.less(position, p.list_length(values))
    return current().cond(inside, get, lambda: [zeros_like(value)])[0], position


def sets_of_list(op, at) -> list | None:
    """The ops by which an iteration of a loop changes its list at a position, in order, if they all are in the body
    itself and set elements.
    """
    body = op.regions[1].blocks[0]
    value, argument = list(list(body.operations)[-1].operands)[at], body.arguments[at]
    here = {op.results[0]: op for op in body.operations if op.name == "tfc.list_set"}
    sets = []
    while value != argument:
        if value not in here:
            return None
        sets.append(here[value])
        value = here[value].operands[0]
    return sets[::-1]


def lists_to_collect(op, count) -> tuple:
    """Which of the first `count` variables of a loop are lists that its body changes and looks at; those whose size it
    may look at.

    What the others are when an iteration begins does not matter to it, or is what they are in the end.
    """
    body = op.regions[1].blocks[0]
    outs = list(list(body.operations)[-1].operands)
    chosen, measured = [], []
    for at, argument in enumerate(list(body.arguments)[:count]):
        if kind_of(argument.type)[0] == "list" and outs[at] != argument:
            users = _users(body, argument)
            if users:
                chosen.append(at)
            if users - {"tfc.list_get"}:
                measured.append(at)
    return chosen, measured


def moved_lists(op, lists: dict) -> set:
    """The positions of lists of a loop whose places others take, or that go to other places: the list there may have
    another length in each iteration, not just a larger one.

    `lists`: by position. Those of one number of elements that is known are none of them.
    """
    body = op.regions[1].blocks[0]
    outs, arguments = list(list(body.operations)[-1].operands), list(body.arguments)
    ops = [inner for top in list(body.operations)[:-1] for inner in walk(top.operation)]
    return {
        at
        for at, value in lists.items()
        if outs[at] != arguments[at]
        and (value.dynamic_size or value.count is None)
        and not _keeps_place(ops, outs, arguments, at)
    }


def _keeps_place(ops, outs, arguments, at) -> bool:
    """Whether nothing but what becomes of a list by setting elements is where it is."""
    same = with_heirs(ops, {arguments[at]})
    goes_on = outs[at] in same and not any(v in same for i, v in enumerate(outs) if i != at)
    return goes_on and not any(v not in same for v in origins(ops, same))


def _users(body, argument) -> set:
    """The ops that use a list, or what becomes of it by setting elements, in another way than to set elements."""
    # What the body yields in the end is of the next iteration.
    ops = [inner for top in list(body.operations)[:-1] for inner in walk(top.operation)]
    same = with_heirs(ops, {argument})
    passing = ("tfc.list_set", "tfc.while", "tfc.yield")
    return {op.name for op in ops if op.name not in passing and any(v in same for v in op.operands)}
