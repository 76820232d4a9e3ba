"""`Dataset`: a sequence of elements (nests of tensors) that the host makes one after the other.

A dataset is a recipe: a function that gives a new Python iterator, and what each element is. Functions of elements
(`map`, `filter`, `reduce`) are traced once, for `element_spec`, as TensorFlow does it.
"""

import builtins
import itertools
import logging
import math
import os
import random
from collections.abc import Callable

import numpy as np

from tfc.autodiff import error_class
from tfc.core import EagerTensor, Tensor, executing_eagerly
from tfc.data import elements
from tfc.data.grouping import Grouping, positive, sparse_batches
from tfc.data.holes import Hole, recipe, symbolic_in, union
from tfc.data.in_functions import InFunctions
from tfc.data.iterator import Iterator, NumpyIterator, new_iteration
from tfc.data.mixing import Mixing, common_spec
from tfc.data.options import Options
from tfc.data.rows import Counting, Numbered, Part, Repeated, Slices, Zipped
from tfc.data.specs import DatasetSpec
from tfc.data.steps import END, Chained, Counted, InTurn, Started, Steps, Together, sliced, without_errors
from tfc.data.tracing import traced, traced_dataset, traced_state
from tfc.dtypes import TensorSpec, as_dtype, bool_, int64
from tfc.errors import InvalidArgumentError, OpError
from tfc.function import function
from tfc.ops import nest
from tfc.ops.convert import convert_to_tensor
from tfc.ops.random import host_seed

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
        if not 1 <= len(args) <= 3:
            raise ValueError(f"Invalid arguments: Dataset.range takes 1, 2 or 3 numbers, got {len(args)}")
        if len(args) == 3 and int(args[2]) == 0:
            raise InvalidArgumentError(None, "RangeDataset", "step must be a non-zero integer.")
        numbers = builtins.range(*(int(a) for a in args))

        def make():
            return (convert_to_tensor(np.asarray(i, dtype.np_dtype)) for i in numbers)

        made = Dataset(make, TensorSpec((), dtype), len(numbers), "_RangeDataset")
        made._quiet = ()
        made._make_rows = lambda: Counting(numbers.start, numbers.step, len(numbers), dtype.np_dtype)
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

        start = host_seed(seed)
        source = random.Random(start)

        def make():
            drawn = source if rerandomize_each_iteration else random.Random(start)
            return (convert_to_tensor(np.int64(drawn.getrandbits(32))) for _ in itertools.count())

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
            return builtins.map(lambda value: elements.fitted(value, spec), _of_user(generator, given))

        return Dataset(make, spec, UNKNOWN_CARDINALITY, "_FlatMapDataset")

    @staticmethod
    def zip(*args, datasets=None, name=None) -> "Dataset":
        """Tuples (or the nest given) of elements of several datasets, until one ends."""
        structure = (
            datasets if datasets is not None else args[0] if len(args) == 1 and nest.is_nested(args[0]) else args
        )
        parts = _datasets_in(structure)

        def make():
            return builtins.map(lambda v: _filled(structure, iter(v)), Together([d._elements() for d in parts]))

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
        return Started(self._make if self._hole is None else lambda: self._filled()._elements())

    def __iter__(self):
        return Iterator(self) if executing_eagerly() else new_iteration(self)

    def as_numpy_iterator(self):
        """Elements as numpy arrays."""
        return NumpyIterator(self)

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
        kind = "_MapDataset" if num_parallel_calls is None else "_ParallelMapDataset"
        return Dataset(lambda: builtins.map(call, self._elements()), spec, self._count, kind)

    def filter(self, predicate, name=None) -> "Dataset":
        """The elements for which `predicate` holds."""
        holds = _predicate(predicate, self._spec)
        return Dataset(
            lambda: builtins.filter(holds, self._elements()), self._spec, UNKNOWN_CARDINALITY, "_FilterDataset"
        )

    def flat_map(self, map_func, name=None) -> "Dataset":
        """The elements of the datasets that `map_func` makes of each element."""
        call, spec = traced_dataset(map_func, [self._spec])
        made = lambda: Chained(builtins.map(lambda e: call(e)._elements(), self._elements()))
        return Dataset(made, spec, UNKNOWN_CARDINALITY, "_FlatMapDataset")

    def interleave(self, map_func, cycle_length=None, block_length=1, num_parallel_calls=None, **unused) -> "Dataset":
        """Like `flat_map`, `block_length` elements of each of `cycle_length` datasets in turn."""
        call, spec = traced_dataset(map_func, [self._spec])
        if cycle_length in (None, AUTOTUNE):
            width = num_parallel_calls if (num_parallel_calls or 0) > 0 else len(os.sched_getaffinity(0))
        else:
            width = positive(cycle_length, "`cycle_length`")
        block = positive(block_length, "`block_length`")
        parts = lambda: builtins.map(lambda e: call(e)._elements(), self._elements())
        kind = "_InterleaveDataset" if num_parallel_calls is None else "_ParallelInterleaveDataset"
        return Dataset(lambda: InTurn(parts(), width, block), spec, UNKNOWN_CARDINALITY, kind)

    def take(self, count, name=None) -> "Dataset":
        """The first `count` elements (all, if it is -1)."""
        n = _count(count)
        if n < 0:
            return self._as_it_is("_TakeDataset")
        size = n if self._count == INFINITE_CARDINALITY else min(n, self._count) if self._count >= 0 else self._count
        made = Dataset(lambda: sliced(self._elements(), 0, n), self._spec, size, "_TakeDataset")
        return self._with_rows(made, lambda rows: Part(rows, 0, n))

    def skip(self, count, name=None) -> "Dataset":
        """All but the first `count` elements (none, if it is -1)."""
        n = _count(count)
        size = max(self._count - n, 0) if self._count >= 0 else self._count
        if n < 0:
            return Dataset(lambda: iter(()), self._spec, 0, "_SkipDataset")
        made = Dataset(lambda: sliced(self._elements(), n), self._spec, size, "_SkipDataset")
        return self._with_rows(made, lambda rows: Part(rows, n, math.inf))

    def repeat(self, count=None, name=None) -> "Dataset":
        """The elements `count` times; without end for None or -1."""
        n = -1 if count is None else _count(count)

        def rounds():
            for _ in itertools.count() if n < 0 else builtins.range(n):
                part = Counted(self._elements())
                yield part
                if part.count == 0:
                    return

        make = lambda: Chained(rounds())

        size = self._count
        if size != 0:
            size = INFINITE_CARDINALITY if n < 0 else 0 if n == 0 else size * n if size > 0 else size
        made = Dataset(make, self._spec, size, "_RepeatDataset")
        return self._with_rows(made, lambda rows: Repeated(rows, math.inf if n < 0 else n))

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=True, name=None) -> "Dataset":
        """The elements in random order: each one a random choice among the next `buffer_size`."""
        size, source = int(buffer_size), random.Random(host_seed(seed))
        if size <= 0:
            raise InvalidArgumentError(None, "ShuffleDataset", f"buffer_size must be greater than zero, got {size}")
        state = source.getstate()

        def make():
            chosen = source
            if not reshuffle_each_iteration:
                chosen = random.Random()
                chosen.setstate(state)
            held, ahead = [], self._elements()

            def step():
                for e in ahead:
                    held.append(e)
                    if len(held) >= size:
                        break
                return held.pop(chosen.randrange(len(held))) if held else END

            return Steps(step)

        return Dataset(make, self._spec, self._count, "_ShuffleDataset")

    def enumerate(self, start=0, name=None) -> "Dataset":
        """(number, element), int64 numbers."""

        def make():
            numbers = (convert_to_tensor(np.int64(i)) for i in itertools.count(int(start)))
            return Together([numbers, self._elements()])

        made = Dataset(make, (TensorSpec((), int64), self._spec), self._count, "_ZipDataset")
        return self._with_rows(made, lambda rows: Numbered(rows, int(start)))

    def concatenate(self, dataset, name=None) -> "Dataset":
        """The elements of this one, then those of another."""
        if repr(elements.mapped(lambda _: 0, self._spec)) != repr(elements.mapped(lambda _: 0, dataset.element_spec)):
            raise TypeError(
                f"Incompatible structures of datasets given to `concatenate`: {self._spec} and {dataset.element_spec}"
            )
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
        made = Dataset(lambda: sliced(self._elements(), at, None, n), self._spec, count, "_ShardDataset")
        return self._with_rows(made, lambda rows: Part(rows, at, math.inf, n))

    def take_while(self, predicate, name=None) -> "Dataset":
        """The elements before the first for which `predicate` does not hold."""
        holds = _predicate(predicate, self._spec)
        return Dataset(
            lambda: itertools.takewhile(holds, self._elements()), self._spec, UNKNOWN_CARDINALITY, "_TakeWhileDataset"
        )

    def cache(self, filename="", name=None) -> "Dataset":
        """Keeps elements in memory after the first time. Files are not supported."""
        if filename:
            raise NotImplementedError("Dataset.cache keeps elements in memory only")
        if self._holes:  # another dataset each time the function runs
            return Dataset(self._elements, self._spec, self._count, "CacheDataset")
        kept: list = []

        def make():
            if kept:
                return iter(kept[0])
            found, ahead = [], self._elements()

            def step():
                e = next(ahead, END)
                if e is END:
                    kept.append(found)
                else:
                    found.append(e)
                return e

            return Steps(step)

        return Dataset(make, self._spec, self._count, "CacheDataset")

    def prefetch(self, buffer_size, name=None) -> "Dataset":
        """The same elements: they are made when they are asked for."""
        return self._as_it_is("_PrefetchDataset")

    def with_options(self, options, name=None) -> "Dataset":
        """The same elements, with these options on top of those it has."""
        if not isinstance(options, Options):
            raise TypeError(f"with_options takes tf.data.Options, got {options!r}")
        made = self._as_it_is("_OptionsDataset")
        made._options = self.options().merge(options)
        return made

    def options(self) -> Options:
        """The options of this dataset and of those that it is made of."""
        return Options().merge(self._options) if self._options is not None else Options()

    def ignore_errors(self, log_warning=False, name=None) -> "Dataset":
        """The elements that can be made: those that fail are left out."""
        report = _warn if log_warning else lambda _: None
        make = lambda: without_errors(self._elements(), (OpError,), report)
        return Dataset(make, self._spec, UNKNOWN_CARDINALITY, "_IgnoreErrorsDataset")

    def sparse_batch(self, batch_size, row_shape, name=None) -> "Dataset":
        """As `batch`: `tf.SparseTensor`s of the elements, which are at most as large as `row_shape`."""
        return sparse_batches(self, batch_size, row_shape)

    def apply(self, transformation_func) -> "Dataset":
        """`transformation_func` of this dataset."""
        made = transformation_func(self)
        if not isinstance(made, Dataset):
            raise TypeError(f"`transformation_func` must return a `tf.data.Dataset` object. Got {type(made)}.")
        return made

    def reduce(self, initial_state, reduce_func, name=None):
        """`state = reduce_func(state, element)` after all elements."""
        if not executing_eagerly():
            return self._traced_reduce(elements.as_tensors(initial_state), function(reduce_func))
        state = elements.eager(initial_state)
        call, _, _ = traced_state(reduce_func, elements.spec_of(state), self._spec)
        for e in self._elements():
            state = call(state, e)
        return state


for _name in (
    "batch", "bucket_by_sequence_length", "cache", "concatenate", "enumerate", "filter", "flat_map", "group_by_window",
    "ignore_errors", "interleave", "map", "padded_batch", "prefetch", "ragged_batch", "rebatch", "rejection_resample",
    "repeat", "scan", "shard", "shuffle", "skip", "snapshot", "sparse_batch", "take", "take_while", "unbatch", "unique",
    "window", "with_options",
):  # fmt: skip
    setattr(Dataset, _name, recipe(getattr(Dataset, _name)))


class TextLineDataset(Dataset):
    """The lines of text files, without their ends, as strings."""

    def __init__(self, filenames, compression_type=None, buffer_size=None, num_parallel_reads=None, name=None):
        if compression_type:
            raise NotImplementedError("TextLineDataset reads plain files")
        spec, hole = TensorSpec((), as_dtype("string")), None
        if symbolic_in([filenames]):
            hole, names = Hole([convert_to_tensor(filenames)], lambda given: TextLineDataset(given[0])), []
        else:
            names = [n.decode() for n in np.asarray(convert_to_tensor(filenames).numpy(), object).reshape(-1)]

        def make():
            for file in names:
                with open(file, "rb") as lines:
                    for line in lines:
                        yield convert_to_tensor(line.rstrip(b"\n").removesuffix(b"\r"))

        super().__init__(make, spec, UNKNOWN_CARDINALITY, "TextLineDatasetV2")
        if hole is not None:
            self._hole, self._holes = hole, (hole,)


DatasetSpec.dataset = Dataset


def _count(value) -> int:
    if isinstance(value, (str, bytes, float)):
        raise TypeError(f"a number of elements is an integer, got {value!r}")
    return int(value)


def _of_user(generator, args):
    """What a generator of the user yields. After an error of it there is no more."""
    try:
        yield from generator(*args)
    except Exception as e:
        # Names of this module are gone when the interpreter ends, and closes what is left of generators.
        if isinstance(e, (OpError, StopIteration)):
            raise
        raise error_class(e)(None, "PyFunc", f"{type(e).__name__}: {e}") from e


def _predicate(user, spec):
    """`user` as a test of elements."""
    call, result = traced(user, [spec])
    if not isinstance(result, TensorSpec) or result.dtype is not bool_ or result.shape.rank not in (0, None):
        raise ValueError(f"Invalid `predicate`. `predicate` must return a `tf.bool` scalar tensor, but got {result}.")
    return lambda element: bool(call(element))


def _warn(error):
    logging.getLogger("tfc").warning("Error raised with error message %s", error)


def _of_tensors(value, make, spec, kind) -> Dataset:
    """`make(value)` of a nest of tensors of which some are symbolic."""
    leaves = nest.flatten(value)
    return Dataset._in_hole(leaves, lambda given: make(nest.pack_sequence_as(value, given)), spec, kind)


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
