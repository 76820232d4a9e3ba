"""A TensorArray that grows: the even ones of 20,000 numbers are appended by its size."""

import numpy as np

from cases._steps import tensorflow_like

TOLERANCE = 0
LIMIT = "Python calls it once; a store an iteration"
COUNT = 20000


def inputs():
    return (np.array(COUNT, np.int32),)


def oracle(count):
    return [np.arange(0, COUNT, 2, dtype=np.int32)]


def make(tf, count):
    def run(count):
        values = tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=[])
        for i in tf.range(count):
            if i % 2 == 0:
                values = values.write(values.size(), i)
        return values.stack()

    return run, (tf.constant(count),)


BUILDERS = {**tensorflow_like(make)}
