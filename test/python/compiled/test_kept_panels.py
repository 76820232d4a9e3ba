"""Panels of captured weights: made by the first call, kept by the code, and never those of other weights."""

import ctypes
import threading

import ml_dtypes
import numpy as np
import pytest
import tfc as tf
from tfc._native import EagerTensor

RNG = np.random.default_rng(7)


def small(*shape, dtype=np.float32):
    """Integers: sums of products are exact in any order."""
    return RNG.integers(-2, 3, shape).astype(dtype)


def traced(function):
    return tf.function(function, autograph=False)


def code_of(function, *arguments):
    """The code that calls with these arguments run."""
    concrete = function.get_concrete_function(*arguments)
    return concrete.executable_for([tuple(a.shape) for a in [*arguments, *concrete._graph.captured]])


@pytest.fixture(params=[1, 2])
def threads(request):
    tf.config.threading.set_intra_op_parallelism_threads(request.param)
    yield request.param
    tf.config.threading.set_intra_op_parallelism_threads(0)


# m, k, n: one tile of rows and more, blocks of the depth and edges of panels that do not come out even, the last sizes
# that are kept.
SIZES = [(7, 700, 300), (16, 512, 1024), (23, 1000, 777), (64, 385, 513), (256, 2000, 130)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("transposed", [False, True])
def test_products_with_captured_weights_have_the_same_values_in_every_call(size, transposed, threads):
    m, k, n = size
    w = small(k, n)
    weights = tf.constant(w.T.copy() if transposed else w)
    product = traced(lambda x: tf.matmul(x, weights, transpose_b=transposed))
    for _ in range(3):
        x = small(m, k)
        np.testing.assert_array_equal(product(tf.constant(x)).numpy(), x @ w)
    assert code_of(product, tf.constant(x)).panel_bytes >= 4 * k * n


@pytest.mark.parametrize("m", [1, 6, 257])
def test_products_that_gain_little_keep_nothing(m):
    w, x = small(600, 500), small(m, 600)
    weights = tf.constant(w)
    product = traced(lambda x: tf.matmul(x, weights))
    np.testing.assert_array_equal(product(tf.constant(x)).numpy(), x @ w)
    assert code_of(product, tf.constant(x)).panel_bytes == 0


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16, ml_dtypes.bfloat16])
def test_captured_weights_of_other_types(dtype):
    w, x = small(700, 400, dtype=dtype), small(20, 700, dtype=dtype)
    weights = tf.constant(w)
    product = traced(lambda x: tf.matmul(x, weights))
    expected = (x.astype(np.float64) @ w.astype(np.float64)).astype(dtype)
    for _ in range(2):
        np.testing.assert_array_equal(product(tf.constant(x)).numpy(), expected)
    assert code_of(product, tf.constant(x)).panel_bytes > 0


def test_bias_and_activation_follow_a_product_with_kept_panels():
    w, x, bias = small(700, 513), small(20, 700), small(513)
    weights = tf.constant(w)
    layer = traced(lambda x, bias: tf.nn.relu(tf.matmul(x, weights) + bias))
    for _ in range(2):
        np.testing.assert_array_equal(layer(tf.constant(x), tf.constant(bias)).numpy(), np.maximum(x @ w + bias, 0))


def test_tiles_that_many_products_share_fetch_the_next_panel(threads):
    sizes = [(600, 700), (700, 513), (513, 900), (900, 400), (400, 650)]
    ws, x = [small(*size) for size in sizes], small(20, 600)
    weights = [tf.constant(w) for w in ws]

    @traced
    def layers(x):
        for w in weights:
            x = tf.sign(tf.matmul(x, w) + 1)
        return x

    expected = x
    for w in ws:
        expected = np.sign(expected @ w + 1)
    for _ in range(2):
        np.testing.assert_array_equal(layers(tf.constant(x)).numpy(), expected)


@pytest.mark.parametrize("window, strides", [((3, 3), 1), ((1, 5), 2), ((2, 2), 1)], ids=str)
def test_captured_filters_of_convolutions(window, strides, threads):
    w, x = small(*window, 200, 170), small(1, 9, 8, 200)
    filters = tf.constant(w)
    captured = traced(lambda x: tf.nn.conv2d(x, filters, strides, "SAME"))
    given = traced(lambda x, w: tf.nn.conv2d(x, w, strides, "SAME"))
    for _ in range(2):
        np.testing.assert_array_equal(captured(tf.constant(x)).numpy(), given(tf.constant(x), filters).numpy())
    assert code_of(captured, tf.constant(x)).panel_bytes >= w.nbytes


def test_functions_that_are_alike_keep_panels_of_their_own_weights():
    def make(weights):
        return traced(lambda x: tf.matmul(x, weights))

    x, ws = small(16, 600), [small(600, 500) for _ in range(3)]
    products = [make(tf.constant(w)) for w in ws]
    for _ in range(2):
        for product, w in zip(products, ws, strict=True):
            np.testing.assert_array_equal(product(tf.constant(x)).numpy(), x @ w)


def test_code_from_the_disk_makes_panels_of_the_weights_it_meets(tmp_path):
    def make(weights):
        return traced(lambda x: tf.matmul(x, weights))

    x, ws = small(16, 600), [small(600, 500) for _ in range(2)]
    tf.config.compilation_cache.set_directory(str(tmp_path))
    try:
        for w in ws:
            np.testing.assert_array_equal(make(tf.constant(w))(tf.constant(x)).numpy(), x @ w)
    finally:
        tf.config.compilation_cache.set_directory(None)


def test_one_operand_of_many_products_has_panels_once():
    w, x = small(600, 600), small(16, 600)
    weights = tf.constant(w)

    @traced
    def thrice(x):
        for _ in range(3):
            x = tf.clip_by_value(tf.matmul(x, weights), -1.0, 1.0)
        return x

    expected = x
    for _ in range(3):
        expected = np.clip(expected @ w, -1, 1)
    for _ in range(2):
        np.testing.assert_array_equal(thrice(tf.constant(x)).numpy(), expected)
    assert code_of(thrice, tf.constant(x)).panel_bytes < 1.5 * w.nbytes


def test_panels_are_there_before_branches_and_loops_that_need_them():
    w, x = small(600, 600), small(16, 600)
    weights = tf.constant(w)

    @traced
    def program(x, n):
        def more():
            return tf.while_loop(
                lambda i, y: i < n,
                lambda i, y: (i + 1, tf.clip_by_value(tf.matmul(y, weights), -1.0, 1.0)),
                (tf.constant(0), x),
            )[1]

        return tf.cond(n > 0, more, lambda: x)

    for n in (0, 2, 1):  # the first call fills panels that it does not use
        expected = x
        for _ in range(n):
            expected = np.clip(expected @ w, -1, 1)
        np.testing.assert_array_equal(program(tf.constant(x), tf.constant(n)).numpy(), expected)


def test_first_calls_of_several_threads_each_see_whole_panels():
    w, x = small(800, 900), small(32, 800)
    weights, expected = tf.constant(w), x @ w
    product = traced(lambda x: tf.matmul(x, weights))
    product.get_concrete_function(tf.constant(x))
    wrong, start = [], threading.Barrier(4)

    def call():
        start.wait()
        for _ in range(5):
            if not np.array_equal(product(tf.constant(x)).numpy(), expected):
                wrong.append(1)

    workers = [threading.Thread(target=call) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_a_call_that_fails_leaves_no_panels_that_are_half_made():
    w, x = small(600, 500), small(16, 600)
    weights = tf.constant(w)

    @traced
    def checked(x, limit):
        tf.debugging.assert_less(tf.reduce_max(x), limit)
        return tf.matmul(x, weights)

    with pytest.raises(tf.errors.InvalidArgumentError):
        checked(tf.constant(x), tf.constant(-9.0))
    np.testing.assert_array_equal(checked(tf.constant(x), tf.constant(9.0)).numpy(), x @ w)


def test_memory_that_others_may_change_is_packed_in_every_call():
    array, x = small(600, 500), small(16, 600)
    weights = EagerTensor._adopt(array)
    product = traced(lambda x: tf.matmul(x, weights))
    for _ in range(2):
        np.testing.assert_array_equal(product(tf.constant(x)).numpy(), x @ array)
        array += 1
    assert code_of(product, tf.constant(x)).panel_bytes == 0


def test_compiled_tells_the_memory_of_panels():
    weights = tf.constant(small(600, 500))
    product = traced(lambda x: tf.matmul(x, weights))
    compiled = product.get_concrete_function(tf.constant(small(16, 600))).compiled()
    assert compiled.panel_bytes >= 4 * 600 * 500
    assert "copies of weights that are kept" in str(compiled)
    assert any("panels of the right operand, made before" in remark for remark in compiled.remarks)


def overwrite(shared, value):
    """What some libraries do, though the array is read-only."""
    content = np.full(shared.shape, value, shared.dtype)
    ctypes.memmove(shared.ctypes.data, content.ctypes.data, content.nbytes)


@pytest.mark.parametrize("called_before", [False, True])
def test_weights_whose_memory_other_libraries_were_given_are_packed_by_each_call(called_before):
    w, x = small(700, 400), small(20, 700)
    weights = tf.constant(w)
    product = traced(lambda x: tf.matmul(x, weights))
    if called_before:
        product(tf.constant(x))
    shared = np.from_dlpack(weights)
    for value in (1.0, 2.0):
        overwrite(shared, value)
        expected = x @ np.full_like(w, value)
        np.testing.assert_array_equal(product(tf.constant(x)).numpy(), expected)
        np.testing.assert_array_equal(tf.matmul(x, weights).numpy(), expected)
    assert code_of(product, tf.constant(x)).panel_bytes == 0


def test_a_variable_takes_a_copy_of_a_value_whose_memory_other_libraries_were_given():
    value = tf.constant(np.ones(1000, np.float32))
    shared = np.from_dlpack(value)
    v = tf.Variable(tf.zeros([1000]))
    v.assign(value)
    overwrite(shared, 5.0)
    np.testing.assert_array_equal(v.numpy(), np.ones(1000, np.float32))
