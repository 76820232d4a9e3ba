"""The gradient of a ragged or sparse tensor is that of its values, in the same places."""

import pytest
import tfc as tf

RAGGED = tf.ragged.constant([[1.0, 2.0], [3.0]])


def test_a_ragged_source_has_a_ragged_gradient():
    with tf.GradientTape() as tape:
        tape.watch(RAGGED)
        y = RAGGED * RAGGED
    assert tape.gradient(y, RAGGED).to_list() == [[2, 4], [6]]


def test_ragged_sources_keep_their_nest():
    with tf.GradientTape() as tape:
        tape.watch(RAGGED)
        y = tf.reduce_sum(3 * RAGGED, axis=1)
    found = tape.gradient(y, {"x": RAGGED, "l": [RAGGED]})
    assert found["x"].to_list() == found["l"][0].to_list() == [[3, 3], [3]]


def test_what_is_not_connected_is_none():
    with tf.GradientTape() as tape:
        tape.watch(RAGGED)
        y = tf.constant(1.0)
    assert tape.gradient(y, RAGGED) is None


def test_a_ragged_gradient_in_a_function():
    @tf.function
    def slope(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x * x
        return tape.gradient(y, x)

    assert slope(RAGGED).to_list() == [[3, 12], [27]]


@pytest.mark.parametrize("part", [lambda s: s, lambda s: s.values])
def test_a_sparse_source_has_the_gradient_of_its_values(part):
    matrix = tf.sparse.from_dense([[1.0, 0.0], [0.0, 2.0]])
    with tf.GradientTape() as tape:
        tape.watch(matrix.values)
        y = tf.reduce_sum(tf.sparse.sparse_dense_matmul(matrix, tf.constant([[1.0], [5.0]])))
    found = tape.gradient(y, part(matrix))
    assert getattr(found, "values", found).numpy().tolist() == [1, 5]
