"""Outcomes that once differed from TensorFlow 2, one a test."""

import pytest
import tfc as tf


def test_batch_dims_count_from_the_last_dimension_of_indices():
    matrix = tf.constant([[30, 20, 10], [20, 10, 30]])
    sorted_rows = tf.gather(matrix, tf.argsort(matrix), batch_dims=-1)
    assert sorted_rows.numpy().tolist() == [[10, 20, 30], [10, 20, 30]]


def test_strings_that_are_not_empty_are_counted():
    assert tf.math.count_nonzero(tf.constant(["", "a", " "])).numpy() == 2


@pytest.mark.parametrize(("shape", "expected"), [([3, 2], [[1, 2], [3, 0], [0, 0]]), ([1, 1], [[1]])])
def test_rows_are_added_or_left_out_to_fit_a_shape(shape, expected):
    made = tf.ragged.constant([[1, 2], [3]]).to_tensor(shape=shape)
    assert made.shape == shape and made.numpy().tolist() == expected


def test_functions_that_are_alike_draw_alike_after_a_global_seed():
    make = lambda: tf.function(lambda: tf.random.uniform([2]))
    tf.random.set_seed(1234)
    first, second = make(), make()
    a, b = first(), second()
    assert a.numpy().tolist() == b.numpy().tolist() != first().numpy().tolist()


def test_ops_of_one_function_draw_differently():
    tf.random.set_seed(1234)
    a, b = tf.function(lambda: (tf.random.uniform([2]), tf.random.uniform([2])))()
    assert a.numpy().tolist() != b.numpy().tolist()


@pytest.mark.parametrize("kind", ["random_uniform_initializer", "random_normal_initializer"])
def test_an_initializer_without_a_seed_draws_again(kind):
    fresh, fixed = getattr(tf, kind)(), getattr(tf, kind)(seed=3)
    assert fresh([4]).numpy().tolist() != fresh([4]).numpy().tolist()
    assert fixed([4]).numpy().tolist() == fixed([4]).numpy().tolist()


def test_a_constant_of_another_size_is_a_type_error():
    with pytest.raises(TypeError, match="3 elements"):
        tf.constant_initializer([1, 2, 3])([2, 2])


def test_truth_values_are_padded_with_false():
    x = tf.constant([[True, True]])
    for pad in (tf.pad, tf.function(tf.pad)):
        assert pad(x, [[0, 1], [1, 0]]).numpy().tolist() == [[False, True, True], [False, False, False]]


@pytest.mark.parametrize("half", [0.5, [0.5, 0.5, 0.5]])
def test_a_power_of_a_half_is_no_square_root_of_negative_zero_or_infinity(half):
    x = tf.constant([float("-inf"), -0.0, 4.0])
    for power in (tf.pow, tf.function(tf.pow)):
        assert [str(y) for y in power(x, half).numpy().tolist()] == ["inf", "0.0", "2.0"]
