"""Puts this folder's helpers on the path, keeps retracing warnings of generated functions quiet, verifies passes, compiles no
program twice."""

import logging
import os
import sys
from pathlib import Path

import pytest
import tfc as tf
from hypothesis import HealthCheck, settings
from tfc.compiler import cache, jit

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile(
    "compiled", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None
)


@pytest.fixture(autouse=True)
def _no_retracing_warnings(caplog):
    """Each test makes many functions on one line: that is what the warning looks for."""
    caplog.set_level(logging.ERROR)


@pytest.fixture(autouse=True)
def _verified(monkeypatch):
    """What passes leave is verified, which is off otherwise: at the ends of stages, with TFC_NIGHTLY=1 of each pass."""
    monkeypatch.setenv("TFC_VERIFY_PASSES", "1" if os.environ.get("TFC_NIGHTLY") == "1" else "stages")


class _Once:
    """The compiler, which is asked once for what is the same: many tests run one program on different numbers."""

    def __init__(self, made):
        self._made, self._artifacts = made, {}

    def __getattr__(self, name):
        return getattr(self._made, name)

    def compile(self, module, options):
        said = {name: value for name, value in options.items() if name != "progress"}
        key = cache.key_of(module, said), os.environ.get("TFC_VERIFY_PASSES")
        if key not in self._artifacts:
            self._artifacts[key] = self._made.compile(module, options)
        return self._artifacts[key]


_ONCE = _Once(jit.compiler)


@pytest.fixture(autouse=True)
def _compiled_once(monkeypatch):
    monkeypatch.setattr(jit, "compiler", _ONCE)


@pytest.fixture
def switched_off():
    """Switches passes off until the test ends."""
    yield lambda names: tf.config.optimizer.set_experimental_options({"disable": names})
    tf.config.optimizer.set_experimental_options({"disable": ()})


@pytest.fixture
def two_threads():
    """Threads share loops, however many processors there are."""
    tf.config.threading.set_intra_op_parallelism_threads(2)
    yield
    tf.config.threading.set_intra_op_parallelism_threads(0)
