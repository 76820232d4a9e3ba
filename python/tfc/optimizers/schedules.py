"""Learning rates as functions of the number of steps (`tf.optimizers.schedules`)."""

import math

from tfc.dtypes import float32
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, operand
from tfc.ops.gather import where
from tfc.ops.math import ceil, cos, floor, minimum
from tfc.ops.math import log as logarithm
from tfc.ops.refused import guard_class as _guard_class


class LearningRateSchedule:
    """Base of schedules: `schedule(step)` is the learning rate at a step."""

    def __call__(self, step):
        raise NotImplementedError(
            f"Learning rate schedule '{type(self).__name__}' must override `__call__(self, step)`."
        )

    def get_config(self) -> dict:
        raise NotImplementedError(
            f"Learning rate schedule '{type(self).__name__}' must override `get_config()` in order to be serializable."
        )

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    @staticmethod
    def restore(data, custom_objects=None) -> "LearningRateSchedule":
        """The schedule of `{"class_name", "config"}`."""
        known = {cls.__name__: cls for cls in LearningRateSchedule.__subclasses__()}
        cls = {**known, **(custom_objects or {})}.get(data["class_name"])
        if cls is None:
            raise ValueError(f"Unknown learning rate schedule {data['class_name']!r}: known are {sorted(known)}")
        return cls.from_config(data["config"])


def _float(value, dtype=float32):
    x = convert_to_tensor(value)
    return x if x.dtype is dtype else p.cast(x, dtype=dtype)


def _start(value):
    x = operand("schedule", value, "iuf")
    return x if x.dtype.is_floating else p.cast(x, dtype=float32)


class ExponentialDecay(LearningRateSchedule):
    """initial * decay_rate ** (step / decay_steps); in steps of `decay_steps` if `staircase`."""

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="ExponentialDecay"):
        self.initial_learning_rate, self.decay_steps, self.decay_rate = initial_learning_rate, decay_steps, decay_rate
        self.staircase, self.name = staircase, name
        if decay_steps <= 0:
            raise ValueError(f"Argument `decay_steps` must be > 0. Received: decay_steps={decay_steps}")

    def __call__(self, step):
        start = _start(self.initial_learning_rate)
        part = _float(step, start.dtype) / _float(self.decay_steps, start.dtype)
        part = floor(part) if self.staircase else part
        return start * _float(self.decay_rate, start.dtype) ** part

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate, "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate, "staircase": self.staircase, "name": self.name,
        }  # fmt: skip


class InverseTimeDecay(LearningRateSchedule):
    """initial / (1 + decay_rate * step / decay_steps); in steps of `decay_steps` if `staircase`."""

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="InverseTimeDecay"):
        self.initial_learning_rate, self.decay_steps, self.decay_rate = initial_learning_rate, decay_steps, decay_rate
        self.staircase, self.name = staircase, name
        if decay_steps <= 0:
            raise ValueError(f"Argument `decay_steps` must be > 0. Received: decay_steps={decay_steps}")

    def __call__(self, step):
        start = _start(self.initial_learning_rate)
        part = _float(step, start.dtype) / _float(self.decay_steps, start.dtype)
        part = floor(part) if self.staircase else part
        return start / (1 + _float(self.decay_rate, start.dtype) * part)

    get_config = ExponentialDecay.get_config


class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[i]` from after step `boundaries[i - 1]` to step `boundaries[i]`, both included where they end."""

    def __init__(self, boundaries, values, name="PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "The length of boundaries should be 1 less than the length of values. Received: "
                f"boundaries={boundaries} of length {len(boundaries)}, and values={values} of length {len(values)}."
            )
        self.boundaries, self.values, self.name = boundaries, values, name

    def __call__(self, step):
        x = convert_to_tensor(step)
        value = _start(self.values[0])
        for boundary, following in zip(self.boundaries, self.values[1:], strict=True):
            at = convert_to_tensor(boundary)
            here = x if at.dtype is x.dtype else p.cast(x, dtype=at.dtype) if at.dtype.is_floating else x
            at = at if at.dtype is here.dtype else p.cast(at, dtype=here.dtype)
            value = where(p.greater(here, at), _float(following, value.dtype), value)
        return value

    def get_config(self):
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}


class PolynomialDecay(LearningRateSchedule):
    """From initial to end over `decay_steps`, by a power of what is left; again and again longer if `cycle`."""

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        end_learning_rate=0.0001,
        power=1.0,
        cycle=False,
        name="PolynomialDecay",
    ):
        self.initial_learning_rate, self.decay_steps = initial_learning_rate, decay_steps
        self.end_learning_rate, self.power, self.cycle, self.name = end_learning_rate, power, cycle, name
        if decay_steps <= 0:
            raise ValueError(f"Argument `decay_steps` must be > 0. Received: decay_steps={decay_steps}")

    def __call__(self, step):
        start = _start(self.initial_learning_rate)
        end, power = _float(self.end_learning_rate, start.dtype), _float(self.power, start.dtype)
        now, steps = _float(step, start.dtype), _float(self.decay_steps, start.dtype)
        if self.cycle:
            # A whole number of times, at least once.
            steps = steps * where(p.equal(now, _float(0.0, now.dtype)), _float(1.0, now.dtype), ceil(now / steps))
        else:
            now = minimum(now, steps)
        return (start - end) * (1 - now / steps) ** power + end

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate, "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate, "power": self.power, "cycle": self.cycle, "name": self.name,
        }  # fmt: skip


class CosineDecay(LearningRateSchedule):
    """Half a cosine from the initial (or, after a linear warmup, the target) learning rate to `alpha` times that.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        alpha=0.0,
        name="CosineDecay",
        warmup_target=None,
        warmup_steps=0,
    ):
        self.initial_learning_rate, self.decay_steps, self.alpha = initial_learning_rate, decay_steps, alpha
        self.name, self.warmup_target, self.warmup_steps = name, warmup_target, warmup_steps
        if decay_steps <= 0:
            raise ValueError(f"Argument `decay_steps` must be > 0. Received: decay_steps={decay_steps}")

    def _decayed(self, now, steps, start):
        cosine = 0.5 * (1.0 + cos(math.pi * (now / steps)))
        return ((1 - self.alpha) * cosine + self.alpha) * start

    def __call__(self, step):
        start = _start(self.initial_learning_rate)
        now, steps = _float(step, start.dtype), _float(self.decay_steps, start.dtype)
        if self.warmup_target is None:
            return self._decayed(minimum(now, steps), steps, start)
        target, warm = _float(self.warmup_target, start.dtype), _float(self.warmup_steps, start.dtype)
        now = minimum(now, steps + warm)
        rising = (target - start) * (now / warm) + start
        return where(p.less(now, warm), rising, self._decayed(now - warm, steps, target))

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate, "decay_steps": self.decay_steps, "alpha": self.alpha,
            "name": self.name, "warmup_target": self.warmup_target, "warmup_steps": self.warmup_steps,
        }  # fmt: skip


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decays one after the other, each `t_mul` as long as and starting at `m_mul` of the one before.

    Source: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
    """

    def __init__(
        self,
        initial_learning_rate,
        first_decay_steps,
        t_mul=2.0,
        m_mul=1.0,
        alpha=0.0,
        name="SGDRDecay",
    ):
        self.initial_learning_rate, self.first_decay_steps = initial_learning_rate, first_decay_steps
        self._t_mul, self._m_mul, self.alpha, self.name = t_mul, m_mul, alpha, name
        if first_decay_steps <= 0:
            raise ValueError(
                f"Argument `first_decay_steps` must be > 0. Received: first_decay_steps={first_decay_steps}"
            )

    def __call__(self, step):
        start = _start(self.initial_learning_rate)
        done = _float(step, start.dtype) / _float(self.first_decay_steps, start.dtype)
        factor, shrink = _float(self._t_mul, start.dtype), _float(self._m_mul, start.dtype)
        if self._t_mul == 1.0:
            restart = floor(done)
            done = done - restart
        else:
            # Lengths grow as a geometric series; the number of those that are over is its inverse.
            restart = floor(logarithm(1.0 - done * (1.0 - factor)) / logarithm(factor))
            over = (1.0 - factor**restart) / (1.0 - factor)
            done = (done - over) / factor**restart
        cosine = 0.5 * (shrink**restart) * (1.0 + cos(math.pi * done))
        return ((1 - self.alpha) * cosine + self.alpha) * start

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate, "first_decay_steps": self.first_decay_steps,
            "t_mul": self._t_mul, "m_mul": self._m_mul, "alpha": self.alpha, "name": self.name,
        }  # fmt: skip


for _schedule in LearningRateSchedule.__subclasses__():
    _guard_class(_schedule, _schedule.__name__, __name__)
