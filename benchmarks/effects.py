"""What the order of effects is worth: `python benchmarks/effects.py`.

One variable of 4M elements updated 8 times, and two of them; a loop of a million iterations that updates a scalar; a
training step whose variables are updated in place, with the memory that it takes. Minima of several rounds.
`effects_order.py` times the passes.
"""

import resource
import time

import numpy as np
import tfc as tf
from tfc import runtime

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


def peak_bytes():
    """The most memory that this process has had since `forget_peak`, or ever where that is not known."""
    try:
        with open("/proc/self/status") as status:
            return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except OSError:
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def forget_peak():
    try:
        with open("/proc/self/clear_refs", "w") as control:
            control.write("5")
    except OSError:
        pass


def training_step(size=16 << 20, hold=False):
    """What a momentum step takes at its peak beyond the memory that was there, in sizes of the parameter. With `hold`,
    somebody keeps the old parameter, which costs one copy: so much the measurement sees.
    """
    w, m = tf.Variable(tf.zeros([size])), tf.Variable(tf.zeros([size]))

    @tf.function
    def step(g):
        m.assign(m * 0.9 + g)
        w.assign_sub(m * 0.01)

    g = tf.ones([size])
    # Compiles, and touches all memory.
    step(g)
    step(g)
    kept = w.read_value() if hold else None
    forget_peak()
    before = peak_bytes()
    step(g)
    after = peak_bytes()
    np.testing.assert_allclose(w.numpy()[:2], -0.01 * (1 + 1.9 + 2.71), rtol=1e-5)
    del kept
    return (after - before) / (4 * size)


def main():
    share, copied = training_step(), training_step(hold=True)
    print(
        f"training step: {100 * share:.1f} % of a variable's size more at the peak; "
        f"{100 * copied:.0f} % where somebody holds the old value"
    )
    for kind in (streams, chains):
        one, two = kind(1), kind(2)
        runtime.set_num_threads(1)
        alone = best(one)
        runtime.set_num_threads(0)
        a, b = best(one), best(two)
        print(
            f"{kind.__name__}: one variable on one thread {1e3 * alone:.2f} ms; on all threads one {1e3 * a:.2f} ms, "
            f"two {1e3 * b:.2f} ms: {b / alone:.2f} times one on one thread, {b / a:.2f} times one on all"
        )
    print(f"loop over a scalar variable: {loop():.2f} ns an iteration")


if __name__ == "__main__":
    main()
