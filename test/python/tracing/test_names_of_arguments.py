"""An op that returns the tensor it was given leaves that tensor's own name alone."""

import tfc as tf


def test_a_checked_argument_keeps_its_name():
    f = tf.function(lambda x: tf.debugging.check_numerics(x, "m", name="cn") + 1)
    names = [o.name for o in f.get_concrete_function(tf.TensorSpec([2])).graph.get_operations()]
    assert names[0] == "x" and "cn" in names
