"""`while`: loops in Python, or traces a loop, by what the test gives the first time."""

from .. import seam
from . import changes
from .branch import as_condition, if_stmt
from .limits import UnrollWatch
from .logical import none_of
from .loop import Loop, condition
from .state import State, call, flags, local_error

BECAME_TENSOR = (
    "The condition of while loop started as non-Tensor, then changed to Tensor. This may happen either "
    "because variables changed type, "
    "or when a break or return statement inside the loop depends on a Tensor condition. Make the loop's "
    "test a tensor from the start"
)


def while_stmt(test, body, symbols, ends, stop, options, lists=(), binds=()):
    """`while test(): body()`. For `symbols` and `ends` see `rewrite.loops.state`; `stop` names flags that
    end the loop.
    """
    assigned = State((test,), binds)
    before = assigned.get()
    with seam.trial() as trial, changes.noting() as journal:
        first = as_condition(call(test))
        symbolic = seam.is_symbolic(first) or (seam.tracing() and seam.is_tensor(first))
        if symbolic:
            journal.restore()
        else:
            trial.keep()
    if symbolic:
        # A walrus in the test has bound a tensor that is forgotten now.
        assigned.set(before)
        _traced(test, body, symbols, ends, stop, options, lists, binds)
        return
    ends_loop = flags(body, stop)
    watch = UnrollWatch(body)
    value = first
    while value:
        watch.iteration()
        try:
            body()
        except NameError as e:
            raise local_error(e, body) from e.__cause__
        for cell in ends_loop:
            if seam.is_symbolic(cell.cell_contents):
                raise NotImplementedError(BECAME_TENSOR)
            if cell.cell_contents:
                return
        value = as_condition(call(test))
        if seam.is_symbolic(value):
            raise NotImplementedError(BECAME_TENSOR)


def _traced(test, body, symbols, ends, stop, options, lists, binds):
    loop = None

    def step(counters):
        call(body)
        return [_following(test, binds, loop.flags)] if binds else counters

    if not binds:
        loop = Loop((test, body), symbols, ends, stop, options, lists)
        loop.run(lambda counters: call(test), step, [], None)
        return
    # What a walrus in the test binds is a result of the loop: the test is evaluated before it and at the end
    # of each iteration.
    first = condition(call(test))
    loop = Loop((test, body), symbols, ends, stop, options, lists)
    loop.run(lambda counters: counters[0], step, [first], None)


def _following(test, binds, cells):
    """The test after an iteration; not evaluated, and nothing bound, where a flag has ended the loop."""
    go = False

    def evaluate():
        nonlocal go
        go = condition(call(test))

    ended = none_of(*(cell.cell_contents for cell in cells))
    symbols = ("go", *binds)
    if_stmt(ended, evaluate, None, symbols, (len(symbols), len(symbols)), parts=(evaluate, test))
    return condition(go)
