"""QR, eigenvalues and singular values of real matrices of order 48 and more go in blocks of reflections: what defines
the results holds on both sides of that, to LAPACK's accuracy.
"""

import functools
import importlib

import numpy as np
import pytest
import tfc as tf
from tfc.ops import primitives as p

OPTIONS = [(("disable", ("tfc-lower-contractions",)),), (("reassociate", False),), (("parallel", False),)]
# On both sides of where blocks begin, of a panel's edge, of a vector's and of a band's.
ORDERS = [47, 48, 65, 161]
SHAPES = [(47, 47), (48, 48), (47, 100), (48, 100), (100, 1), (100, 5), (129, 32), (200, 33), (70, 69)]
FLOATS = [np.float32, np.float64]


def general(*shape, dtype=np.float64):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


def symmetric(*shape, dtype=np.float64):
    x = general(*shape)
    return (x + np.swapaxes(x, -1, -2)).astype(dtype)


FUNCTIONS = {
    "qr": lambda x: p.qr(x, full=False),
    "full qr": lambda x: p.qr(x, full=True),
    "eigh": p.eigh,
    "eigvalsh": lambda x: p.eigh(x)[0],
    "svd": lambda x: p.svd(x, full=False),
    "full svd": lambda x: p.svd(x, full=True),
    "svdvals": lambda x: p.svd(x, full=False)[0],
}
MATRIX = (tf.TensorSpec([None, None], tf.float64),)


@functools.cache
def compiled(name, options=(), signature=None, threads=0):
    attributes = {"compile_options": dict(options)}
    function = FUNCTIONS[name]
    return tf.function(
        lambda x: function(x), autograph=False, experimental_attributes=attributes, input_signature=signature
    )


def run(name, x, **how):
    out = compiled(name, **how)(x)
    return [y.numpy().astype(np.float64) for y in (out if isinstance(out, tuple) else [out])]


def small(error, x, scale=1.0):
    """An error of some eps for each row, relative to `scale`."""
    eps = np.finfo(x.dtype).eps
    assert np.abs(error).max(initial=0) <= 4 * eps * max(x.shape[-2:]) * scale, np.abs(error).max() / eps


def transposed(x):
    return np.swapaxes(x, -1, -2)


def check_orthonormal(q, x):
    small(transposed(q) @ q - np.eye(q.shape[-1]), x)


def check_qr(x, full=False, **how):
    q, r = run("full qr" if full else "qr", x, **how)
    rows, columns = x.shape[-2:]
    inner = rows if full else min(rows, columns)
    assert q.shape[-2:] == (rows, inner)
    assert r.shape[-2:] == (inner, columns)
    wide = x.astype(np.float64)
    small(q @ r - wide, x, np.abs(wide).max(initial=0))
    check_orthonormal(q, x)
    np.testing.assert_array_equal(np.tril(r, -1), 0)


def check_eigh(x, **how):
    values, vectors = run("eigh", x, **how)
    wide = x.astype(np.float64)
    scale = np.abs(wide).max(initial=0) * np.sqrt(x.shape[-1])
    small(wide @ vectors - vectors * values[..., None, :], x, scale)
    small(values - np.linalg.eigvalsh(wide), x, scale)
    check_orthonormal(vectors, x)
    (alone,) = run("eigvalsh", x, **how)
    small(alone - values, x, scale)


def check_svd(x, full=False, **how):
    s, u, v = run("full svd" if full else "svd", x, **how)
    rows, columns = x.shape[-2:]
    count = min(rows, columns)
    wide = x.astype(np.float64)
    scale = np.abs(wide).max(initial=0) * np.sqrt(count)
    small((u[..., :count] * s[..., None, :]) @ transposed(v[..., :count]) - wide, x, scale)
    small(s - np.linalg.svd(wide, compute_uv=False), x, scale)
    assert (s >= 0).all()
    assert u.shape[-1] == (rows if full else count)
    check_orthonormal(u, x)
    check_orthonormal(v, x)
    (alone,) = run("svdvals", x, **how)
    small(alone - s, x, scale)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_qr(shape, dtype):
    check_qr(general(*shape, dtype=dtype))


@pytest.mark.parametrize("shape", [(48, 48), (100, 5), (70, 69), (48, 100)], ids=str)
def test_full_qr(shape):
    check_qr(general(*shape), full=True)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", ORDERS)
def test_eigh(n, dtype):
    check_eigh(symmetric(n, n, dtype=dtype))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(47, 47), (48, 48), (161, 161), (50, 60), (95, 48), (96, 48)], ids=str)
def test_svd(shape, dtype):
    check_svd(general(*shape, dtype=dtype))


def test_full_svd():
    check_svd(general(60, 50), full=True)
    check_svd(general(50, 120), full=True)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_each_option(options):
    check_qr(general(70, 66), options=options)
    check_eigh(symmetric(70, 70), options=options)
    check_svd(general(130, 60), options=options)


def test_batches():
    check_qr(general(2, 3, 50, 49))
    check_eigh(symmetric(3, 50, 50))
    check_svd(general(3, 50, 49))


def test_sizes_that_run_time_knows(monkeypatch):
    monkeypatch.setattr(importlib.import_module("tfc.function.flat"), "SPECIALIZATIONS", 0)
    for shape in [(0, 0), (1, 1), (47, 47), (48, 48), (50, 70), (70, 50), (120, 8)]:
        check_qr(general(*shape), signature=MATRIX)
        if 0 not in shape:
            check_svd(general(*shape), signature=MATRIX)
        if shape[0] == shape[1] != 0:
            check_eigh(symmetric(*shape), signature=MATRIX)


def graded(n, ratio):
    x = general(n, n)
    scale = ratio ** -np.arange(n)
    return x * scale[:, None] * scale[None, :]


SPECIAL = {
    "zeros": np.zeros((64, 64)),
    "ones": np.ones((64, 64)),
    "identity": np.eye(64),
    "repeated eigenvalues": np.diag(np.repeat([1.0, 2.0, 2.0, -3.0], 16)),
    "low rank": general(64, 3) @ general(64, 3).T,
    "graded": graded(64, 1.3) + graded(64, 1.3).T,
    "graded upwards": (graded(64, 1.3) + graded(64, 1.3).T)[::-1, ::-1].copy(),
    "tridiagonal": np.diag(np.full(64, 2.0)) - np.eye(64, k=1) - np.eye(64, k=-1),
    "Wilkinson's": np.diag(np.abs(np.arange(-31.5, 32))) + np.eye(64, k=1) + np.eye(64, k=-1),
    "zero rows": symmetric(64, 64) * (np.arange(64) % 3 > 0)[:, None] * (np.arange(64) % 3 > 0),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", SPECIAL)
def test_special_matrices(name, dtype):
    x = SPECIAL[name].astype(dtype)
    check_qr(x)
    check_eigh(x)
    check_svd(x)


@pytest.mark.parametrize("power", [-145, -120, 120])
def test_numbers_of_extreme_size(power):
    # Below 2^-126 single precision has fewer digits.
    digits = np.float32(2.0 ** max(-23, -149 - power + 3))
    x = symmetric(64, 64)
    scaled = (x * 2.0**power).astype(np.float32)
    back = lambda y: y.astype(np.float64) * 2.0**-power
    exact = back(scaled)
    q, r = run("qr", scaled)
    bound = 300 * digits
    assert np.abs(q @ back(r) - exact).max() < bound
    values, vectors = run("eigh", scaled)
    assert np.abs(exact @ vectors - vectors * back(values)).max() < 10 * bound
    s, u, v = run("svd", scaled)
    assert np.abs((u * back(s)) @ v.T - exact).max() < 10 * bound
    for y in (q, vectors, u, v):
        assert np.abs(y.T @ y - np.eye(64)).max() < 1e-4


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (40, 3), (63, 63)])
def test_matrices_that_are_not_finite_are_nan_and_spoil_no_other(place, value):
    good = symmetric(64, 64)
    bad = good.copy()
    bad[place] = value
    stack = np.stack([bad, good, bad])
    for name in ("qr", "eigh", "svd", "eigvalsh"):
        for made, alone in zip(run(name, stack), run(name, good), strict=True):
            assert np.isfinite(alone).all()
            np.testing.assert_array_equal(made[1], alone)
            for i in (0, 2):
                spoiled = made[i]
                if spoiled.ndim == 2 and (np.tril(spoiled, -1) == 0).all():
                    spoiled = spoiled[np.triu_indices(64)]
                assert np.isnan(spoiled).all()


def test_only_the_lower_triangle_counts():
    x = symmetric(64, 64)
    got = run("eigh", np.tril(x) + np.triu(np.full_like(x, np.nan), 1))
    for a, b in zip(got, run("eigh", x), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture
def each_count():
    """Values with one, two and three threads."""

    def values(name, x):
        made = []
        for count in (1, 2, 3):
            tf.config.threading.set_intra_op_parallelism_threads(count)
            made.append(run(name, x, threads=count))
        return made

    yield values
    tf.config.threading.set_intra_op_parallelism_threads(0)


def all_the_same(made):
    for other in made[1:]:
        for a, b in zip(made[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


# Chunks of 32 columns, and of 64 of Q, are whole or not; the last panel has columns behind it or not.
@pytest.mark.parametrize("shape", [(300, 300), (256, 128), (257, 161), (130, 500), (600, 40), (1000, 32)], ids=str)
@pytest.mark.parametrize("full", [False, True])
def test_threads_share_columns_of_qr(shape, full, each_count):
    if full and shape[0] > 400:
        pytest.skip("a large Q")
    x = general(*shape, dtype=np.float32)
    all_the_same(each_count("full qr" if full else "qr", x))
    check_qr(x, full=full)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", [256, 301])
def test_threads_find_rotations_while_others_apply_them(n, dtype, each_count):
    x = symmetric(n, n, dtype=dtype)
    all_the_same(each_count("eigh", x))
    all_the_same(each_count("svd", x[:, :-40]))
    check_eigh(x)
    check_svd(x[:, :-40])


def test_threads_share_passes_over_a_large_matrix_whose_form_is_found(each_count):
    x = symmetric(555, 555, dtype=np.float32)
    made = each_count("eigvalsh", x)
    all_the_same(made)
    np.testing.assert_allclose(made[0][0], np.linalg.eigvalsh(x.astype(np.float64)), atol=2e-3)
    made = each_count("svdvals", x[:, :-60])
    all_the_same(made)
    np.testing.assert_allclose(made[0][0], np.linalg.svd(x[:, :-60].astype(np.float64))[1], atol=2e-3)


def test_threads_turn_rows_that_are_far_apart_behind_the_others(each_count):
    # Zeros on the diagonal of the bidiagonal form, and on that of a triangle.
    x = general(280, 5) @ general(280, 5).T
    all_the_same(each_count("svd", x))
    check_svd(x)
    x = np.triu(general(260, 260)) * (np.arange(260) % 50 > 0)
    all_the_same(each_count("svd", x))
    check_svd(x)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    "shape", [(700, 3, 3), (60, 17, 9), (40, 9, 20), (5, 60, 50), (3, 100, 120), (2, 5, 11, 11), (0, 4, 4)], ids=str
)
def test_threads_share_the_matrices_of_a_batch(shape, dtype, each_count):
    x = general(*shape).astype(dtype)
    square = x @ transposed(x)
    for name, of in [("qr", x), ("svd", x), ("eigh", square)]:
        all_the_same(each_count(name, of))
    if shape[0]:
        check_qr(x)
        check_eigh(square)
        check_svd(x)


def gradient(function, x):
    @tf.function(autograph=False)
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return tape.gradient(y, x)

    return f(tf.constant(x)).numpy()


def test_gradients():
    x = symmetric(60, 60)
    # The sum of squares of eigenvalues, or of singular values, is that of elements.
    got = gradient(lambda x: tf.reduce_sum(tf.linalg.eigvalsh(x) ** 2), x)
    np.testing.assert_allclose(got + got.T, 4 * x, atol=1e-10)
    got = gradient(lambda x: tf.reduce_sum(tf.linalg.svd(x, compute_uv=False) ** 2), x)
    np.testing.assert_allclose(got, 2 * x, atol=1e-10)
    got = gradient(lambda x: tf.reduce_sum(tf.linalg.qr(x).r ** 2), x)
    np.testing.assert_allclose(got, 2 * x, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.complex128])
@pytest.mark.parametrize("n", [5, 70])
def test_values_alone(n, dtype):
    x = general(n, n)
    x = (x + 1j * general(n, n, dtype=np.float64).T if np.dtype(dtype).kind == "c" else x).astype(dtype)
    h = x + x.conj().T
    eps = np.finfo(dtype).eps
    values = tf.function(tf.linalg.eigvalsh)(h)
    np.testing.assert_allclose(values, np.linalg.eigvalsh(h.astype(np.complex128)), atol=100 * n * eps)
    values = tf.function(lambda x: tf.linalg.svd(x, compute_uv=False))(x)
    np.testing.assert_allclose(values, np.linalg.svd(x.astype(np.complex128), compute_uv=False), atol=100 * n * eps)
