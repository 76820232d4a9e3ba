"""Sums over the edges of a graph: gathered rows are read by the scatter that combines them, and stored nowhere."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)
NODES, EDGES = 40, 300
NUMPY = {"sum": (np.add, 0), "max": (np.maximum, -np.inf), "min": (np.minimum, np.inf), "prod": (np.multiply, 1)}


def graph(row=(16,), dtype=np.float32, nodes=NODES, edges=EDGES):
    x = RNG.normal(size=(nodes, *row)).astype(dtype)
    source, target = (RNG.integers(low, nodes, edges).astype(np.int32) for low in (0, -1))
    return x, source, target


def compiled(f, *args):
    concrete = tf.function(f, autograph=False).get_concrete_function(*map(tf.constant, args))
    return concrete, concrete(*map(tf.constant, args))


def expected(messages, target, nodes, mode="sum"):
    ufunc, start = NUMPY[mode]
    want = np.full((nodes, *messages.shape[1:]), start, messages.dtype)
    ufunc.at(want, target[target >= 0], messages[target >= 0])
    return want


@pytest.mark.parametrize("mode", NUMPY)
@pytest.mark.parametrize("row", [(7,), (8,), (16,), (33,), (64,), (3, 5)])
def test_rows_are_combined_as_they_are(mode, row):
    x, source, target = graph(row)
    target[:NODES] = np.arange(NODES)
    function = getattr(tf.math, "unsorted_segment_" + mode)
    _, got = compiled(lambda x, s, t: function(tf.gather(x, s), t, NODES), x, source, target)
    np.testing.assert_allclose(got, expected(x[source], target, NODES, mode), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float64, np.float16, np.int32, np.uint8])
@pytest.mark.parametrize("ids", [np.int32, np.int64, np.uint8])
def test_every_type(dtype, ids):
    x = RNG.integers(0, 3, (NODES, 16)).astype(dtype)
    source, target = (RNG.integers(0, NODES, EDGES).astype(ids) for _ in range(2))
    _, got = compiled(lambda x, s, t: tf.tensor_scatter_nd_add(x, t[:, None], tf.gather(x, s)), x, source, target)
    want = x.copy()
    np.add.at(want, target, x[source])
    np.testing.assert_array_equal(got, want)


def test_weights_of_edges_and_functions_are_computed_on_the_way():
    x, source, target = graph()
    weights = RNG.normal(size=EDGES).astype(np.float32)

    def f(x, s, t, w):
        return tf.math.unsorted_segment_sum(tf.tanh(tf.gather(x, s) * w[:, None]) + 1, t, NODES)

    _, got = compiled(f, x, source, target, weights)
    want = expected(np.tanh(x[source] * weights[:, None]) + 1, target, NODES)
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-5)


def test_gathered_rows_take_no_memory():
    x, source, target = graph((64,), edges=5000)
    concrete, _ = compiled(lambda x, s, t: tf.math.unsorted_segment_sum(tf.gather(x, s), t, NODES), x, source, target)
    assert concrete.compiled().arena_bytes < 5000 * 64 * 4 // 4


def test_rows_that_others_need_too_are_stored():
    x, source, target = graph()

    def f(x, s, t):
        rows = tf.gather(x, s)
        return tf.math.unsorted_segment_sum(rows, t, NODES), rows

    _, (total, rows) = compiled(f, x, source, target)
    np.testing.assert_array_equal(rows, x[source])
    np.testing.assert_allclose(total, expected(x[source], target, NODES), rtol=1e-5, atol=1e-6)


def test_rows_of_what_is_written_are_those_from_before():
    x, source, target = graph()
    target = np.abs(target)
    _, got = compiled(lambda x, s, t: tf.tensor_scatter_nd_add(x, t[:, None], tf.gather(x, s)), x, source, target)
    want = x.copy()
    np.add.at(want, target, x[source])
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_rows_of_a_variable_that_is_written():
    x, source, target = graph()
    target = np.abs(target)
    v = tf.Variable(x)

    @tf.function
    def f(s, t):
        v.scatter_add(tf.IndexedSlices(tf.gather(v, s), t))
        v.scatter_add(tf.IndexedSlices(tf.gather(v, t), s))

    f(tf.constant(source), tf.constant(target))
    want = x.copy()
    np.add.at(want, target, x[source])
    np.add.at(want, source, want[target])
    np.testing.assert_allclose(v, want, rtol=1e-4, atol=1e-4)


def test_a_loop_over_the_edges():
    x, source, target = graph()
    target = np.abs(target)

    @tf.function
    def f(x, s, t):
        for _ in tf.range(3):
            x = tf.math.unsorted_segment_mean(tf.gather(x, s), t, NODES) + x
        return x

    got, want = f(*map(tf.constant, (x, source, target))), x
    counts = np.maximum(np.bincount(target, minlength=NODES), 1)[:, None]
    for _ in range(3):
        want = expected(want[source], target, NODES) / counts + want
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("edges", [0, 1])
def test_few_edges(edges):
    x, source, target = graph(edges=edges)
    _, got = compiled(lambda x, s, t: tf.math.unsorted_segment_sum(tf.gather(x, s), t, NODES), x, source, target)
    np.testing.assert_allclose(got, expected(x[source], target, NODES), rtol=1e-6)


def test_rows_beyond_the_end_are_an_error():
    x, source, target = graph()
    source[7] = NODES
    with pytest.raises(tf.errors.InvalidArgumentError, match="gather"):
        compiled(lambda x, s, t: tf.math.unsorted_segment_sum(tf.gather(x, s), t, NODES), x, source, target)


def test_gradients_go_the_other_way():
    x, source, target = graph()
    target = np.abs(target)

    @tf.function
    def f(x, s, t):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.math.unsorted_segment_sum(tf.gather(x, s), t, NODES) ** 2)
        return tape.gradient(y, x)

    want = np.zeros_like(x)
    np.add.at(want, source, (2 * expected(x[source], target, NODES))[target])
    np.testing.assert_allclose(f(*map(tf.constant, (x, source, target))), want, rtol=1e-4, atol=1e-4)
