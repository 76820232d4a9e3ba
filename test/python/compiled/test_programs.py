"""Random programs: what can be seen of a compiled run is what can be seen of the eager run."""

import importlib
import random

import numpy as np
import pytest
import tfc as tf
from fuzzed_programs import disagreement, write_program
from hypothesis import given, settings
from hypothesis import strategies as st

flat = importlib.import_module("tfc.function.flat")


@pytest.mark.parametrize("mode", ["static", "unknown", "dynamic"])
@settings(settings.get_profile("compiled"), max_examples=50)
@given(seed=st.integers(0, 2**31), length=st.integers(3, 15))
def test_compiled_program_is_the_eager_program(mode, seed, length):
    """Mode "dynamic" is the code for unknown sizes, which "unknown" replaces by code for the sizes of the call."""
    with pytest.MonkeyPatch.context() as patch:
        if mode == "dynamic":
            patch.setattr(flat, "SPECIALIZATIONS", 0)
        program = write_program(random.Random(seed), length)
        assert disagreement(*program, "static" if mode == "static" else "unknown") is None, program


def agree(function, *arguments, signature=None):
    """Compiled results are those of eager execution, bit for bit."""
    got = tf.function(function, autograph=False, input_signature=signature)(*arguments)
    for g, w in zip(got, function(*arguments), strict=True):
        np.testing.assert_array_equal(g.numpy(), w.numpy())


X, Y = tf.reshape(tf.range(12.0), (4, 3)), tf.reshape(tf.range(12.0) ** 2.0, (4, 3))


def test_two_reductions_that_start_from_the_same_constant_have_two_results():
    agree(lambda x, y: (tf.reduce_sum(x, 0), tf.reduce_sum(y, 0)), X, Y)


def test_two_products_of_one_shape_have_two_results():
    agree(lambda x, y: (tf.matmul(x, y, transpose_b=True), tf.matmul(y, x, transpose_b=True)), X, Y)


def test_a_value_that_a_loop_starts_from_outlives_the_loop():
    def f(x, y):
        z = x - y
        _, last = tf.while_loop(lambda k, _: k < 3, lambda k, n: (k + 1, n + 1.0), [tf.constant(0), z])
        return last, z

    agree(f, X, Y)


def test_a_loop_of_one_iteration_that_fills_a_list():
    def f(x):
        array = tf.TensorArray(tf.float32, size=1, element_shape=x.shape)
        body = lambda k, n, a: (k + 1, n + 1.0, a.write(k, n))
        _, last, array = tf.while_loop(lambda k, *_: k < 1, body, [tf.constant(0), x, array])
        return array.stack(), last

    agree(f, X)


def test_a_reshape_of_unknown_sizes_keeps_the_order_of_elements(monkeypatch):
    monkeypatch.setattr(flat, "SPECIALIZATIONS", 0)
    unknown = [tf.TensorSpec([None, None])]
    agree(lambda x: (tf.where(tf.reshape(x, [4, 1]) > 0),), tf.constant([[3.0, -1.0, 4.0, 5.0]]), signature=unknown)


def test_a_size_that_broadcasting_guards_is_not_taken_for_known(monkeypatch):
    monkeypatch.setattr(flat, "SPECIALIZATIONS", 0)

    def f(x, y):
        both = tf.stack([y, y])
        return both, both + x

    agree(f, tf.ones((3, 4)), tf.ones((1, 4)), signature=[tf.TensorSpec([3, 4]), tf.TensorSpec([None, 4])])


def test_carried_values_that_change_places():
    body = lambda i, a, b: (i + 1, b, a + b)
    agree(lambda x, y: tf.while_loop(lambda i, *_: i < 5, body, [tf.constant(0), x, y]), X, Y)


def test_many_live_temporaries_of_different_sizes_do_not_overlap():
    def f(x):
        parts = [tf.cumsum(tf.range(n, dtype=tf.float32) + x) for n in range(1, 80)]
        total = tf.add_n([tf.reduce_sum(p * (i + 1.0)) for i, p in enumerate(parts)])
        return tf.concat(parts[::-1], 0), tf.stack([tf.reduce_max(p) for p in parts]), total / 1e9 - total / 1e9

    agree(f, tf.constant(2.0))


def test_memory_of_a_result_is_not_that_of_a_value_needed_after_the_result_is_written():
    v = tf.Variable([1.0, 2.0, 3.0])

    def f(x, p, n):
        read, other = v.read_value(), v + x
        chosen = tf.cond(p, lambda: read, lambda: other)
        start = [tf.constant(0), chosen, other]
        return tf.while_loop(lambda k, *_: k < n, lambda k, a, b: (k + 1, a, a), start)[1:]

    for p in (True, False):
        for n in (0, 1):
            agree(f, tf.constant([-4.0, 0.0, 6.0]), tf.constant(p), tf.constant(n))
