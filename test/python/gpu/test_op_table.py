"""Every row of the op table that has a lowering for kernels, on a Vulkan device against the CPU."""

import numpy as np
import pytest
import tfc as tf

rng = np.random.default_rng(2)
X = np.concatenate(
    [rng.uniform(-3, 3, 20), [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-6, -1e-6, 30.0, -30.0, 0.5]]
).astype(np.float32)
POSITIVE = np.concatenate([rng.uniform(0.01, 9, 27), [0.0, np.inf, np.nan]]).astype(np.float32)
UNIT = np.concatenate([rng.uniform(-0.99, 0.99, 28), [0.0, 1.0]]).astype(np.float32)

# Units in the last place that a function may be off from the CPU's, which is at most 2 off from the true value. Those with more are the
# driver's own (GLSL) functions.
EXACT = ("abs", "negative", "sign", "floor", "ceil", "round", "square", "logical")
UNARY = {
    "wide": (X, [tf.abs, tf.negative, tf.sign, tf.floor, tf.math.ceil, tf.round, tf.square, tf.tanh, tf.sigmoid, tf.nn.relu, tf.nn.softplus,
                 tf.math.erf, tf.math.erfc, tf.exp, tf.math.expm1, tf.sinh, tf.cosh, tf.math.is_nan, tf.math.is_inf, tf.math.is_finite,
                 tf.atan, tf.asinh, tf.nn.gelu, tf.nn.elu, tf.nn.silu]),
    "positive": (POSITIVE, [tf.sqrt, tf.math.rsqrt, tf.math.log, tf.math.log1p, tf.math.reciprocal]),
    "unit": (UNIT, [tf.sin, tf.cos, tf.tan, tf.asin, tf.acos, tf.atanh]),
}  # fmt: skip


def compare(got, want, limit, name):
    if want.dtype.kind not in "fV":
        np.testing.assert_array_equal(got, want, err_msg=name)
        return
    np.testing.assert_allclose(
        np.asarray(got, np.float64), np.asarray(want, np.float64), rtol=limit, atol=limit / 8, err_msg=name
    )


@pytest.mark.parametrize("group", UNARY)
def test_unary(on_gpu, group):
    x, functions = UNARY[group]
    f = tf.function(lambda x: [g(x) for g in functions])
    for g, got, want in zip(functions, on_gpu(f, x), f(x), strict=True):
        compare(got, want.numpy(), 4e-4 if g in (tf.asin, tf.acos) else 3e-6, g.__name__)


BINARY = [tf.add, tf.subtract, tf.multiply, tf.divide, tf.maximum, tf.minimum, tf.math.floordiv, tf.math.floormod, tf.equal, tf.not_equal, tf.less,
          tf.less_equal, tf.greater, tf.greater_equal, tf.math.squared_difference]  # fmt: skip


@pytest.mark.parametrize(
    "dtype", ["float32", "float16", "bfloat16", "float64", "int8", "int32", "int64", "uint8", "uint32"]
)
def test_binary(on_gpu, dtype):
    np_dtype = tf.as_dtype(dtype).as_numpy_dtype
    a = (rng.uniform(0, 60, (4, 1, 9)) if dtype.startswith("u") else rng.uniform(-60, 60, (4, 1, 9))).astype(np_dtype)
    b = rng.uniform(1, 60, (3, 9)).astype(np_dtype)
    functions = [g for g in BINARY if not (g is tf.divide and "int" in dtype)]
    f = tf.function(lambda a, b: [g(a, b) for g in functions])
    limit = {"float16": 2e-3, "bfloat16": 2e-2, "float64": 1e-14}.get(dtype, 1e-6)
    for g, got, want in zip(functions, on_gpu(f, a, b), f(a, b), strict=True):
        compare(got, want.numpy(), limit, f"{g.__name__} {dtype}")


def test_integers_and_bits(on_gpu):
    @tf.function
    def f(a, b, c):
        return (
            [tf.bitwise.bitwise_and(a, b), tf.bitwise.bitwise_or(a, b), tf.bitwise.bitwise_xor(a, b), tf.bitwise.left_shift(a, b % 31), tf.bitwise.right_shift(a, b % 31)],
            [tf.logical_and(c, a > b), tf.logical_or(c, a > b), tf.logical_not(c), tf.where(c, a, b)],
            [tf.cast(a, tf.float32), tf.cast(a, tf.int8), tf.cast(c, tf.int64), tf.cast(tf.cast(a, tf.float32) / 7, tf.int32), tf.cast(a, tf.uint8)],
        )  # fmt: skip

    a, b = rng.integers(-1000, 1000, 40, np.int32), rng.integers(1, 1000, 40, np.int32)
    c = rng.random(40) < 0.5
    for got, want in zip(tf.nest.flatten(on_gpu(f, a, b, c)), tf.nest.flatten(f(a, b, c)), strict=True):
        np.testing.assert_array_equal(got, want.numpy())


def test_movement(on_gpu):
    @tf.function
    def f(x, i):
        return [
            tf.transpose(x), tf.concat([x, x + 1], 0), tf.concat([x, x], 1), tf.pad(x, [[1, 2], [0, 3]], constant_values=7.0), x[1:, ::-2], x[..., None],
            tf.reshape(x, [-1, 5]), tf.reverse(x, [0]), tf.gather(x, i, axis=1), tf.tile(x, [2, 1]), tf.stack([x, x * 2]), tf.broadcast_to(x[:, :1], [6, 4]),
            tf.one_hot(i, 5), tf.range(10) * 2, tf.eye(4), tf.repeat(x, 2, axis=0), tf.roll(x, 1, axis=0), tf.linalg.diag_part(x[:, :5] if False else x[:5, :5]),
        ]  # fmt: skip

    x, i = rng.standard_normal((6, 10), dtype=np.float32), np.array([3, 0, 9], np.int32)
    for k, (got, want) in enumerate(zip(on_gpu(f, x, i, fallback=True), f(x, i), strict=True)):
        np.testing.assert_array_equal(got, want.numpy(), err_msg=str(k))


AXES = [None, 0, 1, (0, 2)]


@pytest.mark.parametrize("dtype", ["float32", "float16", "int32"])
def test_reductions(on_gpu, dtype):
    functions = [tf.reduce_sum, tf.reduce_max, tf.reduce_min, tf.reduce_prod]
    f = tf.function(lambda x: [g(x, axis=axis) for g in functions for axis in AXES])
    x = rng.integers(1, 3, (3, 40, 5)).astype(dtype)
    names = [f"{g.__name__} {axis}" for g in functions for axis in AXES]
    for name, got, want in zip(names, on_gpu(f, x), f(x), strict=True):
        compare(got, want.numpy(), 2e-3 if dtype == "float16" else 1e-6, name)


def test_sums_of_no_element_of_a_thread_are_neutral(on_gpu):
    """A thread beyond the end of a row adds nothing: SPIR-V's conversion leaves results of empty loops undefined."""
    f = tf.function(lambda x: (tf.reduce_min(x, axis=1), tf.reduce_prod(x, axis=1), tf.reduce_all(x > 0, axis=1)))
    x = rng.uniform(1, 2, (70, 33)).astype(np.float32)
    for got, want in zip(on_gpu(f, x), f(x), strict=True):
        compare(got, want.numpy(), 1e-6, "")


def test_comparisons_of_widened_integers(on_gpu):
    f = tf.function(
        lambda i: (
            tf.cast(i, tf.int64) < 10,
            tf.cast(i, tf.int64) > tf.constant(1 << 40, tf.int64),
            tf.cast(i, tf.int64) >= -5,
        )
    )
    i = np.array([3, 0, 12, -9, 2**31 - 1, -(2**31)], np.int32)
    for got, want in zip(on_gpu(f, i), f(i), strict=True):
        np.testing.assert_array_equal(got, want.numpy())


def test_what_has_an_order_runs_on_the_host(on_gpu):
    @tf.function
    def f(x):
        square = tf.matmul(x, x, transpose_b=True) + tf.eye(6)
        return tf.linalg.cholesky(square), tf.linalg.solve(square, x), tf.linalg.svd(x, compute_uv=False)

    x = rng.standard_normal((6, 10), dtype=np.float32)
    for got, want in zip(on_gpu(f, x, fallback=True), f(x), strict=True):
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(0,), (1,), (3, 0, 2), (255,), (257,), (1037,), (70000,)])
def test_shapes(on_gpu, shape):
    f = tf.function(lambda x: (x * 3.0 + 1.0, tf.reduce_sum(x)))
    x = rng.integers(-4, 4, shape).astype(np.float32)
    scaled, total = on_gpu(f, x)
    np.testing.assert_array_equal(scaled, x * 3 + 1)
    assert total == x.sum()
