"""What a traced function shows of itself as a graph: operations, their tensors, and nodes as in a `GraphDef`."""

import dataclasses

from tfc.dtypes import TensorShape
from tfc.ir import python_value
from tfc.ops.operation import Operation as Effect
from tfc.tracing.tensors import SymbolicTensor


class HandleType(str):
    """The dtype of what is no tensor: "resource", "variant"."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return "".join(self)

    def __str__(self):
        return f"<dtype: '{self.name}'>"

    def __repr__(self):
        return f"tf.{self.name}"


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


class Operation(Effect):
    """One op of a graph: `type`, `name`, `inputs`, `outputs`, `control_inputs` (ops that have to run before it)."""

    def __init__(self, view, kind: str, name: str, operands, results, op=None):
        self._view = view
        self._operands, self._results = operands, results
        self._op = op
        self.type = kind
        self.name = name

    def __bool__(self):
        return True

    @property
    def graph(self):
        return self._view.graph

    @property
    def inputs(self) -> tuple:
        return tuple(map(self._taken, self._operands))

    def _taken(self, operand):
        """An operand: a value, an operation with one result, or an operation and which of its results."""
        if isinstance(operand, Operation):
            return operand.outputs[0]
        return operand[0].outputs[operand[1]] if isinstance(operand, tuple) else self._view.tensor(operand)

    @property
    def outputs(self) -> list:
        return [self._view.output(self, at) for at in range(len(self._results))]

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
