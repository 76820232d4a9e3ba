"""The programs whose kernels are assembled, measured and documented (test_nvptx.py, scripts/gen_gpu.py)."""

import re
import subprocess
from pathlib import Path

import tfc as tf


def spec(*shape, dtype=tf.float32):
    return tf.TensorSpec(shape, dtype)


def layernorm(x, g, b):
    m = tf.reduce_mean(x, axis=-1, keepdims=True)
    v = tf.reduce_mean((x - m) ** 2, axis=-1, keepdims=True)
    return (x - m) * tf.math.rsqrt(v + 1e-5) * g + b


def lstm(x, h, c, w, u, b):
    i, f, g, o = tf.split(x @ w + h @ u + b, 4, axis=1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
    return tf.sigmoid(o) * tf.tanh(c), c


PROGRAMS = {
    "add": (lambda x, y: x + y, [spec(65536), spec(65536)]),
    "softmax": (tf.nn.softmax, [spec(64, 1024)]),
    "layernorm": (layernorm, [spec(64, 1024), spec(1024), spec(1024)]),
    "layernorm, many rows": (layernorm, [spec(4096, 128), spec(128), spec(128)]),
    "sum of all": (tf.reduce_sum, [spec(262144)]),
    "matmul f16": (tf.matmul, [spec(256, 256, dtype=tf.float16)] * 2),
    "matmul bf16": (tf.matmul, [spec(256, 256, dtype=tf.bfloat16)] * 2),
    "matmul tf32": (tf.matmul, [spec(256, 256)] * 2),
    "lstm": (lstm, [spec(64, 128), spec(64, 128), spec(64, 128), spec(128, 512), spec(128, 512), spec(512)]),
}


def ptxas(ptx: bytes, chip: str, folder: Path, toolkit) -> list:
    """(registers, spilled bytes, shared bytes) of each kernel; `AssertionError` with what the assembler does not like."""
    source = folder / "kernel.ptx"
    source.write_bytes(ptx)
    command = [
        str(Path(toolkit, "bin", "ptxas")),
        "-v",
        f"-arch={chip}",
        str(source),
        "-o",
        str(folder / "kernel.cubin"),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    rows = []
    for text in run.stderr.split("Compiling entry function")[1:]:
        number = lambda pattern, text=text: int((re.search(pattern, text) or [0, 0])[1])
        rows.append((number(r"Used (\d+) registers"), number(r"(\d+) bytes spill stores"), number(r"(\d+) bytes smem")))
    assert rows, run.stderr
    return rows
