"""Chains of updates that share nothing run at the same time, and leave what one after the other would leave."""

import random
import sys

import numpy as np
import pytest
import tfc as tf
from python_programs import Console, Refused, without_passes

SIZE = 100_000  # a scan of so many elements is worth a thread


def scanned(v, x):
    """An update that no loop over elements can share out: each element needs the one before it."""
    return tf.cumsum(v * 0.5 + x) * 1e-3


def reference(v, x):
    return (np.cumsum(v * np.float32(0.5) + x, dtype=np.float32) * np.float32(1e-3)).astype(np.float32)


def make(count):
    return [tf.Variable(tf.fill([SIZE], float(i))) for i in range(count)]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_chains_of_several_variables_have_their_values(count):
    variables = make(count)

    @tf.function
    def f(x):
        for _ in range(2):
            for v in variables:
                v.assign(scanned(v, x))

    f(tf.constant(1.0))
    for i, v in enumerate(variables):
        want = reference(reference(np.full(SIZE, i, np.float32), 1), 1)
        np.testing.assert_allclose(v.numpy(), want, rtol=1e-3)


def test_a_value_that_goes_from_one_variable_to_the_other_is_the_old_or_the_new_one_as_written():
    v, w = make(2)

    @tf.function
    def f(x):
        old = v[0]
        v.assign(scanned(v, x))
        w.assign(scanned(w, old))
        new = v[1]
        w.assign(scanned(w, new))

    f(tf.constant(1.0))
    a = reference(np.zeros(SIZE, np.float32), 1)
    np.testing.assert_allclose(v.numpy(), a, rtol=1e-3)
    np.testing.assert_allclose(w.numpy(), reference(reference(np.ones(SIZE, np.float32), 0), a[1]), rtol=1e-3)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_failing_assertion_among_chains_leaves_what_the_program_had_written(place):
    v, w = make(2)

    @tf.function
    def f(x, place):
        tf.debugging.Assert(place != 0, ["first"])
        v.assign(scanned(v, x))
        tf.debugging.Assert(place != 1, ["second"])
        w.assign(scanned(w, x))
        tf.debugging.Assert(place != 2, ["third"])

    with pytest.raises(tf.errors.InvalidArgumentError):
        f(tf.constant(1.0), tf.constant(place))
    assert (float(v.numpy()[-1]) != 0.0) == (place > 0)
    assert (float(w.numpy()[-1]) != 1.0) == (place > 1)


def test_a_refused_print_between_chains_leaves_what_the_program_had_written(monkeypatch):
    v, w = make(2)

    @tf.function
    def f(x):
        v.assign(scanned(v, x))
        tf.print("line 1:", x, output_stream=sys.stdout)
        w.assign(scanned(w, x))

    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Console(1))
        with pytest.raises(Refused):
            f(tf.constant(1.0))
    assert float(v.numpy()[-1]) != 0.0 and float(w.numpy()[-1]) == 1.0


def test_chains_in_a_loop_have_their_values():
    v, w = make(2)

    @tf.function
    def f(n):
        for i in tf.range(n):
            x = tf.cast(i, tf.float32)
            v.assign(scanned(v, x))
            w.assign(scanned(w, x + 1.0))

    f(tf.constant(3))
    a, b = np.zeros(SIZE, np.float32), np.ones(SIZE, np.float32)
    for i in range(3):
        a, b = reference(a, i), reference(b, i + 1)
    np.testing.assert_allclose(v.numpy(), a, rtol=1e-3)
    np.testing.assert_allclose(w.numpy(), b, rtol=1e-3)


def random_program(seed):
    """Statements on three variables: (target, source, kind)."""
    pick = random.Random(seed)
    return [(pick.randrange(3), pick.randrange(3), pick.choice("ssssce")) for _ in range(8)]


def run_program(statements):
    variables = make(3)

    @tf.function
    def f(x):
        for target, source, kind in statements:
            v, w = variables[target], variables[source]
            if kind == "s":
                v.assign(scanned(w, x))
            elif kind == "c":
                v.assign(tf.reverse(w, [0]) + v)
            else:
                v.assign(v + w[3])

    f(tf.constant(1.0))
    return [v.numpy() for v in variables]


@pytest.mark.parametrize("seed", range(6))
def test_random_chains_do_what_one_after_the_other_does(seed):
    statements = random_program(seed)
    seen = run_program(statements)
    with without_passes("tfc-parallelize-chains"):
        want = run_program(statements)
    for a, b in zip(seen, want, strict=True):
        np.testing.assert_array_equal(a, b)
