"""Calls under a gradient tape: a forward function that also returns what the gradient needs, and a backward
function.
"""

from tfc.autodiff import GradientTape
from tfc.core import current, record_operation, recorders, should_record, stop_recording, using
from tfc.dtypes import TensorSpec
from tfc.errors import page, user_line
from tfc.function.effects import effects_of
from tfc.function.flat import FlatFunction
from tfc.ir import describe_type, kind_of
from tfc.ops import primitives as p
from tfc.ops.gradients import zeros_like
from tfc.ops.indexed_slices import IndexedSlices
from tfc.state import stand_in
from tfc.tracing import FuncGraph, Memory, replay, replay_purely


def run(function: FlatFunction, tensors: list, variables: list) -> list:
    """Flat results of a call, which tapes can differentiate."""
    if recorders():
        constants = function._graph.constants()
        if should_record([*tensors, *constants, *variables]):
            if function.runs_op_by_op([getattr(t, "shape_tuple", None) for t in tensors]):
                return function.replayed(tensors, variables)
            return _recorded(function, tensors, constants, variables)
    return function.call_flat(tensors, variables)


class Pair:
    """`forward`: results, then `residuals`. `backward`: gradients of the inputs named by `sources` from those of
    `targets`.

    `error`: why there is no backward function. `sizes`: how many tensors each gradient is (3: the values, indices and
    dense shape of `IndexedSlices`). `reads`: the variables that gradients of functions with their own read again: which
    ones of the function's, or others.
    """

    forward = backward = error = None
    sources: tuple = ()
    sizes: tuple = ()
    targets: tuple = ()
    reads: tuple = ()
    count = 0


def pair_of(function: FlatFunction) -> Pair:
    """Forward and backward function of a function, made once."""
    if function._pair is None:
        function._pair = _make_pair(function)
    return function._pair


def _changes(function) -> bool:
    """Whether a function leaves something behind, so that it may not run twice."""
    if function._changes is None:
        found = effects_of(function._graph.function).effects
        function._changes = any(
            e.external or any(access != "read" for name, access in e.resources.items() if name != "outcome")
            for e in found
        )
    return function._changes


def _order() -> int:
    """How many derivatives of one operation the recorders may ask for."""
    return len(recorders()) + any(r.repeats for r in recorders())


def _pairs(function, pair) -> list:
    """Forward and backward functions of a function, of its forward function, and so on: one pair for each recorder that
    may ask for the next derivative, if the forward function may not run again for it.
    """
    pairs = [pair]
    if _order() > 1 and _changes(function):
        while len(pairs) < _order():
            following = pair_of(pairs[-1].forward)
            if following.error is not None or not following.sources:
                break
            pairs.append(following)
    return pairs


def _recorded(function, tensors, constants, variables) -> list:
    pair = pair_of(function)
    inputs = [*tensors, *constants, *variables]
    if pair.error is not None:
        with stop_recording():
            outs = function.call_flat(tensors, variables)

        def fail(*grads):
            raise pair.error

        record_operation(function._name, inputs, outs, fail)
        return outs
    if not pair.sources:
        return function.call_flat(tensors, variables)
    pairs = _pairs(function, pair)
    # Each forward function has constants of its own behind those of the one that it is for.
    own = [made.forward._graph.constants() for made in pairs[:-1]]
    # For derivatives beyond the pairs, which a persistent tape may ask for.
    before = None
    if _changes(function) and any(r.repeats for r in recorders()):
        before = [p.read_variable(v) for v in variables]
    with stop_recording():
        results = pairs[-1].forward.call_flat([*tensors, *constants, *(c for cs in own for c in cs)], variables)

    def backward(*grads):
        return _backward(pairs, own, inputs, len(variables), before, results, grads)

    # Where the function ran once for all orders, its last residuals are nobody else's.
    once = len(pairs) == _order() and _runs_once(function)
    last = len(results) - pairs[-1].count if once else 0
    record_operation(function._name, inputs, results, backward, private=last)
    return results[: pair.count]


def _runs_once(function) -> bool:
    """Whether there are recorders that would run a function again which may not run twice."""
    return any(r.pushes for r in recorders()) and _changes(function)


def _backward(pairs, own, inputs, num_variables, before, results, grads):
    split = len(inputs) - num_variables
    ends = [made.count for made in pairs[1:]] + [len(results)]
    skipped = 0
    for level, (pair, end) in enumerate(zip(pairs, ends, strict=True)):
        # Second order and above: what a backward function used is a result as well.
        if all(g is None for g in grads[pair.count :]):
            found = _found(pair, results[:end], grads, inputs[split:])
            return [found.get(at if at < split else at + skipped) for at in range(len(inputs))]
        skipped += len(own[level]) if level < len(own) else 0
    inner = pairs[-1].forward
    constants = [*(c for cs in own for c in cs), *inner._graph.constants()]
    tensors, variables = [*inputs[:split], *constants], inputs[split:]
    if before is not None:
        inner = _without_effects(inner)
        tensors, variables = [*tensors, *before], []
    outer = pair_of(inner)
    if outer.error is not None:
        raise outer.error
    again = run(outer.forward, tensors, variables)
    found = _found(outer, again, grads, variables)
    return [found.get(at if at < split else at + len(constants)) for at in range(len(inputs))]


def _without_effects(function: FlatFunction) -> FlatFunction:
    """A function with the same results, of tensors, constants, and the values that its variables have before.

    It leaves nothing behind, so that it may run as often as derivatives are asked for.
    """
    if function._pure is not None:
        return function._pure
    if any(e.external for e in effects_of(function._graph.function).effects):
        raise NotImplementedError(
            page(
                f"derivatives of order {function._name.count('forward_') + 2} and above of a function that calls "
                "Python, through one persistent tape: the call may not run again",
                where=user_line(),
                fix="nest a tf.GradientTape for each order, so that the function keeps what all orders need",
            )
        )
    graph = FuncGraph(f"again_{function._name}")
    with stop_recording(), using(graph):
        tensors = [graph.add_input(spec) for spec in function.specs]
        constants = [graph.add_input(TensorSpec(t.shape_tuple, t.dtype)) for t, _ in function._graph.constant_values()]
        kinds = [describe_type(kind_of(handle.type)[1]) for handle in function._graph.handles]
        values = [graph.add_input(TensorSpec(dims, dtype)) for dtype, dims in kinds]
        graph.finish(_outputs(function, tensors, constants, [Memory(v) for v in values], replay_purely))
    function._pure = FlatFunction(graph.name, graph)
    function._pure._pure_of = function
    function._pure.compile_options = function.compile_options
    return function._pure


def _found(pair, results, grads, variables) -> dict:
    """The gradients of a pair's inputs, by position."""
    weights = [zeros_like(results[t]) if grads[t] is None else grads[t] for t in pair.targets]
    read = [variables[v] if isinstance(v, int) else v for v in pair.reads]
    found = iter(run(pair.backward, [*weights, *results[pair.count :]], read))
    by_input = {}
    for source, size in zip(pair.sources, pair.sizes, strict=True):
        parts = [next(found) for _ in range(size)]
        by_input[source] = parts[0] if size == 1 else IndexedSlices(*parts)
    return by_input


def _make_pair(function: FlatFunction) -> Pair:
    pair = Pair()
    graph = function._graph
    forward = FuncGraph(f"forward_{function._name}")
    with stop_recording(), using(forward):
        tensors = [forward.add_input(spec) for spec in function.specs]
        constants = [forward.add_input(TensorSpec(t.shape_tuple, t.dtype)) for t, _ in graph.constant_values()]
        variables = []
        names = function.variable_names()
        for handle, name in zip(graph.handles, names, strict=True):
            dtype, dims = describe_type(kind_of(handle.type)[1])
            variables.append(stand_in(dtype, dims, True, name))
            forward.add_variable_input(variables[-1])
        sources = [*tensors, *constants, *variables]
        tape = GradientTape(persistent=True, watch_accessed_variables=False)
        with tape:
            for s in sources:
                if s.dtype.is_differentiable:
                    tape.watch(s)
            outputs = _outputs(function, tensors, constants, variables)
            if len(outputs) != len(graph.outputs):
                pair.error = NotImplementedError(
                    f"the second gradient of {function._name}: its functions with gradients of their own ran "
                    "differently when they ran again"
                )
                return pair
        backward = FuncGraph(f"backward_{function._name}", parent=forward)
        try:
            _trace_backward(pair, tape, backward, sources, outputs)
            again = FuncGraph(f"backward_{function._name}", parent=forward)
            if _trace_recomputing(pair, tape, backward.captured, again, sources, outputs):
                backward = again
        except (LookupError, NotImplementedError) as e:
            pair.error = e
            return pair
        if not pair.sources:
            return pair
        pair.count = len(outputs)
        residuals = backward.captured
        places = {id(v): i for i, v in enumerate(variables)}
        pair.reads = tuple(places.get(id(v), v) for v in backward.variables)
        forward.finish([*outputs, *residuals])
    pair.forward = FlatFunction(forward.name, forward)
    if _has_own_gradients(function):
        pair.forward._forward_of = function
    pair.backward = FlatFunction(backward.name, backward)
    pair.forward.compile_options = pair.backward.compile_options = function.compile_options
    return pair


def _has_own_gradients(function: FlatFunction) -> bool:
    """Whether there are functions with gradients of their own inside, which its forward function has lost."""
    if function._pure_of is not None:
        return _has_own_gradients(function._pure_of)
    return bool(function._graph.function.python) or function._forward_of is not None


def _outputs(function: FlatFunction, tensors: list, constants: list, variables: list, run=replay) -> list:
    """Runs a function op by op, with other values for the constants that it captured.

    A forward function has only the results of functions with gradients of their own, not those gradients: what it is
    the forward function of runs in its place.
    """
    source = function._forward_of
    if function._pure_of is not None and _has_own_gradients(function):
        source = function._pure_of
        split, end = len(source.specs), len(tensors) - len(source._graph.handles)
        memories = [Memory(v) for v in tensors[end:]]
        return _outputs(source, tensors[:split], tensors[split:end], memories, replay_purely)
    if source is None:
        values = [value for _, value in function._graph.constant_values()]
        overrides = dict(zip(values, constants, strict=True))
        return run(function._graph.function, [*tensors, *variables], overrides)
    # Constants of the forward function come into being again.
    count = len(source.specs)
    sources = [*tensors, *(v.source if isinstance(v, Memory) else v for v in variables)]
    tape = GradientTape(persistent=True, watch_accessed_variables=False)
    with tape:
        for s in sources:
            if s.dtype.is_differentiable:
                tape.watch(s)
        outputs = _outputs(source, tensors[:count], tensors[count:], variables, run)
    with stop_recording():
        scratch = Pair()
        backward = FuncGraph("again", parent=current())
        _trace_backward(scratch, tape, backward, sources, outputs)
        again = FuncGraph("again", parent=current())
        if _trace_recomputing(scratch, tape, backward.captured, again, sources, outputs):
            backward = again
        lists = backward.captured_lists()
    # Lists are captured stacked: here for tapes to see.
    residuals = [
        p.list_stack(lists[id(r)], element_type=lists[id(r)].element) if id(r) in lists else r
        for r in backward.captured
    ]
    return [*outputs, *residuals]


def _trace_recomputing(pair, tape, captured, backward, sources, outputs) -> bool:
    """The backward function once more, with cheap values made again instead of captured; False if nothing is gained."""
    if not pair.sources:
        return False
    with using(backward):
        made = tape.recomputing(captured, sources)
    if made is None:
        return False
    tape, values = made
    _trace_backward(pair, tape, backward, sources, [values.get(id(o), o) for o in outputs])
    return True


def _trace_backward(pair, tape, backward, sources, outputs):
    pair.targets = tuple(i for i, o in enumerate(outputs) if o.dtype.is_differentiable)
    wanted = [i for i, s in enumerate(sources) if s.dtype.is_differentiable]
    if not pair.targets or not wanted:
        return
    with using(backward):
        weights = [backward.add_input(TensorSpec(outputs[t].shape_tuple, outputs[t].dtype)) for t in pair.targets]
        found = tape.gradient(
            [outputs[t] for t in pair.targets], [sources[i] for i in wanted], output_gradients=weights
        )
        kept = [(i, g) for i, g in zip(wanted, found, strict=True) if g is not None]
        pair.sources = tuple(i for i, _ in kept)
        parts = [g._components() if isinstance(g, IndexedSlices) else (g,) for _, g in kept]
        pair.sizes = tuple(map(len, parts))
        backward.finish([t for group in parts for t in group])
