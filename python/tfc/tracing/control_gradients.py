"""Gradients of branches and loops.

The backward pass runs the regions again, under a tape. A branch is run again as a branch. A loop under a tape also
collects what its variables were at the start of each iteration, in lists; its gradient is a loop over those, from the
last to the first. Effects are not repeated: a variable that a region only reads is read once, beside the op.
"""

from tfc.autodiff import GradientTape
from tfc.autodiff.backward import accumulate
from tfc.core import TensorList, current, record_operation, should_record, stop_recording
from tfc.dtypes import TensorSpec, as_shape, int32
from tfc.errors import page, user_line
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import zeros_like
from tfc.tracing import control
from tfc.tracing.replay import ABSENT, PureReplay, symbols_of


class _Region:
    """What the backward pass needs of the regions of an op: values used inside, and variables read inside.

    `inputs`: captured values, then the values of variables. `error`: why the regions cannot be run again.
    """

    def __init__(self, graph, scopes):
        self.function = graph.function
        captures = list({k: v for s in scopes for k, v in s.captures.items()}.values())
        # What stands for them in the function that the regions are in.
        self.locals = [graph.local(c) for c in captures]
        self.captures = captures
        variables = {k: v for s in scopes for k, v in s.variables.items()}
        written = set().union(*(s.written for s in scopes))
        self.error = None
        for key in written & set(variables):
            self.error = getattr(variables[key], "name", "a variable")
        self.handles = [graph.resource(v) for k, v in variables.items() if k not in written]
        self.values = [p.read_variable(v) for k, v in variables.items() if k not in written]
        self.inputs = [*self.captures, *self.values]

    def environment(self) -> dict:
        """What MLIR values of outer scopes stand for."""
        env = {here.value: c for here, c in zip(self.locals, self.captures, strict=True)}
        env.update(zip(self.handles, self.values, strict=True))
        return env

    def run(self, block, env: dict) -> list:
        """The values that a block yields, without its effects."""
        return PureReplay(symbols_of(self.function), env).block(block)


def _refuse(kind, variable, where):
    return LookupError(
        page(
            f"No gradient defined for operation '{kind}': it writes the variable {variable!r} inside",
            where=where,
            fix="carry the value through the loop or branch, and assign it to the variable afterwards",
        )
    )


def _refuse_growth(name, where):
    return LookupError(
        page(
            f"No gradient defined for operation 'while': the size of {name} changes from one iteration to the next",
            where=where,
            fix="collect the parts in a TensorArray, and use .concat() or .stack() after the loop",
        )
    )


def _differentiable(value) -> bool:
    return value.dtype.is_differentiable


def _zeros(value):
    if isinstance(value, TensorList):
        return p.list_create(p.list_length(value), element_type=value.element, dynamic_size=False)
    return zeros_like(value)


def _filled(grads, values) -> list:
    return [_zeros(v) if g is None else g for g, v in zip(grads, values, strict=True)]


def _gradients(run, sources, weights, wanted, totals=()) -> list:
    """Gradients of `run()`'s values at `wanted` with respect to `sources`; None where there is none.

    `totals`: (source, gradient so far) pairs, to which the gradient of that source is added.
    """
    tape = GradientTape(watch_accessed_variables=False)
    with tape:
        tape.watch(sources)
        outs = run()
    gradients = {id(source): total for source, total in totals}
    for i, weight in zip(wanted, weights, strict=True):
        gradients[id(outs[i])] = accumulate(gradients.get(id(outs[i])), weight)
    return tape.propagate(gradients, sources)


# Branches.


def recorded_cond(graph, pred, true_fn, false_fn) -> list:
    """`tfc.if`, for tapes to see as one operation."""
    with stop_recording():
        outs, op, scopes = control.build_cond(graph, pred, true_fn, false_fn)
    region = _Region(graph, scopes)
    wanted = [i for i, o in enumerate(outs) if _differentiable(o)]
    if not wanted or not should_record(region.inputs):
        return outs
    sources = [i for i, v in enumerate(region.inputs) if _differentiable(v)]
    blocks = [r.blocks[0] for r in op.regions]
    where = user_line()

    def backward(*grads):
        if region.error is not None:
            raise _refuse("if", region.error, where)
        weights = _filled([grads[i] for i in wanted], [outs[i] for i in wanted])
        inputs = [region.inputs[i] for i in sources]

        def of(block):
            return _gradients(lambda: region.run(block, region.environment()), inputs, weights, wanted)

        # Which inputs are connected is known only afterwards.
        with current().trial():
            found = [of(block) for block in blocks]
        connected = [i for i, pair in enumerate(zip(*found, strict=True)) if any(g is not None for g in pair)]
        if not connected:
            return [None] * len(region.inputs)

        def branch(block):
            return lambda: _filled([of(block)[i] for i in connected], [inputs[i] for i in connected])

        results = current().cond(pred, branch(blocks[0]), branch(blocks[1]))
        by_input = {sources[i]: g for i, g in zip(connected, results, strict=True)}
        return [by_input.get(i) for i in range(len(region.inputs))]

    record_operation("if", region.inputs, outs, backward)
    return outs


# Loops.


def recorded_while(graph, cond_fn, body_fn, init, shape_invariants, maximum_iterations, names) -> list:
    """`tfc.while`, for tapes to see as one operation; it also collects the values of each iteration."""
    with stop_recording():
        init = [control.as_leaf(graph, v) for v in init]
    count = len(init)
    kept = [i for i, v in enumerate(init) if not isinstance(v, TensorList)]
    specs = [_spec(init, shape_invariants, i) for i in kept]

    def test(*values):
        return cond_fn(*values[:count])

    def step(*values):
        n, lists = values[count], values[count + 1 :]
        outs = list(body_fn(*values[:count]))
        grown = [p.list_set(lst, n, values[i]) for lst, i in zip(lists, kept, strict=True)]
        return [*outs, p.add(n, convert_to_tensor(1, int32)), *grown]

    with stop_recording():
        zero = convert_to_tensor(0, int32)
        lists = [p.list_create(zero, element_type=s, dynamic_size=True) for s in specs]
        invariants = None
        if shape_invariants is not None:
            invariants = [*shape_invariants, *[None] * (len(lists) + 1)]
        results, op, scopes = control.build_while(
            graph,
            test,
            step,
            [*init, zero, *lists],
            invariants,
            maximum_iterations,
            None if names is None else [*names, *["collected"] * (len(lists) + 1)],
        )
    outs, trips, collected = results[:count], results[count], results[count + 1 :]
    region = _Region(graph, scopes[1:])
    if not any(map(_differentiable, outs)) or not should_record([*init, *region.inputs]):
        return outs
    grows = next((i for i, s in zip(kept, specs, strict=True) if s.shape.dims != init[i].shape_tuple), None)
    loop = _Loop(region, op.regions[1].blocks[0], init, outs, trips, dict(zip(kept, collected, strict=True)), specs)
    where = user_line()

    def backward(*grads):
        if region.error is not None:
            raise _refuse("while", region.error, where)
        if grows is not None:
            raise _refuse_growth(names[grows] if names else f"loop_vars[{grows}]", where)
        return loop.backward(grads[:count], dict(zip(kept, grads[count:], strict=True)))

    # The collected values are results as well: what the backward pass reads is differentiated again for higher orders.
    record_operation("while", [*init, *region.inputs], [*outs, *collected], backward)
    return outs


def _spec(init, shape_invariants, at) -> TensorSpec:
    value = init[at]
    invariant = shape_invariants[at] if shape_invariants else None
    return TensorSpec(value.shape_tuple if invariant is None else as_shape(invariant), value.dtype)


class _Loop:
    """The backward pass of a loop."""

    def __init__(self, region, block, init, outs, trips, collected, specs):
        self.region, self.block, self.init, self.outs, self.trips = region, block, init, outs, trips
        self.collected = collected
        self.specs = dict(zip(collected, specs, strict=True))
        self.carried = [i for i, v in enumerate(outs) if _differentiable(v)]
        self.sources = [i for i, v in enumerate(region.inputs) if _differentiable(v)]

    def backward(self, grads, at_starts) -> list:
        """`grads`: of the results; `at_starts`: of the collected starting values, by the variable's position."""
        weights = _filled([grads[i] for i in self.carried], [self.outs[i] for i in self.carried])
        connected = self._connected(weights)
        inputs = [self.region.inputs[self.sources[i]] for i in connected]
        last = p.sub(self.trips, convert_to_tensor(1, int32))
        n = len(weights)

        def step(k, *values):
            found = self._iteration(k, list(values[:n]), list(zip(inputs, values[n:], strict=True)))
            carried = _filled(found[:n], self._starts(k))
            for j, at in enumerate(self.carried):
                if at_starts.get(at) is not None:
                    more = p.list_get(at_starts[at], k, element_type=self.specs[at])
                    carried[j] = accumulate(carried[j], more)
            return [p.sub(k, convert_to_tensor(1, int32)), *carried, *(found[n + i] for i in connected)]

        invariants = [None, *(self._invariant(i) for i in self.carried), *[None] * len(inputs)]
        results = current().while_loop(
            lambda k, *_: p.greater_equal(k, convert_to_tensor(0, int32)),
            step,
            [last, *weights, *map(_zeros, inputs)],
            shape_invariants=invariants,
        )[1:]
        by_init = dict(zip(self.carried, results[:n], strict=True))
        by_input = {self.sources[i]: g for i, g in zip(connected, results[n:], strict=True)}
        return [by_init.get(i) for i in range(len(self.init))] + [
            by_input.get(i) for i in range(len(self.region.inputs))
        ]

    def _invariant(self, at):
        return self.specs[at].shape if at in self.specs else None

    def _connected(self, weights) -> list:
        """The inputs that have a gradient at all."""
        with current().trial():
            found = self._iteration(convert_to_tensor(0, int32), weights)[len(weights) :]
        return [i for i, g in enumerate(found) if g is not None]

    def _starts(self, k) -> list:
        return [self._start(k, i) for i in self.carried]

    def _start(self, k, at):
        """What a variable was when iteration k began. A list is what it was in the end: elements are set once."""
        if at in self.collected:
            return p.list_get(self.collected[at], k, element_type=self.specs[at])
        return self.outs[at]

    def _iteration(self, k, weights, totals=()) -> list:
        """Gradients of one iteration's results with respect to its starting values, then to the inputs."""
        starts = {i: self._start(k, i) for i in range(len(self.init))}
        env = self.region.environment()
        # Those beyond are the counters and the collected values, which no gradient depends on.
        spare = [ABSENT] * (len(self.block.arguments) - len(starts))
        env.update(zip(self.block.arguments, [*starts.values(), *spare], strict=True))
        sources = [*(starts[i] for i in self.carried), *(self.region.inputs[i] for i in self.sources)]
        return _gradients(lambda: self.region.run(self.block, env), sources, weights, self.carried, totals)
