"""Functions of elements: traced once, for what elements are."""

from tfc.core import is_symbolic
from tfc.data import elements
from tfc.data.holes import Hole, content, note
from tfc.function import function


def traced(user, specs: list, spread: bool = True) -> tuple:
    """`user` as a function of eager elements, traced once for these specs, and what it returns."""
    spread = spread and type(specs[0]) is tuple
    concrete = function(user).get_concrete_function(*(specs[0] if spread else specs))
    spec = elements.spec_of(elements.joined_list_spec(concrete.structured_outputs))
    # What it captures of a function around it has a value when that runs.
    captured = [t for t in concrete.captured_inputs if is_symbolic(t)]
    hole = Hole(captured, list) if captured else None
    if hole is not None:
        note(hole)

    def run(*given):
        args = given[0] if spread else given
        return elements.joined(concrete(*args) if hole is None else concrete.with_captured(content(hole), args))

    return run, spec
