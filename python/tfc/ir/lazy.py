"""MLIR's Python package, imported at first use. Its libraries are loaded ahead in a thread where there is a processor
for it, so that `import tfc` stays fast and the first call of a function does not wait for them."""

import contextlib
import functools
import importlib
import importlib.machinery
import importlib.util
import os
import signal
import sys
import threading

from tfc import _native

_SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[0]
_LLVM = "..", "..", "llvm", "lib", "libLLVM.so"
# Symbols are bound when they are first called: most of the compiler's never are.
_FLAGS = os.RTLD_LAZY | os.RTLD_LOCAL | getattr(os, "RTLD_DEEPBIND", 0)


@contextlib.contextmanager
def own_symbols():
    """Libraries loaded here find their own LLVM before anybody else's.

    Some packages load an LLVM of another version with all its symbols visible to the whole process; without
    RTLD_DEEPBIND, the dynamic linker would mix the two.
    """
    before = sys.getdlopenflags()
    sys.setdlopenflags(_FLAGS)
    try:
        yield
    finally:
        sys.setdlopenflags(before)


@contextlib.contextmanager
def signals_wait():
    """What handlers of signals do here, they do afterwards: an extension that is being loaded takes no exception from
    them, but ends the process, or is half there ever after.

    Python calls handlers in its main thread only.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived = []
    handlers = {n: signal.getsignal(n) for n in signal.valid_signals()}
    handlers = {n: handler for n, handler in handlers.items() if callable(handler)}
    try:
        for number in handlers:
            signal.signal(number, lambda number, frame: arrived.append(number))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        _raise_all(list(dict.fromkeys(arrived)))


def _raise_all(signals: list) -> None:
    """The handler of each is called, whatever those before it raise: as in Python, the last of that is what goes on."""
    if signals:
        try:
            signal.raise_signal(signals[0])
        finally:
            _raise_all(signals[1:])


@functools.cache
def _mlir_folders() -> list:
    """Where the libraries of MLIR's Python package are."""
    package = importlib.util.find_spec("mlir")
    folders = [os.path.join(f, "_mlir_libs") for f in package.submodule_search_locations] if package else []
    return [folder for folder in folders if os.path.isdir(folder)]


def load_ahead() -> None:
    """Starts to load the compiler's libraries; TFC_LOAD_AHEAD=0 in the environment leaves that to the first use."""
    if os.environ.get("TFC_LOAD_AHEAD", "1") == "0" or len(os.sched_getaffinity(0)) < 2:
        return
    paths = [os.path.join(folder, "_mlir" + _SUFFIX) for folder in _mlir_folders()]
    paths.append(os.path.join(os.path.dirname(_native.__file__), "_compiler" + _SUFFIX))
    _native.load_ahead([path for path in paths if os.path.exists(path)], _FLAGS)


class Lazy:
    """Stands for a module until one of its names is asked for; then it has them all."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        with signals_wait(), own_symbols():
            module = importlib.import_module(self._name)
        names = {k: v for k, v in vars(module).items() if not k.startswith("__")}
        self.__dict__.update(names)
        return getattr(module, attribute)


def library_paths() -> list:
    """The files of the compiler: what it makes of a module depends on them. Nothing is loaded to find them."""
    places = [(os.path.dirname(_native.__file__), "_compiler."), *((f, "libMLIRPythonCAPI") for f in _mlir_folders())]
    found = [os.path.join(f, name) for f, start in places for name in sorted(os.listdir(f)) if name.startswith(start)]
    # Only where MLIR has an LLVM of its own.
    others = [os.path.join(f, *_LLVM) for f in _mlir_folders()]
    return found + [path for path in others if os.path.exists(path)]


mlir = Lazy("mlir.ir")
passmanager = Lazy("mlir.passmanager")
bindings = Lazy("mlir._mlir_libs._mlir")
libraries = Lazy("mlir._mlir_libs")
compiler = Lazy("tfc._compiler")

load_ahead()
