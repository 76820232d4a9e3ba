"""What a compilation that takes long is doing."""

import contextlib
import logging
import threading
import time

from tfc.config import optimizer

_LOGGER = logging.getLogger("tfc")


class _Watch:
    """One compilation: the stage that runs, and since when."""

    def __init__(self, name: str):
        self.name = name
        self.stage = "start"
        self.began = time.monotonic()

    def report(self, stage: str) -> None:
        self.stage = stage

    def say(self, done: bool = False) -> None:
        seconds = time.monotonic() - self.began
        doing = "compiled" if done else f"compiling, now {self.stage}"
        _LOGGER.warning("%s: %s, after %.0f s", self.name, doing, seconds)


@contextlib.contextmanager
def watch(name: str):
    """A function to be called with the name of each stage. A compilation that takes longer than the option
    `progress_seconds` says so in the log, again whenever as much time has passed, and when it is done.
    """
    interval = optimizer.progress_seconds()
    made = _Watch(name)
    if not interval:
        yield made.report
        return
    done = threading.Event()
    speaker = threading.Thread(target=_speak, args=(made, done, interval), name="tfc-progress", daemon=True)
    speaker.start()
    try:
        yield made.report
    finally:
        done.set()
        speaker.join()


def _speak(made: _Watch, done: threading.Event, interval: float) -> None:
    spoke = False
    while not done.wait(interval):
        spoke = True
        made.say()
    if spoke:
        made.say(done=True)
