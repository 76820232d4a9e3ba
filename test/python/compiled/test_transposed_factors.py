"""Products read transposed matrices as they were: values are those of the transposes, whoever else needs them."""

import ml_dtypes
import numpy as np
import pytest
import tfc as tf


def numbers(*shape, dtype="float32", seed=0):
    x = np.random.default_rng(seed).integers(-9, 9, size=shape)
    return tf.constant((x + 1j * x[::-1]).astype(dtype) if np.dtype(dtype).kind == "c" else x.astype(dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int8", "complex64", ml_dtypes.bfloat16])
@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 7, 3), (33, 16, 65), (128, 70, 1), (1, 300, 200), (1, 5000, 40)])
def test_values(shape, dtype):
    rows, depth, columns = shape
    x, y = numbers(rows, depth, dtype=dtype), numbers(depth, columns, dtype=dtype, seed=1)
    plain = tf.function(tf.matmul)(x, y).numpy()
    turned = tf.function(
        lambda x, y, xt, yt: [
            tf.transpose(xt) @ y,
            x @ tf.transpose(yt),
            tf.transpose(xt) @ tf.transpose(yt),
            tf.matmul(tf.transpose(x), y, transpose_a=True),
            tf.matmul(tf.transpose(tf.transpose(x)), y),
        ]
    )
    for got in turned(x, y, tf.transpose(x), tf.transpose(y)):
        np.testing.assert_allclose(
            got.numpy().astype(np.complex128),
            plain.astype(np.complex128),
            rtol=2e-2 if dtype == ml_dtypes.bfloat16 else 1e-5,
        )


def test_batches_and_other_orders():
    q, k = numbers(2, 9, 4, 6), numbers(2, 11, 4, 6, seed=1)

    @tf.function
    def scores(q, k):
        q = tf.transpose(q, [0, 2, 1, 3])
        return q @ tf.transpose(tf.transpose(k, [0, 2, 1, 3]), [0, 1, 3, 2]), q @ tf.transpose(k, [0, 2, 3, 1])

    want = np.einsum("bihd,bjhd->bhij", q.numpy(), k.numpy())
    for got in scores(q, k):
        np.testing.assert_array_equal(got.numpy(), want)


def test_batches_that_broadcast_and_sizes_that_only_run_time_knows():
    x, y = numbers(3, 1, 6, 5), numbers(4, 7, 6, seed=1)
    f = tf.function(
        lambda x, y: tf.transpose(x, [0, 1, 3, 2]) @ tf.transpose(y, [0, 2, 1]),
        input_signature=[tf.TensorSpec([None, 1, None, None]), tf.TensorSpec([None, None, None])],
    )
    np.testing.assert_array_equal(f(x, y).numpy(), x.numpy().swapaxes(-1, -2) @ y.numpy().swapaxes(-1, -2))


def test_a_transpose_that_others_need_is_there():
    x, y = numbers(40, 30), numbers(40, 20, seed=1)

    @tf.function
    def f(x, y):
        turned = tf.transpose(x)
        return turned @ y, turned + 1, turned

    product, more, turned = f(x, y)
    np.testing.assert_array_equal(product.numpy(), x.numpy().T @ y.numpy())
    np.testing.assert_array_equal(more.numpy(), x.numpy().T + 1)
    np.testing.assert_array_equal(turned.numpy(), x.numpy().T)


def test_weights_inside_and_variables_that_change():
    w, x = tf.Variable(numbers(20, 64)), numbers(8, 64, seed=1)
    constant = np.asarray(numbers(20, 64, seed=2))

    @tf.function
    def step(x):
        y = x @ tf.transpose(w)
        w.assign_add(tf.transpose(tf.transpose(x) @ y) * 0.0 + 1.0)
        return y, x @ tf.transpose(w), x @ tf.transpose(constant)

    before = w.numpy()
    for _ in range(2):
        first, second, third = step(x)
        np.testing.assert_array_equal(first.numpy(), x.numpy() @ before.T)
        before = before + 1
        np.testing.assert_array_equal(second.numpy(), x.numpy() @ before.T)
        np.testing.assert_array_equal(third.numpy(), x.numpy() @ constant.T)
    np.testing.assert_array_equal(w.numpy(), before)


def test_no_transpose_is_stored():
    f = tf.function(lambda x, y: tf.transpose(x) @ y, autograph=False)
    remarks = f.get_concrete_function(numbers(300, 128), numbers(300, 32)).compiled().remarks
    assert not any("squares" in remark for remark in remarks)
