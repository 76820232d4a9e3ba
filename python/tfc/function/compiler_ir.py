"""What `experimental_get_compiler_ir` shows of a trace: MLIR text and bytecode, a listing in the notation of HLO."""

from tfc.dtypes import TensorSpec
from tfc.ir import LOCK, kind_of, mlir, module_bytecode, python_value, type_spec

# Stages that are a listing; those with `serialized` are its bytes.
_LISTINGS = frozenset(
    {"hlo", "hlo_serialized", "optimized_hlo", "optimized_hlo_serialized", "optimized_hlo_proto_serialized"}
)

_DTYPES = {"bool": "pred", "bfloat16": "bf16", "complex64": "c64", "complex128": "c128"}
# Where HLO has another word than the dialect.
_OPCODES = {
    "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negate", "pow": "power",
    "exp": "exponential", "expm1": "exponential-minus-one", "log1p": "log-plus-one", "sigmoid": "logistic",
    "sin": "sine", "cos": "cosine", "trunc_mod": "remainder", "logical_and": "and", "logical_or": "or",
    "logical_not": "not", "bitwise_and": "and", "bitwise_or": "or", "bitwise_xor": "xor", "bitwise_not": "not",
    "cast": "convert", "bitcast": "bitcast-convert", "matmul": "dot", "concat": "concatenate",
    "broadcast_to": "broadcast", "ceil": "ceil", "round": "round-nearest-even", "if": "conditional",
}  # fmt: skip
_COMPARISONS = {
    "equal": "EQ", "not_equal": "NE", "less": "LT", "less_equal": "LE", "greater": "GT", "greater_equal": "GE",
}  # fmt: skip


def compiler_ir(concrete, stage: str):
    """The text, or for names with `serialized` the bytes, of a stage; other names are stages of the pipeline."""
    if stage == "stablehlo":
        return concrete.mlir()
    if stage == "stablehlo_serialized":
        with LOCK:
            return module_bytecode(concrete._graph.function.module)
    if stage in (
        "hlo",
        "hlo_serialized",
        "optimized_hlo",
        "optimized_hlo_serialized",
        "optimized_hlo_proto_serialized",
    ):
        text = _listing(concrete, stage.startswith("optimized"))
        return text.encode() if stage.endswith("serialized") else text
    if stage == "optimized_hlo_dot":
        return _dot(concrete)
    return concrete.mlir(stage)


def _listing(concrete, optimized: bool) -> str:
    graph = concrete._graph
    with LOCK:
        module = concrete.optimized_module() if optimized else graph.function.module
        symbol = graph.function.symbol
        name = f"a_inference_{symbol}"
        lines = []
        for op in module.body.operations:
            block = op.regions[0].blocks[0]
            entry = mlir.StringAttr(op.attributes["sym_name"]).value == symbol
            printer = _Computation(block)
            title = f"ENTRY %{name}" if entry else f"%{mlir.StringAttr(op.attributes['sym_name']).value}"
            lines = (lines + printer.text(title)) if entry else (printer.text(title) + lines)
        arguments = ", ".join(_type(a.type) for a in graph.function.entry.arguments)
        results = ", ".join(_type(v.type) for v in graph.function.returned())
    return "\n".join([f"HloModule {name}, entry_computation_layout={{({arguments})->({results})}}", "", *lines]) + "\n"


class _Computation:
    """A block as instructions; regions of its ops are computations before it."""

    def __init__(self, block, names=None):
        self.block = block
        self.names = dict(names or {})
        self._counts: dict = {}
        self.before: list = []

    def text(self, title: str) -> list:
        body = []
        for at, argument in enumerate(self.block.arguments):
            body.append(f"  {self._define(argument, 'Arg')} = {_type(argument.type)} parameter({at})")
        for op in self.block.operations:
            body += self._instruction(op.operation)
        if body:
            body[-1] = body[-1].replace("  %", "  ROOT %", 1)
        return [*self.before, f"{title} {{", *body, "}", ""]

    def _define(self, value, stem) -> str:
        count = self._counts.get(stem, 0) + 1
        self._counts[stem] = count
        self.names[value] = f"%{stem}.{count}"
        return self.names[value]

    def _instruction(self, op) -> list:
        kind = op.name.removeprefix("tfc.").removeprefix("func.")
        operands = [v for v in op.operands if kind_of(v.type)[0] != "token"]
        results = [v for v in op.results if kind_of(v.type)[0] != "token"]
        given = ", ".join(f"{_type(v.type)} {self.names.get(v, '%captured')}" for v in operands)
        if kind in ("return", "yield"):
            types = ", ".join(_type(v.type) for v in operands)
            return [f"  %tuple = ({types}) tuple({given})"]
        parts = []
        for at, region in enumerate(op.regions):
            title = f"%{kind}_{at}_{len(self.before)}"
            self.before += _Computation(region.blocks[0], self.names).text(title)
            parts.append(f"computation_{at}={title}")
        if kind in _COMPARISONS:
            parts.append(f"direction={_COMPARISONS[kind]}")
        if kind == "constant":
            given = str(python_value(op.attributes["value"]).tolist()).replace("[", "{").replace("]", "}")
        else:
            parts += [f"{n}={python_value(op.attributes[n])}" for n in op.attributes if n not in _HIDDEN]
        opcode = "compare" if kind in _COMPARISONS else _OPCODES.get(kind, kind.replace("_", "-"))
        types = [_type(v.type) for v in results]
        shown = types[0] if len(types) == 1 else f"({', '.join(types)})"
        names = [self._define(v, opcode) for v in results] or [f"%{opcode}"]
        more = "".join(f", {p}" for p in parts)
        return [f"  {names[0]} = {shown} {opcode}({given}){more}"] + [f"  // {names[0]} is {', '.join(names)}"] * (
            len(names) > 1
        )


_HIDDEN = frozenset({"operandSegmentSizes", "resultSegmentSizes", "callee", "value"})


def _type(type_) -> str:
    kind, inner = kind_of(type_)
    if kind == "token":
        return "token[]"
    spec = type_spec(inner)
    text = shape_text(spec)
    return text if kind == "tensor" else f"{kind}<{text}>"


def shape_text(spec: TensorSpec) -> str:
    """A tensor type as HLO writes it: `f32[2,3]{1,0}`."""
    name = spec.dtype.name
    short = _DTYPES.get(name) or name.replace("uint", "u").replace("int", "s").replace("float", "f")
    if spec.shape.rank is None:
        return f"{short}[*]"
    dims = ",".join("?" if d is None else str(d) for d in spec.shape.dims)
    layout = ",".join(str(i) for i in reversed(range(spec.shape.rank)))
    return f"{short}[{dims}]{{{layout}}}" if spec.shape.rank else f"{short}[]"


def _dot(concrete) -> str:
    """The graph of the trace in the language of Graphviz."""
    lines = ["digraph G {", "  rankdir = TB;"]
    for op in concrete.graph.get_operations():
        lines.append(f'  "{op.name}" [label="{op.type}\\n{op.name}"];')
        lines += [f'  "{t.name.rsplit(":", 1)[0]}" -> "{op.name}";' for t in op.inputs]
        lines += [f'  "{before.name}" -> "{op.name}" [style=dashed];' for before in op.control_inputs]
    return "\n".join([*lines, "}"]) + "\n"
