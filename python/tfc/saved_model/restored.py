"""Functions of a saved model: several traces under one name, without the Python function."""

import functools
import weakref

from tfc.compiler import load_entry
from tfc.core import VariableStorage
from tfc.errors import DataLossError, page, user_line
from tfc.function import ConcreteFunction, FlatFunction, PolymorphicFunction
from tfc.function.gradient import Pair, run
from tfc.function.outputs import Outputs
from tfc.ir import BuildError, parse_function
from tfc.saved_model import encoding
from tfc.tracing import Bound, TracingContext, restored_graph


class RestoredFunction(PolymorphicFunction):
    """A `tf.function` that can only be called with what it was traced for."""

    def __init__(self, name: str, signature, concretes: list):
        reference = weakref.ref(self)

        def call(*args, **kwargs):
            """The function of a saved model, called in Python."""
            concrete, bound = reference()._select(args, kwargs)
            return concrete.call_bound(bound)

        call.__name__ = call.__qualname__ = name
        call.__signature__ = signature
        super().__init__(call, name, autograph=False)
        for concrete in concretes:
            self._concretes[concrete.function_type] = concrete

    def _bind(self, instance):
        return self

    def _select(self, args, kwargs, specs: bool = False) -> tuple:
        """The trace for a call: one of just these types, or one that the arguments can be converted for."""
        if not self._concretes:
            raise ValueError(
                f"Found zero restored functions for caller function {self.name}: it was saved without a trace."
            )
        try:
            bound = self._signature.bind(args, kwargs)
            type_ = self._signature.types(bound, TracingContext(specs))
        except TypeError as e:
            raise self._no_match(args, kwargs, str(e)) from None
        for parameter in type_.parameters:
            parameter.type = encoding.normalised(parameter.type)
        type_ = type(type_)(list(type_.parameters))
        fitting = [t for t in self._concretes if t.is_supertype_of(type_)]
        if fitting:
            best = fitting[0]
            for candidate in fitting[1:]:
                if best.is_supertype_of(candidate) and best != candidate:
                    best = candidate
            return self._concretes[best], bound
        for known, concrete in self._concretes.items():
            if [p.name for p in known.parameters] != [b.name for b in bound]:
                continue
            try:
                return concrete, [Bound(b.name, b.kind, v) for b, v in zip(bound, _cast(known, bound), strict=True)]
            except TypeError:
                continue
        raise self._no_match(args, kwargs)

    def _no_match(self, args, kwargs, why: str | None = None) -> ValueError:
        got = ", ".join([*map(_shown, args), *(f"{k}={_shown(v)}" for k, v in kwargs.items())])
        options = "\n".join(f"    {t}" for t in self._concretes)
        return ValueError(
            page(
                "Could not find matching concrete function to call loaded from the SavedModel. Got:\n"
                f"    ({got})\n  Expected one of the following {len(self._concretes)} option(s):\n{options}",
                got=why,
                where=user_line(),
                fix=f"call {self.name} with such arguments before it is saved, or give it an input_signature",
            )
        )

    def clear_cache(self) -> None:
        """Nothing: the traces cannot be made again."""


def _cast(type_, bound) -> list:
    values = [b.value.read_value() if isinstance(b.value, VariableStorage) else b.value for b in bound]
    return [p.type.cast(v) for p, v in zip(type_.parameters, values, strict=True)]


def _shown(value) -> str:
    dtype, shape = getattr(value, "dtype", None), getattr(value, "shape", None)
    if dtype is not None and shape is not None:
        return f"TensorSpec(shape={shape}, dtype={getattr(dtype, 'name', dtype)})"
    return repr(value)


class ConcreteReader:
    """Makes the traces of a saved model, each once: `reader[number]`."""

    def __init__(self, described: list, read, objects: list, captured: dict):
        self.described, self.read, self.objects, self.captured = described, read, objects, captured
        self._made: dict[int, ConcreteFunction] = {}

    def __getitem__(self, number: int) -> ConcreteFunction:
        if number not in self._made:
            self._made[number] = self._concrete(self.described[number])
        return self._made[number]

    def _concrete(self, d: dict) -> ConcreteFunction:
        variables = [self.objects[n] for n in d["variables"]]
        captured = [self.captured[n] for n in d["captured"]]
        graph = restored_graph(d["name"], self._function(d), d["names"], captured, variables, d["written"])
        structure = encoding.decode_structure(d["result"]["structure"])
        specs = [encoding.decode_spec(s) for s in d["result"]["specs"]]
        outputs = Outputs.restored(structure, d["result"]["slots"], specs)
        made = ConcreteFunction(d["name"], graph, encoding.decode_function_type(d["type"]), outputs)
        made.held = variables  # a trace holds its variables weakly; nobody else may hold those of a loaded one
        if d.get("code"):
            made.stored = functools.partial(self._stored, d)
        if "gradient" in d:
            self._add_gradient(made, d["gradient"])
        return made

    def _function(self, d: dict):
        def make(symbol):
            try:
                return parse_function(self.read(d["file"]), symbol)
            except BuildError as e:
                raise DataLossError(
                    None,
                    None,
                    page(
                        f"the trace {d['file']} of a saved model cannot be read: {e}", fix="save it with this version"
                    ),
                ) from None

        return make

    def _stored(self, d: dict):
        """Code of the saved model for this machine, if there is some."""
        for code in d["code"]:
            made = load_entry(self.read(code["file"]), code["entry"], code["target"], d["name"])
            if made is not None:
                return made
        return None

    def _add_gradient(self, concrete: ConcreteFunction, d: dict) -> None:
        """The gradient that was saved, for calls under a tape and for calls in functions that are differentiated."""
        pair = concrete._pair = Pair()
        if "error" in d:
            pair.error = LookupError(d["error"])
        elif d["sources"]:
            pair.forward = self._flat(f"forward_{concrete._name}", d["forward"])
            pair.backward = self._flat(f"backward_{concrete._name}", d["backward"])
            pair.sources, pair.targets, pair.count = tuple(d["sources"]), tuple(d["targets"]), d["count"]
            pair.sizes = tuple(d.get("sizes", [1] * len(pair.sources)))
        count = len(concrete.specs)
        function = concrete._graph.function
        function.python[function.symbol] = lambda *values: run(concrete, list(values[:count]), list(values[count:]))

    def _flat(self, name: str, d: dict) -> FlatFunction:
        stand_ins = [_StandIn() for _ in range(d["variables"])]
        graph = restored_graph(name, self._function(d), d["names"], [], stand_ins, d["written"])
        graph.variable_inputs = [None] * len(stand_ins)
        return FlatFunction(name, graph)


class _StandIn:
    """A variable that is an argument."""
