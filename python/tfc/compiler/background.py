"""Compiling while the program goes on: one thread, with an MLIR context of its own.

Contexts are not shared, so that nothing that is traced meanwhile is touched: a module goes over as bytecode. What comes
back is code, which any thread may run.
"""

import atexit
import collections
import os
import threading

from tfc.compiler.jit import compile_canonical, options_for
from tfc.config import optimizer
from tfc.ir import LOCK, canonical, mlir, module_bytecode, new_context


class Job:
    """One compilation. `result()` waits for it, and raises what it raised."""

    def __init__(self, content: bytes, symbol: str, name: str, *rest):
        self._arguments = content, symbol, name, *rest
        self._finished = threading.Event()
        self._executable = None
        self._error: Exception | None = None

    @property
    def done(self) -> bool:
        return self._finished.is_set()

    def result(self, timeout: float | None = None):
        """The code; `TimeoutError` if there is none after so many seconds."""
        if not self._finished.wait(timeout):
            raise TimeoutError(f"{self._arguments[2]} is not compiled after {timeout} s")
        if self._error is not None:
            raise self._error
        return self._executable

    def run(self, context) -> None:
        content, *rest = self._arguments
        try:
            with context:
                module = mlir.Module.parse(content)
            self._executable = compile_canonical(module, *rest)
        except Exception as e:  # raised by whoever asks for the result
            self._error = e
        finally:
            self._finished.set()


class _Worker:
    """The thread and what it has to do."""

    def __init__(self):
        self._jobs: collections.deque = collections.deque()
        self._change = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = False
        self._stopped = False

    def add(self, job: Job) -> None:
        with self._change:
            self._jobs.append(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="tfc-compile", daemon=True)
                self._thread.start()
            self._change.notify_all()

    def wait(self, timeout: float | None) -> bool:
        """Until there is nothing left to do; whether that was so in time."""
        with self._change:
            return self._change.wait_for(lambda: not self._jobs and not self._busy, timeout)

    def stop(self) -> None:
        """At exit: what waits is dropped, what runs is waited for, since it cannot be interrupted."""
        with self._change:
            self._stopped = True
            self._jobs.clear()
            self._change.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        context = new_context()
        while True:
            with self._change:
                self._change.wait_for(lambda: self._jobs or self._stopped)
                if self._stopped:
                    return
                job = self._jobs.popleft()
                self._busy = True
            job.run(context)
            with self._change:
                self._busy = False
                self._change.notify_all()


_worker = _Worker()


def compile_in_background(
    module,
    symbol: str,
    name: str,
    held: tuple = (),
    options: dict | None = None,
    gpu: int | None = None,
    origin: bytes | None = None,
    constants: tuple = (),
) -> Job:
    """`compile_entry` by another thread."""
    with LOCK:
        made, symbol = canonical(module, symbol)
        job = Job(module_bytecode(made), symbol, name, held, options_for(options, gpu, constants), gpu, origin)
    _worker.add(job)
    return job


def wait_for_background(timeout: float | None = None) -> bool:
    """Waits until everything is compiled that was begun in the background. False if that took longer than `timeout`
    seconds.
    """
    return _worker.wait(timeout)


def _forget() -> None:
    global _worker
    _worker = _Worker()


optimizer.register_background(wait_for_background)
# The thread does not exist in a forked child; jobs it had are compiled again there when they are asked for.
os.register_at_fork(after_in_child=_forget)
atexit.register(lambda: _worker.stop())
