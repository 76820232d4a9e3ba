"""A TensorArray that grows in a loop in a loop: 8,000 numbers, four of them in each of 2,000 iterations."""

import numpy as np

from cases._steps import tensorflow_like

TOLERANCE = 0
LIMIT = "a store an iteration"
COUNT = 2000


def inputs():
    return (np.array(COUNT, np.int32),)


def oracle(count):
    return [np.arange(4 * COUNT, dtype=np.int32)]


def make(tf, count):
    def run(count):
        values = tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=[])
        for i in tf.range(count):
            for j in tf.range(4):
                values = values.write(values.size(), 4 * i + j)
        return values.stack()

    return run, (tf.constant(count),)


BUILDERS = {**tensorflow_like(make)}
