"""`tf.data.experimental`: what moved to `Dataset` since, by its old names, and a little that did not."""

from tfc.data.dataset import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset
from tfc.data.optional import Optional
from tfc.data.options import (
    AutoShardPolicy,
    AutotuneAlgorithm,
    AutotuneOptions,
    DistributeOptions,
    ExternalStatePolicy,
    OptimizationOptions,
    ThreadingOptions,
)
from tfc.data.padding import pad_to_cardinality
from tfc.data.reducing import Reducer, group_by_reducer
from tfc.data.steps import END, Steps
from tfc.dtypes import int64
from tfc.errors import FailedPreconditionError, OutOfRangeError
from tfc.ops.convert import convert_to_tensor
from tfc.ops.naming import publish

__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "AutoShardPolicy",
    "AutotuneAlgorithm",
    "AutotuneOptions",
    "Counter",
    "DistributeOptions",
    "ExternalStatePolicy",
    "OptimizationOptions",
    "Optional",
    "RandomDataset",
    "Reducer",
    "ThreadingOptions",
    "assert_cardinality",
    "at",
    "bucket_by_sequence_length",
    "cardinality",
    "choose_from_datasets",
    "copy_to_device",
    "dense_to_ragged_batch",
    "dense_to_sparse_batch",
    "enumerate_dataset",
    "from_list",
    "get_next_as_optional",
    "get_single_element",
    "get_structure",
    "group_by_reducer",
    "group_by_window",
    "ignore_errors",
    "map_and_batch",
    "pad_to_cardinality",
    "parallel_interleave",
    "prefetch_to_device",
    "rejection_resample",
    "sample_from_datasets",
    "scan",
    "shuffle_and_repeat",
    "snapshot",
    "take_while",
    "unbatch",
    "unique",
]

sample_from_datasets = Dataset.sample_from_datasets


def choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset=False):
    """`Dataset.choose_from_datasets`, which goes on without the datasets that have ended unless it is told to stop."""
    return Dataset.choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset)


def Counter(start=0, step=1, dtype=int64):
    """`Dataset.counter`."""
    return Dataset.counter(start, step, dtype)


def RandomDataset(seed=None, rerandomize_each_iteration=None, name=None):
    """`Dataset.random`."""
    return Dataset.random(seed, rerandomize_each_iteration, name)


def cardinality(dataset):
    """`dataset.cardinality()`."""
    return dataset.cardinality()


def get_single_element(dataset):
    """`dataset.get_single_element()`."""
    return dataset.get_single_element()


def get_structure(dataset_or_iterator):
    """What the elements are."""
    return dataset_or_iterator.element_spec


def get_next_as_optional(iterator) -> Optional:
    """`iterator.get_next_as_optional()`."""
    return iterator.get_next_as_optional()


def at(dataset, index):
    """The element with that number; `OutOfRangeError` if there are fewer."""
    number = int(index)
    found = next(iter(dataset.skip(number)._elements()), END) if number >= 0 else END
    if found is END:
        raise OutOfRangeError(None, "GetElementAtIndex", f"Index out of range: {number}")
    return found


def from_list(elements, name=None):
    """A dataset of the elements of a list, all of one structure."""
    if not isinstance(elements, list):
        raise ValueError(f"`from_list` takes a list, got {type(elements).__name__}")
    if not elements:
        raise ValueError("Empty list. Found an empty list of elements.")
    made = [Dataset.from_tensors(e) for e in elements]
    parts = made[0]
    for part in made[1:]:
        parts = parts.concatenate(part)
    return parts


def assert_cardinality(expected_cardinality):
    """For `apply`: a dataset that says it has this many elements, and fails where it has not."""
    count = int(convert_to_tensor(expected_cardinality))

    def checked(dataset):
        def make():
            ahead, given = dataset._elements(), 0

            def step():
                nonlocal given
                element = next(ahead, END)
                given += element is not END
                if count >= 0 and (given > count or (element is END and given < count)):
                    more = "more than" if given > count else "only"
                    raise FailedPreconditionError(
                        None, None, f"Input dataset was expected to contain {count} elements but contained {more} "
                        f"{min(given, count)} elements.",
                    )  # fmt: skip
                return element

            return Steps(step)

        return Dataset(make, dataset.element_spec, count, "_AssertCardinalityDataset")

    return checked


def dense_to_ragged_batch(batch_size, drop_remainder=False, row_splits_dtype=None):
    """For `apply`: `ragged_batch`."""
    return lambda d: d.ragged_batch(batch_size, drop_remainder)


def map_and_batch(map_func, batch_size, num_parallel_batches=None, drop_remainder=False, num_parallel_calls=None):
    """For `apply`: `map`, then `batch`."""
    return lambda d: d.map(map_func).batch(batch_size, drop_remainder)


def shuffle_and_repeat(buffer_size, count=None, seed=None):
    """For `apply`: `shuffle`, then `repeat`."""
    return lambda d: d.shuffle(buffer_size, seed).repeat(count)


def parallel_interleave(map_func, cycle_length, block_length=1, sloppy=False, **unused):
    """For `apply`: `interleave`."""
    return lambda d: d.interleave(map_func, cycle_length, block_length)


def copy_to_device(target_device, source_device="/cpu:0"):
    """For `apply`: the same elements, which move when they are used."""
    return lambda d: d.prefetch(1)


def prefetch_to_device(device, buffer_size=None):
    """For `apply`: the same elements, which move when they are used."""
    return lambda d: d.prefetch(1)


def _method(name):
    def transformation(*args, **kwargs):
        return lambda d: getattr(d, name)(*args, **kwargs)

    transformation.__name__ = transformation.__qualname__ = name
    transformation.__doc__ = f"For `apply`: `Dataset.{name}`."
    return transformation


bucket_by_sequence_length = _method("bucket_by_sequence_length")
dense_to_sparse_batch = _method("sparse_batch")
enumerate_dataset = _method("enumerate")
group_by_window = _method("group_by_window")
ignore_errors = _method("ignore_errors")
rejection_resample = _method("rejection_resample")
scan = _method("scan")
snapshot = _method("snapshot")
take_while = _method("take_while")
unbatch = _method("unbatch")
unique = _method("unique")

publish(globals(), __all__)
