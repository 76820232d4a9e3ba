"""Programs on the driver of `fake_cuda`, against the CPU: prints as JSON what became of each. Run by test_nvidia_values.py."""

import json
import os
import sys
import tempfile

import fake_cuda
import numpy as np

rng = np.random.default_rng(0)


def normal(*shape, dtype=np.float32):
    return rng.standard_normal(shape).astype(dtype)


def programs(tf):
    """name -> (function, arguments, relative error allowed)."""

    def layernorm(x, g, b):
        m = tf.reduce_mean(x, axis=-1, keepdims=True)
        v = tf.reduce_mean((x - m) ** 2, axis=-1, keepdims=True)
        return (x - m) * tf.math.rsqrt(v + 1e-5) * g + b

    def lstm(x, h, c, w, u, b):
        i, f, g, o = tf.split(x @ w + h @ u + b, 4, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c

    def epilogue(x, w, b):
        return tf.nn.relu(x @ w + b)

    def transposed(a, b):
        return tf.matmul(a, b, transpose_a=True), tf.matmul(b, a, transpose_a=True)

    bf16 = tf.bfloat16.as_numpy_dtype
    # Values that tf32 has: products are then exact, and only sums round.
    small = lambda *shape: rng.integers(-4, 5, shape).astype(np.float32)
    return {
        "add": (lambda x, y: x + y, (normal(1000), normal(1000)), 0),
        "unknown sizes": (tf.function(lambda x, b: tf.reduce_sum(tf.exp(x) * b, axis=1), input_signature=[tf.TensorSpec([None, None])] * 2), (normal(5, 7), normal(5, 7)), 2e-6),
        "softmax": (tf.nn.softmax, (normal(3, 300),), 2e-6),
        "layernorm": (layernorm, (normal(4, 130), normal(130), normal(130)), 1e-5),
        "lstm": (lstm, (normal(3, 8), normal(3, 8), normal(3, 8), normal(8, 32), normal(8, 32), normal(32)), 1e-5),
        "sum of all": (lambda x: (tf.reduce_sum(x), tf.reduce_max(x), tf.reduce_mean(x * x)), (normal(40000),), 1e-5),
        "sums of rows and columns": (lambda x: (tf.reduce_sum(x, 0), tf.reduce_sum(x, 1), tf.argmax(x, 1)), (normal(40, 70),), 1e-5),
        "running sums": (lambda x, y: (tf.cumsum(x, 1), tf.cumsum(y, exclusive=True)), (small(3, 700), small(20000)), 0),
        "sorts": (lambda x: (tf.sort(x, 1), tf.argsort(x, 1, stable=True)), (small(3, 70),), 0),
        "scatters": (lambda x, i, u: (tf.tensor_scatter_nd_add(x, i, u), tf.where(u > 0)), (small(9, 5), rng.integers(0, 9, (7, 1), np.int32), small(7, 5)), 0),
        "complex numbers": (lambda x, y: (lambda z: (tf.math.real(z * z), tf.abs(tf.reduce_sum(z))))(tf.complex(x, y)), (small(40), small(40)), 1e-6),
        "integers": (lambda x, y: (x // y, x % y, x * y, tf.cast(x, tf.int64) * 8, tf.reduce_max(x)), (rng.integers(-99, 99, 50, np.int32), rng.integers(1, 9, 50, np.int32)), 0),
        "f16 product": (tf.matmul, (normal(70, 40, dtype=np.float16), normal(40, 90, dtype=np.float16)), 2e-3),
        "bf16 product": (tf.matmul, (normal(70, 40, dtype=bf16), normal(40, 90, dtype=bf16)), 2e-2),
        "tf32 product": (tf.matmul, (small(70, 40), small(40, 90)), 0),
        "tf32 rounding": (tf.matmul, (normal(64, 64), normal(64, 64)), 4e-3),
        "product and epilogue": (epilogue, (small(65, 33), small(33, 66), small(66)), 0),
        "transposed products": (transposed, (small(20, 17), small(20, 33)), 0),
        "long extremes": (lambda x, y: (tf.argmax(x), tf.argmin(x), tf.argmax(y, 1), tf.argmin(y, 0)), (small(9000), small(5, 70)), 0),
        "long extremes of halves": (lambda x: tf.argmax(x), (small(9000).astype(np.float16),), 0),
        "rows that share vectors": (layernorm, (normal(4200, 8), normal(8), normal(8)), 2e-5),
        "sums of a million": (lambda x: tf.reduce_sum(tf.broadcast_to(x, [1000, 1000])), (np.full(1, 0.1, np.float32),), 1e-6),
        "complex running sums": (lambda x, y: (lambda z: (tf.math.real(z), tf.math.imag(z)))(tf.cumsum(tf.complex(x, y))), (small(300), small(300)), 0),
        "f16 product in units": (tf.matmul, (normal(72, 88, dtype=np.float16), normal(88, 80, dtype=np.float16)), 2e-3),
        "f16 product of columns": (lambda a, b: tf.matmul(a, b, transpose_a=True, transpose_b=True), (normal(88, 72, dtype=np.float16), normal(80, 88, dtype=np.float16)), 2e-3),
        "bf16 product of columns": (lambda a, b: tf.matmul(a, b, transpose_a=True), (normal(88, 72, dtype=bf16), normal(88, 80, dtype=bf16)), 2e-2),
        "f16 product of rows": (lambda a, b: tf.matmul(a, b, transpose_b=True), (normal(64, 64, dtype=np.float16), normal(128, 64, dtype=np.float16)), 2e-3),
        "tf32 product in units": (tf.matmul, (small(72, 36), small(36, 68)), 0),
        "tf32 product of columns": (lambda a, b: tf.matmul(a, b, transpose_a=True, transpose_b=True), (small(36, 72), small(68, 36)), 0),
        "batches in units": (lambda a: tf.einsum("bij,bkj->bik", a, a), (small(3, 20, 16),), 0),
        "batches": (lambda a: tf.einsum("bij,bkj->bik", a, a), (small(3, 20, 17),), 0),
    }  # fmt: skip


def error(got, want):
    got, want = (np.asarray(v).astype(np.float64) for v in (got, want))
    if got.shape != want.shape:
        return float("inf")
    scale = np.maximum(np.abs(want), np.abs(want).max(initial=0) / 8 + 1e-30)
    return float(np.max(np.abs(got - want) / scale, initial=0))


def main():
    with tempfile.TemporaryDirectory() as folder:
        driver = fake_cuda.start(folder)
        import tfc as tf

        found = {}
        for name, (function, args, limit) in programs(tf).items():
            f = function if hasattr(function, "get_concrete_function") else tf.function(function)
            want = tf.nest.flatten(f(*args))
            driver.launches.clear(), driver.errors.clear()
            with tf.device("GPU:0"):
                got = tf.nest.flatten(f(*args))
                kinds = [k.kind for k in f.get_concrete_function(*args).compiled().device.kernels]
            found[name] = {
                "errors": [error(g.numpy(), w.numpy()) for g, w in zip(got, want, strict=True)],
                "limit": limit,
                "failures": driver.errors[:],
                "launches": len(driver.launches),
                "kinds": kinds,
                "tensor_flops": sum(c.tensor_flops for _, c in driver.launches),
                "loaded": sum(c.loaded for _, c in driver.launches),
                "stored": sum(c.stored for _, c in driver.launches),
                "touched": sum(c.touched_loads + c.touched_stores for _, c in driver.launches),
                "async_bytes": sum(c.async_bytes for _, c in driver.launches),
                "conflicts": sum(c.conflicts for _, c in driver.launches),
                "instructions": sum(c.instructions for _, c in driver.launches),
            }
        json.dump(found, sys.stdout)


if __name__ == "__main__":
    os.environ.setdefault("VK_DRIVER_FILES", os.devnull)
    main()
