"""Probably the worst way to make a tensor sum to 1: control flow written as Python."""

import tfc as tf


@tf.function
def shrink(x):
    while tf.reduce_sum(x) > 1:
        x = tf.tanh(x)
    return x


def main():
    x = tf.constant([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05])
    y = shrink(x)
    eager = x
    while tf.reduce_sum(eager) > 1:
        eager = tf.tanh(eager)
    print("function: sum", float(tf.reduce_sum(y)), "of", y.numpy())
    print("eager:    sum", float(tf.reduce_sum(eager)), "of", eager.numpy())
    print(tf.autograph.to_code(shrink.python_function))


if __name__ == "__main__":
    main()
