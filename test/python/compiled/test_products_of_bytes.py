"""Products of bytes with sums of 32 bits, on instructions for four of them where there are some: always exact."""

import numpy as np
import pytest
import tfc as tf
from tfc.compiler import jit
from tfc.ir import compiler

RNG = np.random.default_rng(8)
FEATURES = compiler.host()[2].split(",")


@pytest.fixture(params=["tiles", "vectors"], autouse=True)
def unit(request, monkeypatch):
    """Runs on tile registers and on vectors where the machine has them, else as on any other machine."""
    if request.param == "vectors":
        monkeypatch.setattr(jit, "has_tiles", lambda: False)
    elif "+amx-int8" not in FEATURES or not jit.has_tiles() or "cpu" in tf.config.optimizer.get_experimental_options():
        pytest.skip("no tile registers on this machine, or code is for another one (TFC_CPU)")
    return request.param


def numbers(dtype, *shape):
    """All bytes, the extreme ones often."""
    limits = np.iinfo(dtype)
    values = RNG.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    return np.where(RNG.random(shape) < 0.3, RNG.choice([limits.min, limits.max], shape), values).astype(dtype)


def product(x, y):
    return np.matmul(x.astype(np.int32), y.astype(np.int32))


def wide(x):
    return tf.cast(x, tf.int32)


SIGNS = [(np.int8, np.int8), (np.uint8, np.int8), (np.int8, np.uint8), (np.uint8, np.uint8)]
SHAPES = [(16, 64, 16), (64, 64, 64), (33, 65, 31), (17, 130, 50), (100, 67, 200), (40, 70, 1100), (32, 4200, 48)]


def check(signs, shape, transposed, unit):
    m, k, n = shape
    x, y = numbers(signs[0], m, k), numbers(signs[1], k, n)
    a, b = (v.T.copy() if t else v for v, t in zip((x, y), transposed))
    f = tf.function(lambda a, b: tf.matmul(wide(a), wide(b), transpose_a=transposed[0], transpose_b=transposed[1]))
    np.testing.assert_array_equal(f(a, b).numpy(), product(x, y))
    if unit == "tiles":
        assert any("bytes in fours in tile registers" in r for r in f.get_concrete_function(a, b).compiled().remarks)


@pytest.mark.parametrize("signs", SIGNS, ids=lambda s: f"{s[0].__name__}-{s[1].__name__}")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_sums_are_exact_whatever_the_signs_and_sizes(signs, shape, unit):
    check(signs, shape, (False, False), unit)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("transposed", [(True, False), (False, True), (True, True)], ids=str)
def test_sums_are_exact_whatever_the_strides(shape, transposed, unit):
    check(SIGNS[0], shape, transposed, unit)


@pytest.mark.parametrize("shape", [(0, 8, 8), (8, 0, 8), (1, 1, 1), (3, 64, 64), (16, 64, 16), (70, 600, 530)], ids=str)
@pytest.mark.parametrize("signs", SIGNS[:3], ids=lambda s: f"{s[0].__name__}-{s[1].__name__}")
def test_unknown_sizes_give_the_same(shape, signs):
    m, k, n = shape
    specs = [tf.TensorSpec([None, None], dtype) for dtype in signs]
    f = tf.function(lambda x, y: tf.matmul(x, y, output_type=tf.int32), input_signature=specs)
    x, y = numbers(signs[0], m, k), numbers(signs[1], k, n)
    np.testing.assert_array_equal(f(x, y).numpy(), product(x, y))


@pytest.mark.parametrize("sizes", [(2, 64, 48, 80), (12, 17, 70, 33), (3, 5, 70, 70), (8, 64, 8, 64)], ids=str)
def test_batches_give_the_same(sizes):
    batch, m, k, n = sizes
    x, y = numbers(np.int8, batch, m, k), numbers(np.int8, batch, k, n)
    np.testing.assert_array_equal(tf.function(tf.matmul)(wide(x), wide(y)).numpy(), product(x, y))
    f = tf.function(lambda x, y: tf.matmul(x, y, output_type=tf.int32))
    np.testing.assert_array_equal(f(x, y).numpy(), product(x, y))
    np.testing.assert_array_equal(f(x, y[0]).numpy(), product(x, y[0]))


def test_heads_side_by_side_give_the_same():
    q, k = numbers(np.int8, 2, 40, 4, 32), numbers(np.int8, 2, 50, 4, 32)
    f = tf.function(lambda q, k: tf.einsum("bqhd,bkhd->bhqk", wide(q), wide(k)))
    want = np.einsum("bqhd,bkhd->bhqk", q.astype(np.int32), k.astype(np.int32))
    np.testing.assert_array_equal(f(q, k).numpy(), want)


def test_every_third_element_is_read_where_it_is():
    x, y = numbers(np.int8, 64, 80, 3), numbers(np.int8, 80, 64, 3)
    f = tf.function(lambda x, y: tf.matmul(wide(x[:, :, 1]), wide(y[:, :, 2])))
    np.testing.assert_array_equal(f(x, y).numpy(), product(x[:, :, 1], y[:, :, 2]))


def test_casts_in_front_of_transposes_and_reshapes_are_passed():
    x, y = numbers(np.uint8, 4, 16, 96), numbers(np.int8, 80, 96)
    f = tf.function(lambda x, y: tf.matmul(tf.reshape(wide(x), (64, 96)), tf.transpose(wide(y))))
    np.testing.assert_array_equal(f(x, y).numpy(), product(x.reshape(64, 96), y.T))


def test_sums_wrap_around():
    x = np.full((16, 2**18), -128, np.int8)
    np.testing.assert_array_equal(
        tf.function(lambda x: tf.matmul(x, x, transpose_b=True, output_type=tf.int32))(x).numpy(),
        np.full((16, 16), 2**32 - 2**32, np.int32),
    )


def test_sums_become_numbers_where_they_are():
    """The usual end of a quantized layer."""
    x, w = numbers(np.uint8, 50, 300), numbers(np.int8, 300, 200)
    scale, bias = RNG.random(200).astype(np.float32), RNG.standard_normal(200).astype(np.float32)

    @tf.function
    def layer(x, w):
        return tf.nn.relu(tf.cast(tf.matmul(x, w, output_type=tf.int32), tf.float32) * scale + bias)

    want = np.maximum(product(x, w).astype(np.float32) * scale + bias, 0)
    np.testing.assert_allclose(layer(x, w).numpy(), want, rtol=1e-6, atol=1e-2)
    remarks = layer.get_concrete_function(x, w).compiled().remarks
    assert any("what follows is done on the sums" in r for r in remarks)


def test_captured_weights_are_copied_by_the_first_call_only(unit):
    w = tf.constant(numbers(np.int8, 1024, 1024))
    f = tf.function(lambda x: tf.matmul(x, w, output_type=tf.int32))
    for _ in range(3):
        x = numbers(np.int8, 64, 1024)
        np.testing.assert_array_equal(f(x).numpy(), product(x, w.numpy()))
    if unit == "tiles":
        assert f.get_concrete_function(x).compiled().panel_bytes >= 1024 * 1024


def test_weights_of_four_bits_become_bytes_where_they_are_copied(unit):
    x, w = numbers(np.int8, 32, 512), numbers(np.uint8, 256, 512)

    def unpack(w):
        low = tf.cast(tf.bitwise.bitwise_and(w, tf.constant(15, tf.uint8)), tf.int8) - 8
        return tf.cast(low, tf.int32)

    f = tf.function(lambda x, w: tf.matmul(wide(x), unpack(w), transpose_b=True))
    np.testing.assert_array_equal(f(x, w).numpy(), product(x, ((w & 15).astype(np.int8) - 8).T))


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_share_large_products(threads):
    x, y = numbers(np.int8, 300, 700), numbers(np.int8, 700, 1200)
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        got = tf.function(lambda x, y: tf.matmul(x, y, output_type=tf.int32))(x, y).numpy()
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)
    np.testing.assert_array_equal(got, product(x, y))


def test_a_loop_adds_products():
    x, y = numbers(np.int8, 5, 32, 64), numbers(np.int8, 64, 48)

    @tf.function
    def total(x, y):
        sums = tf.zeros((32, 48), tf.int32)
        for part in x:
            sums += tf.matmul(part, y, output_type=tf.int32)
        return sums

    np.testing.assert_array_equal(total(x, y).numpy(), product(x, y).sum(0))


def test_bfloat16_that_is_cast_first_has_sums_that_are_not_rounded(unit):
    x, y = (RNG.standard_normal(s).astype(np.float32) for s in ((64, 96), (96, 80)))
    x, y = tf.cast(x, tf.bfloat16), tf.cast(y, tf.bfloat16)
    f = tf.function(lambda x, y: tf.matmul(x, y, output_type=tf.float32))
    np.testing.assert_allclose(f(x, y).numpy(), x.numpy().astype(float) @ y.numpy().astype(float), rtol=1e-4, atol=1e-5)
    if unit == "tiles":
        assert any("pairs of bfloat16 in tile" in r for r in f.get_concrete_function(x, y).compiled().remarks)
