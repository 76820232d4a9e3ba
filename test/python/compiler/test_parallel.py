"""Loops that threads share compute what one thread computes."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)
F32 = np.float32


@pytest.fixture(params=[1, 3])
def threads(request):
    tf.config.threading.set_intra_op_parallelism_threads(request.param)
    yield request.param
    tf.config.threading.set_intra_op_parallelism_threads(0)


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


CASES = {
    "elementwise of a vector": (lambda x: tf.exp(x) * 2.0 + x, lambda x: np.exp(x) * 2 + x, [(300_001,)]),
    "elementwise of a matrix": (lambda x, y: x * y + 1.0, lambda x, y: x * y + 1, [(701, 503), (503,)]),
    "transpose": (lambda x: tf.transpose(x) + 1.0, lambda x: x.T + 1, [(600, 500)]),
    "sums of rows": (lambda x: tf.reduce_sum(x, 1), lambda x: x.sum(1), [(700, 513)]),
    "sums of columns": (lambda x: tf.reduce_sum(x, 0), lambda x: x.sum(0), [(700, 513)]),
    "maxima of rows": (lambda x: tf.reduce_max(x, 1), lambda x: x.max(1), [(700, 513)]),
    "sum of all": (lambda x: tf.reduce_sum(x), lambda x: x.sum(dtype=np.float64), [(511, 1023)]),
    "sum of a vector": (lambda x: tf.reduce_sum(x * x), lambda x: (x * x).sum(), [(300_001,)]),
    "largest of a vector": (lambda x: tf.reduce_max(tf.abs(x)), lambda x: np.abs(x).max(), [(300_001,)]),
    "argmax of rows": (lambda x: tf.argmax(x, 1), lambda x: x.argmax(1), [(700, 513)]),
    "softmax": (lambda x: tf.nn.softmax(x), softmax, [(511, 517)]),
    "log softmax": (lambda x: tf.nn.log_softmax(x), lambda x: np.log(softmax(x)), [(511, 517)]),
    "cumulative sums": (lambda x: tf.cumsum(x, 1), lambda x: x.cumsum(1), [(300, 1001)]),
    "cumulative sums of columns": (lambda x: tf.cumsum(x, 0), lambda x: x.cumsum(0), [(300, 1001)]),
    "product": (lambda x, y: tf.matmul(x, y), lambda x, y: x @ y, [(301, 257), (257, 403)]),
    "product with a transpose": (
        lambda x, y: tf.matmul(x, y, transpose_a=True),
        lambda x, y: x.T @ y,
        [(600, 257), (600, 803)],
    ),
    "packed product": (lambda x, y: tf.matmul(x, y), lambda x, y: x @ y, [(197, 700), (700, 1001)]),
    "row times matrix": (lambda x, y: tf.matmul(x, y), lambda x, y: x @ y, [(1, 1001), (1001, 1003)]),
    "matrix times column": (lambda x, y: tf.matmul(x, y), lambda x, y: x @ y, [(1001, 1003), (1003, 1)]),
    "batch of products": (lambda x, y: tf.matmul(x, y), lambda x, y: x @ y, [(3, 5, 65, 63), (3, 5, 63, 71)]),
    "attention": (
        lambda q, k, v: tf.matmul(tf.nn.softmax(tf.matmul(q, k, transpose_b=True) * 0.125), v),
        lambda q, k, v: softmax(q @ k.swapaxes(-1, -2) * 0.125) @ v,
        [(2, 3, 97, 64)] * 3,
    ),
}


@pytest.mark.parametrize("unknown", [False, True], ids=["static", "unknown"])
@pytest.mark.parametrize("name", CASES)
def test_value(name, unknown, threads):
    function, expected, shapes = CASES[name]
    args = [RNG.normal(size=s).astype(F32) for s in shapes]
    compiled = tf.function(function)
    if unknown:
        # More shapes than there may be specializations run the code for unknown sizes.
        concrete = compiled.get_concrete_function(*(tf.TensorSpec([None] * len(s), tf.float32) for s in shapes))
        concrete.executable_for = lambda shapes, wait=True: concrete._for_unknown_sizes(None)
        compiled = concrete
    got = compiled(*map(tf.constant, args)).numpy()
    want = expected(*(a.astype(np.float64) for a in args))
    assert got.shape == np.shape(want)
    np.testing.assert_allclose(got, want, rtol=2e-4, atol=2e-4 * np.abs(want).max())


def test_the_number_of_threads_changes_no_bit():
    function = tf.function(lambda x, y: tf.nn.softmax(tf.matmul(x, y)) + tf.reduce_sum(x))
    args = [tf.constant(RNG.normal(size=s).astype(F32)) for s in [(257, 300), (300, 511)]]
    results = []
    for count in (1, 2, 3):
        tf.config.threading.set_intra_op_parallelism_threads(count)
        results.append(function(*args).numpy())
    tf.config.threading.set_intra_op_parallelism_threads(0)
    assert np.array_equal(results[0], results[1]) and np.array_equal(results[0], results[2])


@pytest.mark.parametrize("size", [262_145, 300_000])
def test_a_reduction_in_pieces_finds_nan_anywhere_and_has_one_value(size):
    functions = [tf.function(f) for f in (tf.reduce_max, tf.reduce_min, tf.reduce_sum)]
    x = RNG.normal(size=size).astype(F32)
    values = []
    for count in (1, 2, 4, 8):
        tf.config.threading.set_intra_op_parallelism_threads(count)
        values.append([f(tf.constant(x)).numpy() for f in functions])
        for place in (0, size // 2, size - 1):
            y = x.copy()
            y[place] = np.nan
            assert all(np.isnan(f(tf.constant(y)).numpy()) for f in functions)
    tf.config.threading.set_intra_op_parallelism_threads(0)
    assert all(v == values[0] for v in values) and values[0][:2] == [x.max(), x.min()]


def test_rows_looked_up_are_computed_before():
    def program(x, at):
        y = tf.exp(x)
        return y + tf.gather(y, at) * x

    x = RNG.normal(size=(700, 513)).astype(F32)
    at = np.arange(700)[::-1].copy()
    want = np.exp(x) + np.exp(x)[at] * x
    np.testing.assert_allclose(
        tf.function(program)(tf.constant(x), tf.constant(at)).numpy(), want, rtol=1e-5, atol=1e-5
    )


def test_small_work_stays_on_the_calling_thread():
    function = tf.function(lambda x: tf.exp(x) + 1.0)
    assert "tfcrt.launch" not in function.get_concrete_function(tf.TensorSpec([100], tf.float32)).mlir(
        "tfc-buffers-to-loops"
    )


@pytest.mark.parametrize("off", ["parallel", "contract", "reassociate"])
def test_switches(off):
    attributes = {"compile_options": {off: False}}
    function = tf.function(lambda x: tf.reduce_sum(tf.exp(x) * x, 1), experimental_attributes=attributes)
    x = RNG.normal(size=(700, 513)).astype(F32)
    np.testing.assert_allclose(function(tf.constant(x)).numpy(), (np.exp(x) * x).sum(1), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_loops_of_a_loop_have_one_value_with_any_number_of_threads(count):
    def laplace(z):
        return tf.roll(z, 1, 0) + tf.roll(z, -1, 0) + tf.roll(z, 1, 1) + tf.roll(z, -1, 1) - 4.0 * z

    @tf.function
    def run(u, v):
        for _ in tf.range(9):
            r = u * v * v
            u, v = u + 0.1 * laplace(u) - r, v + 0.05 * laplace(v) + r
        return u, v

    u, v = (RNG.random((255, 257)).astype(F32) for _ in range(2))
    tf.config.threading.set_intra_op_parallelism_threads(count)
    try:
        for _ in range(3):
            got = [x.numpy() for x in run(u, v)]
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)

    def reference(z):
        return sum(np.roll(z, s, a) for s in (1, -1) for a in (0, 1)) - 4 * z

    a, b = u.astype(np.float64), v.astype(np.float64)
    for _ in range(9):
        r = a * b * b
        a, b = a + 0.1 * reference(a) - r, b + 0.05 * reference(b) + r
    np.testing.assert_allclose(got[0], a, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(got[1], b, rtol=1e-3, atol=1e-4)
