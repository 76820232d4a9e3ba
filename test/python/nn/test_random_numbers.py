"""Random numbers that need several draws: TensorFlow 2.21's (printed by it), compiled = eager."""

import numpy as np
import pytest
import tfc as tf

LOGITS = np.log(np.array([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2], [0.05, 0.9, 0.05]], np.float32))
SEED = [1, 2]

# name: (call, TensorFlow's numbers, flat, as far as they are here)
NUMBERS = {
    "truncated normal": (
        lambda: tf.random.stateless_truncated_normal([21], SEED),
        [0.54411012, 0.20738031, 0.07356432, 0.04643455, 0.16820592]),
    "categorical": (lambda: tf.random.stateless_categorical(LOGITS, 10, SEED), [2, 2, 1, 2, 2, 2, 2, 1]),
    "gamma": (
        lambda: tf.random.stateless_gamma([50, 4], SEED, [0.5, 1.0, 2.0, 30.0]),
        [0.0669536143541336, 0.13865453004837036, 0.5851060748100281, 33.250877380371094, 0.6282354593276978]),
    "gamma of small alpha": (
        lambda: tf.random.stateless_gamma([50, 1], SEED, [0.1]),
        [4.585895396758133e-08, 0.018210699781775475, 3.172817741869949e-06]),
    "gamma with rates": (
        lambda: tf.random.stateless_gamma([6, 2], SEED, [2.0, 3.0], [0.5, 2.0]),
        [5.634547233581543, 2.212827444076538, 3.8482730388641357, 1.5133863687515259]),
    "binomial": (
        lambda: tf.random.stateless_binomial([30, 2], SEED, [5.0, 40.0], [0.3, 0.6])[:, 1],
        [30, 27, 25, 24, 19, 19, 21, 27, 24, 19, 27, 24]),
    "binomial of small means": (
        lambda: tf.random.stateless_binomial([12, 3], SEED, [5.0, 40.0, 9.0], [0.3, 0.1, 0.9]),
        [3, 4, 7, 2, 4, 9, 2, 3, 9, 2, 3, 6, 3, 4, 8, 2, 5, 7, 3, 5, 8, 0, 3, 8, 1, 6, 9, 1, 2, 7, 3, 6, 9, 2, 4, 8]),
    "permutation": (
        lambda: tf.random.experimental.stateless_shuffle(tf.range(12), SEED), [4, 6, 1, 2, 7, 11, 9, 3, 5, 10, 0, 8]),
    "positions in a permutation": (
        lambda: tf.random.experimental.index_shuffle(tf.range(10), [5, 9], 9), [8, 0, 6, 3, 1, 5, 4, 7, 2, 9]),
    "positions in large permutations": (
        lambda: tf.random.experimental.index_shuffle(
            tf.constant([7, 14, 7, 14, 1], tf.int64), [5, 9], tf.constant([300, 300, 70000, 2**40, 2], tf.int64)),
        [191, 112, 27352, 552524897985, 0]),
    "Poisson": (lambda: tf.random.stateless_poisson([40, 3], SEED, [0.5, 5.0, 20.0]), [3, 4, 25, 2, 5, 16, 1, 5]),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_those_of_tensorflow(name):
    call, want = NUMBERS[name]
    eager, compiled = call().numpy(), tf.function(call, autograph=False)().numpy()
    np.testing.assert_allclose(eager.ravel()[: len(want)], want, rtol=5e-6)
    np.testing.assert_allclose(compiled, eager, rtol=1e-5)


def test_seeded_ops_follow_the_global_seed():
    tf.random.set_seed(7)
    tf.random.uniform([3], seed=5)
    tf.random.uniform([3], seed=5)
    tf.random.normal([3])
    tf.random.normal([3])
    np.testing.assert_allclose(
        tf.random.truncated_normal([5]).numpy(),
        [1.5749502182006836, -0.529021680355072, -0.7040792107582092, -0.9237985014915466, -1.3505825996398926],
        rtol=1e-5,
    )
    tf.random.truncated_normal([5], seed=3)
    assert tf.random.shuffle(np.arange(10)).numpy().tolist() == [0, 3, 7, 4, 2, 9, 6, 8, 5, 1]
    assert tf.random.categorical(LOGITS, 6, seed=3).numpy()[0].tolist() == [1, 2, 2, 0, 2, 2]
    np.testing.assert_allclose(tf.random.gamma([4], [2.0, 0.5], seed=3).numpy()[0], [0.27556658, 0.50046033], rtol=1e-6)
    assert tf.random.poisson([4], [2.0, 15.0], seed=3).numpy()[:2].tolist() == [[1, 18], [2, 10]]


def test_shuffle_in_a_function_is_a_permutation_and_moves_on():
    shuffle = tf.function(lambda x: tf.random.shuffle(x, seed=1))
    x = tf.range(20)
    first, second = shuffle(x).numpy(), shuffle(x).numpy()
    assert sorted(first) == sorted(second) == list(range(20))
    assert first.tolist() != second.tolist()
    tf.random.set_seed(4)
    want = tf.random.shuffle(x, seed=1).numpy()
    tf.random.set_seed(4)
    assert tf.function(lambda x: tf.random.shuffle(x, seed=1))(x).numpy().tolist() == want.tolist()


def test_moments_of_many_numbers():
    draws = tf.random.stateless_gamma([20000, 2], [3, 4], [0.5, 4.0]).numpy()
    np.testing.assert_allclose(draws.mean(0), [0.5, 4.0], rtol=0.05)
    counts = tf.random.stateless_poisson([20000, 2], [3, 4], [0.7, 40.0]).numpy()
    np.testing.assert_allclose(counts.mean(0), [0.7, 40.0], rtol=0.05)
    np.testing.assert_allclose(counts.var(0), [0.7, 40.0], rtol=0.1)
    wins = tf.random.stateless_binomial([20000, 3], [3, 4], [5.0, 60.0, 7.0], [0.3, 0.6, 1.0]).numpy()
    np.testing.assert_allclose(wins.mean(0), [1.5, 36.0, 7.0], rtol=0.05)
    np.testing.assert_allclose(wins.var(0), [1.05, 14.4, 0.0], rtol=0.1)


@pytest.mark.parametrize("call", [
    lambda: tf.random.stateless_gamma([3], SEED, [1.0, 2.0]), lambda: tf.random.stateless_poisson([3], SEED, [1.0, 2.0]),
    lambda: tf.random.categorical([0.5, 0.5], 3),
], ids=["gamma", "poisson", "categorical"])  # fmt: skip
def test_shapes_that_do_not_fit_are_refused(call):
    for f in (call, tf.function(call, autograph=False)):
        with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
            f()
