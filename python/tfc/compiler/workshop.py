"""Where modules are compiled: in the context of the process first, then in contexts that are thrown away.

A context never forgets a type or an attribute. A function that is compiled for thousands of shapes would fill one with
what each shape had of its own, so that after a number of compilations they move to a context that is replaced.
"""

from tfc.ir import mlir, module_bytecode, new_context

# Compilations in the context of the process (most programs have no more), and in each one after that.
_FIRST, _EACH = 64, 64


class _Workshop:
    def __init__(self):
        self.count = 0
        self.context = None

    def place(self, module):
        """The module, or a copy in a context that will not last. Called under the lock."""
        self.count += 1
        if self.count <= _FIRST:
            return module
        if self.context is None or (self.count - _FIRST) % _EACH == 0:
            self.context = new_context()
        with self.context:
            return mlir.Module.parse(module_bytecode(module))


_workshop = _Workshop()


def place(module):
    """A module that nobody else uses, where it may be compiled."""
    return _workshop.place(module)
