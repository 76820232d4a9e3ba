"""A function is an operation: call it in another function, take its gradient, twice."""

import tfc as tf


@tf.function
def f(x):
    return tf.sin(x) * x**2


@tf.function
def df(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    return tape.gradient(y, x)


def main():
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    outside = tape.gradient(y, x)
    expected = tf.cos(x) * x**2 + 2.0 * x * tf.sin(x)
    print("f'(2) from outside:", outside.numpy())
    print("f'(2) from inside: ", df(x).numpy())
    print("by hand:           ", expected.numpy())

    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        slope = inner.gradient(y, x)
    print("f''(2):            ", outer.gradient(slope, x).numpy())


if __name__ == "__main__":
    main()
