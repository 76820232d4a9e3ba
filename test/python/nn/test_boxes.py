"""Boxes in images: which of many are kept, and what is inside of one. Expected numbers are TensorFlow's."""

import numpy as np
import pytest
import tfc as tf

BOXES = np.array(
    [[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, -0.1, 1, 0.9], [0, 10, 1, 11], [0, 10.1, 1, 11.1], [0, 100, 1, 101]],
    np.float32,
)
SCORES = np.array([0.9, 0.75, 0.6, 0.95, 0.5, 0.3], np.float32)
IMAGE = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)


def both(f, *args):
    eager = f(*args)
    for a, b in zip(tf.nest.flatten(eager), tf.nest.flatten(tf.function(f)(*args)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    return eager


def test_boxes_that_overlap_a_better_one_are_dropped():
    keep = lambda *more: both(lambda b, s: tf.image.non_max_suppression(b, s, *more), BOXES, SCORES).numpy().tolist()
    assert keep(3) == [3, 0, 5]
    assert keep(2) == [3, 0]
    assert keep(30, 0.5, 0.4) == [3, 0]
    assert keep(30, 0.95) == [3, 0, 1, 2, 4, 5]


def test_corners_may_be_in_any_order():
    flipped = BOXES[:, [2, 1, 0, 3]]
    assert tf.image.non_max_suppression(flipped, SCORES, 3).numpy().tolist() == [3, 0, 5]


def test_soft_suppression_lowers_scores():
    def f(b, s):
        return tf.image.non_max_suppression_with_scores(b, s, 6, 0.5, 0.0, soft_nms_sigma=0.5)

    indices, scores = both(f, BOXES, SCORES)
    assert indices.numpy().tolist() == [3, 0, 1, 5, 4, 2]
    np.testing.assert_allclose(scores, [0.95, 0.9, 0.384, 0.3, 0.256, 0.197], atol=1e-3)


def test_overlaps_may_be_given_and_results_filled_up():
    overlaps = np.eye(3, dtype=np.float32)
    overlaps[1, 0] = 0.9
    assert tf.image.non_max_suppression_overlaps(overlaps, [0.9, 0.8, 0.7], 3).numpy().tolist() == [0, 2]
    indices, count = tf.image.non_max_suppression_padded(BOXES, SCORES, 5, pad_to_max_output_size=True)
    assert indices.numpy().tolist() == [3, 0, 5, 0, 0] and count.numpy() == 3


@pytest.mark.parametrize(
    ("method", "want"),
    [
        ("bilinear", [[0, 1.5, 3], [4, 5.5, 7], [8, 9.5, 11]]),
        ("nearest", [[0, 2, 3], [4, 6, 7], [8, 10, 11]]),
    ],
)
def test_crops_are_sampled(method, want):
    f = lambda x: tf.image.crop_and_resize(x, [[0.0, 0.0, 1.0, 1.0]], [0], [3, 3], method)
    np.testing.assert_allclose(both(f, IMAGE)[0, :, :, 0], want)


def test_crops_beyond_the_image_are_extrapolated_and_one_sample_is_the_middle():
    f = lambda x: tf.image.crop_and_resize(
        x, [[0.0, 0.0, 1.0, 1.0], [-1.0, 0.0, 0.0, 1.0]], [0, 0], [1, 1], extrapolation_value=7.0
    )
    np.testing.assert_allclose(both(f, IMAGE)[:, 0, 0, 0], [5.5, 7.0])


def test_crops_have_gradients():
    x = tf.constant(IMAGE)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.image.crop_and_resize(x, [[0.0, 0.0, 0.5, 0.5]], [0], [2, 2]))
    want = np.zeros((3, 4))
    want[:2, 0] = 1
    want[:2, 1:3] = 0.5
    np.testing.assert_allclose(tape.gradient(y, x)[0, :, :, 0], want, atol=1e-6)


def test_boxes_have_four_columns():
    with pytest.raises(tf.errors.InvalidArgumentError, match="4 columns"):
        tf.image.non_max_suppression(BOXES[:, :3], SCORES, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tf.image.non_max_suppression(BOXES, SCORES[1:], 3), f"for each of the {len(BOXES)} boxes, got {len(SCORES) - 1}"),
        (lambda: tf.image.non_max_suppression(BOXES, BOXES, 3), "scores must be 1-D"),
        (lambda: tf.image.non_max_suppression_overlaps(np.eye(3), [1.0, 2.0], 3), "for each of the 3 rows of overlaps, got 2"),
        (lambda: tf.image.non_max_suppression_overlaps(np.zeros((3, 4)), [1.0, 2.0, 3.0], 3), "square matrix"),
    ],
)  # fmt: skip
def test_there_is_one_score_for_each_box(call, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        call()


@pytest.mark.parametrize(
    "boxes, which, size, message",
    [
        ([[0.0, 0.0, 1.0]], [0], [2, 2], r"boxes must have shape \[number, 4\]"),
        ([[0.0, 0.0, 1.0, 1.0]], 0, [2, 2], "box_indices must be 1-D"),
        ([[0.0, 0.0, 1.0, 1.0]], [0], 2, "crop_size must be two numbers"),
    ],
)
def test_crop_says_what_its_arguments_must_be(boxes, which, size, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.image.crop_and_resize(tf.zeros([1, 4, 4, 1]), boxes, which, size)
