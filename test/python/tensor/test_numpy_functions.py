"""`tf.experimental.numpy` against numpy: values and dtypes."""

import numpy as np
import pytest
import tfc as tf

tnp = tf.experimental.numpy
A = np.array([[3, 1, 2], [6, 5, 4]])
B = np.array([[0.5, -1.5, 2.0], [4.0, 0.25, -3.0]])
V = np.array([1.0, 2.0, 3.0])
CALLS = {
    "add": lambda n: n.add(A, B), "divide": lambda n: n.divide(A, 2), "floor_divide": lambda n: n.floor_divide(A, -2),
    "power": lambda n: n.power(A, 2), "maximum": lambda n: n.maximum(A, 2.5), "less": lambda n: n.less(A, B),
    "hypot": lambda n: n.hypot(A, B), "heaviside": lambda n: n.heaviside(B, 0.5), "sinc": lambda n: n.sinc(B), "gcd": lambda n: n.gcd(A, 4),
    "lcm": lambda n: n.lcm(A, 4), "logaddexp2": lambda n: n.logaddexp2(B, V), "fix": lambda n: n.fix(B), "cbrt": lambda n: n.cbrt(B),
    "clip": lambda n: n.clip(B, -1, 1), "around": lambda n: n.around(B * 1.23456, 2), "isclose": lambda n: n.isclose(B, B + 1e-9),
    "sum": lambda n: n.sum(A, axis=0), "sum_bool": lambda n: n.sum(A > 2), "mean": lambda n: n.mean(A, axis=1), "std": lambda n: n.std(B),
    "var": lambda n: n.var(B, axis=0, ddof=1), "ptp": lambda n: n.ptp(A, axis=1), "argmax": lambda n: n.argmax(A), "any": lambda n: n.any(A > 5, axis=0),
    "cumsum": lambda n: n.cumsum(A), "cumprod": lambda n: n.cumprod(A, axis=1), "nanmean": lambda n: n.nanmean([1.0, np.nan]),
    "average": lambda n: n.average(B, axis=1, weights=V), "sort": lambda n: n.sort(A), "argsort": lambda n: n.argsort(A, axis=0),
    "diff": lambda n: n.diff(A), "nonzero": lambda n: n.nonzero(A > 3)[1], "arange": lambda n: n.arange(1, 7, 2),
    "linspace": lambda n: n.linspace(0, 1, 5, endpoint=False), "logspace": lambda n: n.logspace(0, 2, 3), "geomspace": lambda n: n.geomspace(1, 8, 4),
    "eye": lambda n: n.eye(2, 3, 1), "tri": lambda n: n.tri(3), "tril": lambda n: n.tril(A), "triu": lambda n: n.triu(A, 1), "diag": lambda n: n.diag(V, 1),
    "diagonal": lambda n: n.diagonal(A, 1), "vander": lambda n: n.vander(V), "full": lambda n: n.full([2], 7), "ix_": lambda n: n.ix_([0, 1], [2])[1],
    "reshape": lambda n: n.reshape(A, (3, 2), order="F"), "moveaxis": lambda n: n.moveaxis(A[None], 0, 2), "swapaxes": lambda n: n.swapaxes(A[None], 0, 2),
    "hstack": lambda n: n.hstack([V, V]), "vstack": lambda n: n.vstack([V, V]), "dstack": lambda n: n.dstack([A, A]), "append": lambda n: n.append(A, [1]),
    "split": lambda n: n.split(V, [1])[1], "hsplit": lambda n: n.hsplit(A, 3)[2], "flip": lambda n: n.flip(A), "roll": lambda n: n.roll(A, 2),
    "rot90": lambda n: n.rot90(A, 3), "tile": lambda n: n.tile(V, (2, 2)), "repeat": lambda n: n.repeat(A, 2), "pad": lambda n: n.pad(V, [[1, 2]], "constant"),
    "take": lambda n: n.take(A, [0, 5]), "take_along_axis": lambda n: n.take_along_axis(A, np.argsort(A, 1), 1),
    "compress": lambda n: n.compress([True, False], A, axis=0), "where": lambda n: n.where(A > 2, A, 0.5), "select": lambda n: n.select([A > 4, A > 2], [A, -A], 9),
    "dot": lambda n: n.dot(A, V), "inner": lambda n: n.inner(A, B), "outer": lambda n: n.outer(V, A), "matmul": lambda n: n.matmul(A, B.T),
    "kron": lambda n: n.kron(A, V), "cross": lambda n: n.cross(A, B), "trace": lambda n: n.trace(A), "vdot": lambda n: n.vdot(A, B),
    "polyval": lambda n: n.polyval([1, 2, 3], V), "tensordot": lambda n: n.tensordot(A, B, [[0, 1], [0, 1]]), "einsum": lambda n: n.einsum("ij,kj->ik", A, B),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_functions_have_numpys_values_and_dtypes(name):
    want, got = np.asarray(CALLS[name](np)), CALLS[name](tnp).numpy()
    assert got.dtype == want.dtype and got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-15)


def test_functions_compile_and_have_gradients():
    x = tf.constant([0.5, 2.0], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.function(lambda v: tnp.sum(tnp.power(v, 3) + tnp.sinc(0 * v)))(x)
    np.testing.assert_allclose(tape.gradient(y, x), [0.75, 12.0])


@pytest.mark.parametrize(
    "key",
    [
        ([0, 1], [2, 0]),
        (slice(None), [2, 0]),
        ([[0], [1]], [1, 2]),
        (1, [0, 2]),
        (None, [1], slice(1, None)),
        A > 2,
        (..., [0, -1]),
        np.bool_(True),
        np.array(False),
    ],
)
def test_arrays_index_as_in_numpy(key):
    from tfc.experimental.numpy.indexing import getitem

    np.testing.assert_array_equal(getitem(tf.constant(A), key), A[key])
