"""One implementation in a process of its own: obeys commands of run.py, one JSON line each."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time

import numpy as np


def check(outputs, expected, tolerance):
    if len(outputs) != len(expected):
        return f"{len(outputs)} results, expected {len(expected)}"
    for i, (got, want) in enumerate(zip(outputs, expected)):
        if got.shape != want.shape:
            return f"result {i} has shape {got.shape}, expected {want.shape}"
        scale = max(1.0, float(np.max(np.abs(want)))) if want.size else 1.0
        wide = got.astype(np.complex128 if np.iscomplexobj(got) else np.float64)
        error = float(np.max(np.abs(wide - want))) / scale if want.size else 0.0
        if not error <= tolerance:
            return f"result {i} is off by {error:.3g} of its scale, allowed {tolerance:g}"
    return None


def expected_outputs(case, inputs, path):
    """The oracle's, computed by whichever process comes first: some take longer than what is measured."""
    if not os.path.exists(path):
        handle, name = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".npz")
        os.close(handle)
        np.savez(name, *case.oracle(*inputs))
        os.replace(name, path)
    with np.load(path) as stored:
        return [stored[f"arr_{i}"] for i in range(len(stored.files))]


def batch_size(call, seconds):
    calls = 1
    while True:
        start = time.perf_counter()
        for _ in range(calls):
            call()
        elapsed = time.perf_counter() - start
        if elapsed >= seconds / 4 or calls >= 1 << 22:
            return max(1, int(calls * seconds / max(elapsed, 1e-9)))
        calls *= 4


def main():
    implementation = sys.argv[1]
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import cases

    reply = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print goes to stderr
    current = {}
    for line in sys.stdin:
        command = json.loads(line)
        answer = {}
        try:
            if command["do"] == "load":
                case = cases.load(command["case"])
                inputs = case.inputs()
                call, fetch = case.BUILDERS[implementation](*inputs)
                expected = expected_outputs(case, inputs, command["oracle"])
                answer["error"] = check(fetch(call()), expected, case.TOLERANCE)
                current = {"call": call, "calls": batch_size(call, command["seconds"])}
            elif command["do"] == "time":
                call, calls = current["call"], current["calls"]
                start = time.perf_counter()
                for _ in range(calls):
                    call()
                answer["seconds"] = (time.perf_counter() - start) / calls
        except Exception as error:  # reported to the driver, which shows it in the table
            answer["error"] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        reply.write(json.dumps(answer) + "\n")
        reply.flush()


if __name__ == "__main__":
    main()
