"""Labels from the outputs of networks that CTC trains."""

import itertools

import numpy as np
import pytest
import tfc as tf

BEST = np.array([[2, 2, 0, 2, 3, 1], [1, 1, 3, 1, 0, 0], [0, 0, 0, 0, 0, 0]])
LOGITS = np.eye(4, dtype=np.float32)[BEST.T] * 2
LENGTHS = np.array([6, 4, 0])
NARROW = ([[0, 1, 2, 1], [0, 1, 0, 1]], [[-2.036090612411499, -2.1658596992492676]])


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize(
    ("options", "want"),
    [
        ({}, [[2, 0, 2, 1], [1, 1], []]),
        ({"merge_repeated": False}, [[2, 2, 0, 2, 1], [1, 1, 1], []]),
        ({"blank_index": 0}, [[2, 2, 3, 1], [1, 3, 1], []]),
        ({"blank_index": -2}, [[0, 3, 1], [1, 3, 1], []]),
    ],
)
def test_greedy_decoding(options, want, traced):
    decode = lambda x: tf.nn.ctc_greedy_decoder(x, LENGTHS, **options)
    (found,), score = (tf.function(decode) if traced else decode)(tf.constant(LOGITS))
    at, values = np.asarray(found.indices), np.asarray(found.values)
    assert [values[at[:, 0] == b].tolist() for b in range(3)] == want
    assert np.asarray(found.dense_shape).tolist() == [3, max(map(len, want))]
    np.testing.assert_array_equal(score, -2.0 * LENGTHS[:, None])


def test_a_blank_out_of_range_is_an_invalid_argument():
    with pytest.raises(tf.errors.InvalidArgumentError, match="blank_index"):
        tf.nn.ctc_greedy_decoder(LOGITS, LENGTHS, blank_index=4)


def test_greedy_decoding_wants_a_length_for_each_row():
    with pytest.raises(tf.errors.InvalidArgumentError, match="batch_size"):
        tf.nn.ctc_greedy_decoder(LOGITS, LENGTHS[:2])


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
def test_greedy_decoding_wants_lengths_within_the_steps(traced):
    decode = lambda n: tf.nn.ctc_greedy_decoder(LOGITS, n)[1]
    with pytest.raises(tf.errors.InvalidArgumentError, match="sequence_length"):
        (tf.function(decode) if traced else decode)(tf.constant([7, 4, 0]))


def test_repeated_labels_collapse():
    labels, lengths = tf.nn.collapse_repeated(tf.constant([[1, 1, 2, 2, 1], [3, 3, 3, 0, 0]]), tf.constant([5, 3]))
    np.testing.assert_array_equal(labels, [[1, 2, 1], [3, 0, 0]])
    np.testing.assert_array_equal(lengths, [3, 1])


def test_distinct_labels_of_each_row():
    values, places = tf.nn.ctc_unique_labels(tf.constant([[1, 1, 2, 2, 1], [3, 3, 3, 0, 0]]))
    np.testing.assert_array_equal(values, [[1, 2, 0, 0, 0], [3, 0, 0, 0, 0]])
    np.testing.assert_array_equal(places, [[0, 0, 1, 1, 0], [0, 0, 0, 1, 1]])


def probabilities(logits):
    """The log probabilities of all sequences of labels, by all paths of `[time, classes]`."""
    logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    found = {}
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        labels = tuple(k for k, _ in itertools.groupby(path) if k != logits.shape[1] - 1)
        found[labels] = np.logaddexp(found.get(labels, -np.inf), sum(logs[t, k] for t, k in enumerate(path)))
    return sorted(found.items(), key=lambda item: -item[1])


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
def test_a_beam_that_holds_every_sequence_finds_the_most_probable_ones(traced):
    logits = np.random.default_rng(0).normal(size=(5, 2, 3)).astype(np.float32) * 2
    decode = lambda x: tf.nn.ctc_beam_search_decoder(x, [5, 4], beam_width=70, top_paths=3)
    found, scores = (tf.function(decode) if traced else decode)(tf.constant(logits))
    for b, length in enumerate((5, 4)):
        want = probabilities(logits[:length, b])[:3]
        got = [[int(v) for at, v in zip(s.indices.numpy(), s.values.numpy()) if at[0] == b] for s in found]
        assert got == [list(labels) for labels, _ in want]
        np.testing.assert_allclose(scores[b], [score for _, score in want], rtol=1e-5)


def test_a_narrow_beam_finds_what_tensorflow_finds():
    logits = np.random.default_rng(3).normal(size=(6, 1, 4)).astype(np.float32)
    found, scores = tf.nn.ctc_beam_search_decoder(logits, [6], beam_width=3, top_paths=2)
    assert [s.values.numpy().tolist() for s in found] == NARROW[0]
    np.testing.assert_allclose(scores, NARROW[1], rtol=1e-5)


def test_time_may_be_unknown_while_tracing():
    decode = tf.function(
        lambda x: tf.nn.ctc_beam_search_decoder(x, tf.fill([1], tf.shape(x)[0]), 4)[1],
        input_signature=[tf.TensorSpec([None, 1, 3])],
    )
    logits = np.random.default_rng(0).normal(size=(5, 1, 3)).astype(np.float32)
    np.testing.assert_allclose(decode(logits), tf.nn.ctc_beam_search_decoder(logits, [5], 4)[1], rtol=1e-5)


@pytest.mark.parametrize(
    ("shape", "lengths", "options", "message"),
    [
        ((4, 2, 3), [4, 4], {"beam_width": 2, "top_paths": 3}, "from 1 to beam_width"),
        ((4, 2, 3), [5, 4], {}, "at most the number of steps"),
        ((4, 2, 3), [4], {}, "len.sequence_length. != batch_size"),
        ((4, 3), [4], {}, "not a 3-Tensor"),
        ((1, 1, 2), [0], {"top_paths": 2}, "Less leaves in the beam search than requested"),
    ],
)
def test_what_the_beam_search_takes(shape, lengths, options, message):
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.nn.ctc_beam_search_decoder(np.zeros(shape, np.float32), lengths, **options)


def test_sparse_labels_have_their_lengths():
    logits = np.random.default_rng(0).normal(size=(6, 2, 4)).astype(np.float32)
    labels = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [1, 2, 3], [2, 3])
    got = tf.nn.ctc_loss(labels, logits, None, [6, 5], blank_index=0)
    np.testing.assert_allclose(got, tf.nn.ctc_loss([[1, 2, 0], [3, 0, 0]], logits, [2, 1], [6, 5]), rtol=1e-6)
    with pytest.raises(ValueError, match="`blank_index` must be provided"):
        tf.nn.ctc_loss(labels, logits, None, [6, 5])
    with pytest.raises(ValueError, match="`label_length` must be provided"):
        tf.nn.ctc_loss([[1, 2]], logits[:, :1], None, [6])
    with pytest.raises(ValueError, match="`logit_length` must be provided"):
        tf.nn.ctc_loss(labels, logits, None, None, blank_index=0)
