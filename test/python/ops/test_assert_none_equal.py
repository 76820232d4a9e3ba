"""`tf.debugging.assert_none_equal` takes `summarize` before `message`, as TensorFlow's does."""

import pytest
import tfc as tf


def test_the_third_argument_is_summarize():
    with pytest.raises(tf.errors.InvalidArgumentError, match="mine"):
        tf.debugging.assert_none_equal([1, 2], [3, 2], 1, "mine")
