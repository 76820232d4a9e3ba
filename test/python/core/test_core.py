"""The seam: primitives, interpreters, recorders."""

import threading

import numpy as np
import pytest
import tfc as tf
from tfc import core
from tfc.ops import primitives as p


class Log(core.Interpreter):
    """Notes what runs, and passes it on."""

    eager = True

    def __init__(self):
        self.seen = []

    def run(self, prim, args, attrs):
        self.seen.append((prim.name, attrs))
        return core.eager().run(prim, args, attrs)


def test_primitives_go_to_the_current_interpreter():
    log = Log()
    with core.using(log):
        tf.reduce_sum(tf.constant([1.0, 2.0]))
    assert log.seen[-1] == ("reduce_sum", {"axes": (0,), "keepdims": False})
    assert core.current() is core.eager()


def test_interpreters_are_of_a_thread():
    seen = []
    with core.using(Log()):
        thread = threading.Thread(target=lambda: seen.append(core.current()))
        thread.start()
        thread.join()
    assert seen == [core.eager()]


def test_using_restores_after_an_exception():
    with pytest.raises(ZeroDivisionError), core.using(Log()):
        raise ZeroDivisionError
    assert core.executing_eagerly() and core.current() is core.eager()


def test_init_scope_leaves_interpreters_and_tapes():
    with core.using(Log()), tf.GradientTape(), tf.init_scope():
        assert core.current() is core.eager() and core.recorders() == ()


def test_eager_wraps_results_without_copying():
    x = tf.range(4.0)
    y = tf.reshape(x, [2, 2])
    assert np.shares_memory(x._view(), y._view())


def test_eager_results_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        tf.constant([1.0])._view()[0] = 2


def test_infinities_are_values_without_warnings(recwarn):
    assert np.isinf((tf.constant(1.0) / 0.0).numpy()) and np.isnan(tf.math.log(tf.constant(-1.0)).numpy())
    assert not recwarn.list
    with np.errstate(all="raise"):
        tf.constant(1.0) / 0.0
    assert np.geterr()["divide"] == "warn"


def test_missing_meaning_is_said():
    with pytest.raises(tf.errors.UnimplementedError, match="no eager meaning"):
        core.Primitive("nonsense")(tf.constant(1))


def test_record_operation_gives_an_operation_its_own_gradient():
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with core.stop_recording():
            y = p.mul(x, x)
        core.record_operation("mine", [x], [y], lambda g: [g * 100.0])
    assert tape.gradient(y, x).numpy() == 100


def test_should_record_asks_the_tapes():
    x, y = tf.constant(1.0), tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        assert core.should_record([y, x]) and not core.should_record([y])
