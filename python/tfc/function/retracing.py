"""Why a function was traced again: the warning about it, and the explanation."""

import collections
import contextlib
import logging
import weakref

from tfc.errors import user_line

_LOG = logging.getLogger("tfc")
_WINDOW, _LIMIT, _MOST = 10, 5, 2

WARNING = (
    "{count} out of the last {calls} calls to {name} triggered tf.function retracing. Tracing is expensive and the "
    "excessive "
    "number of tracings could be due to (1) creating @tf.function repeatedly in a loop, (2) passing tensors with "
    "different "
    "shapes, (3) passing Python objects instead of tensors. For (1), please define your @tf.function outside of the "
    "loop. For "
    "(2), @tf.function has reduce_retracing=True option that can avoid unnecessary retracing. For (3), please refer to "
    "https://www.tensorflow.org/guide/function#controlling_retracing and "
    "https://www.tensorflow.org/api_docs/python/tf/function for more details."
)

NEW = "the tf.function is new: it was made of the same Python function again"
NEW_INSTANCE = "the object is new: each one has traces of its method of its own"


class _History:
    """The last calls of one Python function, whether each traced."""

    __slots__ = ("calls", "warnings")

    def __init__(self):
        self.calls: collections.deque = collections.deque(maxlen=_WINDOW)
        self.warnings = 0


_histories: dict = {}


def _history(python_function) -> _History:
    code = getattr(python_function, "__code__", None) or getattr(type(python_function).__call__, "__code__", None)
    key = id(code) if code is not None else id(python_function)
    found = _histories.get(key)
    if found is None:
        if len(_histories) > 4096:
            _histories.clear()
        found = _histories[key] = _History()
        with contextlib.suppress(TypeError):
            weakref.finalize(code if code is not None else python_function, _histories.pop, key, None)
    return found


def called(python_function) -> None:
    """A call that did not trace. Calls served natively are not counted one by one: see `traced`."""
    _history(python_function).calls.append(False)


def traced(python_function, name: str, hits: int, why: str | None) -> None:
    """A call that traced; `hits` calls before it were served natively. Warns if there are too many."""
    history = _history(python_function)
    history.calls.extend([False] * min(hits, _WINDOW))
    history.calls.append(True)
    count = sum(history.calls)
    if count >= _LIMIT and history.warnings < _MOST:
        history.warnings += 1
        text = WARNING.format(count=count, calls=len(history.calls), name=name)
        where = user_line()
        _LOG.warning("%s%s%s", text, f"\n  why:  {why}" if why else "", f"\n  at:   {where}" if where else "")


def fixed(name: str, attribute: str, then, now) -> None:
    """Says that an attribute will not be looked at any more."""
    where = user_line()
    _LOG.warning(
        "%s was traced again and again because %s changes: it is %r now, and was %r. From now on %s keeps the value "
        "that the attribute has when it is traced.\n  try:  keep it in a tf.Variable, or pass it as an argument%s",
        name,
        attribute,
        now,
        then,
        name,
        f"\n  at:   {where}" if where else "",
    )


def difference(new, old) -> str:
    """What changed from one `FunctionType` to another, in a line."""
    if [p.name for p in new.parameters] != [p.name for p in old.parameters]:
        return f"other parameters: {[p.name for p in old.parameters]} -> {[p.name for p in new.parameters]}"
    parts = [
        f"{p.name}: {q.type!r} -> {p.type!r}"
        for p, q in zip(new.parameters, old.parameters, strict=True)
        if p.type != q.type
    ]
    return "; ".join(parts) or "no parameter changed: a captured value, or an attribute of an argument, did"


def nearest(new, others: list):
    """The type that differs from `new` in the fewest parameters, the first of several."""

    def distance(old):
        if len(old.parameters) != len(new.parameters):
            return len(new.parameters) + len(old.parameters)
        return sum(p.type != q.type for p, q in zip(new.parameters, old.parameters, strict=True))

    return min(others, key=distance, default=None)
