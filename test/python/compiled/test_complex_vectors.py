"""Loops over complex numbers in vectors: parts are taken apart, worked on, and put together again."""

import numpy as np
import pytest
import tfc as tf

DTYPES = [np.complex64, np.complex128]


def numbers(shape, dtype=np.complex64, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(dtype)


def special(dtype):
    parts = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-30, -2.5, 700.0, 3.0e38]
    return np.array([complex(x, y) for x in parts for y in parts]).astype(dtype)


FUNCTIONS = {
    "exp": tf.exp, "log": tf.math.log, "sqrt": tf.sqrt, "sin": tf.sin, "cos": tf.cos, "tanh": tf.tanh, "sinh": tf.sinh,
    "asin": tf.asin, "atanh": tf.atanh, "expm1": tf.math.expm1, "log1p": tf.math.log1p, "sigmoid": tf.sigmoid,
    "rsqrt": tf.math.rsqrt, "abs": tf.abs, "angle": tf.math.angle, "sign": tf.sign, "reciprocal": lambda x: 1 / x,
    "square": tf.square, "neg": tf.negative, "conj": tf.math.conj, "real": tf.math.real, "imag": tf.math.imag,
    "times itself": lambda x: x * x + x, "pow": lambda x: x ** x, "equal": lambda x: x == tf.math.conj(x),
    "not equal": lambda x: x != -x,
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_value_does_not_depend_on_being_in_a_vector(name, dtype):
    x = special(dtype)
    whole = tf.function(FUNCTIONS[name])(x).numpy()
    one = tf.function(FUNCTIONS[name], input_signature=[tf.TensorSpec([1], dtype)])
    single = np.concatenate([one(x[i : i + 1]).numpy() for i in range(x.size)])
    as_bits = {1: np.uint8, 4: np.uint32, 8: np.uint64}

    def parts(z):
        out = np.stack([z.real, z.imag]) if np.iscomplexobj(z) else z
        # Which NaN it is may differ.
        bits = out.view(as_bits[out.dtype.itemsize]).copy()
        bits[np.isnan(out) if out.dtype != bool else np.zeros(out.shape, bool)] = 0
        return bits

    np.testing.assert_array_equal(parts(whole), parts(single))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100, 1000])
@pytest.mark.parametrize("known", [True, False])
def test_ends_of_loops(size, known):
    def f(x, y):
        return tf.abs(x * y) + tf.math.real(x), tf.complex(tf.math.imag(x), tf.math.real(y)) - x, tf.math.conj(x) / y

    spec = [tf.TensorSpec([size if known else None], tf.complex64)] * 2
    x, y = numbers(size), numbers(size, seed=1)
    got = tf.function(f, input_signature=spec)(x, y)
    want = np.abs(x * y) + x.real, (x.imag + 1j * y.real) - x, np.conj(x) / y
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(g.numpy(), w, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("size", [5, 40])
def test_casts_and_selections(size):
    def f(x, r, keep):
        z = tf.where(keep, x, tf.cast(r, tf.complex64))
        return tf.cast(z, tf.complex128) * 2, tf.cast(tf.math.real(z), tf.int32), tf.where(z == x, z, -z)

    x, r = numbers(size), np.linspace(-9, 9, size).astype(np.float32)
    keep = np.arange(size) % 3 > 0
    z = np.where(keep, x, r.astype(np.complex64))
    got = tf.function(f)(x, r, keep)
    np.testing.assert_array_equal(got[0].numpy(), z.astype(np.complex128) * 2)
    np.testing.assert_array_equal(got[1].numpy(), z.real.astype(np.int32))
    np.testing.assert_array_equal(got[2].numpy(), np.where(z == x, z, -z))


SHAPES = [
    ((20, 33), (20, 33)),
    ((20, 33), (33,)),
    ((20, 1), (33,)),
    ((20, 33), (20, 1)),
    ((20, 33), ()),
    ((4, 1, 9), (5, 1)),
]


@pytest.mark.parametrize("shapes", SHAPES)
def test_broadcasting(shapes):
    x, y = numbers(shapes[0]), numbers(shapes[1], seed=1)
    got = tf.function(lambda x, y: (x * y + y, tf.exp(x) - y))(x, y)
    np.testing.assert_allclose(got[0].numpy(), x * y + y, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(got[1].numpy(), np.exp(x) - y, rtol=1e-5, atol=1e-6)


def test_parts_of_memory_and_other_orders():
    x, y = numbers((40, 48)), numbers((48, 40), seed=1)

    def f(x, y):
        return (
            x[::2, 5:37] * 2, tf.exp(x[:, ::3]), x[:, ::-1] * x, x * tf.transpose(y), tf.transpose(x),
            tf.concat([x, tf.transpose(y)], 0), tf.complex(tf.transpose(tf.math.real(y)), tf.math.imag(x)),
        )  # fmt: skip

    want = (x[::2, 5:37] * 2, np.exp(x[:, ::3]), x[:, ::-1] * x, x * y.T, x.T, np.concatenate([x, y.T]),
            y.T.real + 1j * x.imag)  # fmt: skip
    for g, w in zip(tf.function(f)(x, y), want, strict=True):
        np.testing.assert_allclose(g.numpy(), w, rtol=1e-5, atol=1e-6)


def test_slices_at_places_that_are_not_known():
    x = numbers((8, 50))
    f = tf.function(lambda x, i: x[i, i : i + 20] * x[i + 1, :20] + 1)
    for i in (0, 3, 6):
        np.testing.assert_allclose(f(x, i).numpy(), x[i, i : i + 20] * x[i + 1, :20] + 1, rtol=1e-5, atol=1e-6)


def test_a_loop_that_carries_complex_numbers():
    @tf.function
    def f(c):
        z, count = tf.zeros_like(c), tf.zeros(c.shape, tf.int32)
        for _ in tf.range(20):
            near = tf.abs(z) < 2
            z = tf.where(near, z * z + c, z)
            count += tf.cast(near, tf.int32)
        return z, count

    c = numbers((13, 21), np.complex128) / 2
    z, count = np.zeros_like(c), np.zeros(c.shape, np.int32)
    for _ in range(20):
        near = np.abs(z) < 2
        z = np.where(near, z * z + c, z)
        count += near
    got = f(c)
    np.testing.assert_array_equal(got[1].numpy(), count)
    np.testing.assert_allclose(got[0].numpy(), z, rtol=1e-9)


def test_a_variable_that_is_updated_in_its_place():
    v = tf.Variable(numbers(37))
    x = v.numpy()

    @tf.function
    def f():
        v.assign(v[::-1] * v + tf.math.conj(v))
        return tf.reduce_sum(v)

    total = f().numpy()
    want = x[::-1] * x + np.conj(x)
    np.testing.assert_allclose(v.numpy(), want, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(total, want.sum(), rtol=1e-5)


SUMS = [((0,), 0), ((1,), 0), ((7,), 0), ((1000,), 0), ((100_003,), 0), ((300, 7), 0), ((300, 7), 1), ((5, 1000), 1), ((700, 40), 0),
        ((700, 40), None), ((6, 50, 30), (0, 2)), ((6, 50, 30), 1), ((2000, 300), 0)]  # fmt: skip


@pytest.mark.parametrize("shape, axis", SUMS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", [{}, {"strict": True}], ids=["", "strict"])
def test_sums(shape, axis, dtype, options):
    x = numbers(shape, dtype)
    f = tf.function(lambda x: (tf.reduce_sum(x, axis), tf.reduce_sum(x * x, axis)),
                    experimental_attributes={"compile_options": options})  # fmt: skip
    wide = x.astype(np.complex128)
    tolerance = 1e-6 if dtype == np.complex64 else 1e-14
    for g, w in zip(f(x), (wide.sum(axis), (wide * wide).sum(axis)), strict=True):
        scale = np.sqrt(max(1, x.size))
        np.testing.assert_allclose(g.numpy(), w, rtol=tolerance * 10, atol=tolerance * scale * (100 if options else 1))


def test_sums_of_unknown_sizes():
    f = tf.function(lambda x: (tf.reduce_sum(x, 0), tf.reduce_sum(x, 1), tf.reduce_mean(x)),
                    input_signature=[tf.TensorSpec([None, None], tf.complex64)])  # fmt: skip
    for shape in [(1, 1), (3, 50), (50, 3), (200, 200)]:
        x = numbers(shape)
        got = f(x)
        for g, w in zip(got, (x.sum(0), x.sum(1), x.mean()), strict=True):
            np.testing.assert_allclose(g.numpy(), w, rtol=1e-5, atol=1e-5)


def test_a_part_that_is_nan_or_infinite_stays_in_its_part_of_a_sum():
    x = numbers(1000)
    x[17] = complex(np.inf, 1)
    x[500] = complex(1, np.nan)
    got = tf.function(tf.reduce_sum)(x).numpy()
    assert got.real == np.inf and np.isnan(got.imag)


def test_products():
    x = np.exp(1j * np.random.default_rng(0).normal(size=(3, 500))).astype(np.complex64)
    got = tf.function(lambda x: tf.reduce_prod(x, 1))(x).numpy()
    np.testing.assert_allclose(got, x.astype(np.complex128).prod(1), rtol=1e-4)


def test_functions_are_in_vectors():
    f = tf.function(lambda x: tf.exp(x) * x)
    remarks = str(f.get_concrete_function(tf.TensorSpec([4096], tf.complex64)).compiled().remarks)
    assert "vectors of" in remarks


@pytest.mark.parametrize("threads", [1, 2])
def test_large_matrices_of_complex_numbers(threads):
    """Whether an op only widens what a product reads is asked of all large matrices."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        rng = np.random.default_rng(0)
        x, y = ((rng.normal(size=(130, 128)) + 1j * rng.normal(size=(130, 128))).astype(np.complex64) for _ in range(2))
        number = rng.normal(size=(130, 128)).astype(np.float32)

        def f(x, y, number):
            z = (x * y + x) * y
            w = tf.complex(number * 2.0, number + 1.0) * x
            return z, tf.math.real(w) + tf.abs(z), tf.matmul(w, z, transpose_a=True), tf.signal.fft2d(z)

        z = (x * y + x) * y
        w = (number * 2 + 1j * (number + 1)) * x
        for got, want in zip(
            tf.function(f)(x, y, number), (z, w.real + np.abs(z), w.T @ z, np.fft.fft2(z)), strict=True
        ):
            np.testing.assert_allclose(got, want, rtol=1e-4, atol=2e-5 * np.abs(want).max())
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)
