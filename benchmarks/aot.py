"""Ahead-of-time artefacts: size, time to build and load, latency of a call; beside what others deploy, where installed.

`python benchmarks/aot.py [--case lstm mlp conv] [--peer-python PYTHON] [--json FILE]`. Weights are inside the artefact;
one thread; float32. tfc is called from C, the others from Python, through their own runtime.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PEERS = ("saved_model", "jax_export", "aoti", "iree")


def weights(*shape):
    random = np.random.default_rng(shape[0])
    return (random.standard_normal(shape) / np.sqrt(shape[0])).astype(np.float32)


# Cases: the function, in operations that every framework has, the shape of the input, and the parameters.


def lstm(o, x, p):
    h, c = x[:, 10:20], x[:, 20:30]
    z = o.matmul(x[:, :10], p[0]) + o.matmul(h, p[1]) + p[2]
    i, f, g, q = (z[:, 10 * k : 10 * k + 10] for k in range(4))
    c = o.sigmoid(f) * c + o.sigmoid(i) * o.tanh(g)
    return o.sigmoid(q) * o.tanh(c)


def mlp(o, x, p):
    for w, b in zip(p[:-2:2], p[1:-2:2], strict=True):
        x = o.relu(o.matmul(x, w) + b)
    return o.matmul(x, p[-2]) + p[-1]


def conv(o, x, p):
    x = o.relu(o.conv2d(x, p[0]))
    x = o.relu(o.conv2d(x, p[1]))
    return o.matmul(o.reshape(x, (1, -1)), p[2])


CASES = {
    "lstm": (lstm, (10, 30), lambda: [weights(10, 40), weights(10, 40), weights(40)]),
    "mlp": (mlp, (1, 64), lambda: [weights(*s) for s in ((64, 128), (128,), (128, 128), (128,), (128, 10), (10,))]),
    "conv": (conv, (1, 16, 16, 3), lambda: [weights(3, 3, 3, 8), weights(3, 3, 8, 16), weights(12 * 12 * 16, 10)]),
}  # fmt: skip


class Tfc:
    def __init__(self):
        import tfc as tf

        self._take(tf)

    def _take(self, tf):
        self.tf = tf
        self.matmul, self.sigmoid, self.tanh = tf.matmul, tf.sigmoid, tf.tanh
        self.relu, self.reshape = tf.nn.relu, tf.reshape

    def conv2d(self, x, w):
        return self.tf.nn.conv2d(x, w, 1, "VALID")


class Tensorflow(Tfc):
    def __init__(self):
        import tensorflow as tf

        self._take(tf)


class Jax:
    def __init__(self):
        import jax
        from jax import numpy as jnp

        self.matmul, self.sigmoid, self.tanh, self.relu = jnp.matmul, jax.nn.sigmoid, jnp.tanh, jax.nn.relu
        self.reshape, self._lax = jnp.reshape, jax.lax

    def conv2d(self, x, w):
        return self._lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


class Torch:
    def __init__(self):
        import torch

        self.torch = torch
        self.matmul, self.sigmoid, self.tanh, self.relu, self.reshape = (
            torch.matmul, torch.sigmoid, torch.tanh, torch.relu, torch.reshape,
        )  # fmt: skip

    def conv2d(self, x, w):
        made = self.torch.nn.functional.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1))
        return made.permute(0, 2, 3, 1)


MAIN = r"""
#define _POSIX_C_SOURCE 199309L
#include <stdio.h>
#include <time.h>
#include "unit.h"
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + 1e-9 * t.tv_nsec; }
int main(void) {
  static float x[XN], y[YN];
  double best = 1e9;
  int round, i, n = 1;
  for (i = 0; i < XN; ++i) x[i] = 0.01f * (float)(i % 17 - 8);
  for (;;) {
    double start = now();
    for (i = 0; i < n; ++i) if (unit(NULL, x, y)) return 1;
    if (now() - start > 0.005) break;
    n *= 2;
  }
  for (round = 0; round < 25; ++round) {
    double start = now();
    for (i = 0; i < n; ++i) unit(NULL, x, y);
    start = (now() - start) / n;
    if (start < best) best = start;
  }
  printf("%.9g %.9g\n", best, (double)y[0]);
  return 0;
}
"""
LOAD = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <time.h>
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + 1e-9 * t.tv_nsec; }
int main(int argc, char **argv) {
  double start = now();
  void *library = dlopen(argv[argc - 1], RTLD_NOW);
  void *entry = library ? dlsym(library, "unit_entry") : NULL;
  printf("%.9g\n", now() - start);
  return entry == NULL;
}
"""


def measure_tfc(name: str, cpu: str) -> dict:
    function, shape, make = CASES[name]
    o = Tfc()
    p = [o.tf.constant(w) for w in make()]
    if name == "conv" and not hasattr(o.tf.nn, "conv2d"):
        return {"skipped": "tf.nn.conv2d is not there"}
    with tempfile.TemporaryDirectory() as folder:
        o.tf.export.compile({"unit": _warm(o, shape)}, Path(folder, "unit.o"))
        start = time.perf_counter()
        concrete = o.tf.function(lambda x: function(o, x, p)).get_concrete_function(o.tf.TensorSpec(shape))
        artifact = o.tf.export.compile({"unit": concrete}, Path(folder, "unit.o"), cpu=cpu)
        seconds = time.perf_counter() - start
        o.tf.export.compile({"unit": concrete}, Path(folder, "unit.so"), cpu=cpu)
        count = artifact.entries[0].results[0].num_elements
        Path(folder, "main.c").write_text(MAIN)
        Path(folder, "load.c").write_text(LOAD)
        sizes = [f"-DXN={int(np.prod(shape))}", f"-DYN={count}"]
        _run(["cc", "-O2", *sizes, "main.c", "unit.o", "-lm", "-s", "-o", "main"], folder)
        _run(["cc", "-O2", "load.c", "-ldl", "-lm", "-o", "load"], folder)
        best, first = map(float, _run(["./main"], folder).split())
        load = min(float(_run(["./load", "./unit.so"], folder)) for _ in range(7))
        text = int(_run(["size", "unit.o"], folder).splitlines()[1].split()[0])
        undefined = [line.split()[-1] for line in _run(["nm", "-u", "unit.o"], folder).splitlines()]
        return {
            "text_bytes": text, "artefact_bytes": Path(folder, "unit.o").stat().st_size,
            "program_bytes": Path(folder, "main").stat().st_size, "build_seconds": seconds, "load_seconds": load,
            "call_seconds": best, "undefined": undefined, "first": first,
        }  # fmt: skip


def _warm(o, shape):
    """A first compilation: what loading the compiler costs is not the artefact's."""
    return o.tf.function(lambda x: x + 1.0).get_concrete_function(o.tf.TensorSpec(shape))


def _run(command, folder) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr}")
    return done.stdout


# Peers: each in a process of its own, `python aot.py --peer KIND --case CASE`.


def input_of(shape):
    return (0.01 * (np.arange(np.prod(shape)) % 17 - 8)).astype(np.float32).reshape(shape)


def best_of(call, seconds=0.5) -> float:
    call()
    count, taken = 1, 0.0
    while taken < 0.01:
        count *= 2
        start = time.perf_counter()
        for _ in range(count):
            call()
        taken = time.perf_counter() - start
    best = taken / count
    for _ in range(max(3, min(25, int(seconds / taken)))):
        start = time.perf_counter()
        for _ in range(count):
            call()
        best = min(best, (time.perf_counter() - start) / count)
    return best


def tree_bytes(folder) -> int:
    return sum(p.stat().st_size for p in Path(folder).rglob("*") if p.is_file())


def peer_saved_model(function, shape, p, folder) -> dict:
    o = Tensorflow()
    o.tf.config.threading.set_intra_op_parallelism_threads(1)
    m = o.tf.Module()
    p = [o.tf.constant(w) for w in p]
    m.f = o.tf.function(lambda x: function(o, x, p), input_signature=[o.tf.TensorSpec(shape)])
    start = time.perf_counter()
    o.tf.saved_model.save(m, folder)
    build = time.perf_counter() - start
    x = o.tf.constant(input_of(shape))
    start = time.perf_counter()
    loaded = o.tf.saved_model.load(folder)
    y = loaded.f(x)
    load = time.perf_counter() - start
    return {"artefact_bytes": tree_bytes(folder), "build_seconds": build, "load_seconds": load,
            "call_seconds": best_of(lambda: loaded.f(x).numpy()), "first": float(y.numpy().ravel()[0])}  # fmt: skip


def peer_jax_export(function, shape, p, folder) -> dict:
    import jax
    from jax import export

    o = Jax()
    start = time.perf_counter()
    exported = export.export(jax.jit(lambda x: function(o, x, p)))(jax.ShapeDtypeStruct(shape, np.float32))
    Path(folder, "f.bin").write_bytes(exported.serialize())
    build = time.perf_counter() - start
    x = jax.numpy.asarray(input_of(shape))
    start = time.perf_counter()
    loaded = jax.jit(export.deserialize(bytearray(Path(folder, "f.bin").read_bytes())).call)
    y = loaded(x).block_until_ready()
    load = time.perf_counter() - start
    return {"artefact_bytes": tree_bytes(folder), "build_seconds": build, "load_seconds": load,
            "call_seconds": best_of(lambda: loaded(x).block_until_ready()),
            "first": float(np.asarray(y).ravel()[0])}  # fmt: skip


def peer_aoti(function, shape, p, folder) -> dict:
    import torch

    torch.set_num_threads(1)
    o = Torch()

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.p = torch.nn.ParameterList([torch.nn.Parameter(torch.from_numpy(w), requires_grad=False) for w in p])

        def forward(self, x):
            return function(o, x, list(self.p))

    x = torch.from_numpy(input_of(shape))
    start = time.perf_counter()
    with torch.no_grad():
        program = torch.export.export(Model(), (x,))
        path = torch._inductor.aoti_compile_and_package(program, package_path=str(Path(folder, "f.pt2")))
    build = time.perf_counter() - start
    start = time.perf_counter()
    loaded = torch._inductor.aoti_load_package(path)
    y = loaded(x)
    load = time.perf_counter() - start
    return {"artefact_bytes": os.path.getsize(path), "build_seconds": build, "load_seconds": load,
            "call_seconds": best_of(lambda: loaded(x)), "first": float(y.ravel()[0])}  # fmt: skip


def peer_iree(function, shape, p, folder) -> dict:
    """From JAX through StableHLO; the machine code is for this CPU."""
    import jax
    from iree import compiler, runtime
    from jax import export

    o = Jax()
    start = time.perf_counter()
    exported = export.export(jax.jit(lambda x: function(o, x, p)))(jax.ShapeDtypeStruct(shape, np.float32))
    options = ["--iree-llvmcpu-target-cpu=host"]
    code = compiler.compile_str(
        exported.mlir_module(), target_backends=["llvm-cpu"], input_type="stablehlo", extra_args=options
    )
    Path(folder, "f.vmfb").write_bytes(code)
    build = time.perf_counter() - start
    x = input_of(shape)
    start = time.perf_counter()
    config = runtime.Config("local-sync")
    module = runtime.load_vm_flatbuffer(Path(folder, "f.vmfb").read_bytes(), driver="local-sync")
    array = runtime.asdevicearray(config.device, x)
    y = module.main(array)
    load = time.perf_counter() - start
    return {"artefact_bytes": tree_bytes(folder), "build_seconds": build, "load_seconds": load,
            "call_seconds": best_of(lambda: module.main(array)), "first": float(np.asarray(y).ravel()[0])}  # fmt: skip


def run_peer(kind: str, case: str) -> dict:
    function, shape, make = CASES[case]
    with tempfile.TemporaryDirectory() as folder:
        return globals()[f"peer_{kind}"](function, shape, make(), folder)


def measure_peer(python: str, kind: str, case: str) -> dict:
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    environment["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    environment.pop("PYTHONPATH", None)
    command = [python, __file__, "--peer", kind, "--case", case]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["failed"]
        return {"skipped": lines[-1][:100]}
    return json.loads(done.stdout.splitlines()[-1])


def show(name: str, made: dict) -> None:
    if "skipped" in made:
        print(f"  {name:14} {made['skipped']}")
        return
    size = made.get("text_bytes", made["artefact_bytes"]) / 1024
    program = f"{made['program_bytes'] / 1024:7.1f}" if "program_bytes" in made else "      -"
    build, load = made["build_seconds"], made["load_seconds"] * 1e6
    print(
        f"  {name:14} {size:8.1f} KiB {program} KiB {build:7.2f} s {load:10.0f} us "
        f"{made['call_seconds'] * 1e6:9.2f} us  {' '.join(made.get('undefined', ()))}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--peer-python", default=sys.executable, help="an interpreter that has the peers installed")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument("--peer", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.peer:
        print(json.dumps(run_peer(options.peer, options.case[0])))
        return
    results: dict = {}
    for case in options.case:
        print(f"{case}: size (tfc: text), linked program, build, load, call, undefined symbols")
        made = results[case] = {}
        for cpu in ("generic", "generic,x86-64-v3", "native"):
            made[f"tfc {cpu}"] = measure_tfc(case, cpu)
            show(f"tfc {cpu}", made[f"tfc {cpu}"])
        for peer in options.peers:
            made[peer] = measure_peer(options.peer_python, peer, case)
            show(peer, made[peer])
        values = [m["first"] for m in made.values() if "first" in m]
        if values and max(values) - min(values) > 1e-3:
            print(f"  results differ: {values}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
