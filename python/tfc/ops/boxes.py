"""Boxes in images (`tf.image`): which of many overlap too much, and what is inside of one."""

import numpy as np

from tfc.core import Tensor, argument_error, at_once, quiet
from tfc.dtypes import float32, int32
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import convert_to_tensor, operand
from tfc.ops.creation import range as range_
from tfc.ops.creation import zeros
from tfc.ops.gather import gather
from tfc.ops.tensor_array import TensorArray


def _number(value, like) -> Tensor:
    return convert_to_tensor(value, like.dtype)


def overlap(boxes, box) -> Tensor:
    """Intersection over union of boxes `[n, 4]` (two opposite corners y, x, y, x) with one; 0 if one has no area."""

    def corners(b):
        y, x, v, u = (b[..., i] for i in range(4))
        return p.minimum(y, v), p.minimum(x, u), p.maximum(y, v), p.maximum(x, u)

    (top, left, bottom, right), (y, x, v, u) = corners(boxes), corners(box)
    zero = _number(0, boxes)
    height = p.maximum(p.sub(p.minimum(bottom, v), p.maximum(top, y)), zero)
    width = p.maximum(p.sub(p.minimum(right, u), p.maximum(left, x)), zero)
    inside = p.mul(height, width)
    areas = p.mul(p.sub(bottom, top), p.sub(right, left)), p.mul(p.sub(v, y), p.sub(u, x))
    together = p.sub(p.add(*areas), inside)
    empty = p.logical_or(p.less_equal(areas[0], zero), p.less_equal(areas[1], zero))
    return p.select(empty, zero, p.div(inside, p.select(empty, _number(1, boxes), together)))


def _overlaps_now(boxes: np.ndarray):
    """`overlap` of boxes with one of them, by its number."""
    y, x, v, u = (boxes[:, i] for i in range(4))
    top, left, bottom, right = np.minimum(y, v), np.minimum(x, u), np.maximum(y, v), np.maximum(x, u)
    areas = (bottom - top) * (right - left)

    def overlap_with(i):
        height = np.maximum(np.minimum(bottom, bottom[i]) - np.maximum(top, top[i]), 0)
        inside = height * np.maximum(np.minimum(right, right[i]) - np.maximum(left, left[i]), 0)
        empty = (areas <= 0) | (areas[i] <= 0)
        return np.where(empty, 0, inside / np.where(empty, 1, areas + areas[i] - inside)).astype(boxes.dtype)

    return overlap_with


def _chosen_now(overlap_with, scores: np.ndarray, limit, threshold, least, sigma) -> tuple:
    """`_chosen` of arrays: the same numbers, without some fifteen primitives for each."""
    kind, now, alive = scores.dtype.type, scores, scores > least
    indices, values = [], []
    while len(indices) < limit and alive.any():
        best = int(np.argmax(np.where(alive, now, kind(-np.inf))))
        indices.append(best)
        values.append(now[best])
        overlaps = overlap_with(best)
        alive = alive & (overlaps <= threshold)
        if sigma:
            now = now * p.exp.meaning(kind(-0.5 / sigma) * (overlaps * overlaps))
        alive &= now > least
        alive[best] = False
    return p.constant(value=np.array(indices, np.int32)), p.constant(value=np.array(values, scores.dtype))


def _chosen(overlap_with, arrays, scores, max_output_size, threshold, score_threshold, sigma=0.0) -> tuple:
    """(numbers, scores) of boxes, the best first; one overlapping a chosen one by more than `threshold` is dropped, and
    with `sigma` the scores of others fall with the overlap.

    `arrays`: (f, x), where f(the array of x) is what overlaps with a box, given its number, for arrays.
    """
    limit = p.cast(convert_to_tensor(max_output_size), dtype=int32)
    least, threshold = convert_to_tensor(score_threshold, scores.dtype), convert_to_tensor(threshold, scores.dtype)
    of_arrays, source = arrays
    if at_once(source, scores, limit, least, threshold):
        with quiet():
            return _chosen_now(
                of_arrays(source.numpy()), scores.numpy(), int(limit), threshold.numpy(), least.numpy(), sigma
            )
    lowest = _number(float("-inf"), scores)
    numbers = range_(shape(scores)[0])
    one = convert_to_tensor(1, int32)

    def going(count, alive, now, indices, values):
        return p.logical_and(p.less(count, limit), p.reduce_any(alive, axes=(0,), keepdims=False))

    def step(count, alive, now, indices, values):
        best = p.argmax(p.select(alive, now, lowest), axis=0, dtype=int32)
        found = gather(now, best)
        overlaps = overlap_with(best)
        kept = p.logical_and(alive, p.less_equal(overlaps, threshold))
        if sigma:
            scale = _number(-0.5 / sigma, scores)
            now = p.mul(now, p.exp(p.mul(scale, p.mul(overlaps, overlaps))))
        kept = p.logical_and(kept, p.logical_and(p.greater(now, least), p.not_equal(numbers, best)))
        return p.add(count, one), kept, now, indices.write(count, best), values.write(count, found)

    lists = [TensorArray(t, 0, dynamic_size=True, element_shape=[]) for t in (int32, scores.dtype)]
    alive = p.greater(scores, least)
    _, _, _, indices, values = while_loop(going, step, (convert_to_tensor(0, int32), alive, scores, *lists))
    return indices.stack(), values.stack()


def _boxes_and_scores(op, boxes, scores) -> tuple:
    boxes, scores = operand(op, boxes, "f"), operand(op, scores, "f")
    if boxes.shape_tuple is not None and (len(boxes.shape_tuple) != 2 or boxes.shape_tuple[1] not in (4, None)):
        raise argument_error(None, op, f"boxes must be 2-D with 4 columns, got {boxes.shape}")
    if scores.shape_tuple is not None and len(scores.shape_tuple) != 1:
        raise argument_error(None, op, f"scores must be 1-D, got {scores.shape}")
    _check_count(op, boxes, scores, "boxes")
    return boxes, scores


def _check_count(op, boxes, scores, what):
    if boxes.shape_tuple and scores.shape_tuple and not boxes.shape[:1].is_compatible_with(scores.shape):
        raise argument_error(
            None,
            op,
            f"scores has incompatible shape: want one for each of the {boxes.shape_tuple[0]} {what}, "
            f"got {scores.shape_tuple[0]}",
        )


def non_max_suppression(
    boxes, scores, max_output_size, iou_threshold=0.5, score_threshold=float("-inf"), name=None
) -> Tensor:
    """The numbers of at most `max_output_size` boxes, the best first, of which no two overlap by more than
    `iou_threshold` (intersection over union), and whose scores are above `score_threshold`.
    """
    boxes, scores = _boxes_and_scores("non_max_suppression", boxes, scores)
    with_box = lambda i: overlap(boxes, gather(boxes, i))
    return _chosen(with_box, (_overlaps_now, boxes), scores, max_output_size, iou_threshold, score_threshold)[0]


def non_max_suppression_with_scores(
    boxes,
    scores,
    max_output_size,
    iou_threshold=0.5,
    score_threshold=float("-inf"),
    soft_nms_sigma=0.0,
    name=None,
) -> tuple:
    """As `non_max_suppression`, with the scores. With `soft_nms_sigma` the score of a box is multiplied by
    exp(-overlap**2 / (2 sigma)) for each chosen box that it overlaps.

    Source: Bodla et al., "Soft-NMS: improving object detection with one line of code", ICCV 2017.
    """
    boxes, scores = _boxes_and_scores("non_max_suppression_with_scores", boxes, scores)
    with_box = lambda i: overlap(boxes, gather(boxes, i))
    sigma = float(soft_nms_sigma)
    # Soft suppression is by scores alone.
    threshold = 1.0 if sigma else iou_threshold
    return _chosen(with_box, (_overlaps_now, boxes), scores, max_output_size, threshold, score_threshold, sigma)


def non_max_suppression_overlaps(
    overlaps, scores, max_output_size, overlap_threshold=0.5, score_threshold=float("-inf"), name=None
) -> Tensor:
    """As `non_max_suppression`, from the overlaps `[n, n]` of boxes."""
    op = "non_max_suppression_overlaps"
    overlaps, scores = operand(op, overlaps, "f"), operand(op, scores, "f")
    if overlaps.shape_tuple is not None and (
        len(overlaps.shape_tuple) != 2 or len(set(overlaps.shape_tuple) - {None}) > 1
    ):
        raise argument_error(None, op, f"overlaps must be a square matrix, got {overlaps.shape}")
    if scores.shape_tuple is not None and len(scores.shape_tuple) != 1:
        raise argument_error(None, op, f"scores must be 1-D, got {scores.shape}")
    _check_count(op, overlaps, scores, "rows of overlaps")
    column = lambda i: gather(overlaps, i, axis=1)
    return _chosen(
        column, (lambda x: lambda i: x[:, i], overlaps), scores, max_output_size, overlap_threshold, score_threshold
    )[0]


def crop_and_resize(
    image, boxes, box_indices, crop_size, method="bilinear", extrapolation_value=0.0, name=None
) -> Tensor:
    """`[boxes, height, width, channels]` of images `[batch, height, width, channels]`: what is in boxes (y, x, y, x,
    from 0 to 1), sampled at `crop_size` points, between pixels (`bilinear`) or at the nearest one. Points outside have
    the `extrapolation_value`.
    """
    if method not in ("bilinear", "nearest"):
        raise ValueError(f"method must be 'bilinear' or 'nearest', got {method!r}")
    x = convert_to_tensor(image)
    if x.shape_tuple is not None and len(x.shape_tuple) != 4:
        raise argument_error(None, "crop_and_resize", f"image must be 4-D, got {x.shape}")
    x = x if x.dtype is float32 else p.cast(x, dtype=float32)
    boxes, which = convert_to_tensor(boxes, float32), convert_to_tensor(box_indices, int32)
    if boxes.shape_tuple is not None and (len(boxes.shape_tuple) != 2 or boxes.shape_tuple[1] not in (4, None)):
        raise argument_error(None, "crop_and_resize", f"boxes must have shape [number, 4], got {boxes.shape}")
    if which.shape_tuple is not None and len(which.shape_tuple) != 1:
        raise argument_error(None, "crop_and_resize", f"box_indices must be 1-D, got {which.shape}")
    size = convert_to_tensor(crop_size, int32)
    if size.shape_tuple not in ((2,), (None,), None):
        raise argument_error(None, "crop_and_resize", f"crop_size must be two numbers, got shape {size.shape}")
    outside = convert_to_tensor(extrapolation_value, float32)
    axes = [_samples(boxes[:, i], boxes[:, i + 2], size[i], shape(x)[i + 1]) for i in (0, 1)]

    def pixels(rows, columns):
        """The pixels at these rows and columns of each box's image."""
        at = p.expand_dims(p.expand_dims(which, axes=(1,)), axes=(2,))
        zeros_ = p.mul(p.add(rows, columns), convert_to_tensor(0, int32))
        index = [p.expand_dims(p.add(v, zeros_), axes=(3,)) for v in (at, rows, columns)]
        return p.gather_nd(x, concat(index, 3), batch_dims=0)

    def wide(rows, columns):
        return p.expand_dims(rows, axes=(2,)), p.expand_dims(columns, axes=(1,))

    (top, bottom, down, in_rows), (left, right, across, in_columns) = axes
    if method == "nearest":
        half = convert_to_tensor(0.5, float32)
        rows, columns = (
            p.cast(p.floor(p.add(p.add(p.cast(low, dtype=float32), part), half)), dtype=int32)
            for low, part in ((top, down), (left, across))
        )
        found = pixels(*wide(rows, columns))
    else:
        down, across = (p.expand_dims(v, axes=(3,)) for v in wide(down, across))
        above, below = (
            p.add(a, p.mul(p.sub(b, a), across))
            for a, b in ((pixels(*wide(row, left)), pixels(*wide(row, right))) for row in (top, bottom))
        )
        found = p.add(above, p.mul(p.sub(below, above), down))
    inside = p.logical_and(*wide(in_rows, in_columns))
    return p.select(p.expand_dims(inside, axes=(3,)), found, outside)


def _samples(start, stop, count, size) -> tuple:
    """(The pixel before each sample, the one behind it, how far it is between them, whether it is inside): of each box
    a row of `count` samples.
    """
    last = p.cast(p.sub(size, convert_to_tensor(1, int32)), dtype=float32)
    steps = p.cast(range_(count), dtype=float32)
    one, zero = convert_to_tensor(1.0, float32), convert_to_tensor(0.0, float32)
    several = p.greater(count, convert_to_tensor(1, int32))
    spread = p.div(last, p.maximum(p.cast(p.sub(count, convert_to_tensor(1, int32)), dtype=float32), one))
    first, span = (p.expand_dims(v, axes=(1,)) for v in (start, p.sub(stop, start)))
    along = p.add(p.mul(first, last), p.mul(steps, p.mul(span, spread)))
    middle = p.mul(p.mul(p.add(first, p.expand_dims(stop, axes=(1,))), convert_to_tensor(0.5, float32)), last)
    at = p.select(several, along, p.add(middle, p.mul(steps, zero)))
    inside = p.logical_and(p.greater_equal(at, zero), p.less_equal(at, last))
    at = p.minimum(p.maximum(at, zero), last)
    low = p.floor(at)
    return p.cast(low, dtype=int32), p.cast(p.ceil(at), dtype=int32), p.sub(at, low), inside


def non_max_suppression_padded(
    boxes,
    scores,
    max_output_size,
    iou_threshold=0.5,
    score_threshold=float("-inf"),
    pad_to_max_output_size=False,
    name=None,
    sorted_input=False,
    canonicalized_coordinates=False,
    tile_size=512,
) -> tuple:
    """(As `non_max_suppression`, filled up with zeros to `max_output_size` with `pad_to_max_output_size`; how many
    there are.)
    """
    found = non_max_suppression(boxes, scores, max_output_size, iou_threshold, score_threshold)
    count = shape(found)[0]
    if pad_to_max_output_size:
        limit = p.cast(convert_to_tensor(max_output_size), dtype=int32)
        found = concat([found, zeros(reshape(p.sub(limit, count), [1]), int32)], 0)
    return found, count
