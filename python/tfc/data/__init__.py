"""`tf.data`: datasets, which feed programs from the host."""

from tfc.data import experimental
from tfc.data.dataset import AUTOTUNE, INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, Dataset, TextLineDataset
from tfc.data.iterator import Iterator, IteratorSpec, NumpyIterator
from tfc.data.options import Options, ThreadingOptions
from tfc.data.specs import DatasetSpec
from tfc.ops.naming import publish

publish(globals())

__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "Dataset",
    "DatasetSpec",
    "Iterator",
    "IteratorSpec",
    "NumpyIterator",
    "Options",
    "TextLineDataset",
    "ThreadingOptions",
    "experimental",
]
