"""MLIR's Python package, loaded at first use: `import tfc` stays fast and free of LLVM."""

import importlib


class Lazy:
    """Stands for a module until one of its names is asked for; then it has them all."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        module = importlib.import_module(self._name)
        names = {k: v for k, v in vars(module).items() if not k.startswith("__")}
        self.__dict__.update(names)
        return getattr(module, attribute)


mlir = Lazy("mlir.ir")
passmanager = Lazy("mlir.passmanager")
compiler = Lazy("tfc._compiler")
