"""Datasets filled up to a number of elements."""

from tfc.data import elements
from tfc.data.dataset import Dataset
from tfc.dtypes import TensorSpec, bool_
from tfc.errors import FailedPreconditionError
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import zeros


def pad_to_cardinality(cardinality, mask_key="valid"):
    """For `apply` to dicts of tensors: zeros follow until there are that many; `mask_key` says what was there."""

    def transformation(dataset):
        spec = dataset.element_spec
        if not isinstance(spec, dict):
            raise ValueError("`pad_to_cardinality` requires its input dataset to be a dictionary.")
        if mask_key in spec:
            raise ValueError(f"The mask key '{mask_key}' is in the elements already: {sorted(spec)}")
        missing = int(cardinality) - len(dataset)
        if missing < 0:
            raise FailedPreconditionError(None, None, f"the dataset has more than {cardinality} elements")
        marked = {**spec, mask_key: TensorSpec((), bool_)}
        blank = elements.mapped(lambda s: zeros([d or 0 for d in s.shape.dims], s.dtype), spec)
        with_mask = lambda e, there: {**e, mask_key: convert_to_tensor(there)}

        def make():
            return map(with_mask, dataset._elements(), iter(lambda: True, False))

        whole = Dataset(make, marked, len(dataset), "_ConcatenateDataset")
        rest = Dataset(lambda: iter([with_mask(blank, False)] * missing), marked, missing, "_RepeatDataset")
        return whole.concatenate(rest) if missing else whole

    return transformation
