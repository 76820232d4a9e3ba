"""`tf.train.ExponentialMovingAverage`."""

from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.state.module import Module
from tfc.state.variable import Variable


class ExponentialMovingAverage(Module):
    """Keeps averages of variables: `average += (1 - decay) * (variable - average)` at each `apply`.

    With `num_updates` (a number or variable that counts steps) the decay is at most (1 + n) / (10 + n), so that early
    averages move faster. An average starts as what its variable is at the first `apply`. `zero_debias` is refused: only
    averages of tensors, in graphs of TensorFlow 1, start at zero.
    """

    def __init__(self, decay, num_updates=None, zero_debias=False, name="ExponentialMovingAverage"):
        super().__init__(name=name)
        if zero_debias:
            raise NotImplementedError("zero_debias is for averages of tensors, which are not supported: pass variables")
        self._decay, self._num_updates = decay, num_updates
        self._averages: dict = {}
        # What checkpoints follow, in the order in which it was made.
        self._shadows: list = []

    def apply(self, var_list=None) -> None:
        """Moves the averages of these variables on. Raises `TypeError` if one is no variable of floating numbers."""
        if var_list is None:
            raise ValueError(
                "ExponentialMovingAverage.apply needs the variables: there is no collection of all of them"
            )
        for variable in var_list:
            if not isinstance(variable, Variable):
                raise TypeError(f"averages are of variables, got {variable!r}")
            if not variable.dtype.is_floating:
                raise TypeError(
                    f"The variables must be half, float, or double: {variable.name} is {variable.dtype.name}"
                )
        for variable in var_list:
            if id(variable) not in self._averages:
                made = Variable(lambda v=variable: v.read_value(), trainable=False, name=self.average_name(variable))
                self._averages[id(variable)] = variable, made
                self._shadows = [*self._shadows, made]
            average = self._averages[id(variable)][1]
            rest = p.sub(convert_to_tensor(1, variable.dtype), self._rate(variable.dtype))
            average.assign_sub(p.mul(p.sub(average.read_value(), variable.read_value()), rest))

    def _rate(self, dtype):
        decay = p.cast(convert_to_tensor(self._decay), dtype=dtype)
        if self._num_updates is None:
            return decay
        n = p.cast(convert_to_tensor(self._num_updates), dtype=dtype)
        early = p.div(p.add(n, convert_to_tensor(1, dtype)), p.add(n, convert_to_tensor(10, dtype)))
        return p.minimum(decay, early)

    def average(self, var):
        """The variable that holds the average of `var`; None if there is none."""
        return self._averages[id(var)][1] if id(var) in self._averages else None

    def average_name(self, var) -> str:
        """The name of the average of `var`."""
        return f"{var.name.removesuffix(':0')}/{self.name}"

    def variables_to_restore(self, moving_avg_variables=None) -> dict:
        """Variables by the names from which to restore them: those of the averages, where there are some."""
        chosen = list(moving_avg_variables or ()) or [variable for variable, _ in self._averages.values()]
        return {self.average_name(v) if id(v) in self._averages else v.name.removesuffix(":0"): v for v in chosen}
