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


mlir = Lazy("mlir.ir")
passmanager = Lazy("mlir.passmanager")
bindings = Lazy("mlir._mlir_libs._mlir")
compiler = Lazy("tfc._compiler")
