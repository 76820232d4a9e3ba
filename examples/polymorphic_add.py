"""One Python function, one graph a signature, made when first needed and visible."""

import tfc as tf


@tf.function
def add(a, b):
    return a + b


def main():
    print(add(tf.constant(1), tf.constant(2)))
    print(add(tf.constant(1.5), tf.constant(2.25)))
    print(add(tf.ones([2, 3], tf.float64), tf.ones([3], tf.float64)))
    print(add(tf.constant([1.0, 2.0], tf.float16), tf.constant([0.5, 0.5], tf.float16)))
    print(add(tf.constant(3), tf.constant(4)))  # the first trace again
    print("traces:", add.experimental_get_tracing_count())

    concrete = add.get_concrete_function(tf.TensorSpec([None], tf.float32), tf.TensorSpec([], tf.float32))
    print(concrete.pretty_printed_signature())
    print(concrete.mlir())
    print(concrete(tf.constant([1.0, 2.0, 3.0]), tf.constant(10.0)))


if __name__ == "__main__":
    main()
