"""Creator scopes and name scopes: what a thread has said about variables to come."""

import re
import threading
from contextlib import contextmanager


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


class name_scope:
    """`tf.name_scope(name)`: names of variables made inside begin with `name/`."""

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
        if self._name and not _VALID.match(self._name):
            self._before.pop()
            raise ValueError(f"'{self._name}' is not a valid root scope name")
        if not self._name:
            _state.scope = ""
        elif self._name.endswith("/"):
            _state.scope = self._name
        else:
            _state.scope = f"{_state.scope}{self._name}/"
        return _state.scope

    def __exit__(self, *error):
        _state.scope = self._before.pop()


def current_name_scope() -> str:
    """The prefix of names, "" or "a/b/"."""
    return _state.scope
