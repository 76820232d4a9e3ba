"""What a graph answers: its operations and tensors by name, its captures, nodes. While it is traced, and afterwards."""

from tfc.autodiff import py_function
from tfc.dtypes import TensorSpec
from tfc.ir import mlir
from tfc.tracing.likeness import Likeness
from tfc.tracing.operations import GraphDef, Operation


class GraphQueries:
    """Questions about the `FuncGraph` that `traced` is."""

    building_function = True
    seed = None
    finalized = False

    @property
    def traced(self):
        return self

    @property
    def version(self) -> int:
        """A number that grows with the operations."""
        return len(self.get_operations())

    def ops_so_far(self) -> list:
        """The ops of the block that ops are put into."""
        return [op.operation for op in self.scope.block.operations]

    def is_read(self, tensor) -> bool:
        """Does a loop look at a value that its body starts with, so far?"""
        value = tensor.value
        block = value.owner
        if not isinstance(block, mlir.Block):
            return True
        at = list(block.arguments).index(value)
        values = [region.blocks[0].arguments[at] for region in block.owner.regions]
        return any(use.owner.name != "tfc.yield" for value in values for use in value.uses)

    def likeness(self, before: list) -> Likeness:
        """Compares the ops since to those of `before`, which `ops_so_far` gave."""
        return Likeness(self, before, self.ops_so_far()[len(before) :])

    def get_operations(self) -> list:
        """The ops of the function itself, in program order."""
        return list(self.traced.view().operations)

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation of a name; `KeyError` if there is none, `ValueError` for what names a tensor."""
        if ":" in _text(name):
            raise ValueError(f"The name {name!r} looks like a Tensor name, not an Operation name: {name!r} has a ':'.")
        for op in self.get_operations():
            if op.name == name:
                return op
        raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")

    def get_tensor_by_name(self, name: str):
        """The tensor `op:number`; `ValueError` if that is no name of a tensor, `KeyError` if there is none."""
        op, colon, number = _text(name).rpartition(":")
        if not colon or not number.isdigit():
            raise ValueError(f"The name {name!r} looks like an Operation name, not a Tensor: it has no ':number'.")
        outputs = self.get_operation_by_name(op).outputs
        if int(number) >= len(outputs):
            raise KeyError(
                f"The name {name!r} refers to a Tensor which does not exist: {op!r} has {len(outputs)} outputs."
            )
        return outputs[int(number)]

    def as_graph_element(self, obj, allow_tensor: bool = True, allow_operation: bool = True):
        """The operation or tensor of a name; operations and tensors of this graph as they are."""
        if not allow_tensor and not allow_operation:
            raise ValueError("allow_tensor and allow_operation can't both be False.")
        if isinstance(obj, str):
            if ":" in obj and allow_tensor:
                return self.get_tensor_by_name(obj)
            if allow_operation:
                return self.get_operation_by_name(obj)
            raise ValueError(f"The name {obj!r} looks like an Operation name, not a Tensor: it has no ':number'.")
        graph = getattr(obj, "graph", None)
        wanted = allow_operation if isinstance(obj, Operation) else allow_tensor
        if graph is None or not wanted:
            kinds = [kind for kind, allowed in (("Tensor", allow_tensor), ("Operation", allow_operation)) if allowed]
            raise TypeError(f"Can not convert a {type(obj).__name__} into a {' or '.join(kinds)}.")
        if getattr(graph, "traced", graph) is not self.traced:
            raise ValueError(f"{obj!r} is not an element of this graph.")
        return obj

    def as_graph_def(self, from_version=None, add_shapes=False, **kwargs) -> GraphDef:
        """The ops as nodes with TensorFlow's names. (The program itself: `ConcreteFunction.mlir`.)"""
        return GraphDef([op.node_def for op in self.get_operations()])

    # Captures.

    @property
    def external_captures(self) -> list:
        """The tensors, and the variables, that the function takes of its surroundings."""
        graph = self.traced
        held = getattr(graph, "variables", ())
        # A function that is called holds variables weakly; None is one that was deleted.
        return [*graph.captured, *((ref() for ref in graph.variable_refs) if held is None else held)]

    @property
    def internal_captures(self) -> list:
        """What stands for captures inside: in the order of `external_captures`."""
        graph = self.traced
        view = graph.view()
        count = len(self.external_captures)
        return [view.tensor(argument) for argument in list(graph.function.entry.arguments)[-count:]] if count else []

    @property
    def captures(self) -> list:
        """Pairs of what is captured, and what stands for it inside."""
        return list(zip(self.external_captures, self.internal_captures, strict=True))

    def capture_call_time_value(self, closure, spec, key=None):
        """A tensor of `spec` that is `closure()` of the call: where the program runs, not where it is traced."""
        if not isinstance(spec, TensorSpec):
            raise NotImplementedError(f"capture_call_time_value takes a tf.TensorSpec, got {spec!r}")
        kept = self.traced.call_time_values
        if key is None or key not in kept:
            value = py_function(closure, [], spec.dtype)
            value.set_shape(spec.shape)
            if key is None:
                return value
            kept[key] = value
        return kept[key]


def _text(name) -> str:
    if not isinstance(name, str):
        raise TypeError(f"names of operations and tensors are strings, got {name!r}")
    return name
