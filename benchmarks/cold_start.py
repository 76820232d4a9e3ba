"""Import time and the first call of small programs, each in a new process; medians over several processes, or minima
(`--minima`: for a busy machine). The processor time of a first call is that of all its threads.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROBE = """
import sys, time, json, resource
sys.path.insert(0, {here!r})
import numpy
start = time.perf_counter()
import {module}
imported = time.perf_counter() - start
import cases
import cold_cases
case = cold_cases.CASES.get({case!r}) or cases.load({case!r})
call, fetch = case.BUILDERS[{impl!r}](*case.inputs())
start, cpu = time.perf_counter(), time.process_time()
call()
first, first_cpu = time.perf_counter() - start, time.process_time() - cpu
start = time.perf_counter()
call()
print(json.dumps({{"import": imported, "first_call": first, "first_cpu": first_cpu,
    "second_call": time.perf_counter() - start,
    "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}}))
"""


def probe(python, impl, module, case, cache):
    code = PROBE.format(here=str(HERE), module=module, case=case, impl=impl.removesuffix("_cached"))
    env = dict(os.environ, TFC_CACHE_DIR=cache if impl.endswith("_cached") else "off")
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, env=env)
    if done.returncode:
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--case",
        nargs="*",
        default=["add1", "lstm10", "chain1000", "chain5000", "mlp50", "block_fwd", "block_train", "blocks6_train"],
    )
    parser.add_argument("--impl", nargs="*", default=["tfc", "tfc_cached", "tf", "tf_xla", "jax", "torch_compile"])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--minima", action="store_true")
    args = parser.parse_args()
    choose = min if args.minima else statistics.median
    modules = {
        "tfc": "tfc",
        "tfc_cached": "tfc",
        "tf": "tensorflow",
        "tf_xla": "tensorflow",
        "jax": "jax",
        "torch_compile": "torch",
    }
    print(
        f"{'case':<10} {'impl':<14} {'import s':>9} {'first call s':>13} {'cpu s':>7} {'second us':>10} {'peak MiB':>9}"
    )
    cache = tempfile.mkdtemp(prefix="tfc-cache-")
    for case in args.case:
        for impl in args.impl:
            python = sys.executable if impl.startswith("tfc") else args.peers_python
            if impl == "tfc_cached":
                probe(python, impl, "tfc", case, cache)  # fills it
            runs = [r for r in (probe(python, impl, modules[impl], case, cache) for _ in range(args.runs)) if r]
            if not runs:
                print(f"{case:<10} {impl:<14} failed or not installed")
                continue
            middle = {k: choose(r[k] for r in runs) for k in runs[0]}
            print(f"{case:<10} {impl:<14} {middle['import']:>9.3f} {middle['first_call']:>13.3f} "
                  f"{middle['first_cpu']:>7.3f} "
                  f"{middle['second_call'] * 1e6:>10.1f} {middle['peak_mib']:>9.0f}")  # fmt: skip


if __name__ == "__main__":
    main()
