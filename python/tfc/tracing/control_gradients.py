"""Gradients of branches and loops.

The backward pass runs the regions again, under a tape. A branch is run again as a branch. A loop under a tape also
collects what its variables were at the start of each iteration, in lists; its gradient is a loop over those, from the
last to the first. Effects are not repeated: variables are read once, before the op, and what a region writes to them is
kept as values; those that a loop writes are collected, too. As everywhere, a gradient flows to the variable that is
read, and not to what was assigned to it.
"""

import numpy as np

from tfc.autodiff import GradientTape
from tfc.autodiff.backward import accumulate
from tfc.core import TensorList, current, record_operation, should_record, stop_recording
from tfc.dtypes import TensorSpec, as_shape, int32
from tfc.errors import page, user_line
from tfc.ops import primitives as p
from tfc.ops import slicing
from tfc.ops.array import reshape, size
from tfc.ops.array import shape as shape_of
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import zeros_like
from tfc.ops.rows.lists import element_gradient
from tfc.tracing import control
from tfc.tracing.replay import ABSENT, Memory, PureReplay, symbols_of


class _Region:
    """What the backward pass needs of the regions of an op: values used inside, and variables used inside.

    `inputs`: captured values, then the values that variables have before the op.
    """

    def __init__(self, graph, op, scopes):
        self.function = graph.function
        captures = list({k: v for s in scopes for k, v in s.captures.items()}.values())
        # What stands for them in the function that the regions are in.
        self.locals = [graph.local(c) for c in captures]
        self.captures = captures
        variables = {k: v for s in scopes for k, v in s.variables.items()}
        self.handles = [graph.resource(v) for v in variables.values()]
        with control.before(graph, op):
            self.values = [p.read_variable(v) for v in variables.values()]
        self.inputs = [*self.captures, *self.values]

    def environment(self) -> dict:
        """What MLIR values of outer scopes stand for."""
        env = {here.value: c for here, c in zip(self.locals, self.captures, strict=True)}
        env.update((h, Memory(v)) for h, v in zip(self.handles, self.values, strict=True))
        return env

    def run(self, block, env: dict) -> list:
        """The values that a block yields, without its effects."""
        return PureReplay(symbols_of(self.function), env).block(block)


def _refuse_growth(name, where):
    return LookupError(
        page(
            f"No gradient defined for operation 'while': the rank of {name} is not known",
            where=where,
            fix="a shape invariant with unknown sizes, such as tf.TensorShape([None, None])",
        )
    )


def _refuse_measuring(name, where):
    return LookupError(
        page(
            f"No gradient defined for operation 'while': its body makes the TensorArray {name} "
            "longer and asks for its size",
            where=where,
            fix="a TensorArray of a fixed size, or a counter of the elements as a loop variable",
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
    region = _Region(graph, op, scopes)
    wanted = [i for i, o in enumerate(outs) if _differentiable(o)]
    if not wanted or not should_record(region.inputs):
        return outs
    sources = [i for i, v in enumerate(region.inputs) if _differentiable(v)]
    blocks = [r.blocks[0] for r in op.regions]

    def backward(*grads):
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
    specs = {i: _spec(init, shape_invariants, i) for i in kept}
    where = user_line()
    with stop_recording():
        zero = convert_to_tensor(0, int32)
        collections = {i: _collection(specs[i], init[i]) for i in kept}
    sizes = [len(c.init) for c in collections.values()]

    def test(*values):
        return cond_fn(*values[:count])

    def step(*values):
        n, rest = values[count], iter(values[count + 1 :])
        outs = list(body_fn(*values[:count]))
        grown = []
        for (i, collection), size in zip(collections.items(), sizes, strict=True):
            grown += collection.add([next(rest) for _ in range(size)], n, values[i])
        return [*outs, p.add(n, convert_to_tensor(1, int32)), *grown]

    more = [v for c in collections.values() for v in c.init]
    invariants = [*(shape_invariants or [None] * count), None, *(s for c in collections.values() for s in c.invariants)]
    with stop_recording():
        results, op, scopes = control.build_while(
            graph,
            test,
            step,
            [*init, zero, *more],
            invariants,
            maximum_iterations,
            None if names is None else [*names, *["collected"] * (len(more) + 1)],
        )
        outs, trips, collected = results[:count], results[count], iter(results[count + 1 :])
        for collection, size in zip(collections.values(), sizes, strict=True):
            collection.results = [next(collected) for _ in range(size)]
        looked_at, measured = control.lists_to_collect(op, count)
        op, stacks = control.collect_lists(graph, op, results, scopes[1], count, looked_at)
        written = {id(v): v for s in scopes for v in s.variables.values() if id(v) in s.written}
        op, memories = control.collect_variables(graph, op, results, count, list(written.values()))
    for i, stack in zip(looked_at, stacks, strict=True):
        collections[i] = _GrowingStack(*stack, outs[i]) if init[i].dynamic_size else _ListStack(*stack)
    region = _Region(graph, op, scopes[1:])
    if not any(map(_differentiable, outs)) or not should_record([*init, *region.inputs]):
        return outs
    unknown = next((i for i in kept if specs[i].shape.rank is None), None)
    growing = next((i for i in measured if init[i].dynamic_size), None)
    loop = _Loop(region, op.regions[1].blocks[0], init, outs, trips, collections, specs, memories)

    def backward(*grads):
        if unknown is not None:
            raise _refuse_growth(names[unknown] if names else f"loop_vars[{unknown}]", where)
        if growing is not None:
            raise _refuse_measuring(names[growing] if names else f"loop_vars[{growing}]", where)
        return loop.backward(grads[:count], dict(zip(collections, grads[count:], strict=True)))

    # The collected values are results as well: what the backward pass reads is differentiated again for higher orders.
    record_operation("while", [*init, *region.inputs], [*outs, *(c.results[0] for c in collections.values())], backward)
    return outs


def _spec(init, shape_invariants, at) -> TensorSpec:
    value = init[at]
    invariant = shape_invariants[at] if shape_invariants else None
    return TensorSpec(value.shape_tuple if invariant is None else as_shape(invariant), value.dtype)


def _collection(spec, value):
    """Where the values that a loop variable has at the start of each iteration are kept."""
    if spec.shape.rank is None or spec.shape.dims == value.shape_tuple:
        return _Stacked(spec)
    return _Ragged(spec)


class _Stacked:
    """Values of one size: a list."""

    def __init__(self, spec):
        self.spec = spec
        self.init = [p.list_create(convert_to_tensor(0, int32), element_type=spec, dynamic_size=True)]
        self.invariants = [None]
        self.results: list = []

    def add(self, values, n, value) -> list:
        return [p.list_set(values[0], n, value)]

    def get(self, k):
        return p.list_get(self.results[0], k, element_type=self.spec)

    def part(self, gradient, k):
        """What belongs to iteration k, of the gradient of the first of the results."""
        return element_gradient(gradient, k, _Stacked.get(self, k))


class _ListStack(_Stacked):
    """Lists of one length: what they hold, stacked."""

    def __init__(self, spec, values):
        self.spec = spec
        self.results = [values]

    def get(self, k):
        return p.list_unstack(super().get(k))

    def part(self, values, k):
        return p.list_unstack(super().part(values, k))


class _GrowingStack(_Stacked):
    """Lists that grow: what they hold, stacked. They are given in their final length: all elements can be set."""

    def __init__(self, spec, values, end):
        self.spec = spec
        self.results = [values]
        self.end = end

    def get(self, k):
        rows = super().get(k)
        return p.list_unstack(p.concat(rows, self._rest(rows), axis=0))

    def part(self, values, k):
        rows = super().part(values, k)
        return p.list_unstack(p.concat(rows, zeros_like(self._rest(rows)), axis=0))

    def _rest(self, rows):
        whole = p.list_stack(self.end, element_type=TensorSpec(self.spec.shape.dims[1:], self.spec.dtype))
        return slicing.getitem(whole, slice(slicing.getitem(shape_of(rows), 0), None))


class _Ragged:
    """Values of different sizes: their elements one after the other, where each begins, and its shape."""

    def __init__(self, spec):
        self.spec = spec
        self._shape = TensorSpec((spec.shape.rank,), int32)
        lists = [_Stacked(TensorSpec((), int32)), _Stacked(self._shape)]
        self._starts, self._shapes = lists
        elements = convert_to_tensor(np.zeros([0], spec.dtype.np_dtype))
        self.init = [elements, *(v for part in lists for v in part.init)]
        self.invariants = [as_shape([None]), None, None]
        self.results: list = []

    def add(self, values, n, value) -> list:
        elements, starts, shapes = values
        return [
            p.concat(elements, reshape(value, [-1]), axis=0),
            p.list_set(starts, n, size(elements)),
            p.list_set(shapes, n, shape_of(value)),
        ]

    def get(self, k):
        return self.part(self.results[0], k)

    def part(self, elements, k):
        """What belongs to iteration k, of something like the first of the results."""
        _, starts, shapes = self.results
        start = p.list_get(starts, k, element_type=TensorSpec((), int32))
        dims = p.list_get(shapes, k, element_type=self._shape)
        part = slicing.getitem(elements, slice(start, p.add(start, p.reduce_prod(dims, axes=(0,), keepdims=False))))
        return p.ensure_shape(reshape(part, dims), shape=self.spec.shape.dims)


class _Loop:
    """The backward pass of a loop."""

    def __init__(self, region, block, init, outs, trips, collected, specs, memories):
        self.region, self.block, self.init, self.outs, self.trips = region, block, init, outs, trips
        self.collected, self.specs = collected, specs
        # (handle, list of its values) of variables that the loop writes.
        self.memories = memories
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
            carried = [
                _zeros(self._start(k, i)) if g is None else g for g, i in zip(found[:n], self.carried, strict=True)
            ]
            for j, at in enumerate(self.carried):
                if at_starts.get(at) is not None:
                    carried[j] = accumulate(carried[j], self.collected[at].part(at_starts[at], k))
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

    def _start(self, k, at):
        """What a variable was when iteration k began. A list that was not collected is what it was in the end."""
        if at in self.collected:
            return self.collected[at].get(k)
        return self.outs[at]

    def _iteration(self, k, weights, totals=()) -> list:
        """Gradients of one iteration's results with respect to its starting values, then to the inputs."""
        starts = {i: self._start(k, i) for i in range(len(self.init))}
        env = self.region.environment()
        for handle, spec, values in self.memories:
            env[handle].current = p.list_get(values, k, element_type=spec)
        # Those beyond are the counters and the collected values, which no gradient depends on.
        spare = [ABSENT] * (len(self.block.arguments) - len(starts))
        env.update(zip(self.block.arguments, [*starts.values(), *spare], strict=True))
        sources = [*(starts[i] for i in self.carried), *(self.region.inputs[i] for i in self.sources)]
        return _gradients(lambda: self.region.run(self.block, env), sources, weights, self.carried, totals)
