"""Errors of ops that refuse their arguments: their class depends on whether the op runs or is traced."""

from tfc.core.state import STATE
from tfc.errors import InvalidArgumentError, page, user_line


def argument_error(node_def, op: str | None, message: str) -> Exception:
    """A wrong shape or value: `InvalidArgumentError` from an operation that runs, `ValueError` while tracing."""
    return _error(ValueError, op, message)


def dtype_error(node_def, op: str | None, message: str) -> Exception:
    """A wrong dtype: `InvalidArgumentError` from an operation that runs, `TypeError` while tracing."""
    return _error(TypeError, op, message)


def _error(traced, op, message):
    if STATE.interpreter.eager:
        return InvalidArgumentError(None, op, message)
    return traced(page(message, where=user_line()))
