"""A host that refuses to print ends the call there: variables hold what the program wrote before, in compiled code as well."""

import re
import sys

import pytest
import tfc as tf
from effect_programs import Rolled
from python_programs import Console, Refused, make_source, run_compiled, run_eagerly, without_passes
from test_python_programs import INITIAL, OPTIONAL

DISABLED = [(), *((name,) for name in OPTIONAL), OPTIONAL]


@pytest.fixture(params=["all passes", "no passes"])
def passes(request):
    with without_passes(*(OPTIONAL if request.param == "no passes" else ())):
        yield


def call(function, *args, line, times=1, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Console(line, times))
        with pytest.raises(Refused):
            function(*args)


def test_writes_before_a_refused_print_are_kept_and_later_ones_do_not_happen(passes, monkeypatch):
    v, w = tf.Variable(1.0), tf.Variable(10.0)

    @tf.function
    def f(x):
        v.assign_add(x)
        tf.print("line 1:", v, output_stream=sys.stdout)
        w.assign_add(x)
        tf.print("line 2:", w, output_stream=sys.stdout)
        v.assign(0.0)

    call(f, tf.constant(2.0), line=1, monkeypatch=monkeypatch)
    assert (float(v.numpy()), float(w.numpy())) == (3.0, 10.0)
    call(f, tf.constant(2.0), line=2, monkeypatch=monkeypatch)
    assert (float(v.numpy()), float(w.numpy())) == (5.0, 12.0)


def test_a_print_that_is_refused_in_a_loop_leaves_the_iterations_before(passes, monkeypatch):
    total, steps = tf.Variable(tf.zeros([3])), tf.Variable(0)

    @tf.function
    def f(n):
        for i in tf.range(n):
            total.assign_add(tf.ones([3]) * tf.cast(i, tf.float32))
            tf.print("line 1:", i, output_stream=sys.stdout)
            steps.assign_add(1)

    call(f, tf.constant(9), line=1, times=4, monkeypatch=monkeypatch)
    assert int(steps.numpy()) == 3 and total.numpy().tolist() == [6.0] * 3


def test_the_function_can_be_called_again_after_a_refused_print(passes, monkeypatch):
    v = tf.Variable(0)

    @tf.function
    def f():
        v.assign_add(1)
        tf.print("line 1:", v, output_stream=sys.stdout)
        v.assign_add(10)

    call(f, line=1, monkeypatch=monkeypatch)
    f()
    assert int(v.numpy()) == 12


def programs_that_print(count):
    seed = 0
    while count:
        text = make_source(Rolled(seed), budget=10)
        lines = re.findall(r'"line (\d+):"', text)
        if lines:
            count -= 1
            yield seed, text, lines
        seed += 1


def test_random_programs_leave_what_python_leaves():
    refused = 0
    for seed, text, lines in programs_that_print(24):
        place = lines[seed % len(lines)], 1 + seed % 2
        want = run_eagerly(text, INITIAL, 4, Console(*place))
        disabled = DISABLED[seed % len(DISABLED)]
        seen = run_compiled(text, INITIAL, 4, *disabled, console=Console(*place))
        # What is printed in one call is refused in one call.
        assert seen[:2] == want[:2], (disabled, place, text)
        refused += want[0] == "refused"
    assert refused >= 8
