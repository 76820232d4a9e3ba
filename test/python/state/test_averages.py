"""`tf.train.ExponentialMovingAverage`."""

import numpy as np
import pytest
import tfc as tf


def test_an_average_follows_its_variable():
    v, average = tf.Variable([1.0, 2.0]), tf.train.ExponentialMovingAverage(0.75)
    assert average.average(v) is None
    want = np.array([1.0, 2.0])
    for value in ([1.0, 2.0], [5.0, 4.0], [9.0, 0.0]):
        v.assign(value)
        average.apply([v])
        want += 0.25 * (np.array(value) - want)
        np.testing.assert_allclose(average.average(v), want)
    assert not average.average(v).trainable


def test_early_averages_move_faster_with_a_number_of_updates():
    v, steps = tf.Variable(0.0), tf.Variable(0)
    average = tf.train.ExponentialMovingAverage(0.9, num_updates=steps)
    average.apply([v])
    v.assign(10.0)
    steps.assign(2)
    average.apply([v])
    np.testing.assert_allclose(average.average(v), 10 * (1 - 3 / 12), rtol=1e-6)


def test_averages_are_kept_in_a_function_and_in_checkpoints(tmp_path):
    v = tf.Variable(1.0, name="weight")
    average = tf.train.ExponentialMovingAverage(0.5)
    average.apply([v])

    @tf.function
    def step():
        v.assign_add(1.0)
        average.apply([v])

    step()
    step()
    assert average.average(v).numpy() == 2.25
    assert list(average.variables_to_restore([v])) == ["weight/ExponentialMovingAverage"]
    path = tf.train.Checkpoint(average=average).save(str(tmp_path / "a"))
    step()
    tf.train.Checkpoint(average=average).restore(path)
    assert average.average(v).numpy() == 2.25


def test_averages_are_of_variables_of_floating_numbers():
    average = tf.train.ExponentialMovingAverage(0.5)
    with pytest.raises(TypeError, match="averages are of variables"):
        average.apply([tf.constant(1.0)])
    with pytest.raises(TypeError, match="must be half, float, or double"):
        average.apply([tf.Variable(1)])
    with pytest.raises(ValueError, match="needs the variables"):
        average.apply()
