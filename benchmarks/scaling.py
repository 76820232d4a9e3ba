"""What two threads bring: each case of tfc with one thread and with more, in turns, and how much more the machine
allows then (the limit that the case names, measured with as many threads in the same rounds). See README.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

import cases
import machine
import run


def measure(name, workers, limits, args):
    """A row: seconds and limits by number of threads, a value for each round."""
    case = cases.load(name)
    work = run.work_of(case)
    row = {"case": name, "seconds": {t: [] for t in workers}, "limit": {t: [] for t in workers}}
    for worker in workers.values():
        oracle = str(Path(args.oracles) / f"{name}.npz")
        answer = worker.ask(do="load", case=name, seconds=args.seconds, oracle=oracle)
        if answer.get("error"):
            return row | {"error": answer["error"]}
    for _ in range(args.rounds):
        for threads, worker in workers.items():
            if work and limits[threads].available:
                row["limit"][threads].append(limits[threads].measure(*work))
            answer = worker.ask(do="time")
            if "error" in answer:
                return row | {"error": answer["error"]}
            row["seconds"][threads].append(answer["seconds"])
    one, more = workers
    row["speedup"] = statistics.median(a / b for a, b in zip(row["seconds"][one], row["seconds"][more]))
    if row["limit"][one]:
        row["allowed"] = statistics.median(b / a for a, b in zip(row["limit"][one], row["limit"][more]))
    return row


def cells(row):
    one, more = (run.time_text(statistics.median(times)) for times in row["seconds"].values())
    allowed = f"{row['allowed']:.2f}" if "allowed" in row else ""
    return row["case"], one, more, f"{row['speedup']:.2f}", allowed, getattr(cases.load(row["case"]), "LIMIT", "")


def markdown(rows, threads):
    head = ("case", "one thread", f"{threads} threads", "speedup", "the machine's", "what limits it")
    lines = [head, ("---",) * len(head), *(cells(row) for row in rows if "speedup" in row)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", nargs="*", default=cases.names(), choices=cases.names(), metavar="CASE")
    parser.add_argument("--threads", type=int, default=2, help="beside one")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.05, help="length of one batch")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    args = parser.parse_args()
    if args.threads < 2:
        parser.error(f"argument --threads: {args.threads} is not more than one; try 2")
    numbers = (1, args.threads)
    workers = {t: run.Worker("tfc", t, sys.executable) for t in numbers}
    limits = {t: machine.Limits(t, run.pinned(t)) for t in numbers}
    rows = []
    with tempfile.TemporaryDirectory(prefix="tfc-oracles-") as args.oracles:
        for name in args.case:
            rows.append(measure(name, workers, limits, args))
            print("  ".join(cells(rows[-1])) if "speedup" in rows[-1] else f"{name}  {rows[-1]['error']}", flush=True)
    for each in (*workers.values(), *limits.values()):
        each.close()
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1))
    if args.markdown:
        args.markdown.write_text(markdown(rows, args.threads) + "\n")


if __name__ == "__main__":
    main()
