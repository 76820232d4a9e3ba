"""Attributes of argument objects that a trace has read: when one changes, the trace is not right any more."""

import dis
import types
import weakref

from tfc.ops.nest import Composite
from tfc.runtime import AttributeGuard, Function

_DEPTH = 8
_NOTHING = object()
_reads: dict = {}


class Snapshot:
    """The attributes that functions read of these objects, with the values they have now.

    `owners`: (object, code, name of the parameter that the object is) each.
    """

    def __init__(self, owners: list):
        self._values = {}
        for owner, code, parameter in owners:
            for path in _paths(owner, code, parameter):
                self._note(owner, path)

    def _note(self, owner, path):
        """The attributes on a path (`owner.a.b`) that are data, of the object or its class."""
        for name in path:
            values = getattr(owner, "__dict__", None)
            if not isinstance(values, dict) or isinstance(owner, (type, types.ModuleType, Composite)):
                return
            value = values[name] if name in values else _class_data(type(owner), name)
            if value is _NOTHING:
                return
            self._values[id(owner), name] = (owner, name, value)
            owner = value

    def unchanged_since(self, before: "Snapshot", besides: set) -> "Guard | None":
        """A guard for what has not changed from one snapshot to this one; None if there is nothing to guard.

        What a trace itself changes says nothing about whether it is right. `besides`: (class, name) not to guard.
        """
        conditions = [
            condition
            for key, condition in self._values.items()
            if _same(before._values.get(key), condition) and (type(condition[0]), condition[1]) not in besides
        ]
        if not conditions:
            return None
        try:
            return Guard(conditions)
        except TypeError:
            # An object without weak references.
            return None


def _same(before, now) -> bool:
    if before is None:
        return False
    return before[2] is now[2] or (type(before[2]) is type(now[2]) in (int, float, str, bytes) and before[2] == now[2])


class Guard:
    """True as long as attributes have the values that a trace has seen. `native` is what an entry takes."""

    def __init__(self, conditions: list):
        self.native = AttributeGuard(conditions)
        self._conditions = [(weakref.ref(owner), name, value) for owner, name, value in conditions]

    def __call__(self) -> bool:
        return self.native()

    def changed(self) -> list:
        """(class, name, value then, value now) for each attribute that has changed."""
        found = []
        for ref, name, value in self._conditions:
            owner = ref()
            now = None if owner is None else getattr(owner, name, None)
            if owner is not None and not _same((owner, name, value), (owner, name, now)):
                found.append((type(owner), name, value, now))
        return found


def _class_data(kind, name):
    """What a class has under a name, unless that is a method, a property or the like."""
    found = next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), _NOTHING)
    return _NOTHING if hasattr(type(found), "__get__") else found


def _paths(owner, code, parameter) -> set:
    """Attributes (`("a", "b")` is `owner.a.b`) that the code, and methods that it calls on the object, read of the
    parameter.
    """
    found: set = set()
    pending, seen = [(code, parameter)], set()
    while pending and len(seen) < 100:
        key = pending.pop()
        if key in seen:
            continue
        seen.add(key)
        for path in reads(*key):
            found.add(path)
            inner = _code_of(getattr(type(owner), path[0], None))
            if inner is not None and inner.co_argcount:
                pending.append((inner, inner.co_varnames[0]))
    return found


def _code_of(attribute):
    """The code of a method, property or traced method of a class."""
    if isinstance(attribute, property):
        attribute = attribute.fget
    if isinstance(attribute, Function):
        attribute = attribute._python_function
    attribute = getattr(attribute, "__wrapped__", attribute)
    return getattr(attribute, "__code__", None)


def reads(code, parameter: str, depth: int = 0) -> frozenset:
    """Paths of attributes that a code object reads of one of its variables, also in functions inside."""
    found = _reads.get((code, parameter))
    if found is not None:
        return found
    names = set()
    path = None  # of the value on top of the stack, if it is one of the parameter
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("CACHE", "EXTENDED_ARG", "PUSH_NULL"):
            continue
        if path is not None and instruction.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            path = (*path, instruction.argval)
            names.add(path)
            continue
        loads = instruction.opname in ("LOAD_FAST", "LOAD_DEREF", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW")
        path = () if loads and instruction.argval == parameter else None
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType) and parameter in constant.co_freevars and depth < _DEPTH:
            names |= reads(constant, parameter, depth + 1)
    if len(_reads) > 4096:
        _reads.clear()
    found = _reads[code, parameter] = frozenset(names)
    return found
