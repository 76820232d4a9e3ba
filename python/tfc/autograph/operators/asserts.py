"""`assert`: Python's for Python values; an assertion of the traced program, with the user's line, for
tensors.
"""

from tfc.errors import user_line

from .. import seam
from .branch import as_condition


def assert_(test, message=None):
    """`assert test, message()`."""
    test = as_condition(test)
    if not seam.is_symbolic(test):
        if not test:
            raise AssertionError(message()) if message is not None else AssertionError
        return
    if not seam.is_bool(test):
        test = seam.as_bool(test)
    seam.check(test, _text(message))


def _text(message):
    given = "" if message is None else f": {message()}"
    where = user_line()
    return f"assertion failed{given}" + (f" ({where})" if where else "")
