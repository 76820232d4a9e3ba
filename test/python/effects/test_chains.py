"""Chains of updates that share nothing run at the same time, and leave what one after the other would leave."""

import contextlib
import sys

import numpy as np
import pytest
import tfc as tf
from chain_programs import make_chain_source
from effect_programs import Rolled
from python_programs import Console, Program, Refused, run_compiled, run_eagerly

SIZE = 300_000  # a scan of so many elements is worth a thread


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


@contextlib.contextmanager
def chains_from(microseconds):
    """What is compiled here runs chains at the same time that take so long."""
    tf.config.optimizer.set_experimental_options({"chain_microseconds": microseconds})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"chain_microseconds": 50.0})


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("microseconds", [0, 1])
def test_random_chains_do_what_python_does(seed, microseconds):
    text = make_chain_source(Rolled(2 * seed + microseconds))
    with chains_from(microseconds):
        seen = run_compiled(text, (1, 2, 3), 4)
    assert seen == run_eagerly(text, (1, 2, 3), 4), text


def test_random_chains_are_run_at_the_same_time():
    def runs_chains(seed):
        program = Program(make_chain_source(Rolled(seed)))
        remarks = program.main.get_concrete_function(tf.constant(1)).compiled().remarks
        program.forget()
        return any("run at the same time" in remark for remark in remarks)

    with chains_from(0):
        assert sum(runs_chains(seed) for seed in range(8)) >= 5


def remarks_of(f, *args):
    return "\n".join(f.get_concrete_function(*args).compiled().remarks)


def test_an_assertion_on_what_is_known_before_does_not_keep_chains_apart():
    v, w = make(2)

    @tf.function
    def f(x):
        v.assign(scanned(v, x))
        tf.debugging.Assert(x < 3.0, ["too large", x])
        w.assign(scanned(w, x))

    assert "2 independent chains run at the same time" in remarks_of(f, tf.constant(1.0))
    f(tf.constant(1.0))
    np.testing.assert_allclose(w.numpy(), reference(np.ones(SIZE, np.float32), 1), rtol=1e-3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="too large"):
        f(tf.constant(5.0))
    a = reference(reference(np.zeros(SIZE, np.float32), 1), 5)
    np.testing.assert_allclose(v.numpy(), a, rtol=1e-3)
    np.testing.assert_allclose(w.numpy(), reference(np.ones(SIZE, np.float32), 1), rtol=1e-3)


def test_an_assertion_on_what_a_chain_computes_keeps_chains_apart():
    v, w = make(2)

    @tf.function
    def f(x):
        v.assign(scanned(v, x))
        tf.debugging.Assert(v[-1] < 1e9, ["too large"])
        w.assign(scanned(w, x))

    assert "at the same time" not in remarks_of(f, tf.constant(1.0))
    f(tf.constant(1.0))
    np.testing.assert_allclose(w.numpy(), reference(np.ones(SIZE, np.float32), 1), rtol=1e-3)


def test_an_index_checked_between_chains_is_not_used_before_its_check():
    v, w = make(2)
    table = tf.Variable(tf.ones([4]))

    @tf.function
    def f(x, at):
        v.assign(scanned(v, x))
        w.assign(scanned(w, tf.gather(table, at)))

    with pytest.raises(tf.errors.OpError, match="indices"):
        f(tf.constant(1.0), tf.constant(1 << 30))
    np.testing.assert_allclose(v.numpy(), reference(np.zeros(SIZE, np.float32), 1), rtol=1e-3)
    assert w.numpy()[-1] == 1.0
    f(tf.constant(1.0), tf.constant(2))
    np.testing.assert_allclose(w.numpy(), reference(np.ones(SIZE, np.float32), 1), rtol=1e-3)


@pytest.mark.parametrize("length", [0, 3, 60_000])
def test_lengths_that_only_the_program_knows_decide_there(length):
    a, b = (tf.Variable([0], shape=[None], dtype=tf.int32) for _ in range(2))

    @tf.function
    def f(n):
        x = tf.range(n)
        a.assign(tf.cumsum(x % 7))
        b.assign(tf.cumsum(x % 5, reverse=True))
        return tf.reduce_sum(tf.cumsum(tf.cumsum(x % 3) % 11) % 13), tf.reduce_sum(
            tf.cumsum(tf.cumsum(x % 2) % 11) % 13
        )

    with chains_from(5):
        c, d = f(tf.constant(length))
    x = np.arange(length, dtype=np.int32)
    np.testing.assert_array_equal(a.numpy(), np.cumsum(x % 7))
    np.testing.assert_array_equal(b.numpy(), np.cumsum((x % 5)[::-1])[::-1])
    assert c.numpy() == np.sum(np.cumsum(np.cumsum(x % 3) % 11) % 13)
    assert d.numpy() == np.sum(np.cumsum(np.cumsum(x % 2) % 11) % 13)
