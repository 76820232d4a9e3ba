"""`tf.data.experimental`: what moved to `Dataset` since, by its old names."""

from tfc.data.dataset import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset
from tfc.ops.convert import convert_to_tensor

__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "assert_cardinality",
    "bucket_by_sequence_length",
    "cardinality",
    "choose_from_datasets",
    "dense_to_ragged_batch",
    "get_single_element",
    "group_by_window",
    "sample_from_datasets",
    "scan",
    "take_while",
    "unbatch",
    "unique",
]

sample_from_datasets = Dataset.sample_from_datasets


def choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset=False):
    """`Dataset.choose_from_datasets`, which goes on without the datasets that have ended unless it is told to stop."""
    return Dataset.choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset)


def cardinality(dataset):
    """`dataset.cardinality()`."""
    return dataset.cardinality()


def get_single_element(dataset):
    """`dataset.get_single_element()`."""
    return dataset.get_single_element()


def assert_cardinality(expected_cardinality):
    """For `apply`: a dataset that says it has this many elements."""
    count = int(convert_to_tensor(expected_cardinality))
    return lambda d: Dataset(d._elements, d.element_spec, count, "_AssertCardinalityDataset")


def dense_to_ragged_batch(batch_size, drop_remainder=False, row_splits_dtype=None):
    """For `apply`: `ragged_batch`."""
    return lambda d: d.ragged_batch(batch_size, drop_remainder)


def _method(name):
    def transformation(*args, **kwargs):
        return lambda d: getattr(d, name)(*args, **kwargs)

    transformation.__name__ = transformation.__qualname__ = name
    transformation.__doc__ = f"For `apply`: `Dataset.{name}`."
    return transformation


bucket_by_sequence_length = _method("bucket_by_sequence_length")
group_by_window = _method("group_by_window")
scan = _method("scan")
take_while = _method("take_while")
unbatch = _method("unbatch")
unique = _method("unique")
