"""Small programs of every kind, each with calls: (name, function that makes {entry: concrete}, [(entry, arrays)])."""

import numpy as np
import tfc as tf

SPEC = tf.TensorSpec
RANDOM = np.random.default_rng(7)


def f32(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def one(function, *specs):
    return {"f": tf.function(function).get_concrete_function(*specs)}


def add():
    return one(lambda x, y: x + y, SPEC([2, 2], tf.int32), SPEC([2, 2], tf.int32))


def branch():
    def f(p, x):
        return tf.cond(p, lambda: x * 2.0, lambda: x - 1.0)

    return one(f, SPEC([], tf.bool), SPEC([3]))


def loop():
    def f(n, x):
        i = tf.constant(0)
        while i < n:
            x = x * 0.5 + tf.cast(i, tf.float32)
            i += 1
        return x, i

    return one(f, SPEC([], tf.int32), SPEC([4]))


def matmul_unknown():
    return one(lambda a, b: tf.matmul(a, b), SPEC([None, 7]), SPEC([7, None]))


def softmax():
    return one(lambda x: tf.nn.softmax(x), SPEC([None, 9]))


def data_dependent():
    return one(lambda x: (tf.boolean_mask(x, x > 0.0), tf.where(x > 0.0)), SPEC([None]))


def integers():
    def f(x, y):
        return (
            x // y,
            x % y,
            tf.math.floordiv(y, x),
            tf.bitwise.right_shift(x, 3),
            tf.cast(x, tf.float32),
            tf.cast(x, tf.float64),
        )

    return one(f, SPEC([None], tf.int64), SPEC([None], tf.int64))


def unsigned():
    def f(x, y):
        return x // y, x % y, tf.cast(x, tf.float32), tf.cast(x, tf.float64)

    return one(f, SPEC([None], tf.uint64), SPEC([None], tf.uint64))


def words():
    return one(lambda x, y: (x // y, x % y), SPEC([None], tf.int32), SPEC([None], tf.int32))


def narrow():
    return one(lambda x, y: (x // y, x * y, tf.cast(x, tf.int16)), SPEC([None], tf.int8), SPEC([None], tf.int8))


def to_integers():
    def f(x):
        return tf.cast(x, tf.int64), tf.cast(x, tf.int32), tf.cast(tf.cast(x, tf.float32), tf.int64)

    return one(f, SPEC([None], tf.float64))


def halves():
    def f(x, y):
        return (
            x * y + x,
            tf.reduce_sum(x),
            x < y,
            tf.cast(x, tf.float32),
            tf.cast(tf.cast(y, tf.float64) * 1.001, tf.float16),
        )

    return one(f, SPEC([None], tf.float16), SPEC([None], tf.float16))


def brain_floats():
    def f(x):
        return x * x, tf.cast(x, tf.float64), tf.cast(tf.cast(x, tf.float32) * 1.001, tf.bfloat16)

    return one(f, SPEC([None], tf.bfloat16))


def complexes():
    return one(lambda x: (x * x, tf.math.conj(x), tf.abs(x)), SPEC([None], tf.complex64))


def rounding():
    return one(lambda x: (tf.round(x), tf.floor(x), tf.math.ceil(x)), SPEC([None]))


def sorting():
    return one(lambda x: (tf.sort(x), tf.argsort(x), tf.cumsum(x), tf.argmax(x)), SPEC([None], tf.int32))


def counter():
    count = tf.Variable(5, name="count")
    history = tf.Variable(tf.zeros([3]), name="history")

    @tf.function
    def step(n):
        tf.debugging.Assert(n > 0, ["n must be positive:", n])
        count.assign_add(n)
        history.assign(tf.concat([history[1:], [tf.cast(n, tf.float32)]], 0))
        return count.read_value()

    @tf.function
    def read():
        return history * 2.0

    made = {"step": step.get_concrete_function(SPEC([], tf.int32)), "read": read.get_concrete_function()}
    for concrete in made.values():
        concrete.keep = count, history
    return made


def training():
    w = tf.Variable(np.linspace(-1, 1, 6).reshape(3, 2).astype(np.float32), name="w")
    b = tf.Variable(tf.zeros([2]), name="b")

    @tf.function
    def train(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ w + b - y) ** 2)
        for v, g in zip([w, b], tape.gradient(loss, [w, b]), strict=True):
            v.assign_sub(0.1 * g)
        return loss

    concrete = train.get_concrete_function(SPEC([None, 3]), SPEC([None, 2]))
    concrete.keep = w, b
    return {"train": concrete}


def convolutions():
    def f(image, kernel, deep):
        hidden = tf.nn.relu(tf.nn.conv2d(image, kernel, 1, "SAME"))
        pooled = tf.nn.max_pool2d(hidden, 2, 2, "VALID")
        return pooled, tf.nn.depthwise_conv2d(image, deep, [1, 2, 2, 1], "SAME"), tf.nn.avg_pool2d(image, 3, 1, "SAME")

    return one(f, SPEC([None, 9, 8, 3]), SPEC([3, 3, 3, 5]), SPEC([3, 3, 3, 2]))


def gradients_of_convolutions():
    def f(image, kernel):
        with tf.GradientTape() as tape:
            tape.watch([image, kernel])
            loss = tf.reduce_mean(tf.nn.conv2d(image, kernel, 2, "SAME") ** 2)
        return tape.gradient(loss, [image, kernel])

    return one(f, SPEC([2, 7, 6, 3]), SPEC([3, 3, 3, 4]))


def transforms():
    def f(x, z):
        return tf.signal.rfft(x), tf.signal.ifft(z), tf.signal.fft2d(tf.reshape(z[:12], [3, 4]))

    return one(f, SPEC([2, 30]), SPEC([17], tf.complex64))


def random_numbers():
    def f(seed):
        return (
            tf.random.stateless_uniform([33], seed),
            tf.random.stateless_normal([5, 3], seed),
            tf.random.stateless_uniform([9], seed, minval=-3, maxval=70, dtype=tf.int32),
            tf.random.stateless_truncated_normal([7], seed),
        )

    return one(f, SPEC([2], tf.int32))


def sorted_rows():
    def f(x):
        best, where = tf.math.top_k(x, 3)
        return tf.sort(x, direction="DESCENDING"), tf.argsort(x, stable=True), best, where, tf.unique(x[0])[0]

    return one(f, SPEC([None, None]))


def moves():
    def f(x, i, u):
        return (
            tf.gather(x, i, axis=1),
            tf.tensor_scatter_nd_add(x, i[:, None], u),
            tf.math.unsorted_segment_max(u, i, 4),
            tf.einsum("ij,kj->ik", x, u),
            tf.roll(tf.pad(x, [[1, 0], [0, 2]], constant_values=7.0), 1, 1),
        )

    return one(f, SPEC([4, 5]), SPEC([3], tf.int32), SPEC([3, 5]))


def solutions():
    def f(a, b):
        lower = tf.linalg.cholesky(tf.matmul(a, a, transpose_b=True) + tf.eye(5))
        s, u, v = tf.linalg.svd(a)
        return (
            lower,
            tf.linalg.triangular_solve(lower, b),
            tf.linalg.solve(a, b),
            tf.linalg.det(a),
            tf.matmul(u * s, v, transpose_b=True),
            tf.linalg.eigvalsh(a + tf.transpose(a)),
        )

    return one(f, SPEC([5, 5]), SPEC([5, 2]))


I64 = np.array([7, -7, 2**62, -(2**63), 2**33 + 5, 123456789012345, 1, -1, 2**53 + 1, -(2**40) - 3], np.int64)
J64 = np.array([2, 2, 3, 7, -(2**32), 1000, -3, -(2**50), 10, 2**31 + 1], np.int64)
U64 = np.array([2**64 - 1, 2**63, 2**63 + 2**39 + 1, 17, 2**53 + 3, 2**32], np.uint64)
V64 = np.array([3, 2**33, 10, 5, 2**63 + 1, 7], np.uint64)

PROGRAMS = [
    (add, [("f", [np.array([[1, 2], [3, 4]], np.int32), np.array([[10, 20], [30, 2**31 - 1]], np.int32)])]),
    (branch, [("f", [np.array(True), f32(3)]), ("f", [np.array(False), f32(3)])]),
    (loop, [("f", [np.array(5, np.int32), f32(4)]), ("f", [np.array(0, np.int32), f32(4)])]),
    (matmul_unknown, [("f", [f32(5, 7), f32(7, 3)]), ("f", [f32(0, 7), f32(7, 2)]), ("f", [f32(33, 7), f32(7, 40)])]),
    (softmax, [("f", [f32(2, 9)]), ("f", [np.zeros((0, 9), np.float32)])]),
    (data_dependent, [("f", [f32(20)]), ("f", [-np.abs(f32(4))]), ("f", [f32(0)])]),
    (integers, [("f", [I64, J64])]),
    (unsigned, [("f", [U64, V64])]),
    (words, [("f", [np.array([7, -7, 2**31 - 1, -5], np.int32), np.array([2, 2, -3, 5], np.int32)])]),
    (narrow, [("f", [np.array([7, -7, 127, -5], np.int8), np.array([2, 2, -3, 5], np.int8)])]),
    (to_integers, [("f", [np.array([1.9, -1.9, 2.0**40 + 0.5, -(2.0**52) - 1, 0.0, 12345678901.75])])]),
    (halves, [("f", [np.array([1.5, -2.25, 6e-8, 60000, np.inf, -0.0], np.float16), np.array([3, 1e-4, 2, 2, 1, 5], np.float16)])]),
    (brain_floats, [("f", [np.array([1.5, -3e38, 1e-40, 0.1, 7], np.float32)])]),
    (complexes, [("f", [np.array([1 + 2j, -3j, 0.5], np.complex64)])]),
    (rounding, [("f", [np.array([0.5, 1.5, 2.5, -0.5, -2.5, 1e20, np.inf], np.float32)])]),
    (sorting, [("f", [np.array([3, -1, 7, 3, 0], np.int32)])]),
    (counter, [("step", [np.array(3, np.int32)]), ("step", [np.array(-1, np.int32)]), ("step", [np.array(4, np.int32)]), ("read", [])]),
    (convolutions, [("f", [f32(2, 9, 8, 3), f32(3, 3, 3, 5), f32(3, 3, 3, 2)]), ("f", [f32(0, 9, 8, 3), f32(3, 3, 3, 5), f32(3, 3, 3, 2)])]),
    (gradients_of_convolutions, [("f", [f32(2, 7, 6, 3), f32(3, 3, 3, 4)])]),
    (transforms, [("f", [f32(2, 30), (f32(17) + 1j * f32(17)).astype(np.complex64)])]),
    (random_numbers, [("f", [np.array([3, -9], np.int32)])]),
    (sorted_rows, [("f", [np.round(f32(2, 70), 1)]), ("f", [f32(1, 3)])]),
    (moves, [("f", [f32(4, 5), np.array([3, 0, 3], np.int32), f32(3, 5)]), ("f", [f32(4, 5), np.array([3, 0, 9], np.int32), f32(3, 5)])]),
    (solutions, [("f", [f32(5, 5) + 3 * np.eye(5, dtype=np.float32), f32(5, 2)]), ("f", [np.full((5, 5), np.nan, np.float32), f32(5, 2)])]),
    (training, [("train", [f32(8, 3), f32(8, 2)]), ("train", [f32(4, 3), f32(4, 2)])]),
]  # fmt: skip


def calls_of(calls, program):
    """Arrays in the dtypes that the program takes (bfloat16 has no numpy literal)."""
    if program is brain_floats:
        return [(name, [a.astype(tf.bfloat16.as_numpy_dtype) for a in arrays]) for name, arrays in calls]
    return calls
