"""Gradients of branches and loops.

The backward pass runs the regions again, under a tape. A branch is run again as a branch. A loop under a tape also
collects what its variables were at the start of each iteration, in lists; its gradient is a loop over those, from the
last to the first. Effects are not repeated: variables are read once, before the op, and what a region writes to them is
kept as values; those that a loop writes are collected, too. As everywhere, a gradient flows to the variable that is
read, and not to what was assigned to it.
"""

from tfc.autodiff import GradientTape
from tfc.autodiff.backward import accumulate
from tfc.core import TensorList, current, record_operation, should_record, stop_recording
from tfc.dtypes import TensorSpec, as_shape, int32, string
from tfc.errors import page, user_line
from tfc.ir import compiler, kind_of
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import zeros_like
from tfc.ops.rows.lists import zeros_list
from tfc.tracing import control
from tfc.tracing.collected import GrowingRows, ListStack, MovedRows, Ragged, Replaced, Stacked, Unread
from tfc.tracing.collecting import Collector, lists_to_collect, moved_lists, sets_of_list
from tfc.tracing.growing import Growing
from tfc.tracing.known import owner_of
from tfc.tracing.replay import ABSENT, Memory, PureReplay, symbols_of
from tfc.tracing.tensors import describe_type


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

    def run(self, block, env: dict, given=()) -> list:
        """The values that a block yields, without its effects. `given`: results of calls of the host that `env` has."""
        replay = PureReplay(symbols_of(self.function), env)
        replay.given = frozenset(given)
        return replay.block(block)


def _refuse_growth(name, where):
    return LookupError(
        page(
            f"No gradient defined for operation 'while': the rank of {name} is not known",
            where=where,
            fix="a shape invariant with unknown sizes, such as tf.TensorShape([None, None])",
        )
    )


def _differentiable(value) -> bool:
    return value.dtype.is_differentiable


def _zeros(value):
    return zeros_list(value) if isinstance(value, TensorList) else zeros_like(value)


def _filled(grads, values) -> list:
    return [_zeros(v) if g is None else _sized(g, v) for g, v in zip(grads, values, strict=True)]


def _sized(gradient, value):
    """The gradient of `value`, with the sizes that are known of it: variables of loops need them."""
    if gradient is None or isinstance(gradient, TensorList) or isinstance(value, TensorList):
        return gradient
    found, known = gradient.shape_tuple, value.shape_tuple
    if found is None or known is None or len(found) != len(known):
        return gradient
    sizes = tuple(k if size is None else size for size, k in zip(found, known, strict=True))
    return gradient if sizes == found else p.ensure_shape(gradient, shape=sizes)


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
    return [_sized(g, source) for g, source in zip(tape.propagate(gradients, sources), sources, strict=True)]


# Branches.


def recorded_cond(graph, pred, true_fn, false_fn) -> list:
    """`tfc.if`, for tapes to see as one operation."""
    with stop_recording():
        outs, op, scopes = control.build_cond(graph, pred, true_fn, false_fn)
        op = owner_of(op)
    region = _Region(graph, op, scopes)
    wanted = [i for i, o in enumerate(outs) if _differentiable(o)]
    if not wanted or not should_record(region.inputs):
        return outs
    sources = [i for i, v in enumerate(region.inputs) if _differentiable(v)]
    blocks = [r.blocks[0] for r in op.regions]

    def backward(*grads, totals=()):
        weights = _filled([grads[i] for i in wanted], [outs[i] for i in wanted])
        inputs = [region.inputs[i] for i in sources]

        def of(block, totals=()):
            return _gradients(lambda: region.run(block, region.environment()), inputs, weights, wanted, totals)

        # Which inputs are connected is known only afterwards.
        with current().trial():
            found = [of(block) for block in blocks]
        connected = [i for i, pair in enumerate(zip(*found, strict=True)) if any(g is not None for g in pair)]
        if not connected:
            return [None] * len(region.inputs)

        so_far = [(v, t) for v, t in zip(region.inputs, totals, strict=False) if t is not None]

        def branch(block):
            def run():
                added = of(block, so_far)
                return _filled([added[i] for i in connected], [inputs[i] for i in connected])

            return run

        results = current().cond(pred, branch(blocks[0]), branch(blocks[1]))
        by_input = {sources[i]: g for i, g in zip(connected, results, strict=True)}
        return [by_input.get(i) for i in range(len(region.inputs))]

    record_operation("if", region.inputs, outs, backward, adds=True)
    return outs


# Loops.


def recorded_while(graph, cond_fn, body_fn, init, shape_invariants, maximum_iterations, names) -> list:
    """`tfc.while`, for tapes to see as one operation; it also collects the values of each iteration."""
    with stop_recording():
        init = [control.as_leaf(graph, v) for v in init]
    count = len(init)
    specs = {i: _spec(init, shape_invariants, i) for i, v in enumerate(init) if not isinstance(v, TensorList)}
    where = user_line()
    # Values of sizes that are known are collected while the body is traced, all else is known afterwards.
    plain = [i for i, s in specs.items() if s.shape.is_fully_defined()]
    with stop_recording():
        zero = convert_to_tensor(0, int32)
        lists = [p.list_create(zero, element_type=specs[i], dynamic_size=True) for i in plain]

    def test(*values):
        return cond_fn(*values[:count])

    def step(*values):
        n = values[count]
        outs = list(body_fn(*values[:count]))
        grown = [p.list_set(lst, n, values[i]) for i, lst in zip(plain, values[count + 1 :], strict=True)]
        return [*outs, p.add(n, convert_to_tensor(1, int32)), *grown]

    with stop_recording():
        results, op, scopes = control.build_while(
            graph,
            test,
            step,
            [*init, zero, *lists],
            [*(shape_invariants or [None] * count), *[None] * (1 + len(lists))],
            maximum_iterations,
            None if names is None else [*names, *["collected"] * (len(lists) + 1)],
        )
        outs, trips, lists = results[:count], results[count], results[count + 1 :]
        collector = Collector(graph, owner_of(op), results, scopes[1], count)
        # By position, functions of what is found.
        collecting = {**_collect_open(collector, specs), **_collect_lists(collector, count)}
        written = {id(v): v for s in scopes for v in s.variables.values() if id(v) in s.written}
        memories = [collector.variable(v) for v in written.values()]
        called = [collector.result(value) for value in _called(graph, scopes[1].block)]
        found = collector.finish()
        op = collector.op
    memories = [(handle, spec, found[number]) for handle, spec, number in memories]
    called = [(value, spec, found[number]) for value, spec, number in called]
    collections = {i: Stacked(specs[i], lst) for i, lst in zip(plain, lists, strict=True)}
    collections.update((i, make(found)) for i, make in collecting.items())
    region = _Region(graph, op, scopes[1:])
    if not any(map(_differentiable, outs)) or not should_record([*init, *region.inputs]):
        return outs
    unknown = next((i for i, s in specs.items() if s.shape.rank is None), None)
    loop = _Loop(region, op.regions[1].blocks[0], init, outs, trips, collections, specs, memories, called)
    # What the backward pass reads of the iterations are results as well: for higher orders it is differentiated.
    read = {i: c.results if isinstance(c, Replaced) else c.results[:1] for i, c in collections.items()}

    def backward(*grads, totals=()):
        if unknown is not None:
            raise _refuse_growth(names[unknown] if names else f"loop_vars[{unknown}]", where)
        rest = iter(grads[count:])
        reads = {i: [next(rest) for _ in values] for i, values in read.items()}
        found = loop.backward(grads[:count], reads, totals[count:])
        # To those of the region's inputs it is added inside of the loop.
        return [accumulate(t, g) for t, g in zip(totals[:count] or [None] * count, found, strict=False)] + found[count:]

    results = [*outs, *(v for values in read.values() for v in values)]
    record_operation("while", [*init, *region.inputs], results, backward, adds=True)
    return outs


def _collect_open(collector, specs) -> dict:
    """What is to be collected of variables whose sizes are not known: by position, functions of what was found."""
    open_ = {i: s for i, s in specs.items() if s.shape.rank is not None and not s.shape.is_fully_defined()}
    # Asked for all of them before the loop gets more variables.
    kept = {i: compiler.keeps_sizes(collector.op.operation, i) for i in open_}
    return {i: (_stacked_of if kept[i] else _ragged_of)(collector, i, spec) for i, spec in open_.items()}


def _stacked_of(collector, at, spec):
    number = collector.value(at, spec)
    return lambda found: Stacked(spec, found[number])


def _ragged_of(collector, at, spec):
    numbers = collector.ragged(at, spec)
    return lambda found: Ragged(spec, *(found[n] for n in numbers))


def _collect_lists(collector, count) -> dict:
    """What is to be collected of lists that a loop changes and looks at, or that others take the places of: by
    position, functions of what was found.
    """
    results = collector.results
    looked_at, measured = lists_to_collect(collector.op, count)
    moved = moved_lists(collector.op, {i: v for i, v in enumerate(results[:count]) if isinstance(v, TensorList)})
    grows = any(results[i].dynamic_size for i in moved)
    made = {}
    for i in moved:
        if i in looked_at:
            made[i] = _moved_of(*collector.rows(i), grows)
        else:
            made[i] = _unread_of(results[i].element, collector.length(i), grows)
    for i in set(looked_at) - moved:
        grows = results[i].dynamic_size
        sets = sets_of_list(collector.op, i) if results[i].element.shape.is_fully_defined() else None
        if sets is not None:
            length = collector.length(i) if grows and i in measured else None
            made[i] = _replaced_of([collector.replaced(i, op) for op in sets], length)
        elif grows:
            made[i] = _rows_of(*collector.rows(i), results[i], i in measured)
        else:
            made[i] = _stack_of(*collector.stack(i))
    return made


def _stack_of(spec, number):
    return lambda found: ListStack(spec, found[number])


def _moved_of(spec, rows, starts, lengths, grows):
    return lambda found: MovedRows(spec, found[rows], found[starts], found[lengths], grows)


def _unread_of(spec, length, grows):
    return lambda found: Unread(spec, found[length], grows)


def _rows_of(spec, rows, starts, lengths, end, measured):
    return lambda found: GrowingRows(spec, found[rows], found[starts], found[lengths], end, measured)


def _replaced_of(sets, length):
    def make(found):
        logs = [(value, spec, found[where], found[values]) for value, spec, where, values in sets]
        return Replaced(logs, None if length is None else found[length])

    return make


def _called(graph, block) -> list:
    """What calls of the host in a body give, where tapes see nothing of them: they are not repeated."""
    found = []
    for op in block.operations:
        if op.operation.name == "tfc.host_call" and symbols_of(graph.function).host(op).is_opaque:
            results = [r for r in op.operation.results if kind_of(r.type)[0] != "token"]
            if all(_is_collectable(*describe_type(r.type)) for r in results):
                found += results
    return found


def _is_collectable(dtype, dims) -> bool:
    return dtype is not string and dims is not None and None not in dims


def _spec(init, shape_invariants, at) -> TensorSpec:
    value = init[at]
    invariant = shape_invariants[at] if shape_invariants else None
    return TensorSpec(value.shape_tuple if invariant is None else as_shape(invariant), value.dtype)


class _Loop:
    """The backward pass of a loop."""

    def __init__(self, region, block, init, outs, trips, collected, specs, memories, called):
        self.region, self.block, self.init, self.outs, self.trips = region, block, init, outs, trips
        self.collected, self.specs = collected, specs
        # (handle, list of its values) of variables that the loop writes.
        self.memories = memories
        # (value, spec, list of its values) of what calls of the host gave.
        self.called = called
        self.carried = [i for i, v in enumerate(outs) if _differentiable(v)]
        self.sources = [i for i, v in enumerate(region.inputs) if _differentiable(v)]
        self.replaced = [i for i, c in collected.items() if isinstance(c, Replaced)]

    def backward(self, grads, reads, so_far) -> list:
        """`grads`: of the results; `reads`: of what was collected of a variable, by its position; `so_far`: what the
        gradients of the region's inputs are added to.
        """
        weights = _filled([grads[i] for i in self.carried], [self.outs[i] for i in self.carried])
        ends = [self.collected[i].end(self.outs[i]) for i in self.replaced]
        connected = self._connected(weights, ends)
        inputs = [self.region.inputs[self.sources[i]] for i in connected]
        so_far = so_far or [None] * len(self.region.inputs)
        totals = _filled([so_far[self.sources[i]] for i in connected], inputs)
        last = p.sub(self.trips, convert_to_tensor(1, int32))
        n, m = len(weights), len(weights) + len(ends)

        def step(k, *values):
            lists = [self.collected[i].before(v, k) for i, v in zip(self.replaced, values[n:m], strict=True)]
            starts = self._starts(k, lists)
            parts = [part for i in self.replaced if i in reads for part in self.collected[i].parts(reads[i], k)]
            totals = list(zip(inputs, values[m:], strict=True))
            found = self._iteration(k, starts, list(values[:n]), totals, parts)
            carried = [_zeros(_plain(starts[i])) if g is None else g for g, i in zip(found, self.carried, strict=False)]
            for j, at in enumerate(self.carried):
                if at not in self.replaced and reads.get(at) and reads[at][0] is not None:
                    carried[j] = accumulate(carried[j], self.collected[at].part(reads[at][0], k))
            return [p.sub(k, convert_to_tensor(1, int32)), *carried, *lists, *(found[n + i] for i in connected)]

        invariants = [None, *(self._invariant(i) for i in self.carried), *[None] * (len(ends) + len(inputs))]
        results = current().while_loop(
            lambda k, *_: p.greater_equal(k, convert_to_tensor(0, int32)),
            step,
            [last, *weights, *ends, *totals],
            shape_invariants=invariants,
        )[1:]
        by_init = dict(zip(self.carried, results[:n], strict=True))
        by_input = {self.sources[i]: g for i, g in zip(connected, results[m:], strict=True)}
        return [by_init.get(i) for i in range(len(self.init))] + [
            by_input.get(i) for i in range(len(self.region.inputs))
        ]

    def _invariant(self, at):
        return self.specs[at].shape if at in self.specs else None

    def _connected(self, weights, ends) -> list:
        """The inputs that have a gradient at all."""
        with current().trial():
            zero = convert_to_tensor(0, int32)
            found = self._iteration(zero, self._starts(zero, ends), weights)[len(weights) :]
        return [i for i, g in enumerate(found) if g is not None]

    def _starts(self, k, lists) -> dict:
        """What the variables were when iteration k began; `lists`: those that were not kept for each iteration."""
        starts = {}
        for i, end in enumerate(self.outs):
            if i in self.collected and i not in self.replaced:
                starts[i] = self.collected[i].get(k)
            else:
                # A list that was not collected is what it was in the end.
                starts[i] = end
        starts.update((i, self.collected[i].given(v, k)) for i, v in zip(self.replaced, lists, strict=True))
        return starts

    def _iteration(self, k, starts, weights, totals=(), parts=()) -> list:
        """Gradients of one iteration's results with respect to its starting values, then to the inputs.

        `parts`: (value of the body, its gradient) pairs of what else is read of the iteration.
        """
        env = self.region.environment()
        for handle, spec, values in self.memories:
            env[handle].current = p.list_get(values, k, element_type=spec)
        env.update((value, p.list_get(values, k, element_type=spec)) for value, spec, values in self.called)
        # Those beyond are the counters and the collected values, which no gradient depends on.
        spare = [ABSENT] * (len(self.block.arguments) - len(starts))
        env.update(zip(self.block.arguments, [*starts.values(), *spare], strict=True))
        sources = [*(_plain(starts[i]) for i in self.carried), *(self.region.inputs[i] for i in self.sources)]

        def run():
            given = [value for value, _, _ in self.called]
            outs = [_plain(v) for v in self.region.run(self.block, env, given)]
            return [*outs, *(env[value] for value, _ in parts)]

        wanted = [*self.carried, *range(len(self.block.arguments), len(self.block.arguments) + len(parts))]
        return _gradients(run, sources, [*weights, *(g for _, g in parts)], wanted, totals)


def _plain(value):
    """A list that grows in its final length; anything else as it is."""
    return value.values if isinstance(value, Growing) else value
