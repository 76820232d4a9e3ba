"""`tf.nn.conv*`: values against direct sums, forms, errors; gradients are tested with the op table."""

import itertools

import numpy as np
import pytest
import tfc as tf
from hypothesis import given, settings
from hypothesis import strategies as st

RNG = np.random.default_rng(5)


def numbers(*shape):
    return RNG.integers(-3, 4, shape).astype(np.float32)


def direct(x, w, strides, dilations, pads, groups=1):
    """A convolution as its definition says: a sum for each element."""
    x = np.pad(x, [(0, 0), *pads, (0, 0)])
    window, features = w.shape[:-2], w.shape[-1]
    places = [
        (x.shape[i + 1] - (k - 1) * d - 1) // s + 1
        for i, (k, s, d) in enumerate(zip(window, strides, dilations, strict=True))
    ]
    out = np.zeros((x.shape[0], *places, features), np.float64)
    depth, each = x.shape[-1] // groups, features // groups
    for o in itertools.product(*map(range, places)):
        for k in itertools.product(*map(range, window)):
            at = tuple(a * s + b * d for a, b, s, d in zip(o, k, strides, dilations, strict=True))
            for g in range(groups):
                seen = x[(slice(None), *at, slice(g * depth, (g + 1) * depth))]
                out[(slice(None), *o, slice(g * each, (g + 1) * each))] += seen @ w[k][:, g * each : (g + 1) * each]
    return out


def same(size, window, stride, dilation):
    places = -(-size // stride)
    total = max(0, (places - 1) * stride + (window - 1) * dilation + 1 - size)
    return total // 2, total - total // 2


@settings(max_examples=30, deadline=None)
@given(
    rank=st.integers(1, 3),
    seed=st.integers(0, 999),
    groups=st.integers(1, 3),
    padding=st.sampled_from(["SAME", "VALID"]),
)
def test_convolution_is_the_sum_over_its_windows(rank, seed, groups, padding):
    rng = np.random.default_rng(seed)
    window, strides, dilations = (tuple(rng.integers(1, 4, rank).tolist()) for _ in range(3))
    sizes = [(k - 1) * d + 1 + int(rng.integers(0, 4)) for k, d in zip(window, dilations, strict=True)]
    x = rng.integers(-3, 4, (2, *sizes, 2 * groups)).astype(np.float32)
    w = rng.integers(-3, 4, (*window, 2, 2 * groups)).astype(np.float32)
    pads = [same(*a) if padding == "SAME" else (0, 0) for a in zip(sizes, window, strides, dilations, strict=True)]
    got = tf.nn.convolution(x, w, strides=strides, padding=padding, dilations=dilations)
    np.testing.assert_array_equal(got.numpy(), direct(x, w, strides, dilations, pads, groups))


def test_channels_first_is_the_transpose_of_channels_last():
    x, w = numbers(2, 6, 5, 4), numbers(3, 2, 4, 3)
    want = tf.nn.conv2d(x, w, [1, 2, 1, 1], "SAME").numpy()
    got = tf.nn.conv2d(x.transpose(0, 3, 1, 2), w, [1, 1, 2, 1], "SAME", data_format="NCHW").numpy()
    np.testing.assert_array_equal(got, want.transpose(0, 3, 1, 2))


def test_explicit_padding_has_pairs_for_each_dimension():
    x, w = numbers(1, 4, 5, 2), numbers(3, 3, 2, 3)
    got = tf.nn.conv2d(x, w, 1, [[0, 0], [2, 1], [0, 3], [0, 0]])
    np.testing.assert_array_equal(got.numpy(), direct(x, w, (1, 1), (1, 1), [(2, 1), (0, 3)]))


def test_depthwise_features_of_a_channel_stand_together():
    x, w = numbers(2, 5, 4, 3), numbers(3, 2, 3, 2)
    got = tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "VALID").numpy()
    for c in range(3):
        want = direct(x[..., c : c + 1], w[:, :, c : c + 1], (1, 1), (1, 1), [(0, 0), (0, 0)])
        np.testing.assert_array_equal(got[..., 2 * c : 2 * c + 2], want)


def test_separable_is_depthwise_then_pointwise():
    x, w, mix = numbers(1, 5, 4, 3), numbers(3, 2, 3, 2), numbers(1, 1, 6, 4)
    want = tf.nn.depthwise_conv2d(x, w, [1, 2, 2, 1], "SAME").numpy() @ mix[0, 0]
    got = tf.nn.separable_conv2d(x, w, mix, [1, 2, 2, 1], "SAME")
    np.testing.assert_array_equal(got.numpy(), want)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_transposed_convolution_is_the_adjoint(rank):
    sizes, places = (9, 8, 7)[:rank], (5, 4, 4)[:rank]
    x, w, y = numbers(2, *sizes, 3), numbers(*(3, 2, 2)[:rank], 3, 4), numbers(2, *places, 4)
    back = tf.nn.conv_transpose(y, w, [2, *sizes, 3], strides=2)
    forth = tf.nn.convolution(x, w, strides=2, padding="SAME")
    assert np.sum(back.numpy() * x) == np.sum(forth.numpy() * y)


def test_leading_batch_dimensions_stay():
    x, w = numbers(2, 3, 5, 4, 2), numbers(3, 3, 2, 4)
    got = tf.nn.conv2d(x, w, 1, "SAME")
    want = tf.nn.conv2d(x.reshape(6, 5, 4, 2), w, 1, "SAME")
    np.testing.assert_array_equal(got.numpy().reshape(6, 5, 4, 4), want.numpy())


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16], ids=lambda d: d.name)
def test_halves_are_summed_up_in_float32(dtype):
    x = np.full((1, 4096, 1), 1.0, np.float32).astype(dtype.np_dtype)
    w = np.full((4096, 1, 1), 1.0, np.float32).astype(dtype.np_dtype)
    conv = tf.function(lambda x, w: tf.nn.conv1d(x, w, 1, "VALID"))
    for f in (conv, conv.python_function):
        out = f(tf.constant(x), tf.constant(w))
        assert out.dtype == dtype and float(out.numpy()[0, 0, 0]) == 4096


BAD = {
    "channels": (lambda: tf.nn.conv2d(numbers(1, 4, 4, 3), numbers(2, 2, 2, 4), 1, "SAME"), "evenly divisible"),
    "features": (lambda: tf.nn.conv2d(numbers(1, 4, 4, 4), numbers(2, 2, 2, 3), 1, "SAME"), "number of groups"),
    "stride of the batch": (
        lambda: tf.nn.conv2d(numbers(1, 4, 4, 1), numbers(3, 3, 1, 1), [2, 1, 1, 1], "SAME"), "have to be 1"),
    "rank of the filter": (lambda: tf.nn.conv2d(numbers(1, 4, 4, 1), numbers(3, 1, 1), 1, "SAME"), "4-dimensional"),
    "rank of the input": (lambda: tf.nn.conv2d(numbers(4, 4, 1), numbers(3, 3, 1, 1), 1, "SAME"), "4-dimensional"),
    "padding": (lambda: tf.nn.conv2d(numbers(1, 4, 4, 1), numbers(3, 3, 1, 1), 1, "FULL"), "padding"),
    "window": (lambda: tf.nn.conv2d(numbers(1, 2, 2, 1), numbers(3, 3, 1, 1), 1, "VALID"), "does not fit"),
    "dtypes": (
        lambda: tf.nn.conv2d(tf.ones((1, 4, 4, 1)), tf.ones((3, 3, 1, 1), tf.float64), 1, "SAME"), "float64"),
    "data format": (
        lambda: tf.nn.conv2d(numbers(1, 4, 4, 1), numbers(3, 3, 1, 1), 1, "SAME", data_format="NWC"), "data_format"),
    "output shape": (
        lambda: tf.nn.conv2d_transpose(numbers(1, 4, 4, 1), numbers(3, 3, 2, 1), [1, 4, 4, 2], 2), "shape"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_arguments_that_do_not_fit_are_refused(name):
    call, message = BAD[name]
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=message):
        call()
    with pytest.raises((ValueError, TypeError, tf.errors.InvalidArgumentError), match=message):
        tf.function(call, autograph=False)()


# What a trace without sizes finds out when it runs.
UNKNOWN = {
    "channels": ((1, 4, 4, 3), (2, 2, 2, 4), "VALID"),
    "window": ((1, 2, 4, 1), (3, 3, 1, 1), "VALID"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_sizes_that_do_not_fit_are_refused_at_run_time(name):
    x_shape, w_shape, padding = UNKNOWN[name]
    spec = tf.TensorSpec([None] * 4, tf.float32)
    conv = tf.function(lambda x, w: tf.nn.conv2d(x, w, 1, padding), autograph=False, input_signature=[spec, spec])
    with pytest.raises(tf.errors.InvalidArgumentError):
        conv(numbers(*x_shape), numbers(*w_shape))
    assert conv(numbers(1, 4, 4, 1), numbers(3, 3, 1, 1)).shape == (1, 2, 2, 1)


def test_output_shape_of_a_transposed_convolution_may_be_computed():
    def grow(y, w):
        size = tf.shape(y)
        return tf.nn.conv2d_transpose(y, w, [size[0], 2 * size[1], 2 * size[2], 3], 2)

    y, w = numbers(2, 3, 4, 5), numbers(3, 3, 3, 5)
    spec = tf.TensorSpec([None, None, None, 5], tf.float32)
    compiled = tf.function(grow, input_signature=[spec, tf.TensorSpec([3, 3, 3, 5], tf.float32)])
    np.testing.assert_array_equal(compiled(y, w).numpy(), grow(tf.constant(y), tf.constant(w)).numpy())


@pytest.mark.parametrize("specs", [False, True], ids=["known", "unknown"])
def test_gradients_of_a_compiled_convolution_are_the_eager_ones(specs):
    x, w = numbers(2, 7, 6, 3), numbers(3, 2, 3, 4)

    def gradients(x, w):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = tf.nn.max_pool2d(tf.nn.conv2d(x, w, [1, 2, 1, 1], "SAME"), 2, 2, "SAME")
            loss = tf.reduce_sum(tf.nn.avg_pool2d(y, 2, 1, "VALID") ** 2)
        return tape.gradient(loss, [x, w])

    signature = [tf.TensorSpec([None] * 4, tf.float32)] * 2 if specs else None
    got = tf.function(gradients, autograph=False, input_signature=signature)(x, w)
    for g, want in zip(got, gradients(tf.constant(x), tf.constant(w)), strict=True):
        np.testing.assert_allclose(g.numpy(), want.numpy(), rtol=1e-5)
