"""Datasets whose elements are several elements of another one: batches (also padded, ragged), windows, groups."""

import bisect
import itertools

import numpy as np

from tfc.core import Tensor
from tfc.data import elements
from tfc.data.rows import Batches
from tfc.data.specs import DatasetSpec
from tfc.data.steps import END, Chained, Failed, Steps, chunks
from tfc.data.tracing import traced, traced_dataset
from tfc.dtypes import TensorShape, TensorSpec, int64
from tfc.errors import InvalidArgumentError
from tfc.ops.convert import convert_to_tensor
from tfc.ops.sparse_ops import SparseTensor
from tfc.tracing.sparse_spec import SparseTensorSpec

UNKNOWN_CARDINALITY = -2


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
        return self._made(lambda: map(join, chunks(self._elements(), size, drop_remainder)), spec, count, kind)

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
            skipped = 0

            def step():
                nonlocal skipped
                while skipped > 0 and next(source, END) is not END:
                    skipped -= 1
                while len(held) < need:
                    try:
                        element = next(source, END)
                    except Exception as e:  # windows that have it fail
                        element = Failed(e)
                    if element is END:
                        break
                    held.append(element)
                if not held or (drop_remainder and len(held) < need):
                    return END
                chosen = held[::stride]
                skipped = shift - len(held)
                del held[:shift]
                for element in chosen:
                    if type(element) is Failed:
                        raise element.error
                return self._as_datasets(chosen)

            return Steps(step)

        count = self._count
        if count >= 0:
            count = max(0, (count - need) // shift + 1) if drop_remainder else -(-count // shift)
        return self._made(make, self._nested_spec(), count, "_WindowDataset")

    def _nested_spec(self):
        return elements.mapped(lambda s: DatasetSpec(s), self._spec)

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
        size_of = lambda key: window_size
        if window_size is None:
            size_of, _ = traced(window_size_func, [TensorSpec((), int64)])
        reduce, spec = traced_dataset(reduce_func, [TensorSpec((), int64), DatasetSpec(self._spec)], spread=False)

        def reduced(key: Tensor, held: list):
            group = self._made(lambda: iter(held), self._spec, len(held), "_VariantDataset")
            return reduce(key, group)._elements()

        def groups():
            held: dict = {}
            source = self._elements()

            def step():
                for element in source:
                    key = key_of(element)
                    number = int(key)
                    waiting = held.setdefault(number, (key, []))[1]
                    waiting.append(element)
                    if len(waiting) >= int(size_of(key)):
                        return reduced(*held.pop(number))
                return reduced(*held.pop(min(held))) if held else END

            return Steps(step)

        return self._made(lambda: Chained(groups()), spec, UNKNOWN_CARDINALITY, "_GroupByWindowDataset")

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

        length_of, _ = traced(element_length_func, [self._spec])
        bucket = lambda element: bisect.bisect_right(bounds, int(length_of(element)))

        if no_padding:
            shapes, values, padded = None, None, self._spec
        else:
            shapes, values, padded = elements.padding(self._spec, padded_shapes, padding_values)

        def make():
            held: dict = {}
            source = self._elements()

            def step():
                for element in source:
                    number = bucket(element)
                    waiting = held.setdefault(number, [])
                    waiting.append(element)
                    if len(waiting) >= sizes[number]:
                        return join(number, held.pop(number))
                if drop_remainder or not held:
                    return END
                number = min(held)
                return join(number, held.pop(number))

            return Steps(step)

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

        def rows_of(e):
            rows = [elements.rows_of(leaf) for leaf in elements.leaves_of(e)]
            return (elements.packed(e, iter([row(i) for _, row, _ in rows])) for i in range(rows[0][0]))

        for s in elements.leaves_of(self._spec):
            if s.shape.rank == 0:
                raise ValueError("Unbatching a tensor is only supported for rank >= 1")
        make = lambda: Chained(map(rows_of, self._elements()))
        return self._made(make, elements.row_spec(self._spec), UNKNOWN_CARDINALITY, "_UnbatchDataset")

    def rebatch(self, batch_size, drop_remainder=False, name=None):
        """Batches of another size, or of the sizes of a list in turn."""
        if isinstance(batch_size, (int, np.integer)) or getattr(batch_size, "shape", None) == ():
            return self.unbatch().batch(batch_size, drop_remainder)
        sizes = [positive(n, "Batch size") for n in np.asarray(batch_size).reshape(-1)]
        rows = self.unbatch()

        def make():
            ahead, turn = rows._elements(), itertools.cycle(sizes)

            def step():
                chunk = next(chunks(ahead, next(turn), drop_remainder), END)
                return END if chunk is END else elements.stacked(chunk, rows._spec)

            return Steps(step)

        one = sizes[0] if drop_remainder and len(set(sizes)) == 1 else None
        return self._made(make, elements.batch_spec(rows._spec, one), UNKNOWN_CARDINALITY, "_RebatchDataset")


def sparse_batches(dataset, batch_size, row_shape):
    """`Dataset.sparse_batch`."""
    size, dims = positive(batch_size, "Batch size"), TensorShape(row_shape).dims
    dtype = dataset.element_spec.dtype

    def join(chunk: list):
        sizes = [max(e.shape_tuple[i] for e in chunk) if d is None else d for i, d in enumerate(dims)]
        for e in chunk:
            if len(e.shape_tuple) != len(sizes) or any(n > m for n, m in zip(e.shape_tuple, sizes, strict=True)):
                raise InvalidArgumentError(
                    None, "IteratorGetNext", f"an element of shape {list(e.shape_tuple)} does not fit in {sizes}"
                )
        places = [np.argwhere(np.ones(e.shape_tuple, bool)) for e in chunk]
        indices = np.concatenate([np.insert(at, 0, i, axis=1) for i, at in enumerate(places)])
        values = np.concatenate([np.asarray(e).reshape(-1) for e in chunk])
        return SparseTensor(indices, convert_to_tensor(values), np.array([len(chunk), *sizes], np.int64))

    spec = SparseTensorSpec([None, *dims], dtype)
    return dataset._batches(join, spec, size, False, "_DenseToSparseBatchDataset")
