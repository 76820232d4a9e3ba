"""`while`: loops in Python, or traces a loop, by what the test gives the first time."""

from .. import seam
from . import changes, unassigned
from .branch import as_condition, if_stmt
from .limits import UnrollWatch
from .logical import none_of
from .loop import Loop, condition
from .state import State, call, flags, local_error


def while_stmt(test, body, symbols, ends, stop, options, lists=(), binds=()):
    """`while test(): body()`. For `symbols` and `ends` see `rewrite.loops.state`; `stop` names flags that
    end the loop.

    As long as the test and the flags are Python's, so are the iterations; the others are a loop of the program.
    """
    if _in_python(test, body, symbols, ends, stop, options, lists, binds):
        unassigned.check_before_reading(body, symbols[: ends[-1]])


def _in_python(test, body, symbols, ends, stop, options, lists, binds):
    """Runs iterations; False if the last ones were those of a loop of the program."""
    ends_loop = flags(body, stop)
    watch = UnrollWatch(body)
    value = _first(test, binds)
    while value is not None:
        if not value:
            return True
        watch.iteration()
        try:
            body()
        except NameError as e:
            raise local_error(e, body) from e.__cause__
        values = [cell.cell_contents for cell in ends_loop]
        if any(map(seam.is_symbolic, values)):
            break
        if any(values):
            return True
        value = as_condition(call(test))
        if seam.is_symbolic(value):
            _from_test(value, test, body, symbols, ends, stop, options, lists, binds)
            return False
    _traced(test, body, symbols, ends, stop, options, lists, binds)
    return False


def _first(test, binds):
    """The value of the test; None where it is a tensor, and nothing has happened then."""
    assigned = State((test,), binds)
    before = assigned.get()
    with seam.trial() as trial, changes.noting() as journal:
        value = as_condition(call(test))
        if not (seam.is_symbolic(value) or (seam.tracing() and seam.is_tensor(value))):
            trial.keep()
            return bool(value)
        journal.restore()
    # A walrus in the test has bound a tensor that is forgotten now.
    assigned.set(before)
    return None


def _traced(test, body, symbols, ends, stop, options, lists, binds):
    if binds:
        # What a walrus in the test binds is a result of the loop.
        _from_test(
            _unless_ended(test, binds, flags(body, stop)), test, body, symbols, ends, stop, options, lists, binds
        )
        return
    loop = Loop((test, body), symbols, ends, stop, options, lists)

    def step(counters):
        call(body)
        return counters

    loop.run(lambda counters: call(test), step, [], None)


def _from_test(value, test, body, symbols, ends, stop, options, lists, binds):
    """The loop after its test gave `value`: the test is evaluated before it and at the end of each iteration."""
    loop = Loop((test, body), symbols, ends, stop, options, lists)

    def step(counters):
        call(body)
        return [_unless_ended(test, binds, loop.flags)]

    loop.run(lambda counters: counters[0], step, [condition(value)], None)


def _unless_ended(test, binds, cells):
    """The test; not evaluated, and nothing bound, where a flag has ended the loop."""
    go = False

    def evaluate():
        nonlocal go
        go = condition(call(test))

    ended = none_of(*(cell.cell_contents for cell in cells))
    symbols = ("go", *binds)
    if_stmt(ended, evaluate, None, symbols, (len(symbols), len(symbols)), parts=(evaluate, test))
    return condition(go)
