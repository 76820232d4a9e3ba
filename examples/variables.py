"""How functions make and use variables."""

import tfc as tf


@tf.function
def ambiguous(x):
    v = tf.Variable(1.0)  # a new one each call, or the same one? refused
    return v.assign_add(x)


counter = tf.Variable(0)


@tf.function
def count():
    """A variable captured by closure."""
    return counter.assign_add(1)


class Dense:
    """Variables made when first called, their initial values from the argument and from each other."""

    def __init__(self, units):
        self.units = units
        self.kernel = None

    @tf.function
    def __call__(self, x):
        if self.kernel is None:
            scale = 1.0 / tf.sqrt(tf.reduce_mean(x * x))
            self.kernel = tf.Variable(scale * tf.ones([x.shape[-1], self.units]))
            self.bias = tf.Variable(tf.reduce_sum(self.kernel, axis=0) * 0.5)
        return x @ self.kernel + self.bias


def main():
    try:
        ambiguous(tf.constant(1.0))
    except ValueError as error:
        print("refused:", str(error).splitlines()[0])

    for _ in range(3):
        count()
    print("counter:", counter.numpy())

    layer = Dense(2)
    print(layer(tf.constant([[3.0, 4.0]])).numpy())
    print(layer(tf.constant([[30.0, 40.0]])).numpy())  # the same variables
    print("kernel:", layer.kernel.numpy().tolist(), "bias:", layer.bias.numpy().tolist())


if __name__ == "__main__":
    main()
