"""`Dataset`: a sequence of elements (nests of tensors) that the host makes one after the other.

A dataset is a recipe: a function that gives a new Python iterator, and what each element is. Functions of elements
(`map`, `filter`, `reduce`) are traced once, for `element_spec`, as TensorFlow does it.
"""

import builtins
import itertools
import math
import random
from collections.abc import Callable

import numpy as np

from tfc.core import EagerTensor, Tensor, executing_eagerly, outside
from tfc.data import elements
from tfc.data.grouping import DatasetSpec, Grouping
from tfc.data.holes import recipe, symbolic_in, union
from tfc.data.in_functions import InFunctions
from tfc.data.iterator import Iterator, TracedIterator
from tfc.data.mixing import Mixing, common_spec
from tfc.data.rows import Counted, Numbered, Part, Repeated, Slices, Zipped
from tfc.data.tracing import traced
from tfc.dtypes import TensorSpec, as_dtype, int64
from tfc.errors import InvalidArgumentError
from tfc.function import function
from tfc.ops import nest
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import zeros

AUTOTUNE = -1
INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2


class Dataset(InFunctions, Grouping, Mixing):
    """Elements for a program: `Dataset.from_tensor_slices`, `from_tensors`, `from_generator`, `range`, `zip`.

    Iterate over it with `for`, in Python or in a `tf.function`, where the loop is part of the program (its body is
    traced once). It may be an argument of a function: other datasets of the same elements do not trace again. In a
    function, datasets are made of its tensors and of others; the host makes them each time the function runs.
    """

    def __init__(self, make: Callable, element_spec, cardinality: int = UNKNOWN_CARDINALITY, name: str = "Dataset"):
        self._make, self._spec, self._count, self._kind = make, element_spec, cardinality, name
        InFunctions.__init__(self)

    @staticmethod
    def _made(make, element_spec, cardinality, kind) -> "Dataset":
        return Dataset(make, element_spec, cardinality, kind)

    # Sources.

    @staticmethod
    def from_tensors(tensors, name=None) -> "Dataset":
        """One element."""
        value, made = elements.as_tensors(tensors), Dataset.from_tensors
        if symbolic_in([value]):
            return _of_tensors(value, made, elements.spec_of(value), "_TensorDataset")
        made = Dataset(lambda: iter([value]), elements.spec_of(value), 1, "_TensorDataset")
        made._quiet = ()
        return made

    @staticmethod
    def from_tensor_slices(tensors, name=None) -> "Dataset":
        """The slices of tensors (a nest) along their first dimension."""
        value, made = elements.as_tensors(tensors), Dataset.from_tensor_slices
        if symbolic_in([value]):
            return _of_tensors(value, made, elements.row_spec(elements.spec_of(value)), "_TensorSliceDataset")
        rows = [elements.rows_of(leaf) for leaf in elements.leaves_of(value)]
        if not rows:
            raise ValueError("Invalid `tensors`. `tensors` must not be empty.")
        sizes = {size for size, _, _ in rows}
        if len(sizes) > 1:
            raise ValueError(f"Dimensions {sorted(sizes)[0]} and {sorted(sizes)[1]} are not compatible")
        count = sizes.pop()
        spec = elements.packed(value, iter([spec for _, _, spec in rows]))

        def make():
            return (elements.packed(value, iter([row(i) for _, row, _ in rows])) for i in builtins.range(count))

        made = Dataset(make, spec, count, "_TensorSliceDataset")
        made._quiet = ()
        if all(type(leaf) is EagerTensor for leaf in elements.leaves_of(value)):
            made._make_rows = lambda: Slices([leaf._view() for leaf in elements.leaves_of(value)])
        return made

    @staticmethod
    def range(*args, output_type=int64, name=None) -> "Dataset":
        """The integers of `range(...)`, int64 by default."""
        dtype = as_dtype(output_type)
        if symbolic_in(args):
            made = lambda ends: Dataset.range(*ends, output_type=dtype)
            return _of_tensors(tuple(args), made, TensorSpec((), dtype), "_RangeDataset")
        numbers = builtins.range(*(int(a) for a in args))

        def make():
            return (convert_to_tensor(np.asarray(i, dtype.np_dtype)) for i in numbers)

        made = Dataset(make, TensorSpec((), dtype), len(numbers), "_RangeDataset")
        made._quiet = ()
        made._make_rows = lambda: Counted(numbers.start, numbers.step, len(numbers), dtype.np_dtype)
        return made

    @staticmethod
    def counter(start=0, step=1, dtype=int64, name=None) -> "Dataset":
        """`start`, `start + step`, and so on without end."""
        dtype = as_dtype(dtype)
        make = lambda: (convert_to_tensor(np.asarray(i, dtype.np_dtype)) for i in itertools.count(start, step))
        made = Dataset(make, TensorSpec((), dtype), INFINITE_CARDINALITY, "_CounterDataset")
        made._quiet = ()
        return made

    @staticmethod
    def random(seed=None, rerandomize_each_iteration=None, name=None) -> "Dataset":
        """Random int64 numbers below 2**32, without end; the same ones each time if there is a seed."""

        def make():
            source = random.Random(seed)
            while True:
                yield convert_to_tensor(np.int64(source.getrandbits(32)))

        return Dataset(make, TensorSpec((), int64), INFINITE_CARDINALITY, "_RandomDataset")

    @staticmethod
    def from_generator(
        generator, output_types=None, output_shapes=None, args=None, output_signature=None, name=None
    ) -> "Dataset":
        """What `generator(*args)` yields, as `output_signature` (a nest of TensorSpecs) says."""
        if not callable(generator):
            raise TypeError("`generator` must be a Python callable.")
        spec = output_signature
        if spec is None:
            if output_types is None:
                raise TypeError("Either `output_signature` or `output_types` must be specified")
            types = nest.flatten(output_types)
            shapes = [None] * len(types) if output_shapes is None else elements.shapes_like(output_types, output_shapes)
            spec = nest.pack_sequence_as(output_types, [TensorSpec(s, t) for s, t in zip(shapes, types, strict=True)])
        if symbolic_in(args or ()):
            made = lambda values: Dataset.from_generator(generator, args=values, output_signature=spec)
            return _of_tensors(tuple(args), made, spec, "_FlatMapDataset")
        given = [convert_to_tensor(a).numpy() for a in args or ()]

        def make():
            for value in generator(*given):
                yield elements.fitted(value, spec)

        return Dataset(make, spec, UNKNOWN_CARDINALITY, "_FlatMapDataset")

    @staticmethod
    def zip(*args, datasets=None, name=None) -> "Dataset":
        """Tuples (or the nest given) of elements of several datasets, until one ends."""
        structure = (
            datasets if datasets is not None else args[0] if len(args) == 1 and nest.is_nested(args[0]) else args
        )
        parts = _datasets_in(structure)

        def make():
            return (_filled(structure, iter(values)) for values in builtins.zip(*(d._elements() for d in parts)))

        spec = _filled(structure, iter([d.element_spec for d in parts]))
        made = Dataset(make, spec, _least([d._count for d in parts]), "_ZipDataset")
        made._holes = union(*(d._holes for d in parts))
        made._quiet = tuple(d._runs_ahead for d in parts)
        made._make_rows = lambda: _all_rows(parts, Zipped)
        return made

    # What it is.

    @property
    def element_spec(self):
        """A nest of TensorSpecs: what each element is."""
        return self._spec

    def cardinality(self, name=None) -> Tensor:
        """The number of elements, as int64; `INFINITE_CARDINALITY` or `UNKNOWN_CARDINALITY`."""
        if self._hole is not None:
            return self._count_on_host()
        return convert_to_tensor(np.int64(self._count))

    def __len__(self):
        if self._count == INFINITE_CARDINALITY:
            raise TypeError("The dataset is infinite.")
        if self._count == UNKNOWN_CARDINALITY:
            raise TypeError("The dataset length is unknown.")
        return self._count

    def __bool__(self):
        return True

    def __repr__(self):
        return f"<{self._kind} element_spec={self._spec}>"

    def _as_it_is(self, kind: str) -> "Dataset":
        made = Dataset(self._elements, self._spec, self._count, kind)
        return self._with_rows(made, lambda rows: rows)

    def _with_rows(self, made, change: Callable) -> "Dataset":
        """`made`, whose elements are known by number where this one's are: `change(rows)` of them."""

        def rows():
            found = self._rows()
            return None if found is None else change(found)

        made._make_rows = rows
        return made

    # Going through it.

    def _elements(self):
        """A new Python iterator. What it computes, it computes eagerly."""
        if self._hole is not None:
            yield from self._filled()._elements()
            return
        inner = self._make()
        while True:
            with outside():
                value = next(inner, _elements_end)
            if value is _elements_end:
                return
            yield value

    def __iter__(self):
        return Iterator(self) if executing_eagerly() else TracedIterator(self)

    def as_numpy_iterator(self):
        """Elements as numpy arrays."""
        return (elements.numpy_of(e) for e in self._elements())

    def get_single_element(self, name=None):
        """The element of a dataset that has one; `InvalidArgumentError` otherwise."""
        if not executing_eagerly():
            return next(iter(self))
        found = list(itertools.islice(self._elements(), 2))
        if len(found) != 1:
            raise InvalidArgumentError(
                None, None, "Dataset was empty." if not found else "Dataset had more than one element."
            )
        return found[0]

    # Transformations.

    def map(self, map_func, num_parallel_calls=None, deterministic=None, name=None, **unused) -> "Dataset":
        """`map_func` of each element; a tuple's components are its arguments."""
        call, spec = traced(map_func, [self._spec])
        return Dataset(lambda: (call(e) for e in self._elements()), spec, self._count, "_MapDataset")

    def filter(self, predicate, name=None) -> "Dataset":
        """The elements for which `predicate` holds."""
        call, _ = traced(predicate, [self._spec])
        return Dataset(
            lambda: (e for e in self._elements() if bool(call(e))), self._spec, UNKNOWN_CARDINALITY, "_FilterDataset"
        )

    def flat_map(self, map_func, name=None) -> "Dataset":
        """The elements of the datasets that `map_func` (called in Python) makes of each element."""
        parts = _Parts(self, map_func)
        return Dataset(parts.elements, parts.spec, UNKNOWN_CARDINALITY, "_FlatMapDataset")

    def interleave(self, map_func, cycle_length=None, block_length=1, num_parallel_calls=None, **unused) -> "Dataset":
        """Like `flat_map`, `block_length` elements of each of `cycle_length` datasets in turn."""
        parts = _Parts(self, map_func)
        width = cycle_length or 1
        return Dataset(
            lambda: parts.in_turn(width, block_length), parts.spec, UNKNOWN_CARDINALITY, "_InterleaveDataset"
        )

    def take(self, count, name=None) -> "Dataset":
        """The first `count` elements (all, if it is -1)."""
        n = int(count)
        if n < 0:
            return self._as_it_is("_TakeDataset")
        size = n if self._count == INFINITE_CARDINALITY else min(n, self._count) if self._count >= 0 else self._count
        made = Dataset(lambda: itertools.islice(self._elements(), n), self._spec, size, "_TakeDataset")
        return self._with_rows(made, lambda rows: Part(rows, 0, n))

    def skip(self, count, name=None) -> "Dataset":
        """All but the first `count` elements (none, if it is -1)."""
        n = int(count)
        size = max(self._count - n, 0) if self._count >= 0 else self._count
        if n < 0:
            return Dataset(lambda: iter(()), self._spec, 0, "_SkipDataset")
        made = Dataset(lambda: itertools.islice(self._elements(), n, None), self._spec, size, "_SkipDataset")
        return self._with_rows(made, lambda rows: Part(rows, n, math.inf))

    def repeat(self, count=None, name=None) -> "Dataset":
        """The elements `count` times; without end for None or -1."""
        n = -1 if count is None else int(count)

        def make():
            rounds = itertools.count() if n < 0 else builtins.range(n)
            for _ in rounds:
                empty = True
                for e in self._elements():
                    empty = False
                    yield e
                if empty:
                    return

        size = self._count
        if size != 0:
            size = INFINITE_CARDINALITY if n < 0 else 0 if n == 0 else size * n if size > 0 else size
        made = Dataset(make, self._spec, size, "_RepeatDataset")
        return self._with_rows(made, lambda rows: Repeated(rows, math.inf if n < 0 else n))

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=True, name=None) -> "Dataset":
        """The elements in random order: each one a random choice among the next `buffer_size`."""
        size, source = int(buffer_size), random.Random(seed)
        state = source.getstate()

        def make():
            chosen = source
            if not reshuffle_each_iteration:
                chosen = random.Random()
                chosen.setstate(state)
            held = []
            for e in self._elements():
                held.append(e)
                if len(held) >= size:
                    yield held.pop(chosen.randrange(len(held)))
            chosen.shuffle(held)
            yield from held

        return Dataset(make, self._spec, self._count, "_ShuffleDataset")

    def enumerate(self, start=0, name=None) -> "Dataset":
        """(number, element), int64 numbers."""

        def make():
            return ((convert_to_tensor(np.int64(i)), e) for i, e in builtins.enumerate(self._elements(), int(start)))

        made = Dataset(make, (TensorSpec((), int64), self._spec), self._count, "_ZipDataset")
        return self._with_rows(made, lambda rows: Numbered(rows, int(start)))

    def concatenate(self, dataset, name=None) -> "Dataset":
        """The elements of this one, then those of another."""
        nest.assert_same_structure(self._spec, dataset.element_spec)
        spec = common_spec([self, dataset])
        count = UNKNOWN_CARDINALITY
        if INFINITE_CARDINALITY in (self._count, dataset._count):
            count = INFINITE_CARDINALITY
        elif self._count >= 0 and dataset._count >= 0:
            count = self._count + dataset._count
        return Dataset(
            lambda: itertools.chain(self._elements(), dataset._elements()), spec, count, "_ConcatenateDataset"
        )

    def shard(self, num_shards, index, name=None) -> "Dataset":
        """Every `num_shards`-th element, from number `index`."""
        n, at = int(num_shards), int(index)
        if not 0 <= at < n:
            raise InvalidArgumentError(None, "shard", f"Index must be between 0 and {n - 1} (currently index = {at}).")
        count = max(0, math.ceil((self._count - at) / n)) if self._count >= 0 else self._count
        made = Dataset(lambda: itertools.islice(self._elements(), at, None, n), self._spec, count, "_ShardDataset")
        return self._with_rows(made, lambda rows: Part(rows, at, math.inf, n))

    def take_while(self, predicate, name=None) -> "Dataset":
        """The elements before the first for which `predicate` does not hold."""
        call, _ = traced(predicate, [self._spec])
        return Dataset(
            lambda: itertools.takewhile(lambda e: bool(call(e)), self._elements()),
            self._spec, UNKNOWN_CARDINALITY, "_TakeWhileDataset",
        )  # fmt: skip

    def cache(self, filename="", name=None) -> "Dataset":
        """Keeps elements in memory after the first time. Files are not supported."""
        if filename:
            raise NotImplementedError("Dataset.cache keeps elements in memory only")
        if self._holes:  # another dataset each time the function runs
            return Dataset(self._elements, self._spec, self._count, "CacheDataset")
        kept: list = []

        def make():
            if kept:
                yield from kept[0]
                return
            found = []
            for e in self._elements():
                found.append(e)
                yield e
            kept.append(found)

        return Dataset(make, self._spec, self._count, "CacheDataset")

    def prefetch(self, buffer_size, name=None) -> "Dataset":
        """The same elements: they are made when they are asked for."""
        return self._as_it_is("_PrefetchDataset")

    def with_options(self, options, name=None) -> "Dataset":
        """The same elements."""
        return self._as_it_is("_OptionsDataset")

    def apply(self, transformation_func) -> "Dataset":
        """`transformation_func` of this dataset."""
        return transformation_func(self)

    def reduce(self, initial_state, reduce_func, name=None):
        """`state = reduce_func(state, element)` after all elements."""
        if not executing_eagerly():
            return self._traced_reduce(elements.as_tensors(initial_state), function(reduce_func))
        state = elements.eager(initial_state)
        call, _ = traced(reduce_func, [elements.spec_of(state), self._spec], spread=False)
        for e in self._elements():
            state = call(state, e)
        return state


for _name in (
    "batch", "bucket_by_sequence_length", "cache", "concatenate", "enumerate", "filter", "flat_map", "group_by_window",
    "interleave", "map", "padded_batch", "prefetch", "ragged_batch", "rebatch", "rejection_resample", "repeat", "scan",
    "shard", "shuffle", "skip", "snapshot", "take", "take_while", "unbatch", "unique", "window", "with_options",
):  # fmt: skip
    setattr(Dataset, _name, recipe(getattr(Dataset, _name)))


class TextLineDataset(Dataset):
    """The lines of text files, without their ends, as strings."""

    def __init__(self, filenames, compression_type=None, buffer_size=None, num_parallel_reads=None, name=None):
        if compression_type:
            raise NotImplementedError("TextLineDataset reads plain files")
        names = [n.decode() for n in np.asarray(convert_to_tensor(filenames).numpy(), object).reshape(-1)]

        def make():
            for file in names:
                with open(file, "rb") as lines:
                    for line in lines:
                        yield convert_to_tensor(line.rstrip(b"\n").removesuffix(b"\r"))

        super().__init__(make, TensorSpec((), as_dtype("string")), UNKNOWN_CARDINALITY, "TextLineDatasetV2")


_elements_end = object()


class _Parts:
    """The datasets that a function makes of elements. What they hold is found with the first one."""

    def __init__(self, source: Dataset, function_):
        self.source, self.function = source, function_
        with outside():
            first = _example(source._spec) if source._holes else next(source._elements(), None)
        if first is None:
            raise ValueError("flat_map and interleave need an element to see what their datasets hold; there is none")
        self.spec = self._of(first).element_spec

    def _of(self, element) -> Dataset:
        made = self.function(*element) if type(element) is tuple else self.function(element)
        if not isinstance(made, Dataset):
            raise TypeError(f"The `map_func` argument must return a `Dataset` object. Got {type(made)!r}.")
        return made

    def elements(self):
        for e in self.source._elements():
            yield from self._of(e)._elements()

    def in_turn(self, width, block):
        waiting = self.source._elements()
        running = [self._of(e)._elements() for e in itertools.islice(waiting, width)]
        while running:
            following = []
            for part in running:
                chunk = list(itertools.islice(part, block))
                yield from chunk
                if len(chunk) == block:
                    following.append(part)
                else:
                    following += [self._of(e)._elements() for e in itertools.islice(waiting, 1)]
            running = following


def _of_tensors(value, make, spec, kind) -> Dataset:
    """`make(value)` of a nest of tensors of which some are symbolic."""
    leaves = nest.flatten(value)
    return Dataset._in_hole(leaves, lambda given: make(nest.pack_sequence_as(value, given)), spec, kind)


def _example(spec):
    """An element like those of a dataset that does not exist yet."""

    def leaf(s):
        if isinstance(s, DatasetSpec):
            inner = _example(s.element_spec)
            return Dataset(lambda: iter([inner]), s.element_spec, 1, s.name)
        if hasattr(s, "components"):
            raise NotImplementedError(
                f"flat_map and interleave in a function need elements that are tensors or datasets, got {s!r}: "
                "make the dataset outside of the function"
            )
        return zeros([d or 1 for d in s.shape.dims or ()], s.dtype)

    return elements.mapped(leaf, spec)


def _datasets_in(structure) -> list:
    if isinstance(structure, Dataset):
        return [structure]
    if not isinstance(structure, (tuple, list, dict)):
        raise TypeError(f"Invalid `datasets`: expected a nest of Datasets, got {structure!r}")
    return [d for child in elements.children(structure) for d in _datasets_in(child)]


def _all_rows(parts: list, join):
    """`join` of the rows of all parts; None if one has none."""
    rows = [d._rows() for d in parts]
    return None if None in rows else join(rows)


def _filled(structure, values):
    """The structure with the next of `values` in the place of each dataset."""
    if isinstance(structure, Dataset):
        return next(values)
    if isinstance(structure, dict):
        made = {k: _filled(structure[k], values) for k in sorted(structure)}
        return {k: made[k] for k in structure}
    return tuple(_filled(v, values) for v in structure)


def _least(counts: list) -> int:
    if UNKNOWN_CARDINALITY in counts:
        return UNKNOWN_CARDINALITY
    finite = [c for c in counts if c >= 0]
    return min(finite) if finite else INFINITE_CARDINALITY
