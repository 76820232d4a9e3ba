"""Creator scopes and name scopes: what a thread has said about variables to come."""

import re
import threading
from contextlib import contextmanager

from tfc.core import current


class _State(threading.local):
    def __init__(self):
        self.creators: tuple = ()
        self.scope = ""
        self.names: dict = {}


_state = _State()


def creators() -> tuple:
    """The creators of this thread, outermost first."""
    return _state.creators


@contextmanager
def variable_creator_scope(variable_creator):
    """`variable_creator(next_creator, **kwargs)` makes the variables of this block; it may call
    `next_creator(**kwargs)`.
    """
    before = _state.creators
    _state.creators = (*before, variable_creator)
    try:
        yield
    finally:
        _state.creators = before


_VALID = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$")
_VALID_INSIDE = re.compile(r"^[A-Za-z0-9_.\\/>-]+$")


class name_scope:
    """`tf.name_scope(name)`: names of variables, and of operations of a function, that are made inside begin with
    `name/`. In a function, a second scope of the same name is `name_1/`; a name that ends in "/" is taken as it is.
    """

    def __init__(self, name, default_name=None, values=None):
        name = default_name if name is None else name
        if not isinstance(name, str):
            raise ValueError("name for name_scope must be a string.")
        self._name = name
        self._before: list = []

    @property
    def name(self) -> str:
        return self._name

    def __enter__(self) -> str:
        self._before.append(_state.scope)
        try:
            _state.scope = self._entered()
        except ValueError:
            self._before.pop()
            raise
        return _state.scope

    def _entered(self) -> str:
        if not self._name or self._name.endswith("/"):
            return self._name
        check_name(self._name)
        full = f"{_state.scope}{self._name}"
        unique = getattr(current(), "unique_name_of", None)
        return f"{full if unique is None else unique(full)}/"

    def __exit__(self, *error):
        _state.scope = self._before.pop()


def check_name(name: str) -> None:
    """Raises `ValueError` if an operation or a scope cannot be called that."""
    if not _state.scope and not _VALID.match(name):
        raise ValueError(
            f"'{name}' is not a valid root scope name. A root scope name has to match the following pattern: "
            f"{_VALID.pattern}"
        )
    if _state.scope and not _VALID_INSIDE.match(name):
        raise ValueError(
            f"'{name}' is not a valid scope name. A scope name has to match the following pattern: "
            f"{_VALID_INSIDE.pattern}"
        )


def current_name_scope() -> str:
    """The prefix of names, "" or "a/b/"."""
    return _state.scope


@contextmanager
def root_name_scope(scope: str = ""):
    """Names begin with exactly this prefix inside the block: nothing where a function begins."""
    before = _state.scope
    _state.scope = scope
    try:
        yield
    finally:
        _state.scope = before
