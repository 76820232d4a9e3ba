"""What the order of effects is worth: `python benchmarks/effects.py`.

One variable of 4M elements updated 8 times, and two of them, beside two limits that are measured in the same run: what
memory allows (numpy multiplies as many bytes in place, on as many threads), and what the arithmetic takes (the same
updates of a variable that stays in the cache). A loop of a million iterations that updates a scalar; a training step
whose variables are updated in place, with the memory that it takes. Minima of several rounds. `effects_order.py` times
the passes.
"""

import logging
import resource
import time
from concurrent.futures import ThreadPoolExecutor

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


def stream(v, x):
    """An update that all threads can share."""
    return v * 0.5 + x


def chain(v, x):
    """One that no loop over elements can share out: each element needs the one before it."""
    return tf.cumsum(v * 0.5 + x) * 1e-3


def updates(kind, count, size=SIZE, repeats=1):
    """A call that updates each of `count` independent variables."""
    variables = [tf.Variable(tf.zeros([size])) for _ in range(count)]

    @tf.function
    def update(x):
        for _ in tf.range(repeats):
            for v in variables:
                for _ in range(UPDATES):
                    v.assign(kind(v, x))

    x = tf.constant(1.0)
    return lambda: update(x)


def seconds_of_arithmetic(kind):
    """What the updates of a variable take on one thread without memory: of one that stays in the cache, as often."""
    small = 4096
    return best(updates(kind, 1, small, SIZE // small))


def stream_gigabytes(variables, threads):
    """Gigabytes a second that move where threads multiply all elements of arrays in place: what updates of variables
    can reach. One array is shared by all threads, several are one a thread.
    """
    arrays = [np.zeros(SIZE, np.float32) for _ in range(variables)]
    pieces = [piece for array in arrays for piece in np.split(array, threads // variables)]
    factor = np.float32(0.5)

    def update(piece):
        np.multiply(piece, factor, out=piece)

    with ThreadPoolExecutor(threads) as pool:
        seconds = best(lambda: list(pool.map(update, pieces)), rounds=25)
    return variables * moved_bytes() / seconds / 1e9


def moved_bytes():
    """Each element is read and written once: the updates of a variable are one pass over it."""
    return 2 * 4 * SIZE


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
    # Each benchmark is a function of its own.
    logging.getLogger("tfc").setLevel(logging.ERROR)
    share, copied = training_step(), training_step(hold=True)
    print(
        f"training step: {100 * share:.1f} % of a variable's size more at the peak; "
        f"{100 * copied:.0f} % where somebody holds the old value"
    )
    threads = runtime.num_threads()
    limits = [stream_gigabytes(1, 1), stream_gigabytes(1, threads), stream_gigabytes(2, 2)]
    for kind in (stream, chain):
        one, two = updates(kind, 1), updates(kind, 2)
        runtime.set_num_threads(1)
        arithmetic = seconds_of_arithmetic(kind)
        times = [best(one)]
        runtime.set_num_threads(0)
        times += [best(one), best(two)]
        print(f"{kind.__name__}: {UPDATES} updates of {SIZE >> 20}M elements; in the cache {1e3 * arithmetic:.2f} ms")
        names = ("one variable on one thread", f"one on {threads} threads", f"two on {threads} threads")
        for name, seconds, variables, limit in zip(names, times, (1, 1, 2), limits, strict=True):
            rate = variables * moved_bytes() / seconds / 1e9
            share = f"{100 * rate / limit:.0f} % of the {limit:.1f} GB/s that memory allows there"
            print(f"  {name}: {1e3 * seconds:.2f} ms; {rate:.1f} GB/s, {share}")
        alone, shared = times[2] / times[0], times[2] / times[1]
        print(f"  two take {alone:.2f} times one on one thread, {shared:.2f} times one on all")
    print(f"loop over a scalar variable: {loop():.2f} ns an iteration")


if __name__ == "__main__":
    main()
