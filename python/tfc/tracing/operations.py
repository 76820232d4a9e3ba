"""The ops of a traced function as a graph: `graph.get_operations()`, `op.control_inputs`, `graph.as_graph_def()`."""

import dataclasses

from tfc.dtypes import TensorShape
from tfc.ir import BuildError, kind_of, mlir, python_value, run_passes, walk
from tfc.tracing.op_names import default_name, type_name
from tfc.tracing.tensors import SymbolicTensor

_EFFECTS = frozenset({"tfc.read_variable", "tfc.assign_variable", "tfc.print", "tfc.assert", "tfc.host_call"})


class HandleType(str):
    """The dtype of what is no tensor: "resource", "variant"."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return str(self)

    def __repr__(self):
        return f"tf.{self}"


@dataclasses.dataclass(frozen=True)
class Handle:
    """A value of a graph that is no tensor: a variable's handle, or a list."""

    name: str
    kind: str
    op: "Operation" = dataclasses.field(repr=False, compare=False)
    shape: TensorShape = TensorShape(())

    @property
    def dtype(self) -> "HandleType":
        return HandleType(self.kind)


class Operation:
    """One op of a graph: `type`, `name`, `inputs`, `outputs`, `control_inputs` (ops that have to run before it)."""

    def __init__(self, view, kind: str, name: str, operands, results, op=None):
        self._view = view
        self._operands, self._results = operands, results
        self._op = op
        self.type = kind
        self.name = name

    @property
    def graph(self):
        return self._view.graph

    @property
    def inputs(self) -> tuple:
        return tuple(v.outputs[0] if isinstance(v, Operation) else self._view.tensor(v) for v in self._operands)

    @property
    def outputs(self) -> list:
        return [
            self._view.tensor(v) if v is not None else self._view.result(self, i) for i, v in enumerate(self._results)
        ]

    def values(self) -> tuple:
        return tuple(self.outputs)

    @property
    def control_inputs(self) -> list:
        """The ops that have to run before this one because of their effects: the minimal set."""
        return self._view.control_inputs(self)

    @property
    def device(self) -> str:
        return ""

    @property
    def node_def(self) -> "NodeDef":
        names = [_input_name(t.name) for t in self.inputs] + [f"^{op.name}" for op in self.control_inputs]
        return NodeDef(self.name, self.type, names, self._attributes())

    def get_attr(self, name: str):
        """An attribute; `ValueError` if the op has none of that name."""
        found = self._attributes()
        if name not in found:
            raise ValueError(f"Operation '{self.name}' has no attr named '{name}'.")
        return found[name]

    def _attributes(self) -> dict:
        if self._op is None:
            return {"dtype": self.outputs[0].dtype} if self.outputs else {}
        attrs = {
            n: python_value(self._op.attributes[n])
            for n in self._op.attributes
            if n not in ("operandSegmentSizes", "callee")
        }
        if self.outputs and not isinstance(self.outputs[0], Handle):
            attrs.setdefault("T", self.outputs[0].dtype)
        return attrs

    def __repr__(self):
        return f"<tf.Operation '{self.name}' type={self.type}>"


def _input_name(name: str) -> str:
    """`x` for the first result of x, `x:1` for others."""
    return name.removesuffix(":0")


@dataclasses.dataclass
class NodeDef:
    """A node of a `GraphDef`."""

    name: str
    op: str
    input: list
    attr: dict
    device: str = ""

    def __str__(self):
        lines = [f'name: "{self.name}"', f'op: "{self.op}"', *(f'input: "{name}"' for name in self.input)]
        for key, value in self.attr.items():
            lines += ["attr {", f'  key: "{key}"', f"  value: {_attribute_text(value)}", "}"]
        return "\n".join(lines) + "\n"


def _attribute_text(value) -> str:
    name = getattr(value, "name", None)
    if name is not None and hasattr(value, "as_datatype_enum"):
        return "{ type: DT_" + name.upper() + " }"
    return "{ " + repr(value) + " }"


@dataclasses.dataclass
class GraphDef:
    """All nodes of a graph: `.node`; prints like a protocol buffer. (The program is `ConcreteFunction.mlir()`.)"""

    node: list

    def __str__(self):
        parts = []
        for node in self.node:
            parts += ["node {", *(f"  {line}" for line in str(node).splitlines()), "}"]
        return "\n".join(parts) + "\n"


class GraphView:
    """The operations of a `FuncGraph`, with TensorFlow's types and names."""

    def __init__(self, graph):
        self.graph = graph
        self.operations: list = []
        self._names: dict = {}
        self._of: dict = {}
        self._edges = None
        self._groups: dict = {}
        self._callees: dict = {}
        self._build()

    def _unique(self, name):
        count = self._names.get(name, 0)
        self._names[name] = count + 1
        return f"{name}_{count}" if count else name

    def _add(self, kind, name, operands, results, op=None):
        made = Operation(self, kind, self._unique(name), operands, results, op)
        self.operations.append(made)
        for at, value in enumerate(results):
            if value is not None:
                self._of[value] = made, at
        return made

    def _build(self):
        graph = self.graph
        known = {t.value: t.op_name for t in [*graph.inputs, *getattr(graph, "capture_inputs", ())]}
        for argument in graph.function.entry.arguments:
            self._add("Placeholder", known.get(argument, "resource"), [], [argument])
        returned = []
        waiting = list(reversed(graph.no_ops))
        for number, op in enumerate(graph.function.entry.operations):
            while waiting and waiting[-1][0] <= number:
                self._add_no_op(waiting.pop()[1])
            inner = op.operation
            mnemonic = inner.name.removeprefix("tfc.").removeprefix("func.")
            operands = [v for v in inner.operands if kind_of(v.type)[0] != "token"]
            if mnemonic == "return":
                returned = operands
                while waiting:
                    self._add_no_op(waiting.pop()[1])
                continue
            results = [v for v in inner.results if kind_of(v.type)[0] != "token"]
            kind = type_name(mnemonic, self._is_stateful(inner))
            name = default_name(mnemonic) if mnemonic != "call" else kind
            key = inner.results[0] if len(inner.results) else None
            name, said = graph.op_names.get(key, (name, None))
            if mnemonic == "print":
                formatted = "StringFormat" if name.rpartition("/")[2].startswith("PrintV2") else f"{name}_format"
                operands = [self._add("StringFormat", formatted, operands, [None])]
            self._add(said or kind, name, operands, results, inner)
        self.identities = [self._add("Identity", "Identity", [value], [None]) for value in returned]

    def _add_no_op(self, operation):
        before = []
        for value in operation.control_inputs:
            found = self.operation_of(getattr(value, "value", None))
            found = found or next((o for o in self.operations if o.name == getattr(value, "name", None)), None)
            if found is not None and found not in before:
                before.append(found)
        self._groups[id(self._add("NoOp", operation.name, [], []))] = before

    def _is_stateful(self, op) -> bool:
        """Whether there are effects in the regions of an op, or in the function that it calls."""
        return any(self._has_effect(o) for o in walk(op) if o != op or op.name == "func.call")

    def _has_effect(self, op) -> bool:
        if op.name != "func.call":
            return op.name in _EFFECTS
        callee = mlir.FlatSymbolRefAttr(op.attributes["callee"]).value
        if callee not in self._callees:
            functions = self.graph.function.module.body.operations
            found = next(f for f in functions if mlir.StringAttr(f.attributes["sym_name"]).value == callee)
            self._callees[callee] = False
            self._callees[callee] = any(self._has_effect(o) for o in walk(found.operation))
        return self._callees[callee]

    def tensor(self, value):
        """A value as a tensor with the name of its op."""
        op, at = self._of[value] if value in self._of else (None, 0)
        name = f"{op.name if op else 'captured'}:{at}"
        return self._named(value, name, op)

    def result(self, op, at):
        """The result of an `Identity` at the end, or the text of a print."""
        if op.type == "StringFormat":
            return Handle(f"{op.name}:{at}", "string", op)
        return self._named(op._operands[0], f"{op.name}:{at}", op)

    def _named(self, value, name, op):
        kind, _ = kind_of(value.type)
        if kind != "tensor":
            return Handle(name, "resource" if kind == "resource" else "variant", op)
        return GraphTensor(value, self.graph.root, name, op)

    def operation_of(self, value) -> Operation | None:
        found = self._of.get(value)
        return None if found is None else found[0]

    def control_inputs(self, op) -> list:
        if id(op) in self._groups:
            return self._groups[id(op)]
        if self._edges is None:
            self._edges = self._order()
        return self._edges.get(id(op), [])

    def _order(self) -> dict:
        """The edges of the minimal order of effects: computed on a copy, whose ops are in the same order."""
        if not self.graph.finished:
            return {}
        module = self.graph.function.clone_module()
        try:
            run_passes(module, "builtin.module(tfc-order-effects)")
        except BuildError:
            return {}
        symbol = self.graph.function.symbol
        function = next(o for o in module.body.operations if mlir.StringAttr(o.attributes["sym_name"]).value == symbol)
        mine = [o for o in self.operations if o._op is not None]
        copies = [o.operation for o in function.regions[0].blocks[0].operations][: len(mine)]
        makers, edges = {}, {}
        for op, copy in zip(mine, copies, strict=True):
            edges[id(op)] = [makers[v] for v in copy.operands if kind_of(v.type)[0] == "token" and v in makers]
            makers.update((r, op) for r in copy.results if kind_of(r.type)[0] == "token")
        return edges


class GraphTensor(SymbolicTensor):
    """A tensor of a finished graph, for inspection."""

    __slots__ = ("_full_name", "_operation")

    def __init__(self, value, scope, name, op):
        super().__init__(value, scope, (), name.rsplit(":", 1)[0])
        self._full_name, self._operation = name, op

    @property
    def name(self) -> str:
        return self._full_name

    @property
    def op(self):
        return self._operation

    def consumers(self) -> list:
        """The ops that use it."""
        view = self._operation._view
        return [o for o in view.operations if any(t.name == self.name for t in o.inputs)]
