"""A graph that was traced before, maybe by another process."""

from tfc.tracing.graph import FuncGraph
from tfc.tracing.tensors import SymbolicTensor


def restored_graph(name: str, make_function, names: list, captured: list, variables: list, written: list) -> FuncGraph:
    """A finished graph around a function that exists.

    `make_function(symbol)`: the `ir.Function` under a symbol of this process. `names`: of the tensor parameters;
    `captured`: the eager tensors and `variables` the variables that it takes after them; `written`: the positions of
    variables that it may write.
    """
    graph = FuncGraph(name, definition=())
    function = make_function(graph.symbol)
    arguments = list(function.entry.arguments)
    count = len(names) + len(captured)
    graph.restore(function, arguments[count:])
    tensors = [SymbolicTensor(v, graph.root, (), n) for v, n in zip(arguments, [*names, *[None] * len(captured)])]
    graph.inputs, graph.capture_inputs = tensors[: len(names)], tensors[len(names) :]
    graph.captured = list(captured)
    graph.variables = list(variables)
    graph.variable_ids = [id(v) for v in variables]
    graph.written = {id(variables[at]) for at in written}
    graph.outputs = [SymbolicTensor(v, graph.root) for v in function.returned()]
    graph.operation_count = len(list(function.entry.operations))
    graph.has_unranked = graph.has_unranked or "tensor<*x" in function.text()
    graph.root.open = False
    graph.finished = True
    return graph
