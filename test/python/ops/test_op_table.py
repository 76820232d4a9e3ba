"""Walks the op table: each row's value against numpy, its gradient against finite differences."""

import numpy as np
import pytest
import tfc as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tfc.core import eager_tensor
from tfc.dtypes import DTYPES, int32, int64
from tfc.ops import primitives
from tfc.ops.table import OPS, NoGradient, NotDifferentiable

DTYPE_OF_KIND = {"b": tf.bool, "i": tf.int32, "u": tf.uint32, "f": tf.float64, "c": tf.complex128}
P = primitives


def ints(*values):
    return np.array(values, np.int64)


def rng_for(prim):
    return np.random.default_rng(sum(prim.name.encode()))


def sample(prim, rng, shape, kind):
    """An array in the domain of a row."""
    low, high = OPS[prim].domain
    dtype = DTYPE_OF_KIND[kind].np_dtype
    if kind == "b":
        return rng.random(shape) < 0.5
    if kind == "i":
        return rng.integers(max(1, int(low)) if low > 0 else int(low), max(3, int(high)) + 1, shape).astype(dtype)
    if kind == "u":
        return rng.integers(1, max(3, int(high)) + 1, shape).astype(dtype)
    value = rng.uniform(low, high, shape)
    return value + 1j * rng.uniform(low, high, shape) if kind == "c" else value.astype(dtype)


def window_attrs(strides, dilations, padding, **more):
    """Attributes of an op on sliding windows."""
    return {"strides": strides, "dilations": dilations, "padding": padding, **more}


# (shapes of the operands, further operands, attributes) of primitives that are not elementwise.
CASES = {
    "broadcast_to": [([(3, 1)], (), {"shape": (2, 3, 4)}), ([()], (), {"shape": (2,)})],
    "dynamic_broadcast_to": [([(3, 1)], (ints(2, 3, 4),), {})],
    "sum_to": [([(2, 3, 4)], (ints(3, 1),), {}), ([(2, 3)], (ints(2, 3),), {})],
    "reshape": [([(2, 6)], (), {"shape": (3, None)}), ([(4,)], (), {"shape": (2, 2)})],
    "dynamic_reshape": [([(2, 6)], (ints(-1, 4),), {})],
    "squeeze": [([(1, 3, 1)], (), {"axes": (0, 2)})],
    "expand_dims": [([(2, 3)], (), {"axes": (0, 2)})],
    "transpose": [([(2, 3, 4)], (), {"perm": (2, 0, 1)})],
    "slice": [
        ([(5, 4)], (), {"starts": (1, 0), "sizes": (3, 4), "strides": (1, 1)}),
        ([(5, 4)], (), {"starts": (4, 3), "sizes": (3, 2), "strides": (-2, -1)}),
        ([(5, 4)], (), {"starts": (0, 1), "sizes": (None, 3), "strides": (2, 1)}),
    ],
    "dynamic_slice": [([(5, 4)], (ints(2, 1),), {"sizes": (2, None)})],
    "dynamic_strided_slice": [
        ([(5, 4)], (ints(-4, 0), ints(9, 3)), {"strides": (2, 1), "begin_mask": 0, "end_mask": 0}),
        ([(5, 4)], (ints(9, 0), ints(0, 0)), {"strides": (-1, -2), "begin_mask": 2, "end_mask": 3}),
    ],
    "update_slice": [([(5, 4), (2, 2)], (ints(1, 2),), {"strides": (2, 1)})],
    "concat": [([(2, 3), (2, 1), (2, 2)], (), {"axis": 1})],
    "pad": [([(2, 3), ()], (), {"low": (1, 0), "high": (0, 2)})],
    "reverse": [([(2, 3)], (), {"axes": (0, 1)})],
    "ensure_shape": [([(2, 3)], (), {"shape": (None, 3)})],
    "stop_gradient": [([(2, 3)], (), {})],
    "reduce_sum": [
        ([(2, 3, 4)], (), {"axes": (0, 2), "keepdims": False}),
        ([(2, 3)], (), {"axes": (), "keepdims": True}),
    ],
    "reduce_prod": [
        ([(2, 3, 2)], (), {"axes": (0, 2), "keepdims": True}),
        ([(3,)], (), {"axes": (0,), "keepdims": False}),
    ],
    "reduce_max": [([(2, 3, 4)], (), {"axes": (1,), "keepdims": False})],
    "reduce_min": [([(2, 3, 4)], (), {"axes": (0, 1, 2), "keepdims": False})],
    "reduce_any": [([(2, 3)], (), {"axes": (0,), "keepdims": False})],
    "reduce_all": [([(2, 3)], (), {"axes": (0,), "keepdims": True})],
    "argmax": [([(3, 4)], (), {"axis": 1, "dtype": int64})],
    "argmin": [([(3, 4)], (), {"axis": 0, "dtype": int32})],
    "cumsum": [
        ([(3, 4)], (), {"axis": a, "exclusive": e, "reverse": r})
        for a, e, r in [(0, False, False), (1, True, False), (1, True, True)]
    ],
    "cumprod": [([(3, 4)], (), {"axis": 1, "exclusive": e, "reverse": r}) for e, r in [(False, True), (True, False)]],
    "matmul": [
        ([(2, 3), (3, 4)], (), {"transpose_x": False, "transpose_y": False}),
        ([(3, 2), (4, 3)], (), {"transpose_x": True, "transpose_y": True}),
        ([(5, 1, 2, 3), (2, 4, 3)], (), {"transpose_x": False, "transpose_y": True}),
        ([(3, 2), (5, 3, 4)], (), {"transpose_x": True, "transpose_y": False}),
    ],
    "conv": [
        ([(2, 5, 4, 4), (3, 2, 2, 6)], (), window_attrs((2, 1), (1, 2), (), groups=2)),
        ([(1, 6, 2), (3, 2, 3)], (), window_attrs((2,), (1,), (1, 2), groups=1)),
        ([(2, 3, 4, 3), (2, 2, 1, 6)], (), window_attrs((1, 1), (1, 1), (0, 0, 0, 0), groups=3)),
    ],
    "conv_input_grad": [
        ([(2, 3, 4, 6), (3, 2, 2, 6)], (ints(2, 5, 4, 4),), window_attrs((2, 1), (1, 2), (), groups=2)),
        ([(1, 4, 3), (3, 2, 3)], (ints(1, 6, 2),), window_attrs((2,), (1,), (1, 2), groups=1)),
    ],
    "conv_filter_grad": [
        ([(2, 5, 4, 4), (2, 3, 4, 6)], (ints(3, 2, 2, 6),), window_attrs((2, 1), (1, 2), (), groups=2)),
        ([(1, 6, 2), (1, 4, 3)], (ints(3, 2, 3),), window_attrs((2,), (1,), (1, 2), groups=1)),
    ],
    "max_pool": [
        ([(2, 5, 4, 2)], (), window_attrs((2, 1), (1, 2), (), window=(3, 2))),
        ([(2, 6, 2)], (), window_attrs((2,), (1,), (1, 1), window=(3,))),
    ],
    "avg_pool": [
        ([(2, 5, 4, 2)], (), window_attrs((2, 1), (1, 2), (), window=(3, 2))),
        ([(2, 6, 2)], (), window_attrs((2,), (1,), (1, 1), window=(3,))),
    ],
    "avg_pool_grad": [
        ([(2, 3, 4, 2)], (ints(2, 5, 4, 2),), window_attrs((2, 1), (1, 2), (), window=(3, 2))),
        ([(2, 3, 2)], (ints(2, 6, 2),), window_attrs((2,), (1,), (1, 1), window=(3,))),
    ],
    "gather": [
        ([(5, 3)], (ints(4, 0, 4),), {"axis": 0, "batch_dims": 0}),
        ([(2, 5, 3)], (np.array([[1, 0], [4, 1]]),), {"axis": 1, "batch_dims": 0}),
        ([(2, 5, 3)], (np.array([[1, 0, 1], [2, 1, 1]]),), {"axis": 2, "batch_dims": 1}),
        ([(2, 3, 5)], (np.array([[[1, 0], [2, 1], [0, 0]]] * 2),), {"axis": 2, "batch_dims": 2}),
    ],
    "gather_nd": [
        ([(4, 3)], (np.array([[1, 2], [3, 0]]),), {"batch_dims": 0}),
        ([(2, 4, 3)], (np.array([[[1], [1]], [[3], [0]]]),), {"batch_dims": 1}),
    ],
    "scatter": [
        ([(5, 3)], (np.array([[4], [0]]),), {"mode": m}, (2, 3)) for m in ("update", "add", "sub", "mul", "min", "max")
    ],
    "sort": [([(3, 4)], (), {"axis": 1, "descending": d}) for d in (False, True)],
    "argsort": [([(3, 4)], (), {"axis": 0, "descending": True})],
    "nonzero": [([(3, 4)], (), {})],
    "cast": [([(3,)], (), {"dtype": tf.float32})],
    "bitcast": [([(3,)], (), {"dtype": tf.int64})],
    "select": [([(2, 1), (3,)], (), {})],
    "iota": [([], (), {"shape": (2, 3), "axis": 1, "dtype": tf.float32})],
    "range": [([], (np.float64(1), np.float64(6), np.float64(2)), {})],
    "shape_of": [([(2, 3)], (), {"dtype": int32})],
    "constant": [([], (), {"value": np.ones(3)})],
    "random_bits": [([], (np.array([7], np.uint64), np.array([1, 2], np.uint64)), {"shape": (5,), "dtype": tf.uint32})],
}
CASES["argmax_pool"] = CASES["max_pool"]
CASES["cumlogsumexp"] = [
    ([(3, 4)], (), {"axis": a, "exclusive": False, "reverse": r}) for a, r in [(0, False), (1, True)]
]
CASES["linear_recurrence"] = [
    ([(3, 4), (3, 4)], (), {"axis": a, "reverse": r}) for a, r in [(0, False), (1, True), (1, False)]
]
CASES["fft"] = [([(2, 5)], (), {"inverse": inverse}) for inverse in (False, True)]
RAW = {p for p, op in OPS.items() if op.raw}
# Rows of matrices need operands of their own, and have several results: test_matrix_rows.py, compiled/test_matrices.py.
MATRIX_ROWS = ("tfc.ops.rows.matrix", "tfc.ops.rows.spectral")
MATRICES = {p for p, op in OPS.items() if op.numpy.__module__ in MATRIX_ROWS and p.name != "fft"}
BINARY_NAMES = [
    "add",
    "sub",
    "mul",
    "div",
    "pow",
    "floor_div",
    "floor_mod",
    "trunc_div",
    "trunc_mod",
    "maximum",
    "minimum",
    "atan2",
    "nextafter",
    "complex",
    "logical_and",
    "logical_or",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "left_shift",
    "right_shift",
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
]
BINARY = {p for p in OPS if p.name in BINARY_NAMES}


def cases(prim, kind="f"):
    """(operands, number of them that may have gradients, attributes)."""
    rng = rng_for(prim)
    if prim in BINARY:
        for a, b in [((2, 3), (2, 3)), ((2, 1), (3,)), ((), (3,))]:
            yield [sample(prim, rng, a, kind), sample(prim, rng, b, kind)], [0, 1], {}
        return
    if prim.name not in CASES:
        for shape in [(), (2, 3)]:
            yield [sample(prim, rng, shape, kind)], [0], {}
        return
    for shapes, more, attrs, *updates in CASES[prim.name]:
        operands = [sample(prim, rng, s, kind) for s in shapes]
        live = list(range(len(operands)))
        operands += list(more)
        for shape in updates:
            live.append(len(operands))
            operands.append(sample(prim, rng, shape, kind))
        if prim.name == "select":
            operands, live = [np.array([[True], [False]]), *operands], [1, 2]
        yield operands, live, attrs


def tensors(operands):
    return [tf.constant(o) for o in operands]


# Strings are operations of their own, by name: test_strings.py.
STRINGS = {P.string}
WALK = [p for p in OPS if p not in RAW | MATRICES | STRINGS]


def test_every_primitive_has_a_row():
    missing = [v.name for v in vars(P).values() if isinstance(v, tf.core.Primitive) and v not in OPS]
    assert not missing


@pytest.mark.parametrize("prim", WALK, ids=lambda p: p.name)
def test_eager_value_is_the_numpy_meaning(prim):
    for kind in OPS[prim].kinds:
        for operands, _, attrs in cases(prim, kind):
            if prim.name == "bitcast" and operands[0].dtype.itemsize != 8:
                continue
            with np.errstate(all="ignore"):
                want = np.asarray(OPS[prim].numpy(*operands, **attrs))
            got = prim(*tensors(operands), **attrs)
            assert got.dtype == want.dtype, kind
            np.testing.assert_array_equal(got.numpy(), want)


DIFFERENTIABLE = [p for p in WALK if OPS[p].vjp is not NotDifferentiable and not isinstance(OPS[p].vjp, NoGradient)]


# Rows without a gradient that is compared with finite differences here, and what is compared instead.
GRADIENT_ELSEWHERE = {
    "nextafter": "1 and 0",
    "sign": "0",
    "real": "complex",
    "imag": "complex",
    "conj": "complex",
    "fft": "complex",
}
SECOND_ELSEWHERE = {
    "real": "linear", "imag": "linear", "conj": "linear", "complex": "linear", "cast": "linear", "fft": "linear",
    "nextafter": "constant", "sign": "constant", "scatter": "linear, or a product",
}  # fmt: skip


def numeric_gradient(f, x, weight, step=1e-6):
    grad = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        grad[i] = np.sum((f(up) - f(down)) * weight) / (2 * step)
    return grad


@pytest.mark.parametrize(
    "prim",
    [p for p in DIFFERENTIABLE if p.name not in GRADIENT_ELSEWHERE],
    ids=lambda p: p.name,
)
def test_gradient_agrees_with_finite_differences(prim):
    for operands, live, attrs in cases(prim):
        if prim.name == "cast":
            attrs = {"dtype": tf.float64}
            prim(*tensors(operands), dtype=tf.float32)
        if prim.name == "scatter" and attrs["mode"] in ("min", "max"):
            operands[2] = operands[2] + 0.01
        args = tensors(operands)
        with tf.GradientTape() as tape:
            tape.watch([args[i] for i in live])
            out = prim(*args, **attrs)
        real = np.random.default_rng(1).uniform(-1, 1, out.shape.as_list())
        weight = (real * (1 - 0.5j)) if out.dtype.is_complex else real
        grads = tape.gradient(out, [args[i] for i in live], output_gradients=tf.constant(weight))
        for i, grad in zip(live, grads, strict=True):

            def f(x, i=i, operands=operands, attrs=attrs):
                now = [*operands]
                now[i] = x
                value = prim(*tensors(now), **attrs).numpy()
                return value

            want = numeric_gradient(f, np.asarray(operands[i], np.float64), np.conj(weight).astype(weight.dtype))
            assert grad is not None and grad.shape == operands[i].shape
            np.testing.assert_allclose(
                grad.numpy(), np.real(want), rtol=2e-5, atol=1e-6, err_msg=f"operand {i} {attrs}"
            )


@pytest.mark.parametrize("prim", [p for p in DIFFERENTIABLE if "c" in OPS[p].kinds], ids=lambda p: p.name)
def test_gradient_of_complex_operands_is_the_conjugate_derivative(prim):
    """g . conj(df/dz): the direction of steepest ascent of Re(conj(g) f), TensorFlow's convention."""
    if prim.name == "cast":
        pytest.skip("keeps the numbers")
    for operands, live, attrs in cases(prim, "c"):
        args = tensors(operands)
        with tf.GradientTape() as tape:
            tape.watch([args[i] for i in live])
            out = prim(*args, **attrs)
        weight = np.random.default_rng(1).uniform(-1, 1, out.shape.as_list()).astype(out.dtype.np_dtype)
        grads = tape.gradient(out, [args[i] for i in live], output_gradients=tf.constant(weight))
        for i, grad in zip(live, grads, strict=True):

            def along(direction, i=i, operands=operands, attrs=attrs, weight=weight):
                def f(x):
                    now = [*operands]
                    now[i] = operands[i] + direction * x
                    return prim(*tensors(now), **attrs).numpy()

                zero = np.zeros(np.shape(operands[i]))
                return np.real(numeric_gradient(f, zero.astype(complex), np.conj(weight)))

            want = along(1.0) + 1j * along(1j)
            np.testing.assert_allclose(grad.numpy(), want, rtol=1e-4, atol=1e-6, err_msg=f"operand {i} {attrs}")


SECOND = [p for p in DIFFERENTIABLE if p.name not in SECOND_ELSEWHERE]


@pytest.mark.parametrize("prim", SECOND, ids=lambda p: p.name)
def test_second_derivative_agrees_with_finite_differences(prim):
    operands, live, attrs = next(iter(cases(prim)))
    operands = [np.asarray(o) for o in operands]
    i = live[0]
    weight = None

    def first(x):
        nonlocal weight
        args = tensors([*operands[:i], x, *operands[i + 1 :]])
        with tf.GradientTape() as tape:
            tape.watch(args[i])
            out = prim(*args, **attrs)
        if weight is None:
            weight = tf.constant(np.random.default_rng(2).uniform(0.5, 1, out.shape.as_list()))
        return tape.gradient(out, args[i], output_gradients=weight).numpy()

    first(operands[i])
    args = tensors(operands)
    with tf.GradientTape() as outer:
        outer.watch(args[i])
        with tf.GradientTape() as tape:
            tape.watch(args[i])
            out = prim(*args, **attrs)
        total = tape.gradient(out, args[i], output_gradients=weight)
    got = outer.gradient(total, args[i], unconnected_gradients="zero")
    want = numeric_gradient(first, operands[i].astype(np.float64), 1.0, step=1e-5)
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-3, atol=1e-4)


def real_product(a, b):
    return np.sum(np.real(np.conj(a) * b))


@pytest.mark.parametrize("kind", ["f", "c"])
@pytest.mark.parametrize("prim", DIFFERENTIABLE, ids=lambda p: p.name)
def test_forward_mode_agrees_with_reverse_mode(prim, kind):
    """<u, J t> = <J^H u, t>: neither uses the other where the row says how forward mode goes."""
    if kind not in OPS[prim].kinds or (prim.name == "cast" and kind == "c"):
        return
    rng = np.random.default_rng(3)

    def random_like(x):
        value = rng.uniform(-1, 1, x.shape.as_list())
        return tf.constant(value + 1j * rng.uniform(-1, 1, value.shape) if x.dtype.is_complex else value, x.dtype)

    for operands, live, attrs in cases(prim, kind):
        attrs = {"dtype": tf.float64} if prim.name == "cast" else attrs
        args = tensors(operands)
        directions = [random_like(args[i]) for i in live]
        with tf.autodiff.ForwardAccumulator([args[i] for i in live], directions) as acc, tf.GradientTape() as tape:
            tape.watch([args[i] for i in live])
            out = prim(*args, **attrs)
        weight = random_like(out)
        gradients = tape.gradient(out, [args[i] for i in live], output_gradients=weight)
        forward = acc.jvp(out, unconnected_gradients="zero")
        assert forward.dtype == out.dtype and forward.shape == out.shape
        pairs = zip(gradients, directions, strict=True)
        reverse = sum(real_product(g.numpy(), t.numpy()) for g, t in pairs if g is not None)
        np.testing.assert_allclose(real_product(weight.numpy(), forward.numpy()), reverse, rtol=1e-9, atol=1e-12)


def spread(array):
    """The same values in memory with gaps between them."""
    array = np.asarray(array)
    if array.ndim == 0:
        return array
    wide = np.repeat(array, 2, axis=-1)[..., ::2]
    assert array.size < 2 or not wide.flags.c_contiguous
    return wide


@pytest.mark.parametrize("prim", WALK, ids=lambda p: p.name)
def test_operands_need_not_be_contiguous(prim):
    kind = OPS[prim].kinds[0]
    for operands, _, attrs in cases(prim, kind):
        if prim.name == "bitcast" and np.asarray(operands[0]).dtype.itemsize != 8:
            continue
        want = prim(*tensors(operands), **attrs)
        got = prim(*(eager_tensor(spread(o)) for o in operands), **attrs)
        np.testing.assert_array_equal(got.numpy(), want.numpy())


# What a trace may say of operands or attributes that a row does not take; never an assertion of the compiler.
REFUSALS = (TypeError, ValueError, tf.errors.OpError, NotImplementedError)
# A dtype of each kind, and the kinds of the operand whose dtype a row limits, where that is not what `kinds` says.
TAKES = {
    "pow": "iufc", "select": "biufc", "abs": "iufc", "sign": "iufc", "cast": "biufc", "bitcast": "biufc", "nonzero": "biufc",
    "scatter": "biufc", "gather": "biufc", "gather_nd": "biufc", "shape_of": "biufc", "ensure_shape": "biufc", "conv": "iufc",
    "conv_input_grad": "iufc", "conv_filter_grad": "iufc", "floor_div": "iufc", "argmax": "biuf", "argmin": "biuf",
}  # fmt: skip


def bad_calls(prim):
    """Calls of a row with one thing wrong: an operand too few or too many, a wrong dtype, or an attribute out of range."""
    operands, _, attrs = next(iter(cases(prim, OPS[prim].kinds[0])))
    if operands and prim.name != "concat":
        yield "too few operands", operands[:-1], attrs
    if prim.name not in ("concat", "shape_of"):  # takes any number; is known without a look at them
        yield "too many operands", [*operands, *(operands[:1] or [np.float32(1)])], attrs
    kinds = TAKES.get(prim.name, OPS[prim].kinds)
    if operands and OPS[prim].kinds != "":
        for kind in set("biufc") - set(kinds):
            wrong = [np.ones(np.shape(operands[0]), DTYPE_OF_KIND[kind].np_dtype), *operands[1:]]
            yield f"operands of kind {kind}", wrong, attrs
    for name in ("axis", "axes", "perm", "batch_dims"):
        if name in attrs:
            far = 99 if isinstance(attrs[name], int) else (99,) * max(1, len(attrs[name]))
            yield f"{name} out of range", operands, {**attrs, name: far}
    for name in attrs if prim.name != "constant" else ():
        yield f"no {name}", operands, {k: v for k, v in attrs.items() if k != name}


@pytest.mark.parametrize("prim", WALK, ids=lambda p: p.name)
def test_a_wrong_call_of_a_row_is_an_error_while_tracing(prim):
    count = 0
    for what, operands, attrs in bad_calls(prim):
        specs = [tf.TensorSpec(np.shape(o), np.asarray(o).dtype) for o in operands]
        function = tf.function(lambda *args, attrs=attrs: prim(*args, **attrs), autograph=False)
        try:
            made = function.get_concrete_function(*specs)
        except REFUSALS as error:
            assert str(error), what
        else:
            raise AssertionError(f"{prim.name} with {what} is no error: {made.output_shapes}")
        count += 1
    assert count or prim.name == "constant"


def traced_shape(prim, operands, attrs, unknown):
    """The shape that the dialect infers, of operands of known or unknown sizes."""
    specs = [tf.TensorSpec([None] * np.ndim(o) if unknown else np.shape(o), np.asarray(o).dtype) for o in operands]
    function = tf.function(lambda *args: prim(*args, **attrs), autograph=False)
    return function.get_concrete_function(*specs).output_shapes


# Rows whose result has a size that operands say at run time, or that constants would say.
SIZES_FROM_DATA = {
    "dynamic_broadcast_to", "sum_to", "dynamic_reshape", "dynamic_slice", "dynamic_strided_slice", "range", "nonzero", "conv_input_grad",
    "conv_filter_grad", "avg_pool_grad",
}  # fmt: skip


@pytest.mark.parametrize("prim", WALK, ids=lambda p: p.name)
def test_the_shape_rule_gives_the_shape_of_the_value(prim):
    for operands, _, attrs in cases(prim, OPS[prim].kinds[0]):
        if prim.name == "bitcast" and np.asarray(operands[0]).dtype.itemsize != 8:
            continue
        actual = prim(*tensors(operands), **attrs).shape
        inferred = traced_shape(prim, operands, attrs, unknown=False)
        if prim.name not in SIZES_FROM_DATA:
            assert inferred == actual
        assert inferred.is_compatible_with(actual)
        # The number of elements of these operands is a rank.
        if prim.name not in (
            "dynamic_broadcast_to",
            "sum_to",
            "dynamic_reshape",
            "gather_nd",
            "scatter",
            "random_bits",
        ):
            assert traced_shape(prim, operands, attrs, unknown=True).is_compatible_with(actual)


def test_every_row_is_walked():
    """A new row is in every walk, or says here why not."""
    raw = {prim.name for prim in RAW}
    assert raw == {
        "list_create", "list_length", "list_get", "list_set", "list_stack", "list_unstack", "read_variable",
        "assign_variable", "print", "assert", "host_call",
    }  # fmt: skip
    assert set(OPS) == set(WALK) | RAW | MATRICES | STRINGS
    compared = {p.name for p in DIFFERENTIABLE}
    for prim in DIFFERENTIABLE:
        if "f" not in OPS[prim].kinds:
            assert prim.name in GRADIENT_ELSEWHERE, prim.name
    assert set(GRADIENT_ELSEWHERE) <= compared and set(SECOND_ELSEWHERE) <= compared
    assert compared - {p.name for p in SECOND} == set(SECOND_ELSEWHERE)
    refused = {p.name: OPS[p].vjp.reason for p in OPS if isinstance(OPS[p].vjp, NoGradient)}
    assert all(refused.values())


def test_the_derivative_of_a_step_is_zero():
    x = tf.constant([0.5, -2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        outs = P.sign(x), P.nextafter(x, x)
    assert tape.gradient(outs[0], x).numpy().tolist() == [0, 0]
    assert tape.gradient(outs[1], x).numpy().tolist() == [1, 1]


SHAPES = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=4)


@pytest.mark.parametrize("prim", sorted(BINARY, key=lambda p: p.name), ids=lambda p: p.name)
@settings(max_examples=12, deadline=None)
@given(shapes=SHAPES, seed=st.integers(0, 1000), data=st.data())
def test_binary_primitive_broadcasts_as_numpy(prim, shapes, seed, data):
    kind = data.draw(st.sampled_from(OPS[prim].kinds))
    dtype = data.draw(st.sampled_from([d for d in DTYPES if d.kind == kind]))
    if prim.name in ("complex", "nextafter") and dtype not in (tf.float32, tf.float64):
        dtype = tf.float32
    rng = np.random.default_rng(seed)
    x, y = (sample(prim, rng, s, kind).astype(dtype.np_dtype) for s in shapes.input_shapes)
    with np.errstate(all="ignore"):
        want = np.asarray(OPS[prim].numpy(x, y))
    got = prim(eager_tensor(x), eager_tensor(y))
    assert got.shape == shapes.result_shape
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(got.numpy(), want)


UNARY_FLOAT = [
    p for p in WALK if p.name not in CASES and p not in BINARY and "f" in OPS[p].kinds and p.name != "population_count"
]


@pytest.mark.parametrize("prim", UNARY_FLOAT, ids=lambda p: p.name)
@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32], ids=lambda d: d.name)
def test_unary_primitive_keeps_narrow_dtypes(prim, dtype):
    x = sample(prim, rng_for(prim), (7,), "f").astype(dtype.np_dtype)
    out = prim(tf.constant(x))
    wide = prim(tf.constant(x.astype(np.float64)))
    if wide.dtype == tf.bool:
        assert out.dtype == tf.bool
        return
    assert out.dtype == dtype
    np.testing.assert_allclose(
        out.numpy().astype(np.float64), wide.numpy(), rtol={2: 2e-2, 4: 1e-5}[dtype.size], atol=1e-3
    )
