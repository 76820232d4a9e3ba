"""Random numbers of sizes that only the running code knows: the same as those of sizes known while tracing."""

import numpy as np
import pytest
import tfc as tf

SEED = [3, 2**40 + 5]

# By name: numbers of a shape, as a function of a seed.
STATELESS = {
    "uniform_float32": lambda shape: tf.random.stateless_uniform(shape, SEED, -2, 3),
    "uniform_float64": lambda shape: tf.random.stateless_uniform(shape, SEED, dtype=tf.float64),
    "uniform_bfloat16": lambda shape: tf.random.stateless_uniform(shape, SEED, dtype=tf.bfloat16),
    "uniform_int32": lambda shape: tf.random.stateless_uniform(shape, SEED, 1, 100, tf.int32),
    "uniform_int64": lambda shape: tf.random.stateless_uniform(shape, SEED, None, None, tf.int64),
    "normal_float32": lambda shape: tf.random.stateless_normal(shape, SEED, 1.0, 2.0),
    "normal_float64": lambda shape: tf.random.stateless_normal(shape, SEED, dtype=tf.float64),
    "truncated_normal_float32": lambda shape: tf.random.stateless_truncated_normal(shape, SEED),
    "truncated_normal_float64": lambda shape: tf.random.stateless_truncated_normal(shape, SEED, dtype=tf.float64),
    "gamma": lambda shape: tf.random.stateless_gamma(shape, SEED, 1.5),
    "poisson": lambda shape: tf.random.stateless_poisson(shape, SEED, 20.0),
    "binomial": lambda shape: tf.random.stateless_binomial(shape, SEED, 40.0, 0.4),
}
STATEFUL = {
    "uniform": lambda g, shape: g.uniform(shape),
    "uniform_full_int": lambda g, shape: g.uniform_full_int(shape),
    "normal": lambda g, shape: g.normal(shape),
    "truncated_normal": lambda g, shape: g.truncated_normal(shape),
    "binomial": lambda g, shape: g.binomial(shape, 40.0, 0.4),
}
SHAPES = [(0, 3), (1, 1), (3, 5), (33, 31)]


def same(got, expected):
    assert got.shape == expected.shape
    np.testing.assert_allclose(
        got.numpy().astype(np.float64), expected.numpy().astype(np.float64), rtol=2e-6, atol=1e-6
    )


@pytest.mark.parametrize("name", STATELESS)
def test_stateless_numbers(name):
    draw = STATELESS[name]
    f = tf.function(lambda shape: draw(shape), input_signature=[tf.TensorSpec([2], tf.int32)])
    for shape in SHAPES:
        same(f(tf.constant(shape, tf.int32)), draw(shape))


@pytest.mark.parametrize("name", STATEFUL)
def test_generators(name):
    draw = STATEFUL[name]
    one, other = (tf.random.Generator.from_seed(7) for _ in range(2))
    f = tf.function(lambda shape: draw(one, shape), input_signature=[tf.TensorSpec([2], tf.int32)])
    for shape in ((3, 5), (1, 1), (9, 2)):
        same(f(tf.constant(shape, tf.int32)), draw(other, shape))
        assert one.state.numpy().tolist() == other.state.numpy().tolist()


def test_sizes_that_are_known_stay_known():
    @tf.function(input_signature=[tf.TensorSpec([None, 4])])
    def f(x):
        noise = tf.random.normal([tf.shape(x)[0], 4])
        assert noise.shape.as_list() == [None, 4]
        return x + noise

    assert f(tf.ones([3, 4])).shape == (3, 4)


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_shuffle(n):
    f = tf.function(lambda x: tf.random.shuffle(x, seed=3), input_signature=[tf.TensorSpec([None])])
    x = np.arange(n, dtype=np.float32)
    assert sorted(f(x).numpy().tolist()) == x.tolist()


def test_stateless_shuffle():
    draw = lambda x: tf.random.experimental.stateless_shuffle(x, SEED)
    f = tf.function(draw, input_signature=[tf.TensorSpec([None, 2])])
    for n in (0, 1, 7):
        same(f(tf.ones([n, 2])), draw(tf.ones([n, 2])))
        x = tf.reshape(tf.range(2.0 * n), [n, 2])
        same(f(x), draw(x))


def test_categorical():
    logits = np.log(np.array([[1, 2, 7], [5, 4, 1]], np.float32))
    spec = [tf.TensorSpec([None, None]), tf.TensorSpec([], tf.int32)]
    f = tf.function(lambda x, n: tf.random.stateless_categorical(x, n, SEED), input_signature=spec)
    for samples in (0, 1, 6):
        same(f(logits, samples), tf.random.stateless_categorical(logits, samples, SEED))


def test_parameters_of_unknown_sizes():
    alpha, beta = np.array([[0.5, 1.0, 3.0]], np.float32), np.array([[1.0], [2.0]], np.float32)
    spec = [tf.TensorSpec([None, None])] * 2
    f = tf.function(lambda a, b: tf.random.stateless_gamma([4, 2, 3], SEED, a, b), input_signature=spec)
    same(f(alpha, beta), tf.random.stateless_gamma([4, 2, 3], SEED, alpha, beta))


def test_the_shape_ends_in_that_of_the_parameters():
    spec = [tf.TensorSpec([None], tf.int32), tf.TensorSpec([None])]
    with pytest.raises(NotImplementedError, match="known length"):
        tf.function(lambda s, a: tf.random.stateless_gamma(s, SEED, a), input_signature=spec)([2, 3], [1.0, 1.0, 1.0])
    spec[0] = tf.TensorSpec([2], tf.int32)
    f = tf.function(lambda s, a: tf.random.stateless_gamma(s, SEED, a), input_signature=spec)
    with pytest.raises(tf.errors.InvalidArgumentError, match="must end in that of its parameters"):
        f([2, 4], [1.0, 1.0, 1.0])


@pytest.mark.parametrize("noise_shape", [None, [None, 1, 3], [1, 3]])
def test_dropout(noise_shape):
    def f(x):
        return tf.nn.experimental.stateless_dropout(x, 0.4, SEED, noise_shape=noise_shape)

    x = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)
    same(tf.function(f, input_signature=[tf.TensorSpec([None, None, 3])])(x), f(x))


def test_dropout_has_a_gradient():
    @tf.function(input_signature=[tf.TensorSpec([None, 3])])
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.nn.dropout(x, 0.5, seed=1)
        return y, tape.gradient(y, x)

    y, g = f(tf.ones([50, 3]))
    assert y.numpy().tolist() == g.numpy().tolist() and 0 < (y.numpy() == 0).mean() < 1


def test_negative_sizes_are_refused():
    f = tf.function(lambda n: tf.random.stateless_normal([n, 2], SEED), input_signature=[tf.TensorSpec([], tf.int32)])
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 0"):
        f(-1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 0"):
        tf.random.stateless_uniform([2, -1], SEED)
