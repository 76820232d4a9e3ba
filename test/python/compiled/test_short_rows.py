"""Rows of few elements are worked on several at once: whatever their number and length, each gets its own value."""

import numpy as np
import pytest
import tfc as tf


def compiled(function, x):
    return tf.function(function, autograph=False)(tf.constant(x)).numpy()


def rows(shape, dtype=np.float32):
    return np.random.default_rng(0).integers(-50, 50, shape).astype(dtype)


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 7, 8, 10, 16, 17])
@pytest.mark.parametrize("count", [1, 63, 64, 100, 1000])
def test_every_length_and_number_of_rows(width, count):
    x = rows((count, width))
    assert np.array_equal(compiled(lambda x: tf.reduce_max(x, 1), x), x.max(1))
    assert np.array_equal(compiled(lambda x: tf.reduce_sum(x, 1), x), x.sum(1))
    assert np.array_equal(compiled(lambda x: tf.argmin(x, 1), x), x.argmin(1))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.int64, np.float16, np.float64])
@pytest.mark.parametrize("width", [3, 10])
def test_every_kind_of_element(dtype, width):
    x = np.abs(rows((200, width), np.int32)).astype(dtype)
    assert np.array_equal(compiled(lambda x: tf.reduce_max(x, 1), x), x.max(1))
    assert np.array_equal(compiled(lambda x: tf.argmax(x, 1), x), x.argmax(1))


@pytest.mark.parametrize("width", [3, 10])
def test_nan_is_the_maximum_of_its_row_only(width):
    x = rows((200, width))
    x[7, width - 1] = np.nan
    assert np.array_equal(compiled(lambda x: tf.reduce_max(x, 1), x), x.max(1), equal_nan=True)
    assert np.array_equal(compiled(lambda x: tf.argmax(x, 1), x), x.argmax(1))


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6, 12])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_planes_of_images(channels, dtype):
    x = np.abs(rows((2, 9, 70, channels), np.int32)).astype(dtype)
    assert np.array_equal(compiled(lambda x: tf.transpose(x, [0, 3, 1, 2]), x), x.transpose(0, 3, 1, 2))


def test_arithmetic_with_other_operands():
    x, scale, shift = rows((300, 5)), rows((5,)), rows((300,))
    f = tf.function(lambda x, s, t: tf.reduce_max(x * s + t[:, None], 1), autograph=False)
    got = f(tf.constant(x), tf.constant(scale), tf.constant(shift)).numpy()
    assert np.array_equal(got, (x * scale + shift[:, None]).max(1))


def test_unknown_numbers_of_rows():
    f = tf.function(lambda x: tf.reduce_max(x, 1), input_signature=[tf.TensorSpec([None, 3])])
    for count in (0, 1, 15, 16, 17, 100):
        x = rows((count, 3))
        assert np.array_equal(f(tf.constant(x)).numpy(), x.max(1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [17, 20, 32, 50, 100, 1000])
@pytest.mark.parametrize("reduce", [(tf.reduce_max, np.max), (tf.reduce_min, np.min)], ids=["max", "min"])
def test_extremes_of_longer_rows_have_the_special_values_of_numpy(dtype, width, reduce):
    ours, theirs = reduce
    x = rows((40, width), dtype)
    x[0], x[1], x[2], x[3] = -(x[0] ** 2) - 1, x[1] ** 2 + 1, np.inf, -np.inf
    x[4, 3], x[5, width - 1], x[6, 0] = np.nan, np.copysign(np.nan, -1), np.copysign(np.nan, -1)
    x[7, 2], x[8, 2], x[9, 5], x[9, 6] = np.inf, -np.inf, np.nan, np.inf
    x[10], x[11] = np.finfo(dtype).smallest_subnormal, -np.finfo(dtype).max
    assert np.array_equal(compiled(lambda x: ours(x, 1), x), theirs(x, 1), equal_nan=True)


@pytest.mark.parametrize("width", [17, 20, 24, 31, 32, 33, 48, 63, 64, 65])
@pytest.mark.parametrize("count", [1, 8, 15, 16, 17, 100])
def test_rows_of_a_few_vectors(width, count):
    x = rows((count, width))
    assert np.array_equal(compiled(lambda x: tf.reduce_max(x, 1), x), x.max(1))
    assert np.array_equal(compiled(lambda x: tf.reduce_sum(x, 1), x), x.sum(1))
    assert np.array_equal(compiled(lambda x: tf.argmin(x, 1), x), x.argmin(1))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64, np.float16, np.float64])
@pytest.mark.parametrize("width", [12, 20, 30])
def test_every_kind_of_element_in_rows_of_a_few_vectors(dtype, width):
    x = rows((70, width), np.int32).astype(dtype)
    for ours, theirs in ((tf.reduce_max, np.max), (tf.reduce_min, np.min), (tf.reduce_sum, np.sum)):
        assert np.array_equal(compiled(lambda x, f=ours: f(x, 1), x), theirs(x, 1).astype(dtype))


def test_products_and_truths_of_rows_of_a_few_vectors():
    x = np.random.default_rng(0).choice([1, -1, 2], (70, 20)).astype(np.float32)
    assert np.array_equal(compiled(lambda x: tf.reduce_prod(x, 1), x), x.prod(1))
    assert np.array_equal(compiled(lambda x: tf.reduce_all(x < 2, 1), x), (x < 2).all(1))
    assert np.array_equal(compiled(lambda x: tf.reduce_any(x < 0, 1), x), (x < 0).any(1))


def test_rows_of_a_few_vectors_inside_of_larger_tensors():
    x = rows((3, 50, 40))
    assert np.array_equal(compiled(lambda x: tf.reduce_sum(x[:, 1:41, 3:27], 2), x), x[:, 1:41, 3:27].sum(2))
    assert np.array_equal(compiled(lambda x: tf.reduce_max(x * 2 + 1, [2]), x), (x * 2 + 1).max(2))
    assert np.array_equal(compiled(lambda x: tf.transpose(tf.reduce_sum(x, 2)), x), x.sum(2).T)
    scale = rows((3, 50, 1))
    f = tf.function(lambda x, s: tf.reduce_sum(x * s, 2), autograph=False)
    assert np.array_equal(f(tf.constant(x), tf.constant(scale)).numpy(), (x * scale).sum(2))


def test_rows_of_a_few_vectors_add_to_what_is_there():
    v = tf.Variable(np.arange(40, dtype=np.float32))
    x = rows((40, 20))

    @tf.function(autograph=False)
    def f(x):
        v.assign_add(tf.reduce_sum(x, 1))
        return v.read_value()

    assert np.array_equal(f(tf.constant(x)).numpy(), np.arange(40) + x.sum(1))


def test_unknown_numbers_of_rows_of_a_few_vectors():
    f = tf.function(lambda x: tf.reduce_max(x, 1), input_signature=[tf.TensorSpec([None, 20])])
    for count in (0, 1, 7, 8, 15, 16, 17, 100):
        x = rows((count, 20))
        assert np.array_equal(f(tf.constant(x)).numpy(), x.max(1))


@pytest.mark.parametrize("width", [17, 32, 100])
def test_zeros_of_either_sign_are_in_order(width):
    x = np.full((2, width), -0.0, np.float32)
    x[0, width // 2] = 0.0
    largest, least = (compiled(lambda x, f=f: f(x, 1), x) for f in (tf.reduce_max, tf.reduce_min))
    assert np.signbit(largest).tolist() == [False, True]
    assert np.signbit(least).tolist() == [True, True]


@pytest.mark.parametrize("sign", [1, -1])
def test_nan_of_either_sign_is_the_best_place(sign):
    x = rows((5, 70))
    x[1, 60], x[2, 3], x[3, [4, 66]] = np.copysign(np.nan, sign), np.copysign(np.nan, sign), np.nan
    assert np.array_equal(compiled(lambda x: tf.argmax(x, 1), x), x.argmax(1))
    assert np.array_equal(compiled(lambda x: tf.argmin(x, 1), x), x.argmin(1))
