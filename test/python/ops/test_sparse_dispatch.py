"""Functions of `tf` that keep zeros take sparse tensors and work on the values that are named."""

import numpy as np
import pytest
import tfc as tf


@pytest.fixture
def sparse():
    return tf.sparse.from_dense([[0.25, 0.0], [0.0, -0.5]])


@pytest.mark.parametrize(
    "name",
    "abs asin asinh atan atanh math.bessel_i0e math.erf negative sign sin sqrt square tan tanh identity stop_gradient".split(),
)
def test_a_function_that_keeps_zeros_works_on_the_values(sparse, name):
    function = tf
    for part in name.split("."):
        function = getattr(function, part)
    result = function(sparse)
    assert isinstance(result, tf.SparseTensor)
    np.testing.assert_array_equal(result.values, function(sparse.values))
    assert result.indices is sparse.indices


def test_a_function_that_keeps_zeros_is_compiled_for_sparse_tensors(sparse):
    result = tf.function(lambda x: tf.square(x))(sparse)
    np.testing.assert_array_equal(tf.sparse.to_dense(result), [[0.0625, 0], [0, 0.25]])


def test_cast_of_a_sparse_tensor_keeps_it_sparse(sparse):
    result = tf.cast(x=sparse, dtype=tf.float64)
    assert isinstance(result, tf.SparseTensor) and result.dtype is tf.float64


def test_shape_size_and_rank_of_a_sparse_tensor_are_the_dense_ones(sparse):
    assert tf.shape(sparse).numpy().tolist() == [2, 2] and tf.shape(sparse).dtype is tf.int32
    assert tf.size(sparse, out_type=tf.int64).numpy() == 4
    assert tf.rank(sparse).numpy() == 2


def test_a_function_that_makes_zeros_something_else_is_refused(sparse):
    with pytest.raises((TypeError, ValueError), match="to_dense"):
        tf.exp(sparse)


def test_sparse_ragged_and_indexed_values_are_tensor_like(sparse):
    slices = tf.IndexedSlices(tf.constant([1.0]), tf.constant([0]))
    assert tf.is_tensor(sparse) and tf.is_tensor(tf.ragged.constant([[1], []])) and tf.is_tensor(slices)


def test_indexed_slices_print_as_tensors():
    slices = tf.IndexedSlices(tf.constant([1.0]), tf.constant([0]))
    assert str(slices) == (
        "IndexedSlices(indices=tf.Tensor([0], shape=(1,), dtype=int32), "
        "values=tf.Tensor([1.], shape=(1,), dtype=float32))"
    )
