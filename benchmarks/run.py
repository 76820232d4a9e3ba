"""Times the cases with every implementation installed, side by side. See README.md beside this file."""

from __future__ import annotations

import argparse
import atexit
import importlib.util
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import cases
import machine

HERE = Path(__file__).resolve().parent
MODULES = {
    "tfc": "tfc", "tfc_eager": "tfc", "numpy": "numpy", "tf": "tensorflow", "tf_xla": "tensorflow",
    "tf_eager": "tensorflow", "jax": "jax", "torch_compile": "torch", "numba": "numba",
}  # fmt: skip
OURS = ("tfc", "tfc_eager")
# What a quick run leaves out. torch.compile takes half a minute for each program.
QUICK_IMPLEMENTATIONS = ("tfc", "numpy", "tf", "tf_xla", "jax", "torch_compile")
QUICK_TORCH = ("chain", "softmax", "block_fwd", "mm1024", "mm1024bf16", "mlp_bf16", "norm_bf16")
QUICK_TWO_THREADS = (
    "mm256", "mm1024", "chain", "exp", "gelu", "softmax", "layernorm", "sum_all", "argmax", "conv3x3", "mlp_train",
    "block_fwd", "block_train", "bmm32", "mv4096", "updates", "adam", "segment_sum", "complex_chain", "fft_large",
)  # fmt: skip
# How each implementation is told to do as if the processor had no more than this, and what its vectors have.
PROCESSORS = {
    "x86-64-v3": {
        "TFC_CPU": "x86-64-v3",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL AVX512_SPR",
    },
}
VECTORS = {"x86-64-v3": 32}
# A peer that is so much slower than the best one is timed once.
HOPELESS = 4.0


def pinned(threads):
    """What starts a process on one processor, where one thread is measured."""
    return ("taskset", "-c", "0") if threads == 1 and Path("/usr/bin/taskset").exists() else ()


class Worker:
    def __init__(self, implementation, threads, python, cpu="native"):
        env = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", PYTHONUNBUFFERED="1")
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS",
                     "TF_NUM_INTEROP_THREADS", "NUMBA_NUM_THREADS", "TFC_NUM_THREADS"):  # fmt: skip
            env[name] = str(threads)
        env["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false" if threads == 1 else ""
        # Older OpenBLAS builds need these on some processors; a current numpy is slowed by them.
        env.pop("OPENBLAS_CORETYPE", None)
        env.pop("OPENBLAS_L2_SIZE", None)
        told = dict(PROCESSORS.get(cpu, {}))
        env["XLA_FLAGS"] = " ".join(filter(None, [env["XLA_FLAGS"], told.pop("XLA_FLAGS", "")]))
        env.update(told)
        self.name = implementation
        self.process = subprocess.Popen(
            [*pinned(threads), python, str(HERE / "worker.py"), implementation],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=env,
        )  # fmt: skip

        atexit.register(self.process.kill)  # one that is stopped would wait for ever

    def ask(self, **command):
        """Stops the process afterwards: threads of OpenBLAS wait for work on a processor that another one is to use."""
        self.process.send_signal(signal.SIGCONT)
        answer = self._ask(command)
        self.process.send_signal(signal.SIGSTOP)
        return answer

    def _ask(self, command):
        try:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        return json.loads(line) if line else {"error": "the process died"}

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.stdin.close()
            self.process.wait(timeout=30)


def installed(implementation, python):
    if python == sys.executable:
        return importlib.util.find_spec(MODULES[implementation]) is not None
    code = f"import importlib.util,sys; sys.exit(importlib.util.find_spec({MODULES[implementation]!r}) is None)"
    return subprocess.run([python, "-c", code]).returncode == 0


def work_of(case):
    """What a case is limited by: the kind of limit, the operations or bytes of one call; None if it says neither."""
    if hasattr(case, "BYTES"):
        return getattr(case, "TRAFFIC", "copy"), case.BYTES
    return ("fma", case.FLOPS) if hasattr(case, "FLOPS") else None


def run_case(name, workers, idle, limits, rounds, seconds, oracles, quick=False, torch=True):
    """{implementation: [seconds of each round]}, [limit in each round], {implementation: error}.

    `idle` is a process that loads the case before all others, and is never timed: whoever asks for memory first gets
    what the last case has left, in small pages, and is up to three times slower for it. `torch`: also where a quick run
    does without torch.compile.
    """
    case = cases.load(name)
    work = work_of(case) if limits.available else None
    times, measured, errors, ready = {}, [], {}, []
    command = {"do": "load", "case": name, "seconds": seconds, "oracle": str(Path(oracles) / f"{name}.npz")}
    idle.ask(**command)
    for worker in workers:
        if worker.name not in case.BUILDERS or (
            worker.name == "torch_compile" and not torch and name not in QUICK_TORCH
        ):
            continue
        answer = worker.ask(**command)
        if answer.get("error"):
            errors[worker.name] = answer["error"]
        else:
            ready.append(worker)
            times[worker.name] = []
    for _ in range(rounds):
        if work:
            measured.append(limits.measure(*work))
        for worker in ready:
            answer = worker.ask(do="time")
            if "seconds" in answer:
                times[worker.name].append(answer["seconds"])
        if quick:
            peers = [t[0] for who, t in times.items() if t and who not in OURS]
            ready = [w for w in ready if w.name in OURS or times[w.name][:1] < [HOPELESS * min(peers, default=0)]]
    return {k: v for k, v in times.items() if v}, measured, errors


def summary(name, times, measured, errors):
    medians = {k: statistics.median(v) for k, v in times.items()}
    peers = {k: v for k, v in medians.items() if k not in OURS}
    best = min(peers, key=peers.get) if peers else None
    row = {"case": name, "median_seconds": medians, "errors": errors, "best_peer": best}
    if best and "tfc" in times:
        row["peer_over_tfc"] = statistics.median(p / t for p, t in zip(times[best], times["tfc"]))
    work = work_of(cases.load(name))
    if work and "tfc" in times:
        kind, amount = work
        row["limit"] = {"kind": kind, "rates": measured}
        row["gflops" if kind == "fma" else "gbytes"] = amount / medians["tfc"] / 1e9
        if measured:
            row["share"] = statistics.median(amount / t / 1e9 / rate for t, rate in zip(times["tfc"], measured))
    return row


def show(row):
    cells = "  ".join(f"{k} {v * 1e6:.2f}us" for k, v in sorted(row["median_seconds"].items(), key=lambda kv: kv[1]))
    ratio = f"{row['peer_over_tfc']:.2f}x of {row['best_peer']}" if "peer_over_tfc" in row else "-"
    rate = f"  {row['gflops']:.1f} GFLOP/s" if "gflops" in row else ""
    rate = f"  {row['gbytes']:.1f} GB/s" if "gbytes" in row else rate
    rate += f" ({row['share']:.0%} of the limit)" if "share" in row else ""
    print(f"{row['case']:<14} {ratio:<24} {cells}{rate}")
    for who, error in row["errors"].items():
        print(f"{'':<14} {who}: {error}")
    sys.stdout.flush()


def markdown(result):
    """The rows as a table for a document."""
    lines = [
        "| case | tfc | best peer | ratio | rate | of the limit | what limits it |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        mine = row["median_seconds"].get("tfc")
        if mine is None:
            continue
        best = row["best_peer"]
        peer = f"{best} {time_text(row['median_seconds'][best])}" if best else ""
        ratio = f"{row['peer_over_tfc']:.2f}" if best else ""
        rate = (
            f"{row['gflops']:.0f} GFLOP/s"
            if "gflops" in row
            else f"{row['gbytes']:.1f} GB/s"
            if "gbytes" in row
            else ""
        )
        share = f"{row['share']:.0%}" if "share" in row else ""
        limit = getattr(cases.load(row["case"]), "LIMIT", "")
        lines.append(f"| {row['case']} | {time_text(mine)} | {peer} | {ratio} | {rate} | {share} | {limit} |")
    return "\n".join(lines)


def time_text(seconds):
    for scale, unit in ((1e-6, "us"), (1e-3, "ms"), (1, "s")):
        if seconds < 1000 * scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds:.3g} s"


def run_all(args, threads):
    limits = machine.Limits(threads, pinned(threads), VECTORS.get(args.cpu))
    typical = {}
    if limits.available:
        typical = {"fma_gflops": limits.measure("fma"), "copy_gbytes_per_second": limits.measure("copy", 128 << 20)}
    print(f"{threads} thread(s):", ", ".join(f"{k} {v:.1f}" for k, v in typical.items()))
    workers, idle = [], Worker("tfc", threads, sys.executable, args.cpu)
    for name in args.impl:
        python = sys.executable if name in OURS else args.peers_python
        if installed(name, python):
            workers.append(Worker(name, threads, python, args.cpu))
        else:
            print(f"{name}: not installed, left out")
    rows = []
    for name in args.case:
        if args.quick and args.few and threads > 1 and name not in QUICK_TWO_THREADS:
            continue
        timed = run_case(name, workers, idle, limits, args.rounds, args.seconds, args.oracles, args.quick, not args.few)
        rows.append(summary(name, *timed))
        show(rows[-1])
    for worker in (idle, *workers):
        worker.close()
    limits.close()
    return {"machine": typical, "processor": platform.processor(), "cpu": args.cpu, "threads": threads, "rows": rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", nargs="*", default=cases.names(), choices=cases.names(), metavar="CASE")
    parser.add_argument("--impl", nargs="*", default=list(MODULES))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.1, help="length of one batch")
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument(
        "--quick", action="store_true",
        help="three short rounds; unless --impl names them, some peers and, with two threads, some cases only",
    )  # fmt: skip
    parser.add_argument(
        "--cpu", default="native", choices=["native", *PROCESSORS],
        help="what every implementation may use of this processor (TensorFlow's own kernels beside oneDNN's use all)",
    )  # fmt: skip
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--peers-python", default=sys.executable, help="interpreter that has the peers")
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.seconds = 3, 0.02
    args.few = args.quick and args.impl == list(MODULES)
    if args.few:
        args.impl = list(QUICK_IMPLEMENTATIONS)
    with tempfile.TemporaryDirectory(prefix="tfc-oracles-") as args.oracles:
        results = [run_all(args, threads) for threads in args.threads]
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))
    if args.markdown:
        text = [
            f"### {r['threads']} thread(s): " + ", ".join(f"{k} {v:.1f}" for k, v in r["machine"].items())
            for r in results
        ]
        args.markdown.write_text("\n\n".join(f"{t}\n\n{markdown(r)}" for t, r in zip(text, results)) + "\n")


if __name__ == "__main__":
    main()
