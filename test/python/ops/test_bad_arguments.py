"""Wrong arguments of public functions: only documented kinds of errors, with a message, eagerly and while tracing.

A few arguments for each function; the seeds are fixed, so that a failure is one again.
"""

import inspect
import random
import re
import warnings

import numpy as np
import pytest
import tfc as tf

# Raise it to search for more.
ROUNDS = 1
ALLOWED = (TypeError, ValueError, tf.errors.OpError, NotImplementedError, OverflowError, MemoryError)
NAMESPACES = {
    "": tf, "math": tf.math, "nn": tf.nn, "linalg": tf.linalg, "signal": tf.signal, "image": tf.image,
    "random": tf.random, "bitwise": tf.bitwise, "sets": tf.sets, "sparse": tf.sparse, "ragged": tf.ragged, "strings": tf.strings,
}  # fmt: skip
# What messages of the compiler and of Python look like.
INTERNAL = re.compile(r"loc\(|failed to infer|tensor<|!tfc|mlir|positional argument|object has no|'NoneType' object")
# Functions that take functions, open contexts, write, or change the process; test files of their own.
OTHERS = {
    "Assert", "function", "device", "print", "numpy_function", "py_function", "name_scope", "init_scope", "control_dependencies",
    "variable_creator_scope", "recompute_grad", "custom_gradient", "executing_eagerly", "inside_function", "while_loop",
    "grad_pass_through", "gradients", "hessians", "publish", "map_values", "scan",
}  # fmt: skip
POOL = [
    lambda: None, lambda: "abc", lambda: 0, lambda: 3, lambda: -7, lambda: 2.5, lambda: float("nan"), lambda: [],
    lambda: [1, 2], lambda: [0], lambda: [[1.0, 2.0], [3.0, 4.0]], lambda: [[1], [1, 2]], lambda: {"a": 1}, object,
    lambda: True, lambda: tf.constant([1.0, 2.0]), lambda: tf.constant(3), lambda: tf.constant([[1, 2], [3, 4]]),
    lambda: tf.zeros((0, 3)), lambda: tf.ones((2, 3, 4)), lambda: tf.ones((1, 4, 4, 3)), lambda: tf.constant(True),
    lambda: tf.constant([1 + 2j]), lambda: tf.constant([1, 2], tf.uint8), lambda: tf.float32, lambda: np.array([1.5]),
    lambda: np.array(["x"]), lambda: (1, -1), lambda: -(2**70), lambda: tf.ones((2, 2, 2, 2, 2)), lambda: "SAME",
    lambda: tf.constant([1.0], tf.float16), lambda: tf.Variable([1.0, 2.0]), lambda: tf.TensorShape(None),
    lambda: tf.TensorSpec([2]), lambda: slice(1),
]  # fmt: skip
# What nearly fits, by what a parameter is for.
SPARSE = lambda value: tf.SparseTensor([[0, 1], [1, 0]], [value, value], [2, 3])
TENSORS = [
    lambda: tf.ones([3]), lambda: tf.ones([2, 3]), lambda: tf.ones([3, 3]), lambda: tf.ones([2, 3, 4]), lambda: tf.ones([]),
    lambda: tf.ones([1, 4, 4, 3]), lambda: tf.zeros([0]), lambda: tf.zeros([2, 0]), lambda: tf.constant([1, 2, 0]),
    lambda: tf.constant([[1, 2, 3], [0, 1, 5]]), lambda: tf.constant([True, False, True]), lambda: tf.constant([1j, 2, 3]),
    lambda: tf.constant(["a", "b", "c"]), lambda: tf.ones([3], tf.float64), lambda: tf.constant([-1, 5]), lambda: 2.0,
    lambda: tf.ones([1] * 6), lambda: SPARSE(1.0), lambda: SPARSE(1), lambda: tf.ragged.constant([[1, 2], [], [3]]),
]  # fmt: skip
AXES = [
    lambda: 0, lambda: -1, lambda: 1, lambda: 5, lambda: -6, lambda: [0, 0], lambda: [0, 1], lambda: 1.5, lambda: [],
    lambda: tf.constant(1), lambda: tf.constant([0, 7]), lambda: 2**40, lambda: (0, -1), lambda: None, lambda: "x",
]  # fmt: skip
SHAPES = [
    lambda: [2, 3], lambda: [3], lambda: [], lambda: [-1], lambda: [-1, -1], lambda: [2, -3], lambda: 3, lambda: [1.5],
    lambda: tf.constant([3, 1]), lambda: tf.constant([[1]]), lambda: [None, 2], lambda: [0, 2], lambda: None, lambda: "x",
    lambda: tf.TensorShape([2, None]),
]  # fmt: skip
SIZES = {
    "size",
    "sizes",
    "multiples",
    "ksize",
    "strides",
    "begin",
    "paddings",
    "block_shape",
    "num_segments",
    "depth",
    "dilations",
}


def functions():
    seen = {}
    for space, module in NAMESPACES.items():
        for name in dir(module):
            f = getattr(module, name)
            if not name.startswith("_") and name not in OTHERS and inspect.isfunction(f):
                seen.setdefault(f, f"{space}.{name}".lstrip("."))
    return [pytest.param(f, id=name) for f, name in seen.items()]


def pool_of(name, draw):
    if draw.random() < 0.3:
        return POOL
    if "axis" in name or "axes" in name or name == "perm":
        return AXES
    return SHAPES if "shape" in name or name in SIZES else TENSORS


def arguments(f, draw):
    args, keywords = [], {}
    for parameter in inspect.signature(f).parameters.values():
        if parameter.name == "name" or parameter.kind is parameter.VAR_KEYWORD:
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            args += [draw.choice(POOL)() for _ in range(draw.randint(0, 2))]
        elif parameter.default is parameter.empty and parameter.kind is not parameter.KEYWORD_ONLY:
            args.append(draw.choice(pool_of(parameter.name, draw))())
        elif parameter.default is parameter.empty or draw.random() < 0.35:
            keywords[parameter.name] = draw.choice(pool_of(parameter.name, draw))()
    return args, keywords


def check(call, text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call()
        except ALLOWED as e:
            assert str(e), f"{text}: {type(e).__name__} without a message"
            assert not INTERNAL.search(str(e)), f"{text}: {type(e).__name__}: {e}"
        except Exception as e:
            raise AssertionError(f"{text}: {type(e).__name__}: {e}") from e


@pytest.mark.parametrize("f", functions())
def test_wrong_arguments_raise_what_is_documented(f):
    draw = random.Random(f.__name__)
    for _ in range(ROUNDS):
        args, keywords = arguments(f, draw)
        text = f"{f.__name__}({args}, {keywords})"
        check(lambda args=args, keywords=keywords: f(*args, **keywords), text)
        traced = tf.function(lambda args=args, keywords=keywords: f(*args, **keywords), autograph=False)
        check(traced.get_concrete_function, f"traced {text}")


def test_operands_that_are_ragged_may_be_named():
    x = tf.ragged.constant([[1, 2], [], [3]])
    assert tf.multiply(x=x, y=2).to_list() == [[2, 4], [], [6]] and tf.add(1, y=x).to_list() == [[2, 3], [], [4]]


KNOWN = {
    "an equation that is no string": (lambda: tf.einsum(tf.ones(2), tf.ones(2)), TypeError, "einsum equation"),
    "a step of zero": (lambda: tf.signal.frame([1.0, 2.0], 1, 0), ValueError, "step >= 1"),
    "a flag that is a vector": (lambda: tf.reduce_sum([1.0], keepdims=[1, 2]), TypeError, "keepdims is a bool"),
    "an axis of floats": (lambda: tf.reduce_sum([1.0], axis=tf.constant(0.5)), TypeError, "integer"),
    "a seed that is a string": (lambda: tf.random.normal([2], seed="x"), TypeError, "seed is an integer"),
    "no sequence": (lambda: tf.identity_n(3), TypeError, "is a list"),
    "as many shifts as axes": (lambda: tf.roll([1, 2], [1, 1], [0]), tf.errors.InvalidArgumentError, "same size"),
    "a negative count": (lambda: tf.repeat([1, 2], -1), tf.errors.InvalidArgumentError, "must not be negative"),
    "coefficients of rank 0": (lambda: tf.signal.inverse_mdct(1.0), ValueError, "rank at least 1"),
    "a template that is no string": (lambda: tf.strings.format(tf.ones(2), [1]), TypeError, "template and placeholder are"),
    "a mode that is no string": (lambda: tf.pad([1.0], [[1, 1]], mode=3), ValueError, "CONSTANT, REFLECT, SYMMETRIC"),
    "a transform of a scalar": (lambda: tf.signal.rfftnd(2.0), ValueError, "at least one axis"),
    "lengths of axes that are not there": (lambda: tf.signal.rfftnd([2.0], [1, 2]), ValueError, "more than the dimensions"),
    "a cosine transform of a scalar": (lambda: tf.signal.dct(2.0), ValueError, "rank at least 1"),
    "a permutation of rank 0": (lambda: tf.linalg.lu_solve(tf.eye(2), 1, tf.eye(2)), tf.errors.InvalidArgumentError, "perm must be"),
    "an axis of a scalar": (lambda: tf.reverse_sequence(1.0, [1], 0), tf.errors.InvalidArgumentError, "expected dimension in the range"),
    "no sparse tensors": (lambda: tf.sparse.concat(0, []), ValueError, "at least one SparseTensor"),
    "an axis of sparse tensors": (lambda: tf.sparse.concat(2, [SPARSE(1)]), tf.errors.InvalidArgumentError, "expected dimension"),
    "multiples of a ragged tensor": (lambda: tf.tile(tf.ragged.constant([[1]]), [2]), ValueError, "want 2 multiples"),
    "a ragged flag": (lambda: tf.reduce_sum([1.0], keepdims=tf.ragged.constant([[1]])), TypeError, "only the tensor that is reduced"),
    "a ragged table": (lambda: tf.nn.embedding_lookup(tf.ragged.constant([[1]]), [0]), TypeError, "of a dense table"),
    "labels of rank 3": (lambda: tf.nn.collapse_repeated([[[1]]], [1]), tf.errors.InvalidArgumentError, r"labels \[batch, time\]"),
    "ranks of in_top_k": (lambda: tf.math.in_top_k([1], [1.0], 1), tf.errors.InvalidArgumentError, "2-dimensional"),
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_a_wrong_argument_is_named(name):
    call, kind, text = KNOWN[name]
    with pytest.raises(kind, match=text):
        call()
