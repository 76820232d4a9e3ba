"""The tiny LSTM cell: 10 units, batch 10, eager against function."""

import statistics
import time

import numpy as np
import tfc as tf

UNITS = BATCH = 10


def lstm_cell(x, h, c, w, u, b):
    """One step: inputs x [batch, inputs], states h and c [batch, units], gates in the order i, f, g, o."""
    z = x @ w + h @ u + b
    i, f, g, o = tf.split(z, 4, axis=1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
    h = tf.sigmoid(o) * tf.tanh(c)
    return h, c


def inputs(seed=0):
    rng = np.random.default_rng(seed)

    def normal(*shape):
        return tf.constant(rng.normal(size=shape).astype(np.float32))

    return (
        normal(BATCH, UNITS),
        normal(BATCH, UNITS),
        normal(BATCH, UNITS),
        normal(UNITS, 4 * UNITS),
        normal(UNITS, 4 * UNITS),
        normal(4 * UNITS),
    )


def microseconds(function, args, calls, rounds=7):
    """The median over rounds of the mean time of a call."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(calls):
            function(*args)
        times.append((time.perf_counter() - start) / calls * 1e6)
    return statistics.median(times)


def main():
    args = inputs()
    compiled = tf.function(lstm_cell)
    for eager, fast in zip(lstm_cell(*args), compiled(*args), strict=True):
        np.testing.assert_allclose(eager.numpy(), fast.numpy(), rtol=1e-5, atol=1e-6)
    eager = microseconds(lstm_cell, args, 200)
    fast = microseconds(compiled, args, 5000)
    print(f"eager    {eager:8.2f} us a step")
    print(f"function {fast:8.2f} us a step")
    print(f"ratio    {eager / fast:8.1f}")
    return eager / fast


if __name__ == "__main__":
    main()
