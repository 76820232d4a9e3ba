"""Branches and loops of a trace: regions, types that differ, ops that are taken back."""

from contextlib import contextmanager

from tfc.core import TensorList, recorders, stop_recording
from tfc.dtypes import TensorShape, TensorSpec, as_shape, int32
from tfc.errors import page, user_line
from tfc.ir import (
    build_op,
    insertion_point,
    kind_of,
    list_type,
    mlir,
    tensor_type,
    token_type,
    type_spec,
    user_stack,
    walk,
)
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.tracing.tensors import Scope, SymbolicList, SymbolicTensor


@contextmanager
def region(graph, scope):
    """Ops go to a block, unrecorded: what happens inside is a part of the op around it."""
    before = graph.scope
    graph.scope, scope.open = scope, True
    try:
        with stop_recording():
            yield scope
    finally:
        graph.scope, scope.open = before, False


def _localize(graph, scope, values):
    """The MLIR values that a region yields."""
    with region(graph, scope):
        return [graph.operand(v) for v in values]


def _joined(a, b):
    """The type of a value that has either type; None if there is none."""
    if a == b:
        return a
    (kind_a, x), (kind_b, y) = kind_of(a), kind_of(b)
    if kind_a != kind_b:
        return None
    s, t = type_spec(x), type_spec(y)
    if s.dtype is not t.dtype:
        return None
    dims = s.shape.most_specific_compatible_shape(t.shape).dims
    joined = tensor_type(s.dtype, dims)
    return list_type(joined) if kind_a == "list" else joined


def _wrap(value, graph, stack, name, like=None, other=None):
    """The result of a branch or loop, from values `like` and `other` that it may be."""
    if kind_of(value.type)[0] == "list":
        elements = getattr(like, "elements", None)
        count = getattr(like, "count", None)
        count = count if count == getattr(other, "count", None) else None
        return SymbolicList(value, graph.scope, stack, getattr(like, "dynamic_size", False), elements, count)
    return SymbolicTensor(value, graph.scope, stack, name)


def build_cond(graph, pred, true_fn, false_fn) -> tuple:
    """`tfc.if`. Both functions are traced; types that differ in shape are joined. Returns (values, op, scopes)."""
    stack = user_stack(3)
    condition = graph.operand(pred)
    # The results are known when both branches are traced: they are built in a holder first.
    holder = graph.build("if", [condition], {}, stack, (), [token_type()], regions=2)
    scopes = []
    for at in range(2):
        block = holder.regions[at].blocks.append()
        scopes.append(Scope(graph, block, insertion_point(block), graph.scope))
    try:
        yes, no = _branches(graph, scopes, (true_fn, false_fn))
        values = [_localize(graph, scope, vs) for scope, vs in zip(scopes, (yes, no), strict=True)]
        types = _branch_types(values, yes, no)
    except BaseException:
        _abandon(graph, holder, scopes)
        raise
    for scope, vs in zip(scopes, values, strict=True):
        _yield(graph, scope, vs, stack)
    op = graph.build("if", [condition], {}, stack, (), [*types, token_type()], regions=2)
    for at, scope in enumerate(scopes):
        scope.block.append_to(op.regions[at])
    _drop(graph, holder)
    name = graph._unique("cond")
    for a, b in zip(yes, no, strict=True):
        if isinstance(a, SymbolicList) and isinstance(b, SymbolicList) and a.elements is not b.elements:
            a.elements.note(b.element)
    outs = [_wrap(v, graph, stack, name, a, b) for v, a, b in zip(list(op.results)[:-1], yes, no, strict=True)]
    return outs, op, scopes


def _branches(graph, scopes, functions) -> list:
    """The values of both branches. What a function leaves for later (a callable) is traced when both are there."""
    lists = []
    for scope, function in zip(scopes, functions, strict=True):
        with region(graph, scope):
            lists.append(function())
    for at, scope in enumerate(scopes):
        if callable(lists[at]):
            with region(graph, scope):
                lists[at] = lists[at]()
    yes, no = ([_leaf(graph, scope, v) for v in values] for scope, values in zip(scopes, lists, strict=True))
    if len(yes) != len(no):
        raise ValueError(
            page(
                "true_fn and false_fn must return the same number of values",
                want=f"{len(yes)} as in true_fn",
                got=f"{len(no)} in false_fn",
                where=user_line(),
            )
        )
    return [yes, no]


def _branch_types(values, yes, no) -> list:
    types = []
    for a, b, x, y in zip(*values, yes, no, strict=True):
        joined = _joined(a.type, b.type)
        if joined is None:
            raise TypeError(
                page(
                    "true_fn and false_fn arguments to tf.cond must have the same number, type, and overall "
                    "structure of "
                    "return values.",
                    want=f"{_name_of(x)} as in true_fn",
                    got=f"{_name_of(y)} in false_fn",
                    where=user_line(),
                    fix="tf.cast in one of the branches",
                )
            )
        types.append(joined)
    return types


def _leaf(graph, scope, value):
    """A value that a branch yields; Python values were converted by the caller, eager tensors are captured."""
    if isinstance(value, (SymbolicTensor, SymbolicList)):
        return value
    with region(graph, scope):
        return convert_to_tensor(value) if not isinstance(value, TensorList) else graph.capture_list(value)


def _yield(graph, scope, values, stack):
    with region(graph, scope):
        graph.build("yield", values, {}, stack, (), [])


def _drop(graph, op):
    """Takes back an op that was built just now."""
    if graph._journal is not None:
        graph._journal = [(o, s) for o, s in graph._journal if o is not op]
    op.erase()
    graph.operation_count -= 1


def _name_of(x) -> str:
    return f"{x.dtype.name}" if isinstance(x, SymbolicTensor) else repr(x)


def _loop_error(names, at, message, **parts):
    name = names[at] if names else f"loop_vars[{at}]"
    return page(message.format(name=name), where=user_line(), **parts)


def _loop_types(init, operands, shape_invariants, names):
    types = []
    for at, value in enumerate(init):
        invariant = shape_invariants[at] if shape_invariants else None
        if isinstance(value, SymbolicList) or invariant is None:
            types.append(operands[at].type)
            continue
        shape = as_shape(invariant)
        if not TensorShape(value.shape_tuple).is_subtype_of(shape):
            raise ValueError(
                _loop_error(
                    names,
                    at,
                    f"The shape invariant specified for {{name}} is not compatible with the initial shape of the loop "
                    f"variable. It enters the loop with shape {TensorShape(value.shape_tuple)}, but the specified "
                    f"shape "
                    f"invariant is {shape}.",
                )
            )
        types.append(tensor_type(value.dtype, shape.dims))
    return types


def build_while(graph, cond_fn, body_fn, init, shape_invariants, maximum_iterations, names) -> tuple:
    """`tfc.while`. Both functions are traced once. Returns (values, op, scopes)."""
    stack = user_stack(3)
    init = [as_leaf(graph, v) for v in init]
    count = len(init)
    given = list(init)
    if maximum_iterations is not None:
        given.append(convert_to_tensor(0, int32))
        limit = maximum_iterations
        if limit.dtype is not int32:
            limit = p.cast(limit, dtype=int32)
    inits = [graph.operand(v) for v in given]
    types = _loop_types(init, inits, shape_invariants, names) + [v.type for v in inits[count:]]
    holder = graph.build("while", inits, {}, stack, (), [*types, token_type()], regions=2)
    scopes, arguments = [], []
    for at in range(2):
        block = holder.regions[at].blocks.append(*types, arg_locs=[graph.function.loc] * len(types))
        scope = Scope(graph, block, insertion_point(block), graph.scope)
        scopes.append(scope)
        made = []
        for value, like in zip(block.arguments, given, strict=True):
            if kind_of(value.type)[0] == "list":
                made.append(SymbolicList(value, scope, stack, like.dynamic_size, like.elements, like.count))
            else:
                made.append(SymbolicTensor(value, scope, stack, "loop_var"))
        arguments.append(made)
    test, body = scopes
    try:
        with region(graph, test):
            going = cond_fn(*arguments[0][:count])
            going = convert_to_tensor(going)
            if maximum_iterations is not None:
                going = p.logical_and(p.less(arguments[0][-1], limit), going)
        _check_condition(going)
        _yield(graph, test, _localize(graph, test, [going]), stack)
        with region(graph, body):
            outs = [as_leaf(graph, v) for v in body_fn(*arguments[1][:count])]
            if maximum_iterations is not None:
                outs.append(p.add(arguments[1][-1], convert_to_tensor(1, int32)))
    except BaseException:
        _abandon(graph, holder, scopes)
        raise
    if len(outs) != len(given):
        _abandon(graph, holder, scopes)
        raise ValueError(
            page(
                "the body of the loop must return as many values as there are loop variables",
                want=str(count),
                got=str(len(outs) - (len(given) - count)),
                where=user_line(),
            )
        )
    for value, like in zip(outs, given, strict=True):
        if isinstance(value, SymbolicList) and value.elements is not like.elements:
            like.elements.note(value.element)
    values = _localize(graph, body, outs)
    try:
        _check_types(values, types, given, outs, names)
    except BaseException:
        _abandon(graph, holder, scopes)
        raise
    _yield(graph, body, values, stack)
    name = graph._unique("while")
    results = [
        _wrap(v, graph, stack, name, a, b) for v, a, b in zip(list(holder.results)[:-1], given, outs, strict=True)
    ]
    return results[:count], holder, scopes


@contextmanager
def before(graph, op):
    """Ops go in front of an op of the scope."""
    point = graph.scope.point
    graph.scope.point = mlir.InsertionPoint(op)
    try:
        yield
    finally:
        graph.scope.point = point


def collect_variables(graph, op, results, number, variables: list) -> tuple:
    """A loop that also collects what variables hold at the start of each iteration.

    `number`: which of its arguments counts iterations. Returns (the loop, [(handle, spec, list)]); `results` then are
    the new loop's.
    """
    if not variables:
        return op, []
    specs = [TensorSpec(v.shape_tuple, v.dtype) for v in variables]
    handles = [graph.resource(v) for v in variables]
    with before(graph, op):
        zero = convert_to_tensor(0, int32)
        lists = [p.list_create(zero, element_type=s, dynamic_size=True) for s in specs]
    arguments = _more_arguments(graph, op, lists)
    body = op.regions[1].blocks[0]
    grown = []
    start = mlir.InsertionPoint(next(iter(body.operations)))
    for handle, argument in zip(handles, arguments, strict=True):
        value = build_op("read_variable", [handle], {}, op.location, start).results[0]
        grown.append(build_op("list_set", [argument, body.arguments[number], value], {}, op.location, start).result)
    made, values = _with_more_results(graph, op, results, lists, grown)
    return made, list(zip(handles, specs, values, strict=True))


def collect_lists(graph, op, results, body, number, positions: list) -> tuple:
    """A loop that also collects what its lists at these positions hold at the start of each iteration, stacked.

    `body`: the scope of its body. Lists that do not grow have one length. Returns (the loop, for each position the spec of
    what is stacked and the list of them); `results` then are the new loop's.
    """
    if not positions:
        return op, []
    block = body.block
    stacked = []
    point = body.point
    body.point = mlir.InsertionPoint(next(iter(block.operations)))
    with region(graph, body):
        for at in positions:
            like = results[at]
            start = SymbolicList(block.arguments[at], body, (), like.dynamic_size, like.elements, like.count)
            stacked.append(p.list_stack(start, element_type=like.element))
    specs = [TensorSpec(s.shape_tuple, s.dtype) for s in stacked]
    with before(graph, op):
        zero = convert_to_tensor(0, int32)
        lists = [p.list_create(zero, element_type=s, dynamic_size=True) for s in specs]
    arguments = _more_arguments(graph, op, lists)
    body.point = mlir.InsertionPoint(list(block.operations)[-1])
    with region(graph, body):
        n = SymbolicTensor(block.arguments[number], body)
        grown = [
            p.list_set(SymbolicList(a, body, (), True), n, s).value for a, s in zip(arguments, stacked, strict=True)
        ]
    body.point = point
    made, values = _with_more_results(graph, op, results, lists, grown)
    return made, list(zip(specs, values, strict=True))


def _more_arguments(graph, op, init) -> list:
    """Arguments for more loop variables; those of the body."""
    types = [graph.operand(v).type for v in init]
    return [[r.blocks[0].add_argument(t, op.location) for t in types] for r in op.regions][1]


def _with_more_results(graph, op, results, init, yielded) -> tuple:
    """The loop again, which yields more; (the op, what the new lists are in the end)."""
    inits = [graph.operand(v) for v in init]
    blocks = [r.blocks[0] for r in op.regions]
    last = list(blocks[1].operations)[-1]
    build_op("yield", [*last.operands, *yielded], {}, last.location, mlir.InsertionPoint(last), [])
    last.operation.erase()
    old = list(op.results)
    types = [*(r.type for r in old[:-1]), *(v.type for v in inits), token_type()]
    with before(graph, op):
        made = graph.build("while", [*op.operands, *inits], {}, (), (), types, 2)
    for block, region_ in zip(blocks, made.regions, strict=True):
        block.append_to(region_)
    for value, new in zip(old[:-1], list(made.results), strict=False):
        value.replace_all_uses_with(new)
    for value, new in zip(results, list(made.results), strict=False):
        value.value = new
    _drop(graph, op)
    stack = user_stack(3)
    return made, [SymbolicList(v, graph.scope, stack, True) for v in list(made.results)[len(old) - 1 : -1]]


def lists_to_collect(op, count) -> tuple:
    """Which of the first `count` variables of a loop are lists that its body changes and looks at; those whose size it
    may look at.

    What the others are when an iteration begins does not matter to it, or is what they are in the end.
    """
    body = op.regions[1].blocks[0]
    outs = list(list(body.operations)[-1].operands)
    chosen, measured = [], []
    for at, argument in enumerate(list(body.arguments)[:count]):
        if kind_of(argument.type)[0] == "list" and outs[at] != argument:
            users = _users(body, argument)
            if users:
                chosen.append(at)
            if users - {"tfc.list_get"}:
                measured.append(at)
    return chosen, measured


def _users(body, argument) -> set:
    """The ops that use a list, or what becomes of it by setting elements, in another way than to set elements."""
    same, users = {argument}, set()
    for op in (inner for top in body.operations for inner in walk(top.operation)):
        operands = list(op.operands)
        if not any(v in same for v in operands):
            continue
        if op.name == "tfc.list_set":
            same.add(op.results[0])
        elif op.name == "tfc.while":
            found = [i for i, v in enumerate(operands) if v in same]
            for i in found:
                same.update([op.results[i], *(r.blocks[0].arguments[i] for r in op.regions)])
        elif op.name == "tfc.yield":
            owner = op.parent
            if owner.name == "tfc.if":
                same.update(r for r, v in zip(owner.results, operands, strict=False) if v in same)
        else:
            users.add(op.name)
    return users


def as_leaf(graph, value):
    """A Python value, eager tensor or list as a value of this graph."""
    if isinstance(value, (SymbolicTensor, SymbolicList)):
        return value
    return convert_to_tensor(value) if not isinstance(value, TensorList) else graph.capture_list(value)


def _check_condition(going):
    if not going.dtype.is_bool:
        raise TypeError(page("the condition of a loop must be a bool scalar", got=repr(going), where=user_line()))
    if going.shape_tuple not in ((), None):
        raise ValueError(page("the condition of a loop must be a scalar", got=repr(going), where=user_line()))


def _check_types(values, types, given, outs, names):
    for at, (value, type_, before, after) in enumerate(zip(values, types, given, outs, strict=True)):
        if value.type == type_:
            continue
        joined = _joined(value.type, type_)
        if joined is None:
            raise TypeError(
                _loop_error(
                    names,
                    at,
                    f"Loop var {{name}} enters the loop with type {before.dtype!s} but has type {after.dtype!s} "
                    f"after 1 "
                    "iteration. Loop var type must be preserved.",
                    fix="tf.cast the initial value, or the value at the end of the body",
                )
            )
        if joined != type_:
            shape, now = type_spec(kind_of(type_)[1]).shape, type_spec(kind_of(value.type)[1]).shape
            raise ValueError(
                _loop_error(
                    names,
                    at,
                    f"Input tensor {{name}} enters the loop with shape {shape}, but has shape {now} after one "
                    f"iteration. To "
                    "allow the shape to vary across iterations, use the `shape_invariants` argument of tf.while_loop "
                    "to "
                    "specify a less-specific shape.",
                    want=f"shape {shape}",
                    got=f"shape {now}",
                    fix=f"shape_invariants with {shape.most_specific_compatible_shape(now)} for this variable",
                )
            )


def _abandon(graph, op, scopes):
    """An op whose regions are incomplete goes away, so that the function stays valid."""
    if not graph.finished:
        for scope in scopes:
            scope.erased = True
        _drop(graph, op)


class _Trial:
    def __init__(self):
        self.kept = False

    def keep(self):
        """The ops stay."""
        self.kept = True


@contextmanager
def trial(graph):
    """Ops built inside are taken back at the end, unless `keep` was called on what this gives."""
    outer = graph.scope
    scope = Scope(graph, outer.block, outer.point, outer)
    tapes = [(tape, tape.mark()) for tape in recorders() if hasattr(tape, "mark")]
    journal, graph._journal = graph._journal, []
    written, count = set(graph.written), graph.operation_count
    graph.scope = scope
    it = _Trial()
    try:
        yield it
    except BaseException:
        it.kept = False
        raise
    finally:
        graph.scope = outer
        mine, graph._journal = graph._journal, journal
        if it.kept:
            scope.merged = outer
            for key, value in scope.captures.items():
                outer.captures.setdefault(key, value)
            if journal is not None:
                journal.extend((op, outer if s is scope else s) for op, s in mine)
        else:
            scope.open, scope.erased = False, True
            graph.written, graph.operation_count = written, count
            for tape, mark in tapes:
                tape.rewind(mark)
            for op, where in reversed(mine):
                if where is scope:
                    op.erase()
