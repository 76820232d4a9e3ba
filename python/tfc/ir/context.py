"""The one MLIR context of the process, with the tfc dialect, and what its diagnostics said."""

import os
import threading

from tfc.ir.lazy import bindings, compiler, libraries, mlir

#: Held by whoever builds or compiles IR. Re-entrant: a trace may start another.
LOCK = threading.RLock()


class BuildError(Exception):
    """The dialect refused an op, or a pass failed. `location` is an `mlir.ir.Location` or None."""

    def __init__(self, message: str, location=None):
        super().__init__(message)
        self.location = location


class _Diagnostics(threading.local):
    def __init__(self):
        self.errors: list = []


_diagnostics = _Diagnostics()
_context = None


def context():
    """The context. Created at the first call."""
    global _context
    if _context is None:
        with LOCK:
            if _context is None:
                # Ours first: `mlir.dialects` has a module with hundreds of classes for each.
                search = bindings.globals.dialect_search_modules
                bindings.globals.dialect_search_modules = ["tfc.ir.dialects", *search]
                made = new_context()
                made.attach_diagnostic_handler(_collect)
                _context = made
    return _context


def new_context():
    """Another context. Dialects besides ours are loaded when something of them is made or parsed: `mlir.ir.Context`
    would load all there are.
    """
    made = bindings.ir._Context()
    made.append_dialect_registry(libraries.get_dialect_registry())
    made.enable_multithreading(True)
    compiler.register(made)
    return made


def _collect(diagnostic) -> bool:
    if diagnostic.severity == mlir.DiagnosticSeverity.ERROR:
        notes = [note.message for note in diagnostic.notes]
        _diagnostics.errors.append((diagnostic.message, diagnostic.location, notes))
    return True


def forget_diagnostics() -> None:
    """Drops what this thread collected so far."""
    _diagnostics.errors.clear()


def take_error(fallback: str) -> BuildError:
    """The first diagnostic since `forget_diagnostics` as an exception to raise."""
    errors, _diagnostics.errors = _diagnostics.errors, []
    if not errors:
        return BuildError(fallback)
    message, location, notes = errors[0]
    return BuildError("; ".join([message, *notes]), location)


# How many seconds a fork waits, and the next ones if that was in vain: then what it waits for waits for the fork, as a
# traced function does for its processes.
FORK_WAITS, NEXT_FORKS_WAIT = 60.0, 0.5
_forking = threading.local()
_waits_in_vain = False


def _before_fork() -> None:
    """A fork waits for threads that build or compile: the child would have what they have half done, and a lock that
    nobody frees. Threads of the context do not exist in the child, which would wait for them.
    """
    global _waits_in_vain
    _forking.holds = False
    _forking.holds = LOCK.acquire(timeout=NEXT_FORKS_WAIT if _waits_in_vain else FORK_WAITS)
    _waits_in_vain = not _forking.holds
    if _forking.holds and _context is not None:
        _context.enable_multithreading(False)


def _after_fork() -> None:
    if not _forking.holds:
        return
    try:
        if _context is not None:
            _context.enable_multithreading(True)
    finally:
        LOCK.release()


def _in_child() -> None:
    """Who held the lock does not exist here, nor does what it built."""
    if not _forking.holds:
        LOCK._at_fork_reinit()
    _after_fork()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_in_child)
