"""Gradient descent, with momentum."""

from tfc.ops.indexed_slices import IndexedSlices
from tfc.optimizers.optimizer import Optimizer, dense


class SGD(Optimizer):
    """v = momentum * v - learning_rate * g; w = w + v (with `nesterov`: w + momentum * v - learning_rate * g).

    Without momentum w = w - learning_rate * g, and `IndexedSlices` change only the slices they name.
    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.
    """

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, weight_decay=None, **kwargs):
        super().__init__(learning_rate, weight_decay=weight_decay, **kwargs)
        if not isinstance(momentum, (int, float)) or not 0 <= momentum <= 1:
            raise ValueError("`momentum` must be a float between [0, 1].")
        self.momentum, self.nesterov = momentum, nesterov

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum else []

    def update_step(self, gradient, variable, learning_rate):
        if not self.momentum:
            if isinstance(gradient, IndexedSlices):
                variable.scatter_sub(IndexedSlices(gradient.values * learning_rate, gradient.indices))
            else:
                variable.assign_sub(gradient * learning_rate)
            return
        velocity = self._slot(self.momentums, variable)
        step = dense(gradient) * learning_rate
        velocity.assign(velocity * self.momentum - step)
        variable.assign_add(velocity * self.momentum - step if self.nesterov else velocity)

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
