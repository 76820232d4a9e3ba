"""`tf.gradients`: derivatives inside a trace of what has been traced already, without a tape.

The ops between the sources and the targets are run again under a tape, into the same trace; equal ops are merged when
the function is compiled.
"""

from tfc.autodiff import GradientTape, UnconnectedGradients
from tfc.core import VariableStorage, current, stop_recording
from tfc.ir import kind_of, mlir, walk
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import zeros_like
from tfc.ops.indexed_slices import dense
from tfc.tracing.replay import Memory, PureReplay, symbols_of
from tfc.tracing.tensors import SymbolicList, SymbolicTensor


def gradients(
    ys,
    xs,
    grad_ys=None,
    name="gradients",
    gate_gradients=False,
    aggregation_method=None,
    stop_gradients=None,
    unconnected_gradients=UnconnectedGradients.NONE,
):
    """The derivatives of the sum of `ys` with respect to each of `xs` (tensors and variables), inside a `tf.function`.

    `grad_ys` weighs the targets; `stop_gradients` count as constants. Raises `RuntimeError` where ops run at once.
    """
    graph = current()
    if graph.eager:
        raise RuntimeError(
            "tf.gradients is not supported when eager execution is enabled. Use tf.GradientTape instead."
        )
    single = not isinstance(xs, (list, tuple))
    sources = [xs] if single else list(xs)
    targets = [convert_to_tensor(y) for y in nest.flatten(ys)]
    weights = None if grad_ys is None else nest.flatten(grad_ys)
    if weights is not None and len(weights) != len(targets):
        raise ValueError(f"Passed {len(weights)} grad_ys for {len(targets)} ys")
    for s in sources:
        if not isinstance(s, (VariableStorage, SymbolicTensor)) and not hasattr(s, "shape_tuple"):
            raise TypeError(f"tf.gradients takes tensors and variables as xs, got {s!r}")
    stops = [] if stop_gradients is None else nest.flatten(stop_gradients)
    leaves = [_leaves(graph, s) for s in sources]
    again = _Again(graph, [t for group in leaves for t in group], [t for s in stops for t in _leaves(graph, s)])
    for s, group in zip(sources, leaves, strict=True):
        if isinstance(s, VariableStorage):
            # Reads inside of branches and loops.
            group.append(again.read(graph.operand(s)))
    tape = GradientTape(persistent=True, watch_accessed_variables=False)
    with stop_recording(), tape:
        tape.watch([t for group in leaves for t in group])
        made = again.run([graph.operand(t) for t in targets], tape.watch)
    results = []
    for source, group in zip(sources, leaves, strict=True):
        # A source that depends on another one was run again, too.
        group = [again.env.get(t.value, t) for t in group]
        parts = [g for g in tape.gradient(made, group, output_gradients=weights) if g is not None] if group else []
        total = None
        for part in parts:
            total = dense(part) if total is None else p.add(total, dense(part))
        if total is None and UnconnectedGradients(unconnected_gradients) is UnconnectedGradients.ZERO:
            total = zeros_like(source)
        results.append(total)
    return results


def hessians(ys, xs, name="hessians", **options):
    """The second derivatives of the sum of `ys` with respect to each of `xs`: of shape `x.shape + x.shape`."""
    sources = xs if isinstance(xs, (list, tuple)) else [xs]
    found = []
    for x in sources:
        slope = gradients(ys, [x], **options)[0]
        if slope is None:
            found.append(None)
            continue
        dims = slope.shape_tuple
        if dims is None or None in dims:
            raise ValueError("tf.hessians needs sources whose shape is known while tracing")
        count = 1
        for d in dims:
            count *= d
        flat = p.reshape(slope, shape=(count,))
        rows = []
        for i in range(count):
            element = p.squeeze(p.slice_(flat, starts=(i,), sizes=(1,), strides=(1,)), axes=(0,))
            row = gradients(element, [x], unconnected_gradients=UnconnectedGradients.ZERO)[0]
            rows.append(p.expand_dims(row, axes=(0,)))
        found.append(p.reshape(p.concat(*rows, axis=0), shape=(*dims, *dims)))
    return found


def _leaves(graph, source) -> list:
    """The tensors of the trace that a source is: itself, or what was read of a variable."""
    if not isinstance(source, VariableStorage):
        value = graph.operand(source)
        return [source if isinstance(source, SymbolicTensor) and source.value == value else _wrapped(graph, value)]
    handle = graph.operand(source)
    reads = []
    for op in _ops(graph):
        if op.name == "tfc.read_variable" and op.operands[0] == handle:
            reads.append(_wrapped(graph, op.results[0]))
    return reads


def _wrapped(graph, value):
    """A value of the trace as a tensor or list, in the scope it belongs to."""
    owner = value.owner
    scope = graph.scope
    while scope.parent is not None and not _holds(scope, owner):
        scope = scope.parent
    if kind_of(value.type)[0] == "list":
        return SymbolicList(value, scope, (), False, None)
    return SymbolicTensor(value, scope, (), "gradients")


def _holds(scope, owner) -> bool:
    """Whether a scope's block has the op, or is the block."""
    if isinstance(owner, mlir.Block):
        return scope.block == owner
    parent = owner.operation.parent
    return (
        parent is not None
        and scope.block.owner.operation == parent.operation
        and any(op.operation == owner.operation for op in scope.block.operations)
    )


def _scopes(graph) -> list:
    """The scopes that are open here, outermost first."""
    scopes, scope = [], graph.scope
    while scope is not None:
        scopes.append(scope)
        scope = scope.parent
    return scopes[::-1]


def _ops(graph):
    """The ops of the trace that are visible here, in program order."""
    for scope in _scopes(graph):
        for op in scope.block.operations:
            yield op.operation


class _Tensors(dict):
    """The tensors of the trace by MLIR value; those that were not run again stand for themselves."""

    def __init__(self, graph):
        super().__init__()
        self.graph = graph
        self.handles = {handle: variable for variable, handle in graph._resources.values()}

    def __missing__(self, value):
        if kind_of(value.type)[0] == "resource":
            made = Memory(p.read_variable(self.handles[value]))
        else:
            made = _wrapped(self.graph, value)
        self[value] = made
        return made


class _Again:
    """The ops between leaves and targets, run again."""

    def __init__(self, graph, leaves, stops):
        self.graph = graph
        self.env = _Tensors(graph)
        self.env.update((t.value, t) for t in (*stops, *leaves))
        self.leaves = {t.value for t in leaves}
        self.stops = {t.value for t in stops}

    def read(self, handle):
        """What regions that are run again read of a variable."""
        self.leaves.add(handle)
        return self.env[handle].source

    def run(self, targets, watch) -> list:
        chosen = self._between(targets)
        replay = PureReplay(symbols_of(self.graph.function), self.env)
        before = self.graph.location
        for op in chosen:
            operands = [self.env[v] for v in op.operands if kind_of(v.type)[0] != "token"]
            self.graph.location = op.location
            results = replay.one(op.name, op, operands)
            values = [r for r in op.results if kind_of(r.type)[0] != "token"]
            self.env.update(zip(values, results, strict=True))
            watch([t for v, t in zip(values, results, strict=True) if v in self.leaves])
        self.graph.location = before
        return [self.env[t] for t in targets]

    def _between(self, targets) -> list:
        """Ops that depend on a leaf and that a target depends on, in program order."""
        moving, candidates = set(self.leaves), []
        for op in _ops(self.graph):
            is_read = op.name == "tfc.read_variable"
            if any(r in self.stops or (is_read and r in self.leaves) for r in op.results):
                continue
            used = _used(op)
            if op.results and any(v in moving for v in used):
                candidates.append((op, used))
                moving.update(op.results)
        needed, chosen = set(targets), []
        for op, used in reversed(candidates):
            if any(r in needed for r in op.results):
                chosen.append(op)
                needed.update(used)
        return chosen[::-1]


def _used(op) -> list:
    """The values an op uses, in its regions too."""
    if not len(op.regions):
        return list(op.operands)
    return [v for inner in walk(op) for v in inner.operands]
