"""Products of bfloat16 on instructions for pairs: values do not depend on which instructions there are."""

import ml_dtypes
import numpy as np
import pytest
import tfc as tf
from tfc.compiler import jit
from tfc.ir import compiler

RNG = np.random.default_rng(5)
BF16 = ml_dtypes.bfloat16
FEATURES = compiler.host()[2].split(",")


@pytest.fixture(params=["tiles", "vectors"], autouse=True)
def unit(request, monkeypatch):
    """Runs on tile registers and on vectors where the machine has them, else as on any other machine."""
    if request.param == "vectors":
        monkeypatch.setattr(jit, "has_tiles", lambda: False)
    elif "+amx-bf16" not in FEATURES or not jit.has_tiles() or "cpu" in tf.config.optimizer.get_experimental_options():
        pytest.skip("no tile registers on this machine, or code is for another one (TFC_CPU)")
    return request.param


def small(*shape):
    """Sums of products of these numbers are exact in bfloat16, in any order."""
    return RNG.integers(-1, 2, shape).astype(BF16)


def product(x, y):
    return np.matmul(x.astype(np.float32), y.astype(np.float32))


SHAPES = [(16, 32, 16), (64, 64, 64), (33, 65, 31), (17, 100, 50), (100, 33, 200), (40, 70, 1100), (32, 2100, 48)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("transposed", [(False, False), (True, False), (False, True), (True, True)], ids=str)
def test_whole_numbers_are_exact_whatever_the_sizes_and_strides(shape, transposed, unit):
    m, k, n = shape
    x, y = small(m, k), small(k, n)
    a, b = (v.T.copy() if t else v for v, t in zip((x, y), transposed))
    f = tf.function(lambda a, b: tf.matmul(a, b, transpose_a=transposed[0], transpose_b=transposed[1]))
    np.testing.assert_array_equal(f(a, b).numpy().astype(np.float32), product(x, y).astype(BF16).astype(np.float32))
    if unit == "tiles":
        assert any("tile registers" in r for r in f.get_concrete_function(a, b).compiled().remarks)


@pytest.mark.parametrize("shape", [(0, 8, 8), (8, 0, 8), (1, 1, 1), (16, 32, 16), (70, 600, 530)], ids=str)
def test_unknown_sizes_give_the_same(shape):
    m, k, n = shape
    spec = tf.TensorSpec([None, None], tf.bfloat16)
    f = tf.function(tf.matmul, input_signature=[spec, spec])
    x, y = small(m, k), small(k, n)
    np.testing.assert_array_equal(f(x, y).numpy().astype(np.float32), product(x, y).astype(BF16).astype(np.float32))


@pytest.mark.parametrize("batch", [2, 12])
def test_batches_give_the_same(batch):
    x, y = small(batch, 64, 48), small(batch, 48, 80)
    np.testing.assert_array_equal(tf.function(tf.matmul)(x, y).numpy().astype(np.float32), product(x, y))


def test_every_third_element_is_read_where_it_is():
    x, y = small(64, 40, 3), small(40, 64, 3)
    f = tf.function(lambda x, y: tf.matmul(x[:, :, 1], y[:, :, 2]))
    np.testing.assert_array_equal(f(x, y).numpy().astype(np.float32), product(x[:, :, 1], y[:, :, 2]))


@pytest.mark.parametrize("where", ["left", "right"])
def test_denormal_numbers_count(where):
    """The instructions take them for zero."""
    x, y = small(64, 64).astype(np.float32) * 2.0**100, small(64, 64).astype(np.float32)
    x[3] = 0
    x[3, 5] = 2.0**-130
    f = (
        tf.function(tf.matmul)
        if where == "left"
        else tf.function(lambda x, y: tf.matmul(tf.transpose(y), tf.transpose(x)))
    )
    got = f(tf.constant(x.astype(BF16)), tf.constant(y.astype(BF16))).numpy().astype(np.float64)
    want = x.astype(np.float64) @ y.astype(np.float64)
    np.testing.assert_array_equal(got if where == "left" else got.T, want)


@pytest.mark.parametrize("panels", [{0}, {1}, {4}, {0, 2, 4}, {1, 2, 3}], ids=str)
@pytest.mark.parametrize("sizes", [(70, 64, 160), (20, 64, 160), (70, 1100, 1100), (100, 320, 1184)], ids=str)
def test_tiles_of_both_kinds_follow_each_other(panels, sizes):
    """A part of the result of one tile is made while the next one is computed, or before that is where it is not."""
    m, k, n = sizes
    x, y = small(m, k).astype(np.float32) * 2.0**100, small(k, n).astype(np.float32)
    for panel in panels:
        y[:, panel * 32 + 7] = 0
        y[5, panel * 32 + 7] = 2.0**-130
    got = tf.function(tf.matmul)(x.astype(BF16), y.astype(BF16)).numpy()
    np.testing.assert_array_equal(got, (x.astype(np.float64) @ y.astype(np.float64)).astype(BF16))


@pytest.mark.parametrize("row", [0, 40, 69])
def test_copies_of_all_rows_know_the_exponents_of_each_tile(row):
    """Several blocks of columns share the copies of the left operand."""
    x, y = small(70, 1100).astype(np.float32), small(1100, 1100).astype(np.float32) * 2.0**100
    x[row] = 0
    x[row, 1050] = 2.0**-130
    got = tf.function(tf.matmul)(x.astype(BF16), y.astype(BF16)).numpy()
    np.testing.assert_array_equal(got, (x.astype(np.float64) @ y.astype(np.float64)).astype(BF16))


def test_denormal_results_count():
    x, y = small(64, 64).astype(np.float32) * 2.0**-65, small(64, 64).astype(np.float32) * 2.0**-65
    got = tf.function(tf.matmul)(x.astype(BF16), y.astype(BF16)).numpy().astype(np.float64)
    np.testing.assert_array_equal(got, x.astype(np.float64) @ y.astype(np.float64))


def test_zeros_are_no_denormal_numbers():
    x, y = np.zeros((64, 64), BF16), small(64, 64)
    assert not np.any(tf.function(tf.matmul)(x, y).numpy().astype(np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_stays_in_its_row(value):
    x, y = small(64, 64), np.ones((64, 64), BF16)
    x[7, 9] = value
    got = tf.function(tf.matmul)(x, y).numpy().astype(np.float32)
    np.testing.assert_array_equal(got[7], np.full(64, value, np.float32))
    np.testing.assert_array_equal(np.delete(got, 7, 0), product(np.delete(x, 7, 0), y))


@pytest.mark.parametrize("n", [64, 80, 1100])
@pytest.mark.parametrize("k", [64, 1500])
def test_bias_activation_and_residual_are_done_on_the_sums(n, k):
    x, w, bias, more = small(50, k), small(k, n), small(n), small(50, n)
    got = tf.function(lambda x, w: tf.nn.relu(tf.matmul(x, w) + bias) + more)(x, w)
    sums = product(x, w).astype(BF16)
    np.testing.assert_array_equal(got.numpy(), np.maximum(sums + bias, BF16(0)) + more)


def test_variable_is_read_before_its_product_is_written():
    v = tf.Variable(small(100, 100))
    before = v.numpy()

    @tf.function
    def step(x):
        v.assign_add(tf.matmul(x, v))

    x = small(100, 100)
    step(x)
    np.testing.assert_array_equal(v.numpy(), before + product(x, before).astype(BF16))


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_share_large_products(threads):
    x, y = small(300, 600), small(600, 1200)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        got = tf.function(tf.matmul)(x, y).numpy()
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)
    np.testing.assert_array_equal(got.astype(np.float32), product(x, y).astype(BF16).astype(np.float32))


def test_strict_sums_are_those_of_single_products():
    x, y = RNG.standard_normal((64, 64)).astype(BF16), RNG.standard_normal((64, 64)).astype(BF16)
    f = tf.function(tf.matmul, experimental_attributes={"compile_options": {"strict": True}})
    f(x, y)
    assert not any("pairs" in r for r in f.get_concrete_function(x, y).compiled().remarks)


# batch, size, channels, features, window, strides, dilation
CONVOLUTIONS = [
    (1, 9, 32, 16, 3, 1, 1),
    (2, 8, 16, 40, 3, 1, 1),
    (3, 17, 3, 33, 7, 2, 1),
    (1, 32, 64, 32, 3, 2, 1),
    (2, 20, 32, 32, 3, 1, 2),
    (1, 33, 40, 48, 1, 2, 1),
    (1, 16, 7, 16, 5, 1, 1),
    (2, 6, 64, 64, 2, 3, 1),
    (5, 4, 128, 128, 3, 1, 1),
    (1, 16, 24, 16, 3, 1, 1),
    (2, 9, 40, 32, 3, 1, 1),
    (2, 7, 64, 32, 3, 1, 1),
    (1, 14, 20, 16, 1, 1, 1),
]


def convolution(padding, strides, dilation):
    return lambda x, w: tf.nn.conv2d(x, w, strides, padding, dilations=dilation)


def with_gradients(of):
    def both(x, w, seed):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = of(x, w)
        return y, *tape.gradient(y, [x, w], seed)

    return tf.function(both)


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_convolutions_and_their_gradients_are_those_of_float32(case, padding, unit):
    batch, size, channels, features, window, strides, dilation = case
    x, w = small(batch, size, size, channels), small(window, window, channels, features)
    of = convolution(padding, strides, dilation)
    wide = [v.astype(np.float32) for v in (x, w)]
    places = of(*wide).shape
    seed = small(*places)
    expected = with_gradients(of)(*wide, seed.astype(np.float32))
    for value, wanted in zip(with_gradients(of)(x, w, seed), expected):
        assert value.dtype == tf.bfloat16
        np.testing.assert_array_equal(value.numpy().astype(np.float32), wanted.numpy().astype(BF16).astype(np.float32))


def test_convolutions_of_bfloat16_are_pairs(unit):
    f = with_gradients(convolution("SAME", 1, 1))
    arguments = small(1, 32, 32, 32), small(3, 3, 32, 32), small(1, 32, 32, 32)
    remarks = f.get_concrete_function(*arguments).compiled().remarks
    assert sum("pairs of bfloat16" in r for r in remarks) == 3


def test_denormal_numbers_count_in_convolutions():
    x = small(1, 8, 8, 32).astype(np.float32) * 2.0**100
    x[0, 3, 3] = 0
    x[0, 3, 3, 5] = 2.0**-130
    w = small(3, 3, 32, 16)
    f = tf.function(convolution("SAME", 1, 1))
    expected = f(x.astype(np.float32), w.astype(np.float32) * 2.0**3).numpy()
    actual = f(x.astype(BF16), (w.astype(np.float32) * 2.0**3).astype(BF16)).numpy()
    np.testing.assert_array_equal(actual.astype(np.float32), expected.astype(BF16).astype(np.float32))


@pytest.mark.parametrize("columns", [16, 31, 64, 96, 300])
@pytest.mark.parametrize("rows", [16, 17, 40])
def test_weights_of_bytes_become_bfloat16_where_they_are_copied(rows, columns, unit):
    x, w = small(rows, 100), RNG.integers(-2, 3, (100, columns)).astype(np.int8)
    f = tf.function(lambda x, w: tf.matmul(x, tf.cast(w, tf.bfloat16)))
    np.testing.assert_array_equal(f(x, w).numpy().astype(np.float32), product(x, w).astype(BF16).astype(np.float32))
    remarks = f.get_concrete_function(x, w).compiled().remarks
    if columns >= 64:
        assert any("pairs of bfloat16" in r for r in remarks)


def test_what_follows_a_product_of_halves_is_done_on_its_sums():
    for dtype in (BF16, np.float16):
        x, w, bias = small(64, 64).astype(dtype), small(64, 64).astype(dtype), small(64).astype(dtype)
        f = tf.function(lambda x, w, bias: tf.nn.relu(tf.matmul(x, w) + bias))
        remarks = f.get_concrete_function(x, w, bias).compiled().remarks
        assert any("what follows is done on the sums" in r for r in remarks)
        expected = np.maximum(product(x, w) + bias.astype(np.float32), 0)
        np.testing.assert_array_equal(f(x, w, bias).numpy().astype(np.float32), expected)


def test_sums_of_halves_are_rounded_before_what_follows():
    x = np.full((16, 64), 1.0, BF16)
    w = np.full((64, 16), 1.0, BF16)
    w[0] = 1 + 2**-7
    f = tf.function(lambda x, w: tf.cast(tf.matmul(x, w) - 64, tf.float32))
    np.testing.assert_array_equal(f(x, w), np.zeros((16, 16)))


@pytest.mark.parametrize("shape", [(16, 512, 520), (40, 1100, 600), (64, 2100, 300), (256, 1024, 512)], ids=str)
@pytest.mark.parametrize("transposed", [False, True])
def test_captured_weights_are_copied_by_the_first_call_only(shape, transposed, unit):
    m, k, n = shape
    x, w = small(m, k), small(k, n)
    held = tf.constant(w.T.copy() if transposed else w)
    f = tf.function(lambda x: tf.nn.relu(tf.matmul(x, held, transpose_b=transposed)))
    expected = np.maximum(product(x, w), 0).astype(BF16).astype(np.float32)
    for _ in range(2):
        np.testing.assert_array_equal(f(x).numpy().astype(np.float32), expected)
    compiled = f.get_concrete_function(x).compiled()
    assert any("pairs of bfloat16" in r and "made before" in r for r in compiled.remarks)
    assert compiled.panel_bytes >= 2 * k * n


def test_captured_filters_are_copied_by_the_first_call_only(unit):
    x, w = small(1, 7, 7, 256), small(3, 3, 256, 128)
    held = tf.constant(w)
    f = tf.function(lambda x: tf.nn.conv2d(x, held, 1, "SAME"))
    wide = tf.nn.conv2d(x.astype(np.float32), w.astype(np.float32), 1, "SAME").numpy()
    for _ in range(2):
        np.testing.assert_array_equal(f(x).numpy().astype(np.float32), wide.astype(BF16).astype(np.float32))
    assert f.get_concrete_function(x).compiled().panel_bytes > 0


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_weights_of_a_loop_are_copied_before_it(steps, unit):
    w = small(256, 256) * BF16(0.5)

    @tf.function
    def f(h, w, n):
        for _ in tf.range(n):
            h = tf.clip_by_value(tf.matmul(h, w), -1, 1)
        return h

    h = small(32, 256)
    expected = h.astype(np.float32)
    for _ in range(steps):
        expected = np.clip((expected @ w.astype(np.float32)).astype(BF16).astype(np.float32), -1, 1)
    np.testing.assert_array_equal(f(h, w, tf.constant(steps)).numpy().astype(np.float32), expected)
    remarks = f.get_concrete_function(h, w, tf.constant(steps)).compiled().remarks
    assert any("pairs of bfloat16" in r and "made before" in r for r in remarks)


def test_weights_that_a_loop_changes_are_copied_anew():
    @tf.function
    def f(h, w):
        for _ in tf.range(3):
            h = tf.matmul(h, w)
            w = -w
        return h

    h, w = small(32, 256) * BF16(0.5), np.eye(256).astype(BF16)
    np.testing.assert_array_equal(f(h, w).numpy().astype(np.float32), -h.astype(np.float32))


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("rows", [16, 70, 200])
@pytest.mark.parametrize("captured", [False, True])
def test_threads_share_the_columns_of_few_rows(threads, rows, captured):
    x, y = small(rows, 1100), small(1100, 1210)
    held = tf.constant(y)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        f = tf.function(lambda x, y: tf.nn.relu(tf.matmul(x, held if captured else y)))
        got = [f(x, y).numpy() for _ in range(3)]
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)
    expected = np.maximum(product(x, y), 0).astype(BF16).astype(np.float32)
    for each in got:
        np.testing.assert_array_equal(each.astype(np.float32), expected)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("sizes", [(70, 1100, 1210), (129, 300, 300), (300, 1100, 256)], ids=str)
def test_results_do_not_depend_on_the_number_of_threads(sizes, transposed):
    """Sums are rounded here, so that another order of them would show; some have a denormal number in them."""
    m, k, n = sizes
    x, y = RNG.normal(size=(m, k)).astype(BF16), RNG.normal(size=(k, n)).astype(BF16)
    x[40, 7], y[9, 100] = 1e-39, -1e-39
    f = tf.function(lambda x, y: tf.matmul(x, y, transpose_b=transposed))
    got = []
    try:
        for threads in (1, 2, 3, 5):
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            got.append(f(x, y.T.copy() if transposed else y).numpy().view(np.int16))
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)
    for each in got[1:]:
        np.testing.assert_array_equal(each, got[0])


# batch, size, channels, features, window, strides, groups
GROUPED = [(1, 9, 64, 64, 3, 1, 2), (2, 8, 48, 96, 3, 1, 3), (1, 14, 256, 256, 3, 1, 8), (1, 9, 128, 64, 3, 2, 4)]


@pytest.mark.parametrize("case", GROUPED, ids=str)
def test_groups_of_channels_and_their_gradients_are_those_of_float32(case, unit):
    batch, size, channels, features, window, strides, groups = case
    x, w = small(batch, size, size, channels), small(window, window, channels // groups, features)
    of = convolution("SAME", strides, 1)
    wide = [v.astype(np.float32) for v in (x, w)]
    seed = small(*of(*wide).shape)
    expected = with_gradients(of)(*wide, seed.astype(np.float32))
    for value, wanted in zip(with_gradients(of)(x, w, seed), expected):
        np.testing.assert_array_equal(value.numpy().astype(np.float32), wanted.numpy().astype(BF16).astype(np.float32))
