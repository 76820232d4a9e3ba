"""Tensors have the attributes of the array API standard as soon as the package is imported."""

import subprocess
import sys

CODE = """
import tfc as tf
x = tf.constant([[1.0, 2.0]])
print(x.__array_namespace__().__array_api_version__, x.T.shape, x.mT.shape, x.size, x.to_device('CPU:0') is x)
"""


def test_a_new_process_finds_them():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.stdout.split() == "2025.12 (2, 1) (2, 1) 2 True".split(), done.stderr
