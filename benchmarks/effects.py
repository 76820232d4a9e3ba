"""What the order of effects is worth: `python benchmarks/effects.py`.

One variable of 4M elements updated 8 times, and two of them; a loop of a million iterations that updates a scalar; a
training step whose variables are updated in place, with the memory that it takes. Minima of several rounds.
`effects_order.py` times the passes.
"""

import resource
import time

import numpy as np
import tfc as tf

SIZE = 4 << 20
UPDATES = 8


def best(call, rounds=9):
    call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def streams(count):
    """A function that updates `count` independent variables, elementwise: memory moves as fast as it can."""
    variables = [tf.Variable(tf.zeros([SIZE])) for _ in range(count)]

    @tf.function
    def update(x):
        for v in variables:
            for _ in range(UPDATES):
                v.assign(v * 0.5 + x)

    x = tf.constant(1.0)
    return lambda: update(x)


def chains(count):
    """The same with updates that no loop over elements can share out: each element needs the one before it."""
    variables = [tf.Variable(tf.zeros([SIZE])) for _ in range(count)]

    @tf.function
    def update(x):
        for v in variables:
            for _ in range(UPDATES):
                v.assign(tf.cumsum(v * 0.5 + x) * 1e-3)

    x = tf.constant(1.0)
    return lambda: update(x)


def loop():
    count = 1_000_000
    v = tf.Variable(0.0)

    @tf.function
    def run(n):
        for _ in tf.range(n):
            v.assign(v * 0.5 + 1.0)

    n = tf.constant(count)
    seconds = best(lambda: run(n), rounds=5)
    assert abs(float(v.numpy()) - 2.0) < 1e-6
    return 1e9 * seconds / count


def training_step(size=16 << 20):
    """Extra memory of momentum steps on one parameter, as a share of the parameter's own."""
    w, m = tf.Variable(tf.zeros([size])), tf.Variable(tf.zeros([size]))

    @tf.function
    def step(g):
        m.assign(m * 0.9 + g)
        w.assign_sub(m * 0.01)

    g = tf.ones([size])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        step(g)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    np.testing.assert_allclose(w.numpy()[:2], -0.01 * (1 + 1.9 + 2.71), rtol=1e-5)
    return 1024 * (after - before) / (4 * size)


def main():
    share = training_step()
    print(f"training step, in place: {100 * share:.0f} % of a variable's size more at the peak")
    for kind in (streams, chains):
        one, two = kind(1), kind(2)
        a, b = best(one), best(two)
        print(f"{kind.__name__}: one variable {1e3 * a:.2f} ms, two {1e3 * b:.2f} ms, ratio {b / a:.2f}")
    print(f"loop over a scalar variable: {loop():.2f} ns an iteration")


if __name__ == "__main__":
    main()
