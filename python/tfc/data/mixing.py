"""Datasets that choose among elements: of several datasets, or of one; and those that carry a state along."""

import random

import numpy as np

from tfc.data import elements
from tfc.data.steps import END, Steps
from tfc.data.tracing import traced, traced_state
from tfc.dtypes import TensorSpec, int32, int64, string
from tfc.ops.convert import convert_to_tensor
from tfc.ops.random import host_seed

INFINITE_CARDINALITY, UNKNOWN_CARDINALITY = -1, -2


class Mixing:
    """Methods of `Dataset`."""

    @staticmethod
    def sample_from_datasets(
        datasets, weights=None, seed=None, stop_on_empty_dataset=False, rerandomize_each_iteration=None
    ):
        """Elements of several datasets, each one of a random dataset (`weights`: how probable each is)."""
        parts = list(datasets)
        if not parts:
            raise ValueError("Invalid `datasets`. `datasets` should not be empty.")
        given = [1.0] * len(parts) if weights is None else [float(w) for w in np.asarray(weights).reshape(-1)]
        if len(given) != len(parts):
            raise ValueError(
                f"Invalid `weights`: it has {len(given)} numbers for {len(parts)} datasets. Give one number for each."
            )

        def make():
            chooser, iterators, chances = random.Random(host_seed(seed)), [d._elements() for d in parts], list(given)

            def step():
                while any(chances):
                    at = chooser.choices(range(len(parts)), chances)[0]
                    element = next(iterators[at], END)
                    if element is not END:
                        return element
                    chances[at] = 0.0
                    if stop_on_empty_dataset:
                        chances[:] = [0.0] * len(parts)
                return END

            return Steps(step)

        return parts[0]._made(
            make, common_spec(parts), _total(parts, stop_on_empty_dataset), "_DirectedInterleaveDataset"
        )

    @staticmethod
    def choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset=True):
        """Elements of several datasets, in the order that the numbers of `choice_dataset` say."""
        parts = list(datasets)
        if not parts:
            raise ValueError("Invalid `datasets`. `datasets` should not be empty.")

        def make():
            iterators = [d._elements() for d in parts]
            choices = choice_dataset._elements()

            def step():
                for choice in choices:
                    element = next(iterators[int(choice)], END)
                    if element is not END or stop_on_empty_dataset:
                        return element
                return END

            return Steps(step)

        return parts[0]._made(make, common_spec(parts), UNKNOWN_CARDINALITY, "_DirectedInterleaveDataset")

    def scan(self, initial_state, scan_func, name=None):
        """`state, element = scan_func(state, element)`, element after element: the new elements."""
        start = elements.eager(initial_state)
        call, spec, _ = traced_state(scan_func, elements.spec_of(start), self._spec, lambda spec: spec[0])
        if type(spec) is not tuple or len(spec) != 2:
            raise TypeError(f"scan_func returns a pair (new state, element), got {spec}")

        def make():
            state, source = start, self._elements()

            def step():
                nonlocal state
                element = next(source, END)
                if element is not END:
                    state, element = call(state, element)
                return element

            return Steps(step)

        return self._made(make, spec[1], self._count, "_ScanDataset")

    def unique(self, name=None):
        """The elements without repetitions."""

        if getattr(self._spec, "dtype", None) not in (int32, int64, string):
            raise TypeError(
                f"`tf.data.Dataset.unique` does not support type {getattr(self._spec, 'dtype', self._spec)!r} -- only "
                "`tf.int32`, `tf.int64`, and `tf.string` are supported."
            )

        def make():
            seen = set()

            def is_new(element):
                (a,) = elements.flat(element)
                key = a.tobytes() if a.dtype.kind == "i" else tuple(np.ravel(a).tolist())
                return not (key in seen or seen.add(key))

            return filter(is_new, self._elements())

        return self._made(make, self._spec, UNKNOWN_CARDINALITY, "_UniqueDataset")

    def rejection_resample(self, class_func, target_dist, initial_dist=None, seed=None, name=None):
        """(class, element): elements are left out so that classes are as frequent as `target_dist` says."""
        class_of, _ = traced(class_func, [self._spec])
        target = np.asarray(target_dist, np.float64)
        initial = None if initial_dist is None else np.asarray(initial_dist, np.float64)

        def make():
            chooser, seen = random.Random(host_seed(seed)), np.ones(len(target))
            source = self._elements()

            def step():
                for element in source:
                    number = int(class_of(element))
                    seen[number] += 1
                    share = target / np.maximum(initial if initial is not None else seen / seen.sum(), 1e-30)
                    if chooser.random() < share[number] / share.max():
                        return convert_to_tensor(np.int32(number)), element
                return END

            return Steps(step)

        return self._made(make, (TensorSpec((), int32), self._spec), UNKNOWN_CARDINALITY, "_MapDataset")

    def snapshot(self, path, compression="AUTO", reader_func=None, shard_func=None, name=None):
        """The elements, kept after the first time: in memory, `path` is not written."""
        return self.cache()


def common_spec(parts: list):
    """What elements of several datasets are, whichever they come from."""
    spec = parts[0].element_spec
    for other in parts[1:]:
        pairs = zip(elements.leaves_of(spec), elements.leaves_of(other.element_spec), strict=True)
        joined = [elements.joined_spec(a, b) if isinstance(a, TensorSpec) else a for a, b in pairs]
        spec = elements.packed(spec, iter(joined))
    return spec


def _total(parts: list, stops: bool) -> int:
    counts = [d._count for d in parts]
    return INFINITE_CARDINALITY if INFINITE_CARDINALITY in counts and not stops else UNKNOWN_CARDINALITY
