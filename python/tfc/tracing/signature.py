"""Signatures: from (args, kwargs) to parameters in order, and their trace types."""

import functools
import inspect
from collections.abc import Callable

from tfc.core import VariableStorage
from tfc.dtypes import TensorSpec
from tfc.ops.tensor_array import TensorArray
from tfc.tracing.trace_type import Literal, TraceType, VariableType
from tfc.tracing.type_of import TracingContext, type_of

POSITIONAL_ONLY = inspect.Parameter.POSITIONAL_ONLY
POSITIONAL_OR_KEYWORD = inspect.Parameter.POSITIONAL_OR_KEYWORD
VAR_POSITIONAL = inspect.Parameter.VAR_POSITIONAL
KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY
VAR_KEYWORD = inspect.Parameter.VAR_KEYWORD


class Bound:
    """One argument of a call: its parameter's name and kind, and the value."""

    __slots__ = ("kind", "name", "value")

    def __init__(self, name, kind, value):
        self.name, self.kind, self.value = name, kind, value


class Parameter:
    """One parameter of a trace: name, kind and type."""

    __slots__ = ("kind", "name", "type")

    def __init__(self, name: str, kind, type_: TraceType):
        self.name, self.kind, self.type = name, kind, type_

    def __repr__(self):
        return f"{self.name} ({self.kind.name}): {self.type!r}"


def rebuild(bound: list) -> tuple:
    """(args, kwargs) for the Python function."""
    args = [b.value for b in bound if b.kind is not KEYWORD_ONLY]
    kwargs = {b.name: b.value for b in bound if b.kind is KEYWORD_ONLY}
    return args, kwargs


class FunctionType:
    """The types of all parameters of a trace, in order. Hashable; the key of the trace cache."""

    __slots__ = ("_hash", "exact", "output", "parameters")

    def __init__(self, parameters: list):
        self.parameters = tuple(parameters)
        self.output = None
        # Whether it is a supertype of nothing but itself.
        self.exact = all(p.type.is_exact() for p in self.parameters)
        self._hash = hash(tuple((p.name, p.kind, p.type) for p in self.parameters))

    def __eq__(self, other):
        return (
            isinstance(other, FunctionType)
            and self._hash == other._hash
            and self._same_names(other)
            and all(p.type == q.type for p, q in zip(self.parameters, other.parameters, strict=True))
        )

    def __hash__(self):
        return self._hash

    def _same_names(self, other):
        return [(p.name, p.kind) for p in self.parameters] == [(p.name, p.kind) for p in other.parameters]

    def is_supertype_of(self, other: "FunctionType") -> bool:
        """Whether a trace of this type serves calls of the other."""
        return self._same_names(other) and all(
            q.type.is_subtype_of(p.type) for p, q in zip(self.parameters, other.parameters, strict=True)
        )

    def common_supertype(self, others: list):
        """The narrowest type for this and the others, or None."""
        if not all(self._same_names(o) for o in others):
            return None
        made = []
        for at, parameter in enumerate(self.parameters):
            common = parameter.type.most_specific_common_supertype([o.parameters[at].type for o in others])
            if common is None:
                return None
            made.append(Parameter(parameter.name, parameter.kind, common))
        return FunctionType(made)

    def has_unknown_rank(self) -> bool:
        """Whether a tensor may have any rank."""
        return any(p.type.has_unknown_rank() for p in self.parameters)

    def placeholders(self, context) -> list:
        """What stands for the arguments while tracing."""
        made = []
        for parameter in self.parameters:
            context.name = parameter.name
            made.append(Bound(parameter.name, parameter.kind, parameter.type.placeholder_value(context)))
        return made

    def to_tensors(self, bound: list) -> list:
        """The tensors and variables of a call, in order."""
        return [t for p, b in zip(self.parameters, bound, strict=True) for t in p.type.to_tensors(b.value)]

    def leaves(self, bound: list) -> list:
        """The same, as the caller passed them."""
        return [t for p, b in zip(self.parameters, bound, strict=True) for t in p.type.leaves(b.value)]

    def flatten(self) -> list:
        return [s for p in self.parameters for s in p.type.flatten()]

    def cast(self, bound: list) -> list:
        """The arguments converted to the types; `TypeError` if one does not fit."""
        return [Bound(b.name, b.kind, p.type.cast(b.value)) for p, b in zip(self.parameters, bound, strict=True)]

    def __str__(self):
        output = "" if self.output is None else f" -> {self.output}"
        return f"({', '.join(self.described())}){output}"

    def described(self) -> list:
        """Each parameter, with Python's marks `/` and `*` after positional-only ones and before keyword-only ones."""
        made = [f"{p.name}: {p.type!r}" for p in self.parameters]
        keywords = [at for at, p in enumerate(self.parameters) if p.kind is KEYWORD_ONLY]
        if keywords:
            made.insert(keywords[0], "*")
        positional = [at for at, p in enumerate(self.parameters) if p.kind is POSITIONAL_ONLY]
        if positional:
            made.insert(positional[-1] + 1, "/")
        return made

    __repr__ = __str__


class Signature:
    """The parameters of a Python function: binds calls, and makes types of what they pass.

    `input_signature` (a sequence, or None) gives the types of the first parameters.
    """

    def __init__(self, python: Callable, input_signature=None, skip_first: bool = False):
        self.python = inspect.signature(python)
        if skip_first:
            parameters = list(self.python.parameters.values())
            # `*args` takes the instance as well as the rest.
            if parameters and parameters[0].kind is not VAR_POSITIONAL:
                parameters = parameters[1:]
            self.python = self.python.replace(parameters=parameters)
        # What comes before `*args` has no name for callers of a trace.
        self._before_rest = any(p.kind is VAR_POSITIONAL for p in self.python.parameters.values())
        self.name = getattr(python, "__name__", type(python).__name__)
        self.given: FunctionType | None = None
        if input_signature is not None:
            self.given = self._given(input_signature)

    def bind(self, args: tuple, kwargs: dict) -> list:
        """The arguments of a call with defaults, in order; `TypeError` if they do not fit."""
        try:
            found = self.python.bind(*args, **kwargs)
        except TypeError as e:
            raise TypeError(
                f"Binding inputs to tf.function failed due to `{e}`. Received args: {args} and kwargs: {kwargs} for "
                f"signature: {self.python}."
            ) from None
        found.apply_defaults()
        bound = []
        for name, parameter in self.python.parameters.items():
            value = found.arguments[name]
            if parameter.kind is VAR_POSITIONAL:
                bound += [Bound(f"{name}_{i}", POSITIONAL_ONLY, v) for i, v in enumerate(value)]
            elif parameter.kind is VAR_KEYWORD:
                bound += [Bound(k, KEYWORD_ONLY, value[k]) for k in sorted(value)]
            else:
                bound.append(Bound(name, self._kind(parameter), value))
        return bound

    def _kind(self, parameter):
        """The kind of a parameter in a trace."""
        positional = self._before_rest and parameter.kind is POSITIONAL_OR_KEYWORD
        return POSITIONAL_ONLY if positional else parameter.kind

    def types(self, bound: list, context: TracingContext) -> FunctionType:
        """The trace types of a call."""
        return FunctionType([Parameter(b.name, b.kind, type_of(b.value, context)) for b in bound])

    def _given(self, specs) -> FunctionType:
        if not isinstance(specs, (tuple, list)):
            raise TypeError(
                f"input_signature must be either a tuple or a list, got {type(specs)}. It is a nested sequence of "
                "TensorSpec objects."
            )
        if isinstance(specs, tuple) and hasattr(specs, "_fields"):
            specs = tuple(specs)
        parameters = list(self.python.parameters.values())
        names = [p for p in parameters if p.kind in (POSITIONAL_ONLY, POSITIONAL_OR_KEYWORD)]
        rest = next((p for p in parameters if p.kind is VAR_POSITIONAL), None)
        context = TracingContext(specs=True)
        made = []
        for at, spec in enumerate(specs):
            if at < len(names):
                name, kind = names[at].name, self._kind(names[at])
            elif rest is not None:
                name, kind = f"{rest.name}_{at - len(names)}", POSITIONAL_ONLY
            else:
                raise TypeError(
                    f"input_signature contains too many positional arguments: it has {len(specs)} specs, but "
                    f"{self.name}{self.python} takes {len(names)}"
                )
            made.append(Parameter(name, kind, _spec_type(spec, context)))
        for parameter in names[len(specs) :]:
            made.append(_default_type(parameter, self._kind(parameter), context))
        for parameter in parameters:
            if parameter.kind is KEYWORD_ONLY:
                made.append(_default_type(parameter, self._kind(parameter), context))
        return FunctionType(made)


def _default_type(parameter, kind, context):
    if parameter.default is inspect.Parameter.empty:
        raise TypeError(f"input_signature missing type constraint for {parameter.name}")
    return Parameter(parameter.name, kind, type_of(parameter.default, context))


def _spec_type(spec, context) -> TraceType:
    if isinstance(spec, (list, tuple, dict)) or hasattr(spec, "__tf_flatten__"):
        children = spec.values() if isinstance(spec, dict) else spec if isinstance(spec, (list, tuple)) else ()
        for child in children:
            _spec_type(child, context)
        return type_of(spec, context)
    if isinstance(spec, (VariableStorage, VariableType)):
        raise TypeError(f"input_signature doesn't support VariableSpec, got {spec!r}")
    if isinstance(spec, (TensorSpec, TensorArray)) or (isinstance(spec, TraceType) and not isinstance(spec, Literal)):
        return type_of(spec, context)
    if hasattr(type(spec), "__tf_tracing_type__"):
        return type_of(spec, context)
    raise TypeError(
        "input_signature must be either a tuple or a list, a nested sequence of TensorSpec objects, "
        f"got {spec!r} of type {type(spec).__name__}"
    )


def unwrap_partial(function):
    """The function that partials are of (their arguments are in the signature), for names."""
    while isinstance(function, functools.partial):
        function = function.func
    return function
