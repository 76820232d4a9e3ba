"""Rows of matrices: forward mode, wrong calls, the shape rule, and operands that are not contiguous.

A new row is in `CALLS` and in `GRADIENTS` of matrices.py, or the tests of the tables fail.
"""

import numpy as np
import pytest
import tfc as tf
from matrices import DTYPES, GRADIENTS, MATRIX_ROWS, banded, numbers, positive, weighted, well
from tfc.core import eager_tensor
from tfc.ops.table import OPS

ROWS = [prim for prim, op in OPS.items() if op.numpy.__module__ in MATRIX_ROWS and prim.name != "fft"]

# Operands and attributes of each row.
CALLS = {
    "cholesky": (lambda t: [positive((2, 3, 3), t)], {}),
    "lu": (lambda t: [well((2, 3, 3), t)], {}),
    "solve": (lambda t: [well((2, 3, 3), t), numbers((2, 3, 2), t)], {}),
    "triangular_solve": (lambda t: [well((2, 3, 3), t), numbers((2, 3, 2), t)], {"lower": True, "unit": False}),
    "qr": (lambda t: [numbers((2, 4, 3), t)], {"full": False}),
    "eigh": (lambda t: [positive((2, 3, 3), t)], {}),
    "eig": (lambda t: [numbers((2, 3, 3), t, 4)], {}),
    "sqrtm": (lambda t: [well((2, 3, 3), np.complex128)], {}),
    "logm": (lambda t: [well((2, 3, 3), np.complex128)], {}),
    "tridiagonal_solve": (lambda t: [banded((2, 3, 4), t), numbers((2, 4, 2), t)], {"pivoting": True}),
    "svd": (lambda t: [numbers((2, 4, 3), t)], {"full": False}),
}


def results(value):
    return list(value) if isinstance(value, (tuple, list)) else [value]


def test_every_row_of_matrices_has_a_call():
    assert {prim.name for prim in ROWS} == set(CALLS)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", GRADIENTS)
def test_forward_mode_agrees_with_reverse_mode(name, dtype):
    function, make = GRADIENTS[name]
    xs = [tf.constant(a) for a in make(dtype)]
    directions = [tf.constant(numbers(x.shape_tuple, dtype, 30 + i)) for i, x in enumerate(xs)]
    with tf.autodiff.ForwardAccumulator(xs, directions) as acc, tf.GradientTape() as tape:
        tape.watch(xs)
        total = weighted(function, *xs)
    gradients = tape.gradient(total, xs)
    want = sum(np.sum(np.real(np.conj(g.numpy()) * t.numpy())) for g, t in zip(gradients, directions, strict=True))
    np.testing.assert_allclose(acc.jvp(total).numpy(), want, rtol=1e-8, atol=1e-10)


def bad_calls(prim):
    make, attrs = CALLS[prim.name]
    operands = make(np.float64)
    yield "too few operands", operands[:-1], attrs
    yield "too many operands", [*operands, operands[0]], attrs
    for kind in (np.int32, np.bool_):
        yield f"operands of {kind.__name__}", [np.ones(o.shape, kind) for o in operands], attrs
    yield "a vector", [o[0, 0] for o in operands], attrs
    if len(operands) == 2:
        yield "another size", [operands[0], operands[1][:, :-1]], attrs
        yield "another dtype", [operands[0], operands[1].astype(np.float32)], attrs
    elif prim.name not in ("qr", "svd"):
        yield "no square", [operands[0][:, :-1]], attrs
    for name in attrs:
        yield f"no {name}", operands, {k: v for k, v in attrs.items() if k != name}


@pytest.mark.parametrize("prim", ROWS, ids=lambda prim: prim.name)
def test_a_wrong_call_of_a_row_is_an_error_while_tracing(prim):
    for what, operands, attrs in bad_calls(prim):
        specs = [tf.TensorSpec(o.shape, o.dtype) for o in operands]
        function = tf.function(lambda *args, attrs=attrs: prim(*args, **attrs), autograph=False)
        try:
            made = function.get_concrete_function(*specs)
        except (TypeError, ValueError, tf.errors.OpError, NotImplementedError) as error:
            assert str(error), what
        else:
            raise AssertionError(f"{prim.name} with {what} is no error: {made.output_shapes}")


@pytest.mark.parametrize("prim", ROWS, ids=lambda prim: prim.name)
def test_the_shape_rule_gives_the_shape_of_the_value(prim):
    make, attrs = CALLS[prim.name]
    operands = make(np.float64)
    actual = [r.shape for r in results(prim(*map(tf.constant, operands), **attrs))]
    for known in (True, False):
        specs = [tf.TensorSpec(o.shape if known else [None] * o.ndim, o.dtype) for o in operands]
        made = tf.function(lambda *xs: prim(*xs, **attrs), autograph=False).get_concrete_function(*specs)
        inferred = results(made.output_shapes) if len(actual) > 1 else [made.output_shapes]
        if known:
            assert inferred == actual
        assert all(a.is_compatible_with(b) for a, b in zip(inferred, actual, strict=True))


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("prim", ROWS, ids=lambda prim: prim.name)
def test_operands_need_not_be_contiguous(prim, compiled):
    make, attrs = CALLS[prim.name]
    function = lambda *xs: prim(*xs, **attrs)
    function = tf.function(function, autograph=False) if compiled else function
    operands = make(np.float64)
    want = results(function(*map(tf.constant, operands)))
    spread = []
    for o in operands:
        wide = np.zeros([2 * n for n in o.shape], o.dtype, order="F")
        wide[tuple(slice(None, None, 2) for _ in o.shape)] = o
        spread.append(eager_tensor(wide[tuple(slice(None, None, 2) for _ in o.shape)]))
    for got, expected in zip(results(function(*spread)), want, strict=True):
        np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=1e-12, atol=1e-12)
