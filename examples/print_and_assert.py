"""Prints and assertions inside a loop run in program order, without control dependencies."""

import sys

import tfc as tf

total = tf.Variable(0)


@tf.function
def accumulate(limit):
    for i in tf.range(limit):
        tf.print("step", i, "total", total, output_stream=sys.stdout)
        tf.Assert(total < 6, ["total is too large:", total])
        total.assign_add(i)
    return total.read_value()


def main():
    print("sum:", accumulate(tf.constant(4)).numpy())
    try:
        accumulate(tf.constant(10))
    except tf.errors.InvalidArgumentError as error:
        print("stopped:", str(error).splitlines()[0])
    print("total when it stopped:", total.numpy())


if __name__ == "__main__":
    main()
