"""Stacking tensors made in a loop."""

import tfc as tf


@tf.function
def powers(x, n):
    result = tf.TensorArray(tf.float32, size=n)
    value = tf.ones_like(x)
    for i in tf.range(n):
        result = result.write(i, value)
        value = value * x
    return result.stack()


def main():
    print(powers(tf.constant([1.0, 2.0, 3.0]), tf.constant(5)).numpy())


if __name__ == "__main__":
    main()
