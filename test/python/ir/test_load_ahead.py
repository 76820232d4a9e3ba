"""The compiler's libraries are loaded in a thread while the program goes on."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs a second processor")

LOADED = """
import sys, time
import tfc as tf
def loaded():
    return "_mlir_libs" in open("/proc/self/maps").read()
"""


def run(code, **environment):
    done = subprocess.run(
        [sys.executable, "-c", LOADED + code], capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_libraries_are_there_without_a_function():
    code = """
end = time.monotonic() + 60
while not loaded() and time.monotonic() < end:
    time.sleep(0.01)
print(loaded(), "mlir.ir" in sys.modules)
"""
    assert run(code) == ["True", "False"]


def test_the_environment_leaves_them_to_the_first_function():
    code = """
before = loaded()
tf.function(lambda x: x + 1)(1.0)
print(before, loaded())
"""
    assert run(code, TFC_LOAD_AHEAD="0") == ["False", "True"]


def test_a_child_forked_at_once_compiles():
    code = """
import os
child = os.fork()
value = float(tf.function(lambda x: x + 1)(1.0))
if child == 0:
    os._exit(int(value))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), value)
"""
    assert run(code) == ["2", "2.0"]


def test_a_process_that_ends_at_once_ends_well():
    assert run("print(1)") == ["1"]
