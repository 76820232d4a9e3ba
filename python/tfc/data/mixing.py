"""Datasets that choose among elements: of several datasets, or of one; and those that carry a state along."""

import random

import numpy as np

from tfc.data import elements
from tfc.data.tracing import traced
from tfc.dtypes import TensorSpec, int32
from tfc.ops.convert import convert_to_tensor

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
            chooser, iterators, chances = random.Random(seed), [d._elements() for d in parts], list(given)
            while any(chances):
                at = chooser.choices(range(len(parts)), chances)[0]
                element = next(iterators[at], _END)
                if element is not _END:
                    yield element
                elif stop_on_empty_dataset:
                    return
                else:
                    chances[at] = 0.0

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
            for choice in choice_dataset._elements():
                element = next(iterators[int(choice)], _END)
                if element is not _END:
                    yield element
                elif stop_on_empty_dataset:
                    return

        return parts[0]._made(make, common_spec(parts), UNKNOWN_CARDINALITY, "_DirectedInterleaveDataset")

    def scan(self, initial_state, scan_func, name=None):
        """`state, element = scan_func(state, element)`, element after element: the new elements."""
        start = elements.eager(initial_state)
        call, spec = traced(scan_func, [elements.spec_of(start), self._spec], spread=False)
        if type(spec) is not tuple or len(spec) != 2:
            raise TypeError(f"scan_func returns a pair (new state, element), got {spec}")

        def make():
            state = start
            for element in self._elements():
                state, made = call(state, element)
                yield made

        return self._made(make, spec[1], self._count, "_ScanDataset")

    def unique(self, name=None):
        """The elements without repetitions."""

        def make():
            seen = set()
            for element in self._elements():
                key = tuple((a.dtype.str, a.shape, tuple(a.ravel().tolist())) for a in elements.flat(element))
                if key not in seen:
                    seen.add(key)
                    yield element

        return self._made(make, self._spec, UNKNOWN_CARDINALITY, "_UniqueDataset")

    def rejection_resample(self, class_func, target_dist, initial_dist=None, seed=None, name=None):
        """(class, element): elements are left out so that classes are as frequent as `target_dist` says."""
        class_of, _ = traced(class_func, [self._spec])
        target = np.asarray(target_dist, np.float64)
        initial = None if initial_dist is None else np.asarray(initial_dist, np.float64)

        def make():
            chooser, seen = random.Random(seed), np.ones(len(target))
            for element in self._elements():
                kind = class_of(element)
                number = int(kind)
                seen[number] += 1
                share = target / np.maximum(initial if initial is not None else seen / seen.sum(), 1e-30)
                if chooser.random() < share[number] / share.max():
                    yield convert_to_tensor(np.int32(number)), element

        return self._made(make, (TensorSpec((), int32), self._spec), UNKNOWN_CARDINALITY, "_MapDataset")

    def snapshot(self, path, compression="AUTO", reader_func=None, shard_func=None, name=None):
        """The elements, kept after the first time: in memory, `path` is not written."""
        return self.cache()


_END = object()


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
    if stops or UNKNOWN_CARDINALITY in counts:
        return UNKNOWN_CARDINALITY
    return INFINITE_CARDINALITY if INFINITE_CARDINALITY in counts else sum(counts)
