"""The gradient of a depthwise filter: sums over all places, in registers for runs of them."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(12)


def gradient(padding="SAME", **options):
    def f(x, w, g):
        with tf.GradientTape() as tape:
            tape.watch(w)
            y = tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], padding)
        return tape.gradient(y, w, output_gradients=g)

    return tf.function(f, autograph=False, **options)


def numbers(*shape):
    return tf.constant(RNG.integers(-2, 3, shape).astype(np.float32))


def arguments(shape, window, multiplier=1):
    *places, channels = shape
    return numbers(*shape), numbers(*window, channels, multiplier), numbers(*places, channels * multiplier)


def agrees(f, *args):
    np.testing.assert_array_equal(f(*args).numpy(), f.python_function(*args).numpy())


def text(f, *args):
    return str(f.get_concrete_function(*args).compiled())


SUMS = "sums in registers for runs of places"


@pytest.mark.parametrize(
    ("shape", "window", "in_runs", "reads_the_image"),
    [
        ((2, 20, 21, 32), (3, 3), True, True),
        ((2, 20, 21, 32), (7, 7), True, True),
        ((2, 20, 21, 32), (8, 8), True, False),  # nine times 64 multiply-adds would be a lot of code
        ((2, 20, 21, 32), (5, 13), False, False),
        ((1, 2, 4, 32), (3, 3), False, True),  # fewer places than elements of the window
        ((1, 2, 5, 32), (3, 3), True, True),
    ],
)
def test_small_windows_of_many_places_are_summed_in_registers(shape, window, in_runs, reads_the_image):
    args = arguments(shape, window)
    f = gradient()
    agrees(f, *args)
    assert (SUMS in text(f, *args)) == in_runs
    assert ("margins apart" in text(f, *args)) == reads_the_image


@pytest.mark.parametrize("multiplier", [2, 16])
def test_several_features_of_a_channel(multiplier):
    agrees(gradient(), *arguments((2, 9, 10, 8), (3, 3), multiplier))


@pytest.mark.parametrize("shape", [(0, 9, 10, 16), (2, 9, 10, 1), (2, 1, 1, 16), (1, 300, 1, 16)])
def test_sizes_of_none_and_one(shape):
    agrees(gradient(), *arguments(shape, (3, 3)))


@pytest.mark.parametrize("known", [(None, 9, 10, 32), (2, None, None, 32), (None, None, None, 32)], ids=str)
def test_sizes_that_the_run_tells(known):
    specs = [tf.TensorSpec(known), tf.TensorSpec((3, 3, 32, 1)), tf.TensorSpec(known)]
    f = gradient(input_signature=specs)
    for shape in [(2, 9, 10, 32), (1, 30, 40, 32), (3, 1, 2, 32)]:
        shape = tuple(size or actual for size, actual in zip(known, shape, strict=True))
        agrees(f, *arguments(shape, (3, 3)))


def test_padding_meets_gradients_that_are_not_finite():
    x, w, g = arguments((1, 9, 10, 16), (3, 3))
    wild = g.numpy()
    wild[0, 0, 4, 2], wild[0, 5, 0, 3], wild[0, 8, 9, 4] = np.inf, np.nan, -np.inf
    result = gradient()(x, w, wild).numpy()
    np.testing.assert_array_equal(result, gradient().python_function(x, w, tf.constant(wild)).numpy())
    assert np.isnan(result[0, :, 2]).all() and np.isnan(result[:, :, 3]).all() and np.isnan(result[2, 2, 4])


def test_long_sums_are_accurate():
    x, w, g = (
        tf.constant(RNG.random(shape, np.float32)) for shape in [(8, 64, 64, 16), (3, 3, 16, 1), (8, 64, 64, 16)]
    )
    wide = gradient().python_function(*(tf.cast(v, tf.float64) for v in (x, w, g)))
    np.testing.assert_allclose(gradient()(x, w, g).numpy(), wide.numpy(), rtol=1e-6)


def test_sums_in_the_order_of_the_program():
    x, w, g = (
        tf.constant(RNG.random(shape, np.float32)) for shape in [(2, 9, 140, 16), (2, 2, 16, 1), (2, 9, 140, 16)]
    )
    result = gradient(experimental_attributes={"compile_options": {"strict": True}})(x, w, g).numpy()
    whole, places = np.pad(x.numpy(), ((0, 0), (0, 1), (0, 1), (0, 0))), g.numpy()
    for k, n in np.ndindex(2, 2):
        products = (whole[:, k : k + 9, n : n + 140] * places).reshape(-1, 16)
        np.testing.assert_array_equal(result[k, n, :, 0], np.add.accumulate(products)[-1])


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_share_channels(threads):
    args = arguments((4, 40, 41, 128), (3, 3))
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        agrees(gradient(), *args)
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)


def test_a_filter_that_its_gradient_changes_at_once():
    x, w, g = arguments((2, 9, 10, 32), (3, 3))
    v, step = tf.Variable(w), gradient().python_function
    tf.function(lambda: v.assign_sub(step(x, v, g)), autograph=False)()
    np.testing.assert_array_equal(v.numpy(), (w - step(x, w, g)).numpy())


def test_an_image_that_is_multiplied_with_itself():
    x, w, _ = arguments((2, 9, 10, 32), (3, 3))
    f = gradient()
    np.testing.assert_array_equal(f(x, w, x).numpy(), f.python_function(x, w, x).numpy())
