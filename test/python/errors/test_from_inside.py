"""What Python raises inside of a public operation is an error of the operation's arguments: it names the operation,
what came, the user's line, and something to try.
"""

import gc
import inspect
import pickle
import sys
import weakref

import numpy as np
import pytest
import tfc as tf
from tfc.ops import refused

CALLS = {
    "an infinite number": (ValueError, lambda: tf.linalg.diag_part([[1.0, 2.0], [3.0, 4.0]], k=float("inf"))),
    "a text": (TypeError, lambda: tf.range(b"x")),
    "several numbers for one": (ValueError, lambda: tf.linalg.norm([1.5], keepdims=tf.constant([True, False]))),
    "no tensor": (TypeError, lambda: tf.nn.pool(tf.ones([1, 4, 1]), 2, "MAX", padding=object())),
}


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("name", CALLS)
def test_says_what_came_and_where(name, traced):
    kind, call = CALLS[name]
    with pytest.raises((kind, TypeError)) as caught:
        (tf.function(call) if traced else call)()
    if "help(tf." in str(caught.value):
        assert all(part in str(caught.value) for part in ("\n  got:", "\n  at:   test_from_inside.py", "\n  try:"))
        assert caught.value.__cause__ is not None
    else:
        assert name == "no tensor" or traced


def test_errors_that_somebody_meant_stay_as_they_are():
    with pytest.raises(IndexError, match="Elements must be 1"):
        tf.scan(lambda a, x: a, 1.5)
    with pytest.raises(ValueError, match="tf.signal.frame needs a length") as caught:
        tf.signal.frame([1.0], -1, 1)
    assert "help(" not in str(caught.value)


def test_errors_of_the_users_code_stay_as_they_are():
    class Mine:
        def __array__(self, dtype=None, copy=None):
            raise AttributeError("mine")

    with pytest.raises(AttributeError, match="^mine$"):
        tf.add(Mine(), 1)

    def body(x):
        return [][3]

    with pytest.raises(IndexError, match="list index out of range"):
        tf.map_fn(body, tf.constant([1.0]))


def test_an_argument_that_the_dialect_refuses_is_one_of_an_operation():
    with pytest.raises(ValueError, match=r"sqrt: argument 0 must be tensor of floating point .*, got int32\[\]"):
        tf.function(lambda: tf.linalg.global_norm([1, 2]))()


def test_texts_are_no_numbers():
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected numbers, got strings"):
        tf.strings.substr(["a"], ["a"], "a")


def test_no_memory_is_resource_exhausted():
    with pytest.raises(tf.errors.ResourceExhaustedError, match="no memory for the result"):
        tf.signal.hann_window(2**62)
    assert np.all(tf.signal.hann_window(2, periodic=False) == [0, 0])


def test_what_the_users_code_meets_in_numpy_stays_as_it_is():
    class Mine:
        def __array__(self, dtype=None, copy=None):
            return np.reshape(np.zeros(3), 7)

    with pytest.raises(ValueError, match="^cannot reshape array"):
        tf.add(Mine(), 1)

    class Last:
        def __array__(self, dtype=None, copy=None):
            return np.take(np.zeros(3), 7)

    with pytest.raises(IndexError, match="^index 7 is out of bounds"):
        tf.add(Last(), 1)


def test_a_program_that_calls_itself_too_often_hears_of_that():
    def deep(n):
        return tf.reduce_sum(tf.zeros([2]), axis=0) if n == 0 else deep(n - 1)

    raised = set()
    for n in range(sys.getrecursionlimit() - 400, sys.getrecursionlimit()):
        try:
            deep(n)
        except Exception as error:
            raised.add(type(error))
    assert raised == {RecursionError}

    class Mine:
        def __array__(self, dtype=None, copy=None):
            return np.asarray(tf.add(Mine(), 1.0))

    with pytest.raises(RecursionError):
        tf.add(Mine(), 1.0)


def test_errors_show_arguments_that_cannot_be_shown():
    itself = []
    itself.append(itself)
    with pytest.raises(ValueError, match="do not fit"):
        tf.constant(itself)

    class Strange:
        dtype = "a text"

    with pytest.raises(ValueError) as caught:
        tf.linalg.diag_part([[1.0, 2.0], [3.0, 4.0]], k=float("inf"))
    from_inside = caught.value.__cause__
    text = str(refused.clear(from_inside, "add", "tfc", [Strange(), 10**5000, itself], {}))
    assert "Strange, int, [[[list]]]" in text


def test_errors_with_texts_that_raise_stay_as_they_are():
    class Mine(LookupError):
        def __str__(self):
            raise OSError("no text")

    class Array:
        def __array__(self, dtype=None, copy=None):
            raise Mine

    with pytest.raises(Mine):
        tf.add(Array(), 1)


def test_refused_arguments_are_not_kept():
    class Values(list):
        pass

    values = Values([1, [2]])
    there = weakref.ref(values)
    gc.disable()
    try:
        with pytest.raises(ValueError):
            tf.add(tf.zeros([2]), values)
        values = None
        assert there() is None
    finally:
        gc.enable()


def _dataset():
    return tf.data.Dataset.range(3)


# Functions without a name, constructors, methods: what Python raises inside of them.
OTHERS = {
    "tf.ragged.constant": lambda: tf.ragged.constant(None),
    "tf.data.Dataset.range": lambda: tf.data.Dataset.range(None),
    "tf.data.Dataset.batch": lambda: _dataset().batch(None),
    "tf.data.experimental.get_structure": lambda: tf.data.experimental.get_structure(3),
    "tf.data.experimental.sample_from_datasets": lambda: tf.data.experimental.sample_from_datasets([1, 2]),
    "tf.experimental.DynamicRaggedShape.from_row_partitions": lambda: (
        tf.experimental.DynamicRaggedShape.from_row_partitions("x")
    ),
    "tf.experimental.DynamicRaggedShape": lambda: tf.experimental.DynamicRaggedShape("x", tf.constant([1])),
    "tf.optimizers.schedules.CosineDecay": lambda: tf.optimizers.schedules.CosineDecay(0.1, None),
    "tf.random.experimental.create_rng_state": lambda: tf.random.experimental.create_rng_state("x", tf.constant("a")),
    "tf.Variable.scatter_nd_add": lambda: tf.Variable([1.0]).scatter_nd_add(float("nan"), tf.ones([2, 2])),
    "tf.GradientTape.batch_jacobian": lambda: tf.GradientTape().batch_jacobian(tf.ones([2, 2]), []),
    "tf.numpy_function": lambda: tf.numpy_function(len, None, tf.int32),
}


@pytest.mark.parametrize("public", OTHERS)
def test_functions_constructors_and_methods_name_themselves(public):
    with pytest.raises((TypeError, ValueError), match="the arguments do not fit") as caught:
        OTHERS[public]()
    assert f"\n  want: what help({public}) says" in str(caught.value)


def test_a_guarded_method_keeps_its_signature_and_its_class():
    assert list(inspect.signature(tf.data.Dataset.batch).parameters)[:2] == ["self", "batch_size"]
    assert isinstance(tf.data.Dataset.__dict__["range"], staticmethod | classmethod)
    assert pickle.loads(pickle.dumps(tf.nest.flatten)) is tf.nest.flatten


def test_what_numpy_raises_for_the_users_function_stays_as_it_is():
    with pytest.raises(ValueError, match="^cannot reshape array"):
        tf.nest.map_structure(lambda x: np.reshape(x, [2]), np.ones(3))


def test_not_known_while_tracing_is_nothing_that_eager_execution_says():
    with pytest.raises(ValueError, match="stateless_random_crop: the arguments do not fit: .* need sizes\n") as caught:
        tf.image.stateless_random_crop(1.0, 1, [1, 2])
    assert "tracing" not in str(caught.value)
    with pytest.raises(NotImplementedError, match="known while tracing"):
        tf.function(lambda n: tf.image.stateless_random_crop(tf.ones([4, 4, 3]), [n, 2, 3], [1, 2]))(tf.constant(2))


@pytest.mark.parametrize("make", [
    lambda n: tf.zeros([n]), lambda n: tf.zeros([2, n]), lambda n: tf.fill([n, 3], 1.0), lambda n: tf.tile([1.0], [n]),
    lambda n: tf.broadcast_to(tf.ones([1, 3]), [n, 3]),
])  # fmt: skip
def test_a_size_that_is_negative_when_it_runs_is_said_to_be(make):
    traced = tf.function(make)
    for n in (0, 1, 3):
        np.testing.assert_array_equal(traced(tf.constant(n)), make(n), strict=True)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"must be non-negative, got \[.*-2"):
        traced(tf.constant(-2))
