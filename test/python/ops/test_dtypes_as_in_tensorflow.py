"""Which dtypes functions take and give, and which error two that differ raise, as TensorFlow 2.21 has them."""

import operator

import numpy as np
import pytest
import tfc as tf

WHOLE, REAL = tf.constant([1, 2]), tf.constant([1.0, 2.0])
FLAGS = tf.constant([True, False, True])
COMPLEX = tf.constant([3 + 4j, 1j])


@pytest.mark.parametrize("divide", [operator.truediv, tf.divide, tf.truediv, tf.math.divide_no_nan])
@pytest.mark.parametrize("pair", [(WHOLE, REAL), (REAL, tf.Variable([1, 2]))])
def test_division_of_two_dtypes_is_a_type_error(divide, pair):
    with pytest.raises(TypeError, match="`x` and `y` must have the same dtype, got tf"):
        divide(*pair)


@pytest.mark.parametrize("name", ["add", "sub", "mul", "floordiv", "mod", "pow", "lt", "ge", "eq", "matmul"])
def test_other_operators_on_two_dtypes_are_invalid_arguments(name):
    with pytest.raises(tf.errors.InvalidArgumentError, match="was expected to be a int32 tensor"):
        getattr(operator, name)(WHOLE, REAL)


def test_multiply_no_nan_on_two_dtypes_is_a_value_error():
    with pytest.raises(ValueError, match="Tensor conversion requested dtype int32"):
        tf.math.multiply_no_nan(WHOLE, REAL)


def both_ways(f, *args):
    eager, compiled = f(*args), tf.function(f)(*args)
    for a, b in zip(tf.nest.flatten(eager), tf.nest.flatten(compiled), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    return eager


def test_the_euclidean_norm_of_complex_numbers_is_complex_and_others_are_real():
    assert both_ways(tf.norm, COMPLEX).numpy() == pytest.approx(np.sqrt(26) + 0j)
    assert tf.norm(COMPLEX).dtype == tf.complex128
    for order in (1, 3, np.inf):
        assert tf.norm(COMPLEX, ord=order).dtype == tf.float64


def test_unique_of_flags():
    y, idx, count = both_ways(tf.unique_with_counts, FLAGS)
    assert (y.numpy().tolist(), idx.numpy().tolist(), count.numpy().tolist()) == ([True, False], [0, 1, 0], [2, 1])
    assert both_ways(lambda x: tuple(tf.unique(x)), FLAGS)[0].dtype == tf.bool


@pytest.mark.parametrize("k", [0, 1, -2])
def test_diagonals_of_flags(k):
    whole = both_ways(lambda x: tf.linalg.diag(x, k=k), FLAGS)
    np.testing.assert_array_equal(whole.numpy(), np.diag(FLAGS.numpy(), k))
    np.testing.assert_array_equal(both_ways(lambda x: tf.linalg.diag_part(x, k=k), whole).numpy(), FLAGS.numpy())
    assert tf.linalg.diag(FLAGS, k=k, padding_value=True).numpy().sum() == whole.numpy().size - 1


def test_set_diag_of_flags():
    got = both_ways(tf.linalg.set_diag, tf.ones([3, 3], tf.bool), FLAGS)
    assert got.numpy().sum() == 8


@pytest.mark.parametrize("values", [[1.0, 2.0, 2.0], [1.5, 2.7, 2.0], [True, False, True]])
def test_bincount_cuts_off_fractions(values):
    want = np.bincount(np.array(values).astype(int))
    np.testing.assert_array_equal(both_ways(tf.math.bincount, tf.constant(values)).numpy(), want)


def test_bincount_of_floats_by_rows_and_with_weights():
    rows = tf.math.bincount(tf.constant([[1.0, 2.0], [0.0, 0.0]]), axis=-1)
    assert rows.numpy().tolist() == [[0, 1, 1], [2, 0, 0]]
    weighted = tf.math.bincount(tf.constant([1.0, 2.0]), weights=tf.constant([1.0, 3.0]))
    assert weighted.numpy().tolist() == [0.0, 1.0, 3.0]


JOINS = {
    "concat": lambda *xs: tf.concat(xs, 0),
    "stack": lambda *xs: tf.stack(xs),
    "einsum": lambda *xs: tf.einsum("i,i->i", *xs),
    "dynamic_stitch": lambda *xs: tf.dynamic_stitch([[0], [1]], xs),
}


@pytest.mark.parametrize("name", JOINS)
def test_tensors_of_two_dtypes_do_not_join(name):
    xs = tf.constant([1.0]), tf.constant([1])
    with pytest.raises(tf.errors.InvalidArgumentError, match="input #1.*was expected to be a float32 tensor"):
        JOINS[name](*xs)
    with pytest.raises(TypeError, match="that don't all match"):
        tf.function(JOINS[name])(*xs)
