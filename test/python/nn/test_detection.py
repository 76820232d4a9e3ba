"""Boxes drawn, chosen for many classes, and at random; glimpses: against loops in numpy, eagerly and compiled."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(5)
HOW = pytest.mark.parametrize("whole", [lambda f: f, tf.function], ids=["eager", "function"])
COLORS = [[1, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0.5, 0, 0.5, 1], [0.5, 0.5, 0, 1], [0.5, 0, 0, 1]]


def drawn(images, boxes, colors):
    """Pixel by pixel."""
    out = images.copy()
    _, height, width, _ = out.shape
    for image, ours in zip(out, boxes, strict=True):
        for k, box in enumerate(ours):
            top, left, bottom, right = np.trunc(box * np.float32([height - 1, width - 1] * 2)).astype(int)
            if top > bottom or left > right:
                continue
            for y in range(max(top, 0), min(bottom, height - 1) + 1):
                for x in range(max(left, 0), min(right, width - 1) + 1):
                    if y in (top, bottom) or x in (left, right):
                        image[y, x] = colors[k % len(colors)]
    return out


@HOW
@pytest.mark.parametrize("depth", [1, 3, 4])
def test_the_outline_of_each_box_is_drawn_where_it_is_in_the_image(depth, whole):
    images = RNG.uniform(size=(2, 9, 12, depth)).astype(np.float32)
    boxes = RNG.uniform(-0.3, 1.3, (2, 7, 4)).astype(np.float32)
    boxes[:, :5] = np.sort(boxes[:, :5].reshape(2, 5, 2, 2), axis=2).reshape(2, 5, 4)
    table = np.array(COLORS, np.float32)
    if depth == 1:
        table[:, 0] = 1
    got = whole(lambda x, b: tf.image.draw_bounding_boxes(x, b, None))(images, boxes)
    np.testing.assert_array_equal(got.numpy(), drawn(images, boxes, table[:, :depth]))
    mine = RNG.uniform(size=(2, 4)).astype(np.float32)
    got = whole(lambda x, b: tf.image.draw_bounding_boxes(x, b, mine))(images, boxes)
    np.testing.assert_array_equal(got.numpy(), drawn(images, boxes, mine[:, :depth]))


def test_sizes_of_images_and_the_number_of_boxes_need_not_be_known():
    specs = [tf.TensorSpec([None, None, None, 3]), tf.TensorSpec([None, None, 4])]
    f = tf.function(lambda x, b: tf.image.draw_bounding_boxes(x, b, None), input_signature=specs)
    for n, height in ((1, 5), (3, 8)):
        images = np.zeros((n, height, 6, 3), np.float32)
        boxes = np.tile(np.float32([[0, 0, 1, 1], [0.3, 0.2, 0.9, 0.7]]), (n, 1, 1))
        np.testing.assert_array_equal(f(images, boxes).numpy(), drawn(images, boxes, np.float32(COLORS)[:, :3]))


def test_pixels_under_a_box_have_no_gradient():
    x = tf.zeros((1, 4, 4, 1))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.image.draw_bounding_boxes(x, [[[0.0, 0.0, 1.0, 1.0]]], None)
    assert tape.gradient(y, x).numpy()[0, :, :, 0].tolist() == [[0] * 4, [0, 1, 1, 0], [0, 1, 1, 0], [0] * 4]


def overlap(a, b):
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    inside = np.prod(np.maximum(high - low, 0))
    return inside / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - inside)


def chosen(boxes, scores, each, most, threshold, least):
    """(score, class, box) of one image, the best first."""
    found = []
    for c in range(scores.shape[1]):
        mine, kept = boxes[:, min(c, boxes.shape[1] - 1)], []
        for i in np.argsort(-scores[:, c], kind="stable"):
            if scores[i, c] > least and len(kept) < each and all(overlap(mine[i], mine[k]) <= threshold for k in kept):
                kept.append(i)
        found += [(scores[i, c], c, mine[i]) for i in kept]
    return sorted(found, key=lambda v: -v[0])[:most]


@HOW
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize(
    ("each", "most", "least", "pad"), [(3, 10, 0.2, False), (40, 4, -np.inf, True), (2, 50, 0.5, True)]
)
def test_boxes_of_all_classes_are_those_of_each_the_best_first(shared, each, most, least, pad, whole):
    n, classes = 20, 4
    middle = RNG.uniform(size=(2, n, 1 if shared else classes, 2))
    half = RNG.uniform(0.05, 0.4, middle.shape)
    boxes = np.concatenate([middle - half, middle + half], -1).astype(np.float32)
    scores = (RNG.permutation(2 * n * classes).reshape(2, n, classes) / 160).astype(np.float32)
    f = whole(
        lambda b, s: tf.image.combined_non_max_suppression(
            b, s, each, most, iou_threshold=0.4, score_threshold=least, pad_per_class=pad, clip_boxes=False
        )
    )
    got = [v.numpy() for v in f(boxes, scores)]
    size = min(most, each * classes) if pad else most
    assert got[0].shape == (2, size, 4) and got[1].shape == got[2].shape == (2, size)
    for i in range(2):
        want = chosen(boxes[i], scores[i], each, most, 0.4, least)
        assert got[3][i] == len(want)
        np.testing.assert_allclose(got[1][i][: len(want)], [v[0] for v in want])
        assert got[2][i][: len(want)].tolist() == [v[1] for v in want]
        np.testing.assert_allclose(got[0][i][: len(want)], [v[2] for v in want])
        assert not any(v[i][len(want) :].any() for v in got[:3])


def test_boxes_are_clipped_to_the_image():
    got = tf.image.combined_non_max_suppression([[[[-0.5, 0.2, 0.5, 1.5]]]], [[[0.9]]], 1, 1)
    np.testing.assert_allclose(got.nmsed_boxes.numpy(), [[[0, 0.2, 0.5, 1]]])


IMAGE = np.arange(1, 109, dtype=np.float32).reshape(1, 9, 12, 1)


@HOW
@pytest.mark.parametrize(
    ("how", "offset", "corner"),
    [
        ({}, [0, 0], (3, 4)),
        ({}, [-1, 0.5], (-1, 7)),
        ({"centered": False}, [0.5, 0.25], (4, 3)),
        ({"centered": False, "normalized": False}, [-2, 10], (-2, 10)),
        ({"centered": True, "normalized": False}, [1, 3], (5, 9)),
    ],
)
def test_a_glimpse_is_a_window_and_zero_outside_of_the_image(how, offset, corner, whole):
    wide = np.pad(IMAGE[0, :, :, 0], 20)
    y, x = corner[0] + 20, corner[1] + 20
    f = whole(lambda x, o: tf.image.extract_glimpse(x, (3, 4), o, noise="zero", **how))
    got = f(IMAGE, np.float32([offset])).numpy()
    np.testing.assert_array_equal(got[0, :, :, 0], wide[y : y + 3, x : x + 4])


@pytest.mark.parametrize("noise", ["uniform", "gaussian"])
def test_noise_is_of_the_images_numbers(noise):
    image = np.float32(RNG.normal(7, 3, (1, 9, 12, 1)))
    got = tf.image.extract_glimpse(image, (200, 200), [[0.0, 0.0]], noise=noise).numpy()
    if noise == "uniform":
        assert got.min() >= image.min() and got.max() <= image.max()
        assert got.mean() == pytest.approx((image.min() + image.max()) / 2, abs=0.15)
    else:
        assert got.mean() == pytest.approx(image.mean(), abs=0.1) and got.std() == pytest.approx(image.std(), rel=0.05)


BOXES = np.float32([[[0.2, 0.3, 0.7, 0.8]]])


@HOW
def test_a_random_part_keeps_to_its_ranges_and_shows_enough_of_a_box(whole):
    @whole
    def draw(seed):
        return tf.image.stateless_sample_distorted_bounding_box(
            [60, 80, 3], BOXES, seed, min_object_covered=0.4, aspect_ratio_range=(0.5, 2.0), area_range=(0.1, 0.9)
        )

    seen = set()
    for k in range(60):
        begin, size, box = (v.numpy() for v in draw(tf.constant([k, 3])))
        (y, x, z), (h, w, rest) = begin.tolist(), size.tolist()
        assert z == 0 and rest == -1 and 0 <= y <= y + h <= 60 and 0 <= x <= x + w <= 80
        assert 0.1 <= h * w / 4800 <= 0.9 and 0.5 - 1 / h <= w / h <= 2 + 1 / h
        np.testing.assert_allclose(box[0, 0], [y / 60, x / 80, (y + h) / 60, (x + w) / 80], rtol=1e-6)
        tall, wide = min(y + h, 42) - max(y, 12), min(x + w, 64) - max(x, 24)
        assert max(tall, 0) * max(wide, 0) / (30 * 40) >= 0.4 - 1e-6
        seen.add((y, x, h, w))
    assert len(seen) > 50


def test_where_no_part_will_do_it_is_the_image():
    never = tf.image.sample_distorted_bounding_box([60, 80, 3], [[[0.0, 0.0, 1.0, 1.0]]], min_object_covered=1.0,
                                                   area_range=(0.1, 0.2))  # fmt: skip
    assert never.begin.numpy().tolist() == [0, 0, 0] and never.size.numpy().tolist() == [60, 80, -1]
    assert never.bboxes.numpy().tolist() == [[[0, 0, 1, 1]]]


def test_without_boxes_the_image_is_one_if_that_is_asked_for():
    none = np.zeros((1, 0, 4), np.float32)
    part = tf.image.sample_distorted_bounding_box([60, 80, 3], none, use_image_if_no_bounding_boxes=True)
    assert part.size.numpy()[2] == -1
    with pytest.raises(tf.errors.InvalidArgumentError, match="No bounding boxes provided"):
        tf.image.sample_distorted_bounding_box([60, 80, 3], none)


ERRORS = [
    (lambda: tf.image.draw_bounding_boxes(tf.zeros((1, 4, 4, 2)), [[[0.0, 0, 1, 1]]], None), "Channel depth"),
    (lambda: tf.image.draw_bounding_boxes(tf.zeros((2, 4, 4, 3)), [[[0.0, 0, 1, 1]]], None), "batch sizes"),
    (lambda: tf.image.combined_non_max_suppression(tf.zeros((1, 2, 3, 4)), tf.zeros((1, 2, 2)), 1, 1), "want 1 or 2"),
    (lambda: tf.image.extract_glimpse(IMAGE, (3, 3), [[0.0, 0.0]], noise="loud"), "noise must be"),
    (lambda: tf.image.sample_distorted_bounding_box([60, 80], BOXES), "image_size must contain 3"),
    (lambda: tf.image.sample_distorted_bounding_box([60, 80, 3], BOXES, area_range=(0.5, 0.1)), "area_range"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "message"), ERRORS, ids=[m for _, m in ERRORS])
def test_what_they_do_not_take(f, message):
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match=message):
        f()
