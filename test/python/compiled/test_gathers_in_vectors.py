"""Elements that are looked up where they are used: one loop, in vectors."""

import numpy as np
import pytest
import tfc as tf


def compiled(f, *args):
    function = tf.function(f, autograph=False)
    return function(*args), function.get_concrete_function(*args)


def bilinear(image, y, x):
    height, width = image.shape[:2]
    low, left = tf.floor(y), tf.floor(x)
    down, right = y - low, x - left
    low = tf.clip_by_value(tf.cast(low, tf.int32), 0, height - 1)
    left = tf.clip_by_value(tf.cast(left, tf.int32), 0, width - 1)
    high, far = tf.minimum(low + 1, height - 1), tf.minimum(left + 1, width - 1)
    if len(image.shape) == 3:
        down, right = down[..., tf.newaxis], right[..., tf.newaxis]

    def at(*places):
        return tf.gather_nd(image, tf.stack(places, -1))

    upper = at(low, left) * (1 - right) + at(low, far) * right
    lower = at(high, left) * (1 - right) + at(high, far) * right
    return upper * (1 - down) + lower * down


@pytest.mark.parametrize("channels", [(), (1,), (3,), (16,)])
@pytest.mark.parametrize("count", [0, 1, 7, 16, 33, 1000])
def test_samples_between_points_are_those_of_numpy(channels, count):
    rng = np.random.default_rng(0)
    image = rng.random((9, 11, *channels), np.float32)
    y, x = (rng.random(count, np.float32) * size for size in (9, 11))
    got, _ = compiled(bilinear, tf.constant(image), tf.constant(y), tf.constant(x))
    low, left = np.minimum(np.floor(y), 8).astype(int), np.minimum(np.floor(x), 10).astype(int)
    high, far = np.minimum(low + 1, 8), np.minimum(left + 1, 10)
    down, right = (v.reshape(count, *(1,) * len(channels)) for v in (y - np.floor(y), x - np.floor(x)))
    upper = image[low, left] * (1 - right) + image[low, far] * right
    lower = image[high, left] * (1 - right) + image[high, far] * right
    np.testing.assert_allclose(got, upper * (1 - down) + lower * down, rtol=1e-5, atol=1e-6)


def test_samples_are_one_loop_in_vectors():
    image, y = tf.ones((64, 64)), tf.ones(1000)
    _, concrete = compiled(bilinear, image, y, y)
    loops = [r for r in str(concrete.compiled()).split("\n") if "loops: generic" in r]
    assert len(loops) == 1 and "vectors of" in loops[0], loops


DTYPES = [np.float32, np.float64, np.int32, np.int64, np.int16, np.uint8, np.float16, np.bool_, np.complex64]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("places", [np.int32, np.int64, np.uint8])
def test_elements_of_all_types_are_looked_up(dtype, places):
    rng = np.random.default_rng(1)
    table = (rng.random(200) * 100).astype(dtype)
    at = rng.integers(0, 200, 1003).astype(places)
    got, _ = compiled(lambda t, i: tf.stack([tf.gather(t, i), tf.gather(t, i)]), tf.constant(table), tf.constant(at))
    np.testing.assert_array_equal(got, [table[at]] * 2)


def test_what_is_looked_up_is_what_was_there_before_an_update():
    def step(x, at, more):
        before = tf.gather(x, at)
        after = tf.tensor_scatter_nd_add(x, at[:, tf.newaxis], more)
        return before * 2.0 + more, after

    rng = np.random.default_rng(2)
    x, more = rng.random(5000, np.float32), rng.random(37, np.float32)
    at = rng.permutation(5000)[:37].astype(np.int32)
    (before, after), _ = compiled(step, *map(tf.constant, (x, at, more)))
    np.testing.assert_array_equal(before, x[at] * 2 + more)
    x[at] += more
    np.testing.assert_array_equal(after, x)


def test_a_tensor_that_a_loop_carries_is_looked_up_before_it_changes():
    def steps(x, at):
        for _ in tf.range(5):
            x = x * 0.5 + tf.gather(x, at)
        return x

    rng = np.random.default_rng(3)
    x, at = rng.random(1001, np.float32), rng.integers(0, 1001, 1001).astype(np.int32)
    got = tf.function(steps)(tf.constant(x), tf.constant(at))
    for _ in range(5):
        x = x * np.float32(0.5) + x[at]
    np.testing.assert_allclose(got, x, rtol=1e-6)


@pytest.mark.parametrize("wrong", [-1, 50, 2**31 - 1])
def test_places_that_are_out_of_range_are_still_errors(wrong):
    at = np.zeros(100, np.int32)
    at[77] = wrong
    with pytest.raises(tf.errors.InvalidArgumentError):
        compiled(lambda t, i: tf.exp(tf.gather(t, i)) + 1.0, tf.ones(50), tf.constant(at))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_sums_of_what_is_looked_up(axis):
    rng = np.random.default_rng(4)
    table, at = rng.random((50, 19), np.float32), rng.integers(0, 50, (13, 21)).astype(np.int32)
    weights = rng.random((13, 21, 1), np.float32)
    got, _ = compiled(lambda t, i, w: tf.reduce_sum(tf.gather(t, i) * w, axis), *map(tf.constant, (table, at, weights)))
    np.testing.assert_allclose(got, (table[at] * weights).sum(axis), rtol=1e-5)


@pytest.mark.parametrize("features", [1, 2, 3, 8, 40])
def test_rows_at_places_that_come_from_components(features):
    def encode(table, points):
        cell = tf.cast(points * 64.0, tf.int32)
        return tf.gather(table, (cell[:, 0] + cell[:, 1] * 79 + cell[:, 2] * 1047) % 500) * 2.0

    rng = np.random.default_rng(7)
    table, points = rng.random((500, features), np.float32), rng.random((333, 3), np.float32)
    got, _ = compiled(encode, tf.constant(table), tf.constant(points))
    cell = (points * np.float32(64)).astype(np.int32)
    np.testing.assert_array_equal(got, table[(cell @ [1, 79, 1047]) % 500] * 2)


def test_sizes_that_are_not_known():
    rng = np.random.default_rng(5)
    table, at = rng.random((40, 30), np.float32), rng.integers(0, 30, (500, 2)).astype(np.int64)
    spec = [tf.TensorSpec([None, None], tf.float32), tf.TensorSpec([None, 2], tf.int64)]
    f = tf.function(lambda t, i: tf.gather_nd(t, i) * 2.0 + 1.0, input_signature=spec)
    np.testing.assert_array_equal(f(tf.constant(table), tf.constant(at)), table[at[:, 0], at[:, 1]] * 2 + 1)


def test_elements_of_a_transposed_part():
    rng = np.random.default_rng(6)
    table, at = rng.random((60, 40), np.float32), rng.integers(0, 30, (77, 2)).astype(np.int32)
    got, _ = compiled(
        lambda t, i: tf.gather_nd(tf.transpose(t[10:50, 5:35]), i) * 3.0, tf.constant(table), tf.constant(at)
    )
    np.testing.assert_array_equal(got, table[10:50, 5:35].T[at[:, 0], at[:, 1]] * np.float32(3))


@pytest.mark.parametrize("cpu", ["native", "generic"])
def test_elements_of_bfloat16_are_looked_up_one_by_one(cpu):
    """LLVM would round what a vector is made of, by a function that no process has."""
    rng = np.random.default_rng(0)
    table = tf.cast(rng.integers(-9, 9, 100), tf.bfloat16)
    places, chosen = tf.constant(rng.integers(0, 100, 1000)), tf.constant(rng.random(1000) < 0.5)

    def f(table, places, chosen):
        first = tf.gather(table, places) + tf.gather(table, tf.reverse(places, [0]))
        return first, tf.where(chosen, tf.gather(table, places), tf.gather(first, tf.argsort(places, stable=True)))

    function = tf.function(f, autograph=False, experimental_attributes={"compile_options": {"cpu": cpu}})
    for got, want in zip(function(table, places, chosen), f(table, places, chosen), strict=True):
        np.testing.assert_array_equal(tf.cast(got, tf.float32), tf.cast(want, tf.float32))
    code = function.get_concrete_function(table, places, chosen).compiled()
    assert "bfloat> @llvm.masked.gather" not in code.llvm_ir
