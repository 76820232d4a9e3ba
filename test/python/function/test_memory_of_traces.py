"""Traces that are gone leave nothing behind: memory stays bounded over thousands of signatures."""

import ctypes
import gc
import subprocess
import sys
from pathlib import Path

import pytest
import tfc as tf
from tfc.compiler import workshop
from tfc.config import knobs
from tfc.ir import mlir, types

# In a process of its own: tables, threads and dead objects of other tests are not counted with what traces leave.
_ALLOCATED = """
import ctypes, gc
import tfc as tf
from tfc.config import knobs

class Info(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

call = ctypes.CDLL(None).mallinfo2
call.restype = Info

def allocated():  # bytes, in Python and in C++
    gc.collect()
    info = call()
    return info.uordblks + info.hblkhd

knobs.trace_cache_limit = 16
f = tf.function(lambda x: tf.reduce_sum(x * x + 1.0))
for i in range(1200):
    if i == 200:
        before = allocated()
    f.get_concrete_function(tf.TensorSpec([i]))
print((allocated() - before) / 1000, f.experimental_get_tracing_count())
"""


@pytest.fixture
def few_traces():
    before = knobs.trace_cache_limit
    knobs.trace_cache_limit = 16
    yield
    knobs.trace_cache_limit = before


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="the C library does not count")
def test_signatures_that_are_traced():
    done = subprocess.run([sys.executable, "-c", _ALLOCATED], capture_output=True, text=True, check=True)
    bytes_a_signature, traces = map(float, done.stdout.split())
    assert bytes_a_signature < 2500
    assert traces <= 1200


def test_contexts_of_compilations_do_not_last(few_traces, monkeypatch):
    monkeypatch.setattr(workshop, "_FIRST", 1)
    monkeypatch.setattr(workshop, "_EACH", 2)
    monkeypatch.setattr(workshop, "_workshop", workshop._Workshop())
    f = tf.function(lambda x: x * x + 1.0)
    f(tf.ones([9]))  # the context of the process lasts
    before = mlir.Context._get_live_count()
    contexts = set()
    for i in range(8):
        assert f(tf.ones([i + 1])).numpy().tolist() == [2.0] * (i + 1)
        contexts.add(id(workshop._workshop.context))
    gc.collect()
    assert len(contexts) > 2
    assert mlir.Context._get_live_count() <= before + 1


def test_known_types_are_bounded():
    for i in range(types._LIMIT + 10):
        types.tensor_type(tf.float32, (i, 7))
    assert len(types._tensor_types) <= types._LIMIT
    assert types.describe_type(types.tensor_type(tf.float32, (3, 7))) == (tf.float32, (3, 7))


_THOUSANDS = """
import gc, tfc as tf

def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * 4096 >> 20

f = tf.function(lambda x, k: tf.reduce_sum(x * x + 1.0) * k)
x = tf.ones([4])
f(x, -1)
print(resident())
for end in (1000, 5000):
    for i in range(end - (1000 if end == 1000 else 4000), end):
        f.get_concrete_function(x, i)
    print(resident())
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not say how much memory is used")
def test_a_thousand_signatures_and_five_thousand():
    done = subprocess.run([sys.executable, "-c", _THOUSANDS], capture_output=True, text=True, check=True)
    start, thousand, five_thousand = map(int, done.stdout.split())
    assert thousand - start < 40 and five_thousand - thousand < 20


def test_a_trace_beside_many_others_takes_no_longer():
    f = tf.function(lambda x, k: x * k)
    x = tf.ones([2])
    compared = []
    f.get_concrete_function(x, -1)
    kind = type(next(iter(f._concretes)))
    plain = kind.is_supertype_of
    kind.is_supertype_of = lambda self, other: compared.append(1) or plain(self, other)
    try:
        for i in range(200):
            f.get_concrete_function(x, i)
    finally:
        kind.is_supertype_of = plain
    assert not compared  # each of these traces is for its own arguments alone
