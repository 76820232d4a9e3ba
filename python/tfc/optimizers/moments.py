"""Optimizers that follow running means of the gradient: Adam and its relatives."""

from tfc.dtypes import float32
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.math import abs as absolute
from tfc.ops.math import maximum, sign, sqrt, square
from tfc.optimizers.optimizer import Optimizer, dense


def _steps(optimizer, variable, more):
    """The number of this step (or a later one) in the variable's dtype."""
    return p.cast(convert_to_tensor(optimizer.iterations + more), dtype=variable.dtype)


class _Moments(Optimizer):
    """Slots for the mean and the spread of gradients, with decay rates `beta_1` and `beta_2`."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def _mean(self, slots, g, variable):
        m = self._slot(slots, variable)
        m.assign_add((g - m) * (1 - self.beta_1))
        return m

    def _spread(self, slots, g, variable):
        v = self._slot(slots, variable)
        v.assign_add((square(g) - v) * (1 - self.beta_2))
        return v

    def _power(self, base, variable, more=1):
        return convert_to_tensor(base, variable.dtype) ** _steps(self, variable, more)

    def get_config(self):
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}


class Adam(_Moments):
    """w -= learning_rate * m' / (sqrt(v') + epsilon), m' and v' the unbiased means of g and g**2.

    `epsilon` is the paper's "epsilon hat". With `amsgrad`, v never falls.
    Source: Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015; Reddi et al., "On the convergence of
    Adam and beyond", ICLR 2018.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, **kwargs):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        self.amsgrad = amsgrad

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        if self.amsgrad:
            self._velocity_hats = self.add_optimizer_variables(variables, "velocity_hat")

    def update_step(self, gradient, variable, learning_rate):
        g = dense(gradient)
        unbias = sqrt(1 - self._power(self.beta_2, variable)) / (1 - self._power(self.beta_1, variable))
        m = self._mean(self._momentums, g, variable)
        v = self._spread(self._velocities, g, variable)
        if self.amsgrad:
            greatest = self._slot(self._velocity_hats, variable)
            greatest.assign(maximum(greatest, v))
            v = greatest
        variable.assign_sub(m * (learning_rate * unbias) / (sqrt(v) + self.epsilon))

    def get_config(self):
        return {**super().get_config(), "amsgrad": self.amsgrad}


class AdamW(Adam):
    """Adam with decoupled weight decay.

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    def __init__(
        self, learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, **kwargs
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **kwargs)
        if self.weight_decay is None:
            raise ValueError("Argument `weight_decay` must be a float. Received: weight_decay=None")


class Adamax(_Moments):
    """Adam with the largest gradient, decayed, instead of the root of the mean square.

    Source: Kingma and Ba, section 7.1.
    """

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._m, self._u = self.add_optimizer_variables(variables, ["momentum", "norm"])

    def update_step(self, gradient, variable, learning_rate):
        g = dense(gradient)
        m = self._mean(self._m, g, variable)
        u = self._slot(self._u, variable)
        u.assign(maximum(u * self.beta_2, absolute(g)))
        variable.assign_sub(m * learning_rate / ((1 - self._power(self.beta_1, variable)) * (u + self.epsilon)))


class Nadam(_Moments):
    """Adam with Nesterov's momentum.

    Source: Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016.
    """

    def build(self, variables):
        if self.built:
            return
        variables = list(variables)
        dtype = variables[0].dtype if variables else float32
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        self._u_product = self.add_variable((), "ones", dtype, name="u_product")

    def _momentum(self, variable, more):
        return self.beta_1 * (1 - 0.5 * self._power(0.96, variable, more))

    def _update_all(self, grads, variables, rate):
        self._u_product.assign(self._u_product * self._momentum(self._u_product, 1))
        super()._update_all(grads, variables, rate)

    def update_step(self, gradient, variable, learning_rate):
        g = dense(gradient)
        now, following = self._momentum(variable, 1), self._momentum(variable, 2)
        product = convert_to_tensor(self._u_product)
        product = product if product.dtype is variable.dtype else p.cast(product, dtype=variable.dtype)
        m = self._mean(self._momentums, g, variable)
        v = self._spread(self._velocities, g, variable)
        mean = following * m / (1 - product * following) + (1 - now) * g / (1 - product)
        spread = v / (1 - self._power(self.beta_2, variable))
        variable.assign_sub(mean * learning_rate / (sqrt(spread) + self.epsilon))


class Lion(Optimizer):
    """w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g).

    Source: Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.99, **kwargs):
        super().__init__(learning_rate, **kwargs)
        if not 0 < beta_1 <= 1:
            raise ValueError(f"Argument `beta_1` must be in the [0, 1] range. Received: beta_1={beta_1}")
        self.beta_1, self.beta_2 = beta_1, beta_2

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate):
        g = dense(gradient)
        m = self._slot(self._momentums, variable)
        variable.assign_sub(learning_rate * sign(m * self.beta_1 + g * (1 - self.beta_1)))
        m.assign(m * self.beta_2 + g * (1 - self.beta_2))

    def get_config(self):
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2}
