"""The gradient of a convolution's input, whatever its strides: phases of the input are met by parts of the filter."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(11)

# input, window, strides, dilations, padding, channels, features, groups
GEOMETRIES = [
    ((8, 8), (3, 3), (2, 2), (1, 1), "SAME", 3, 5, 1),
    ((8, 8), (3, 3), (2, 2), (1, 1), "VALID", 3, 5, 1),
    ((9, 7), (3, 3), (2, 3), (1, 1), "SAME", 2, 4, 1),
    ((9, 7), (2, 2), (3, 4), (1, 1), "SAME", 2, 4, 1),  # some elements meet no window
    ((6, 6), (1, 1), (2, 2), (1, 1), "SAME", 4, 6, 1),
    ((7, 7), (4, 5), (2, 2), (1, 1), [[0, 0], [3, 1], [0, 4], [0, 0]], 2, 4, 1),
    ((7, 7), (2, 2), (2, 2), (1, 1), [[0, 0], [3, 3], [2, 3], [0, 0]], 2, 4, 1),  # windows in the padding alone
    ((8, 8), (3, 3), (2, 1), (1, 1), "SAME", 4, 8, 2),
    ((8, 8), (3, 3), (1, 1), (2, 1), "SAME", 3, 5, 1),
    ((3, 3), (5, 5), (2, 2), (1, 1), "SAME", 2, 4, 1),
    ((10, 10), (5, 5), (5, 5), (1, 1), "SAME", 2, 4, 1),  # many phases: patches are stored
    ((9,), (3,), (2,), (1,), "SAME", 2, 4, 1),
    ((5, 6, 4), (3, 2, 3), (3, 1, 2), (1, 1, 1), "SAME", 2, 4, 1),
    ((5, 6, 1), (3, 2, 1), (3, 1, 2), (1, 1, 1), "SAME", 1, 4, 1),  # one channel: patches are stored
]


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
@pytest.mark.parametrize("batch", [1, None], ids=["static", "unknown"])
def test_each_element_of_the_input_gets_what_its_windows_add(geometry, batch):
    size, window, strides, dilations, padding, channels, features, groups = geometry
    x = RNG.integers(-3, 4, (2, *size, channels)).astype(np.float32)
    w = tf.constant(RNG.integers(-3, 4, (*window, channels // groups, features)).astype(np.float32))

    def convolve(x):
        if len(size) == 2:
            return tf.nn.conv2d(x, w, strides, padding, dilations=dilations)
        return tf.nn.convolution(x, w, strides=strides, padding=padding, dilations=dilations)

    g = RNG.integers(-3, 4, convolve(tf.constant(x)).shape).astype(np.float32)

    def gradient(x, g):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(convolve(x) * g)
        return tape.gradient(y, x)

    spec = [tf.TensorSpec([batch and 2, *v.shape[1:]], tf.float32) for v in (x, g)]
    got = tf.function(gradient, input_signature=spec)(x, g).numpy()
    # The convolution is linear: its derivative along an element is its value there.
    directions = np.eye(x[0].size, dtype=np.float32).reshape(-1, *x.shape[1:])
    along = convolve(tf.constant(directions)).numpy()
    want = (g.reshape(len(g), -1) @ along.reshape(len(along), -1).T).reshape(x.shape)
    np.testing.assert_array_equal(got, want)
