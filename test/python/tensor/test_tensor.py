"""Operators, text and conversions of eager tensors."""

import numpy as np
import pytest
import tfc as tf


def test_repr_is_tensorflows():
    assert repr(tf.constant([1.0, 2.0])) == (
        "<tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>"
    )
    assert repr(tf.constant(True)) == "<tf.Tensor: shape=(), dtype=bool, numpy=True>"
    assert str(tf.constant(1.5)) == "tf.Tensor(1.5, shape=(), dtype=float32)"


def test_tensors_are_unhashable_but_have_references():
    x = tf.constant(1)
    with pytest.raises(TypeError, match="Tensor is unhashable. Instead, use tensor.ref"):
        hash(x)
    assert {x.ref(): 1}[x.ref()] == 1 and x.ref().deref() is x and x.ref() != tf.constant(1).ref()


def test_python_numbers_take_the_dtype_of_the_tensor():
    assert (tf.constant(1.0, tf.float16) + 1).dtype == tf.float16
    assert (2 * tf.constant([1, 2])).dtype == tf.int32
    assert (np.array([1.0, 2.0]) + tf.constant([1.0, 2.0])).dtype == tf.float32


def test_mixed_dtypes_are_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected to be a int32 tensor but is a float32"):
        tf.constant(1) + tf.constant(1.0)
    with pytest.raises(TypeError, match="Cannot convert 1.5 to EagerTensor of dtype int32"):
        1.5 + tf.constant(1)


def test_division_of_integers():
    assert (tf.constant(3) / 2).dtype == tf.float64
    assert (tf.constant(3, tf.int8) / tf.constant(2, tf.int8)).dtype == tf.float32
    assert (tf.constant(-7) // 2).numpy() == -4 and (tf.constant(-7) % 3).numpy() == 2
    with pytest.raises(tf.errors.InvalidArgumentError, match="Integer division by zero"):
        tf.constant(1) // 0


@pytest.mark.parametrize("symbol", ["+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!="])
def test_operator_agrees_with_numpy(symbol):
    a, b = np.array([[1.5, 2.0], [3.0, 0.5]]), np.array([2.0, 0.5])
    ta, tb = tf.constant(a), tf.constant(b)  # noqa: F841
    want = eval(f"a {symbol} b")
    for value in (eval(f"ta {symbol} tb"), eval(f"ta {symbol} b"), eval(f"a {symbol} tb")):
        np.testing.assert_allclose(value.numpy(), want)


def test_logical_and_bit_operators():
    t, f = tf.constant(True), tf.constant(False)
    assert ((t & ~f) | f).numpy() and (t ^ t).numpy() == False  # noqa: E712
    assert (tf.constant(6) & 3).numpy() == 2 and (~tf.constant(0)).numpy() == -1


def test_equality_of_shapes_that_do_not_broadcast_is_false():
    assert (tf.constant([1, 2]) == tf.constant([1, 2, 3])).numpy() == False  # noqa: E712
    assert (tf.constant([1]) == None) is False  # noqa: E711


def test_python_protocols():
    assert int(tf.constant(3)) == 3 and float(tf.constant(1.5)) == 1.5 and bool(tf.constant(1.0))
    assert [int(v) for v in tf.range(3)] == [0, 1, 2] and len(tf.range(3)) == 3
    assert list(range(5))[tf.constant(2)] == 2 and f"{tf.constant(1.5):.2f}" == "1.50"
    assert np.asarray(tf.constant([1, 2])).dtype == np.int32


def test_scalars_have_no_length():
    with pytest.raises(TypeError, match="Scalar tensor has no"):
        len(tf.constant(1))
    with pytest.raises(TypeError, match="Cannot iterate over a scalar tensor"):
        iter(tf.constant(1))


def test_truth_of_several_elements_is_refused():
    with pytest.raises(ValueError, match="ambiguous"):
        bool(tf.constant([1, 2]))


def test_shape_properties():
    x = tf.ones([2, 3])
    assert isinstance(x.shape, tf.TensorShape) and x.shape == (2, 3) and x.ndim == 2 and x.get_shape() == x.shape
    x.set_shape([None, 3])
    with pytest.raises(ValueError, match="not compatible"):
        x.set_shape([4, 3])


A = np.arange(24).reshape(2, 3, 4)
KEYS = [
    "0", "-1", "1, 2", "1, 2, 3", ":", "..., 0", "0, ..., 1", ":, 1:", ":, ::-1", "None", "..., None",
    "0, None, 1:3", ":, -2:", ":, 5:", ":, -9:2", "..., 3:0:-2", ":, :, ::2", "1:1", "(slice(None), 1)",
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_getitem_agrees_with_numpy(key):
    x = tf.constant(A)  # noqa: F841
    np.testing.assert_array_equal(eval(f"x[{key}]").numpy(), eval(f"A[{key}]"))


def test_getitem_by_tensors_and_masks():
    x = tf.constant(A)
    np.testing.assert_array_equal(x[tf.constant(1)].numpy(), A[1])
    np.testing.assert_array_equal(x[:, tf.constant(-1)].numpy(), A[:, -1])
    np.testing.assert_array_equal(x[0 : tf.constant(1), 1].numpy(), A[0:1, 1])
    np.testing.assert_array_equal(x[x > 5].numpy(), A[A > 5])


def test_getitem_out_of_range():
    with pytest.raises(tf.errors.InvalidArgumentError, match="slice index 2 of dimension 0 out of bounds"):
        tf.constant(A)[2]
    with pytest.raises(tf.errors.InvalidArgumentError, match="slice index -4 of dimension 1 out of bounds"):
        tf.constant(A)[:, -4]
    with pytest.raises(tf.errors.InvalidArgumentError, match="input has only 3 dims"):
        tf.constant(A)[0, 0, 0, 0]


def test_getitem_of_the_wrong_type():
    with pytest.raises(TypeError, match="Only integers, slices"):
        tf.constant(A)[1.0]
