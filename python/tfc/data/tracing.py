"""Functions of elements: traced once, for what elements are."""

import itertools

from tfc.config import knobs
from tfc.core import is_symbolic
from tfc.data import elements
from tfc.data.holes import Hole, content, note, note_quiet
from tfc.data.specs import DatasetSpec
from tfc.dtypes import TensorSpec
from tfc.function import function


def traced(user, specs: list, spread: bool = True) -> tuple:
    """`user` as a function of eager elements, traced once for these specs, and what it returns."""
    spread = spread and type(specs[0]) is tuple
    called = function(user)
    concrete = called.get_concrete_function(*_named(specs[0] if spread else specs))
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


def _named(specs) -> tuple:
    """Specs whose tensors are called args_0, args_1, and so on, whatever the parameters of a function are called."""
    numbers = itertools.count()

    def name(spec):
        return TensorSpec(spec.shape, spec.dtype, f"args_{next(numbers)}") if isinstance(spec, TensorSpec) else spec

    return tuple(elements.mapped(name, tuple(specs)))


def traced_state(user, state_spec, element_spec, state_of=lambda spec: spec) -> tuple:
    """`traced` of a function of (state, element), and what the state is: a state whose shape changes is traced again,
    with sizes that are not known.
    """
    while True:
        call, spec = traced(user, [state_spec, element_spec], spread=False)
        following = elements.common(state_spec, state_of(spec))
        if repr(following) == repr(state_spec):
            return call, spec, state_spec
        state_spec = following


def traced_dataset(user, specs: list, spread: bool = True) -> tuple:
    """`traced` of a function that makes a dataset, and what the elements of that are."""
    call, spec = traced(user, specs, spread)
    if not isinstance(spec, DatasetSpec):
        raise TypeError(f"The `map_func` argument must return a `Dataset` object. Got elements of {spec!r}.")
    return call, spec.element_spec
