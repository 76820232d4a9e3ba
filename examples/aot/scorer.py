"""One function of known sizes, for a C++ class."""

import tfc as tf


@tf.function(input_signature=[tf.TensorSpec([4], name="x")])
def scorer(x):
    return {"score": tf.reduce_sum(tf.tanh(x))}
