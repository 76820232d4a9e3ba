"""Functions of elements: traced once, for what elements are."""

from tfc.config import knobs
from tfc.core import is_symbolic
from tfc.data import elements
from tfc.data.holes import Hole, content, note, note_quiet
from tfc.function import function


def traced(user, specs: list, spread: bool = True) -> tuple:
    """`user` as a function of eager elements, traced once for these specs, and what it returns."""
    spread = spread and type(specs[0]) is tuple
    called = function(user)
    concrete = called.get_concrete_function(*(specs[0] if spread else specs))
    spec = elements.spec_of(elements.joined_list_spec(concrete.structured_outputs))
    # What it captures of a function around it has a value when that runs.
    captured = [t for t in concrete.captured_inputs if is_symbolic(t)]
    hole = Hole(captured, list) if captured else None
    if hole is not None:
        note(hole)

    note_quiet(lambda: not concrete.effects())

    def run(*given):
        args = given[0] if spread else given
        # A call of the function finds the trace as fast as any call; what it captures needs the trace itself.
        if hole is not None:
            return elements.joined(concrete.with_captured(content(hole), args))
        # `run_functions_eagerly` is not for functions of datasets.
        return elements.joined((concrete if knobs.run_functions_eagerly else called)(*args))

    return run, spec
