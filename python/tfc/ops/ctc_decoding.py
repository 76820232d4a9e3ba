"""What comes out of networks trained with `tf.nn.ctc_loss`: sequences of labels."""

from typing import NamedTuple

from tfc.core import Tensor, argument_error
from tfc.dtypes import TensorShape, int32, int64
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape, stack
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import convert_to_tensor, integer, operand
from tfc.ops.creation import fill, zeros
from tfc.ops.creation import range as range_
from tfc.ops.functional import map_fn
from tfc.ops.gather import boolean_mask, gather, gather_nd, tensor_scatter_nd_update, top_k
from tfc.ops.nn import log_softmax
from tfc.ops.shapes import rank_of
from tfc.ops.sparse import SparseTensor
from tfc.ops.unique import unique


def _runs(x, inside) -> Tensor:
    """Of each row, the elements `inside` that differ from the one before."""
    changed = p.not_equal(x[:, 1:], x[:, :-1])
    first = p.equal(x[:, :1], x[:, :1])
    return p.logical_and(inside, concat([first, changed], 1))


def _places(kept) -> tuple:
    """(For each element how many of its row are kept before it, how many are kept in all): int32."""
    count = p.cast(kept, dtype=int32)
    return p.cumsum(count, axis=1, exclusive=True, reverse=False), p.reduce_sum(count, axes=(1,), keepdims=False)


def _longest(lengths):
    return p.reduce_max(concat([zeros([1], lengths.dtype), lengths], 0), axes=(0,), keepdims=False)


def ctc_greedy_decoder(inputs, sequence_length, merge_repeated=True, blank_index=None) -> tuple:
    """([a SparseTensor `[batch, longest]` of labels], minus the sum of the largest logits `[batch, 1]`) of logits
    `[time, batch, classes]`: the best class of each step, repeated ones once (`merge_repeated`), without blanks (the
    last class, or `blank_index`).
    """
    x = operand("ctc_greedy_decoder", inputs, "f")
    if x.shape_tuple is None or len(x.shape_tuple) != 3:
        raise argument_error(
            None, "ctc_greedy_decoder", f"inputs is not a 3-Tensor [time, batch, classes], got {x.shape}"
        )
    classes = x.shape_tuple[2]
    blank = -1 if blank_index is None else integer(blank_index, "blank_index")
    if classes is not None and not -classes <= blank < classes:
        raise argument_error(None, "ctc_greedy_decoder", f"blank_index is not in [{-classes}, {classes}), got {blank}")
    count = p.cast(shape(x)[2], dtype=int64)
    wanted = p.add(convert_to_tensor(blank, int64), count) if blank < 0 else convert_to_tensor(blank, int64)
    best = p.transpose(p.argmax(x, axis=2, dtype=int64), perm=(1, 0))
    top = p.transpose(p.reduce_max(x, axes=(2,), keepdims=False), perm=(1, 0))
    steps = p.expand_dims(range_(shape(x)[0]), axes=(0,))
    lengths = p.cast(convert_to_tensor(sequence_length), dtype=int32)
    if not x.shape[1:2].is_compatible_with(lengths.shape):
        raise argument_error(
            None,
            "ctc_greedy_decoder",
            f"len(sequence_length) != batch_size: want shape [{x.shape_tuple[1]}], got {lengths.shape}",
        )
    p.assert_(
        p.reduce_all(p.less_equal(lengths, shape(x)[0]), axes=(0,), keepdims=False),
        lengths,
        message="ctc_greedy_decoder: sequence_length must be at most the number of steps, got",
        summarize=8,
    )
    inside = p.less(steps, p.expand_dims(lengths, axes=(1,)))
    kept = _runs(best, inside) if merge_repeated else inside
    kept = p.logical_and(kept, p.not_equal(best, wanted))
    place, number = _places(kept)
    at = p.nonzero(kept)
    indices = stack([at[:, 0], p.cast(gather_nd(place, at), dtype=int64)], 1)
    sizes = stack([shape(x, int64)[1], p.cast(_longest(number), dtype=int64)])
    zero = convert_to_tensor(0, x.dtype)
    score = p.reduce_sum(p.select(inside, p.neg(top), zero), axes=(1,), keepdims=True)
    return [SparseTensor(indices, gather_nd(best, at), sizes)], score


# The logarithm of a probability of 0 that sums and maxima of logarithms stay finite with.
_NEVER = -1e30


class _Beams(NamedTuple):
    """The best sequences so far: `[batch, width]` each, `labels` also `[..., time]`, filled up with -1.

    `blank`, `label`: log probabilities of the sequence with a blank, or with its last label, at the end.
    """

    labels: Tensor
    sizes: Tensor
    last: Tensor
    blank: Tensor
    label: Tensor

    @property
    def total(self):
        return _log_sum(self.blank, self.label)


def _log_sum(x, y) -> Tensor:
    """log(exp(x) + exp(y))."""
    return p.add(p.maximum(x, y), p.log1p(p.exp(p.neg(p.abs_(p.sub(x, y))))))


def _along(x, *axes) -> Tensor:
    return p.expand_dims(x, axes=axes)


def _chosen(values, at) -> Tensor:
    """Of each example the `[width]` values at its places."""
    return p.gather(values, at, axis=1, batch_dims=1)


def _extended(beams: _Beams, logs, classes, blank, width) -> _Beams:
    """The best sequences after one more step, whose log probabilities are `logs` `[batch, classes]`."""
    never, none = convert_to_tensor(_NEVER, logs.dtype), convert_to_tensor(-1, int32)
    total = beams.total
    steps = range_(shape(beams.labels)[2])
    ends = p.equal(steps, _along(p.sub(beams.sizes, convert_to_tensor(1, int32)), 2))
    without_last = p.select(ends, none, beams.labels)
    # Which sequence is another one without its last label: [batch, the shorter, the longer].
    same = p.reduce_all(p.equal(_along(beams.labels, 2), _along(without_last, 1)), axes=(3,), keepdims=False)
    longer = p.equal(p.add(_along(beams.sizes, 2), convert_to_tensor(1, int32)), _along(beams.sizes, 1))
    alive = p.greater(total, convert_to_tensor(_NEVER / 2, logs.dtype))
    same = p.logical_and(p.logical_and(same, longer), p.logical_and(_along(alive, 2), _along(alive, 1)))

    # As it is: another blank, its last label again, or that label behind the sequence without it.
    again = p.equal(_along(beams.last, 2), _along(beams.last, 1))
    ways = p.select(same, p.select(again, _along(beams.blank, 2), _along(total, 2)), never)
    label = _log_sum(beams.label, p.reduce_max(ways, axes=(1,), keepdims=False))
    label = p.add(label, p.gather(logs, p.maximum(beams.last, convert_to_tensor(0, int32)), axis=1, batch_dims=1))
    label = p.select(p.greater(beams.sizes, convert_to_tensor(0, int32)), label, never)
    stay = p.add(total, logs[:, blank : blank + 1])

    # With one more label, unless that sequence is there.
    symbols = range_(classes)
    repeated = p.equal(_along(beams.last, 2), symbols)
    more = p.add(p.select(repeated, _along(beams.blank, 2), _along(total, 2)), _along(logs, 1))
    known = p.logical_and(_along(same, 3), p.equal(_along(_along(beams.last, 1), 3), symbols))
    known = p.reduce_any(known, axes=(2,), keepdims=False)
    new = p.logical_and(
        _along(alive, 2), p.logical_and(p.logical_not(known), p.not_equal(symbols, convert_to_tensor(blank)))
    )
    more = p.select(new, more, never)

    scores = concat([_log_sum(stay, label), reshape(more, [-1, width * classes])], 1)
    at = top_k(scores, width).indices
    grown = p.greater_equal(at, convert_to_tensor(width, int32))
    code = p.maximum(p.sub(at, convert_to_tensor(width, int32)), convert_to_tensor(0, int32))
    count = convert_to_tensor(classes, int32)
    parent, symbol = p.select(grown, p.floor_div(code, count), at), p.floor_mod(code, count)
    sizes = _chosen(beams.sizes, parent)
    here = p.logical_and(_along(grown, 2), p.equal(steps, _along(sizes, 2)))
    return _Beams(
        p.select(here, _along(symbol, 2), _chosen(beams.labels, parent)),
        p.add(sizes, p.cast(grown, dtype=int32)),
        p.select(grown, symbol, _chosen(beams.last, parent)),
        p.select(grown, never, _chosen(stay, parent)),
        p.select(grown, p.gather(scores, at, axis=1, batch_dims=1), _chosen(label, parent)),
    )


def ctc_beam_search_decoder(inputs, sequence_length, beam_width=100, top_paths=1) -> tuple:
    """([a SparseTensor `[batch, longest]` of labels, ...], log probabilities `[batch, top_paths]`) of logits
    `[time, batch, classes]`: the `top_paths` most probable sequences of labels, of `beam_width` that are followed. The
    last class is the blank.

    Source: Graves, Jaitly, "Towards end-to-end speech recognition with recurrent neural networks", ICML 2014.
    """
    op = "ctc_beam_search_decoder"
    x = operand(op, inputs, "f")
    if x.shape_tuple is None or len(x.shape_tuple) != 3:
        raise argument_error(None, op, f"inputs is not a 3-Tensor [time, batch, classes], got {x.shape}")
    classes, width, paths = x.shape_tuple[2], integer(beam_width, "beam_width"), integer(top_paths, "top_paths")
    if classes is None:
        raise NotImplementedError(f"tf.nn.{op} needs a number of classes that is known while tracing")
    if not 1 <= paths <= width:
        raise argument_error(None, op, f"top_paths must be from 1 to beam_width ({width}), got {paths}")
    lengths = p.cast(operand(op, sequence_length, "iu"), dtype=int32)
    if not x.shape[1:2].is_compatible_with(lengths.shape):
        raise argument_error(
            None, op, f"len(sequence_length) != batch_size: want shape [{x.shape_tuple[1]}], got {lengths.shape}"
        )
    time, batch = shape(x)[0], shape(x)[1]
    p.assert_(
        p.reduce_all(p.less_equal(lengths, time), axes=(0,), keepdims=False),
        lengths,
        message=f"{op}: sequence_length must be at most the number of steps, got",
        summarize=8,
    )
    logs = log_softmax(x)
    every = stack([batch, convert_to_tensor(width, int32)])
    one, never = convert_to_tensor(1, int32), convert_to_tensor(_NEVER, x.dtype)
    root = p.equal(p.add(range_(width), zeros(every, int32)), convert_to_tensor(0, int32))
    beams = _Beams(
        fill(concat([every, reshape(time, [1])], 0), convert_to_tensor(-1, int32)),
        zeros(every, int32),
        fill(every, convert_to_tensor(-1, int32)),
        p.select(root, convert_to_tensor(0, x.dtype), never),
        fill(every, never),
    )

    def step(t, *state):
        old = _Beams(*state)
        new = _extended(old, gather(logs, t), classes, classes - 1, width)
        running = p.less(t, lengths)
        wide = lambda v: _along(running, *range(1, len(v.shape_tuple)))
        return p.add(t, one), *(p.select(wide(a), a, b) for a, b in zip(new, old, strict=True))

    dims = [(x.shape_tuple[1], width, None), *[(x.shape_tuple[1], width)] * 4]
    state = (convert_to_tensor(0, int32), *(p.ensure_shape(v, shape=s) for v, s in zip(beams, dims, strict=True)))
    invariants = [TensorShape(s) for s in ((), *dims)]
    beams = _Beams(*while_loop(lambda t, *_: p.less(t, time), step, state, shape_invariants=invariants)[1:])
    scores, order = top_k(beams.total, paths)
    p.assert_(
        p.reduce_all(p.greater(scores, convert_to_tensor(_NEVER / 2, x.dtype)), axes=(0, 1), keepdims=False),
        message=f"{op}: Less leaves in the beam search than requested: there are fewer sequences than top_paths",
        summarize=3,
    )
    labels, sizes = _chosen(beams.labels, order), _chosen(beams.sizes, order)
    return [_as_sparse(labels[:, i], sizes[:, i]) for i in range(paths)], scores


def _as_sparse(labels, sizes) -> SparseTensor:
    """Rows of labels of these sizes."""
    at = p.nonzero(p.greater_equal(labels, convert_to_tensor(0, int32)))
    dims = stack([shape(labels, int64)[0], p.cast(_longest(sizes), dtype=int64)])
    return SparseTensor(at, p.cast(gather_nd(labels, at), dtype=int64), dims)


def collapse_repeated(labels, seq_length, name=None) -> tuple:
    """(Rows of labels in which repeated ones stand once, filled up with zeros to the longest; their lengths.)"""
    x, lengths = convert_to_tensor(labels), operand("collapse_repeated", seq_length, "iu")
    if rank_of(x, "collapse_repeated") != 2 or rank_of(lengths, "collapse_repeated") != 1:
        raise argument_error(
            None,
            "collapse_repeated",
            f"want labels [batch, time] and seq_length [batch], got {x.shape} and {lengths.shape}",
        )
    inside = p.less(
        p.expand_dims(range_(shape(x)[1]), axes=(0,)), p.expand_dims(p.cast(lengths, dtype=int32), axes=(1,))
    )
    kept = _runs(x, inside)
    place, number = _places(kept)
    at = p.nonzero(kept)
    indices = stack([at[:, 0], p.cast(gather_nd(place, at), dtype=int64)], 1)
    empty = zeros(stack([shape(x)[0], _longest(number)]), x.dtype)
    return tensor_scatter_nd_update(empty, indices, boolean_mask(x, kept)), p.cast(number, dtype=lengths.dtype)


def ctc_unique_labels(labels, name=None) -> tuple:
    """(Of each row its distinct labels, filled up with zeros; for each label which of them it is.)"""
    x = convert_to_tensor(labels)
    if rank_of(x, "ctc_unique_labels") != 2:
        raise argument_error(None, "ctc_unique_labels", f"want labels [batch, time], got {x.shape}")
    width = shape(x)[1]

    def one(row):
        found = unique(row)
        rest = zeros(reshape(p.sub(width, shape(found.y)[0]), [1]), int64)
        values = concat([p.cast(found.y, dtype=int64), rest], 0)
        return p.ensure_shape(values, shape=x.shape_tuple[1:]), found.idx

    return map_fn(one, x, fn_output_signature=(int64, int32))
