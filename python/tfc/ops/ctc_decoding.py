"""What comes out of networks trained with `tf.nn.ctc_loss`: sequences of labels."""

from tfc.core import Tensor, argument_error
from tfc.dtypes import int32, int64
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape, stack
from tfc.ops.convert import convert_to_tensor, integer, operand
from tfc.ops.creation import range as range_
from tfc.ops.creation import zeros
from tfc.ops.functional import map_fn
from tfc.ops.gather import boolean_mask, gather_nd, tensor_scatter_nd_update
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
    `[time, batch, classes]`: the best class of each step, repeated ones once (`merge_repeated`), without blanks (the last
    class, or `blank_index`).
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


def collapse_repeated(labels, seq_length, name=None) -> tuple:
    """(Rows of labels in which repeated ones stand once, filled up with zeros to the longest; their lengths.)"""
    x, lengths = convert_to_tensor(labels), convert_to_tensor(seq_length)
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
    width = shape(x)[1]

    def one(row):
        found = unique(row)
        rest = zeros(reshape(p.sub(width, shape(found.y)[0]), [1]), int64)
        values = concat([p.cast(found.y, dtype=int64), rest], 0)
        return p.ensure_shape(values, shape=x.shape_tuple[1:]), found.idx

    return map_fn(one, x, fn_output_signature=(int64, int32))
