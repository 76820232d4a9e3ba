"""Profiles of compiled functions: by line, and as a trace."""

import inspect
import json
import signal
import time

import numpy as np
import pytest
import tfc as tf

profiler = tf.profiler.experimental


def slow(x):
    y = tf.exp(x)
    for _ in tf.range(60):
        y = tf.sin(y) + tf.cos(y)  # the line that takes the time
    return y


LINE = inspect.getsourcelines(slow)[1] + 3


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    function, x = tf.function(slow), tf.constant(np.ones(200_000, np.float32))
    with profiler.Profile(tmp_path_factory.mktemp("logs")) as p:
        # The kernel looks every 4 ms or so of CPU time: half a second is enough to tell lines apart.
        until = time.process_time() + 0.5
        while time.process_time() < until:
            function(x)
    return p.result


def test_the_line_that_takes_the_time_is_found(profile):
    compiled = [line for line in profile.lines() if line.file]
    assert compiled[0].file == __file__ and compiled[0].line == LINE, str(profile)


def test_code_of_two_lines_belongs_to_one_of_them(profile):
    assert all(line.line > 0 for line in profile.lines() if line.file), str(profile)


def test_shares_are_of_all_samples(profile):
    assert sum(line.share for line in profile.lines()) == pytest.approx(1)
    assert sum(line.seconds for line in profile.lines()) > 0


def test_the_trace_is_one_that_perfetto_reads(profile):
    trace = json.loads(profile.path.read_text())
    events = trace["traceEvents"]
    assert events and all(e["ph"] == "X" and e["dur"] > 0 and e["ts"] >= 0 for e in events)
    assert any(e.get("args", {}).get("line") == LINE for e in events)
    assert profile.path.parent.parent.name == "profile"


def test_the_option_is_what_it_was(profile):
    assert "line_tables" not in tf.config.optimizer.get_experimental_options()


def test_what_code_declares_outside_of_functions_has_no_line():
    def layer(x):  # products of bfloat16 say what they ask the processor for
        return tf.matmul(x, x)

    x = tf.constant(np.eye(64), tf.bfloat16)
    with profiler.Profile(None):
        result = tf.function(lambda: layer(x))()
    np.testing.assert_array_equal(np.asarray(tf.cast(result, tf.float32)), np.eye(64))


def test_only_one_profile_is_taken():
    profiler.start(None)
    try:
        with pytest.raises(tf.errors.AlreadyExistsError, match="Another profiler is running"):
            profiler.start(None)
    finally:
        profiler.stop(save=False)
    with pytest.raises(tf.errors.UnavailableError, match="No profiler is running"):
        profiler.stop()


def test_a_late_signal_does_no_harm():
    profiler.start(None)
    profiler.stop(save=False)
    signal.raise_signal(signal.SIGPROF)


def test_the_time_between_samples_is_positive():
    with pytest.raises(ValueError, match="above 0"):
        profiler.start(None, profiler.ProfilerOptions(interval_us=0))
    profiler.start(None)
    profiler.stop(save=False)
