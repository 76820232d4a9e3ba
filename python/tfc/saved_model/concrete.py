"""One trace in a saved model: bytecode, what it takes, what it returns, its gradient, code for machines."""

import json

from tfc.compiler import compile_module
from tfc.errors import page
from tfc.function import ConcreteFunction
from tfc.function.gradient import pair_of
from tfc.ir import assemble, module_bytecode, write_function
from tfc.saved_model import encoding
from tfc.saved_model.encoding import NotEncodable
from tfc.saved_model.objects import Numbered
from tfc.state import Variable


class ConcreteWriter:
    """Describes traces, each once. `described`: JSON of each; `captured`: the tensors that they captured, by name."""

    def __init__(self, objects: Numbered, files: dict, targets: tuple):
        self.objects, self.files, self.targets = objects, files, targets
        self.described: list[dict] = []
        self.captured: dict = {}
        self._tensors: dict = {}
        self._numbers: dict[int, int] = {}

    def number_of(self, concrete: ConcreteFunction) -> int:
        """The number of a trace. Raises `NotEncodable` if its arguments or results have no meaning elsewhere."""
        found = self._numbers.get(id(concrete))
        if found is None:
            described = self._describe(concrete)
            found = self._numbers[id(concrete)] = len(self.described)
            self.described.append(described)
        return found

    def _describe(self, concrete) -> dict:
        graph = concrete._graph
        if graph.variable_inputs:
            raise NotEncodable("a variable that is an argument")
        if graph.function.hosts:
            raise NotEncodable("a Python function that it calls (py_function, numpy_function)")
        type_ = encoding.encode_function_type(concrete.function_type)
        try:
            structure, slots = concrete._outputs.parts()
        except TypeError as e:
            raise NotEncodable(f"a result that is {e}") from None
        result = {"structure": encoding.encode_structure(structure), "slots": slots}
        result["specs"] = [encoding.encode_spec(s) for s in concrete._outputs.specs]
        described = {
            "name": concrete._name,
            "type": type_,
            "result": result,
            **self._graph(graph, concrete.live_variables(), f"functions/{len(self.described)}"),
        }
        if graph.function.python:
            described["gradient"] = self._gradient(concrete, f"functions/{len(self.described)}")
        return described

    def _graph(self, graph, variables: list, name: str) -> dict:
        self.files[f"{name}.mlirbc"] = write_function(graph.function)
        described = {
            "file": f"{name}.mlirbc",
            "names": [t.op_name for t in graph.inputs],
            "captured": [self._tensor(t) for t in graph.captured],
            "variables": [self._variable(graph.name, v) for v in variables],
            "written": sorted(graph.written_positions()),
        }
        code = self._code(graph, name)
        if code:
            described["code"] = code
        return described

    def _tensor(self, tensor) -> str:
        found = self._tensors.get(id(tensor))
        if found is None:
            name = f"captured/{len(self.captured)}"
            self.captured[name] = tensor._view()
            found = self._tensors[id(tensor)] = name, tensor
        return found[0]

    def _variable(self, function: str, variable) -> int:
        number = self.objects.number_of(variable)
        if number is None and not isinstance(variable, Variable):
            return self.objects.add(variable)  # the state of a random op, which belongs to the trace
        if number is None:
            raise AssertionError(
                page(
                    "Tried to export a function which references an 'untracked' resource. TensorFlow objects (e.g. "
                    "tf.Variable) captured by functions must be 'tracked' by assigning them to an attribute of a "
                    "tracked object or assigned to an attribute of the main object directly.",
                    got=f"the variable {variable.name}, which {function} uses",
                    fix="assign it to an attribute of the object that is saved",
                )
            )
        return number

    def _code(self, graph, name: str) -> list:
        """Objects for the targets, of a function whose ranks are known."""
        made = []
        if any(t.shape_tuple is None for t in [*graph.inputs, *graph.capture_inputs]):
            return made
        for number, target in enumerate(self.targets):
            triple, _, cpu = ("", "", "native") if target == "native" else target.partition(":")
            module = assemble([(graph.function, "entry", {})])
            code = compile_module(module, triple=triple, cpu=cpu or "generic")
            file = f"{name}.{number}.o"
            self.files[file] = code.content
            entry = json.dumps(code.entries["entry"])
            made.append({"file": file, "target": code.target, "entry": json.loads(entry)})
        return made

    def _gradient(self, concrete, name: str) -> dict:
        """The gradient of a function with a `custom_gradient` inside, as two functions: Python's part is traced."""
        pair = pair_of(concrete)
        if pair.error is not None:
            return {"error": str(pair.error)}
        if not pair.sources:
            return {"sources": []}
        constants = list(concrete._graph.constants())
        first = len(concrete.specs)
        frozen = {first + i: c._view() for i, c in enumerate(constants)}
        forward, backward = pair.forward._graph, pair.backward._graph
        module = assemble([(forward.function, "forward", frozen)])
        self.files[f"{name}.forward.mlirbc"] = module_bytecode(module)
        self.files[f"{name}.backward.mlirbc"] = write_function(backward.function)
        # Positions among the inputs, without the constants that are frozen now.
        end = first + len(constants)
        sources = [s if s < first else s - len(constants) if s >= end else None for s in pair.sources]
        return {
            "forward": {
                "file": f"{name}.forward.mlirbc",
                "names": [t.op_name for t in forward.inputs[:first]],
                "variables": len(forward.handles),
                "written": sorted(forward.written_positions()),
            },
            "backward": {
                "file": f"{name}.backward.mlirbc",
                "names": [t.op_name for t in [*backward.inputs, *backward.capture_inputs]],
                "variables": 0,
                "written": [],
            },
            "sources": sources,
            "sizes": list(pair.sizes),
            "targets": list(pair.targets),
            "count": pair.count,
        }
