"""How long autograph takes: conversion of a function of 200 lines, and the calls of converted code at trace
time.

    python benchmarks/autograph_conversion.py [--lines 200] [--repeat 20]

Prints medians in milliseconds. The goal for 200 lines is below 50 ms.
"""

import argparse
import linecache
import statistics
import time

from tfc.autograph import convert

BLOCK = """\
    for i in range(n):
        if x > i and (y < 3 or not z):
            x = x + step(i) if y > 0 else x - 1
            if x > 100:
                break
        elif 0 < y <= 5:
            y += 1
            continue
        z = [step(j) for j in range(3)]
    while y < n:
        y = y + 1
"""


def source(lines):
    """A function of about so many lines, of nested loops and branches."""
    blocks = max(1, lines // BLOCK.count("\n"))
    return "def step(i):\n    return i\n\n\ndef f(n, x, y, z):\n" + BLOCK * blocks + "    return x, y, z\n"


def load(text, name):
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    names = {}
    exec(compile(text, name, "exec"), names)
    return names["f"]


def conversion(lines, repeat):
    text, times = source(lines), []
    for i in range(repeat):
        f = load(text, f"<benchmark {i}>")
        start = time.perf_counter()
        convert(f)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def calls(lines, repeat):
    """(original, converted) time of one run on Python numbers."""
    f = load(source(lines), "<benchmark calls>")
    medians = []
    for function in (f, convert(f)):
        times = []
        for _ in range(repeat):
            start = time.perf_counter()
            function(10, 1, 2, 0)
            times.append(time.perf_counter() - start)
        medians.append(statistics.median(times))
    return medians


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=20)
    args = parser.parse_args()
    print(f"conversion of {args.lines} lines: {conversion(args.lines, args.repeat) * 1e3:.1f} ms")
    original, converted = calls(args.lines, args.repeat)
    print(f"one run on Python numbers: {original * 1e3:.3f} ms plain, {converted * 1e3:.3f} ms converted")


if __name__ == "__main__":
    main()
