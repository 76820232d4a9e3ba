"""Initializers: with a seed, the numbers of Keras 3 and TensorFlow 2.21."""

import numpy as np
import pytest
import tfc as tf

# What they give for the shape [2, 3] and the seed 5.
NUMBERS = {
    "GlorotUniform": [-0.9599314, 0.7266506, 1.0375555, -0.34013402, 0.02279973, -0.3130291],
    "HeNormal": [1.3166826, 0.21782973, -0.1475388, 1.0309467, 1.4511927, -1.1953933],
    "RandomNormal": [-0.10276892, 0.05790939, 0.00958043, -0.00648895, 0.04534236, -0.03614981],
    "TruncatedNormal": [0.05790939, 0.00958043, -0.00648895, 0.04534236, 0.06382532, -0.05257493],
    "Orthogonal": [-0.91159785, 0.08498193, 0.40220332, -0.4083264, -0.07406681, -0.90982616],
    "VarianceScaling": [0.93103516, 0.15402888, -0.10432568, 0.7289894, 1.0261482, -0.84527075],
    "RandomUniform": [-0.04381467, 0.03316691, 0.04735771, -0.01552492, 0.00104066, -0.01428776],
    "LecunNormal": [0.93103516, 0.15402888, -0.10432568, 0.7289894, 1.0261482, -0.84527075],
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_of_a_seed(name):
    kind = getattr(tf.initializers, name)
    initializer = kind(seed=5)
    np.testing.assert_allclose(np.ravel(initializer([2, 3])), NUMBERS[name], rtol=2e-6)
    again = tf.initializers.deserialize(tf.initializers.serialize(initializer))
    np.testing.assert_array_equal(again([2, 3]), initializer([2, 3]))


@pytest.mark.parametrize("shape", [(64, 32), (3, 3, 8, 16)])
@pytest.mark.parametrize(("name", "n"), [("GlorotNormal", "avg"), ("HeUniform", "in"), ("LecunUniform", "in")])
def test_variance_follows_the_fans(name, n, shape):
    field = np.prod(shape[:-2])
    fans = {"in": shape[-2] * field, "avg": (shape[-2] + shape[-1]) * field / 2}
    scale = 2 if name.startswith("He") else 1
    x = np.asarray(tf.initializers.get(name)(shape))
    np.testing.assert_allclose(np.var(x), scale / fans[n], rtol=0.2)


def test_values_without_chance():
    np.testing.assert_array_equal(tf.zeros_initializer()([2], tf.int32), [0, 0])
    np.testing.assert_array_equal(tf.ones_initializer()([2]), [1, 1])
    np.testing.assert_array_equal(tf.constant_initializer(3.0)([2, 2]), np.full((2, 2), 3))
    np.testing.assert_array_equal(tf.constant_initializer([1, 2, 3, 4])([2, 2]), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(tf.initializers.Identity(2.0)([2, 3]), 2 * np.eye(2, 3))
    w = tf.initializers.Orthogonal()([4, 6]).numpy()
    np.testing.assert_allclose(w @ w.T, np.eye(4), atol=1e-6)


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="Could not interpret initializer identifier"):
        tf.initializers.get("nonsense")
    with pytest.raises(ValueError, match="Invalid `mode`"):
        tf.initializers.VarianceScaling(mode="x")
    with pytest.raises(ValueError, match="at least two-dimensional"):
        tf.initializers.Orthogonal()([3])
