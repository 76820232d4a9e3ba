"""Sizes of reshaped tensors that run time computes."""

import numpy as np
import pytest
import tfc as tf


@pytest.mark.parametrize("order", [lambda n, size: [n, size], lambda n, size: [size, n]])
@pytest.mark.parametrize("count", [0, 2])
def test_a_size_beside_zero_is_the_one_that_was_asked_for(count, order):
    @tf.function(autograph=False)
    def f(x, size):
        n = tf.shape(x)[0]
        return tf.reshape(tf.zeros([n * size]), order(n, size))

    assert f(tf.zeros([count, 3]), tf.constant(4)).shape == tuple(order(count, 4))


@pytest.mark.parametrize("known", [[None] * 3, [0, None, None], [None, 0, None]], ids=str)
@pytest.mark.parametrize("sizes", [(0, 3, 2), (3, 0, 2)], ids=str)
def test_a_contraction_of_no_rows_has_the_sizes_of_its_operands(sizes, known):
    if any(k not in (None, size) for k, size in zip(known, sizes)):
        pytest.skip("other sizes")

    @tf.function(autograph=False, input_signature=[tf.TensorSpec(known), tf.TensorSpec([None] * 2)])
    def f(x, y):
        return tf.tensordot(x, y, 1)

    assert f(tf.zeros(sizes), tf.zeros([2, 5])).shape == (*sizes[:2], 5)


def test_a_constant_takes_as_many_dimensions_as_the_program_says():
    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
    def shaped(shape):
        return tf.reshape(5, shape)

    for shape in ([], [1], [1, 1, 1]):
        assert shaped(np.array(shape, np.int32)).numpy().tolist() == np.full(shape, 5).tolist()
    with pytest.raises(tf.errors.InvalidArgumentError):
        shaped([1, 2])
