"""Tensors that no memory holds are an error, whether sizes are known or not: never other memory's bytes."""

import subprocess
import sys

PROGRAMS = {
    "a result whose bytes wrap around": "tf.zeros(1 << 62)",
    "of numbers that are repeated": "tf.repeat(-7, 1 << 62)",
    "of several sizes": "tf.zeros([1 << 31, 1 << 31]) + 1",
    "whose number of elements wraps around": "tf.zeros([1 << 40, 1 << 40])",
    "half of that": "tf.zeros([1 << 61])",
    "a value in between": "tf.sort(tf.zeros([1 << 62]))[:2]",
    "another": "tf.reduce_sum(tf.cumsum(tf.ones([1 << 33, 1 << 33])) ** 2)",
    "sizes of run time": "tf.zeros([n, n])",
    "one of them": "tf.sort(tf.zeros([n * n]))[:2]",
}
PROGRAM = """
import sys
import tfc as tf

@tf.function
def f(n):
    return eval(sys.argv[1])

try:
    f(tf.constant(1 << 31, tf.int64))
except (MemoryError, ValueError, tf.errors.OpError):
    print("refused")
"""


def test_it_is_refused(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    for name, program in PROGRAMS.items():
        command = [sys.executable, str(file), program]
        done = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False)
        assert done.stdout == "refused\n", (name, done.stderr)
