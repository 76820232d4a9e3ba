"""What programs that look for objects do with images (`tf.image`): boxes drawn, chosen for many classes at once, and
drawn at random; glimpses.
"""

from collections import namedtuple

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import float32, int32, int64
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape
from tfc.ops.blocks import sizes_of
from tfc.ops.boxes import overlap
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import convert_to_tensor, flag, integer, number, operand, sequence
from tfc.ops.creation import range as range_
from tfc.ops.creation import zeros
from tfc.ops.gather import gather, top_k
from tfc.ops.random import normal, stateless_uniform, uniform
from tfc.ops.shapes import rank_of
from tfc.ops.tensor_array import TensorArray

CombinedNonMaxSuppression = namedtuple(
    "CombinedNonMaxSuppression", ["nmsed_boxes", "nmsed_scores", "nmsed_classes", "valid_detections"]
)

# Yellow, blue, red, lime, purple, olive, maroon, navy, aqua and fuchsia, opaque.
_COLORS = np.array(
    [
        [1, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0.5, 0, 0.5, 1], [0.5, 0.5, 0, 1], [0.5, 0, 0, 1],
        [0, 0, 0.5, 1], [0, 1, 1, 1], [1, 0, 1, 1],
    ],
    np.float32,
)  # fmt: skip


def _f32(value) -> Tensor:
    return convert_to_tensor(value, float32)


def _i64(value) -> Tensor:
    return convert_to_tensor(value, int64)


def _size(value) -> Tensor:
    """A size of `sizes_of` as a float32 scalar."""
    return p.cast(value, dtype=float32) if isinstance(value, Tensor) else _f32(float(value))


# Boxes drawn.


def draw_bounding_boxes(images, boxes, colors, name=None) -> Tensor:
    """`[batch, height, width, depth]` images with the outlines of boxes `[batch, n, 4]` (y, x, y, x from 0 to 1) in
    `colors` `[m, depth]` that take turns; None for ten colors. What is outside of the image is not drawn.
    """
    op = "draw_bounding_boxes"
    x, boxes = operand(op, images, "f"), convert_to_tensor(boxes, float32)
    if rank_of(x, op) != 4 or x.shape_tuple[3] not in (1, 3, 4, None):
        raise argument_error(None, op, f"Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA), got {x.shape}")
    if rank_of(boxes, op) != 3 or boxes.shape_tuple[2] not in (4, None):
        raise argument_error(None, op, f"boxes must have shape [batch, n, 4], got {boxes.shape}")
    if not x.shape[:1].is_compatible_with(boxes.shape[:1]):
        raise argument_error(None, op, f"The batch sizes should be the same, got {x.shape} and {boxes.shape}")
    _, height, width, depth = sizes_of(x)
    table = _colors(op, colors, depth)
    last_row, last_column = (p.sub(_size(n), _f32(1.0)) for n in (height, width))
    scale = p.concat(*(p.expand_dims(s, axes=(0,)) for s in (last_row, last_column, last_row, last_column)), axis=0)
    # Whole pixels, towards zero; [batch, box, 1, 1] each.
    corners = p.cast(p.cast(p.mul(boxes, scale), dtype=int64), dtype=float32)
    top, left, bottom, right = (p.expand_dims(corners[..., i], axes=(2, 3)) for i in range(4))
    rows = p.expand_dims(p.cast(_indices(height), dtype=float32), axes=(1,))
    columns = p.expand_dims(p.cast(_indices(width), dtype=float32), axes=(0,))
    count = shape(boxes)[1]

    def step(k, last):
        y, x_, v, u = (gather(c, k, axis=1) for c in (top, left, bottom, right))
        in_rows = p.logical_and(p.greater_equal(rows, y), p.less_equal(rows, v))
        in_columns = p.logical_and(p.greater_equal(columns, x_), p.less_equal(columns, u))
        across = p.logical_and(in_columns, p.logical_or(p.equal(rows, y), p.equal(rows, v)))
        down = p.logical_and(in_rows, p.logical_or(p.equal(columns, x_), p.equal(columns, u)))
        # A box that is turned around is none.
        proper = p.logical_and(p.less_equal(y, v), p.less_equal(x_, u))
        hit = p.logical_and(p.logical_or(p.logical_and(across, in_rows), p.logical_and(down, in_columns)), proper)
        k = p.add(k, convert_to_tensor(1, int32))
        return k, p.select(hit, k, last)

    zero = convert_to_tensor(0, int32)
    # The last box that covers each pixel, from 1 on.
    start = (zero, zeros(shape(x)[:3], int32))
    last = while_loop(lambda k, last: p.less(k, count), step, start)[1]
    number_ = p.floor_mod(p.maximum(p.sub(last, convert_to_tensor(1, int32)), zero), shape(table)[0])
    painted = gather(p.cast(table, dtype=x.dtype), number_)
    return p.select(p.expand_dims(p.greater(last, zero), axes=(3,)), painted, x)


def _indices(size) -> Tensor:
    return range_(size, dtype=int64)


def _colors(op, colors, depth) -> Tensor:
    if colors is not None:
        table = convert_to_tensor(colors, float32)
        if rank_of(table, op) != 2:
            raise argument_error(None, op, f"colors must be a 2-D matrix, got {table.shape}")
        if 0 not in table.shape_tuple[:1]:
            if isinstance(depth, int) and table.shape_tuple[1] is not None and table.shape_tuple[1] < depth:
                raise argument_error(
                    None, op, f"colors must have equal or more channels than images, got {table.shape}"
                )
            return table[:, :depth]
    table = _COLORS.copy()
    if depth == 1:
        table[:, 0] = 1
    return p.constant(value=table)[:, :depth]


# Boxes chosen.


def combined_non_max_suppression(
    boxes,
    scores,
    max_output_size_per_class,
    max_total_size,
    iou_threshold=0.5,
    score_threshold=float("-inf"),
    pad_per_class=False,
    clip_boxes=True,
    name=None,
) -> CombinedNonMaxSuppression:
    """Of boxes `[batch, n, 1 or classes, 4]` with scores `[batch, n, classes]` those that
    `tf.image.non_max_suppression` chooses for each class, and of all of them the best of each image: boxes, scores and
    classes (zeros fill them up to `max_total_size`), and how many there are.
    """
    op = "combined_non_max_suppression"
    boxes, scores = operand(op, boxes, "f"), operand(op, scores, "f")
    if rank_of(boxes, op) != 4 or boxes.shape_tuple[3] not in (4, None):
        raise argument_error(None, op, f"boxes must be 4-D with 4 columns, got {boxes.shape}")
    if rank_of(scores, op) != 3 or not boxes.shape[:2].is_compatible_with(scores.shape[:2]):
        raise argument_error(None, op, f"want scores [batch, n, classes] for boxes {boxes.shape}, got {scores.shape}")
    classes = scores.shape_tuple[2]
    if classes is None:
        raise NotImplementedError(f"{op} needs a number of classes that is known while tracing")
    if boxes.shape_tuple[2] not in (1, classes):
        raise argument_error(None, op, f"boxes for {boxes.shape_tuple[2]} classes, want 1 or {classes}")
    each, most = (
        integer(max_output_size_per_class, "max_output_size_per_class"),
        integer(max_total_size, "max_total_size"),
    )
    threshold, least = number(iou_threshold, "iou_threshold"), number(score_threshold, "score_threshold")
    if each <= 0 or most <= 0:
        raise argument_error(None, op, f"max_output_size_per_class and max_total_size must be > 0, got {each}, {most}")
    if not 0 <= threshold <= 1:
        raise argument_error(None, op, f"iou_threshold must be in [0, 1], got {threshold}")
    if flag(pad_per_class, "pad_per_class"):
        most = min(most, each * classes)
    boxes, scores = p.transpose(boxes, perm=(0, 2, 1, 3)), p.transpose(scores, perm=(0, 2, 1))
    found, values = _chosen_of_classes(boxes, scores, each, threshold, least)
    # [batch, class * place]: classes one after the other.
    count = each * classes
    flat = [reshape(p.transpose(v, perm=(1, 2, 0)), [shape(v)[1], count]) for v in (found, values)]
    if count < most:
        fill = convert_to_tensor(float("-inf"), scores.dtype)
        flat = [
            p.pad(v, f, low=(0, 0), high=(0, most - count))
            for v, f in zip(flat, (convert_to_tensor(0, int32), fill), strict=True)
        ]
    best, at = top_k(flat[1], most)
    valid = p.greater(best, convert_to_tensor(float("-inf"), scores.dtype))
    zero = convert_to_tensor(0, scores.dtype)
    of_class = p.minimum(p.floor_div(at, convert_to_tensor(each, int32)), convert_to_tensor(classes - 1, int32))
    row = gather(flat[0], at, batch_dims=1)
    table = of_class if boxes.shape_tuple[1] != 1 else p.mul(of_class, convert_to_tensor(0, int32))
    picked = p.gather_nd(boxes, p.concat(*(p.expand_dims(v, axes=(2,)) for v in (table, row)), axis=2), batch_dims=1)
    if flag(clip_boxes, "clip_boxes"):
        picked = p.minimum(p.maximum(picked, zero), convert_to_tensor(1, scores.dtype))
    return CombinedNonMaxSuppression(
        p.select(p.expand_dims(valid, axes=(2,)), picked, zero),
        p.select(valid, best, zero),
        p.select(valid, p.cast(of_class, dtype=scores.dtype), zero),
        p.reduce_sum(p.cast(valid, dtype=int32), axes=(1,), keepdims=False),
    )


def _chosen_of_classes(boxes, scores, each, threshold, least) -> tuple:
    """(numbers, scores) `[each, batch, classes]`, the best first; -inf where nothing is left. All classes of all images
    take a step together.
    """
    lowest, limit = convert_to_tensor(float("-inf"), scores.dtype), convert_to_tensor(threshold, scores.dtype)
    numbers = range_(shape(scores)[2])
    total, one = convert_to_tensor(each, int32), convert_to_tensor(1, int32)

    def step(k, alive, indices, values):
        best = p.argmax(p.select(alive, scores, lowest), axis=2, dtype=int32)
        at = p.expand_dims(best, axes=(2,))
        some = p.reduce_any(alive, axes=(2,), keepdims=False)
        value = p.select(some, p.squeeze(gather(scores, at, batch_dims=2), axes=(2,)), lowest)
        if boxes.shape_tuple[1] == 1:
            box = p.expand_dims(gather(p.squeeze(boxes, axes=(1,)), best, batch_dims=1), axes=(2,))
        else:
            box = gather(boxes, at, batch_dims=2)
        kept = p.logical_and(p.less_equal(overlap(boxes, box), limit), p.not_equal(numbers, at))
        return p.add(k, one), p.logical_and(alive, kept), indices.write(k, best), values.write(k, value)

    alive = p.greater(scores, convert_to_tensor(least, scores.dtype))
    of = scores.shape_tuple[:2]
    lists = [TensorArray(t, each, element_shape=of) for t in (int32, scores.dtype)]
    start = (convert_to_tensor(0, int32), alive, *lists)
    _, _, indices, values = while_loop(lambda k, *_: p.less(k, total), step, start)
    return indices.stack(), values.stack()


# Glimpses.


def extract_glimpse(input, size, offsets, centered=True, normalized=True, noise="uniform", name=None) -> Tensor:
    """A window of `size` (height, width) of each of `[batch, height, width, channels]` images, at `offsets`
    `[batch, 2]` (y, x): those of its middle from -1 to 1, with 0 in the middle of the image; if they are not
    `centered`, those of its first pixel from 0 to 1; if they are not `normalized`, in pixels (then from the middle of
    the image to the first one, if they are `centered`).

    Pixels outside of the images are noise: "uniform" (between their smallest and largest number), "gaussian" (with mean
    and deviation of the image) or "zero".
    """
    op = "extract_glimpse"
    x, offsets = convert_to_tensor(input, float32), convert_to_tensor(offsets, float32)
    if rank_of(x, op) != 4:
        raise argument_error(None, op, f"input must be 4-dimensional, got shape {x.shape}")
    if rank_of(offsets, op) != 2 or offsets.shape_tuple[1] not in (2, None):
        raise argument_error(None, op, f"offsets must have shape [batch, 2], got {offsets.shape}")
    if noise not in ("uniform", "gaussian", "zero"):
        raise ValueError(f"{op}: noise must be 'uniform', 'gaussian' or 'zero', got {noise!r}")
    centered, normalized = flag(centered, "centered"), flag(normalized, "normalized")
    wanted = convert_to_tensor(size, int32)
    inside, places = None, []
    for i, n in enumerate(sizes_of(x)[1:3]):
        length, whole = _size(n), p.cast(wanted[i], dtype=float32)
        start = offsets[:, i]
        if normalized:
            start = p.mul(start, length)
        if centered and normalized:
            start = p.mul(p.sub(p.add(start, length), whole), _f32(0.5))
        elif centered:
            start = p.add(start, p.mul(length, _f32(0.5)))
        start = p.cast(start, dtype=int64)
        at = p.add(p.expand_dims(start, axes=(1,)), range_(p.cast(wanted[i], dtype=int64), dtype=int64))
        end = p.cast(length, dtype=int64)
        within = p.logical_and(p.greater_equal(at, _i64(0)), p.less(at, end))
        within = p.expand_dims(within, axes=(2 - i,))
        inside = within if inside is None else p.logical_and(inside, within)
        places.append(p.maximum(p.minimum(at, p.sub(end, _i64(1))), _i64(0)))
    seen = gather(gather(x, places[0], axis=1, batch_dims=1), places[1], axis=2, batch_dims=1)
    return p.select(p.expand_dims(inside, axes=(3,)), seen, _noise(noise, x, seen))


def _noise(kind, x, like) -> Tensor:
    if kind == "zero":
        return _f32(0.0)
    if kind == "uniform":
        low = p.reduce_min(x, axes=(0, 1, 2, 3), keepdims=False)
        high = p.reduce_max(x, axes=(0, 1, 2, 3), keepdims=False)
        return p.add(low, p.mul(uniform(shape(like)), p.sub(high, low)))
    count = p.cast(p.mul(shape(x)[1], shape(x)[2]), dtype=float32)
    mean = p.div(p.reduce_sum(x, axes=(1, 2), keepdims=True), count)
    away = p.sub(x, mean)
    deviation = p.sqrt(p.div(p.reduce_sum(p.mul(away, away), axes=(1, 2), keepdims=True), count))
    return p.add(mean, p.mul(deviation, normal(shape(like))))


# Boxes drawn at random.

BoundingBoxSample = namedtuple("SampleDistortedBoundingBoxV2", ["begin", "size", "bboxes"])


def sample_distorted_bounding_box(
    image_size,
    bounding_boxes,
    seed=0,
    min_object_covered=0.1,
    aspect_ratio_range=None,
    area_range=None,
    max_attempts=None,
    use_image_if_no_bounding_boxes=None,
    name=None,
) -> BoundingBoxSample:
    """A random part of an image of `image_size` (height, width, channels), in which at least `min_object_covered` of
    one of the `bounding_boxes` `[batch, n, 4]` is: `begin` and `size` for `tf.slice`, and the part as a box
    `[1, 1, 4]`.

    Its ratio of width to height and its share of the area are in the ranges; where `max_attempts` find none, it is the
    whole image.
    """
    options = _options(min_object_covered, aspect_ratio_range, area_range, max_attempts, use_image_if_no_bounding_boxes)
    drawn = uniform([options["attempts"], 4], seed=integer(seed, "seed") or None)
    return _distorted("sample_distorted_bounding_box", image_size, bounding_boxes, drawn, options)


def stateless_sample_distorted_bounding_box(
    image_size,
    bounding_boxes,
    seed,
    min_object_covered=0.1,
    aspect_ratio_range=None,
    area_range=None,
    max_attempts=None,
    use_image_if_no_bounding_boxes=None,
    name=None,
) -> BoundingBoxSample:
    """As `tf.image.sample_distorted_bounding_box`, a function of `seed` (two integers)."""
    options = _options(min_object_covered, aspect_ratio_range, area_range, max_attempts, use_image_if_no_bounding_boxes)
    drawn = stateless_uniform([options["attempts"], 4], seed)
    return _distorted("stateless_sample_distorted_bounding_box", image_size, bounding_boxes, drawn, options)


def _options(covered, ratios, areas, attempts, use_image) -> dict:
    ratios, areas = (
        [number(v, n) for v in sequence(given, n)]
        for given, n in (
            ((0.75, 1.33) if ratios is None else ratios, "aspect_ratio_range"),
            ((0.05, 1.0) if areas is None else areas, "area_range"),
        )
    )
    attempts = 100 if attempts is None else integer(attempts, "max_attempts")
    op = "sample_distorted_bounding_box"
    for name, pair in (("aspect_ratio_range", ratios), ("area_range", areas)):
        if len(pair) != 2 or not 0 < pair[0] <= pair[1]:
            raise argument_error(None, op, f"{name} must be two positive numbers in order, got {pair}")
    if areas[1] > 1:
        raise argument_error(None, op, f"area_range must be at most 1, got {areas}")
    if attempts < 1:
        raise argument_error(None, op, f"max_attempts must be positive, got {attempts}")
    return {
        "covered": covered, "ratios": ratios, "areas": areas, "attempts": attempts, "whole": bool(use_image),
    }  # fmt: skip


def _distorted(op, image_size, bounding_boxes, drawn, options) -> BoundingBoxSample:
    size, boxes = convert_to_tensor(image_size), convert_to_tensor(bounding_boxes, float32)
    if not size.dtype.is_integer or rank_of(size, op) != 1 or size.shape_tuple[0] not in (3, None):
        raise argument_error(None, op, f"image_size must contain 3 integers [height, width, channels], got {size!r}")
    if rank_of(boxes, op) != 3 or boxes.shape_tuple[2] not in (4, None):
        raise argument_error(None, op, f"bounding_boxes must have shape [batch, n, 4], got {boxes.shape}")
    boxes = reshape(boxes, [-1, 4])
    if boxes.shape_tuple[0] == 0 and not options["whole"]:
        raise argument_error(
            None, op, "No bounding boxes provided as input. One must enable use_image_if_no_bounding_boxes "
        )
    if options["whole"] and boxes.shape_tuple[0] in (0, None):
        # The image as one box more, with no area where there are others.
        none = p.cast(p.equal(shape(boxes)[0], convert_to_tensor(0, int32)), dtype=float32)
        image = p.mul(p.constant(value=np.array([[0, 0, 1, 1]], np.float32)), none)
        boxes = concat([boxes, image], 0)
    height, width = (p.cast(size[i], dtype=float32) for i in (0, 1))
    y, x, h, w, fits = _tries(height, width, drawn, options)
    parts = [p.expand_dims(v, axes=(1,)) for v in (y, x, p.add(y, h), p.add(x, w))]
    corners = [p.mul(boxes[:, i], height if i % 2 == 0 else width) for i in range(4)]
    zero, one = _f32(0.0), _f32(1.0)
    tall, wide = (
        p.maximum(p.sub(p.minimum(parts[i + 2], corners[i + 2]), p.maximum(parts[i], corners[i])), zero) for i in (0, 1)
    )
    areas = p.mul(p.sub(corners[2], corners[0]), p.sub(corners[3], corners[1]))
    large = p.greater_equal(areas, one)
    share = p.div(p.mul(tall, wide), p.select(large, areas, one))
    enough = p.logical_and(large, p.greater_equal(share, convert_to_tensor(options["covered"], float32)))
    good = p.logical_and(fits, p.reduce_any(enough, axes=(1,), keepdims=False))
    first = p.argmax(p.cast(good, dtype=int32), axis=0, dtype=int64)
    found = p.reduce_any(good, axes=(0,), keepdims=False)
    y, x, h, w = (
        p.select(found, gather(v, first), other)
        for v, other in zip((y, x, h, w), (zero, zero, height, width), strict=True)
    )
    bounds = [p.div(y, height), p.div(x, width), p.div(p.add(y, h), height), p.div(p.add(x, w), width)]
    vector = lambda *values: p.concat(*(p.expand_dims(v, axes=(0,)) for v in values), axis=0)
    return BoundingBoxSample(
        vector(*(p.cast(v, dtype=size.dtype) for v in (y, x, zero))),
        vector(*(p.cast(v, dtype=size.dtype) for v in (h, w, _f32(-1.0)))),
        p.reshape(vector(*bounds), shape=(1, 1, 4)),
    )


def _tries(height, width, drawn, options) -> tuple:
    """(y, x, height, width, whether it keeps to the ranges) of random parts, in whole pixels."""
    u = [drawn[:, i] for i in range(4)]
    low, high = options["ratios"]
    half, one = _f32(0.5), _f32(1.0)
    ratio = p.add(p.mul(u[0], _f32(high - low)), _f32(low))
    least, most = (p.mul(p.mul(height, width), _f32(v)) for v in options["areas"])
    rounded = lambda v: p.floor(p.add(v, half))
    tallest = p.minimum(rounded(p.sqrt(p.div(most, ratio))), p.floor(p.div(p.add(width, half), ratio)))
    tallest = p.minimum(tallest, height)
    lowest = p.minimum(rounded(p.sqrt(p.div(least, ratio))), tallest)
    h = p.add(lowest, p.floor(p.mul(u[1], p.add(p.sub(tallest, lowest), one))))
    w = p.minimum(rounded(p.mul(h, ratio)), width)
    # Rounding may leave the range by less than a row.
    area = p.mul(h, w)
    h = p.select(p.less(area, least), p.add(h, one), p.select(p.greater(area, most), p.sub(h, one), h))
    w = p.minimum(rounded(p.mul(h, ratio)), width)
    area = p.mul(h, w)
    fits = p.logical_and(p.greater_equal(area, p.maximum(least, one)), p.less_equal(area, most))
    fits = p.logical_and(fits, p.less_equal(h, height))
    y, x = (p.floor(p.mul(v, p.add(p.sub(all_, n), one))) for v, all_, n in ((u[2], height, h), (u[3], width, w)))
    return p.maximum(y, _f32(0.0)), p.maximum(x, _f32(0.0)), h, w, fits
