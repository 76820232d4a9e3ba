"""Wrong arguments of public functions: only documented kinds of errors, with a message, eagerly and while tracing.

A few arguments for each function; the seeds are fixed, so that a failure is one again.
"""

import inspect
import random
import warnings

import numpy as np
import pytest
import tfc as tf

# Raise it to search for more.
ROUNDS = 1
ALLOWED = (TypeError, ValueError, tf.errors.OpError, NotImplementedError, OverflowError, MemoryError)
NAMESPACES = {
    "": tf, "math": tf.math, "nn": tf.nn, "linalg": tf.linalg, "signal": tf.signal, "image": tf.image,
    "random": tf.random, "bitwise": tf.bitwise,
}  # fmt: skip
# Functions that take functions, open contexts, write, or change the process; test files of their own.
OTHERS = {
    "Assert", "function", "device", "print", "numpy_function", "py_function", "name_scope", "init_scope", "control_dependencies",
    "variable_creator_scope", "recompute_grad", "custom_gradient", "executing_eagerly", "inside_function", "while_loop",
    "grad_pass_through", "gradients", "hessians", "publish",
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


def functions():
    seen = {}
    for space, module in NAMESPACES.items():
        for name in dir(module):
            f = getattr(module, name)
            if not name.startswith("_") and name not in OTHERS and inspect.isfunction(f):
                seen.setdefault(f, f"{space}.{name}".lstrip("."))
    return [pytest.param(f, id=name) for f, name in seen.items()]


def arguments(f, draw):
    args, keywords = [], {}
    for parameter in inspect.signature(f).parameters.values():
        if parameter.name == "name" or parameter.kind is parameter.VAR_KEYWORD:
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            args += [draw.choice(POOL)() for _ in range(draw.randint(0, 2))]
        elif parameter.default is parameter.empty and parameter.kind is not parameter.KEYWORD_ONLY:
            args.append(draw.choice(POOL)())
        elif parameter.default is parameter.empty or draw.random() < 0.35:
            keywords[parameter.name] = draw.choice(POOL)()
    return args, keywords


def check(call, text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call()
        except ALLOWED as e:
            assert str(e), f"{text}: {type(e).__name__} without a message"
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
    "ranks of in_top_k": (lambda: tf.math.in_top_k([1], [1.0], 1), tf.errors.InvalidArgumentError, "2-dimensional"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_wrong_argument_is_named(name):
    call, kind, text = KNOWN[name]
    with pytest.raises(kind, match=text):
        call()
