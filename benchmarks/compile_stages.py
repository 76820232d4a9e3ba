"""Where the time of a first call goes: the trace, each stage of the compiler, LLVM, the loader. Processor time in
milliseconds, minima over several processes; code is made by one thread, in one piece.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROBE = """
import sys, time, json
sys.path.insert(0, {here!r})
import tfc, cases, cold_cases
from tfc.compiler import jit
case = cold_cases.CASES.get({case!r}) or cases.load({case!r})
call, fetch = case.BUILDERS["tfc"](*case.inputs())
made, marks = jit.compiler, []
def mark(name):
    marks.append((name, time.process_time()))
class Marking:
    def __getattr__(self, name):
        return getattr(made, name)
    def compile(self, module, options):
        mark("options")
        return made.compile(module, {{**options, "progress": mark, "parts": False}})
    def load(self, code):
        mark("load and call")
        return made.load(code)
jit.compiler = Marking()
mark("trace")
call()
mark("end")
print(json.dumps([(a[0].removeprefix("tfc-"), b[1] - a[1]) for a, b in zip(marks, marks[1:])]))
"""


def probe(case):
    code = PROBE.format(here=str(HERE), case=case)
    env = dict(os.environ, TFC_CACHE_DIR="off")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", nargs="*", default=["lstm10", "mlp50", "block_train", "chain5000"])
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    found = {}
    for case in args.case:
        runs = [probe(case) for _ in range(args.runs)]
        found[case] = {stage: min(run[stage] for run in runs) for stage in runs[0]}
    print(f"{'stage':<18}" + "".join(f"{case:>13}" for case in args.case))
    for stage in next(iter(found.values())):
        print(f"{stage:<18}" + "".join(f"{times[stage] * 1e3:>13.1f}" for times in found.values()))
    print(f"{'sum':<18}" + "".join(f"{sum(times.values()) * 1e3:>13.1f}" for times in found.values()))


if __name__ == "__main__":
    main()
