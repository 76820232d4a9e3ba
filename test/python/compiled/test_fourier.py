"""Fourier transforms of every kind of size: with small factors, with large ones, known and unknown."""

import sys

import numpy as np
import pytest
import tfc as tf


def signal(shape, dtype=np.complex64, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(dtype)


# Fewer than a vector; vectors of several groups; one group; tails; each small factor; large primes, as convolutions with
# a table and with one that is made; larger than the table of roots, as matrices whose sides are whole vectors or not.
SIZES = [1, 2, 3, 4, 5, 8, 12, 15, 16, 17, 20, 32, 36, 48, 49, 60, 64, 77, 97, 100, 125, 128, 169, 200, 240, 256, 360,
         500, 512, 1000, 1009, 1024, 1155, 1536, 2048, 2063, 4096, 16381, 16411, 32768,
         40009, 65537, 69632,
         33033, 40960, 65536, 65625]  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_forward_and_inverse(size, dtype):
    x = signal((3, size), dtype)
    forward, inverse = tf.function(lambda x: (tf.signal.fft(x), tf.signal.ifft(x)))(x)
    wide = x.astype(np.complex128)
    for got, want in [(forward, np.fft.fft(wide)), (inverse, np.fft.ifft(wide))]:
        error = np.abs(got.numpy() - want).max() / np.sqrt(np.mean(np.abs(want) ** 2))
        assert error < (2e-6 if dtype == np.complex64 else 1e-14) * max(1, np.log2(size))


@pytest.mark.parametrize("size", [16381, 16411, 65537, 100003])
def test_large_primes_lose_no_digits(size):
    x = signal((size,))
    want = np.fft.fft(x.astype(np.complex128))
    got = tf.function(tf.signal.fft)(x).numpy()
    assert np.abs(got - want).max() < 3e-6 * np.sqrt(np.mean(np.abs(want) ** 2))


@pytest.mark.parametrize("shape", [(0, 40009), (2, 2, 16411)])
def test_rows_of_large_primes(shape):
    x = signal(shape, np.complex128)
    np.testing.assert_allclose(tf.function(tf.signal.fft)(x).numpy(), np.fft.fft(x), atol=1e-10)


def test_rows_of_large_primes_whose_number_is_not_known():
    transform = tf.function(tf.signal.fft, input_signature=[tf.TensorSpec((None, 16411), tf.complex128)])
    for count in (0, 1, 3):
        x = signal((count, 16411), np.complex128)
        np.testing.assert_allclose(transform(x).numpy(), np.fft.fft(x), atol=1e-10)


@pytest.mark.parametrize("size", [1, 2, 7, 30, 31, 34, 62, 64, 1000, 1009, 4096, 16411, 32822, 65536, 81920, 131072])
def test_real_signals_and_back(size):
    x = np.random.default_rng(0).normal(size=(2, size)).astype(np.float32)
    spectrum, back = tf.function(lambda x: (tf.signal.rfft(x), tf.signal.irfft(tf.signal.rfft(x), [size])))(x)
    want = np.fft.rfft(x.astype(np.float64))
    np.testing.assert_allclose(spectrum.numpy(), want, atol=1e-5 * np.abs(want).max())
    np.testing.assert_allclose(back.numpy(), x, atol=1e-5)


@pytest.mark.parametrize("rows", [(1,), (7,), (8,), (15,), (16,), (17,), (50,), (3, 9), (2, 3, 20), (0,)])
@pytest.mark.parametrize("size", [1, 2, 3, 15, 16, 32, 60])
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_short_rows_are_transformed_together(rows, size, dtype):
    x = signal((*rows, size), dtype)
    forward, inverse = tf.function(lambda x: (tf.signal.fft(x), tf.signal.ifft(x)))(x)
    tolerance = 1e-6 if dtype == np.complex64 else 1e-14
    np.testing.assert_allclose(forward.numpy(), np.fft.fft(x), atol=tolerance * size)
    np.testing.assert_allclose(inverse.numpy(), np.fft.ifft(x), atol=tolerance)


@pytest.mark.parametrize("size", [1024, 1040])
def test_longer_rows_that_vectors_do_not_fit_into(size):
    x = signal((40, size // 16 * 15))
    want = np.fft.fft(x.astype(np.complex128))
    np.testing.assert_allclose(tf.function(tf.signal.fft)(x).numpy(), want, atol=1e-6 * np.abs(want).max())


@pytest.mark.parametrize("shape", [(2, 3, 65536), (2, 50000)])
def test_rows_of_large_transforms(shape):
    x = signal(shape)
    x[..., 1, 5] = np.nan
    x[1] = signal(shape)[1]
    got = tf.function(lambda x: tf.signal.ifft(x))(x).numpy()
    want = np.fft.ifft(x.astype(np.complex128))
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    np.testing.assert_allclose(got, want, atol=1e-7)


def test_a_large_transform_does_not_depend_on_threads():
    x = signal(1 << 18)
    made = [
        tf.function(tf.signal.fft, experimental_attributes={"compile_options": {"parallel": parallel}})(x).numpy()
        for parallel in (True, False)
    ]
    np.testing.assert_array_equal(made[0], made[1])


def test_rows_of_one_number_do_not_meet():
    x = signal((4, 64))
    x[1, 3] = np.nan
    got = tf.function(tf.signal.fft)(x).numpy()
    assert np.isnan(got[1]).all() and not np.isnan(got[[0, 2, 3]]).any()


def test_two_dimensions_and_parts_of_memory():
    x = signal((40, 60))
    got = tf.function(lambda x: (tf.signal.fft2d(x), tf.signal.fft(x[::2, 10:26]), tf.signal.fft(x[:, ::3])))(x)
    want = [np.fft.fft2(x), np.fft.fft(x[::2, 10:26]), np.fft.fft(x[:, ::3])]
    for g, w in zip(got, want, strict=True):
        np.testing.assert_allclose(g.numpy(), w, atol=1e-5 * np.abs(w).max())


def test_sizes_that_are_not_known():
    f = tf.function(tf.signal.fft, input_signature=[tf.TensorSpec([None, None], tf.complex64)])
    for size in (5, 64, 100):
        x = signal((2, size))
        want = np.fft.fft(x)
        np.testing.assert_allclose(f(x).numpy(), want, atol=1e-5 * np.abs(want).max())


@pytest.mark.parametrize("size", [16, 37, 100])
def test_gradients(size):
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.abs(tf.signal.rfft(x)) ** 2)
        return tape.gradient(y, x)

    x = tf.constant(np.random.default_rng(0).normal(size=(2, size)).astype(np.float32))
    want = f(x).numpy()
    np.testing.assert_allclose(tf.function(f)(x).numpy(), want, rtol=1e-4, atol=1e-5 * np.abs(want).max())


@pytest.mark.parametrize("size", [32, 34, 60, 64, 90, 1000, 4096])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_whole_spectrum_of_real_numbers(size, dtype):
    x = np.random.default_rng(0).normal(size=(3, size)).astype(dtype)
    got = tf.function(lambda x: tf.signal.fft(tf.complex(x, tf.zeros([], x.dtype))))(x).numpy()
    want = np.fft.fft(x.astype(np.float64))
    np.testing.assert_allclose(got, want, atol=(1e-6 if dtype == np.float32 else 1e-14) * np.abs(want).max())


@pytest.mark.parametrize("size", [32, 60, 4096])
def test_the_real_part_of_an_inverse_of_any_numbers(size):
    x = signal((3, size))
    got = tf.function(lambda x: tf.math.real(tf.signal.ifft(x)))(x).numpy()
    want = np.fft.ifft(x.astype(np.complex128)).real
    np.testing.assert_allclose(got, want, atol=1e-6 * np.abs(want).max() * np.log2(size))


def test_an_inverse_of_which_more_than_the_real_part_is_needed():
    x = signal((3, 64))
    real, imag = tf.function(lambda x: (lambda y: (tf.math.real(y), tf.math.imag(y)))(tf.signal.ifft(x)))(x)
    want = np.fft.ifft(x.astype(np.complex128))
    np.testing.assert_allclose(real.numpy() + 1j * imag.numpy(), want, atol=1e-6)


@pytest.mark.parametrize("size", [32, 62, 1000, 81920])
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_half_a_spectrum_that_is_of_no_real_signal(size, dtype):
    x = signal((3, size // 2 + 1), dtype)
    got = tf.function(lambda x: tf.signal.irfft(x, [size]))(x).numpy()
    want = np.fft.irfft(x.astype(np.complex128), size)
    np.testing.assert_allclose(got, want, atol=1e-6 if dtype == np.complex64 else 1e-14)


@pytest.mark.parametrize("of", ["less than half", "half and more", "half, and what is joined to it"])
def test_what_is_read_of_the_spectrum_of_real_numbers(of):
    x = np.random.default_rng(0).normal(size=(3, 64)).astype(np.float32)

    def f(x):
        y = tf.signal.fft(tf.complex(x, tf.zeros([], x.dtype)))
        if of == "less than half":
            return y[:, :20], y[:2, :33]
        if of == "half and more":
            return y[:, :33], y[:, :34]
        return y[:, :33], tf.math.real(tf.signal.ifft(tf.concat([y[:, :33], tf.math.conj(y[:, 1:32][:, ::-1])], 1)))

    y = np.fft.fft(x.astype(np.float64))
    want = {
        "less than half": (y[:, :20], y[:2, :33]),
        "half and more": (y[:, :33], y[:, :34]),
        "half, and what is joined to it": (y[:, :33], x),
    }[of]
    for g, w in zip(tf.function(f)(x), want, strict=True):
        np.testing.assert_allclose(g.numpy(), w, atol=1e-5)


def test_a_spectrum_beside_the_mirror_of_another_one():
    x, y = signal((3, 33)), signal((3, 33), seed=1)

    def f(x, y):
        return tf.math.real(tf.signal.ifft(tf.concat([x, tf.math.conj(tf.reverse(y[:, 1:32], [1]))], 1)))

    want = np.fft.ifft(np.concatenate([x, np.conj(y[:, 1:32][:, ::-1])], 1)).real
    np.testing.assert_allclose(tf.function(f)(x, y).numpy(), want, atol=1e-6)


@pytest.mark.parametrize("known", [True, False], ids=["compiled for each size", "compiled for any size"])
def test_the_number_of_frequencies_may_be_unknown(known, monkeypatch):
    if not known:
        monkeypatch.setattr(sys.modules["tfc.function.flat"], "SPECIALIZATIONS", 0)
    row = tf.function(tf.signal.irfft, input_signature=[tf.TensorSpec((None, None), tf.complex128)])
    image = tf.function(tf.signal.irfft2d, input_signature=[tf.TensorSpec((None, None, None), tf.complex128)])
    for count in (2, 3, 33, 100):
        x = signal((3, count), np.complex128)
        np.testing.assert_allclose(row(x).numpy(), np.fft.irfft(x), atol=1e-12)
        x = signal((2, 4, count), np.complex128)
        np.testing.assert_allclose(image(x).numpy(), np.fft.irfft2(x), atol=1e-12)
    for count in (0, 1):
        x = signal((3, count), np.complex128)
        assert row(x).shape == tf.signal.irfft(x).shape == (3, 0)


def test_gradients_of_signals_of_unknown_size():
    """Products with a spectrum are those with a signal turned round."""

    def gradient(x, weights):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(tf.signal.irfft(tf.signal.rfft(x) * tf.signal.rfft(x)) * weights)
        return tape.gradient(y, x)

    specs = [tf.TensorSpec((None,), tf.float64)] * 2
    x, weights = np.random.default_rng(0).normal(size=(2, 20))
    got = tf.function(gradient, input_signature=specs)(x, weights).numpy()
    want = 2 * np.fft.irfft(np.conj(np.fft.rfft(x)) * np.fft.rfft(weights))
    np.testing.assert_allclose(got, want, atol=1e-12)
