"""Compiling in the background, and what long compilations say."""

import logging
import threading

import numpy as np
import pytest
import tfc as tf
from tfc import compiler
from tfc.compiler import background

BACKGROUND = {"compile_options": {"background": True}}
X = np.arange(6, dtype=np.float32)


@pytest.fixture
def held(monkeypatch):
    """The worker does nothing until this is set."""
    gate = threading.Event()
    real = background.compile_canonical
    monkeypatch.setattr(background, "compile_canonical", lambda *args: (gate.wait(30), real(*args))[1])
    yield gate
    gate.set()
    assert tf.config.optimizer.wait_for_background(30)


def test_calls_run_while_it_compiles(held):
    f = tf.function(lambda x: tf.exp(x) * 2.0, experimental_attributes=BACKGROUND)
    early = f(tf.constant(X)).numpy()
    assert not tf.config.optimizer.wait_for_background(0.0)
    held.set()
    assert tf.config.optimizer.wait_for_background(30)
    np.testing.assert_allclose(f(tf.constant(X)).numpy(), early, rtol=1e-6)


def test_variables_are_written_once_a_call(held):
    v = tf.Variable(0.0)

    @tf.function(experimental_attributes=BACKGROUND)
    def count():
        v.assign_add(1.0)
        return v + 0.0

    seen = [float(count()) for _ in range(3)]
    held.set()
    assert tf.config.optimizer.wait_for_background(30)
    seen += [float(count()) for _ in range(3)]
    assert seen == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] and float(v) == 6.0


def test_gradients_flow_while_it_compiles(held):
    f = tf.function(lambda x: tf.reduce_sum(x * x), experimental_attributes=BACKGROUND)
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), 2 * X)


def test_code_is_used_as_soon_as_it_is_there(monkeypatch):
    f = tf.function(lambda x: tf.exp(x) + 3.0, experimental_attributes=BACKGROUND)
    f(tf.constant(X))
    assert tf.config.optimizer.wait_for_background(30)
    concrete = f.get_concrete_function(tf.TensorSpec([6]))
    monkeypatch.setattr(type(concrete), "replayed", None)  # calling it would fail
    np.testing.assert_allclose(f(tf.constant(X)).numpy(), np.exp(X) + 3, rtol=1e-6)


def test_what_cannot_be_compiled_is_said_by_a_later_call(monkeypatch):
    def fail(*args):
        raise tf.errors.UnimplementedError(None, None, "cannot be compiled")

    monkeypatch.setattr(background, "compile_canonical", fail)
    f = tf.function(lambda x: x + 4.0, experimental_attributes=BACKGROUND)
    job = compiler.compile_in_background(
        f.get_concrete_function(tf.TensorSpec([6])).module_for(None),
        f.get_concrete_function(tf.TensorSpec([6]))._graph.function.symbol,
        "f",
    )
    with pytest.raises(tf.errors.UnimplementedError, match="cannot be compiled"):
        job.result(30)


def test_a_process_that_ends_does_not_crash():
    import subprocess
    import sys

    code = (
        "import tfc as tf\n"
        "tf.config.optimizer.set_experimental_options({'background': True})\n"
        "fs = [tf.function(lambda x, k=k: tf.nn.softmax(x @ x) * float(k)) for k in range(5)]\n"
        "print([f(tf.ones([33, 33])).shape for f in fs][0])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "33" in done.stdout, done.stderr


def test_long_compilations_tell_what_they_do(caplog):
    tf.config.optimizer.set_experimental_options({"progress_seconds": 0.001})
    try:
        with caplog.at_level(logging.WARNING, "tfc"):
            tf.function(lambda x: tf.linalg.svd(x)[0] + tf.linalg.inv(x), autograph=False)(tf.eye(7))
    finally:
        tf.config.optimizer.set_experimental_options({"progress_seconds": 10.0})
    said = [r.getMessage() for r in caplog.records]
    assert any("compiling, now " in m for m in said) and "compiled, after" in said[-1]


def test_short_compilations_are_silent(caplog):
    with caplog.at_level(logging.INFO, "tfc"):
        tf.function(lambda x: x + 5.0)(tf.constant(X))
    assert not any("compil" in r.getMessage() for r in caplog.records)
