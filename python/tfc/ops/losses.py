"""`tf.nn`: losses beside the cross entropies, and what they are made of."""

import math

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import float32, int32, int64
from tfc.ops import primitives as p
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import convert_to_tensor, operand, operands, static_value
from tfc.ops.creation import ones_like
from tfc.ops.gradients import broadcast_like
from tfc.ops.math import FLOAT, divide_no_nan
from tfc.ops.nn import log_softmax
from tfc.ops.reductions import reduce_logsumexp, reduce_sum
from tfc.ops.segments import unsorted_segment_sum
from tfc.ops.shapes import rank_of
from tfc.ops.sparse import is_sparse, to_dense


def _number(value, dtype) -> Tensor:
    return p.constant(value=np.asarray(value, dtype.np_dtype))


def log_poisson_loss(targets, log_input, compute_full_loss=False, name=None) -> Tensor:
    """exp(c) - z * c, for targets z and log rates c; in full with z * log(z) - z + log(2 pi z) / 2."""
    c, z = operands("log_poisson_loss", log_input, targets, FLOAT)
    if not c.shape.is_compatible_with(z.shape):
        raise ValueError(f"`log_input` and `targets` must have the same shape, received ({c.shape} vs {z.shape}).")
    loss = p.sub(p.exp(c), p.mul(c, z))
    if not compute_full_loss:
        return loss
    half, tau = _number(0.5, z.dtype), _number(2 * math.pi, z.dtype)
    one, zero = _number(1, z.dtype), _number(0, z.dtype)
    # Where it does not count the logarithm must be finite, for the gradient's sake.
    counts = p.logical_not(p.logical_and(p.greater_equal(z, zero), p.less_equal(z, one)))
    safe = p.select(counts, z, one)
    stirling = p.add(p.sub(p.mul(safe, p.log(safe)), safe), p.mul(half, p.log(p.mul(tau, safe))))
    return p.add(loss, p.select(counts, stirling, broadcast_like(zero, z)))


def compute_average_loss(per_example_loss, sample_weight=None, global_batch_size=None) -> Tensor:
    """The sum of the losses of examples, weighted, divided by the size of the batch."""
    loss = operand("compute_average_loss", per_example_loss, FLOAT)
    if rank_of(loss, "compute_average_loss") == 0:
        raise ValueError("Invalid value passed for `per_example_loss`. Expected a tensor with at least rank 1.")
    if sample_weight is not None:
        weight = operand("compute_average_loss", sample_weight)
        weight = weight if weight.dtype is loss.dtype else p.cast(weight, dtype=loss.dtype)
        missing = len(loss.shape_tuple) - len(weight.shape_tuple)
        if missing > 0 and weight.shape_tuple:
            weight = p.expand_dims(weight, axes=tuple(range(len(weight.shape_tuple), len(loss.shape_tuple))))
        loss = p.mul(loss, weight)
    if global_batch_size is None:
        size = p.slice_(p.shape_of(loss, dtype=int64), starts=(0,), sizes=(1,), strides=(1,))
        size = p.cast(p.squeeze(size, axes=(0,)), dtype=loss.dtype)
    else:
        size = convert_to_tensor(global_batch_size)
        if rank_of(size, "global_batch_size") != 0 or not size.dtype.is_integer:
            raise TypeError("`global_batch_size` must be a scalar integer.")
        size = p.cast(size, dtype=loss.dtype)
    # No example has no loss.
    return divide_no_nan(reduce_sum(loss), size)


def scale_regularization_loss(regularization_loss) -> Tensor:
    """The sum of the losses: there is one replica."""
    return reduce_sum(operand("scale_regularization_loss", regularization_loss, FLOAT))


def ctc_loss(
    labels, logits, label_length, logit_length, logits_time_major=True, unique=None, blank_index=None, name=None
) -> Tensor:
    """Connectionist temporal classification: -log of the probability of the labels, for each batch.

    `labels` is `[batch, length]`, dense integers, or a `SparseTensor` of that shape, which knows the lengths; `logits`
    is `[time, batch, labels]` (`[batch, time, labels]` unless `logits_time_major`), with the blank label at
    `blank_index` (0 by default; negative ones count from the end). Source: Graves et al., "Connectionist temporal
    classification: labelling unsegmented sequence data with recurrent neural networks", ICML 2006.
    """
    op = "ctc_loss"
    x = operand(op, logits, FLOAT)
    if is_sparse(labels):
        if blank_index is None:
            raise ValueError("Argument `blank_index` must be provided when `labels` is a `SparseTensor`.")
        label_length = unsorted_segment_sum(
            ones_like(labels.indices[:, 0]), labels.indices[:, 0], labels.dense_shape[0]
        )
        labels = to_dense(labels)
    elif label_length is None:
        raise ValueError("Argument `label_length` must be provided when `labels` is no `SparseTensor`.")
    if logit_length is None:
        raise ValueError("Argument `logit_length` must be provided.")
    y = convert_to_tensor(labels)
    if rank_of(x, op) != 3 or rank_of(y, op) != 2:
        raise argument_error(
            None, op, f"{op}: expected labels of rank 2 and logits of rank 3, got {y.shape}, {x.shape}"
        )
    if not logits_time_major:
        x = p.transpose(x, perm=(1, 0, 2))
    time, batch, classes = x.shape_tuple
    length = y.shape_tuple[1]
    if None in (time, batch, classes, length):
        raise NotImplementedError("tf.nn.ctc_loss needs shapes that are known while tracing")
    blank = 0 if blank_index is None else int(static_value(blank_index))
    if not -classes <= blank < classes:
        raise ValueError(f"blank_index must be within [-{classes}, {classes}), got {blank}")
    blank %= classes
    narrow, x = x.dtype, p.cast(x, dtype=float32) if x.dtype.size == 2 else x
    logs = log_softmax(x)
    y, label_length, logit_length = (
        v if v.dtype is int32 else p.cast(v, dtype=int32)
        for v in (y, convert_to_tensor(label_length), convert_to_tensor(logit_length))
    )
    # Positions: blank, label, blank, label, ..., blank.
    width = 2 * length + 1
    blanks = p.broadcast_to(_number(blank, int32), shape=(batch, length, 1))
    pairs = p.reshape(p.concat(blanks, p.expand_dims(y, axes=(2,)), axis=2), shape=(batch, 2 * length))
    symbols = p.concat(pairs, p.broadcast_to(_number(blank, int32), shape=(batch, 1)), axis=1)
    never = _number(-1e30 if narrow.size < 8 else -1e300, logs.dtype)
    # A label may follow the one before directly if they differ.
    before = p.concat(p.broadcast_to(_number(-1, int32), shape=(batch, 2)), _columns(symbols, 0, width - 2), axis=1)
    jumps = p.logical_and(p.not_equal(symbols, _number(blank, int32)), p.not_equal(symbols, before))
    count = p.iota(shape=(batch, width), axis=1, dtype=int32)
    scores = p.gather(
        logs, p.broadcast_to(p.expand_dims(symbols, axes=(0,)), shape=(time, batch, width)), axis=2, batch_dims=2
    )
    wall = p.broadcast_to(never, shape=(batch, 2))

    def row(t):
        return p.squeeze(p.gather(scores, p.expand_dims(t, axes=(0,)), axis=0, batch_dims=0), axes=(0,))

    def step(t, alpha):
        padded = p.concat(wall, alpha, axis=1)
        stay, one, two = (_columns(padded, k, width) for k in (2, 1, 0))
        ways = p.concat(*(p.expand_dims(v, axes=(0,)) for v in (stay, one, p.select(jumps, two, never))), axis=0)
        following = p.add(reduce_logsumexp(ways, 0), row(t))
        # After its end an example waits.
        running = p.expand_dims(p.less(t, logit_length), axes=(1,))
        return p.add(t, _number(1, int32)), p.select(running, following, alpha)

    begins = p.less(count, p.constant(value=np.array(2 if length else 1, np.int32)))
    alpha = p.select(begins, row(_number(0, int32)), never)
    alpha = while_loop(lambda t, a: p.less(t, _number(time, int32)), step, (_number(1, int32), alpha))[1]
    end = p.mul(p.expand_dims(label_length, axes=(1,)), _number(2, int32))
    last = p.logical_or(p.equal(count, end), p.equal(count, p.sub(end, _number(1, int32))))
    loss = p.neg(reduce_logsumexp(p.select(last, alpha, never), 1))
    return loss if narrow is loss.dtype else p.cast(loss, dtype=narrow)


def _columns(x, start, size) -> Tensor:
    return p.slice_(x, starts=(0, start), sizes=(x.shape_tuple[0], size), strides=(1, 1))
