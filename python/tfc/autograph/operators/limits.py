"""Warns of Python loops that put very many operations into a trace."""

import warnings

from .. import seam
from ..errors import ConversionWarning

WARN_AFTER = 50_000
MOST = 100_000_000


class UnrollWatch:
    """Counts the iterations of one Python loop."""

    def __init__(self, body):
        self.count = 0
        self.place = body.__code__
        self.before = seam.operation_count() if seam.tracing() else None

    def iteration(self):
        self.count += 1
        if self.count == WARN_AFTER:
            self._warn()
        elif self.count > MOST:
            raise ValueError("iteration limit exceeded")

    def _warn(self):
        if self.before is None:
            return
        made = seam.operation_count() - self.before
        if made <= 0:
            return
        where = f"{self.place.co_filename}:{self.place.co_firstlineno}"
        warnings.warn_explicit(
            f"Large unrolled loop detected. Did you mean to use a TF loop? The Python loop at {where} has "
            f"run {self.count} times and put "
            f"{made} operations into the function being traced; `for i in tf.range(n)` or a `while` on a "
            f"tensor makes it a loop",
            ConversionWarning, self.place.co_filename, self.place.co_firstlineno,
        )  # fmt: skip
