"""Whole networks (network_models.py) beside TensorFlow, JAX and torch: the first call, and calls in turns. Each
implementation of a network is a process of its own; those whose turn it is not are stopped. Results are compared first.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from network_models import NETWORKS

HERE = Path(__file__).resolve().parent
POOLS = "OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "TFC_NUM_THREADS"
#: Between two implementations, of the largest result. A bfloat16 has eight bits, and networks dozens of layers.
TOLERANCES = {"float32": 1e-4, "mixed": 0.06, "bfloat16": 0.06}


class Process:
    def __init__(self, implementation, network, args, threads, folder):
        self.result = Path(folder) / f"{network}.{implementation}.npy"
        env = {**os.environ, **dict.fromkeys(POOLS, str(threads)), "TF_CPP_MIN_LOG_LEVEL": "3"}
        env["TFC_CACHE_DIR"] = "off"
        if threads == 1:
            env["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        python = sys.executable if implementation == "tfc" else args.peers_python
        pinned = ["taskset", "-c", "0"] if threads == 1 else []
        command = [python, str(HERE / "network_worker.py"), implementation, network, args.dtype, str(args.seconds)]
        self.process = subprocess.Popen(
            [*pinned, *command, str(self.result)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if not args.verbose else None,
            text=True,
            env=env,
        )
        line = self.process.stdout.readline()
        self.first = json.loads(line) if line else None
        self.calls = []

    def stop(self):
        self.process.send_signal(signal.SIGSTOP)

    def time(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        said = json.loads(self.process.stdout.readline())
        self.calls.append(said["call"])
        self.peak = said["peak_mib"]
        self.stop()

    def end(self):
        self.process.kill()
        self.process.wait()


def measure(network, args, threads, folder):
    live = {}
    # Whoever is started first has the worst memory, so it is not always the same one.
    number = list(NETWORKS).index(network) % len(args.impl)
    for implementation in args.impl[number:] + args.impl[:number]:
        process = Process(implementation, network, args, threads, folder)
        if process.first:
            live[implementation] = process
            process.stop()
        else:
            print(f"{network}: {implementation} failed (--verbose says why)", file=sys.stderr)
            process.end()
    for number in range(args.rounds):
        for process in list(live.values())[:: 1 if number % 2 else -1]:
            process.time()
    for process in live.values():
        process.end()
    if "tfc" not in live:
        return None
    mine = np.load(live["tfc"].result)
    row = {"network": network, "threads": threads}
    for implementation, process in live.items():
        other = np.load(process.result)
        error = float(np.abs(mine - other).max() / np.abs(other).max())
        if not error < TOLERANCES[args.dtype]:
            print(f"{network}: tfc and {implementation} differ by {error:.1e}", file=sys.stderr)
        ratios = [theirs / ours for theirs, ours in zip(process.calls, live["tfc"].calls, strict=True)]
        row[implementation] = {
            **process.first,
            "call": statistics.median(process.calls),
            "ratio": statistics.median(ratios),
            "peak_mib": process.peak,
            "error": error,
        }
    return row


def markdown(rows, implementations):
    peers = [name for name in implementations if name != "tfc"]
    lines = ["| network | tfc | " + " | ".join(peers) + " | first call: tfc | " + " | ".join(peers) + " |"]
    lines.append("|---" * (3 + 2 * len(peers)) + "|")
    for row in rows:
        cells = [row["network"], f"{row['tfc']['call'] * 1e3:.1f} ms"]
        for name in peers:
            cells.append(f"{row[name]['call'] * 1e3:.1f} ms ({row[name]['ratio']:.2f})" if name in row else "")
        cells.append(f"{row['tfc']['first']:.1f} s")
        cells.extend(f"{row[name]['first']:.1f} s" if name in row else "" for name in peers)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", nargs="*", default=list(NETWORKS), choices=list(NETWORKS))
    types = (
        "of all computing; mixed: weights are float32 and cast in each call, as they always are in steps of training"
    )
    parser.add_argument("--dtype", default="float32", choices=list(TOLERANCES), help=types)
    parser.add_argument("--impl", nargs="*", default=["tfc", "tf", "jax"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.4, help="of each turn")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--json")
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for threads in args.threads:
            for network in args.network:
                row = measure(network, args, threads, folder)
                if row:
                    rows.append(row)
                    print(markdown([row], args.impl).splitlines()[-1], flush=True)
    if args.json:
        Path(args.json).write_text(json.dumps(rows, indent=1))
    for threads in args.threads:
        print(f"\nThreads: {threads}\n")
        print(markdown([row for row in rows if row["threads"] == threads], args.impl))


if __name__ == "__main__":
    main()
