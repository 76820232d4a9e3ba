"""A forked child can do what its parent could, whatever threads of the parent did at that time."""

import subprocess
import sys

PROGRAM = """
import os, signal, threading
import tfc as tf

started = threading.Event()

@tf.function
def long(x):
    started.set()
    for _ in range(3000):
        x = x * 1.01
    return x

thread = threading.Thread(target=long, args=(tf.constant(1.0),))
thread.start()
started.wait()
child = os.fork()
if not child:
    signal.alarm(600)
    other = tf.function(lambda y: y + 1)
    os._exit(0 if other(tf.constant(1)) == 2 and long(tf.constant(1.0)) > 2 else 1)
thread.join()
print(os.waitpid(child, 0)[1])
"""


AFTER = """
import os, signal
import tfc as tf

def chain(factor):
    @tf.function
    def long(x):
        for _ in range(1500):
            x = x * factor
        return x
    return long(tf.constant(1.0))

chain(1.01)
child = os.fork()
if not child:
    signal.alarm(600)
    os._exit(0 if chain(1.001) > 4 else 1)
chain(1.002)
print(os.waitpid(child, 0)[1])
"""


def test_a_child_compiles_what_several_threads_compile(tmp_path, monkeypatch):
    monkeypatch.setenv("TFC_CACHE_DIR", "off")
    program = tmp_path / "program.py"
    program.write_text(AFTER)
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=1200, check=False)
    assert done.stdout == "0\n", done.stderr


def test_a_fork_while_another_thread_traces_leaves_a_child_that_traces(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=1200, check=False)
    assert done.stdout == "0\n", done.stderr


WITHIN = """
import os, signal, sys, threading
import tfc as tf

sys.modules["tfc.ir.context"].FORK_WAITS = 0.5
ends = []

def fork():
    child = os.fork()
    if not child:
        signal.alarm(600)
        double = tf.function(lambda y: y * 2)
        os._exit(0 if double(tf.constant(2)) == 4 else 1)
    ends.append(os.waitpid(child, 0)[1])

@tf.function
def traced(x):
    thread = threading.Thread(target=fork)
    thread.start()
    thread.join()
    return x + 1

print(int(traced(tf.constant(1))), *ends)
"""


def test_a_trace_may_wait_for_a_thread_that_forks(tmp_path, monkeypatch):
    monkeypatch.setenv("TFC_CACHE_DIR", "off")
    program = tmp_path / "program.py"
    program.write_text(WITHIN)
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=1200, check=False)
    assert done.stdout == "2 0\n", done.stderr
