"""The bits of a complex number are those of its two parts, also in compiled code."""

import numpy as np
import pytest
import tfc as tf

COMPLEX = np.array([[1 + 2j, 3 - 4j, complex(-0.0, np.inf)]], np.complex64)


@pytest.mark.parametrize("dtype", [tf.float64, tf.int64, tf.uint64])
def test_numbers_as_wide_have_the_same_bits(dtype):
    want = COMPLEX.view(dtype.as_numpy_dtype)
    of_any_size = tf.function(input_signature=[tf.TensorSpec([None, None], tf.complex64)])
    for cast in (tf.bitcast, tf.function(tf.bitcast), of_any_size(lambda x: tf.bitcast(x, dtype))):
        arguments = (COMPLEX, dtype)[: 2 if not hasattr(cast, "input_signature") or cast.input_signature is None else 1]
        got = cast(*arguments)
        assert got.dtype is dtype and got.numpy().tobytes() == want.tobytes()
    for cast in (tf.bitcast, tf.function(tf.bitcast)):
        assert cast(want, tf.complex64).numpy().tobytes() == COMPLEX.tobytes()
        assert cast(want[0, 0], tf.complex64).numpy() == COMPLEX[0, 0]
