"""Specs of composite tensors are ordered as TensorSpecs are: by their shapes, where all else is equal."""

import pytest
import tfc as tf

WIDE = {
    "ragged": (tf.RaggedTensorSpec([None, None], tf.int32), tf.RaggedTensorSpec([3, None], tf.int32)),
    "sparse": (tf.SparseTensorSpec([None, 3]), tf.SparseTensorSpec([2, 3])),
    "slices": (tf.IndexedSlicesSpec([None, 3]), tf.IndexedSlicesSpec([2, 3])),
}
KINDS = pytest.mark.parametrize(("wide", "narrow"), WIDE.values(), ids=WIDE)


@KINDS
def test_known_sizes_are_a_subtype(wide, narrow):
    assert narrow.is_subtype_of(wide) and not wide.is_subtype_of(narrow) and wide.is_subtype_of(wide)
    assert narrow.is_compatible_with(wide) and wide.is_compatible_with(narrow)


@KINDS
def test_the_supertype_of_both_is_the_wide_one(wide, narrow):
    assert narrow.most_specific_compatible_type(wide) == wide == wide.most_specific_common_supertype([narrow])


@KINDS
def test_specs_of_another_dtype_have_nothing_in_common(wide, narrow):
    other = type(wide)(wide.shape, tf.complex64)
    assert not narrow.is_subtype_of(other) and wide.most_specific_common_supertype([other]) is None
    with pytest.raises(ValueError, match="No TypeSpec is compatible with both"):
        wide.most_specific_compatible_type(other)


def test_ragged_specs_of_other_ranks_have_a_supertype_of_unknown_rank():
    flat, deep = tf.RaggedTensorSpec([None, None]), tf.RaggedTensorSpec([None, None, None], ragged_rank=1)
    assert flat.most_specific_compatible_type(deep) == tf.RaggedTensorSpec(None, ragged_rank=1)


def test_slices_differ_in_how_many_there_may_be():
    any_number, two = tf.IndexedSlicesSpec([4, 3]), tf.IndexedSlicesSpec([4, 3], indices_shape=[2])
    assert two.is_subtype_of(any_number) and not any_number.is_subtype_of(two)
    assert two.most_specific_common_supertype([any_number]) == any_number
