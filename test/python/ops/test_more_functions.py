"""Functions of several rooms that are small: sampled products, partitions as rows, rows filled, shuffles, tails."""

import math

import numpy as np
import pytest
import tfc as tf

RNG = np.random.default_rng(4)
HOW = pytest.mark.parametrize("whole", [lambda f: f, tf.function], ids=["eager", "function"])


def rows(ragged):
    return ragged.to_list()


@HOW
@pytest.mark.parametrize("batch", [(), (2,)])
def test_a_sampled_product_is_the_product_at_some_places(batch, whole):
    a, b = RNG.normal(size=(*batch, 3, 5)).astype("f"), RNG.normal(size=(*batch, 5, 4)).astype("f")
    at, values = RNG.integers(0, 3, (*batch, 6, 2)), RNG.normal(size=(*batch, 6)).astype("f")
    f = whole(lambda at, v, a, b: tf.sparse.sampled_addmm(at, v, tf.constant([3, 4]), a, b, beta=0.25, alpha=2.0))
    indices, got, shape = f(at, values, a, b)
    product = a @ b
    want = product[at[..., 0], at[..., 1]] if not batch else product[np.arange(2)[:, None], at[..., 0], at[..., 1]]
    np.testing.assert_allclose(got.numpy(), 2 * want + 0.25 * values, rtol=1e-5, atol=1e-5)
    assert indices.numpy().tolist() == at.tolist() and shape.numpy().tolist() == [3, 4]
    with pytest.raises(ValueError, match="dense_shape must match"):
        tf.sparse.sampled_addmm(at, values, [4, 4], a, b)


@HOW
def test_partitions_are_rows_in_order(whole):
    f = whole(lambda d, q: tf.ragged.stack_dynamic_partitions(d, q, 5))
    got = f(tf.range(5), tf.constant([3, 0, 2, 2, 3]))
    assert rows(got) == [[1], [], [2, 3], [0, 4], []]
    deep = f(tf.reshape(tf.range(6), (2, 3)), tf.constant([[2, 0, 2], [2, 2, 0]]))
    assert rows(deep) == [[1, 5], [], [0, 2, 3, 4], [], []]
    ragged = f(tf.ragged.constant([[1, 2], [3], [], [4, 5]]), tf.constant([3, 0, 3, 1]))
    assert rows(ragged) == [[[3]], [[4, 5]], [], [[1, 2], []], []]
    both = f(tf.ragged.constant([[1, 2], [3], []]), tf.ragged.constant([[4, 0], [4], []]))
    assert rows(both) == [[2], [], [], [], [1, 3]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="partitions is not in"):
        f(tf.range(2), tf.constant([0, 5]))


@HOW
def test_rows_without_values_are_filled(whole):
    def fill(ids, values):
        return tf.ragged_fill_empty_rows(ids, values, 6, -1.0)

    got = [v.numpy().tolist() for v in whole(fill)(tf.constant([1, 1, 3, 4]), tf.constant([1.0, 2, 3, 4]))]
    assert got == [
        [0, 1, 1, 2, 3, 4, 5],
        [-1, 1, 2, -1, 3, 4, -1],
        [True, False, True, False, False, True],
        [1, 2, 4, 5],
    ]
    grads = tf.ragged_fill_empty_rows_grad(got[3], tf.range(7.0))
    assert grads[0].numpy().tolist() == [1, 2, 4, 5] and grads[1].numpy() == 0 + 3 + 6


# Of TensorFlow 2.21.
SHUFFLED = {4: [35, 59, 32, 96, 48, 73, 3, 44], 6: [10, 41, 61, 43, 79, 84, 47, 53], 8: [11, 13, 5, 12, 19, 9, 78, 30]}


@pytest.mark.parametrize("rounds", SHUFFLED)
def test_places_in_a_permutation_are_tensorflows(rounds):
    seed = tf.constant([11, 22, 33], tf.uint32)
    got = tf.random_index_shuffle(tf.range(100), seed, 99, rounds=rounds).numpy()
    assert sorted(got.tolist()) == list(range(100)) and got[:8].tolist() == SHUFFLED[rounds]


@pytest.mark.parametrize(
    ("index", "seed", "most"),
    [
        (np.arange(10), [5, 9], 9),
        (np.arange(5), [[5, 9], [1, 2], [3, 4], [5, 9], [7, 7]], [0, 9, 70000, 3, 65535]),
        (np.int32(3), [1, 2], 10),
        (np.arange(0), [1, 2], 10),
        (np.arange(3000), [1, 2], 2999),
    ],
    ids=["few", "seeds and limits", "one", "none", "many"],
)
def test_places_of_known_numbers_are_those_of_the_traced_walk(index, seed, most):
    got = tf.random.experimental.index_shuffle(index, seed, most).numpy()
    whole = tf.function(tf.random.experimental.index_shuffle)
    np.testing.assert_array_equal(got, whole(tf.constant(index), tf.constant(seed), tf.constant(most, index.dtype)))


@HOW
def test_places_beyond_the_largest_index_are_refused(whole):
    with pytest.raises(tf.errors.InvalidArgumentError, match="max_index must be >= index"):
        whole(tf.random.experimental.index_shuffle)(tf.constant([3, 10]), tf.constant([1, 2]), tf.constant(9))


def test_rounds_of_a_shuffle_are_even():
    with pytest.raises(tf.errors.InvalidArgumentError, match="even"):
        tf.random_index_shuffle(0, [1, 2, 3], 9, rounds=5)


@HOW
@pytest.mark.parametrize(("low", "high"), [(-2.0, 2.0), (0.5, 0.7), (6.0, 9.0), (-9.0, -6.0), (-math.inf, 1.0)])
def test_numbers_between_bounds_have_the_mean_of_the_tail(low, high, whole):
    """Far from the mean, too, where probabilities round to 0 or 1."""

    def draw(seed):
        return tf.random.stateless_parameterized_truncated_normal(
            [20000], seed, means=tf.constant(1.0, tf.float64), stddevs=2.0, minvals=1 + 2 * low, maxvals=1 + 2 * high
        )

    got = (whole(draw)(tf.constant([3, 4])).numpy() - 1) / 2
    assert got.min() >= low and got.max() <= high
    x = np.linspace(max(low, -12), min(high, 12), 200001)
    weights = np.exp(-(x**2 - np.min(np.abs(x)) ** 2) / 2)
    mean = np.sum(x * weights) / np.sum(weights)
    deviation = math.sqrt(np.sum((x - mean) ** 2 * weights) / np.sum(weights))
    assert got.mean() == pytest.approx(mean, abs=4 * deviation / math.sqrt(20000))
    assert got.std() == pytest.approx(deviation, rel=0.05)
