"""The two ways to call a concrete function: flat (tensor parameters only), and like the Python function."""

from tfc.core import EagerTensor, VariableStorage, executing_eagerly
from tfc.errors import InvalidArgumentError, page, user_line
from tfc.tracing import Bound, Literal, TensorType, TraceType
from tfc.tracing.signature import KEYWORD_ONLY


def bind(concrete, args: tuple, kwargs: dict) -> list:
    """The arguments in the order of the trace's parameters; `TypeError` if they do not fit."""
    try:
        bound = _structured(concrete, args, kwargs)
    except TypeError as structured:
        try:
            return bind_flat(concrete, args, kwargs)
        except TypeError as flat:
            raise (structured if _looks_structured(concrete, args) else flat) from None
    return bound


def _looks_structured(concrete, args) -> bool:
    flat = [p for p in concrete.function_type.parameters if not isinstance(p.type, Literal)]
    return len(args) != len(flat) or len(flat) == len(concrete.function_type.parameters)


def _structured(concrete, args, kwargs):
    parameters = concrete.function_type.parameters
    values, rest = {}, dict(kwargs)
    positional = [p for p in parameters if p.kind is not KEYWORD_ONLY]
    if len(args) > len(positional):
        raise TypeError(
            page(
                f"{concrete._name} takes {len(positional)} positional arguments but got {len(args)}",
                want=f"signature {concrete.pretty_printed_signature(verbose=False)}",
                where=user_line(),
            )
        )
    for parameter, value in zip(positional, args, strict=False):
        values[parameter.name] = value
    names = {p.name for p in parameters}
    for name in list(rest):
        if name in names:
            if name in values:
                raise TypeError(f"{concrete._name} got two values for '{name}'")
            values[name] = rest.pop(name)
    if rest:
        raise TypeError(
            page(
                f"{concrete._name} got unexpected keyword arguments {', '.join(sorted(rest))}",
                want=f"signature {concrete.pretty_printed_signature(verbose=False)}",
                where=user_line(),
            )
        )
    bound = []
    for parameter in parameters:
        if parameter.name in values:
            value = _cast(concrete, parameter.type, values[parameter.name], parameter.name)
        else:
            value = _implied(concrete, parameter)
        bound.append(Bound(parameter.name, parameter.kind, value))
    return bound


def _implied(concrete, parameter):
    """The value of a parameter that was left out: one that the trace knows."""
    if parameter.type.flatten():
        raise TypeError(
            page(
                f"{concrete._name} missing required arguments: {parameter.name}",
                want=f"signature {concrete.pretty_printed_signature(verbose=False)}",
                where=user_line(),
            )
        )
    return parameter.type.placeholder_value(None)


def _cast(concrete, type_: TraceType, value, name):
    try:
        if isinstance(type_, TensorType):
            return _tensor(concrete, type_, value)
        return type_.cast(value)
    except TypeError as e:
        raise TypeError(
            page(
                f"Binding inputs of {concrete._name} failed for '{name}': {e}",
                want=repr(type_),
                got=repr(value),
                where=user_line(),
            )
        ) from None


def _tensor(concrete, type_, value):
    if isinstance(value, VariableStorage):
        value = value.read_value()
    if type(value) is EagerTensor and executing_eagerly():
        if value.dtype is not type_.spec.dtype:
            raise InvalidArgumentError(
                None,
                None,
                page(
                    f"cannot compute {concrete.name} as an input was expected to be a {type_.spec.dtype.name} tensor "
                    f"but is a {value.dtype.name} tensor",
                    where=user_line(),
                    fix="tf.cast",
                ),
            )
        # Whether another shape will do is found out when it runs.
        return value
    return type_.cast(value)


def bind_flat(concrete, args, kwargs):
    """Tensor parameters in order, then by their names."""
    graph = concrete._graph
    names = graph.input_names()
    parameters = concrete.function_type.parameters
    if graph.variable_inputs:
        raise TypeError(f"{concrete._name} takes variables: call it with the arguments of the Python function")
    values = dict(zip(names, args, strict=False))
    if len(args) > len(names):
        raise TypeError(
            page(
                f"{concrete._name} takes {len(names)} tensors but got {len(args)} positional arguments",
                want=f"signature {concrete.pretty_printed_signature(verbose=False)}",
                where=user_line(),
            )
        )
    known = {p.name: p.type for p in parameters if not p.type.flatten()}
    for name, value in kwargs.items():
        if name in known and name not in names:
            # What the trace knows may be passed, if it is the same.
            _cast(concrete, known[name], value, name)
            continue
        if name not in names or name in values:
            raise TypeError(
                page(
                    f"{concrete._name} got an unexpected or repeated keyword argument '{name}'",
                    want=f"signature {concrete.pretty_printed_signature(verbose=False)}",
                    where=user_line(),
                )
            )
        values[name] = value
    missing = [n for n in names if n not in values]
    if missing:
        raise TypeError(
            page(
                f"{concrete._name} missing required arguments: {', '.join(missing)}",
                want=f"signature {concrete.pretty_printed_signature(verbose=False)}",
                where=user_line(),
            )
        )
    specs = concrete.function_type.flatten()
    flat = iter([_cast(concrete, TensorType(s), values[n], n) for n, s in zip(names, specs, strict=True)])
    return [Bound(p.name, p.kind, p.type.from_tensors(flat)) for p in parameters]
