"""What is to be compiled: traced functions or functions of an MLIR module, and the variables that they share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from tfc.checkpoint import value_of
from tfc.core import VariableStorage
from tfc.dtypes import TensorSpec
from tfc.errors import InvalidArgumentError, page
from tfc.export.model import Buffer, layout
from tfc.export.naming import identifier
from tfc.function import ConcreteFunction, PolymorphicFunction
from tfc.ir import array_of, assemble, describe_type, kind_of, location_text, mlir, type_spec, walk
from tfc.ops import nest
from tfc.saved_model.signatures import SignatureFunction
from tfc.state import Module


@dataclass
class Entry:
    """One function of a program."""

    name: str
    symbol: str  # in the module
    arguments: list[str]  # titles
    symbols: list[tuple]  # names of the unknown sizes of each argument
    variables: list[str]  # names of fields of the state
    results: list[str]  # titles
    signature: str = ""
    location: str = ""


@dataclass
class Program:
    """A module, its entries, and the variables with their first values."""

    module: object
    entries: list[Entry]
    variables: list[Buffer] = field(default_factory=list)
    values: dict[str, np.ndarray] = field(default_factory=dict)

    def initial_data(self) -> tuple[bytes, dict[str, int]]:
        """The bytes of all first values that are not zero, and where each begins."""
        kept = [v for v in self.variables if v.initial == "data"]
        offsets, total = layout([v.nbytes for v in kept])
        content = bytearray(total)
        for variable, offset in zip(kept, offsets, strict=True):
            data = np.ascontiguousarray(self.values[variable.name]).tobytes()
            content[offset : offset + len(data)] = data
        return bytes(content), {v.name: o for v, o in zip(kept, offsets, strict=True)}


# From functions.


def functions_of(what) -> dict[str, ConcreteFunction]:
    """Entry names and concrete functions of what a user passes: a function, a list or dict of them, or a module.

    A `tf.function` counts if it has an `input_signature` or traces: each trace is an entry. Of a module (also a loaded
    saved model) all such methods are entries, and its signatures.
    """
    if isinstance(what, dict):
        named = dict(what)
    elif isinstance(what, Module):
        named = methods_of(what)
    else:
        listed = what if isinstance(what, (list, tuple)) else [what]
        taken: set = set()
        named = {identifier(_plain_name(f), taken): f for f in listed}
    named = _each_trace(named)
    if not named:
        raise InvalidArgumentError(
            None, None, page("nothing to compile", want="at least one tf.function with an input_signature or a trace")
        )
    for name, function in named.items():
        if identifier(name) != name:
            raise ValueError(page(f"entry name {name!r} is not a C identifier", fix=f"use {identifier(name)!r}"))
        named[name] = concrete_of(name, function)
    return named


def methods_of(module: Module) -> dict:
    """The functions of a module that say what they take."""
    found = {}
    for name in dir(module):
        if name.startswith("__") and name != "__call__":
            continue
        value = getattr(module, name, None)
        if name == "__call__":
            member = vars(module).get(name) or getattr(type(module), name, None)
            value = member.__get__(module, type(module)) if isinstance(member, PolymorphicFunction) else None
        if isinstance(value, PolymorphicFunction) and (value.input_signature is not None or value._concretes):
            found["call" if name == "__call__" else name.lstrip("_")] = value
        elif isinstance(value, ConcreteFunction):
            found[name.lstrip("_")] = value
    for name, value in (getattr(module, "signatures", None) or {}).items():
        if isinstance(value, SignatureFunction) and identifier(name) not in found:
            found[identifier(name)] = value
    return found


def _each_trace(named: dict) -> dict:
    """An entry for each trace of a function that has several: `f`, `f_1`, ... in the order in which they were made."""
    made: dict = {}
    taken = set(named)
    for name, function in named.items():
        made[name] = function
        if isinstance(function, PolymorphicFunction) and function.input_signature is None:
            traces = list(function._concretes.values())
            made[name] = traces[0] if traces else function
            for concrete in traces[1:]:
                made[identifier(name, taken)] = concrete
    return made


def concrete_of(name: str, function) -> ConcreteFunction:
    """The one trace that a function has or says."""
    if isinstance(function, SignatureFunction):
        return function._concrete
    if isinstance(function, PolymorphicFunction):
        if function.input_signature is not None:
            function = function.get_concrete_function()
        elif len(function._concretes) == 1:
            function = next(iter(function._concretes.values()))
    if not isinstance(function, ConcreteFunction):
        raise TypeError(
            page(
                f"entry {name!r} is not a concrete function",
                want="a ConcreteFunction",
                got=repr(function),
                fix="call get_concrete_function(*specs) of the tf.function",
            )
        )
    if function._pending is not None:
        raise InvalidArgumentError(
            None,
            None,
            page(
                f"{name} makes variables whose first values depend on its arguments",
                fix="call it once before it is compiled, or make the variables elsewhere",
            ),
        )
    return function


def _plain_name(function) -> str:
    name = getattr(function, "_name", None) or getattr(function, "__name__", None) or "entry"
    return "call" if name == "__call__" else name


def from_functions(functions: dict[str, ConcreteFunction], prefix: str) -> Program:
    """The program of these functions. Variables that several of them use are there once."""
    program = Program(None, [])
    names: dict[int, str] = {}
    taken: set = set()
    parts = []
    for name, concrete in functions.items():
        if concrete._graph.function.hosts:
            raise InvalidArgumentError(
                None,
                None,
                page(
                    f"{name} calls a Python function (py_function, numpy_function), which is not there without Python",
                    where=_host_call_of(concrete),
                    fix="write it in ops of tf, or return what it needs and call it from C",
                ),
            )
        if concrete._graph.variable_inputs:
            raise InvalidArgumentError(
                None,
                None,
                page(
                    f"{name} takes a variable as an argument, which has no C type",
                    want="variables captured by closure or attribute",
                    fix="capture the variable instead of passing it",
                ),
            )
        unranked = next((s for s in concrete.specs if s.shape.rank is None), None)
        if unranked is not None:
            raise InvalidArgumentError(
                None,
                None,
                page(
                    f"{name} takes a tensor of unknown rank, which has no C type",
                    want="a known rank; sizes may be unknown",
                    got=str(unranked),
                    fix="give a spec such as float32[?,?]",
                ),
            )
        fields = [_field(program, v, names, taken) for v in concrete.live_variables()]
        symbol = entry_symbol(prefix, name)
        first = len(concrete._graph.inputs)
        frozen = {first + i: t._view() for i, t in enumerate(concrete._graph.captured)}
        parts.append((concrete._graph.function, symbol, frozen))
        program.entries.append(
            Entry(
                name,
                symbol,
                [t.op_name for t in concrete._graph.inputs],
                [getattr(s, "symbols", ()) for s in concrete.function_type.flatten()],
                fields,
                result_titles(concrete._outputs.structure),
                f"{name}{concrete.pretty_printed_signature(verbose=False)}",
                _location(concrete),
            )
        )
    program.module = assemble(parts)
    return program


def _host_call_of(concrete) -> str | None:
    """The line of the first call of a Python function."""
    operations = walk(concrete._graph.function.module.operation)
    return next((location_text(op.location) for op in operations if op.name == "tfc.host_call"), None)


def entry_symbol(prefix: str, name: str) -> str:
    return f"{prefix}_entry" if name == prefix else f"{prefix}_{name}_entry"


def _field(program: Program, variable: VariableStorage, names: dict, taken: set) -> str:
    found = names.get(id(variable))
    if found is None:
        title = getattr(variable, "name", "variable")
        if variable.shape_tuple is None:
            raise InvalidArgumentError(
                None,
                None,
                page(
                    f"variable {title} has an unknown rank: it cannot be a field of the state",
                    want="a variable of known rank; sizes may be unknown",
                    got=f"shape {variable.shape}",
                    fix="create it with shape=[None, ...]",
                ),
            )
        found = names[id(variable)] = identifier(title, taken)
        buffer = Buffer(found, variable.dtype, tuple(variable.shape_tuple), title)
        add_variable(program, buffer, value_of(variable))
    return found


def add_variable(program: Program, buffer: Buffer, value) -> None:
    """A field of the state with its first value."""
    value = np.ascontiguousarray(value).reshape(buffer.shape if buffer.is_static else np.shape(value))
    initial = "data" if any(value.tobytes()) else "zeros"
    first = None if buffer.is_static else value.shape
    program.variables.append(replace(buffer, initial=initial, initial_shape=first))
    program.values[buffer.name] = value


def result_titles(structure) -> list[str]:
    """Names for the flat results: keys of dicts and fields of named tuples; `out` or `out0`, `out1`, ... elsewhere."""
    leaves = [(path, leaf) for path, leaf in nest.flatten_with_paths(structure) if isinstance(leaf, TensorSpec)]
    titles: list[str] = []
    for number, (path, leaf) in enumerate(leaves):
        if any(leaf is other for _, other in leaves[:number]):
            continue  # one tensor in two places
        named = _named(structure, path)
        titles.append(named or ("out" if len(leaves) == 1 else f"out{len(titles)}"))
    return titles


def _named(structure, path) -> str | None:
    if not any(isinstance(step, str) for step in path):
        return None
    return "_".join(map(str, path))


def _location(concrete) -> str:
    stack = concrete._graph.definition
    code = stack[0][0] if stack else None
    return f"{Path(code.co_filename).name}:{code.co_firstlineno}" if code else ""


# From MLIR.


def from_module(module, prefix: str) -> Program:
    """The program of a module: functions with the attribute `tfc.entry`, or the only one there is.

    Arguments of resource type are variables: those of one `tfc.name` are one. Their first value is the argument's
    attribute `tfc.initial`, or zeros.
    """
    functions = [op.operation for op in module.body.operations if op.operation.name == "func.func"]
    functions = [op for op in functions if len(op.regions[0].blocks)]
    entries = [op for op in functions if "tfc.entry" in op.attributes]
    if not entries and len(functions) == 1:
        entries = functions
        entries[0].attributes["tfc.entry"] = mlir.UnitAttr.get(entries[0].context)
    if not entries:
        raise InvalidArgumentError(
            None, None, page("the module has no entry", want="a func.func with the attribute tfc.entry")
        )
    program = Program(module, [])
    taken: set = set()
    for op in entries:
        program.entries.append(_entry_of(program, op, identifier(_symbol(op), taken), prefix))
    return program


def _symbol(op) -> str:
    return mlir.StringAttr(op.attributes["sym_name"]).value


def _entry_of(program: Program, op, name: str, prefix: str) -> Entry:
    arguments, variables = [], []
    block = op.regions[0].blocks[0]
    for number, argument in enumerate(block.arguments):
        attributes = _argument_attributes(op, number)
        given = mlir.StringAttr(attributes["tfc.name"]).value if "tfc.name" in attributes else None
        kind, inner = kind_of(argument.type)
        if kind == "resource":
            variables.append(_module_variable(program, given or f"variable{number}", inner, attributes))
        else:
            arguments.append(given or f"arg{number}")
    type_ = mlir.FunctionType(mlir.TypeAttr(op.attributes["function_type"]).value)
    count = len(type_.results)
    results = ["out"] if count == 1 else [f"out{i}" for i in range(count)]
    old, symbol = _symbol(op), entry_symbol(prefix, name)
    with op.context:
        op.attributes["sym_name"] = mlir.StringAttr.get(symbol)
    return Entry(name, symbol, arguments, [()] * len(arguments), variables, results, f"@{old} : {type_}")


def _argument_attributes(op, number: int) -> dict:
    if "arg_attrs" not in op.attributes:
        return {}
    attributes = mlir.DictAttr(mlir.ArrayAttr(op.attributes["arg_attrs"])[number])
    return {named.name: named.attr for named in attributes}


def _module_variable(program: Program, title: str, type_, attributes: dict) -> str:
    name = identifier(title)
    spec = type_spec(type_)
    known = next((v for v in program.variables if v.name == name), None)
    dtype, dims = describe_type(type_)
    if known is not None:
        if (known.dtype, known.shape) != (dtype, dims):
            raise InvalidArgumentError(
                None,
                None,
                page(f"the variable {title} has two types", want=known.text(), got=f"{dtype.name}{list(dims)}"),
            )
        return name
    if spec.shape.rank is None:
        raise InvalidArgumentError(
            None, None, page(f"variable {title} has an unknown rank: it cannot be a field of the state", got=str(type_))
        )
    initial = attributes.get("tfc.initial")
    value = np.zeros([d or 0 for d in dims], dtype.np_dtype) if initial is None else array_of(initial)
    add_variable(program, Buffer(name, dtype, tuple(dims), title), value)
    return name
