"""Where elements are true: eight are looked at at a time where they are a vector, and the last few one by one."""

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(0)


def positions(mask, x):
    return tf.where(mask), tf.boolean_mask(x, mask), tf.where(x > 0)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 15, 16, 17, 1000, 4099])
@pytest.mark.parametrize("share", [0, 0.1, 0.5, 1])
def test_positions_of_true_elements_are_those_of_numpy(share, size, known):
    mask, x = RNG.random(size) < share, RNG.normal(size=size).astype(np.float32)
    specs = None if known else [tf.TensorSpec([None], tf.bool), tf.TensorSpec([None], tf.float32)]
    got = tf.function(positions, autograph=False, input_signature=specs)(tf.constant(mask), tf.constant(x))
    for result, want in zip(got, (np.argwhere(mask), x[mask], np.argwhere(x > 0)), strict=True):
        np.testing.assert_array_equal(result, want)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("share", [0, 0.001, 0.5, 1])
def test_threads_share_pieces_of_many(share, threads):
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        for size in (2**18, 2**18 + 77):
            mask, x = RNG.random(size) < share, RNG.normal(size=size).astype(np.float32)
            got = tf.function(positions, autograph=False)(tf.constant(mask), tf.constant(x))
            for result, want in zip(got, (np.argwhere(mask), x[mask], np.argwhere(x > 0)), strict=True):
                np.testing.assert_array_equal(result, want)
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)


@pytest.mark.parametrize("shape", [(3, 17), (2, 3, 9), (0, 4), (5, 0)])
def test_positions_in_matrices_are_those_of_numpy(shape):
    mask = RNG.random(shape) < 0.5
    np.testing.assert_array_equal(tf.function(lambda m: tf.where(m))(tf.constant(mask)), np.argwhere(mask))


def test_positions_that_are_needed_in_a_loop():
    @tf.function
    def total(masks):
        so_far = tf.zeros([], tf.int64)
        for mask in masks:
            so_far = so_far + tf.reduce_sum(tf.where(mask))
        return so_far

    masks = RNG.random((6, 100)) < 0.3
    assert int(total(tf.constant(masks))) == sum(np.flatnonzero(mask).sum() for mask in masks)


def test_positions_of_a_part_that_is_apart_in_memory():
    x = RNG.normal(size=(40, 30)) > 0
    np.testing.assert_array_equal(tf.function(lambda x: tf.where(x[1:, 7]))(tf.constant(x)), np.argwhere(x[1:, 7]))


@pytest.mark.parametrize("size", [7, 23, 2**18 + 9])
@pytest.mark.parametrize("byte", [2, 200, 255])
def test_bytes_that_are_neither_0_nor_1_name_no_places_beyond_the_result(byte, size):
    mask = tf.constant(np.full(size, byte, np.uint8).view(np.bool_))
    found = tf.function(lambda m: tf.where(m), autograph=False)(mask).numpy()[:, 0]
    assert len(found) <= size
    assert list(found) == sorted(set(found)) and all(0 <= place < size for place in found)


@pytest.mark.parametrize("shape", [(40,), (4, 10)])
def test_positions_that_are_two_results(shape):
    mask = RNG.random(shape) < 0.5

    def both(mask):
        places = tf.where(mask)
        return places, places[:, 0], places, tf.reverse(places, [0])

    got = tf.function(both, autograph=False)(tf.constant(mask))
    want = np.argwhere(mask)
    for result, expected in zip(got, (want, want[:, 0], want, want[::-1]), strict=True):
        np.testing.assert_array_equal(result, expected)


def test_a_result_with_room_behind_it_is_as_long_as_it_says():
    mask = RNG.random(5000) < 0.5
    places = tf.function(lambda m: tf.where(m), autograph=False)(tf.constant(mask))
    assert memoryview(places.numpy()).nbytes == 8 * mask.sum()
    np.testing.assert_array_equal(places + 1, np.argwhere(mask) + 1)
