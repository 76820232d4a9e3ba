"""Operands for each row of the op table: dtypes, shapes and values at which compiled code could go wrong."""

from dataclasses import dataclass, field

import numpy as np
import tfc as tf
from oracle import is_float
from tfc.dtypes import DTYPES
from tfc.ops import primitives as p
from tfc.ops.table import OPS


@dataclass
class Case:
    """Operands of one call of a primitive, and its attributes."""

    operands: list
    attrs: dict = field(default_factory=dict)

    def __str__(self):
        shapes = ", ".join(f"{o.dtype}{list(o.shape)}" for o in self.operands)
        return f"({shapes}) {self.attrs or ''}"


BINARY = [
    p.add, p.sub, p.mul, p.div, p.pow_, p.floor_div, p.floor_mod, p.trunc_div, p.trunc_mod, p.maximum, p.minimum,
    p.atan2, p.nextafter, p.complex_, p.logical_and, p.logical_or, p.bitwise_and, p.bitwise_or, p.bitwise_xor,
    p.left_shift, p.right_shift, p.equal, p.not_equal, p.less, p.less_equal, p.greater, p.greater_equal,
]  # fmt: skip
DIVISIONS = (p.floor_div, p.floor_mod, p.trunc_div, p.trunc_mod)
UNARY_SHAPES = [(), (0,), (1,), (3, 0, 2), (7,), (2, 3, 1, 5), (1037,)]
BINARY_SHAPES = [
    ((), ()), ((3, 1), (4,)), ((), (5,)), ((2, 1, 3, 1), (4, 1, 5)), ((0, 3), (1, 3)), ((513,), (513,)), ((7, 33), (33,)),
]  # fmt: skip

# Rows whose numpy kinds say less than what they take.
KINDS = {p.pow_: "iuf"}
ONLY = {
    p.complex_: (tf.float32, tf.float64),
    p.nextafter: (tf.float32, tf.float64),
    p.random_bits: (tf.float32,),
    # Many cases, of loops that are made alike for all integers.
    **dict.fromkeys((p.conv, p.conv_input_grad, p.conv_filter_grad),
                    (tf.int32, tf.uint8, tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.complex64)),
    **dict.fromkeys((p.max_pool, p.argmax_pool), (tf.int8, tf.uint16, tf.int64, tf.bfloat16, tf.float32, tf.float64)),
}  # fmt: skip


def dtypes(prim) -> list:
    """All that a row takes."""
    if prim in ONLY:
        return list(ONLY[prim])
    kinds = KINDS.get(prim, OPS[prim].kinds)
    return [d for d in DTYPES if d.kind in kinds]


def rng_for(prim, dtype):
    return np.random.default_rng(sum(f"{prim.name} {dtype.name}".encode()))


def values(dtype, shape, rng, low=-2.0, high=2.0):
    """Ordinary values: floats in [low, high), integers of all sizes."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        wide = rng.integers(info.min, info.max, shape, dtype, endpoint=True)
        near = rng.integers(max(info.min, -9), 9, shape).astype(dtype)
        return np.where(rng.random(shape) < 0.5, wide, near).astype(dtype)
    if dtype.kind == "c":
        return (rng.uniform(low, high, shape) + 1j * rng.uniform(low, high, shape)).astype(dtype)
    return np.asarray(rng.uniform(low, high, shape)).astype(dtype)


def whole(dtype, shape, rng, top=3):
    """Small integers of any dtype: sums and products of them do not round."""
    if np.dtype(dtype).kind == "b":
        return rng.random(shape) < 0.5
    low = 0 if np.dtype(dtype).kind == "u" else -top
    return np.asarray(rng.integers(low, top + 1, shape)).astype(dtype)


def special(dtype):
    """The corners of a dtype."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return np.array([True, False])
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        some = [0, 1, 2, 3, 7, 8, info.max, info.max - 1, info.max // 2, info.min, info.min + 1, -1, -2, -3, -8]
        return np.array([v for v in some if info.min <= v <= info.max], dtype)
    if dtype.kind == "c":
        return np.array([0, 1, -1, 1j, -1j, 1 + 1j, -2 - 3j, 1e-3, 1e3j, 0.5 - 0.25j], dtype)
    f = tf.as_dtype(dtype)
    tiny = np.nextafter(dtype.type(0), dtype.type(1)) if dtype.kind == "f" else dtype.type(9.2e-41)
    top = dtype.type(f.max)
    some = [0.0, 1.0, 0.5, 1.5, 2.5, 0.1, 3.0, 10.0, 100.0, 1e-3, np.inf, np.nan, float(tiny), float(tiny) * 5]
    if dtype.kind != "f":
        some = some[:-2]  # denormals of bfloat16 may be read as zero
    both = np.array([*some, *(-v for v in some)]).astype(dtype)
    return np.concatenate([both, np.array([top, -top]).astype(dtype)])


def _unary(prim, dtype, rng):
    np_dtype = dtype.np_dtype
    low, high = OPS[prim].domain
    for shape in UNARY_SHAPES:
        yield Case([values(np_dtype, shape, rng, low, high)])
    yield Case([special(np_dtype)])


def _divisor(y):
    return np.where(y == 0, np.ones_like(y), y) if y.dtype.kind in "iu" else y


def _binary(prim, dtype, rng):
    np_dtype = dtype.np_dtype
    low, high = OPS[prim].domain
    shapes = [*BINARY_SHAPES, None]
    for shape in shapes:
        if shape is None:
            x, y = special(np_dtype)[:, None], special(np_dtype)
        else:
            x, y = (values(np_dtype, s, rng, low, high) for s in shape)
        if prim in DIVISIONS:
            y = _divisor(y)
        if prim is p.pow_ and dtype.kind in "iu":
            y = (np.abs(y.astype(np.int64)) % 6).astype(np_dtype)
        if prim in (p.left_shift, p.right_shift) and shape is not None:
            y = (y.astype(np.int64) % (dtype.size * 8)).astype(np_dtype)
        if prim in (p.left_shift, p.right_shift) and shape is None:
            y = np.arange(0, min(dtype.size * 8 + 3, 100)).astype(np_dtype)
        yield Case([x, y])


def ints(*at):
    return np.array(at, np.int64)


def windows(strides, dilations, padding, **more):
    """Attributes of an op on sliding windows."""
    return {"strides": strides, "dilations": dilations, "padding": padding, **more}


# (shapes of the operands, further operands, attributes[, shapes of updates]): primitives that are not elementwise.
TABLE = {
    "broadcast_to": [([(3, 1)], (), {"shape": (2, 3, 4)}), ([()], (), {"shape": (37,)}), ([(1, 0)], (), {"shape": (4, 0)})],
    "dynamic_broadcast_to": [([(3, 1)], (ints(2, 3, 4),), {}), ([()], (ints(0, 3),), {})],
    "sum_to": [([(2, 3, 4)], (ints(3, 1),), {}), ([(2, 3)], (ints(2, 3),), {}), ([(0, 3)], (ints(1, 3),), {})],
    "reshape": [
        ([(2, 6)], (), {"shape": (3, None)}), ([(4,)], (), {"shape": (2, 2)}), ([(1, 1)], (), {"shape": ()}),
        ([(0, 3)], (), {"shape": (3, 0, 2)}), ([(33, 35)], (), {"shape": (5, 7, 33)}),
    ],
    "dynamic_reshape": [([(2, 6)], (ints(-1, 4),), {}), ([(2, 6)], (ints(12),), {}), ([(1,)], (ints(),), {})],
    "squeeze": [([(1, 3, 1)], (), {"axes": (0, 2)}), ([(1, 1)], (), {"axes": (0, 1)})],
    "expand_dims": [([(2, 3)], (), {"axes": (0, 2)}), ([()], (), {"axes": (0,)})],
    "transpose": [
        ([(2, 3, 4)], (), {"perm": (2, 0, 1)}), ([(33, 65)], (), {"perm": (1, 0)}), ([()], (), {"perm": ()}),
        ([(0, 3)], (), {"perm": (1, 0)}), ([(2, 3, 4, 5)], (), {"perm": (0, 2, 1, 3)}),
    ],
    "slice": [
        ([(5, 4)], (), {"starts": (1, 0), "sizes": (3, 4), "strides": (1, 1)}),
        ([(5, 4)], (), {"starts": (4, 3), "sizes": (3, 2), "strides": (-2, -1)}),
        ([(5, 4)], (), {"starts": (0, 1), "sizes": (None, 3), "strides": (2, 1)}),
        ([(5, 4)], (), {"starts": (2, 1), "sizes": (0, 3), "strides": (1, 1)}),
        ([(70,)], (), {"starts": (3,), "sizes": (33,), "strides": (2,)}),
    ],
    "dynamic_slice": [([(5, 4)], (ints(2, 1),), {"sizes": (2, None)}), ([(9,)], (ints(0),), {"sizes": (9,)})],
    "dynamic_strided_slice": [
        ([(5, 4)], (ints(-4, 0), ints(9, 3)), {"strides": (2, 1), "begin_mask": 0, "end_mask": 0}),
        ([(5, 4)], (ints(9, 0), ints(0, 0)), {"strides": (-1, -2), "begin_mask": 2, "end_mask": 3}),
        ([(5, 4)], (ints(3, 2), ints(1, 2)), {"strides": (1, 1), "begin_mask": 0, "end_mask": 0}),
    ],
    "update_slice": [
        ([(5, 4), (2, 2)], (ints(1, 2),), {"strides": (2, 1)}), ([(5,), (0,)], (ints(2),), {"strides": (1,)}),
        ([(33, 3), (33, 1)], (ints(0, 1),), {"strides": (1, 1)}),
    ],
    "concat": [
        ([(2, 3), (2, 1), (2, 2)], (), {"axis": 1}), ([(0, 3), (2, 3)], (), {"axis": 0}),
        ([(4, 33), (4, 35)], (), {"axis": 1}), ([(3,)], (), {"axis": 0}),
    ],
    "pad": [([(2, 3), ()], (), {"low": (1, 0), "high": (0, 2)}), ([(0,), ()], (), {"low": (2,), "high": (1,)})],
    "reverse": [([(2, 3)], (), {"axes": (0, 1)}), ([(67,)], (), {"axes": (0,)}), ([(2, 3)], (), {"axes": ()})],
    "ensure_shape": [([(2, 3)], (), {"shape": (None, 3)})],
    "stop_gradient": [([(2, 3)], (), {}), ([()], (), {})],
    "reduce_sum": [
        ([(2, 3, 4)], (), {"axes": (0, 2), "keepdims": False}), ([(2, 3)], (), {"axes": (), "keepdims": True}),
        ([(3, 0)], (), {"axes": (1,), "keepdims": False}), ([(1037,)], (), {"axes": (0,), "keepdims": False}),
        ([(17, 35)], (), {"axes": (0,), "keepdims": True}), ([(17, 35)], (), {"axes": (1,), "keepdims": False}),
        ([()], (), {"axes": (), "keepdims": False}),
    ],
    "reduce_prod": [
        ([(2, 3, 2)], (), {"axes": (0, 2), "keepdims": True}), ([(0, 3)], (), {"axes": (0,), "keepdims": False}),
        ([(5, 3)], (), {"axes": (1,), "keepdims": False}),
    ],
    "reduce_max": [
        ([(2, 3, 4)], (), {"axes": (1,), "keepdims": False}), ([(1037,)], (), {"axes": (0,), "keepdims": False}),
        ([(17, 35)], (), {"axes": (0,), "keepdims": True}), ([(17, 35)], (), {"axes": (1,), "keepdims": True}),
    ],
    "reduce_any": [
        ([(2, 3)], (), {"axes": (0,), "keepdims": False}), ([(0, 3)], (), {"axes": (0,), "keepdims": True}),
        ([(67, 33)], (), {"axes": (0, 1), "keepdims": False}),
    ],
    "argmax": [
        ([(3, 4)], (), {"axis": 1, "dtype": tf.int64}), ([(3, 40)], (), {"axis": 0, "dtype": tf.int32}),
        ([(67,)], (), {"axis": 0, "dtype": tf.int64}),
    ],
    "cumsum": [
        *(([(3, 5)], (), {"axis": a, "exclusive": e, "reverse": r})
          for a, e, r in [(0, False, False), (1, True, False), (1, True, True), (0, False, True)]),
        ([(0, 3)], (), {"axis": 0, "exclusive": True, "reverse": False}),
        ([(77,)], (), {"axis": 0, "exclusive": False, "reverse": False}),
    ],
    "linear_recurrence": [
        *(([(3, 5, 2), (3, 5, 2)], (), {"axis": a, "reverse": r}) for a in range(3) for r in (False, True)),
        ([(0, 3), (0, 3)], (), {"axis": 0, "reverse": False}),
        ([(77,), (77,)], (), {"axis": 0, "reverse": True}),
    ],
    "matmul": [
        ([(2, 3), (3, 4)], (), {"transpose_x": False, "transpose_y": False}),
        ([(3, 2), (4, 3)], (), {"transpose_x": True, "transpose_y": True}),
        ([(5, 1, 2, 3), (2, 4, 3)], (), {"transpose_x": False, "transpose_y": True}),
        ([(3, 2), (5, 3, 4)], (), {"transpose_x": True, "transpose_y": False}),
        ([(3, 0), (0, 4)], (), {"transpose_x": False, "transpose_y": False}),
        ([(0, 3), (3, 2)], (), {"transpose_x": False, "transpose_y": False}),
        ([(33, 17), (17, 35)], (), {"transpose_x": False, "transpose_y": False}),
        ([(1, 70), (70, 1)], (), {"transpose_x": False, "transpose_y": False}),
    ],
    "conv": [
        ([(2, 5, 4, 4), (3, 2, 2, 6)], (), windows((2, 1), (1, 2), (), groups=2)),
        ([(1, 6, 2), (3, 2, 3)], (), windows((2,), (1,), (1, 2), groups=1)),
        ([(2, 3, 4, 3), (2, 2, 1, 6)], (), windows((1, 1), (1, 1), (0, 0, 0, 0), groups=3)),
        ([(2, 5, 5, 5), (3, 3, 1, 5)], (), windows((2, 2), (1, 1), (), groups=5)),
        ([(2, 5, 4, 3), (1, 1, 3, 4)], (), windows((1, 1), (1, 1), (), groups=1)),
        ([(2, 5, 4, 3), (1, 1, 3, 4)], (), windows((2, 3), (1, 1), (0, 0, 0, 0), groups=1)),
        ([(1, 3, 4, 5, 2), (2, 3, 2, 2, 3)], (), windows((1, 2, 1), (1, 1, 2), (), groups=1)),
        ([(0, 5, 4), (3, 4, 2)], (), windows((1,), (1,), (), groups=1)),
        ([(2, 5, 4), (3, 4, 0)], (), windows((1,), (1,), (), groups=1)),
        ([(1, 17, 19, 3), (5, 3, 3, 17)], (), windows((1, 1), (1, 1), (), groups=1)),
    ],
    "conv_input_grad": [
        ([(2, 3, 4, 6), (3, 2, 2, 6)], (ints(2, 5, 4, 4),), windows((2, 1), (1, 2), (), groups=2)),
        ([(1, 4, 3), (3, 2, 3)], (ints(1, 6, 2),), windows((2,), (1,), (1, 2), groups=1)),
        ([(2, 3, 3, 5), (3, 3, 1, 5)], (ints(2, 5, 5, 5),), windows((2, 2), (1, 1), (), groups=5)),
        ([(2, 2, 3, 6), (2, 2, 1, 6)], (ints(2, 3, 4, 3),), windows((1, 1), (1, 1), (0, 0, 0, 0), groups=3)),
        ([(2, 2, 3, 6), (2, 2, 2, 6)], (ints(2, 3, 4, 6),), windows((1, 1), (1, 1), (0, 0, 0, 0), groups=3)),
        ([(2, 5, 4, 4), (1, 1, 3, 4)], (ints(2, 5, 4, 3),), windows((1, 1), (1, 1), (), groups=1)),
        ([(2, 3, 2, 4), (1, 1, 3, 4)], (ints(2, 5, 4, 3),), windows((2, 3), (1, 1), (0, 0, 0, 0), groups=1)),
        ([(0, 5, 2), (3, 4, 2)], (ints(0, 5, 4),), windows((1,), (1,), (), groups=1)),
    ],
    "conv_filter_grad": [
        ([(2, 5, 4, 4), (2, 3, 4, 6)], (ints(3, 2, 2, 6),), windows((2, 1), (1, 2), (), groups=2)),
        ([(1, 6, 2), (1, 4, 3)], (ints(3, 2, 3),), windows((2,), (1,), (1, 2), groups=1)),
        ([(2, 5, 5, 5), (2, 3, 3, 5)], (ints(3, 3, 1, 5),), windows((2, 2), (1, 1), (), groups=5)),
        ([(2, 3, 4, 3), (2, 2, 3, 6)], (ints(2, 2, 1, 6),), windows((1, 1), (1, 1), (0, 0, 0, 0), groups=3)),
        ([(2, 5, 4, 3), (2, 3, 2, 4)], (ints(1, 1, 3, 4),), windows((2, 3), (1, 1), (0, 0, 0, 0), groups=1)),
        ([(0, 5, 4), (0, 5, 2)], (ints(3, 4, 2),), windows((1,), (1,), (), groups=1)),
    ],
    "max_pool": [
        ([(2, 5, 4, 2)], (), windows((2, 1), (1, 2), (), window=(3, 2))),
        ([(2, 6, 2)], (), windows((2,), (1,), (1, 1), window=(3,))),
        ([(2, 9, 8, 1)], (), windows((2, 2), (1, 1), (0, 0, 0, 0), window=(2, 2))),
        ([(1, 4, 5, 3, 2)], (), windows((1, 2, 1), (1, 1, 1), (), window=(2, 2, 3))),
        ([(0, 5, 2)], (), windows((2,), (1,), (), window=(3,))),
    ],
    "avg_pool_grad": [
        ([(2, 3, 4, 2)], (ints(2, 5, 4, 2),), windows((2, 1), (1, 2), (), window=(3, 2))),
        ([(2, 3, 2)], (ints(2, 6, 2),), windows((2,), (1,), (1, 1), window=(3,))),
        ([(2, 4, 4, 1)], (ints(2, 9, 8, 1),), windows((2, 2), (1, 1), (0, 0, 0, 0), window=(2, 2))),
        ([(0, 3, 2)], (ints(0, 5, 2),), windows((2,), (1,), (), window=(3,))),
    ],
    "gather": [
        ([(5, 3)], (ints(4, 0, 4),), {"axis": 0, "batch_dims": 0}), ([(5, 3)], (np.int32(2),), {"axis": 1, "batch_dims": 0}),
        ([(2, 5, 3)], (np.array([[1, 0], [4, 1]]),), {"axis": 1, "batch_dims": 0}),
        ([(2, 5, 3)], (np.array([[1, 0, 1], [2, 1, 1]]),), {"axis": 2, "batch_dims": 1}),
        ([(2, 3, 5)], (np.array([[[1, 0], [2, 1], [0, 0]]] * 2),), {"axis": 2, "batch_dims": 2}),
        ([(40, 2)], (np.arange(39, -1, -1, np.int32),), {"axis": 0, "batch_dims": 0}),
        ([(5, 3)], (np.zeros((0,), np.int64),), {"axis": 0, "batch_dims": 0}),
    ],
    "gather_nd": [
        ([(4, 3)], (np.array([[1, 2], [3, 0]]),), {"batch_dims": 0}),
        ([(2, 4, 3)], (np.array([[[1], [1]], [[3], [0]]]),), {"batch_dims": 1}),
        ([(4, 3)], (np.zeros((2, 0), np.int64),), {"batch_dims": 0}),
    ],
    "scatter": [
        *(([(5, 3)], (np.array([[4], [0]]),), {"mode": m}, (2, 3)) for m in ("update", "add", "sub", "mul", "min", "max")),
        ([(5,)], (np.array([[1], [1], [1]]),), {"mode": "add"}, (3,)),
        ([(5, 2)], (np.zeros((0, 1), np.int64),), {"mode": "update"}, (0, 2)),
    ],
    "sort": [([s], (), {"axis": a, "descending": d}) for d in (False, True) for s, a in [((3, 4), 1), ((37, 2), 0), ((0,), 0)]],
    "nonzero": [([(3, 4)], (), {}), ([(0,)], (), {}), ([(67,)], (), {}), ([()], (), {})],
    "select": [([(2, 1), (3,)], (), {}), ([(), (67,)], (), {}), ([(0,), (1,)], (), {})],
    "shape_of": [([(2, 3)], (), {"dtype": tf.int32}), ([()], (), {"dtype": tf.int64})],
    "iota": [([], (), {"shape": s, "axis": a, "dtype": d})
             for s, a, d in [((2, 3), 1, tf.float32), ((65,), 0, tf.int8), ((3, 2), 0, tf.bfloat16), ((0,), 0, tf.int64)]],
    "range": [([], tuple(t(v) for v in at), {})
              for t in (np.float64, np.float32, np.int32, np.int64) for at in [(1, 6, 2), (5, -2, -3), (3, 3, 1)]],
    "constant": [([], (), {"value": v}) for v in (np.ones(3), np.arange(70, dtype=np.int8).reshape(2, 35), np.zeros((0, 2)))],
    "random_bits": [
        ([], (np.array([7], np.uint64), np.array([1, 2], np.uint64)), {"shape": s, "dtype": d})
        for s in [(5,), (), (2, 35)] for d in (tf.uint32, tf.uint64)
    ],
}  # fmt: skip
for _name, _same in [
    ("reduce_min", "reduce_max"), ("reduce_all", "reduce_any"), ("argmin", "argmax"), ("cumprod", "cumsum"),
    ("argsort", "sort"), ("argmax_pool", "max_pool"), ("avg_pool", "max_pool"), ("cumlogsumexp", "cumsum"),
]:  # fmt: skip
    TABLE[_name] = TABLE[_same]

# Rows whose float results depend on the order of additions and products: sampled from whole numbers, they do not.
ORDERED = {
    "sum_to", "reduce_sum", "reduce_prod", "cumsum", "cumprod", "matmul", "conv", "conv_input_grad", "conv_filter_grad",
    "avg_pool", "avg_pool_grad", "linear_recurrence",
}  # fmt: skip


def _select_condition(shape):
    return (
        np.arange(int(np.prod(shape)) or 1).reshape(shape or ()) % 2 == 0 if np.prod(shape) else np.zeros(shape, bool)
    )


def _cast_cases(dtype, rng):
    x = values(dtype.np_dtype, (3, 11), rng, -100, 100)
    for to in DTYPES:
        yield Case([np.abs(x) if to.kind == "u" and dtype.kind != "b" else x], {"dtype": to})
        if dtype.kind in "fc" and to.kind in "fc" or dtype.kind in "biu" and to.kind != "c":
            yield Case([special(dtype.np_dtype)], {"dtype": to})


def _bitcast_cases(dtype, rng):
    for to in DTYPES:
        if to.kind in "iuf" and to.size == dtype.size:
            yield Case([special(dtype.np_dtype)], {"dtype": to})
            yield Case([values(dtype.np_dtype, (3, 7), rng)], {"dtype": to})


def _tabled(prim, dtype, rng):
    name = prim.name
    for shapes, more, attrs, *updates in TABLE[name]:
        shapes = [*shapes]
        if name in ORDERED:
            top = 1 if name in ("cumprod", "reduce_prod") else 3
            make = lambda s, top=top: whole(dtype.np_dtype, s, rng, top)
        else:
            make = lambda s: values(dtype.np_dtype, s, rng)
        operands = [make(s) for s in shapes] + [np.asarray(m) for m in more] + [make(s) for s in updates]
        if name == "select":
            operands = [_select_condition((2, 1) if len(shapes[0]) == 2 else shapes[1]), *operands]
        yield Case(operands, attrs)
    if name in ("reduce_max", "reduce_min", "argmax", "argmin", "sort", "argsort") and dtype.kind in "iuf":
        corner = special(dtype.np_dtype)
        axis = {"axes": (0,), "keepdims": False} if "reduce" in name else {**attrs, "axis": 0}
        yield Case([corner], axis)
        yield Case([corner[~np.isnan(corner.astype(np.float64))]], axis)


def cases(prim, dtype):
    """The calls with which a row is tested for one dtype."""
    rng = rng_for(prim, dtype)
    if prim in BINARY:
        return list(_binary(prim, dtype, rng))
    if prim is p.cast:
        return list(_cast_cases(dtype, rng))
    if prim is p.bitcast:
        return list(_bitcast_cases(dtype, rng))
    if prim.name in TABLE:
        return list(_tabled(prim, dtype, rng))
    return list(_unary(prim, dtype, rng))


__all__ = ["Case", "cases", "dtypes", "is_float"]
