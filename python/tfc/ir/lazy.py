"""MLIR's Python package, loaded at first use: `import tfc` stays fast and free of LLVM."""

import contextlib
import importlib
import os
import sys


@contextlib.contextmanager
def own_symbols():
    """Libraries loaded here find their own LLVM before anybody else's.

    Some packages load an LLVM of another version with all its symbols visible to the whole process; without
    RTLD_DEEPBIND,
    the dynamic linker would mix the two.
    """
    before = sys.getdlopenflags()
    sys.setdlopenflags(os.RTLD_NOW | os.RTLD_LOCAL | getattr(os, "RTLD_DEEPBIND", 0))
    try:
        yield
    finally:
        sys.setdlopenflags(before)


class Lazy:
    """Stands for a module until one of its names is asked for; then it has them all."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        with own_symbols():
            module = importlib.import_module(self._name)
        names = {k: v for k, v in vars(module).items() if not k.startswith("__")}
        self.__dict__.update(names)
        return getattr(module, attribute)


def library_paths() -> list:
    """The files of the compiler: what it makes of a module depends on them."""
    with own_symbols():
        ours = importlib.import_module("tfc._compiler").__file__
        package = os.path.dirname(importlib.import_module("mlir._mlir_libs").__file__)
    names = sorted(name for name in os.listdir(package) if name.startswith("libMLIRPythonCAPI"))
    return [ours, *(os.path.join(package, name) for name in names)]


mlir = Lazy("mlir.ir")
passmanager = Lazy("mlir.passmanager")
bindings = Lazy("mlir._mlir_libs._mlir")
compiler = Lazy("tfc._compiler")
