"""Memory for temporaries of every case: what a compiled call takes beside its arguments and results, beside XLA's.

Both compilers say it themselves: `concrete.compiled().arena_bytes` and, for kept copies of captured weights,
`panel_bytes`; `memory_analysis()` of JAX's compiled functions. XLA does not count what the libraries take that it
calls (products and convolutions), so its zeros there are lower bounds. Each process builds one case.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import cases

HERE = Path(__file__).resolve().parent


def temporaries_of_tfc(case, inputs):
    """Bytes of the largest trace; None where the case does not go through `tf.function`."""
    import tfc as tf

    made = []
    function = tf.function

    def recorded(*args, **kwargs):
        result = function(*args, **kwargs)
        if not callable(getattr(result, "get_concrete_function", None)):
            return lambda python_function: made.append(result(python_function)) or made[-1]
        made.append(result)
        return result

    tf.function = recorded
    call, fetch = case.BUILDERS["tfc"](*inputs)
    fetch(call())
    compiled = [concrete.compiled() for f in made for concrete in f._concretes.values()]
    return max((c.arena_bytes + c.panel_bytes for c in compiled), default=None)


def temporaries_of_jax(case, inputs):
    import jax

    made = []
    jit = jax.jit

    class Recorded:
        def __init__(self, function, **options):
            self._compiled = jit(function, **options)

        def lower(self, *args, **kwargs):
            return self._compiled.lower(*args, **kwargs)

        def __call__(self, *args, **kwargs):
            if not made:
                made.append(self.lower(*args, **kwargs).compile().memory_analysis().temp_size_in_bytes)
            return self._compiled(*args, **kwargs)

    jax.jit = Recorded
    call, fetch = case.BUILDERS["jax"](*inputs)
    fetch(call())
    return made[0] if made else None


MEASURE = {"tfc": temporaries_of_tfc, "jax": temporaries_of_jax}


def measure(name, implementation):
    case = cases.load(name)
    if implementation not in case.BUILDERS:
        return None
    return MEASURE[implementation](case, case.inputs())


def in_process_of_its_own(python, name, implementation):
    """Bytes, None where there is nothing to measure, or the last line of what went wrong."""
    env = dict(os.environ, TFC_NUM_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3")
    command = [python, str(HERE / "memory.py"), "--measure", name, implementation]
    run = subprocess.run(command, capture_output=True, text=True, env=env)
    if run.returncode != 0:
        return (run.stderr.strip().splitlines() or [f"exit code {run.returncode}"])[-1][:120]
    return json.loads(run.stdout.splitlines()[-1])


def text(value):
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value / 1024:.1f} KiB"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", nargs="*", default=cases.names())
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peers-python", default=sys.executable, help="interpreter that has JAX")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measure(*args.measure)))
        return
    pythons = {"tfc": sys.executable, "jax": args.peers_python}
    rows = {}
    print("| case | tfc | JAX |\n|---|---|---|")
    for name in args.case:
        rows[name] = {who: in_process_of_its_own(python, name, who) for who, python in pythons.items()}
        print(f"| {name} | {text(rows[name]['tfc'])} | {text(rows[name]['jax'])} |", flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
