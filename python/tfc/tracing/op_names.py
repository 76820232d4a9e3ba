"""What TensorFlow calls the ops of the dialect: their type in a graph, and the name that one gets."""

# mnemonic -> type, or (type, name). A name without a type of its own is the type.
_NAMES = {
    "neg": "Neg", "abs": "Abs", "sign": "Sign", "sqrt": "Sqrt", "rsqrt": "Rsqrt", "exp": "Exp", "expm1": "Expm1",
    "log": "Log", "log1p": "Log1p", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin", "acos": "Acos",
    "atan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh", "asinh": "Asinh", "acosh": "Acosh",
    "atanh": "Atanh", "sigmoid": "Sigmoid", "floor": "Floor", "ceil": "Ceil", "round": "Round", "trunc": "Trunc",
    "erf": "Erf", "erfc": "Erfc", "erfinv": "Erfinv", "lgamma": "Lgamma", "digamma": "Digamma",
    "is_finite": "IsFinite", "is_inf": "IsInf", "is_nan": "IsNan", "logical_not": "LogicalNot",
    "bitwise_not": "Invert", "population_count": "PopulationCount", "real": "Real", "imag": "Imag", "conj": "Conj",
    "add": ("AddV2", "add"), "sub": ("Sub", "sub"), "mul": ("Mul", "mul"), "div": ("RealDiv", "truediv"),
    "pow": ("Pow", "pow"), "floor_div": ("FloorDiv", "floordiv"), "floor_mod": ("FloorMod", "FloorMod"),
    "trunc_div": "TruncateDiv", "trunc_mod": "TruncateMod", "maximum": "Maximum", "minimum": "Minimum",
    "atan2": "Atan2", "nextafter": "NextAfter", "complex": "Complex", "logical_and": "LogicalAnd",
    "logical_or": "LogicalOr", "bitwise_and": ("BitwiseAnd", "and"), "bitwise_or": ("BitwiseOr", "or"),
    "bitwise_xor": ("BitwiseXor", "xor"), "left_shift": "LeftShift", "right_shift": "RightShift", "equal": "Equal",
    "not_equal": "NotEqual", "less": "Less", "less_equal": "LessEqual", "greater": "Greater",
    "greater_equal": "GreaterEqual", "select": "SelectV2", "cast": "Cast", "bitcast": "Bitcast",
    "constant": "Const", "iota": ("Range", "range"), "range": ("Range", "range"), "shape_of": "Shape",
    "broadcast_to": "BroadcastTo", "dynamic_broadcast_to": "BroadcastTo", "sum_to": "Sum", "reshape": "Reshape",
    "dynamic_reshape": "Reshape", "squeeze": "Squeeze", "expand_dims": "ExpandDims",
    "transpose": ("Transpose", "transpose"), "slice": ("StridedSlice", "strided_slice"),
    "dynamic_slice": ("StridedSlice", "strided_slice"), "dynamic_strided_slice": ("StridedSlice", "strided_slice"),
    "update_slice": "TensorStridedSliceUpdate", "concat": ("ConcatV2", "concat"), "pad": "Pad",
    "reverse": ("ReverseV2", "ReverseV2"), "ensure_shape": "EnsureShape", "stop_gradient": "StopGradient",
    "reduce_sum": "Sum", "reduce_prod": "Prod", "reduce_max": "Max", "reduce_min": "Min", "reduce_any": "Any",
    "reduce_all": "All", "argmax": "ArgMax", "argmin": "ArgMin", "cumsum": "Cumsum", "cumprod": "Cumprod",
    "linear_recurrence": "LinearRecurrence",
    "matmul": "MatMul", "gather": "GatherV2", "gather_nd": "GatherNd", "scatter": "TensorScatterUpdate",
    "nonzero": "Where", "sort": "TopKV2", "argsort": "TopKV2", "random_bits": "StatelessRandomUniformFullIntV2",
    "list_create": ("TensorListReserve", "TensorArrayV2"),
    "list_length": ("TensorListLength", "TensorArrayV2Size"),
    "list_get": ("TensorListGetItem", "TensorArrayV2Read/TensorListGetItem"),
    "list_set": ("TensorListSetItem", "TensorArrayV2Write/TensorListSetItem"),
    "list_stack": ("TensorListStack", "TensorArrayV2Stack/TensorListStack"),
    "list_unstack": ("TensorListFromTensor", "TensorArrayUnstack/TensorListFromTensor"),
    "read_variable": "ReadVariableOp", "assign_variable": "AssignVariableOp", "print": "PrintV2",
    "assert": ("If", "Assert/AssertGuard"), "host_call": "EagerPyFunc", "if": ("StatelessIf", "cond"),
    "while": ("StatelessWhile", "while"), "call": "PartitionedCall",
}  # fmt: skip

_STATEFUL = {"if": "If", "while": "While", "call": "StatefulPartitionedCall"}


def type_name(mnemonic: str, stateful: bool = False) -> str:
    """The type of an op of the dialect; a `stateful` branch, loop or call has a name of its own."""
    if stateful and mnemonic in _STATEFUL:
        return _STATEFUL[mnemonic]
    found = _NAMES.get(mnemonic)
    if found is None:
        return "".join(part.capitalize() for part in mnemonic.split("_"))
    return found if isinstance(found, str) else found[0]


def default_name(mnemonic: str) -> str:
    """The name of an op of this kind, the first of its function."""
    found = _NAMES.get(mnemonic)
    if found is None:
        return type_name(mnemonic)
    return found if isinstance(found, str) else found[1]


# The names of what operations take, where they are not x and y.
_ARGUMENTS = {
    "SelectV2": ("condition", "t", "e"), "MatMul": ("a", "b"), "BatchMatMulV2": ("a", "b"),
    "GatherV2": ("params", "indices"),
    "Range": ("start", "limit", "delta"), "Pad": ("input", "paddings"), "GatherNd": ("params", "indices"),
    "Fill": ("value",), "OneHot": ("indices",), "Sum": ("input",), "Mean": ("input",), "Max": ("input",),
    "Min": ("input",), "Prod": ("input",), "All": ("input",), "Any": ("input",), "Reshape": ("tensor", "shape"),
}  # fmt: skip

_AXES = frozenset({"Sum", "Prod", "Max", "Min", "Any", "All", "Mean"})
# Attributes that are operands in TensorFlow: (name, whether it comes first).
_ATTRIBUTES = {
    "ArgMax": (("dimension", False),), "ArgMin": (("dimension", False),), "Cumsum": (("axis", False),),
    "Cumprod": (("axis", False),), "Transpose": (("perm", False),), "ConcatV2": (("axis", False),),
    "StridedSlice": (("stack", False), ("stack_1", False), ("stack_2", False)), "GatherV2": (("axis", False),),
    "ExpandDims": (("dim", False),), "ReverseV2": (("axis", False),), "Split": (("split_dim", True),),
    "Tile": (("multiples", False),), "TopKV2": (("k", False),), "Fill": (("dims", True),),
    "OneHot": (("depth", False), ("on_value", False), ("off_value", False)),
}  # fmt: skip


def operand_count(kind: str) -> int | None:
    """How many operands of an op TensorFlow's has, if that is less."""
    return 1 if kind == "Pad" else None


def argument_name(kind: str, at: int, count: int) -> str:
    """What the operand at a position of an operation is called."""
    if kind in ("Pack", "ConcatV2", "AddN"):
        return f"values_{at}"
    names = _ARGUMENTS.get(kind, ("x", "y") if count > 1 else ("x",))
    return names[at] if at < len(names) else f"input_{at}"


def attribute_constants(kind: str, op) -> tuple:
    """The attributes of an op that TensorFlow's operation takes as operands: (name, whether it comes first) each."""
    attributes = op.attributes
    if kind in _AXES:
        # Over all dimensions: a constant that nobody asked for.
        rank = len(getattr(op.operands[0].type, "shape", ())) if len(op.operands) else 0
        axes = len(attributes["axes"]) if "axes" in attributes else 0
        return (("", False),) if axes == rank and kind != "Mean" else (("reduction_indices", False),)
    if kind in ("Reshape", "BroadcastTo"):
        return (("shape", False),) if "shape" in attributes else ()
    if kind == "Pad":
        return (("paddings", False),) if "low" in attributes else ()
    return _ATTRIBUTES.get(kind, ())
