"""Blocks between space, depth and batch; patches; morphology; normalization of channels."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(8)
X = RNG.standard_normal((2, 4, 6, 3)).astype(np.float32)


def unknown(f, x):
    """`f` compiled for a trace that knows the rank and the channels only."""
    spec = tf.TensorSpec([None] * (x.ndim - 1) + [x.shape[-1]], x.dtype)
    return tf.function(f, autograph=False, input_signature=[spec])(x)


def test_depth_holds_the_pixels_of_a_block_in_row_major_order():
    got = tf.nn.space_to_depth(X, 2).numpy()
    want = np.concatenate([X[:, i::2, j::2] for i in (0, 1) for j in (0, 1)], -1)
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(tf.nn.depth_to_space(got, 2).numpy(), X)
    np.testing.assert_array_equal(unknown(lambda x: tf.nn.space_to_depth(x, 2), X).numpy(), want)


def test_channels_first_blocks_are_the_transpose():
    got = tf.nn.space_to_depth(X.transpose(0, 3, 1, 2), 2, data_format="NCHW").numpy()
    np.testing.assert_array_equal(got, tf.nn.space_to_depth(X, 2).numpy().transpose(0, 3, 1, 2))


def test_batches_hold_the_pixels_of_one_place_in_their_blocks():
    got = tf.space_to_batch(X, [2, 3], [[0, 0], [0, 0]]).numpy()
    want = np.concatenate([X[:, i::2, j::3] for i in range(2) for j in range(3)], 0)
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(tf.batch_to_space(got, [2, 3], [[0, 0], [0, 0]]).numpy(), X)


def test_paddings_and_crops_undo_each_other():
    there = tf.space_to_batch(X, [2, 4], [[1, 1], [0, 2]])
    back = tf.batch_to_space(there, [2, 4], [[1, 1], [0, 2]])
    np.testing.assert_array_equal(back.numpy(), X)


def test_patches_stand_in_the_channels():
    got = tf.image.extract_patches(X, [1, 3, 2, 1], [1, 1, 2, 1], [1, 1, 1, 1], "VALID").numpy()
    want = [X[:, i : i + 3, j : j + 2].reshape(2, -1) for i in range(2) for j in (0, 2, 4)]
    np.testing.assert_array_equal(got, np.stack(want, 1).reshape(2, 2, 3, -1))


def test_dilation_is_the_largest_sum_and_erosion_its_dual():
    f = RNG.standard_normal((2, 2, 3)).astype(np.float32)
    arguments = [1, 1, 1, 1], "VALID", "NHWC", [1, 1, 1, 1]
    got = tf.nn.dilation2d(X, f, *arguments).numpy()
    want = np.max([X[:, i : i + 3, j : j + 5] + f[i, j] for i in (0, 1) for j in (0, 1)], 0)
    np.testing.assert_allclose(got, want, rtol=1e-6)
    eroded = tf.nn.erosion2d(X, f, *arguments).numpy()
    np.testing.assert_allclose(eroded, -tf.nn.dilation2d(-X, f[::-1, ::-1], *arguments).numpy())


def test_local_response_normalization_sums_squares_of_neighbouring_channels():
    got = tf.nn.lrn(X, depth_radius=1, bias=2.0, alpha=0.5, beta=0.75).numpy()
    padded = np.pad(X**2, [(0, 0)] * 3 + [(1, 1)])
    sums = padded[..., :-2] + padded[..., 1:-1] + padded[..., 2:]
    np.testing.assert_allclose(got, X / (2 + 0.5 * sums) ** 0.75, rtol=1e-5)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_ctc_loss_is_the_sum_over_alignments(compiled):
    rng = np.random.default_rng(3)
    logits = rng.standard_normal((4, 1, 3)).astype(np.float32)
    p = np.exp(logits[:, 0]) / np.exp(logits[:, 0]).sum(-1, keepdims=True)
    total = 0.0
    for path in np.ndindex(3, 3, 3, 3):
        merged = [s for i, s in enumerate(path) if i == 0 or s != path[i - 1]]
        if [s for s in merged if s] == [1, 2]:
            total += np.prod([p[t, s] for t, s in enumerate(path)])
    loss = lambda x: tf.nn.ctc_loss([[1, 2]], x, [2], [4], blank_index=0)
    got = (tf.function(loss) if compiled else loss)(tf.constant(logits))
    np.testing.assert_allclose(got.numpy(), [-np.log(total)], rtol=1e-5)


BAD = {
    "height": lambda: tf.nn.space_to_depth(X[:, :3], 2),
    "depth": lambda: tf.nn.depth_to_space(X, 2),
    "block": lambda: tf.nn.space_to_depth(X, 1),
    "batch": lambda: tf.batch_to_space(X, [3], [[0, 0]]),
    "padding": lambda: tf.space_to_batch(X, [3], [[0, 1]]),
    "format": lambda: tf.nn.space_to_depth(X, 2, data_format="HWC"),
}


@pytest.mark.parametrize("name", BAD)
def test_sizes_that_do_not_divide_are_refused(name):
    for f in (BAD[name], tf.function(BAD[name], autograph=False)):
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            f()


@pytest.mark.parametrize(("size", "stride", "rate"), [(2, 2, 1), (3, 2, 2), (5, 3, 1), (1, 3, 1), (2, 5, 1), (4, 3, 2)])
def test_patches_with_steps_around_images_of_unknown_sizes(size, stride, rate):
    def patches(x):
        return tf.image.extract_patches(x, [1, size, size, 1], [1, stride, stride, 1], [1, rate, rate, 1], "SAME")

    traced = tf.function(patches, input_signature=[tf.TensorSpec([None, None, None, 2])])
    for height, width in [(1, 1), (2, 3), (5, 8), (0, 3), (9, 4)]:
        x = tf.random.stateless_normal([2, height, width, 2], [height, width])
        np.testing.assert_array_equal(traced(x), patches(x), strict=True)


def test_the_gradient_of_dilation_with_steps_of_images_of_unknown_sizes():
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.nn.dilation2d(x, tf.zeros([3, 3, 2]), [1, 2, 2, 1], "SAME", "NHWC", [1, 1, 1, 1])
        return tape.gradient(y, x)

    x = tf.random.stateless_normal([2, 5, 8, 2], [1, 2])
    traced = tf.function(gradient, input_signature=[tf.TensorSpec([None, None, None, 2])])
    np.testing.assert_array_equal(traced(x), gradient(x), strict=True)
