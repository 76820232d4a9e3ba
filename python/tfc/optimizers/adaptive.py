"""Optimizers that scale each element by the size of its gradients so far."""

from tfc.ops.clip import clip_by_value
from tfc.ops.math import rsqrt, sqrt, square
from tfc.optimizers.optimizer import Optimizer, dense


class RMSprop(Optimizer):
    """w -= learning_rate * g / sqrt(v + epsilon), v a running mean of g**2 (about the mean of g if `centered`).

    Source: Tieleman and Hinton, "Lecture 6.5: rmsprop", 2012.
    """

    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        self._momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum > 0 else []
        self._average_gradients = self.add_optimizer_variables(variables, "average_gradient") if self.centered else []

    def update_step(self, gradient, variable, learning_rate):
        g = dense(gradient)
        velocity = self._slot(self._velocities, variable)
        velocity.assign(velocity * self.rho + square(g) * (1 - self.rho))
        spread = velocity
        if self.centered:
            average = self._slot(self._average_gradients, variable)
            average.assign(average * self.rho + g * (1 - self.rho))
            spread = velocity - square(average)
        step = g * learning_rate * rsqrt(spread + self.epsilon)
        if self.momentum > 0:
            momentum = self._slot(self._momentums, variable)
            momentum.assign(momentum * self.momentum + step)
            step = momentum
        variable.assign_sub(step)

    def get_config(self):
        return {
            **super().get_config(), "rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon,
            "centered": self.centered,
        }  # fmt: skip


class Adagrad(Optimizer):
    """w -= learning_rate * g / sqrt(a + epsilon), a the sum of g**2.

    Source: Duchi et al., "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 2011.
    """

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._accumulators = self.add_optimizer_variables(variables, "accumulator", self.initial_accumulator_value)

    def update_step(self, gradient, variable, learning_rate):
        g = dense(gradient)
        accumulator = self._slot(self._accumulators, variable)
        accumulator.assign_add(square(g))
        variable.assign_sub(learning_rate * g / sqrt(accumulator + self.epsilon))

    def get_config(self):
        return {
            **super().get_config(), "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }  # fmt: skip


class Adadelta(Optimizer):
    """Steps as large as earlier ones were, relative to the gradients.

    Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012.
    """

    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-7, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.rho, self.epsilon = rho, epsilon

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._accumulated_grads, self._accumulated_deltas = self.add_optimizer_variables(
            variables, ["accumulated_grad", "accumulated_delta_var"]
        )

    def update_step(self, gradient, variable, learning_rate):
        g = dense(gradient)
        gradients, deltas = (
            self._slot(slots, variable) for slots in (self._accumulated_grads, self._accumulated_deltas)
        )
        gradients.assign(gradients * self.rho + square(g) * (1 - self.rho))
        delta = sqrt(deltas + self.epsilon) * g / sqrt(gradients + self.epsilon)
        deltas.assign(deltas * self.rho + square(delta) * (1 - self.rho))
        variable.assign_sub(learning_rate * delta)

    def get_config(self):
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}


class Ftrl(Optimizer):
    """Follow the regularized leader, with L1 and L2 regularization.

    Source: McMahan et al., "Ad click prediction: a view from the trenches", KDD 2013.
    """

    def __init__(
        self,
        learning_rate=0.001,
        learning_rate_power=-0.5,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        l2_shrinkage_regularization_strength=0.0,
        beta=0.0,
        **kwargs,
    ):
        super().__init__(learning_rate, **kwargs)
        bounded = {
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
        }
        for name, value in bounded.items():
            if value < 0:
                raise ValueError(f"`{name}` needs to be positive or zero. Received: {name}={value}.")
        if learning_rate_power > 0:
            raise ValueError(
                "`learning_rate_power` needs to be negative or zero. Received: "
                f"learning_rate_power={learning_rate_power}."
            )
        self.learning_rate_power, self.beta = learning_rate_power, beta
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._accumulators, self._linears = self.add_optimizer_variables(
            variables, ["accumulator", "linear"], [self.initial_accumulator_value, "zeros"]
        )

    def update_step(self, gradient, variable, learning_rate):
        g = dense(gradient)
        accumulator, linear = (self._slot(slots, variable) for slots in (self._accumulators, self._linears))
        power, l1 = -self.learning_rate_power, self.l1_regularization_strength
        shrunk = g + (2 * self.l2_shrinkage_regularization_strength) * variable
        total = accumulator + square(g)
        sigma = (total**power - accumulator**power) / learning_rate
        linear.assign_add(shrunk - sigma * variable)
        l2 = self.l2_regularization_strength + self.beta / (2.0 * learning_rate)
        quadratic = total**power / learning_rate + 2 * l2
        variable.assign((clip_by_value(linear, -l1, l1) - linear) / quadratic)
        accumulator.assign(total)

    def get_config(self):
        return {
            **super().get_config(),
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }
