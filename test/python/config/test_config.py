"""The table of settings."""

import pytest
from tfc import config


def test_functions_may_run_eagerly():
    assert config.functions_run_eagerly() is False
    config.run_functions_eagerly(True)
    try:
        assert config.functions_run_eagerly() is True
    finally:
        config.run_functions_eagerly(False)


def test_unknown_settings_are_refused():
    with pytest.raises(AttributeError, match="no setting 'nonsense'"):
        config.set_knob("nonsense", 1)


def test_settings_have_types():
    with pytest.raises(TypeError, match="takes bool"):
        config.set_knob("run_functions_eagerly", "yes")
