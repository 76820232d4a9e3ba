"""What a thread knows: its interpreter and the recorders (gradient tapes) that listen."""

import threading


class ThreadState(threading.local):
    """Per-thread state. `interpreter` is None until first used: that means the process-wide eager one."""

    def __init__(self):
        self.interpreter = DEFAULT[0]
        # Innermost last; replaced, never mutated, so that a loop over it is safe.
        self.recorders: tuple = ()
        # See `core.standing`; innermost last.
        self.standing: tuple = ()


# Filled in by `core.eager`, so that new threads start out eager.
DEFAULT: list = [None]

STATE = ThreadState()
