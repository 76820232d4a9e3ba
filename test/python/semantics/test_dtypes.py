"""Result dtypes of operations on all dtypes and pairs of them, against TensorFlow 2.21's (`dtype_results.json`).

The file has a letter for each dtype of the result ("-": an error), a row for each dtype of the first operand.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import tfc as tf

RESULTS = json.loads((Path(__file__).parent / "dtype_results.json").read_text())
NAMES = [
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "bfloat16", "float32", "float64",
    "complex64", "complex128",
]  # fmt: skip
DTYPES = [tf.as_dtype(n) for n in NAMES]
m = tf.math
BINARY = {
    "add": tf.add, "subtract": tf.subtract, "multiply": tf.multiply, "divide": tf.divide, "truediv": m.truediv, "floordiv": m.floordiv,
    "floormod": m.floormod, "mod": m.mod, "pow": tf.pow, "maximum": tf.maximum, "minimum": tf.minimum, "atan2": tf.atan2,
    "equal": tf.equal, "not_equal": tf.not_equal, "less": tf.less, "greater_equal": tf.greater_equal, "logical_and": tf.logical_and,
    "logical_or": tf.logical_or, "logical_xor": m.logical_xor, "band": tf.bitwise.bitwise_and, "bxor": tf.bitwise.bitwise_xor,
    "lshift": tf.bitwise.left_shift, "rshift": tf.bitwise.right_shift, "squared_difference": m.squared_difference,
    "xdivy": m.xdivy, "xlogy": m.xlogy, "div_no_nan": m.divide_no_nan, "mul_no_nan": m.multiply_no_nan,
    "floordiv_op": lambda x, y: x // y, "truediv_op": lambda x, y: x / y, "mod_op": lambda x, y: x % y, "pow_op": lambda x, y: x**y,
    "and_op": lambda x, y: x & y, "or_op": lambda x, y: x | y, "xor_op": lambda x, y: x ^ y, "nextafter": m.nextafter,
    "igamma": m.igamma, "zeta": m.zeta, "polygamma": m.polygamma, "truncatediv": tf.truncatediv, "truncatemod": tf.truncatemod,
    "lt_op": lambda x, y: x < y, "eq_op": lambda x, y: x == y, "add_op": lambda x, y: x + y,
}  # fmt: skip
UNARY = {
    "abs": tf.abs, "neg": tf.negative, "sign": tf.sign, "sqrt": tf.sqrt, "rsqrt": m.rsqrt, "exp": tf.exp, "log": m.log, "sin": tf.sin,
    "tanh": tf.tanh, "sigmoid": tf.sigmoid, "floor": tf.floor, "ceil": m.ceil, "round": tf.round, "rint": m.rint, "square": tf.square,
    "reciprocal": m.reciprocal, "erf": m.erf, "lgamma": m.lgamma, "digamma": m.digamma, "is_nan": m.is_nan, "is_inf": m.is_inf,
    "is_finite": m.is_finite, "logical_not": tf.logical_not, "invert": tf.bitwise.invert, "real": m.real, "imag": m.imag,
    "conj": m.conj, "angle": m.angle, "softplus": tf.nn.softplus, "softmax": tf.nn.softmax, "relu": tf.nn.relu, "relu6": tf.nn.relu6,
    "elu": tf.nn.elu, "selu": tf.nn.selu, "gelu": tf.nn.gelu, "leaky": tf.nn.leaky_relu, "reduce_sum": tf.reduce_sum,
    "reduce_mean": tf.reduce_mean, "reduce_prod": tf.reduce_prod, "reduce_max": tf.reduce_max, "reduce_any": tf.reduce_any,
    "reduce_std": m.reduce_std, "reduce_variance": m.reduce_variance, "logsumexp": tf.reduce_logsumexp, "argmax": tf.argmax,
    "cumsum": tf.cumsum, "cumprod": m.cumprod, "cumlse": m.cumulative_logsumexp, "sort": tf.sort, "argsort": tf.argsort,
    "top_k": lambda x: m.top_k(x, 1)[0], "unique": lambda x: tf.unique(x)[0], "norm": tf.norm, "l2n": tf.nn.l2_normalize,
    "bincount": m.bincount, "zero_fraction": m.zero_fraction, "count_nonzero": m.count_nonzero,
    "clip": lambda x: tf.clip_by_value(x, 1, 2), "where": tf.where, "asin": tf.asin, "acosh": tf.acosh, "atan": tf.atan,
    "expm1": m.expm1, "log1p": m.log1p, "softsign": tf.nn.softsign, "log_softmax": tf.nn.log_softmax,
    "onehot": lambda x: tf.one_hot(x, 3), "gather": lambda x: tf.gather([1.0, 2.0, 3.0], x), "fft": tf.signal.fft,
    "invperm": m.invert_permutation, "erfinv": m.erfinv, "ndtri": m.ndtri, "reverse": lambda x: tf.reverse(x, [0]),
    "swish": tf.nn.silu, "in1": lambda x: tf.add(x, 1), "in2": lambda x: tf.add(x, 1.5), "in3": lambda x: x * 2.5,
    "in4": lambda x: 3 - x, "in5": lambda x: x / 2, "in6": lambda x: 2**x, "in7": lambda x: x + True, "in10": lambda x: x + 1j,
}  # fmt: skip
# Where TensorFlow has a result and this has another one, or none.
DIFFERENT = {
    "norm": {"complex64", "complex128"},  # a norm is real
    "imag": {"bool"},  # of no use
    "unique": {"bool"},
    "bincount": {
        "bool",
        "float16",
        "bfloat16",
        "float32",
        "float64",
        "complex64",
        "complex128",
    },  # TensorFlow cuts them off
    "in3": {"bool"},  # TensorFlow makes 2.5 True
}


def value(dtype):
    numbers = [True, False, True] if dtype.is_bool else [1, 2, 1]
    return tf.constant(np.array(numbers).astype(dtype.np_dtype), dtype)


def dtype_of(f, *args):
    try:
        return chr(97 + NAMES.index(f(*args).dtype.name))
    except (TypeError, ValueError, NotImplementedError, tf.errors.OpError):
        return "-"


def wrong(f, want, args, context):
    """TensorFlow's dtype, or where it refuses, anything: more is taken here."""
    with np.errstate(all="ignore"):
        got = dtype_of(f, *args)
    return None if want in ("-", got) else f"{context}: got {got}, want {want}"


@pytest.mark.parametrize("name", BINARY)
def test_pairs_of_dtypes_give_tensorflows(name):
    values = [value(d) for d in DTYPES]
    bad = [
        wrong(BINARY[name], RESULTS[name][i][j], (x, y), f"{NAMES[i]}, {NAMES[j]}")
        for i, x in enumerate(values)
        for j, y in enumerate(values)
    ]
    assert not [b for b in bad if b]


@pytest.mark.parametrize("name", BINARY)
def test_different_dtypes_do_not_mix_where_tensorflows_do_not(name):
    values = [value(d) for d in DTYPES]
    for i, x in enumerate(values):
        for j, y in enumerate(values):
            if i != j and RESULTS[name][i][j] == "-":
                assert dtype_of(BINARY[name], x, y) == "-", f"{NAMES[i]}, {NAMES[j]}"


@pytest.mark.parametrize("name", UNARY)
def test_a_dtype_gives_tensorflows(name):
    kept = [(n, d) for n, d in zip(NAMES, DTYPES, strict=True) if n not in DIFFERENT.get(name, ())]
    bad = [wrong(UNARY[name], RESULTS[name][0][NAMES.index(n)], (value(d),), n) for n, d in kept]
    assert not [b for b in bad if b]


def test_every_operation_of_the_table_is_run():
    assert set(RESULTS) == {*BINARY, *UNARY}
