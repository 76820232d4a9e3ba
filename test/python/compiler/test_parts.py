"""Large code is made part by part: the parts are one program, whatever the number of threads."""

import numpy as np
import pytest
import tfc as tf
from tfc import _compiler
from tfc.compiler import code, jit
from tfc.ir import LOCK, canonical

RNG = np.random.default_rng(0)
SIZES = (96, 128, 80, 64, 112, 96, 72, 48)


def weights():
    return [RNG.normal(size=s).astype(np.float32) / 8 for s in zip(SIZES, SIZES[1:], strict=False)]


def network(x, *layers):
    """Products of as many shapes: a loop each, which threads share."""
    for w in layers:
        x = tf.nn.softmax(tf.tanh(x @ w), axis=-1) + tf.reduce_mean(x)
    return x


@pytest.fixture
def function():
    x = RNG.normal(size=(256, SIZES[0])).astype(np.float32)
    arguments = [tf.constant(a) for a in (x, *weights())]
    return tf.function(network), arguments


def compiled(function, arguments, **options):
    with LOCK:
        graph = function.get_concrete_function(*arguments)._graph
        module, symbol = canonical(graph.function.module, graph.function.symbol)
        return _compiler.compile(module, {**jit.effective_options(None), **options}), symbol


def test_large_code_is_an_archive_of_parts(function):
    artifact, symbol = compiled(*function, parts=True)
    assert artifact.object.startswith(b"!<arch>\n")
    assert artifact.object.count(b"\x7fELF") > 1
    assert code.load(artifact.object).address(symbol)


def test_the_same_module_gives_the_same_parts(function):
    assert compiled(*function, parts=True)[0].object == compiled(*function, parts=True)[0].object


def test_code_is_one_object_unless_parts_are_asked_for(function):
    artifact, _ = compiled(*function)
    assert artifact.object.startswith(b"\x7fELF")


def test_small_code_is_not_cut():
    f, x = tf.function(lambda x: x + 1), tf.constant([1.0, 2.0])
    assert compiled(f, [x], parts=True)[0].object.startswith(b"\x7fELF")


def test_entries_are_described_alike(function):
    whole, parts = (compiled(*function, parts=p)[0].description for p in (False, True))
    assert whole == parts


def test_parts_compute_what_ops_compute(function):
    f, arguments = function
    np.testing.assert_allclose(f(*arguments), network(*arguments), rtol=2e-5, atol=1e-6)


def test_parts_share_large_constants():
    """A constant that several parts read is in one of them."""
    table = RNG.normal(size=(96, 128)).astype(np.float32)

    def f(x, *layers):
        y = x @ table
        return network(x, *layers), y, tf.reduce_sum(tf.tanh(x @ table), axis=0)

    x = RNG.normal(size=(256, SIZES[0])).astype(np.float32)
    arguments = [tf.constant(a) for a in (x, *weights())]
    for got, want in zip(tf.function(f)(*arguments), f(*arguments), strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-4, atol=1e-4)


def test_a_failing_assertion_in_a_part_is_reported(function):
    _, arguments = function

    @tf.function
    def f(x, *layers):
        y = network(x, *layers)
        tf.debugging.assert_less(tf.reduce_sum(y), -1e9, message="too large")
        return y

    with pytest.raises(tf.errors.InvalidArgumentError, match="too large"):
        f(*arguments)
