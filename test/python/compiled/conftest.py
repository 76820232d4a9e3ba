"""Puts this folder's helpers on the path, keeps retracing warnings of generated functions quiet, verifies passes."""

import logging
import sys
from pathlib import Path

import pytest
import tfc as tf
from hypothesis import HealthCheck, settings

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
    """What each pass leaves is verified, which is off otherwise."""
    monkeypatch.setenv("TFC_VERIFY_PASSES", "1")


@pytest.fixture
def switched_off():
    """Switches passes off until the test ends."""
    yield lambda names: tf.config.optimizer.set_experimental_options({"disable": names})
    tf.config.optimizer.set_experimental_options({"disable": ()})
