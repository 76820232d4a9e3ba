"""What a concrete function shows of itself: signatures, and its operations as a graph."""

from tfc.dtypes import TensorSpec
from tfc.ir import kind_of
from tfc.tracing import TensorType
from tfc.tracing.signature import KEYWORD_ONLY, POSITIONAL_ONLY


def structured_signature(function_type, graph) -> tuple:
    """(args, kwargs): a named TensorSpec for each tensor, other values as they are."""
    names = iter([t.op_name for t in graph.inputs])
    args, kwargs = [], {}
    for parameter in function_type.parameters:
        value = _described(parameter.type, names)
        if parameter.kind is KEYWORD_ONLY:
            kwargs[parameter.name] = value
        else:
            args.append(value)
    return tuple(args), kwargs


def _described(type_, names):
    if isinstance(type_, TensorType):
        return TensorSpec(type_.spec.shape, type_.spec.dtype, next(names))
    flat = type_.flatten()
    if not flat:
        return type_.placeholder_value(None)
    made = []
    for spec in flat:
        made.append(TensorSpec(spec.shape, spec.dtype, next(names)) if isinstance(spec, TensorSpec) else spec)
    return type_.from_tensors(iter(made))


def pretty(concrete, verbose: bool) -> str:
    """The signature in one line, or one line a parameter."""
    parameters = concrete.function_type.parameters
    output = _output_text(concrete.structured_outputs)
    if not verbose:
        inner = ", ".join(_marked(parameters))
        return f"({inner}) -> {output}"
    lines = ["Input Parameters:"]
    lines += [f"  {p.name} ({p.kind.name}): {p.type!r}" for p in parameters] or ["  None"]
    lines += ["Output Type:", f"  {output}", "Captures:"]
    captured = [f"  {id(c)}: {_capture_text(c)}" for c in [*concrete._graph.captured, *concrete.live_variables()]]
    return "\n".join(lines + (captured or ["  None"]))


def _marked(parameters) -> list:
    """The parameters with Python's marks `/` and `*` where positional-only ones end and keyword-only ones begin."""
    made = [f"{p.name}: {p.type!r}" for p in parameters]
    keywords = [at for at, p in enumerate(parameters) if p.kind is KEYWORD_ONLY]
    if keywords:
        made.insert(keywords[0], "*")
    positional = [at for at, p in enumerate(parameters) if p.kind is POSITIONAL_ONLY]
    if positional:
        made.insert(positional[-1] + 1, "/")
    return made


def _capture_text(c) -> str:
    return f"TensorSpec(shape={c.shape}, dtype={c.dtype!r}, name=None)"


def _output_text(x) -> str:
    if isinstance(x, TensorSpec):
        return f"TensorSpec(shape={x.shape}, dtype={x.dtype!r}, name=None)"
    if isinstance(x, dict):
        return f"Dict[{', '.join(f'[{k!r}, {_output_text(v)}]' for k, v in x.items())}]"
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        pairs = zip(x._fields, x, strict=True)
        return f"{type(x).__name__}[{', '.join(f'[{k!r}, {_output_text(v)}]' for k, v in pairs)}]"
    if isinstance(x, (list, tuple)):
        return f"{'List' if isinstance(x, list) else 'Tuple'}[{', '.join(map(_output_text, x))}]"
    return repr(x) if x is not None else "None"


class Operation:
    """One op of a graph: `type`, `name`, `inputs`, `outputs`, `control_inputs`."""

    def __init__(self, op, name: str):
        self._op = op
        self.name = name
        self.type = op.name.removeprefix("tfc.").removeprefix("func.")

    @property
    def node_def(self) -> str:
        return str(self._op)

    @property
    def inputs(self) -> tuple:
        return tuple(v for v in self._op.operands if kind_of(v.type)[0] != "token")

    @property
    def outputs(self) -> list:
        return [v for v in self._op.results if kind_of(v.type)[0] != "token"]

    @property
    def control_inputs(self) -> list:
        """The ops that have to run before (of an ordered graph, see `ConcreteFunction.mlir`)."""
        return [Operation(v.owner, v.owner.name) for v in self._op.operands if kind_of(v.type)[0] == "token"]

    def __repr__(self):
        return f"<tf.Operation '{self.name}' type={self.type}>"


class Graph:
    """The operations of a traced function, for inspection."""

    building_function = True

    def __init__(self, func_graph, concrete=None):
        self._graph = func_graph
        self._concrete = concrete

    @property
    def name(self) -> str:
        return self._graph.name

    @property
    def inputs(self) -> list:
        return [*self._graph.inputs, *self._graph.capture_inputs]

    @property
    def outputs(self) -> list:
        return list(self._graph.outputs)

    @property
    def variables(self) -> tuple:
        return () if self._concrete is None else self._concrete.variables

    @property
    def structured_outputs(self):
        return self._concrete.structured_outputs

    def get_operations(self) -> list:
        """The ops of the function itself, in program order."""
        counts: dict = {}
        made = []
        for op in self._graph.function.entry.operations:
            kind = op.operation.name.removeprefix("tfc.").removeprefix("func.")
            if kind == "return":
                continue
            count = counts.get(kind, 0)
            counts[kind] = count + 1
            made.append(Operation(op.operation, f"{kind}_{count}" if count else kind))
        return made

    def get_operation_by_name(self, name: str) -> Operation:
        for op in self.get_operations():
            if op.name == name:
                return op
        raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")

    def as_graph_def(self, *args, **kwargs) -> str:
        """The function as MLIR text: there is no other form of it."""
        return self._graph.function.text()

    def __repr__(self):
        return f"<graph of {self.name}>"
