"""Functions of elements: traced once, for what elements are."""

from tfc.core import executing_eagerly, outside
from tfc.data import elements
from tfc.function import function


def traced(user, specs: list, spread: bool = True) -> tuple:
    """`user` as a function of eager elements, traced once for these specs, and what it returns."""
    if not executing_eagerly():
        with outside():
            return traced(user, specs, spread)
    spread = spread and type(specs[0]) is tuple
    concrete = function(user).get_concrete_function(*(specs[0] if spread else specs))
    spec = elements.spec_of(elements.joined_list_spec(concrete.structured_outputs))

    def run(*given):
        return elements.joined(concrete(*(given[0] if spread else given)))

    return run, spec
