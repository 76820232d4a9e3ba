"""`for`: iterates in Python, or traces a loop with an integer counter, by what it iterates over."""

import sys

from .. import seam
from . import changes, unassigned
from .iterated import sequence
from .limits import UnrollWatch
from .loop import Loop
from .state import call, flags, local_error

BROKE_ON_TENSOR = (
    "break and return statements which depend on a TF condition are not supported in Python for loops. Did "
    "you intend to make it a TF "
    "loop? Iterate over tf.range(n) or over a tensor"
)


# The references to an argument that nobody else knows.
_PASSED = (lambda value: sys.getrefcount(value))(object())


def for_stmt(iterated, body, symbols, ends, stop, options, lists=()):
    """`for item in iterated: body(item)`. For `symbols` and `ends` see `rewrite.loops.state`; `stop` names
    flags that end the loop.
    """
    elements = sequence(iterated)
    if elements is not None:
        _traced(elements, body, symbols, ends, stop, options, lists)
        return
    if changes.watching and sys.getrefcount(iterated) > _PASSED:
        changes.iterates(iterated)
    _in_python(iterated, body, stop)
    unassigned.check_before_reading(body, symbols[: ends[-1]])


def _in_python(iterated, body, stop):
    ends_loop = flags(body, stop)
    watch = UnrollWatch(body)
    for item in iterated:
        watch.iteration()
        try:
            body(item)
        except NameError as e:
            raise local_error(e, body) from e.__cause__
        for cell in ends_loop:
            if seam.is_symbolic(cell.cell_contents):
                raise NotImplementedError(BROKE_ON_TENSOR)
            if cell.cell_contents:
                return


def _traced(elements, body, symbols, ends, stop, options, lists=()):
    def step(counters):
        call(body, elements.item(counters))
        return elements.following(counters)

    relaxes = getattr(elements, "relaxes", False)
    loop = Loop((body,), symbols, ends, stop, options, lists, relaxes)
    loop.run(elements.more, step, elements.start(), elements.nonempty())
