"""A call of a Python function in a trace, which may run again."""

from tfc.core import VariableStorage, standing, standing_in


class PythonCall:
    """The Python function behind a function of its own: called with what takes the places of the tensors among its
    inputs, and of all that it closes over.
    """

    def __init__(self, function, inputs: list, closure: list):
        self.function, self.inputs, self.closure = function, inputs, closure
        # What stood for others when it was traced.
        self.levels = standing()

    def __call__(self, *values):
        count = sum(not isinstance(x, VariableStorage) for x in self.inputs)
        rest = iter(values[:count])
        placed = [x if isinstance(x, VariableStorage) else next(rest) for x in self.inputs]
        here = {id(old): new for old, new in zip(self.closure, values[count:], strict=True)}
        with standing_in(here, *self.levels):
            return self.function(*placed)
