"""Functions of ragged tensors that call the user's function call it once: an error of it is not an occasion to try again."""

import pytest
import tfc as tf


@pytest.mark.parametrize("kind", [TypeError, ValueError])
def test_an_error_of_the_users_function_comes_out_at_once(kind):
    calls = []

    def broken(row):
        calls.append(row)
        raise kind("mine")

    with pytest.raises(kind, match="mine"):
        tf.map_fn(broken, tf.ragged.constant([[1, 2], [3]]))
    assert len(calls) == 1
    with pytest.raises(kind, match="mine"):
        tf.map_fn(broken, tf.constant([1, 2]))
    assert len(calls) == 2


def test_map_fn_of_ragged_rows():
    rows = tf.ragged.constant([[1, 2], [3]])
    double = tf.map_fn(lambda row: row * 2, rows, fn_output_signature=tf.RaggedTensorSpec([None], tf.int32))
    assert double.to_list() == [[2, 4], [6]]
    assert tf.function(lambda r: tf.map_fn(tf.reduce_sum, r, fn_output_signature=tf.int32))(rows).numpy().tolist() == [
        3,
        3,
    ]
