"""`tf.math.sobol_sample`: TensorFlow's points."""

import numpy as np
import pytest
import tfc as tf

# Of TensorFlow 2.21.
FIRST = [[0.5, 0.5, 0.5], [0.75, 0.25, 0.25], [0.25, 0.75, 0.75], [0.375, 0.375, 0.625]]


@pytest.mark.parametrize("whole", [lambda f: f, tf.function], ids=["eager", "function"])
def test_the_first_points(whole):
    got = whole(lambda n: tf.math.sobol_sample(3, n))(tf.constant(4))
    assert got.numpy().tolist() == FIRST and got.dtype == tf.float32


def test_skipping_goes_on_in_the_sequence():
    whole = tf.math.sobol_sample(1111, 300, dtype=tf.float64).numpy()
    later = tf.math.sobol_sample(1111, 100, skip=200, dtype=tf.float64).numpy()
    np.testing.assert_array_equal(later, whole[200:])


def test_each_interval_of_each_dimension_gets_as_many_points():
    """Of the first 2 ** k points one is in each of as many intervals; the point at zero is left out."""
    points = tf.math.sobol_sample(1111, 255, dtype=tf.float64).numpy()
    assert (np.sort(np.floor(points * 256), axis=0) == np.arange(1, 256)[:, None]).all()


def test_pairs_of_dimensions_fill_squares_evenly():
    points = tf.math.sobol_sample(2, 255, dtype=tf.float64).numpy()
    squares = np.bincount((np.floor(points * 16) @ [16, 1]).astype(int), minlength=256)
    assert squares[1:].tolist() == [1] * 255


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 3), "dim must be at least one"),
        ((1112, 3), "at most 1111"),
        ((2, 0), "num_results must be at least one"),
        ((2, 3, -1), "skip must be non-negative"),
        ((2, 3, 0, tf.int32), "float32 or float64"),
    ],
)
def test_what_it_does_not_take(arguments, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.math.sobol_sample(*arguments)
