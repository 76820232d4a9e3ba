"""The exceptions of failed calls."""

import ctypes

import numpy as np
import pytest
from tfc import errors, runtime

X = runtime.EagerTensor.from_numpy(np.arange(10))


@pytest.mark.parametrize(
    "code, cls",
    [(1, errors.InvalidArgumentError), (2, errors.OutOfRangeError), (3, errors.ResourceExhaustedError)]
    + [(4, errors.FailedPreconditionError), (5, errors.UnimplementedError), (99, errors.UnknownError)],
)
def test_status_decides_the_class(code, cls):
    error = runtime.error_of_report(code, "it failed", "", [], 3)
    assert type(error) is cls and str(error) == "it failed"


def test_data_is_summarized():
    assert str(runtime.error_of_report(1, "bad", "", [X, X], 2)) == "bad: [0 1 ... 8 9] [0 1 ... 8 9]"
    assert str(runtime.error_of_report(1, "bad", "", [X], -1)) == "bad: [0 1 2 3 4 5 6 7 8 9]"


def test_the_users_line_is_shown(tmp_path):
    model = tmp_path / "model.py"
    model.write_text("a = 1\nassert a > b\n")
    error = runtime.error_of_report(1, "assertion failed", f"{model}:2:8", [], 3)
    assert str(error) == "assertion failed\n  at:   model.py:2: assert a > b"


@pytest.mark.parametrize("location, shown", [("gone.py:3:1", "gone.py:3"), ("somewhere", "somewhere")])
def test_without_source_the_location_is_shown(location, shown):
    assert str(runtime.error_of_report(1, "bad", location, [], 3)) == f"bad\n  at:   {shown}"


def test_failed_calls_raise_these():
    entry = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 3)(lambda *args: 2)
    executable = runtime.Executable(ctypes.cast(entry, ctypes.c_void_p).value, entry, name="step")
    with pytest.raises(errors.OutOfRangeError, match="step failed with status 2"):
        executable.call([])
