"""Entries of the native fast path: how a call is served without Python from then on."""

import weakref

from tfc.core import EagerTensor, VariableStorage, executing_eagerly, is_symbolic, recorders
from tfc.runtime import Entry, Function
from tfc.tracing import TensorType


class _Mark:
    """Stands for a leaf of a call, to find out where it goes."""


def _mark(x):
    """The same structure with a mark for each leaf."""
    if type(x) is list:
        return [_mark(v) for v in x]
    if type(x) is tuple:
        return tuple(map(_mark, x))
    if type(x) is dict:
        return {k: _mark(v) for k, v in x.items()}
    if isinstance(x, tuple) and isinstance(getattr(x, "_fields", None), tuple):
        return type(x)(*map(_mark, x))
    return _Mark()


def _has_mark(x) -> bool:
    if isinstance(x, (list, tuple)):
        return any(map(_has_mark, x))
    if isinstance(x, dict):
        return any(map(_has_mark, x.values()))
    return isinstance(x, _Mark)


def entry_for(function, args, kwargs, concrete, bound):
    """The entry that serves calls like this one by a concrete function; None if such calls have to go through
    Python.
    """
    given = function._signature.given
    if given is not None and len(args) + len(kwargs) > sum(1 for p in given.parameters if p.type.flatten()):
        # A value was passed for a parameter that is a literal of the signature: it has to be compared.
        return None
    if concrete.is_replayed:
        return None
    marked = _mark((args, kwargs))
    marks = function._leaves(*marked)
    if marks is None or function._leaves(args, kwargs) is None:
        return None
    try:
        leaves = concrete.function_type.leaves(function._signature.bind(*marked))
    except TypeError:
        return None
    actual = concrete.function_type.to_tensors(bound)
    inputs = _inputs({id(m): i for i, m in enumerate(marks)}, leaves, actual)
    if inputs is None:
        return None
    guard = None if concrete.guard is None else concrete.guard.native
    return _entry(concrete, [v for v in actual if type(v) is EagerTensor], *inputs, guard)


def _entry(concrete, given: list, tensors: list, variables: list, guard=None):
    """An entry for the shapes of the tensors `given`, where `tensors` and `variables` come from as an entry says it;
    None if there is no code for them.
    """
    captured = concrete._graph.captured
    shapes = [t.shape_tuple for t in [*given, *captured]]
    if concrete.runs_op_by_op(shapes):
        return None
    executable = concrete.executable_for(shapes, wait=False)
    if executable is None:  # still being compiled
        return None
    everything = [*tensors, *captured, *variables, *concrete._captured_variables]
    template = concrete._outputs.template()
    if template is None and concrete._outputs.any():
        return Entry(executable, everything, None, concrete._outputs.pack, guard)
    return Entry(executable, everything, template, None, guard)


class ConcreteCalls(Function):
    """The calls of a concrete function: without Python where they are tensors in the order of the parameters."""

    def __init__(self, concrete):
        super().__init__()
        # Who calls holds it.
        self._concrete = weakref.ref(concrete)

    def _call_slow(self, args, kwargs):
        concrete = self._concrete()
        result = concrete.call_python(args, kwargs)
        if not kwargs and executing_eagerly() and not recorders():
            entry = _entry_for_tensors(concrete, args)
            if entry is not None:
                self._insert(args, kwargs, entry)
        return result


def _entry_for_tensors(concrete, args: tuple):
    parameters = concrete.function_type.parameters
    plain = len(args) == len(parameters) and all(type(a) is EagerTensor for a in args)
    if not plain or not all(isinstance(p.type, TensorType) for p in parameters):
        return None
    if not concrete.fits(args) or any(is_symbolic(t) for t in concrete._graph.captured):
        return None
    return _entry(concrete, args, list(range(len(args))), [])


def _inputs(positions: dict, leaves: list, actual: list):
    """(tensors, variables) as an entry takes them: positions of leaves, or values that defaults gave; None if one
    is neither.
    """
    if len(leaves) != len(actual):
        return None
    tensors, variables, seen = [], [], set()
    for leaf, value in zip(leaves, actual, strict=True):
        at = positions.get(id(leaf))
        if isinstance(value, VariableStorage):
            if id(value) not in seen:
                variables.append(weakref.ref(value) if at is None else at)
            seen.add(id(value))
        elif at is not None:
            tensors.append(at)
        elif _has_mark(leaf):  # a list of the call, of which a tensor is made
            return None
        elif type(value) is EagerTensor:
            tensors.append(value)
        else:
            return None
    return tensors, variables
