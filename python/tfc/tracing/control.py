"""Branches and loops of a trace: regions, types that differ, ops that are taken back."""

from contextlib import contextmanager
from types import MappingProxyType

from tfc.core import TensorList, recorders, stop_recording
from tfc.dtypes import TensorShape, as_shape, int32
from tfc.errors import page, user_line
from tfc.ir import mlir, user_stack
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.tracing.known import TOKEN, described, make_dropped, make_kept, make_trial, owner_of, real
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
    """The values that a region yields, as they are in this graph."""
    with region(graph, scope):
        return [graph.raw_operand(v) for v in values]


def _joined(a, b):
    """The type of a value that has either type; None if there is none."""
    if a == b:
        return a
    (kind, dtype, dims), (kind_b, dtype_b, dims_b) = a, b
    if kind != kind_b or dtype != dtype_b:
        return None
    return kind, dtype, TensorShape(dims).most_specific_compatible_shape(TensorShape(dims_b)).dims


def _wrap(value, graph, stack, name, like=None, other=None):
    """The result of a branch or loop, from values `like` and `other` that it may be."""
    if described(value)[0] == "list":
        elements = getattr(like, "elements", None)
        count = getattr(like, "count", None)
        count = count if count == getattr(other, "count", None) else None
        grows = getattr(like, "dynamic_size", False) or getattr(other, "dynamic_size", False)
        return SymbolicList(real(value), graph.scope, stack, grows, elements, count)
    return SymbolicTensor(value, graph.scope, stack, name)


def build_cond(graph, pred, true_fn, false_fn) -> tuple:
    """`tfc.if`. Both functions are traced; types that differ in shape are joined. Returns (values, op, scopes)."""
    stack = user_stack(3)
    condition = graph.raw_operand(pred)
    # The results are known when both branches are traced: they are built in a holder first.
    scopes = [Scope(graph, None, None, graph.scope, True) for _ in range(2)]
    holder, _ = graph.open_regions("if", [condition], [TOKEN], stack, scopes)
    try:
        yes, no = _branches(graph, scopes, (true_fn, false_fn))
        values = [_localize(graph, scope, vs) for scope, vs in zip(scopes, (yes, no), strict=True)]
        types = _branch_types(values, yes, no)
    except BaseException:
        _abandon(graph, holder, scopes)
        raise
    for scope, vs in zip(scopes, values, strict=True):
        _yield(graph, scope, vs, stack)
    op = graph.join_regions(holder, [condition], [*types, TOKEN], stack, scopes)
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
        joined = _joined(described(a), described(b))
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
        graph.yield_values(values, stack)


def drop(graph, op):
    """Takes back an op with results that was built just now."""
    graph.forget_op(op)
    owner_of(op).erase()


def _name_of(x) -> str:
    return f"{x.dtype.name}" if isinstance(x, SymbolicTensor) else repr(x)


def _loop_error(names, at, message, **parts):
    name = names[at] if names else f"loop_vars[{at}]"
    return page(message.format(name=name), where=user_line(), **parts)


def _loop_types(init, operands, shape_invariants, names, widened):
    types = []
    for at, value in enumerate(init):
        invariant = shape_invariants[at] if shape_invariants else None
        if isinstance(value, SymbolicList) or invariant is None:
            types.append(widened.get(at, described(operands[at])))
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
        types.append(("tensor", value.dtype.name, shape.dims))
    return types


def build_while(
    graph,
    cond_fn,
    body_fn,
    init,
    shape_invariants,
    maximum_iterations,
    names,
    uncounted=frozenset(),
    widened=MappingProxyType({}),
) -> tuple:
    """`tfc.while`. Returns (values, op, scopes).

    Both functions are traced once, or again where another list takes the place of one: `uncounted` are the places of
    lists whose number of elements is not known, `widened` by place the types of those that know less of their elements.
    """
    stack = user_stack(3)
    init = [as_leaf(graph, v) for v in init]
    count = len(init)
    given = list(init)
    if maximum_iterations is not None:
        given.append(convert_to_tensor(0, int32))
        limit = maximum_iterations
        if limit.dtype is not int32:
            limit = p.cast(limit, dtype=int32)
    inits = [graph.raw_operand(v) for v in given]
    types = _loop_types(init, inits, shape_invariants, names, widened) + [described(v) for v in inits[count:]]
    scopes = [Scope(graph, None, None, graph.scope, True) for _ in range(2)]
    holder, taken = graph.open_regions("while", inits, [*types, TOKEN], stack, scopes, types)
    arguments = []
    for scope, values in zip(scopes, taken, strict=True):
        made = []
        for at, (value, like) in enumerate(zip(values, given, strict=True)):
            if described(value)[0] == "list":
                number = None if at in uncounted else like.count
                made.append(SymbolicList(real(value), scope, stack, like.dynamic_size, like.elements, number))
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
    lists = [
        (at, v) for at, v in enumerate(outs) if isinstance(v, SymbolicList) and isinstance(given[at], SymbolicList)
    ]
    for at, value in lists:
        if value.elements is not given[at].elements:
            given[at].elements.note(value.element)
    values = _localize(graph, body, outs)
    others = {at for at, v in lists if v.count != given[at].count and given[at].count is not None} - uncounted
    joined = {at: _joined(described(values[at]), types[at]) for at, _ in lists}
    wider = {at: kind for at, kind in joined.items() if kind not in (None, types[at])}
    if others or wider:
        _abandon(graph, holder, scopes)
        return build_while(
            graph,
            cond_fn,
            body_fn,
            init,
            shape_invariants,
            maximum_iterations,
            names,
            uncounted | others,
            {**widened, **wider},
        )
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
        found = described(value)
        if found == type_:
            continue
        joined = _joined(found, type_)
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
            shape, now = TensorShape(type_[2]), TensorShape(found[2])
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
        graph.abandon_regions(op, scopes)


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
    scope = Scope(graph, outer.raw_block, outer.raw_point, outer)
    graph.note_trial(scope, make_trial)
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
        graph.note_trial(scope, make_kept if it.kept else make_dropped)
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
                if where is scope and op.results and real(op.results[0]) is not None:
                    owner_of(op).erase()
