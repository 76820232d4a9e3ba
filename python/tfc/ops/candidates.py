"""Losses of classifiers with many classes, by a sample of them (`tf.nn.nce_loss`, `tf.nn.sampled_softmax_loss`), and
what draws the sample (`tf.random.*_candidate_sampler`).

Source: Jean et al., "On using very large target vocabulary for neural machine translation", ACL 2015; Gutmann and
Hyvärinen, "Noise-contrastive estimation", AISTATS 2010. The numbers drawn are of TensorFlow's distributions, but not
its numbers.
"""

import csv
import math
from collections import namedtuple

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.dtypes import float32, float64, int32, int64
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape
from tfc.ops.binning import searchsorted
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import convert_to_tensor, flag, integer, number, operand
from tfc.ops.creation import ones_like, zeros_like
from tfc.ops.creation import range as range_
from tfc.ops.gather import gather, tensor_scatter_nd_update
from tfc.ops.linalg import matmul
from tfc.ops.nn import sigmoid_cross_entropy_with_logits, softmax_cross_entropy_with_logits
from tfc.ops.random import op_state, uniform
from tfc.ops.random_state import Counts
from tfc.ops.shapes import rank_of
from tfc.ops.unique import unique as distinct

Sample = namedtuple("Sample", ["sampled_candidates", "true_expected_count", "sampled_expected_count"])
AccidentalHits = namedtuple("AccidentalHits", ["indices", "ids", "weights"])


def _classes(op, true_classes, num_true) -> Tensor:
    x = operand(op, true_classes, "iu")
    wanted = integer(num_true, "num_true")
    if wanted < 1:
        raise argument_error(None, op, f"num_true must be at least 1, got {wanted}")
    if rank_of(x, op) != 2 or x.shape_tuple[1] not in (wanted, None):
        raise argument_error(None, op, f"true_classes must be a matrix with num_true = {wanted} columns, got {x.shape}")
    return x if x.dtype is int64 else p.cast(x, dtype=int64)


def _sample(op, true_classes, num_true, num_sampled, unique, range_max, draw, probability) -> Sample:
    """`draw(n)`: n candidates; `probability(classes)` of being drawn."""
    classes = _classes(op, true_classes, num_true)
    count, limit = integer(num_sampled, "num_sampled"), integer(range_max, "range_max")
    if count < 1:
        raise argument_error(None, op, f"num_sampled must be at least 1, got {count}")
    if limit < 1:
        raise argument_error(None, op, f"range_max must be at least 1, got {limit}")
    if not flag(unique, "unique"):
        sampled = draw(count)
        tries = convert_to_tensor(count, float64)
    else:
        if count > limit:
            raise argument_error(
                None, op, f"with unique, num_sampled cannot be greater than range_max: got {count} of {limit}"
            )
        sampled, tries = _different(draw, count)
    each = convert_to_tensor(count, float64)

    def expected(of):
        chance = probability(p.cast(of, dtype=float64))
        at_once = p.mul(chance, each)
        # 1 - (1 - p) ** tries
        over_all = p.neg(p.expm1(p.mul(tries, p.log1p(p.neg(chance)))))
        return p.cast(p.select(p.equal(tries, each), at_once, over_all), dtype=float32)

    return Sample(sampled, expected(classes), expected(sampled))


def _different(draw, count) -> tuple:
    """(`count` different candidates, how many were drawn for that: float64)."""
    drawn = p.ensure_shape(draw(2 * count), shape=(None,))
    drawn = while_loop(
        lambda drawn: p.less(shape(distinct(drawn).y)[0], convert_to_tensor(count, int32)),
        lambda drawn: [p.ensure_shape(concat([drawn, draw(2 * count)], 0), shape=(None,))],
        [drawn],
        shape_invariants=[(None,)],
    )[0]
    found = distinct(drawn)
    last = p.argmax(p.cast(p.equal(found.idx, convert_to_tensor(count - 1, int32)), dtype=int32), axis=0, dtype=int64)
    tries = p.cast(p.add(last, convert_to_tensor(1, int64)), dtype=float64)
    return p.ensure_shape(found.y[:count], shape=(count,)), tries


def _uniforms(count, seed) -> Tensor:
    return uniform([count], dtype=float64, seed=seed)


def uniform_candidate_sampler(true_classes, num_true, num_sampled, unique, range_max, seed=None, name=None) -> Sample:
    """(`num_sampled` of the classes below `range_max`, all equally likely; how often the true ones were to be expected;
    how often these.) With `unique` all are different.
    """
    limit = integer(range_max, "range_max")

    def draw(count):
        found = p.cast(p.floor(p.mul(_uniforms(count, seed), convert_to_tensor(float(limit), float64))), dtype=int64)
        return p.minimum(found, convert_to_tensor(limit - 1, int64))

    def probability(of):
        return p.add(p.mul(of, convert_to_tensor(0.0, float64)), convert_to_tensor(1 / max(limit, 1), float64))

    op = "uniform_candidate_sampler"
    return _sample(op, true_classes, num_true, num_sampled, unique, limit, draw, probability)


def log_uniform_candidate_sampler(
    true_classes, num_true, num_sampled, unique, range_max, seed=None, name=None
) -> Sample:
    """As `uniform_candidate_sampler`, where class c has the probability log((c + 2) / (c + 1)) / log(range_max + 1):
    classes are numbered from the most frequent one.
    """
    limit = integer(range_max, "range_max")
    scale = convert_to_tensor(math.log1p(max(limit, 1)), float64)
    one = convert_to_tensor(1.0, float64)

    def draw(count):
        found = p.sub(p.cast(p.exp(p.mul(_uniforms(count, seed), scale)), dtype=int64), convert_to_tensor(1, int64))
        return p.floor_mod(found, convert_to_tensor(limit, int64))

    def probability(of):
        return p.div(p.log1p(p.div(one, p.add(of, one))), scale)

    op = "log_uniform_candidate_sampler"
    return _sample(op, true_classes, num_true, num_sampled, unique, limit, draw, probability)


def all_candidate_sampler(true_classes, num_true, num_sampled, unique, seed=None, name=None) -> Sample:
    """All classes below `num_sampled`, each once."""
    op = "all_candidate_sampler"
    classes, count = _classes(op, true_classes, num_true), integer(num_sampled, "num_sampled")
    if count < 1:
        raise argument_error(None, op, f"num_sampled must be at least 1, got {count}")
    sampled = range_(count, dtype=int64)
    return Sample(sampled, *(ones_like(p.cast(v, dtype=float32)) for v in (classes, sampled)))


def fixed_unigram_candidate_sampler(
    true_classes,
    num_true,
    num_sampled,
    unique,
    range_max,
    vocab_file="",
    distortion=1.0,
    num_reserved_ids=0,
    num_shards=1,
    shard=0,
    unigrams=(),
    seed=None,
    name=None,
) -> Sample:
    """As `uniform_candidate_sampler`, where classes are as likely as `unigrams` says (or the last column of
    `vocab_file`, a CSV file), to the power of `distortion`. The first `num_reserved_ids` classes are never drawn. Of
    `num_shards` shards only the classes of `shard` are there: those whose number has this remainder.
    """
    op, limit = "fixed_unigram_candidate_sampler", integer(range_max, "range_max")
    if bool(vocab_file) == bool(len(unigrams)):
        raise argument_error(None, op, "Must provide exactly one of unigrams and vocab_file")
    if vocab_file:
        with open(vocab_file, newline="") as f:
            given = [float(row[-1]) for row in csv.reader(f) if row]
    else:
        given = [number(v, "unigrams") for v in unigrams]
    shards, mine = integer(num_shards, "num_shards"), integer(shard, "shard")
    if not 0 <= mine < shards:
        raise argument_error(None, op, f"shard must be in [0, {shards}), got {mine}")
    reserved = sum(i % shards == mine for i in range(integer(num_reserved_ids, "num_reserved_ids")))
    power = number(distortion, "distortion")
    weights = [0.0] * reserved + [w**power for i, w in enumerate(given, reserved) if i % shards == mine]
    if len(weights) != limit:
        raise argument_error(None, op, f"range_max is {limit}, but {len(weights)} classes have weights")
    if np.count_nonzero(weights) < (integer(num_sampled, "num_sampled") if unique else 1):
        raise argument_error(
            None, op, "with unique, num_sampled cannot be greater than the number of classes that have a weight"
        )
    ends = np.cumsum(weights)
    chances = convert_to_tensor(np.array(weights) / ends[-1], float64)
    ends = convert_to_tensor(ends / ends[-1], float64)

    def draw(count):
        return p.cast(searchsorted(ends, _uniforms(count, seed), side="right"), dtype=int64)

    def probability(of):
        return gather(chances, p.cast(of, dtype=int64))

    return _sample(op, true_classes, num_true, num_sampled, unique, limit, draw, probability)


def learned_unigram_candidate_sampler(
    true_classes, num_true, num_sampled, unique, range_max, seed=None, name=None
) -> Sample:
    """As `uniform_candidate_sampler`, where classes are as likely as they were true so far (all once, to begin with).

    What it has seen is a state of the operation: in a function of the trace, else of the calls with these arguments.
    """
    op, limit = "learned_unigram_candidate_sampler", integer(range_max, "range_max")
    classes = _classes(op, true_classes, num_true)
    key = (op, integer(num_true, "num_true"), integer(num_sampled, "num_sampled"), flag(unique, "unique"), limit, seed)
    counts = op_state(key, lambda: Counts(max(limit, 1)))
    weights = p.read_variable(counts)
    ends = p.cumsum(weights, axis=0, exclusive=False, reverse=False)
    total = ends[-1]

    def draw(count):
        found = searchsorted(ends, p.mul(_uniforms(count, seed), total), side="right")
        return p.minimum(p.cast(found, dtype=int64), convert_to_tensor(limit - 1, int64))

    def probability(of):
        return p.div(gather(weights, p.cast(of, dtype=int64)), total)

    sample = _sample(op, classes, num_true, num_sampled, unique, limit, draw, probability)
    flat = reshape(classes, [-1, 1])
    seen = p.scatter(weights, flat, ones_like(p.cast(flat[:, 0], dtype=float64)), mode="add")
    p.assign_variable(counts, seen)
    return sample


_LOWEST = float(np.finfo(np.float32).min)


def compute_accidental_hits(true_classes, sampled_candidates, num_true, seed=None, name=None) -> AccidentalHits:
    """(Rows, positions in the sample, weights of -3.4e38) of sampled classes that are true classes of a row."""
    op = "compute_accidental_hits"
    classes = _classes(op, true_classes, num_true)
    sampled = p.cast(operand(op, sampled_candidates, "iu"), dtype=int64)
    if rank_of(sampled, op) != 1:
        raise argument_error(None, op, f"sampled_candidates must be a vector, got {sampled.shape}")
    hits = p.equal(p.expand_dims(classes, axes=(2,)), p.expand_dims(p.expand_dims(sampled, axes=(0,)), axes=(0,)))
    # A class that was drawn several times counts where it was drawn last.
    places = range_(shape(sampled)[0])
    later = p.less(p.expand_dims(places, axes=(1,)), p.expand_dims(places, axes=(0,)))
    same = p.equal(p.expand_dims(sampled, axes=(1,)), p.expand_dims(sampled, axes=(0,)))
    again = p.reduce_any(p.logical_and(later, same), axes=(1,), keepdims=False)
    at = p.nonzero(p.logical_and(hits, p.logical_not(again)))
    weights = p.add(zeros_like(p.cast(at[:, 0], dtype=float32)), convert_to_tensor(_LOWEST, float32))
    return AccidentalHits(p.cast(at[:, 0], dtype=int32), at[:, 2], weights)


def _table(value) -> Tensor:
    """Weights that are one tensor, or several with consecutive rows."""
    if isinstance(value, (list, tuple)):
        return concat([convert_to_tensor(v) for v in value], 0)
    return convert_to_tensor(value)


def _logits(
    op, weights, biases, labels, inputs, num_sampled, num_classes, num_true, sample, remove_hits, seed
) -> tuple:
    """(Logits of the true classes, then of the sampled ones; labels: 1 / num_true for those, 0 for these.)"""
    labels = _classes(op, labels, num_true)
    x, weights, biases = operand(op, inputs, "f"), _table(weights), _table(biases)
    if rank_of(x, op) != 2 or rank_of(weights, op) != 2 or not x.shape[1:].is_compatible_with(weights.shape[1:]):
        raise argument_error(
            None, op, f"want inputs [batch, dim] and weights [classes, dim], got {x.shape} and {weights.shape}"
        )
    if rank_of(biases, op) != 1:
        raise argument_error(None, op, f"want biases [classes], got {biases.shape}")
    if sample is None:
        sample = log_uniform_candidate_sampler(labels, num_true, num_sampled, True, num_classes, seed)
    sampled, of_true, of_sampled = (p.stop_gradient(convert_to_tensor(v)) for v in sample)
    sampled = p.cast(sampled, dtype=int64)
    flat = reshape(labels, [-1])
    true_count = shape(flat)[0]
    ids = concat([flat, sampled], 0)
    rows, offsets = gather(weights, ids), gather(biases, ids)
    other = p.add(matmul(x, rows[true_count:], transpose_b=True), offsets[true_count:])
    true_rows = reshape(rows[:true_count], concat([shape(labels), shape(rows)[1:]], 0))
    true = p.reduce_sum(p.mul(p.expand_dims(x, axes=(1,)), true_rows), axes=(2,), keepdims=False)
    true = p.add(true, reshape(offsets[:true_count], shape(labels)))
    if remove_hits:
        hits = compute_accidental_hits(labels, sampled, num_true)
        at = concat([p.expand_dims(p.cast(v, dtype=int32), axes=(1,)) for v in (hits.indices, hits.ids)], 1)
        # A class may be true twice.
        other = p.add(other, tensor_scatter_nd_update(zeros_like(other), at, p.cast(hits.weights, dtype=other.dtype)))
    true = p.sub(true, p.log(p.cast(of_true, dtype=true.dtype)))
    other = p.sub(other, p.log(p.cast(of_sampled, dtype=other.dtype)))
    share = convert_to_tensor(1 / integer(num_true, "num_true"), true.dtype)
    return concat([true, other], 1), concat([p.mul(ones_like(true), share), zeros_like(other)], 1)


def nce_loss(
    weights,
    biases,
    labels,
    inputs,
    num_sampled,
    num_classes,
    num_true=1,
    sampled_values=None,
    remove_accidental_hits=False,
    name="nce_loss",
) -> Tensor:
    """The noise-contrastive loss of each row of `inputs`: telling its true classes (`labels`: `[batch, num_true]`) from
    sampled ones, with a row of `weights` and a bias for each class.
    """
    logits, targets = _logits(
        "nce_loss", weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values,
        remove_accidental_hits, None,
    )  # fmt: skip
    each = sigmoid_cross_entropy_with_logits(labels=targets, logits=logits)
    return p.reduce_sum(each, axes=(1,), keepdims=False)


def sampled_softmax_loss(
    weights,
    biases,
    labels,
    inputs,
    num_sampled,
    num_classes,
    num_true=1,
    sampled_values=None,
    remove_accidental_hits=True,
    seed=None,
    name="sampled_softmax_loss",
) -> Tensor:
    """The softmax cross entropy of each row of `inputs` over its true and some sampled classes, for training only."""
    logits, targets = _logits(
        "sampled_softmax_loss", weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values,
        remove_accidental_hits, seed,
    )  # fmt: skip
    return softmax_cross_entropy_with_logits(labels=p.stop_gradient(targets), logits=logits)
