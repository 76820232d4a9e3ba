"""Reductions of elements by key."""

from collections.abc import Callable

from tfc.data import elements
from tfc.data.dataset import UNKNOWN_CARDINALITY, Dataset
from tfc.data.steps import Started
from tfc.data.tracing import traced
from tfc.dtypes import TensorSpec, int64


class Reducer:
    """What `group_by_reducer` does with the elements of one key: `init_func(key)`, `reduce_func(state, element)` for
    each of them, `finalize_func(state)`.
    """

    def __init__(self, init_func: Callable, reduce_func: Callable, finalize_func: Callable):
        self.init_func, self.reduce_func, self.finalize_func = init_func, reduce_func, finalize_func


def group_by_reducer(key_func, reducer: Reducer):
    """For `apply`: what `reducer` makes of the elements of each key, in the order of keys."""

    def transformation(dataset):
        key_of, _ = traced(key_func, [dataset.element_spec])
        start, state_spec = traced(reducer.init_func, [TensorSpec((), int64)])
        reduce, _ = traced(reducer.reduce_func, [state_spec, dataset.element_spec], spread=False)
        finish, spec = traced(reducer.finalize_func, [state_spec])

        def make():
            states: dict = {}
            for element in dataset._elements():
                key = key_of(element)
                number = int(key)
                if number not in states:
                    states[number] = start(key)
                states[number] = elements.joined(reduce(states[number], element))
            return iter([finish(states[number]) for number in sorted(states)])

        return Dataset(lambda: Started(make), spec, UNKNOWN_CARDINALITY, "_GroupByReducerDataset")

    return transformation
