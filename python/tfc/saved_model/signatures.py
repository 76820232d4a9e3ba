"""Signatures: functions that take named tensors and return a dict of tensors."""

from collections.abc import Mapping

from tfc.dtypes import TensorSpec
from tfc.errors import page
from tfc.function import ConcreteFunction, PolymorphicFunction
from tfc.ops import nest

DEFAULT = "serving_default"


def encode_signatures(signatures, writer) -> dict:
    """name -> number of the trace, names of its arguments, names of its results."""
    if signatures is None:
        return {}
    if not isinstance(signatures, Mapping):
        signatures = {DEFAULT: signatures}
    made = {}
    for name, function in signatures.items():
        concrete = _concrete(function)
        names = _argument_names(concrete)
        made[name] = {"function": writer.number_of(concrete), "arguments": names, "results": _result_names(concrete)}
    return made


def _concrete(function) -> ConcreteFunction:
    if isinstance(function, SignatureFunction):
        return function._concrete
    if isinstance(function, ConcreteFunction):
        return function
    if isinstance(function, PolymorphicFunction):
        if function.input_signature is not None:
            return function.get_concrete_function()
        if len(function._concretes) == 1:
            return next(iter(function._concretes.values()))
    raise ValueError(
        page(
            f"Expected a TensorFlow function for which to generate a signature, but got {function!r}. Only "
            "`tf.functions` with an input signature or concrete functions can be used as a signature.",
            fix="pass function.get_concrete_function(tf.TensorSpec(...))",
        )
    )


def _argument_names(concrete) -> list:
    return [t.op_name for t in concrete._graph.inputs]


def _result_names(concrete) -> list | None:
    """Names of the results in order of flattening; `ValueError` unless they are flat."""
    structure = concrete._outputs.structure
    if isinstance(structure, TensorSpec):
        return ["output_0"]
    if isinstance(structure, Mapping):
        for key, value in structure.items():
            if not isinstance(key, str):
                raise ValueError(
                    f"Got a dictionary with a non-string key {key!r} as the result of a signature function."
                )
            if not isinstance(value, TensorSpec):
                raise _not_flat(structure)
        return sorted(structure)
    if isinstance(structure, (list, tuple)):
        if not all(isinstance(v, TensorSpec) for v in structure):
            raise _not_flat(structure)
        return [f"output_{i}" for i in range(len(structure))]
    if structure is None:
        return []
    raise _not_flat(structure)


def _not_flat(structure) -> ValueError:
    return ValueError(
        page(
            "A signature function has non-flat outputs: outputs must be a single tensor, a sequence of tensors, or a "
            "dictionary from strings to tensors.",
            got=repr(structure),
            fix="return a dict of tensors",
        )
    )


class SignatureFunction:
    """A signature of a loaded model: called with tensors by name, returns a dict of tensors by name."""

    def __init__(self, name: str, concrete: ConcreteFunction, arguments: list, results: list):
        self._name, self._concrete, self._arguments, self._results = name, concrete, arguments, results

    def __call__(self, *args, **kwargs):
        if len(args) > (1 if len(self._arguments) == 1 else 0):
            raise TypeError(
                page(
                    f"signature {self._name!r} takes 0 positional arguments but {len(args)} were given",
                    want=", ".join(f"{n}=..." for n in self._arguments),
                )
            )
        if args:
            if self._arguments[0] in kwargs:
                raise TypeError(f"signature {self._name!r} got two values for {self._arguments[0]!r}")
            kwargs = {self._arguments[0]: args[0], **kwargs}
        wrong = sorted(set(kwargs) ^ set(self._arguments))
        if wrong:
            raise TypeError(
                page(
                    f"signature {self._name!r} missing or unexpected arguments: {', '.join(wrong)}",
                    want=", ".join(self._arguments) or "no arguments",
                    got=", ".join(kwargs) or "no arguments",
                )
            )
        return self._named(self._concrete.call_flat_arguments([kwargs[n] for n in self._arguments]))

    def _named(self, result) -> dict:
        if result is None:
            return {}
        if isinstance(result, Mapping):
            return dict(result)
        return dict(zip(self._results, nest.flatten(result), strict=True))

    @property
    def name(self) -> str:
        return self._name

    @property
    def structured_input_signature(self) -> tuple:
        specs = self._concrete.function_type.flatten()
        named = {n: TensorSpec(s.shape, s.dtype, n) for n, s in zip(self._arguments, specs, strict=True)}
        return (), named

    @property
    def structured_outputs(self) -> dict:
        specs = self._named(self._concrete._outputs.structure)
        return {n: TensorSpec(s.shape, s.dtype, n) for n, s in specs.items()}

    @property
    def output_shapes(self) -> dict:
        return {n: s.shape for n, s in self.structured_outputs.items()}

    @property
    def output_dtypes(self) -> dict:
        return {n: s.dtype for n, s in self.structured_outputs.items()}

    @property
    def inputs(self) -> list:
        return self._concrete.inputs

    @property
    def outputs(self) -> list:
        return self._concrete.outputs

    @property
    def variables(self) -> tuple:
        return self._concrete.variables

    @property
    def trainable_variables(self) -> tuple:
        return self._concrete.trainable_variables

    @property
    def graph(self):
        return self._concrete.graph

    def __repr__(self):
        inputs = ", ".join(f"{n}: {s!r}" for n, s in self.structured_input_signature[1].items())
        return f"<signature {self._name}({inputs}) at 0x{id(self):X}>"


class SignatureMap(Mapping):
    """The signatures of a loaded model, by name."""

    def __init__(self, signatures: dict):
        self._signatures = signatures

    def __getitem__(self, key):
        if key not in self._signatures:
            raise KeyError(f"{key!r}; there are {', '.join(self._signatures) or 'no signatures'}")
        return self._signatures[key]

    def __iter__(self):
        return iter(self._signatures)

    def __len__(self):
        return len(self._signatures)

    def __repr__(self):
        return f"_SignatureMap({self._signatures})"
