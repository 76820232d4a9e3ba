"""Scatters of whole rows: what is combined is computed row by row, and is what eager execution gives."""

import importlib

import numpy as np
import pytest
import tfc as tf

NAN = float("nan")


def agree(function, *args):
    want = function(*args)
    got = tf.function(function, autograph=False)(*args)
    np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-6, atol=1e-6)


def data(shape, dtype=np.float32, seed=0):
    return tf.constant((np.random.default_rng(seed).normal(size=shape) * 4).astype(dtype))


def ids(count, most, seed=1):
    """Negative ones too, and duplicates."""
    return tf.constant(np.random.default_rng(seed).integers(-2, most, size=count).astype(np.int32))


@pytest.mark.parametrize("mode", ["sum", "prod", "max", "min"])
@pytest.mark.parametrize("shape", [(0, 8), (1, 8), (7, 9), (33, 64), (5, 3, 7)])
def test_segments_of_rows_leave_negative_numbers_out(mode, shape):
    function = getattr(tf.math, "unsorted_segment_" + mode)
    agree(lambda x, i: function(x, i, 6), data(shape), ids(shape[0], 6))


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.uint8, tf.bfloat16.as_numpy_dtype])
def test_segments_of_every_kind_of_number(dtype):
    x = tf.constant((np.arange(20 * 16).reshape(20, 16) % 11).astype(dtype))
    want = tf.math.unsorted_segment_sum(x, ids(20, 4), 4)
    got = tf.function(lambda x, i: tf.math.unsorted_segment_sum(x, i, 4))(x, ids(20, 4))
    assert np.array_equal(got.numpy(), want.numpy())


def test_nan_stays_in_its_row_and_minus_zero_is_kept():
    x = np.zeros((4, 16), np.float32)
    x[1, 3], x[2] = NAN, -0.0
    got = tf.function(lambda x: tf.math.unsorted_segment_max(x, [0, 1, 2, -1], 3))(tf.constant(x)).numpy()
    assert np.isnan(got).sum() == 1 and np.isnan(got[1, 3])
    assert np.signbit(got[2]).all()


def test_computed_rows_are_not_stored():
    x, i = data((1000, 64)), ids(1000, 10)
    concrete = tf.function(lambda x, i: tf.math.unsorted_segment_sum(x, i, 10)).get_concrete_function(x, i)
    assert concrete.compiled().arena_bytes < 1000 * 64 * 4 // 4


def test_rows_are_computed_from_broadcast_and_reordered_operands():
    def f(x, u, w, at):
        rows = tf.exp(tf.transpose(u)) * w[:, None] + tf.cast(tf.range(16), tf.float32)
        return tf.tensor_scatter_nd_add(x, at, rows)

    at = tf.constant([[0, 1], [2, 0], [0, 1]])
    agree(f, data((3, 2, 16)), data((16, 3)), data((3,)), at)


def test_rows_computed_from_what_they_are_added_to_see_the_old_values():
    at = tf.constant([[1], [0], [1]])
    agree(lambda x: tf.tensor_scatter_nd_sub(x, at, tf.gather(x, [0, 1, 2]) * 2.0), data((4, 32)))
    agree(lambda x: tf.tensor_scatter_nd_update(x, [[0], [1]], x[2:] * 2.0), data((4, 32)))


def test_computed_rows_that_others_need_are_stored_once():
    def f(x, u):
        rows = tf.tanh(u)
        return tf.concat([tf.tensor_scatter_nd_add(x, [[3], [1], [3]], rows), rows], 0)

    agree(f, data((5, 24)), data((3, 24)))


def test_a_scalar_loop_index_is_an_index_of_the_row():
    def f(x, count):
        for i in tf.range(count):
            x = tf.tensor_scatter_nd_add(x, [[i], [i + 1]], tf.fill([2, 8], tf.cast(i, tf.float32) + 1.0))
        return x

    got = tf.function(f)(tf.zeros([5, 8]), tf.constant(4)).numpy()
    assert got[:, 0].tolist() == [1.0, 3.0, 5.0, 7.0, 4.0]


def test_unknown_numbers_of_rows():
    @tf.function(input_signature=[tf.TensorSpec([None, 12]), tf.TensorSpec([None], tf.int32)])
    def f(x, i):
        return tf.math.unsorted_segment_sum(x * 2.0, i, 5)

    for count in (0, 1, 9):
        x, i = data((count, 12)), ids(count, 5)
        want = np.zeros((5, 12), np.float32)
        for row, to in zip(x.numpy(), i.numpy()):
            if to >= 0:
                want[to] += row * 2
        np.testing.assert_allclose(f(x, i).numpy(), want, rtol=1e-5)


@pytest.mark.parametrize("threads", [1, 2])
def test_gradients_of_gathered_rows_do_not_depend_on_threads(threads):
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        table, at = data((500, 64)), ids(3000, 500) % 500

        def f(table):
            with tf.GradientTape() as tape:
                tape.watch(table)
                loss = tf.reduce_sum(tf.square(tf.gather(table, at)))
            return tf.convert_to_tensor(tape.gradient(loss, table))

        agree(f, table)
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)


def test_sizes_of_rows_may_be_known_of_the_updates_only(monkeypatch):
    monkeypatch.setattr(importlib.import_module("tfc.function.flat"), "SPECIALIZATIONS", 0)
    places = tf.constant([[0], [3], [0]])
    specs = [tf.TensorSpec([5, None, None, 1]), tf.TensorSpec([None, 1, 12, 1])]
    f = tf.function(lambda x, y: tf.tensor_scatter_nd_add(x, places, y), autograph=False, input_signature=specs)
    x, y = tf.reshape(tf.range(60.0), [5, 1, 12, 1]), tf.reshape(tf.range(36.0), [3, 1, 12, 1])
    np.testing.assert_array_equal(f(x, y), tf.tensor_scatter_nd_add(x, places, y))


@pytest.mark.parametrize("threads", [1, 2, 4, 8])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_columns_of_long_rows_are_shared_and_the_last_update_counts(threads, dtype):
    random = np.random.default_rng(3)
    columns = 4096 // np.dtype(dtype).itemsize
    table = (random.normal(size=(300, columns)) * 9).astype(dtype)
    at = random.integers(0, 300, (900, 1)).astype(np.int32)  # many are there several times
    rows = (random.normal(size=(900, columns)) * 9).astype(dtype)
    if dtype != np.int16:
        rows[5, 7], rows[6, -1], rows[7, 0] = NAN, -0.0, np.inf
    want = table.copy()
    for i, row in zip(at[:, 0], rows):
        want[i] = row
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        got = tf.function(tf.tensor_scatter_nd_update)(table, at, rows).numpy()
        sums = tf.function(lambda x, i: tf.math.unsorted_segment_sum(x, i, 300))(rows[8:], at[8:, 0]).numpy()
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)
    assert np.array_equal(got, want, equal_nan=dtype != np.int16) and np.array_equal(np.signbit(got), np.signbit(want))
    added = np.zeros(sums.shape, dtype if dtype == np.int16 else np.float64)
    np.add.at(added, at[8:, 0], rows[8:])
    np.testing.assert_allclose(sums, added, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_long_rows(count):
    x, rows = data((50, 512)), data((count, 512), seed=1)
    at = tf.constant(np.arange(count, dtype=np.int32)[:, None] + 48)
    agree(tf.tensor_scatter_nd_update, x, at, rows)
