"""How the first value of a variable is computed, in Python: for ops of an iteration or branch, which may be taken back
and traced again, while the variable that they made stays.
"""

from tfc.core import Primitive
from tfc.ir import kind_of, mlir, python_value
from tfc.ops import primitives as p
from tfc.tracing.known import real
from tfc.tracing.replay import attributes_of

_PRIMITIVES = {v.name: v for v in vars(p).values() if isinstance(v, Primitive)}
_EFFECTS = frozenset({"assign_variable", "print", "assert"})
_MOST = 1000  # ops


class FirstValue:
    """What `tensor` is computed from: `steps`, each a primitive, the numbers of steps before it, the result that is
    used and attributes; or a leaf. None where that cannot be said.
    """

    def __init__(self, graph, tensor):
        self.tensor = tensor
        self.steps = []
        self._inputs = {real(t.raw): i for i, t in enumerate(graph.inputs)}
        self._captured = {real(t.raw): a for a, t in graph._captures.values()}
        given = {id(v) for v in graph.variable_inputs}
        self._variables = {real(handle): v for v, handle in graph._resources.values() if id(v) not in given}
        self._dirty = set(map(real, graph.dirty_reads))
        self._numbers: dict = {}
        if self._add(tensor.value) is None:
            self.steps = None
        self._inputs = self._captured = self._variables = self._dirty = self._numbers = None

    @property
    def is_lost(self):
        """Have the ops been taken back?"""
        return self.tensor.scope.gone()

    @property
    def value(self):
        return None if self.is_lost else self.tensor.value

    def _add(self, value):
        """The number of the step that gives a value."""
        if value not in self._numbers:
            step = self._step(value)
            if step is None or len(self.steps) >= _MOST:
                return None
            self.steps.append(step)
            self._numbers[value] = len(self.steps) - 1
        return self._numbers[value]

    def _step(self, value):
        owner = value.owner
        if isinstance(owner, mlir.Block):
            for known, kind in (self._inputs, "input"), (self._captured, "value"), (self._variables, "value"):
                if value in known:
                    return kind, known[value]
            return None
        op = getattr(owner, "operation", owner)
        name = op.name.removeprefix("tfc.")
        prim = _PRIMITIVES.get(name)
        if prim is None or name in _EFFECTS or len(op.regions) or value in self._dirty:
            return None
        if prim is p.constant:
            return "constant", python_value(op.attributes["value"])
        given = [self._add(v) for v in op.operands if kind_of(v.type)[0] != "token"]
        if None in given:
            return None
        return prim, given, list(op.results).index(value), attributes_of(op)

    def compute(self, inputs, interpreter):
        """The value, with these tensors for the function's inputs; None where something has no value yet."""
        if self.steps is None:
            return None
        made = []
        for kind, what, *rest in self.steps:
            if kind == "input":
                made.append(inputs[what])
            elif kind == "value":
                made.append(what)
            elif kind == "constant":
                made.append(p.constant(value=what))
            else:
                given, (at, attributes) = [made[i] for i in what], rest
                if any(v is None for v in given):
                    return None
                if kind is p.read_variable and interpreter.eager and not given[0].initialized:
                    return None
                result = kind(*given, **attributes)
                made.append(result[at] if isinstance(result, (list, tuple)) else result)
        return made[-1]
