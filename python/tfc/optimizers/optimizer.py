"""What optimizers share: slots, clipping, weight decay, averages, accumulation of gradients."""

import re
import warnings

import numpy as np

from tfc.autodiff import GradientTape
from tfc.core import Tensor, VariableStorage
from tfc.dtypes import as_dtype, float32, int64
from tfc.ops import primitives as p
from tfc.ops.array import identity
from tfc.ops.clip import clip_by_global_norm, clip_by_norm, clip_by_value
from tfc.ops.control_flow import cond
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import fill
from tfc.ops.indexed_slices import IndexedSlices
from tfc.optimizers.schedules import LearningRateSchedule
from tfc.state import Trackable, Variable

_counts: dict[str, int] = {}


def _unique_name(cls) -> str:
    base = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
    count = _counts.get(base, 0)
    _counts[base] = count + 1
    return f"{base}_{count}" if count else base


class Optimizer(Trackable):
    """Base of optimizers. A subclass makes its slots in `build` and updates one variable in `update_step`.

    `learning_rate`: a float, a schedule, or a function of no arguments. `weight_decay`: this share of each variable,
    times the learning rate, is taken off before each step. At most one of `clipnorm` (of each gradient), `clipvalue`
    and `global_clipnorm` (of all together). `use_ema`: running averages of the variables are kept, and replace them
    every `ema_overwrite_frequency` steps, or in `finalize_variable_values`. `gradient_accumulation_steps`: that many
    calls are averaged for one step. `loss_scale_factor`: gradients are divided by it.

    Slots are made at the first use, also while a function is traced for the first time. Compiled updates happen in
    place.
    """

    def __init__(
        self,
        learning_rate,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        use_ema=False,
        ema_momentum=0.99,
        ema_overwrite_frequency=None,
        loss_scale_factor=None,
        gradient_accumulation_steps=None,
        name=None,
        **kwargs,
    ):
        if kwargs:
            raise ValueError(f"Argument(s) not recognized: {kwargs}")
        if sum(a is not None for a in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ValueError(
                "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: "
                f"clipnorm={clipnorm}, clipvalue={clipvalue}, global_clipnorm={global_clipnorm}"
            )
        if gradient_accumulation_steps and gradient_accumulation_steps < 2:
            raise ValueError(
                "`gradient_accumulation_steps` must be an integer >= 2. Received: "
                f"gradient_accumulation_steps={gradient_accumulation_steps}"
            )
        if use_ema and not 0 <= ema_momentum <= 1:
            raise ValueError(f"`ema_momentum` must be in the range [0, 1]. Received: ema_momentum={ema_momentum}")
        if use_ema and ema_overwrite_frequency is not None and ema_overwrite_frequency < 1:
            raise ValueError(
                "`ema_overwrite_frequency` must be an integer >= 1 or None. Received: "
                f"ema_overwrite_frequency={ema_overwrite_frequency}"
            )
        self.name = name or _unique_name(type(self))
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum = use_ema, ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.built = False
        self._variables: list = []
        self._trainable_variables: list = []
        self._index: dict[int, int] = {}
        self._undecayed: set[int] = set()
        self._undecayed_names: tuple = ()
        self._iterations = self.add_variable((), dtype=int64, name="iteration")
        if callable(learning_rate) and not isinstance(learning_rate, (Tensor, VariableStorage)):
            self._learning_rate = learning_rate
        else:
            self._learning_rate = self.add_variable(
                (), initializer=_rate(learning_rate), dtype=float32, name="learning_rate"
            )

    # State.

    def _trackable_children(self) -> dict:
        """What a checkpoint holds: the variables in the order in which they were made."""
        return {"_variables": self._variables}

    @property
    def iterations(self):
        """How many steps were done, int64."""
        if self.gradient_accumulation_steps:
            return self._iterations // self.gradient_accumulation_steps
        return self._iterations

    @property
    def variables(self) -> list:
        """The state: number of steps, learning rate, slots."""
        return list(self._variables)

    @property
    def learning_rate(self):
        """The learning rate: a variable, or the schedule's value now."""
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            return rate(self.iterations)
        return rate if isinstance(rate, VariableStorage) else rate()

    @learning_rate.setter
    def learning_rate(self, value):
        if callable(value) and not isinstance(value, (Tensor, VariableStorage)):
            if isinstance(self._learning_rate, VariableStorage):
                self._variables = [v for v in self._variables if v is not self._learning_rate]
            self._learning_rate = value
        elif isinstance(self._learning_rate, VariableStorage):
            self._learning_rate.assign(_rate(value))
        else:
            raise TypeError(
                "This optimizer was created with a `LearningRateSchedule` object as its `learning_rate` constructor "
                "argument, hence its learning rate is not settable. If you need the learning rate to be settable, you "
                "should instantiate the optimizer with a float `learning_rate` argument."
            )

    def add_variable(self, shape, initializer="zeros", dtype=None, aggregation=None, layout=None, name=None):
        """A variable of the optimizer; `initializer` is "zeros", "ones", a number, or a function of shape and dtype."""
        dtype = as_dtype(dtype or float32)
        value = {"zeros": 0, "ones": 1}.get(initializer, initializer) if isinstance(initializer, str) else initializer
        dims = tuple(shape)

        def initial():
            if callable(value) and not isinstance(value, (Tensor, VariableStorage)):
                return convert_to_tensor(value(dims, dtype), dtype)
            return fill(dims, convert_to_tensor(np.asarray(value, dtype.np_dtype)))

        variable = Variable(initial, trainable=False, dtype=dtype, name=f"{self.name}/{name or 'variable'}")
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(self, reference_variable, name=None, initializer="zeros"):
        """A slot: a variable like `reference_variable`."""
        reference = str(reference_variable.name).replace("/", "_").replace(":", "_")
        return self.add_variable(
            reference_variable.shape_tuple, initializer, reference_variable.dtype, name=f"{reference}_{name or 'var'}"
        )

    def add_optimizer_variables(self, trainable_variables, name, initializer="zeros"):
        """A slot of each name for each variable: a list, or a tuple of lists for several names."""
        names = [name] if isinstance(name, str) else list(name)
        starts = list(initializer) if isinstance(initializer, (list, tuple)) else [initializer] * len(names)
        if len(names) != len(starts):
            raise ValueError(
                "The number of provided names must match the number of provided initializers. Received "
                f"name={name!r}, initializer={initializer!r}"
            )
        slots = tuple([] for _ in names)
        for variable in trainable_variables:
            for made, each, start in zip(slots, names, starts, strict=True):
                made.append(self.add_variable_from_reference(variable, each, start))
        return slots[0] if isinstance(name, str) else slots

    def build(self, variables) -> None:
        """Makes the slots for these variables."""
        variables = list(variables)
        for variable in variables:
            if variable.shape_tuple is None or None in variable.shape_tuple:
                raise ValueError(f"An optimizer needs variables of known shape, got {variable!r}")
        if self.use_ema:
            self._averages = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulated = self.add_optimizer_variables(variables, "gradient_accumulator")
        self._index = {id(v): i for i, v in enumerate(variables)}
        self._trainable_variables = variables
        self.built = True

    def _slot(self, slots, variable):
        return slots[self._index[id(variable)]]

    def _get_variable_index(self, variable) -> int:
        return self._index[id(variable)]

    def assign(self, variable, value) -> None:
        variable.assign(value)

    def assign_add(self, variable, value) -> None:
        variable.assign_add(value)

    def assign_sub(self, variable, value) -> None:
        variable.assign_sub(value)

    # Steps.

    def update_step(self, gradient, variable, learning_rate) -> None:
        """Updates one variable; subclasses implement it."""
        raise NotImplementedError(f"{type(self).__name__} has no update_step")

    def apply_gradients(self, grads_and_vars):
        """One step from (gradient, variable) pairs, but those without gradient; returns the number of steps."""
        pairs = list(grads_and_vars)
        if not pairs:
            raise ValueError("No gradients provided for any variable: apply_gradients got an empty list.")
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def apply(self, grads, trainable_variables=None) -> None:
        """One step. Without `trainable_variables`, gradients are those of the variables the optimizer was built for."""
        grads = list(grads)
        if not grads:
            return
        variables = self._known(grads, trainable_variables)
        pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
        if not pairs:
            raise ValueError("No gradients provided for any variable.")
        if len(pairs) < len(grads):
            missing = [v.name for g, v in zip(grads, variables, strict=True) if g is None]
            warnings.warn(f"Gradients do not exist for variables {missing} when minimizing the loss.", stacklevel=3)
        grads = [_gradient(g, v) for g, v in pairs]
        variables = [v for _, v in pairs]
        if self.loss_scale_factor is not None:
            grads = [_scaled(g, 1 / self.loss_scale_factor) for g in grads]
        if self.gradient_accumulation_steps:
            self._accumulate(grads, variables)
        else:
            self._step(grads, variables)
        if self.use_ema:
            self._update_averages()
        for variable in variables:
            if getattr(variable, "constraint", None) is not None:
                variable.assign(variable.constraint(variable))
        self._iterations.assign_add(1)

    def _known(self, grads, variables) -> list:
        if variables is None:
            if not self.built:
                raise ValueError(
                    "When passing `grads` without `variables`, the optimizer must already be built on a list of "
                    "variables. Call `optimizer.build(trainable_variables)` first."
                )
            if len(grads) != len(self._trainable_variables):
                raise ValueError(
                    f"Received a list of {len(grads)} gradients, but the optimizer is tracking "
                    f"{len(self._trainable_variables)} trainable variables."
                )
            return self._trainable_variables
        variables = list(variables)
        if not self.built:
            self.build(variables)
        for variable in variables:
            if id(variable) not in self._index:
                raise ValueError(
                    f"Unknown variable: {variable!r}. This optimizer can only be called for the variables it was "
                    "originally built with. When working with a new set of variables, you should recreate a new "
                    "optimizer instance."
                )
        return variables

    def _step(self, grads, variables) -> None:
        grads = self._clip(grads)
        self._decay_weights(variables)
        rate = convert_to_tensor(self.learning_rate)
        self._update_all(grads, variables, rate)

    def _update_all(self, grads, variables, rate) -> None:
        for g, v in zip(grads, variables, strict=True):
            self.update_step(g, v, rate if rate.dtype is v.dtype else p.cast(rate, dtype=v.dtype))

    def _clip(self, grads) -> list:
        if self.clipnorm is None and self.clipvalue is None and self.global_clipnorm is None:
            return grads
        dense = [convert_to_tensor(g) for g in grads]
        if self.clipnorm is not None and self.clipnorm > 0:
            return [clip_by_norm(g, self.clipnorm) for g in dense]
        if self.global_clipnorm is not None and self.global_clipnorm > 0:
            return clip_by_global_norm(dense, self.global_clipnorm)[0]
        if self.clipvalue is not None and self.clipvalue > 0:
            return [clip_by_value(g, -self.clipvalue, self.clipvalue) for g in dense]
        return dense

    def _accumulate(self, grads, variables) -> None:
        sums = [self._slot(self._accumulated, v) for v in variables]
        totals = [convert_to_tensor(g) + s for g, s in zip(grads, sums, strict=True)]
        steps = self.gradient_accumulation_steps

        def step():
            self._step([t / steps for t in totals], variables)
            for each in sums:
                each.assign(fill(each.shape_tuple, convert_to_tensor(0, each.dtype)))

        def keep():
            for each, total in zip(sums, totals, strict=True):
                each.assign(total)

        cond((self._iterations + 1) % steps == 0, step, keep)

    # Weight decay.

    def exclude_from_weight_decay(self, var_list=None, var_names=None) -> None:
        """Variables (or patterns of names) that do not decay. Before the optimizer is built."""
        if self.built:
            raise ValueError("`exclude_from_weight_decay()` can only be configured before the optimizer is built.")
        self._undecayed = {id(v) for v in var_list or ()}
        self._undecayed_names = tuple(var_names or ())

    def _decays(self, variable) -> bool:
        return id(variable) not in self._undecayed and not any(
            re.search(pattern, variable.name) for pattern in self._undecayed_names
        )

    def _decay_weights(self, variables) -> None:
        if self.weight_decay is None:
            return
        rate = convert_to_tensor(self.learning_rate)
        for variable in variables:
            if self._decays(variable):
                own = rate if rate.dtype is variable.dtype else p.cast(rate, dtype=variable.dtype)
                variable.assign_sub(variable * (own * self.weight_decay))

    # Averages.

    def _update_averages(self) -> None:
        for variable, average in zip(self._trainable_variables, self._averages, strict=True):
            # The first average is the variable itself.
            first = p.cast(p.not_equal(convert_to_tensor(self.iterations), _int64(0)), dtype=variable.dtype)
            momentum = first * self.ema_momentum
            average.assign(momentum * average + (1 - momentum) * variable)
        if self.ema_overwrite_frequency:
            due = (self.iterations + 1) % self.ema_overwrite_frequency == 0
            cond(due, lambda: self._overwrite(self._trainable_variables), lambda: None)

    def _overwrite(self, variables) -> None:
        for variable in variables:
            variable.assign(self._slot(self._averages, variable))

    def finalize_variable_values(self, var_list) -> None:
        """With `use_ema`, sets the variables to their averages."""
        if self.use_ema:
            self._overwrite(list(var_list))

    # Beside steps.

    def scale_loss(self, loss):
        """The loss times `loss_scale_factor`."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def minimize(self, loss, var_list, grad_loss=None, name=None, tape=None):
        """One step that lowers `loss`: a function of no arguments, or a tensor with the `tape` that saw it."""
        if not callable(loss) and tape is None:
            raise ValueError("`tape` is required when a `Tensor` loss is passed.")
        tape = GradientTape() if tape is None else tape
        if callable(loss):
            with tape:
                if not callable(var_list):
                    tape.watch(list(var_list))
                loss = loss()
                variables = list(var_list() if callable(var_list) else var_list)
        else:
            variables = list(var_list() if callable(var_list) else var_list)
        return self.apply_gradients(zip(tape.gradient(loss, variables, grad_loss), variables, strict=True))

    def set_weights(self, weights) -> None:
        """Sets all variables of the optimizer, in their order."""
        if not self.built:
            raise ValueError(
                "You are calling `set_weights()` on an optimizer that has not yet been built. Please call "
                "`optimizer.build(trainable_variables)` to create the optimizer weights before calling `set_weights()`."
            )
        for variable, weight in zip(self._variables, weights, strict=True):
            variable.assign(weight)

    def save_own_variables(self, store) -> None:
        for i, variable in enumerate(self._variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store) -> None:
        if len(store) != len(self._variables):
            raise ValueError(
                f"Skipping variable loading for optimizer '{self.name}', because it has {len(self._variables)} "
                f"variables whereas the saved optimizer has {len(store)} variables."
            )
        for i, variable in enumerate(self._variables):
            variable.assign(store[str(i)])

    def get_config(self) -> dict:
        """The arguments that make such an optimizer again (`from_config`)."""
        rate = self._learning_rate
        if isinstance(rate, VariableStorage):
            rate = float(rate.numpy())
        elif isinstance(rate, LearningRateSchedule):
            rate = {"class_name": type(rate).__name__, "config": rate.get_config()}
        return {
            "name": self.name,
            "learning_rate": rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = LearningRateSchedule.restore(config["learning_rate"], custom_objects)
        return cls(**config)

    def __repr__(self):
        return f"<tf.optimizers.{type(self).__name__} {self.name!r}>"


def _rate(value):
    if isinstance(value, (Tensor, VariableStorage)):
        return identity(value)
    if not isinstance(value, (int, float, np.number)) or isinstance(value, bool):
        raise ValueError(
            "Argument `learning_rate` should be float, or an instance of LearningRateSchedule, or a callable that "
            f"returns the learning rate. Received instead: learning_rate={value!r}"
        )
    return float(value)


def _int64(value) -> Tensor:
    return p.constant(value=np.array(value, np.int64))


def _gradient(g, variable):
    """A gradient of the variable's dtype. `IndexedSlices` stay, with the shape of the variable."""
    if isinstance(g, IndexedSlices):
        values = g.values if g.dtype is variable.dtype else p.cast(g.values, dtype=variable.dtype)
        return IndexedSlices(values, g.indices, np.array(variable.shape_tuple, np.int64))
    g = convert_to_tensor(g)
    if g.shape_tuple is not None and len(g.shape_tuple) != len(variable.shape_tuple):
        raise ValueError(f"The gradient of {variable.name} has shape {g.shape}, the variable {variable.shape}")
    return g if g.dtype is variable.dtype else p.cast(g, dtype=variable.dtype)


def _scaled(g, factor):
    if isinstance(g, IndexedSlices):
        return IndexedSlices(g.values * factor, g.indices, g.dense_shape)
    return g * factor


def dense(g) -> Tensor:
    """A gradient as a tensor; slices that are named twice are added."""
    return convert_to_tensor(g)
