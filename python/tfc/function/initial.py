"""Variables made while a function is traced: how they get their first value.

A function that makes variables is traced twice: once with creation allowed, once (to see that it makes them only the
first
time) without. The second trace is the one that stays. Before it runs first, each initializer's slice of the first trace
is evaluated. Where that is not possible, the first trace itself runs the first call.
"""

from tfc.core import EagerTensor, Primitive, StringTensor, current
from tfc.errors import page
from tfc.ir import mlir, python_value
from tfc.ops import primitives as p
from tfc.tracing import FirstValue, attributes_of, replay

_PRIMITIVES = {v.name: v for v in vars(p).values() if isinstance(v, Primitive)}
_EFFECTS = frozenset({"assign_variable", "print", "assert"})


class Unliftable(Exception):
    """An initializer depends on more than arguments, constants, and variables that have their value."""


class Pending:
    """The first trace of a function that makes variables, until they have values."""

    def __init__(self, graph, variables: list, created: list):
        self.graph = graph
        # All variables that the trace takes, held until they have values.
        self.variables = variables
        self.created = created

    def first_call(self, interpreter, tensors: list, variables: list):
        """Gives the variables their values. Returns the call's flat results if that took running it, else None.

        `tensors` and `variables`: parameters only. In a trace, the values are made there.
        """
        # What this trace has captured: the one that stays has no values of variables to capture.
        inputs, tensors = tensors, [*tensors, *self.graph.captured]
        env = self._environment(tensors, variables)
        try:
            self._lift(interpreter, env, inputs)
            return None
        except Unliftable:
            pass
        given = [*variables, *self.variables[len(variables) :]]
        if interpreter.eager:
            return replay(self.graph.function, [*tensors, *given])
        return interpreter.call_creating(self.graph, tensors, given, [v for v, _ in self.created])

    def try_lift(self) -> bool:
        """Gives the variables their values if no argument is needed for it; says whether that worked."""
        count = len(self.graph.inputs)
        env = self._environment([None] * count + list(self.graph.captured), self.variables)
        try:
            self._lift(current(), env, [None] * count)
        except Unliftable:
            return False
        return True

    def _environment(self, tensors, variables) -> dict:
        given = [*variables, *self.variables[len(variables) :]]
        arguments = self.graph.function.entry.arguments
        return dict(zip(arguments, [*tensors, *given], strict=True))

    def _lift(self, interpreter, env, inputs):
        for variable, value in self.created:
            # A value that is there already (from `init_scope`, or another trace) stays.
            if interpreter.eager and variable.initialized:
                continue
            if value is None:
                raise Unliftable
            made = value
            if type(value) is FirstValue:
                made = value.compute(inputs, interpreter)
                if made is None:
                    # The ops that would assign it may have been taken back.
                    raise _lost(variable, value) if value.is_lost and not any(v is None for v in inputs) else Unliftable
            elif type(value) not in (EagerTensor, StringTensor):
                made = _Slice(self.graph, env, interpreter).value(value.value)
            if interpreter.eager:
                variable._assign(made)
            else:
                interpreter.create_variable(variable, made)


def _lost(variable, value):
    name = getattr(variable, "name", "a variable")
    return ValueError(
        page(
            f"{name!r} is made in a loop or branch on a tensor, which is traced more than once, from what is known "
            "there only",
            want="a first value made of numbers, shapes, and the arguments of the function",
            got=repr(value.tensor),
            where=value.tensor.where(),
            fix="make the variable before the loop or branch",
        )
    )


class _Slice:
    """Evaluates a value of a finished trace, and only what it depends on."""

    def __init__(self, graph, env: dict, interpreter):
        self.graph = graph
        self.env = env
        self.interpreter = interpreter

    def value(self, value):
        if value in self.env:
            found = self.env[value]
            if found is None:
                raise Unliftable
            return found
        owner = value.owner
        if isinstance(owner, mlir.Block):
            raise Unliftable
        op = getattr(owner, "operation", owner)
        self.env[value] = result = self._result(op, value)
        return result

    def _result(self, op, value):
        name = op.name.removeprefix("tfc.")
        prim = _PRIMITIVES.get(name)
        if prim is None or name in _EFFECTS:
            raise Unliftable
        if prim is p.constant:
            return p.constant(value=python_value(op.attributes["value"]))
        if prim is p.read_variable:
            return self._read(op, value)
        return prim(*[self.value(v) for v in op.operands], **attributes_of(op))

    def _read(self, op, value):
        variable = self.env.get(op.operands[0])
        if variable is None or value in self.graph.dirty_reads:
            raise Unliftable
        if self.interpreter.eager and not variable.initialized:
            raise Unliftable
        return p.read_variable(variable)
