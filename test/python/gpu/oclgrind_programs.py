"""Programs on the driver of `oclgrind`, against the CPU: prints as JSON what became of each. Run by test_oclgrind.py.

Arguments: names of programs, or nothing for all; `--without-barriers` takes the barriers out of their kernels.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

import fake_cuda
import numpy as np
import oclgrind

rng = np.random.default_rng(0)


def normal(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def whole(*shape, most=9):
    return rng.integers(0, most, shape).astype(np.int32)


def programs(tf):
    """name -> (function, arguments)."""

    def layernorm(x, g, b):
        m = tf.reduce_mean(x, axis=-1, keepdims=True)
        v = tf.reduce_mean((x - m) ** 2, axis=-1, keepdims=True)
        return (x - m) * tf.math.rsqrt(v + 1e-5) * g + b

    ties = normal(3, 70).round(0)
    return {
        "elements": (lambda x, y: x * y + 1.0, (normal(300), normal(300))),
        "softmax": (tf.nn.softmax, (normal(4, 300),)),
        "product": (tf.matmul, (normal(33, 20), normal(20, 35))),
        "layernorm": (layernorm, (normal(4, 130), normal(130), normal(130))),
        "vectors of many rows": (layernorm, (normal(4100, 33), normal(33), normal(33))),
        "sum of all": (lambda x: (tf.reduce_sum(x), tf.reduce_max(x)), (normal(9000),)),
        "first extreme": (lambda x: (tf.argmax(x, 1), tf.argmin(x, 0)), (ties,)),
        "first extreme of all": (lambda x: tf.argmax(x), (normal(9000).round(1),)),
        "running sums": (lambda x: tf.cumsum(x, axis=1), (normal(3, 300),)),
        "running sums in pieces": (lambda x: tf.cumsum(x), (whole(17000),)),
        "running sums of complex numbers": (lambda x, y: tf.cumsum(tf.complex(x, y), axis=1), (normal(3, 70).round(), normal(3, 70).round())),
        "small sorts": (lambda x: (tf.sort(x, 1), tf.argsort(x, 1, stable=True)), (ties,)),
        "sorts": (lambda x: (tf.sort(x, 1), tf.argsort(x, 1, stable=True)), (normal(2, 1100).round(1),)),
        "best elements": (lambda x: tf.math.top_k(x, 5), (ties,)),
        "scatters that add": (tf.tensor_scatter_nd_add, (normal(9, 5), whole(7, 1), normal(7, 5).round())),
        "scatters that overwrite": (tf.tensor_scatter_nd_update, (normal(9, 5), whole(7, 1), normal(7, 5))),
        "scatters to pairs of places": (tf.tensor_scatter_nd_max, (whole(9, 8), whole(20, 2, most=8), whole(20, most=99))),
        "segments": (lambda x, i: tf.math.unsorted_segment_sum(x, i, 9), (whole(40, 6), whole(40))),
        "gradient of a gather": (lambda x, i: tf.gradients(tf.reduce_sum(tf.gather(x, i) ** 2), x), (whole(9, 4).astype(np.float32), whole(30))),
        "positions": (lambda x: tf.where(x > 4), (whole(31, 9),)),
        "masks": (lambda x: tf.boolean_mask(x, x > 0), (normal(400),)),
    }  # fmt: skip


def main():
    keeps = "--without-barriers" not in sys.argv
    chosen = [a for a in sys.argv[1:] if not a.startswith("--")]
    with tempfile.TemporaryDirectory() as folder:
        driver = oclgrind.Driver(fake_cuda.build(folder), Path(folder))
        if not keeps:
            driver.checks = oclgrind.RACES  # what follows from races would hide them
        import tfc as tf
        from tfc.config.gpus import Gpu

        Gpu.compile_options = property(lambda self: {**oclgrind.OPTIONS, "gpu_device": self.index})
        found = {}
        for name, (function, args) in programs(tf).items():
            if chosen and name not in chosen:
                continue
            f = tf.function(function)
            want = [w.numpy() for w in tf.nest.flatten(f(*args))]
            driver.reports.clear(), driver.errors.clear()
            driver.kernels = oclgrind.kernels(
                f.get_concrete_function(*args), None if keeps else oclgrind.without_barriers
            )
            try:
                with tf.device("GPU:0"):
                    got = [g.numpy() for g in tf.nest.flatten(f(*args))]
            except tf.errors.OpError:
                if keeps:
                    raise
                got = []  # what races may be no index any more
            close = lambda g, w: g.shape == w.shape and bool(np.allclose(g, w, rtol=1e-4, atol=1e-5))
            found[name] = {
                "failures": driver.errors[:],
                "launches": [kernel for kernel, _ in driver.reports],
                "reports": [f"{kernel}: {text}" for kernel, text in driver.reports if text.strip()],
                "right": len(got) == len(want) and all(map(close, got, want)),
            }
        json.dump(found, sys.stdout)


if __name__ == "__main__":
    os.environ["FAKE_CUDA_CAPABILITY"] = "70"
    os.environ.setdefault("VK_DRIVER_FILES", os.devnull)
    main()
