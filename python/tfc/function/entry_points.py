"""Where programs enter: what is raised there shows the user's frames only."""

import functools

from tfc.config import knobs
from tfc.core import executing_eagerly
from tfc.errors import filter_traceback
from tfc.runtime import EntryPoint


def entry_point(method):
    """The same method. What it raises has no frames of this package, unless it runs inside a trace: the call that began
    that filters for all.
    """

    @functools.wraps(method)
    def call(*args, **kwargs):
        try:
            return method(*args, **kwargs)
        except Exception as e:
            if knobs.filter_tracebacks and executing_eagerly():
                raise e.with_traceback(filter_traceback(e.__traceback__))
            raise

    return EntryPoint(call)
