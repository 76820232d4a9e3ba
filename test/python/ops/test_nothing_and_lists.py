"""What functions make of no elements, and of numbers of Python where only one type will do: as TensorFlow."""

import numpy as np
import pytest
import tfc as tf


@pytest.mark.parametrize("dtype", [tf.int8, tf.uint8, tf.int32, tf.int64, tf.uint64])
@pytest.mark.parametrize("compiled", [False, True])
def test_the_mean_of_no_integers_is_zero(dtype, compiled):
    mean = tf.function(tf.reduce_mean) if compiled else tf.reduce_mean
    assert mean(tf.zeros([0], dtype)).numpy() == 0
    assert mean(tf.zeros([2, 0], dtype), axis=1).numpy().tolist() == [0, 0]


def test_the_mean_of_an_unknown_number_of_integers_may_be_that_of_none():
    mean = tf.function(lambda x: tf.reduce_mean(x, 0), input_signature=[tf.TensorSpec([None], tf.int32)])
    assert mean(tf.constant([], tf.int32)).numpy() == 0 and mean(tf.constant([3, 4])).numpy() == 3


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (2, 0, 3)])
def test_matrices_without_elements_have_an_empty_diagonal(shape):
    x = tf.zeros(shape)
    assert tf.linalg.diag_part(x).shape == [*shape[:-2], 0]
    np.testing.assert_array_equal(tf.linalg.trace(x), np.zeros(shape[:-2]))


def test_expand_dims_takes_one_axis_in_a_list():
    assert tf.expand_dims([1, 2], [0]).shape == [1, 2]
    with pytest.raises(TypeError, match="integer axis"):
        tf.expand_dims([1, 2], [0, 1])


def test_fourier_transforms_take_numbers_of_python_as_complex64():
    assert tf.signal.fft([1, 2, 3]).dtype is tf.complex64
    np.testing.assert_allclose(tf.signal.ifft([[1.0, 2.0]]), [[1.5, -0.5]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="complex"):
        tf.signal.fft(tf.constant([1.0]))
    with pytest.raises(TypeError, match="complex"):
        tf.function(tf.signal.fft)(tf.constant([1.0]))


def test_the_euclidean_norm_of_integers_is_an_integer():
    assert tf.math.reduce_euclidean_norm([[3, 4], [1, 1]], axis=1).numpy().tolist() == [5, 1]


def test_no_strings_join_to_an_empty_one():
    assert tf.strings.join([]).numpy() == b""


def test_the_average_loss_of_no_example_is_zero():
    assert tf.nn.compute_average_loss(tf.zeros([0])).numpy() == 0


@pytest.mark.parametrize(("dtype", "wanted"), [(tf.int8, tf.float32), (tf.int16, tf.float32), (tf.int32, tf.float64)])
def test_isotonic_regression_of_integers_gives_floats_that_hold_them(dtype, wanted):
    assert tf.nn.isotonic_regression(tf.constant([[3, 1, 2]], dtype)).output.dtype is wanted


def test_pools_of_another_rank_are_refused_when_they_run_and_while_tracing():
    with pytest.raises(tf.errors.InvalidArgumentError, match="rank 4"):
        tf.nn.max_pool2d(tf.ones([2, 2]), 1, 1, "SAME")
    with pytest.raises(ValueError, match="rank 4"):
        tf.function(lambda x: tf.nn.max_pool2d(x, 1, 1, "SAME"))(tf.ones([2, 2]))


def test_is_symbolic_tensor_calls_its_argument_tensor():
    assert not tf.is_symbolic_tensor(tensor=tf.constant(1))


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", ["add", "sub", "max", "min"])
def test_scatters_that_compute_refuse_bools(name, compiled):
    # Of two bools, compiled code took the smaller signed number.
    scatter = getattr(tf, f"tensor_scatter_nd_{name}")
    scatter = tf.function(scatter) if compiled else scatter
    with pytest.raises(TypeError if compiled else tf.errors.InvalidArgumentError, match="list of allowed values"):
        scatter(tf.constant([True, False]), [[0]], tf.constant([False]))


@pytest.mark.parametrize("compiled", [False, True])
def test_top_k_refuses_a_negative_count(compiled):
    top_k = tf.function(lambda x: tf.math.top_k(x, -1)) if compiled else lambda x: tf.math.top_k(x, -1)
    with pytest.raises(ValueError if compiled else tf.errors.InvalidArgumentError, match="k >= 0"):
        top_k(tf.constant([1.0, 2.0]))


@pytest.mark.parametrize("compiled", [False, True])
def test_scatter_nd_of_bools_says_whether_any_is_true(compiled):
    scatter = tf.function(tf.scatter_nd) if compiled else tf.scatter_nd
    result = scatter([[0], [0], [2]], tf.constant([True, True, False]), [3])
    assert result.dtype is tf.bool and result.numpy().tolist() == [True, False, False]


@pytest.mark.parametrize("compiled", [False, True])
def test_joined_elements_without_elements_have_a_gradient(compiled):
    def slope(x, count):
        with tf.GradientTape() as tape:
            tape.watch(x)
            array = tf.TensorArray(tf.float32, size=0, dynamic_size=True, element_shape=[1, 0, 7])
            for i in tf.range(count):
                array = array.write(i, x * 2)
            y = tf.reduce_sum(array.concat())
        return tape.gradient(y, x)

    slope = tf.function(slope) if compiled else slope
    assert slope(tf.ones([1, 0, 7]), tf.constant(3)).shape == [1, 0, 7]
