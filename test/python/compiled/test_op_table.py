"""Walks the op table: each row compiled, against eager execution, for all dtypes, many shapes and corner values."""

import importlib
import os

import numpy as np
import pytest
import tfc as tf
from cases import ORDERED, cases, dtypes
from optional_passes import OPTIONAL
from oracle import difference, is_float
from tfc.core import eager_tensor
from tfc.ops import primitives as p
from tfc.ops.table import OPS

# `tfc.function` is also the name of the decorator.
flat = importlib.import_module("tfc.function.flat")

# Factorizations and transforms: test_matrices.py.
MATRICES = {prim for prim in OPS if OPS[prim].numpy.__module__ in ("tfc.ops.rows.matrix", "tfc.ops.rows.spectral")}
WALK = [prim for prim in OPS if not OPS[prim].raw and prim not in MATRICES]

# How far floats may be from numpy's, in units in the last place; 0 for all others. Halves are computed in float32 and
# rounded once, so they are at most one off.
ULPS = {
    p.rsqrt: 1, p.exp: 2, p.expm1: 2, p.log: 2, p.log1p: 2, p.sin: 2, p.cos: 2, p.tan: 2, p.asin: 4, p.acos: 4, p.atan: 2,
    p.sinh: 2, p.cosh: 2, p.tanh: 2, p.asinh: 2, p.acosh: 2, p.atanh: 2, p.sigmoid: 32, p.erf: 2, p.erfc: 5, p.erfinv: 4,
    p.lgamma: 4, p.digamma: 4, p.pow_: 2, p.atan2: 4, p.cumlogsumexp: 16,
}  # fmt: skip
# Parts are off by ULP of the larger one: sums of complex products are contracted, numpy's own functions lose some.
COMPLEX_ULPS = {
    p.mul: 4, p.div: 4, p.matmul: 8, p.reduce_prod: 8, p.cumprod: 8, p.linear_recurrence: 8, p.rsqrt: 8, p.pow_: 64,
    **dict.fromkeys((
        p.asin, p.acos, p.atan, p.sinh, p.cosh, p.asinh, p.acosh, p.atanh, p.sin, p.cos, p.tan, p.tanh, p.exp, p.expm1,
        p.log, p.log1p, p.sqrt, p.sigmoid), 8),
}  # fmt: skip
# Which zero is the greater one is not said; a sort may leave both in any order.
ANY_ZERO = (p.maximum, p.minimum, p.reduce_max, p.reduce_min, p.sort, p.max_pool)
# Near their zeros no relative error is small.
ABSOLUTE = {p.lgamma: 2e-14, p.digamma: 2e-14}
# Operands whose number of elements is a rank: that has to be known.
STATIC = (p.gather_nd, p.scatter, p.dynamic_broadcast_to, p.sum_to, p.dynamic_reshape)


def tolerance(prim, dtype) -> float:
    if dtype.is_complex:
        return COMPLEX_ULPS.get(prim, 0)
    return min(ULPS.get(prim, 0), 1 if dtype.size == 2 else 64)


def tensors(case):
    return [eager_tensor(np.array(o, order="C", ndmin=0)) for o in case.operands]


def strided(case):
    """The same values with gaps between them, the dimensions in opposite order in memory."""
    operands = []
    for operand in case.operands:
        array = np.asarray(operand)
        if array.ndim:
            wide = np.zeros([2 * n for n in array.shape], array.dtype, order="F")
            wide[tuple(slice(None, None, 2) for _ in array.shape)] = array
            array = wide[tuple(slice(None, None, 2) for _ in array.shape)]
        operands.append(eager_tensor(array))
    return operands


def compiled(prim, many, unknown=False, operands=tensors):
    """Results of all cases, computed by one function; with `unknown` its trace knows no sizes."""
    arguments = [t for case in many for t in operands(case)]

    def every(*args):
        it = iter(args)
        return [prim(*[next(it) for _ in case.operands], **case.attrs) for case in many]

    signature = None
    if unknown:
        keep = [prim in STATIC and k == 1 for case in many for k in range(len(case.operands))]
        signature = [
            tf.TensorSpec(t.shape if static else [None] * len(t.shape_tuple), t.dtype)
            for t, static in zip(arguments, keep, strict=True)
        ]
    return tf.function(every, autograph=False, input_signature=signature)(*arguments)


def check(prim, dtype, **how):
    many = [case for case in cases(prim, dtype) if supported(prim, dtype, case)]
    if how:
        many = [case for case in many if all(o.size < 300 for o in case.operands)][:7]
    if not many:
        return
    want = [prim(*tensors(case), **case.attrs) for case in many]
    wrong = []
    for case, g, w in zip(many, compiled(prim, many, **how), want, strict=True):
        limit = tolerance(prim, w.dtype if is_float(w.dtype.np_dtype) else dtype)
        message = difference(g.numpy(), w.numpy(), limit, prim not in ANY_ZERO, ABSOLUTE.get(prim, 0))
        if message:
            wrong.append(f"{prim.name} {dtype.name} {case}: {message}")
    assert not wrong, "\n".join(wrong)


def supported(prim, dtype, case) -> bool:
    """Whether a case has a result to compare with, and a lowering."""
    if prim is p.nonzero and case.operands[0].ndim == 0:
        return False  # the error has a test below
    if prim is p.lgamma:
        return bool(np.all(case.operands[0] > 0)) if case.operands[0].size else True
    return True


@pytest.mark.parametrize("prim", WALK, ids=lambda prim: prim.name)
def test_compiled_value_is_the_eager_value(prim):
    for dtype in dtypes(prim):
        check(prim, dtype)


def few(prim) -> list:
    """One dtype for each kind: sizes do not depend on more."""
    kinds = {}
    for dtype in dtypes(prim):
        if dtype in (tf.bool, tf.int32, tf.uint8, tf.float32, tf.complex64):
            kinds[dtype.kind] = dtype
    return [kinds[k] for k in "fibuc" if k in kinds][:1] or dtypes(prim)[:1]


@pytest.mark.parametrize("prim", WALK, ids=lambda prim: prim.name)
def test_trace_of_unknown_sizes_specialised_at_run_time_gives_the_eager_value(prim):
    for dtype in few(prim):
        check(prim, dtype, unknown=True)


@pytest.mark.parametrize("prim", WALK, ids=lambda prim: prim.name)
def test_compiled_operands_need_not_be_contiguous(prim):
    for dtype in few(prim):
        check(prim, dtype, operands=strided)


@pytest.mark.parametrize("prim", WALK, ids=lambda prim: prim.name)
def test_code_for_unknown_sizes_gives_the_eager_value(prim, monkeypatch):
    monkeypatch.setattr(flat, "SPECIALIZATIONS", 0)
    for dtype in few(prim):
        check(prim, dtype, unknown=True)


# Each by itself takes as long as all other tests of the table: `TFC_NIGHTLY=1`.
OFF = {"all": OPTIONAL} | ({name: (name,) for name in OPTIONAL} if os.environ.get("TFC_NIGHTLY") else {})


@pytest.mark.parametrize("off", OFF)
@pytest.mark.parametrize("prim", WALK, ids=lambda prim: prim.name)
def test_compiled_value_does_not_depend_on_optional_passes(prim, off, switched_off):
    switched_off(OFF[off])
    for dtype in few(prim):
        check(prim, dtype)


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16, tf.int32, tf.complex128, tf.bool], ids=lambda d: d.name)
def test_operands_that_are_not_contiguous(dtype):
    base = np.arange(48).reshape(4, 12) % 7
    views = [base.T, base[::2, 1::3], base[:, ::-1], np.broadcast_to(base[0], (3, 12))]
    double = tf.function(lambda x: tf.concat([x, tf.reverse(x, [0])], 0), autograph=False)
    for view in views:
        view = view.astype(dtype.np_dtype)[..., ::-1]
        assert not view.flags.c_contiguous
        for argument in (view, tf.constant(view), eager_tensor(view)):
            np.testing.assert_array_equal(double(argument).numpy(), np.concatenate([view, view[::-1]]))


# What eager execution refuses at run time: an operand that a trace cannot see.
FAILURES = {
    "integer division by zero": (lambda x: tf.constant([7, 8, 9]) // x, [1, 0, 2]),
    "integer remainder by zero": (lambda x: tf.constant([7, 8, 9]) % x, [1, 0, 2]),
    "integer power below zero": (lambda x: tf.constant([7, 8, 9]) ** x, [1, -1, 2]),
    "gather beyond the end": (lambda x: tf.gather(tf.range(3), x), [0, 3, 1]),
    "gather before the start": (lambda x: tf.gather(tf.range(3), x), [0, -1, 1]),
    "gather_nd beyond the end": (lambda x: tf.gather_nd(tf.zeros((2, 2)), x), [0, 2]),
    "scatter beyond the end": (lambda x: tf.tensor_scatter_nd_add([1, 2], x[:, None], x), [0, 1, 2]),
    "reshape to another size": (lambda x: tf.reshape(tf.range(6), x), [4, 2]),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_eager_execution_refuses_compiled_code_refuses(name):
    function, argument = FAILURES[name]
    x = tf.constant(argument)
    with pytest.raises(tf.errors.OpError) as want:
        function(x)
    known = name.startswith("gather_nd")
    for specs in (None, [tf.TensorSpec(x.shape if known else [None], tf.int32)]):
        with pytest.raises(type(want.value)):
            tf.function(function, autograph=False, input_signature=specs)(x)


def test_an_index_beyond_the_end_is_an_invalid_argument():
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.function(lambda x: tf.range(3)[x[0]], autograph=False)(tf.constant([3]))


def test_an_op_without_lowering_is_unimplemented_at_the_users_line():
    with pytest.raises(tf.errors.UnimplementedError, match=r"tfc.nonzero.*no lowering") as e:
        tf.function(lambda x: tf.where(x), autograph=False)(tf.constant(True))
    assert "test_op_table.py" in str(e.value)


def test_quotients_of_halves_are_rounded_before_they_are_cut():
    x, y = tf.constant([1.0], tf.float16), tf.constant([-0.1], tf.float16)
    assert tf.function(tf.math.floordiv, autograph=False)(x, y).numpy() == tf.math.floordiv(x, y).numpy()


def test_rows_whose_results_round_are_sampled_from_whole_numbers():
    assert {p.reduce_sum.name, p.matmul.name} <= ORDERED
