"""Many random programs with effects, for hours if you like.

`python test/python/effects/soak.py dialect 20000`: text of the dialect; every pass, and random orders, agree.
`python test/python/effects/soak.py python 20000`: Python functions; random orders of the trace agree with Python's.
`python test/python/effects/soak.py compiled 2000`: the same of compiled code, with all passes and with one of them off.
`python test/python/effects/soak.py chains 5000`: the same of updates of vectors, however small run at the same time.
A second number is the first seed. Prints programs that disagree, and the count in the end; exit status 1 if there are any.
"""

import random
import sys
import time

import tfc as tf
from effect_programs import Rolled, make_program


def check_dialect(seed):
    """Programs in the dialect: each list of passes, then random orders."""
    from test_order import ANY_ORDER, PIPELINES, ir, make_context, observed, read_module, run, through

    context = check_dialect.context = getattr(check_dialect, "context", None) or make_context()
    choose = random.Random(seed)
    text, arity = make_program(Rolled(seed))
    state, x = [choose.randint(-5, 15) for _ in range(arity)], choose.randint(-5, 15)
    want = observed(context, text, [], state, x)
    name = choose.choice(list(PIPELINES))
    if observed(context, text, PIPELINES[name], state, x) != want:
        return f"passes: {name}\n{text}"
    module = through(context, text, *PIPELINES[choose.choice(ANY_ORDER)])
    with context:
        functions = read_module(module, ir)
        for k in range(3):
            if run(functions, state, x, seed + k) != want:
                return f"order {seed + k}\n{text}"
    return None


def check_python(seed):
    """Python functions: random orders of the trace."""
    from python_programs import make_source, run_eagerly, run_in_orders

    text = make_source(Rolled(seed))
    initial, x = (seed % 7, seed % 11, seed % 13), seed % 17
    want = run_eagerly(text, initial, x)
    for order, seen in enumerate(run_in_orders(text, initial, x, (None, seed, seed + 1, seed + 2))):
        if seen != want:
            return f"order {order}: {seen}, not {want}\n{text}"
    return None


def check_compiled(seed):
    """Python functions: compiled code, with all passes and without one."""
    from python_programs import make_source, run_compiled, run_eagerly
    from test_python_programs import OPTIONAL

    text = make_source(Rolled(seed))
    initial, x = (seed % 7, seed % 11, seed % 13), seed % 17
    want = run_eagerly(text, initial, x)
    for disabled in ((), (OPTIONAL[seed % len(OPTIONAL)],)):
        seen = run_compiled(text, initial, x, *disabled)
        if seen != want:
            return f"without {disabled}: {seen}, not {want}\n{text}"
    return None


def check_chains(seed):
    """Functions on vectors: compiled code whose chains run at the same time."""
    from chain_programs import make_chain_source
    from python_programs import run_compiled, run_eagerly

    text = make_chain_source(Rolled(seed))
    initial, x = (seed % 7, seed % 11, seed % 13), seed % 17
    tf.config.optimizer.set_experimental_options({"chain_microseconds": (0, 0.5, 3)[seed % 3]})
    seen, want = run_compiled(text, initial, x), run_eagerly(text, initial, x)
    return None if seen == want else f"{text}\n{shorten(seen)}\nnot {shorten(want)}"


def shorten(seen):
    return str(seen) if len(str(seen)) < 3000 else str(seen)[:3000] + "..."


def main():
    kind, count = sys.argv[1], int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    check = {"dialect": check_dialect, "python": check_python, "compiled": check_compiled, "chains": check_chains}[kind]
    start, bad = time.monotonic(), 0
    for done, seed in enumerate(range(first, first + count), 1):
        problem = check(seed)
        if problem:
            bad += 1
            print(f"seed {seed}: {problem}", flush=True)
        if done % 100 == 0 or done == count:
            print(f"{kind}: {done} programs, {bad} disagree, {time.monotonic() - start:.0f} s", flush=True)
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
