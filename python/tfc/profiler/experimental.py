"""`tf.profiler.experimental`: profiles of compiled functions, for Perfetto, by line of the program.

Every few milliseconds of CPU time the running thread is looked at (the kernel decides how often: at most 250 to
1,000 times a second). Functions that are compiled while a profile is taken know their lines; those compiled before do
not, unless `tf.config.optimizer.set_experimental_options({"line_tables": True})` was set: their time is under "other
code".
"""

import collections
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from tfc.compiler import place_of
from tfc.config import optimizer
from tfc.errors import AlreadyExistsError, UnavailableError, page
from tfc.runtime import start_sampling, stop_sampling

_OTHER = "other code"


@dataclass(frozen=True)
class ProfilerOptions:
    """`interval_us`: microseconds of CPU time between samples. TensorFlow's own options have no effect."""

    host_tracer_level: int = 2
    python_tracer_level: int = 0
    device_tracer_level: int = 1
    delay_ms: int | None = None
    interval_us: int = 1000


@dataclass(frozen=True)
class LineTime:
    """Time spent in the code of one line: seconds of CPU time, samples, and the share of all samples."""

    file: str
    line: int
    function: str
    seconds: float
    samples: int
    share: float

    def __str__(self):
        where = f"{self.file}:{self.line}" if self.line else self.function
        return f"{self.share:6.1%} {self.seconds:9.4f} s  {where}"


class _Session:
    """One profile that is being taken."""

    def __init__(self, logdir, options):
        self.logdir = None if logdir is None else Path(logdir)
        self.line_tables = optimizer.get_experimental_options().get("line_tables", False)
        optimizer.set_experimental_options({"line_tables": True})
        self.began = time.monotonic_ns()
        self.processor_time = time.process_time()
        try:
            start_sampling(options.interval_us)
        except BaseException:
            self.restore()
            raise

    def restore(self) -> None:
        optimizer.set_experimental_options({"line_tables": self.line_tables})


class ProfileResult:
    """A profile: `lines()` says where time went, `events` are those of the trace, `path` is the file, or None."""

    def __init__(self, samples: list, began: int, seconds: float):
        self.path: Path | None = None
        self._samples = [(t, thread, place_of(address)) for t, thread, address in samples]
        self._began, self._seconds = began, seconds

    def lines(self) -> list:
        """`LineTime` of each line with samples, the longest first."""
        counts = collections.Counter(place for _, _, place in self._samples)
        total = len(self._samples)
        # The kernel may look less often than it was asked to: a sample stands for its share of the CPU time.
        each = self._seconds / total if total else 0.0
        made = []
        for place, count in counts.most_common():
            file, line, function = ("", 0, _OTHER) if place is None else (place.file, place.line, place.function)
            made.append(LineTime(file, line, function, count * each, count, count / total))
        return made

    @property
    def events(self) -> list:
        """Events of the trace format that Perfetto and Chrome read: a slice for each stretch of samples in one line."""
        process = os.getpid()
        slices, last = [], {}
        for at, thread, place in self._samples:
            name = _OTHER if place is None else str(place)
            when = (at - self._began) / 1000
            open_ = last.get(thread)
            if open_ is not None:
                # A line lasts until the next sample of its thread, unless that is long after.
                open_["dur"] = round(min(when - open_["ts"], 20_000.0), 3)
                if open_["name"] == name and open_["ts"] + open_["dur"] >= when:
                    continue
            event = {"name": name, "ph": "X", "ts": round(when, 3), "dur": 1.0, "pid": process, "tid": thread}
            event["cat"] = "python" if place is None else "compiled"
            if place is not None:
                event["args"] = {"function": place.function, "file": place.file, "line": place.line}
            slices.append(event)
            last[thread] = event
        return slices

    def save(self, logdir) -> Path:
        """Writes the trace below a directory, where TensorBoard looks for it, and returns its path."""
        run = time.strftime("%Y_%m_%d_%H_%M_%S")
        folder = Path(logdir) / "plugins" / "profile" / run
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{os.uname().nodename}.trace.json"
        self.path.write_text(json.dumps({"traceEvents": self.events, "displayTimeUnit": "ms"}))
        return self.path

    def __str__(self):
        return "\n".join(map(str, self.lines()))


_current: list = []


def start(logdir, options: ProfilerOptions | None = None) -> None:
    """Starts to take a profile. `AlreadyExistsError` if one is being taken."""
    if _current:
        raise AlreadyExistsError(
            None, None, page("Another profiler is running.", fix="tf.profiler.experimental.stop()")
        )
    _current.append(_Session(logdir, options or ProfilerOptions()))


def stop(save: bool = True) -> ProfileResult:
    """Ends the profile, writes it below its directory, and returns it. `UnavailableError` if none is being taken."""
    if not _current:
        raise UnavailableError(
            None, None, page("Cannot export profiling results. No profiler is running.", fix="start() first")
        )
    session = _current.pop()
    try:
        samples = stop_sampling()
    finally:
        session.restore()
    result = ProfileResult(samples, session.began, time.process_time() - session.processor_time)
    if save and session.logdir is not None:
        result.save(session.logdir)
    return result


class Profile:
    """`with tf.profiler.experimental.Profile(logdir) as p: ...`; `p.result` is the profile then."""

    def __init__(self, logdir, options: ProfilerOptions | None = None):
        self._logdir, self._options = logdir, options
        self.result: ProfileResult | None = None

    def __enter__(self):
        start(self._logdir, self._options)
        return self

    def __exit__(self, *failure):
        self.result = stop()
