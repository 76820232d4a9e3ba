"""Tracing a Python function into a graph."""

from contextlib import contextmanager

from tfc.config.devices import entered_since, mark_entered
from tfc.core import stop_recording, using
from tfc.errors import is_internal, page, user_frame, user_line
from tfc.function.outputs import Outputs
from tfc.ir import add_root
from tfc.runtime import add_slow
from tfc.state import root_name_scope, stand_in
from tfc.tracing import FuncGraph, PlaceholderContext, current_graph, known, rebuild


def _stand_in(type_):
    return stand_in(type_.dtype, type_.shape, type_.trainable, type_.name)


@contextmanager
def tracing_into(graph: FuncGraph):
    """Primitives of this thread go to the graph; functions called are traced into it; tapes around do not listen."""
    add_slow(1)
    try:
        with using(graph), stop_recording(), root_name_scope():
            yield graph
    finally:
        add_slow(-1)


def trace(name: str, call, function_type, *, autograph: bool, may_create: bool, code=None) -> tuple:
    """(graph, outputs) of one trace. `call(args, kwargs)` runs the Python function, `code` is its code."""
    definition = () if code is None else ((code, 0),)
    if code is not None and is_internal(code.co_filename):
        # A function of this package stands for the user's line that calls it.
        frame = user_frame()
        definition = () if frame is None else ((frame.f_code, frame.f_lasti),)
    kept = known.name_of(name, function_type, code, (autograph, may_create))
    candidates = None if kept is None else known.candidates(kept)
    graph = FuncGraph(name, current_graph(), autograph, definition, candidates)
    graph.created = [] if may_create else None
    context = PlaceholderContext(graph, _stand_in)
    with tracing_into(graph):
        bound = function_type.placeholders(context)
        args, kwargs = rebuild(bound)
        before = [_form(b.value) for b in bound]
        mark = mark_entered()
        try:
            result = call(args, kwargs)
        finally:
            graph.gpu = entered_since(mark)
        _check_unchanged(name, bound, before)
        outputs = Outputs(name, result)
        graph.finish(outputs.flat)
    if graph.kept is not None and not graph.is_followed:
        graph.kept.keep(kept, candidates)
    return graph, outputs


add_root(trace.__code__)


def _form(value, depth: int = 0):
    """The structure of an argument: what a function may not change."""
    if depth > 32:
        return None
    if isinstance(value, dict):
        return dict, tuple((k, _form(v, depth + 1)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return type(value), tuple(_form(v, depth + 1) for v in value)
    return id(value)


def _check_unchanged(name, bound, before):
    changed = [b.name for b, form in zip(bound, before, strict=True) if _form(b.value) != form]
    if changed:
        names = ", ".join(b.name for b in bound)
        raise ValueError(
            page(
                f"{name}({names}) should not modify its Python input arguments. Modifying a copy is allowed. The "
                f"following "
                f"parameter(s) were modified: {', '.join(changed)}",
                where=user_line(),
                fix="copy the list or dict first, or return the new one",
            )
        )
