"""Benchmark cases. A case has `inputs()`, `oracle(*inputs)`, and one builder for each implementation.

A builder takes the numpy inputs and returns `call, fetch`: `call()` runs once and blocks until the result is there,
`fetch(call())` gives the result as a list of numpy arrays. `LIMIT` says what takes the time of tfc's code; `FLOPS`, or
`BYTES` and `TRAFFIC`, are what `run.py` compares with the machine's limit.
"""

from __future__ import annotations

import importlib
import pkgutil


def names() -> list[str]:
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def load(name: str):
    return importlib.import_module(f"{__name__}.{name}")
