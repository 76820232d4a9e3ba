"""What a concrete function shows of itself: signatures, and its operations as a graph."""

import re

from tfc.core import VariableStorage
from tfc.dtypes import TensorSpec
from tfc.ops.indexed_slices import IndexedSlices
from tfc.ops.ragged_ops import RaggedTensor
from tfc.ops.sparse_ops import SparseTensor
from tfc.tracing import Nested, TensorType
from tfc.tracing.queries import GraphQueries
from tfc.tracing.signature import KEYWORD_ONLY
from tfc.tracing.type_of import TracingContext, type_of


def structured_signature(function_type, graph) -> tuple:
    """(args, kwargs): a named TensorSpec for each tensor, other values as they are."""
    names = iter(graph.input_names())
    args, kwargs = [], {}
    for parameter in function_type.parameters:
        value = _described(parameter.type, names, parameter.name)
        if parameter.kind is KEYWORD_ONLY:
            kwargs[parameter.name] = value
        else:
            args.append(value)
    return tuple(args), kwargs


def _described(type_, names, path):
    """The value of a parameter with a named spec for each tensor; in structures they are called after their place."""
    if isinstance(type_, TensorType):
        return TensorSpec(type_.spec.shape, type_.spec.dtype, next(names))
    if isinstance(type_, Nested) and type_.as_spec() is not None:
        for _ in type_.flatten():
            next(names)
        return type_.as_spec()
    if isinstance(type_, Nested):
        keys = type_.keys()
        return type_.join([_inner(c, names, f"{path}_{key}") for c, key in zip(type_.components, keys, strict=True)])
    flat = type_.flatten()
    if not flat:
        return type_.placeholder_value(None)
    made = []
    for spec in flat:
        made.append(TensorSpec(spec.shape, spec.dtype, next(names)) if isinstance(spec, TensorSpec) else spec)
    return type_.from_tensors(iter(made))


def _inner(type_, names, path):
    if isinstance(type_, TensorType):
        next(names)
        return TensorSpec(type_.spec.shape, type_.spec.dtype, type_.spec.name or re.sub(r"\W", "_", path))
    return _described(type_, names, path)


def pretty(concrete, verbose: bool) -> str:
    """The signature in one line, or one line a parameter."""
    parameters = concrete.function_type.parameters
    output = output_text(concrete._outputs.structure)
    if not verbose:
        return f"({', '.join(concrete.function_type.described())}) -> {output}"
    lines = ["Input Parameters:"]
    lines += [f"  {p!r}" for p in parameters]
    lines += ["Output Type:", f"  {output}", "Captures:"]
    captured = [f"  {id(c)}: {_capture_text(c)}" for c in [*concrete._graph.captured, *concrete.live_variables()]]
    return "\n".join(lines + (captured or ["  None"]))


def _capture_text(c) -> str:
    if isinstance(c, VariableStorage):
        return f"TensorSpec(shape={c.shape}, dtype=tf.resource, name=None)"
    return f"TensorSpec(shape={c.shape}, dtype={c.dtype!r}, name=None)"


def output_text(x) -> str:
    """The type of a result in one line."""
    if isinstance(x, TensorSpec):
        return f"TensorSpec(shape={x.shape}, dtype={x.dtype!r}, name=None)"
    if isinstance(x, dict):
        return f"Dict[{', '.join(f'[{k!r}, {output_text(v)}]' for k, v in x.items())}]"
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        pairs = zip(x._fields, x, strict=True)
        return f"{type(x).__name__}[{', '.join(f'[{k!r}, {output_text(v)}]' for k, v in pairs)}]"
    if isinstance(x, (list, tuple)):
        return f"{'List' if isinstance(x, list) else 'Tuple'}[{', '.join(map(output_text, x))}]"
    if isinstance(x, (RaggedTensor, SparseTensor, IndexedSlices)):
        return repr(type_of(x, TracingContext(specs=True)))
    return f"Literal[{x!r}]"


class FuncGraph(GraphQueries):
    """The operations of a traced function, for inspection."""

    def __init__(self, func_graph, concrete=None):
        self._graph = func_graph
        self._concrete = concrete

    @property
    def traced(self):
        return self._graph

    @property
    def name(self) -> str:
        return self._graph.name

    @property
    def inputs(self) -> list:
        view = self._graph.view()
        return [view.tensor(argument) for argument in self._graph.function.entry.arguments]

    @property
    def outputs(self) -> list:
        return [op.outputs[0] for op in self._graph.view().identities]

    @property
    def variables(self) -> tuple:
        return () if self._concrete is None else self._concrete.variables

    @property
    def external_captures(self) -> list:
        return super().external_captures if self._concrete is None else self._concrete.captured_inputs

    @property
    def structured_outputs(self):
        return self._concrete.structured_outputs

    def __repr__(self):
        return f"FuncGraph(name={self.name}, id={id(self._graph)})"
