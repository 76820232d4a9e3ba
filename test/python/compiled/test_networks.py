"""Functions with many products: their tiles are functions that convolutions of any size share, their bodies are cut
into parts, and short loops are not unrolled. Values are those of the same ops one by one."""

import numpy as np
import pytest
import tfc as tf

# Images, windows, strides and channels, so that tiles have rows in one line of the image and in several, full and
# other numbers of vectors, panels and operands as they are.
LAYERS = [
    (3, 1, 3, 32),
    (3, 1, 32, 32),
    (3, 2, 32, 48),
    (1, 1, 48, 256),
    (1, 1, 256, 64),
    (5, 1, 64, 24),
    (3, 1, 24, 96),
    (3, 1, 96, 40),
    (1, 1, 40, 272),
    (2, 1, 272, 32),
]


def layers(number):
    """The same with more channels inside, so that no two networks have equal layers."""
    return [
        (size, stride, before if before == 3 else before + 16 * number, after + 16 * number)
        for size, stride, before, after in LAYERS
    ]


def weights(dtype, networks):
    rng = np.random.default_rng(3)
    made = []
    for number in range(networks):
        for size, _, before, after in layers(number):
            filters = rng.standard_normal((size, size, before, after)) / np.sqrt(size * size * before)
            made.append((filters.astype(dtype), rng.standard_normal(after).astype(dtype)))
    return made


def network(x, given):
    sums = 0.0
    for first in range(0, len(given), len(LAYERS)):
        y = x
        for (_, stride, *_), (filters, bias) in zip(LAYERS, given[first:], strict=False):
            y = tf.nn.relu(tf.nn.conv2d(y, filters, strides=stride, padding="SAME") + bias)
        sums = sums + tf.reduce_sum(y * y) / y.shape[-1]
    return sums


def gradients(x, given):
    flat = [x, *(part for layer in given for part in layer)]
    with tf.GradientTape() as tape:
        for each in flat:
            tape.watch(each)
        result = network(x, given)
    return [result, *tape.gradient(result, flat)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-4), ("float64", 1e-11)])
@pytest.mark.parametrize("image", [(1, 9, 7, 3), (2, 16, 13, 3)])
def test_gradients_of_a_network_are_those_of_its_ops(image, dtype, tolerance, threads):
    x = np.random.default_rng(4).standard_normal(image).astype(dtype)
    given = weights(dtype, 1)
    eager = gradients(tf.constant(x), [[tf.constant(part) for part in layer] for layer in given])
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    try:
        compiled = tf.function(gradients)(tf.constant(x), [[tf.constant(part) for part in layer] for layer in given])
    finally:
        tf.config.threading.set_intra_op_parallelism_threads(before)
    for one, other in zip(compiled, eager, strict=True):
        one, other = one.numpy(), other.numpy()
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * np.abs(other).max())


def many_nests(x, steps):
    """A sum over neighbours, scaled rows and more sums, as often, which are nests of their own."""
    for step in range(steps):
        rows = tf.reduce_sum(x * (step + 1.0), axis=1, keepdims=True)
        x = tf.roll(x, step % 3 + 1, axis=0) * 0.5 + tf.tanh(rows) + tf.math.cumsum(x, axis=1) * 0.01
    return x


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("yes", [True, False])
def test_parts_of_branches_and_loops_read_buffers_from_around_them(yes, threads):
    before = tf.config.threading.get_intra_op_parallelism_threads()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    steps = tf.Variable(tf.zeros([13, 19]))

    def f(x, yes):
        around = many_nests(x, 3)
        if yes:
            result = many_nests(around, 60) + around
        else:
            result = around
            for _ in tf.range(3):
                result = many_nests(result, 40) - around
                steps.assign_add(result)
        return result, around

    x = np.random.default_rng(5).standard_normal((13, 19)).astype(np.float32)
    found = [*tf.function(f)(tf.constant(x), tf.constant(yes)), steps.read_value()]
    steps.assign(tf.zeros_like(steps))
    tf.config.run_functions_eagerly(True)
    try:
        expected = [*tf.function(f)(tf.constant(x), tf.constant(yes)), steps.read_value()]
    finally:
        tf.config.run_functions_eagerly(False)
        tf.config.threading.set_intra_op_parallelism_threads(before)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-4)


def test_convolutions_share_their_tiles():
    given = [[tf.constant(part) for part in layer] for layer in weights("float32", 3)]
    traced = tf.function(lambda x: network(x, given)).get_concrete_function(tf.TensorSpec([1, 16, 16, 3]))
    assert "tfc.rows." in traced.compiled().llvm_ir


def test_large_bodies_are_cut():
    rng = np.random.default_rng(5)
    given = [tf.constant(rng.standard_normal(n).astype("float32")) for n in range(17, 217)]

    def chain(f, value, n):
        # No two are equal, whatever their sizes are, and none can be fused with another.
        for bit in range(8):
            value = f.maximum(value, -1.5) + 0.25 if n >> bit & 1 else f.minimum(value, 1.5) * 0.75
        return value

    def many(*values):
        return [tf.cumsum(chain(tf, tf.sort(value), n)) for n, value in enumerate(values)]

    traced = tf.function(many)
    for n, (one, value) in enumerate(zip(traced(*given), given, strict=True)):
        np.testing.assert_allclose(one, np.cumsum(chain(np, np.sort(value), n)), rtol=1e-4, atol=0.1)
    concrete = traced.get_concrete_function(*given)
    assert ".part1(" in concrete.compiled().llvm_ir
