"""Factorizations in C programs: loops of their own, without a library of linear algebra."""

import numpy as np
import pytest
import tfc as tf
from building import TARGETS, compile, run_calls, undefined_symbols

# What object files may need: libc and libm.
LIBRARY = {
    "sqrt",
    "sqrtf",
    "log",
    "logf",
    "atan2",
    "atan2f",
    "exp",
    "expf",
    "memcpy",
    "memset",
    "memmove",
    "nearbyint",
    "nearbyintf",
}


def factors(a, b):
    s, u, v = tf.linalg.svd(a)
    return (
        tf.linalg.cholesky(tf.matmul(a, a, transpose_b=True)),
        tf.linalg.solve(a, b),
        tf.matmul(u * s, v, transpose_b=True),
        *tf.linalg.eig(a),
        tf.linalg.qr(a).r,
        tf.linalg.sqrtm(tf.cast(tf.matmul(a, a, transpose_b=True), tf.complex128)),
        tf.linalg.logm(tf.cast(tf.matmul(a, a, transpose_b=True), tf.complex128)),
        tf.linalg.tridiagonal_solve(a[:3] + 4.0 * tf.eye(3, 4, dtype=a.dtype)[::-1], b, partial_pivoting=True),
    )


@pytest.mark.parametrize("target", ["x86", "aarch64", "armv7"])
def test_factorizations_agree_with_python(tmp_path, target):
    spec = [tf.TensorSpec([4, 4], tf.float64), tf.TensorSpec([4, 2], tf.float64)]
    function = tf.function(factors)
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(4, 4)), rng.normal(size=(4, 2))
    functions = {"factors": function.get_concrete_function(*spec)}
    (outcome,), _ = run_calls(tmp_path, functions, [("factors", [a, b])], TARGETS[target])
    assert outcome.status == 0
    for got, want in zip(outcome.results, factors(tf.constant(a), tf.constant(b)), strict=True):
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-9, atol=1e-9)
    values, vectors = outcome.results[3:5]
    np.testing.assert_allclose(a @ vectors, vectors * values, atol=1e-12)


def factors_in_blocks(a):
    s, u, v = tf.linalg.svd(a)
    q, r = tf.linalg.qr(a)
    half = tf.matmul(a, a, transpose_a=True)
    e, w = tf.linalg.eigh(half)
    lu, order = tf.linalg.lu(half)
    return (
        tf.matmul(u * s, v, transpose_b=True),
        tf.matmul(q, r),
        tf.matmul(w * e, w, transpose_b=True),
        s,
        e,
        lu,
        order,
    )


@pytest.mark.parametrize(
    ("target", "cpu"), [("x86", "generic"), ("x86", "x86-64-v3"), ("aarch64", "generic"), ("armv7", "generic")]
)
def test_factorizations_in_blocks_agree_with_python(tmp_path, target, cpu):
    function = tf.function(factors_in_blocks)
    a = np.random.default_rng(0).normal(size=(110, 100))
    functions = {"factors": function.get_concrete_function(tf.TensorSpec([110, 100], tf.float64))}
    (outcome,), _ = run_calls(tmp_path, functions, [("factors", [a])], TARGETS[target], cpu=cpu)
    assert outcome.status == 0
    for got, want in zip(outcome.results, factors_in_blocks(tf.constant(a)), strict=True):
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-9, atol=1e-9)


def test_factorizations_need_only_libc_and_libm(tmp_path):
    spec = [tf.TensorSpec([None, None], tf.float32), tf.TensorSpec([None, None], tf.float32)]
    compile({"factors": tf.function(factors).get_concrete_function(*spec)}, tmp_path / "f.o")
    assert undefined_symbols(tmp_path / "f.o") <= LIBRARY


def test_a_singular_matrix_is_a_status(tmp_path):
    spec = tf.TensorSpec([2, 2], tf.float32)
    function = tf.function(lambda a: tf.linalg.inv(a)).get_concrete_function(spec)
    (outcome,), _ = run_calls(tmp_path, {"f": function}, [("f", [np.zeros((2, 2), np.float32)])])
    assert outcome.status != 0
    assert "not invertible" in outcome.message
