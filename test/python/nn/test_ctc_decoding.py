"""Labels from the outputs of networks that CTC trains."""

import numpy as np
import pytest
import tfc as tf

BEST = np.array([[2, 2, 0, 2, 3, 1], [1, 1, 3, 1, 0, 0], [0, 0, 0, 0, 0, 0]])
LOGITS = np.eye(4, dtype=np.float32)[BEST.T] * 2
LENGTHS = np.array([6, 4, 0])


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


def test_repeated_labels_collapse():
    labels, lengths = tf.nn.collapse_repeated(tf.constant([[1, 1, 2, 2, 1], [3, 3, 3, 0, 0]]), tf.constant([5, 3]))
    np.testing.assert_array_equal(labels, [[1, 2, 1], [3, 0, 0]])
    np.testing.assert_array_equal(lengths, [3, 1])


def test_distinct_labels_of_each_row():
    values, places = tf.nn.ctc_unique_labels(tf.constant([[1, 1, 2, 2, 1], [3, 3, 3, 0, 0]]))
    np.testing.assert_array_equal(values, [[1, 2, 0, 0, 0], [3, 0, 0, 0, 0]])
    np.testing.assert_array_equal(places, [[0, 0, 1, 1, 0], [0, 0, 0, 1, 1]])
