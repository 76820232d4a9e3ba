"""Windows at the margins of an image: they read the image itself, where there is no padded copy."""

import itertools

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(11)


def numbers(*shape):
    return RNG.integers(-4, 5, shape).astype(np.float32)


def padded(x, window, stride, dilation, value):
    pads = [(0, 0)]
    for size, k in zip(x.shape[1:3], window, strict=True):
        reach = (k - 1) * dilation
        total = max(0, (-(-size // stride) - 1) * stride + reach + 1 - size)
        pads.append((total // 2, total - total // 2))
    return np.pad(x, [*pads, (0, 0)], constant_values=value)


def windows(x, window, stride, dilation, value=0):
    """The element of each window, for each element of the window."""
    whole = padded(x, window, stride, dilation, value)
    places = [-(-size // stride) for size in x.shape[1:3]]
    for k in itertools.product(*map(range, window)):
        rows, columns = (
            slice(at * dilation, at * dilation + (n - 1) * stride + 1, stride) for at, n in zip(k, places, strict=True)
        )
        yield k, whole[:, rows, columns]


def depthwise(x, w, stride=1, dilation=1):
    return sum(part * w[k][:, 0] for k, part in windows(x, w.shape[:2], stride, dilation))


def function(stride=1, dilation=1):
    def call(x, w):
        return tf.nn.depthwise_conv2d(x, w, [1, stride, stride, 1], "SAME", dilations=[dilation, dilation])

    return tf.function(call, autograph=False)


def reads_the_image(f, *args):
    return "margins apart" in str(f.get_concrete_function(*args).compiled())


# Images smaller than the window, of one place, of places at margins only; channels that are no whole vectors.
IMAGES = [(1, 24, 25, 64), (2, 7, 9, 20), (1, 40, 1, 8), (3, 2, 5, 33), (20, 5, 5, 16), (1, 3, 40, 16)]


@pytest.mark.parametrize("window", [(3, 3), (2, 4), (4, 4), (5, 2), (5, 5), (7, 7)], ids=str)
@pytest.mark.parametrize("step", [(1, 1), (2, 1), (1, 2), (3, 1)], ids=str)
def test_depthwise_convolutions_of_padded_images_are_sums_over_windows(window, step):
    for shape in IMAGES:
        x, w = numbers(*shape), numbers(*window, shape[3], 1)
        np.testing.assert_array_equal(function(*step)(x, w).numpy(), depthwise(x, w, *step))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("k", [2, 3])
def test_pools_of_padded_images_leave_the_padding_out(k, stride):
    f = tf.function(lambda x: (tf.nn.max_pool2d(x, k, stride, "SAME"), tf.nn.avg_pool2d(x, k, stride, "SAME")))
    for shape in IMAGES:
        x = numbers(*shape)
        parts = np.stack([part for _, part in windows(x, (k, k), stride, 1, np.nan)])
        most, mean = f(x)
        np.testing.assert_array_equal(most.numpy(), np.nanmax(parts, 0))
        np.testing.assert_allclose(mean.numpy(), np.nanmean(parts, 0), rtol=1e-5, atol=1e-6)


def test_large_images_have_no_padded_copy():
    x, w = tf.constant(numbers(1, 24, 25, 64)), tf.constant(numbers(3, 3, 64, 1))
    assert reads_the_image(function(), x, w)


def test_padding_meets_filters_that_are_not_finite():
    x, w = numbers(1, 24, 25, 16), numbers(3, 3, 16, 1)
    w[0, 0, 3] = np.inf
    with np.errstate(invalid="ignore"):
        expected = depthwise(x, w)
    assert np.isnan(expected[0, 0, 0, 3])
    np.testing.assert_array_equal(function()(x, w).numpy(), expected)


def test_an_image_that_its_windows_replace_is_copied():
    x, w = numbers(1, 24, 25, 64), numbers(3, 3, 64, 1)
    v = tf.Variable(x)

    @tf.function(autograph=False)
    def step():
        v.assign(tf.nn.depthwise_conv2d(v, w, [1, 1, 1, 1], "SAME"))

    step()
    np.testing.assert_array_equal(v.numpy(), depthwise(x, w))


def test_an_image_that_changes_after_its_windows_were_asked_for():
    x, w = numbers(1, 24, 25, 64), numbers(3, 3, 64, 1)
    v = tf.Variable(x)

    @tf.function(autograph=False)
    def step():
        before = tf.nn.depthwise_conv2d(v, w, [1, 1, 1, 1], "SAME")
        v.assign(v * 2.0)
        return before, tf.nn.depthwise_conv2d(v, w, [1, 1, 1, 1], "SAME")

    before, after = step()
    np.testing.assert_array_equal(before.numpy(), depthwise(x, w))
    np.testing.assert_array_equal(after.numpy(), depthwise(2 * x, w))


def test_images_that_a_loop_carries():
    x, w = numbers(1, 24, 25, 64), numbers(3, 3, 64, 1)

    @tf.function
    def steps(x, n):
        for _ in tf.range(n):
            x = tf.sign(tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"))
        return x

    expected = x
    for _ in range(3):
        expected = np.sign(depthwise(expected, w))
    np.testing.assert_array_equal(steps(tf.constant(x), tf.constant(3)).numpy(), expected)


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_share_places_at_margins(threads):
    x, w = numbers(2, 70, 61, 48), numbers(3, 3, 48, 1)
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        np.testing.assert_array_equal(function()(x, w).numpy(), depthwise(x, w))
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(0)


@pytest.mark.parametrize("dtype", [np.float64, np.int32, np.float16], ids=lambda d: d.__name__)
def test_windows_of_other_types(dtype):
    x, w = numbers(1, 24, 25, 24).astype(dtype), numbers(3, 3, 24, 1).astype(dtype)
    if np.issubdtype(dtype, np.floating):
        np.testing.assert_array_equal(function()(x, w).numpy(), depthwise(x, w))
    got = tf.function(lambda x: tf.nn.max_pool2d(x, 3, 1, "SAME"))(tf.constant(x)).numpy()
    parts = [part for _, part in windows(x.astype(np.float64), (3, 3), 1, 1, -np.inf)]
    np.testing.assert_array_equal(got, np.max(parts, 0))


FOLLOWERS = {
    "bias and activation": lambda tf, y, b, r: tf.nn.relu(y + b),
    "residual": lambda tf, y, b, r: y * 2.0 + r,
    "number of the element": lambda tf, y, b, r: y + tf.range(b.shape[0], dtype=tf.float32),
    "wider": lambda tf, y, b, r: tf.cast(y, tf.float64) + 1.0,
    "other order": lambda tf, y, b, r: tf.transpose(y, (0, 2, 1, 3)) + b,
    "reversed": lambda tf, y, b, r: tf.reverse(y, [1]) + b,
    "read twice": lambda tf, y, b, r: (y + b, y),
    "over a longer axis": lambda tf, y, b, r: y + tf.zeros((3, 1, 1, 1)),
}


@pytest.mark.parametrize("name", FOLLOWERS)
@pytest.mark.parametrize("channels", [64, 20])
def test_what_is_done_with_sums_in_registers(name, channels):
    x, w, b, r = (
        numbers(1, 24, 25, channels),
        numbers(3, 3, channels, 1),
        numbers(channels),
        numbers(1, 24, 25, channels),
    )
    after = FOLLOWERS[name]
    f = tf.function(
        lambda x, w, b, r: after(tf, tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"), b, r), autograph=False
    )
    expected = after(tf, tf.constant(depthwise(x, w)), b, r)
    for got, wanted in zip(tf.nest.flatten(f(x, w, b, r)), tf.nest.flatten(expected), strict=True):
        np.testing.assert_array_equal(got.numpy(), wanted.numpy())


def test_bias_and_activation_are_done_in_registers():
    x, w, b = (tf.constant(numbers(*shape)) for shape in [(1, 24, 25, 64), (3, 3, 64, 1), (64,)])
    f = tf.function(lambda x, w, b: tf.nn.relu(tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME") + b), autograph=False)
    assert "operations more on the results" in str(f.get_concrete_function(x, w, b).compiled())


def test_a_residual_that_is_the_image_itself_and_is_overwritten():
    x, w = numbers(1, 24, 25, 64), numbers(3, 3, 64, 1)
    v = tf.Variable(x)

    @tf.function(autograph=False)
    def step():
        v.assign_add(tf.nn.depthwise_conv2d(v, w, [1, 1, 1, 1], "SAME"))

    step()
    np.testing.assert_array_equal(v.numpy(), x + depthwise(x, w))


@pytest.mark.parametrize("window", [(3, 3), (2, 4), (5, 5)], ids=str)
@pytest.mark.parametrize("step", [(1, 1), (2, 1), (1, 2)], ids=str)
@pytest.mark.parametrize("padding", ["SAME", "VALID", ((0, 0), (5, 1), (0, 4), (0, 0))], ids=str)
def test_gradients_of_depthwise_convolutions_are_adjoint(window, step, padding):
    stride, dilation = step

    def call(x, w):
        return tf.nn.depthwise_conv2d(x, w, [1, stride, stride, 1], padding, dilations=[dilation, dilation])

    @tf.function(autograph=False)
    def gradients(x, w, g):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = call(x, w)
        return tape.gradient(y, [x, w], output_gradients=g)

    for shape in [(1, 24, 25, 64), (2, 9, 10, 20)]:
        x, w = tf.constant(numbers(*shape)), tf.constant(numbers(*window, shape[3], 1))
        g = tf.constant(numbers(*call(x, w).shape))
        dx, dw = gradients(x, w, g)
        u, v = numbers(*shape), numbers(*window, shape[3], 1)
        # Integers: sums are exact.
        assert np.sum(dx.numpy() * u, dtype=np.float64) == np.sum(g.numpy() * call(u, w).numpy(), dtype=np.float64)
        assert np.sum(dw.numpy() * v, dtype=np.float64) == np.sum(g.numpy() * call(x, v).numpy(), dtype=np.float64)


def test_gradients_of_windows_read_images_too():
    """What a convolution's gradient pads is computed where it is needed: large buffers of one size were told apart
    too early, and the result was copied into the middle of the padded one."""
    x, w, b = numbers(8, 28, 28, 128), numbers(5, 5, 128, 1), numbers(128)

    def step(x, w, b):
        with tf.GradientTape() as tape:
            tape.watch([x, w, b])
            y = tf.nn.relu(tf.nn.depthwise_conv2d(x, w, [1] * 4, "SAME") + b)
        return [y, *tape.gradient(y, [x, w, b])]

    args = [tf.constant(each) for each in (x, w, b)]
    remarks = str(tf.function(step).get_concrete_function(*args).compiled())
    assert remarks.count("margins apart") == 3
