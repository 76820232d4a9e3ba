"""What each pass leaves is valid IR: `TFC_VERIFY_PASSES=1` has the verifier look at it, which is off otherwise."""

import os
import subprocess
import sys

import pytest

PROGRAMS = """
import numpy as np
import tfc as tf

def numbers(*shape):
    return tf.reshape(tf.range(float(np.prod(shape))), shape) / 7

def grown(x):
    array = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    for i in tf.range(3):
        array = array.write(i, x[i])
        x = tf.tensor_scatter_nd_add(x, [[i]], x[1:2])
    return array.stack(), x

PROGRAMS = [
    # one row of places, whose window reads two of three rows
    (lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 3, 3, 1], "SAME"), [numbers(1, 3, 40, 16), numbers(2, 4, 16, 1)]),
    (lambda x: tf.nn.avg_pool2d(x, 3, 2, "SAME"), [numbers(2, 9, 9, 1)]),
    (lambda x, w, b: tf.nn.softmax(tf.matmul(x, w) + b), [numbers(33, 120), numbers(120, 10), numbers(10)]),
    (lambda x: tf.abs(tf.signal.fft(tf.complex(x, -x))), [numbers(4, 60)]),
    (lambda x: tf.sort(x)[:, None, :] - tf.reduce_max(x, 1, keepdims=True)[..., None], [numbers(20, 33)]),
    (grown, [numbers(5, 1, 7)]),
]
for program, arguments in PROGRAMS:
    tf.function(program)(*arguments)
    specs = [tf.TensorSpec([None, *x.shape[1:]], x.dtype) for x in arguments]
    tf.function(program, input_signature=specs)(*arguments)
print("compiled")
"""


def test_passes_leave_valid_ir(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(PROGRAMS, encoding="utf-8")
    env = dict(os.environ, TFC_VERIFY_PASSES="1", TFC_CACHE_DIR="off")
    run = subprocess.run([sys.executable, str(program)], env=env, capture_output=True, text=True, check=False)
    assert run.stdout == "compiled\n", run.stderr


REFUSED = """
import tfc as tf

# Stops before the slice, which reaches too far: that is no valid op.
f = tf.function(lambda x, n: tf.slice(x, [0, 1], [n, 2]))
try:
    f(tf.ones([2, 2]), tf.constant(1))
except tf.errors.OpError as e:
    print(type(e).__name__)
"""


@pytest.mark.parametrize(
    ("which", "error"), [("1", "UnimplementedError"), ("stages", "UnimplementedError"), ("", "InvalidArgumentError")]
)
def test_what_is_left_invalid_is_refused_on_request(which, error, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(REFUSED, encoding="utf-8")
    env = dict(os.environ, TFC_VERIFY_PASSES=which, TFC_CACHE_DIR="off")
    run = subprocess.run([sys.executable, str(program)], env=env, capture_output=True, text=True, check=False)
    assert run.stdout == error + "\n", run.stderr


def test_what_is_neither_pass_nor_stages_is_refused():
    program = "import tfc as tf\ntry:\n  tf.function(lambda x: x + 1)(tf.ones([2]))\nexcept tf.errors.OpError as e:\n  print(e)"
    env = dict(os.environ, TFC_VERIFY_PASSES="stage", TFC_CACHE_DIR="off")
    run = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=False)
    assert 'TFC_VERIFY_PASSES is 1 (each pass), stages, or 0 (neither), got "stage"' in run.stdout, run.stderr
