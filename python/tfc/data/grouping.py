"""Datasets whose elements are several elements of another one: batches (also padded, ragged), windows, groups."""

import bisect
import collections
import itertools

from tfc.core import Tensor
from tfc.data import elements
from tfc.data.rows import Batches
from tfc.data.tracing import traced
from tfc.dtypes import int64
from tfc.errors import InvalidArgumentError

UNKNOWN_CARDINALITY = -2


class DatasetSpec:
    """What a trace knows of a dataset that it is given: the elements."""

    def __init__(self, element_spec, name: str):
        self.element_spec, self.name = element_spec, name

    def __eq__(self, other):
        return isinstance(other, DatasetSpec) and repr(self.element_spec) == repr(other.element_spec)

    def __hash__(self):
        return hash(repr(self.element_spec))

    def __repr__(self):
        return f"DatasetSpec({self.element_spec}, TensorShape([]))"


def chunks(source, size: int, drop_remainder: bool):
    """Lists of `size` elements; the last one may be smaller unless `drop_remainder`."""
    while chunk := list(itertools.islice(source, size)):
        if len(chunk) < size and drop_remainder:
            return
        yield chunk


def positive(value, what: str) -> int:
    """A size as an int; `InvalidArgumentError` unless it is positive."""
    size = int(value)
    if size <= 0:
        raise InvalidArgumentError(None, "dataset", f"{what} must be greater than zero, got {size}")
    return size


class Grouping:
    """Methods of `Dataset`."""

    def _batches(self, join, spec, size, drop_remainder, kind):
        count = self._count
        if count >= 0:
            count = count // size if drop_remainder else -(-count // size)
        return self._made(lambda: (join(c) for c in chunks(self._elements(), size, drop_remainder)), spec, count, kind)

    def batch(self, batch_size, drop_remainder=False, num_parallel_calls=None, deterministic=None, name=None):
        """`batch_size` elements stacked; the last one may be smaller unless `drop_remainder`."""
        size = positive(batch_size, "Batch size")
        spec = elements.batch_spec(self._spec, size if drop_remainder else None)
        join = lambda chunk: elements.stacked(chunk, self._spec)
        made = self._batches(join, spec, size, drop_remainder, "_BatchDataset")
        # Elements that differ in shape are an error, which says how.
        return self._with_rows(made, lambda rows: Batches(rows, size, drop_remainder) if rows.even else None)

    def padded_batch(self, batch_size, padded_shapes=None, padding_values=None, drop_remainder=False, name=None):
        """As `batch`, of elements padded at their ends: to `padded_shapes`, or to the longest of the batch."""
        size = positive(batch_size, "Batch size")
        shapes, values, padded = elements.padding(self._spec, padded_shapes, padding_values)
        spec = elements.batch_spec(padded, size if drop_remainder else None)
        join = lambda chunk: elements.padded(chunk, self._spec, shapes, values)
        return self._batches(join, spec, size, drop_remainder, "_PaddedBatchDataset")

    def ragged_batch(self, batch_size, drop_remainder=False, row_splits_dtype=int64, name=None):
        """As `batch`; elements of unknown shape become rows of ragged tensors."""
        size = positive(batch_size, "Batch size")
        spec = elements.ragged_spec(self._spec, size if drop_remainder else None)
        join = lambda chunk: elements.ragged(chunk, spec)
        return self._batches(join, spec, size, drop_remainder, "_ParallelMapDataset")

    def window(self, size, shift=None, stride=1, drop_remainder=False, name=None):
        """Datasets of `size` elements, `stride` apart; each begins `shift` (`size`) elements after the one before."""
        size, stride = positive(size, "Window size"), positive(stride, "Window stride")
        shift = size if shift is None else positive(shift, "Window shift")
        need = (size - 1) * stride + 1

        def make():
            source, held = self._elements(), []
            while True:
                held += itertools.islice(source, need - len(held))
                if not held or (drop_remainder and len(held) < need):
                    return
                yield self._as_datasets(held[::stride])
                skipped = shift - len(held)
                held = held[shift:]
                if skipped > 0:
                    collections.deque(itertools.islice(source, skipped), maxlen=0)

        return self._made(make, self._nested_spec(), UNKNOWN_CARDINALITY, "_WindowDataset")

    def _nested_spec(self):
        return elements.mapped(lambda s: DatasetSpec(s, "_VariantDataset"), self._spec)

    def _as_datasets(self, values: list):
        """A nest of datasets, one for each leaf of the elements."""
        columns = zip(*(elements.leaves_of(v) for v in values), strict=True)
        specs = elements.leaves_of(self._spec)
        made = [
            self._made(lambda c=c: iter(c), s, len(values), "_VariantDataset")
            for c, s in zip(columns, specs, strict=True)
        ]
        return elements.packed(self._spec, iter(made))

    def group_by_window(self, key_func, reduce_func, window_size=None, window_size_func=None, name=None):
        """`reduce_func(key, dataset)` of each `window_size` elements of one key; what is left comes at the end."""
        if (window_size is None) == (window_size_func is None):
            raise ValueError("Either the `window_size` argument or the `window_size_func` argument must be specified.")
        key_of, _ = traced(key_func, [self._spec])
        size_of = window_size_func if window_size is None else lambda key: window_size

        def reduced(key: Tensor, held: list):
            group = self._made(lambda: iter(held), self._spec, len(held), "_VariantDataset")
            return reduce_func(key, group)

        def make():
            held: dict = {}
            for element in self._elements():
                key = key_of(element)
                number = int(key)
                waiting = held.setdefault(number, (key, []))[1]
                waiting.append(element)
                if len(waiting) >= int(size_of(key)):
                    yield from reduced(*held.pop(number))._elements()
            for number in sorted(held):
                yield from reduced(*held[number])._elements()

        first = next(iter(self._elements()), None)
        if first is None:
            raise ValueError("group_by_window needs an element to see what its groups hold; there is none")
        spec = reduced(key_of(first), [first]).element_spec
        return self._made(make, spec, UNKNOWN_CARDINALITY, "_GroupByWindowDataset")

    def bucket_by_sequence_length(
        self, element_length_func, bucket_boundaries, bucket_batch_sizes, padded_shapes=None, padding_values=None,
        pad_to_bucket_boundary=False, no_padding=False, drop_remainder=False, name=None,
    ):  # fmt: skip
        """Padded batches of elements of like lengths: bucket i has those shorter than boundary i."""
        bounds, sizes = list(bucket_boundaries), list(bucket_batch_sizes)
        if len(sizes) != len(bounds) + 1:
            raise ValueError(
                "`len(bucket_batch_sizes)` must equal `len(bucket_boundaries) + 1` but "
                f"{len(sizes)} != {len(bounds)} + 1."
            )

        def bucket(*element):
            return bisect.bisect_right(bounds, int(element_length_func(*element)))

        if no_padding:
            shapes, values, padded = None, None, self._spec
        else:
            shapes, values, padded = elements.padding(self._spec, padded_shapes, padding_values)

        def make():
            held: dict = {}
            for element in self._elements():
                number = bucket(*element) if type(element) is tuple else bucket(element)
                waiting = held.setdefault(number, [])
                waiting.append(element)
                if len(waiting) >= sizes[number]:
                    yield join(number, held.pop(number))
            for number in sorted(held):
                if not drop_remainder:
                    yield join(number, held[number])

        def join(number, waiting):
            if no_padding:
                return elements.stacked(waiting, self._spec)
            if not pad_to_bucket_boundary:
                return elements.padded(waiting, self._spec, shapes, values)
            if number == len(bounds):
                raise InvalidArgumentError(
                    None, "bucket", "pad_to_bucket_boundary: an element is longer than all boundaries"
                )
            to = [[bounds[number] - 1 if d is None else d for d in dims] for dims in shapes]
            return elements.padded(waiting, self._spec, to, values)

        return self._made(make, elements.batch_spec(padded, None), UNKNOWN_CARDINALITY, "_GroupByWindowDataset")

    def unbatch(self, name=None):
        """The slices of each element along the first dimension."""

        def make():
            for e in self._elements():
                rows = [elements.rows_of(leaf) for leaf in elements.leaves_of(e)]
                for i in range(rows[0][0]):
                    yield elements.packed(e, iter([row(i) for _, row, _ in rows]))

        return self._made(make, elements.row_spec(self._spec), UNKNOWN_CARDINALITY, "_UnbatchDataset")

    def rebatch(self, batch_size, drop_remainder=False, name=None):
        """Batches of another size."""
        return self.unbatch().batch(batch_size, drop_remainder)
