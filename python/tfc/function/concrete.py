"""`ConcreteFunction`: one trace, callable, compiled when it first runs."""

from tfc.core import VariableStorage, current, executing_eagerly, is_symbolic
from tfc.dtypes import TensorShape
from tfc.function import gradient, inspection
from tfc.function.calling import bind, bind_flat
from tfc.function.effects import EffectOrder, effects_of
from tfc.function.entry_points import entry_point
from tfc.function.flat import FlatFunction
from tfc.function.inspection import output_text, pretty, structured_signature
from tfc.function.serving import ConcreteCalls
from tfc.tracing import FuncGraph


class ConcreteFunction(FlatFunction):
    """A function traced for one kind of arguments.

    Call it with the tensor parameters in order (or by name), or with the arguments of the Python function; Python
    values
    that were part of the trace may be left out, and must be the traced ones if given.
    """

    def __init__(self, name: str, graph: FuncGraph, function_type, outputs, pending=None):
        super().__init__(name, graph)
        self.function_type = function_type
        self._outputs = outputs
        outputs.forget()
        function_type.output = output_text(outputs.structure)
        # Variables that get their first value when it runs first: see `initial`.
        self._pending = pending
        self._calls = ConcreteCalls(self)
        # True of attributes that the trace has read, as long as they are what they were; or None.
        self.guard = None

    def is_current(self) -> bool:
        """Whether the attributes of objects that the trace has read are what they were."""
        return self.guard is None or self.guard()

    @entry_point
    def __call__(self, *args, **kwargs):
        return self._calls(*args, **kwargs)

    def call_python(self, args: tuple, kwargs: dict):
        """A call without the native fast path."""
        tensors, variables = split(self.function_type.to_tensors(bind(self, args, kwargs)))
        if executing_eagerly() and not self.fits(tensors):
            # Tensors of other shapes than those traced: op by op, until one refuses them.
            variables += self.live_variables()
            return self._outputs.pack(self.replayed([*tensors, *self._graph.captured], variables))
        return self._call(tensors, variables)

    def fits(self, tensors) -> bool:
        """Whether tensors have the shapes that were traced."""
        return all(s.shape.is_compatible_with(t.shape_tuple) for s, t in zip(self.specs, tensors, strict=False))

    def call_flat_arguments(self, tensors: list):
        """Runs on the tensor parameters in order."""
        return self.call_bound(bind_flat(self, tuple(tensors), {}))

    def call_bound(self, bound: list):
        """Runs on arguments that fit `function_type`; in a trace, builds a call."""
        return self._call(*split(self.function_type.to_tensors(bound)))

    def with_captured(self, captured: list, args: tuple):
        """Runs with other values of the symbolic tensors that it captured in the function around it."""
        tensors, variables = split(self.function_type.to_tensors(bind(self, args, {})))
        values = iter(captured)
        tensors += [next(values) if is_symbolic(t) else t for t in self._graph.captured]
        return self._outputs.pack(gradient.run(self, tensors, variables + self.live_variables()))

    def _call(self, tensors: list, variables: list):
        if self._pending is not None:
            results = self._pending.first_call(current(), tensors, variables)
            self._pending = None
            if results is not None:
                return self._outputs.pack(results)
        tensors += self._graph.captured
        variables += self.live_variables()
        return self._outputs.pack(gradient.run(self, tensors, variables))

    def mlir(self, stage: str | None = None) -> str:
        """The trace as MLIR text, lowered up to a stage of the pipeline (docs/lowering.md) if one is named.

        Raises `ValueError`, which lists the stages, for another name.
        """
        return self.module_text(stage)

    def effects(self, *, inline: bool = False) -> EffectOrder:
        """The partial order of effects: what each operation touches, what has to happen before it, and why.

        A call of another function counts as one effect, unless `inline` puts the callee's in its place. The result is
        iterable and prints as text; it has `edges`, `why(a, b)`, `dot()` and `svg()`, and draws itself in a notebook.
        """
        return effects_of(self._graph.function, inline=inline)

    # What it is.

    @property
    def name(self) -> str:
        return f"__inference_{self._graph.symbol}"

    @property
    def inference_fn(self) -> "ConcreteFunction":
        """What runs when no tape listens: the function itself."""
        return self

    @property
    def graph(self) -> inspection.FuncGraph:
        """The operations, for inspection."""
        return inspection.FuncGraph(self._graph, self)

    @property
    def structured_input_signature(self) -> tuple:
        """(args, kwargs) with TensorSpecs and Python values."""
        return structured_signature(self.function_type, self._graph)

    @property
    def structured_outputs(self):
        """What it returns, with a symbolic tensor for each tensor."""
        return self._outputs.pack_plain(self.outputs)

    @property
    def output_shapes(self):
        return self._outputs.map_specs(lambda s: s.shape, none=TensorShape(None))

    @property
    def output_dtypes(self):
        return self._outputs.map_specs(lambda s: s.dtype)

    @property
    def inputs(self) -> list:
        """What it takes: the tensors of parameters, then captured tensors and handles of variables."""
        return self.graph.inputs

    @property
    def outputs(self) -> list:
        """The symbolic tensors that it returns."""
        return self.graph.outputs

    @property
    def captured_inputs(self) -> list:
        """Captured tensors and variables."""
        return [*self._graph.captured, *self.live_variables()]

    @property
    def variables(self) -> tuple:
        return tuple(self.live_variables())

    @property
    def trainable_variables(self) -> tuple:
        return tuple(v for v in self.live_variables() if getattr(v, "trainable", False))

    @property
    def function_def(self) -> str:
        """The function as MLIR text: there is no other form of it."""
        return self.mlir()

    def pretty_printed_signature(self, verbose: bool = True) -> str:
        return pretty(self, verbose)

    def __repr__(self):
        return f"<ConcreteFunction {self.pretty_printed_signature(verbose=False)} at 0x{id(self):X}>"

    def __str__(self):
        return f"ConcreteFunction {self.pretty_printed_signature()}"


def split(leaves: list) -> tuple:
    """(tensors, variables) of a mixed list; a variable that is there twice counts once."""
    tensors = [x for x in leaves if not isinstance(x, VariableStorage)]
    variables = {id(x): x for x in leaves if isinstance(x, VariableStorage)}
    return tensors, list(variables.values())
