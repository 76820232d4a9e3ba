"""`==` of ragged tensors is elementwise; what cannot be compared is not equal, as in TensorFlow."""

import pytest
import tfc as tf

rows = tf.ragged.constant([[1, 2], [3]])


def test_elements_are_compared():
    assert (rows == rows).to_list() == [[True, True], [True]]
    assert (rows != tf.constant([[1], [3]])).to_list() == [[False, True], [False]]


@pytest.mark.parametrize("other", [tf.ragged.constant([[1], [2, 3]]), [[1, 2], [3]], "x", None], ids=str)
def test_other_rows_and_other_things_are_not_equal(other):
    assert (rows == other) is False and (rows != other) is True


def test_equal_of_other_rows_is_an_error():
    with pytest.raises(tf.errors.InvalidArgumentError, match="identical ragged splits"):
        tf.equal(rows, tf.ragged.constant([[1], [2, 3]]))
