"""`tf.initializers`: first values of variables. With a seed, the numbers are those of Keras 3 and TensorFlow 2."""

import math
import random as python_random

import numpy as np

from tfc.core import Tensor
from tfc.dtypes import as_dtype, float32
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import eye, ones, zeros
from tfc.ops.decompositions import qr
from tfc.ops.diagonals import diag_part
from tfc.ops.linalg import matrix_transpose
from tfc.ops.random import normal, stateless_normal, stateless_truncated_normal, stateless_uniform, uniform
from tfc.ops.shapes import static_shape


class Initializer:
    """A function of a shape and a dtype (float32 by default) that gives a tensor. `get_config` has its arguments."""

    def __call__(self, shape, dtype=None, **kwargs) -> Tensor:
        dims = static_shape(shape)
        if dims is None or None in dims:
            raise ValueError(f"an initializer needs a shape that is known, got {shape}")
        return self._make(tuple(dims), as_dtype(dtype or float32))

    def _make(self, dims, dtype) -> Tensor:
        raise NotImplementedError("Initializer subclasses must implement the `__call__()` method.")

    def get_config(self) -> dict:
        return {}

    @classmethod
    def from_config(cls, config: dict) -> "Initializer":
        return cls(**config)

    def clone(self) -> "Initializer":
        return type(self).from_config(self.get_config())


class _Random(Initializer):
    def __init__(self, seed=None):
        self.seed = seed
        self._seed = python_random.randint(1, 10**9) if seed is None else int(seed)

    def _pair(self):
        """What stateless functions take: the same numbers at each call, as in Keras."""
        return [self._seed, 0]


def _floating(dtype, what) -> None:
    if not (dtype.is_floating or dtype.is_integer):
        raise ValueError(f"Expected float or integer dtype of {what}, got {dtype.name}.")


class Zeros(Initializer):
    """Zeros."""

    def _make(self, dims, dtype):
        return zeros(dims, dtype)


class Ones(Initializer):
    """Ones."""

    def _make(self, dims, dtype):
        return ones(dims, dtype)


class Constant(Initializer):
    """One value everywhere, or an array of the shape."""

    def __init__(self, value=0.0):
        self.value = value

    def _make(self, dims, dtype):
        value = convert_to_tensor(np.asarray(self.value), None)
        value = value if value.dtype is dtype else p.cast(value, dtype=dtype)
        size = math.prod(value.shape_tuple)
        if size > 1 and size != math.prod(dims):
            raise TypeError(f"a constant of {size} elements cannot fill a shape {list(dims)}")
        if size > 1 and size == math.prod(dims):
            return p.reshape(value, shape=dims)
        return p.broadcast_to(value, shape=dims)

    def get_config(self):
        return {"value": self.value}


class RandomNormal(_Random):
    """Normally distributed numbers."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def _make(self, dims, dtype):
        return stateless_normal(dims, self._pair(), self.mean, self.stddev, dtype)

    def get_config(self):
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class FreshNormal(RandomNormal):
    """`tf.random_normal_initializer`: without a seed, other numbers at each call."""

    def _make(self, dims, dtype):
        if self.seed is None:
            return normal(dims, self.mean, self.stddev, dtype)
        return super()._make(dims, dtype)


class TruncatedNormal(RandomNormal):
    """Normally distributed numbers at most two standard deviations from the mean."""

    def _make(self, dims, dtype):
        return stateless_truncated_normal(dims, self._pair(), self.mean, self.stddev, dtype)


class RandomUniform(_Random):
    """Uniform numbers."""

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def _make(self, dims, dtype):
        _floating(dtype, "RandomUniform")
        return stateless_uniform(dims, self._pair(), self.minval, self.maxval, dtype)

    def get_config(self):
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class FreshUniform(RandomUniform):
    """`tf.random_uniform_initializer`: without a seed, other numbers at each call."""

    def _make(self, dims, dtype):
        _floating(dtype, "RandomUniform")
        if self.seed is None:
            return uniform(dims, self.minval, self.maxval, dtype)
        return super()._make(dims, dtype)


def _fans(dims) -> tuple[float, float]:
    """How many inputs an output of a layer with such weights sees, and how many outputs an input."""
    if len(dims) < 2:
        size = dims[0] if dims else 1
        return size, size
    field = math.prod(dims[:-2])
    return dims[-2] * field, dims[-1] * field


# The standard deviation of what is left of the normal distribution within two standard deviations.
_TRUNCATED = 0.87962566103423978


class VarianceScaling(_Random):
    """Numbers of variance `scale / n`, with n by `mode`: "fan_in", "fan_out" or their mean, "fan_avg".

    `distribution`: "truncated_normal", "untruncated_normal" or "uniform".
    """

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None):
        if scale <= 0.0:
            raise ValueError(f"Argument `scale` must be positive float. Received: scale={scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"Invalid `mode` argument: {mode}. Expected one of fan_in, fan_out, fan_avg")
        distribution = distribution.lower()
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if distribution not in ("uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                f"Invalid `distribution` argument: {distribution}. Expected one of uniform, truncated_normal, "
                "untruncated_normal"
            )
        super().__init__(seed)
        self.scale, self.mode, self.distribution = scale, mode, distribution

    def _make(self, dims, dtype):
        fan_in, fan_out = _fans(dims)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "truncated_normal":
            deviation = math.sqrt(variance) / _TRUNCATED
            return stateless_truncated_normal(dims, self._pair(), 0.0, deviation, dtype)
        if self.distribution == "untruncated_normal":
            return stateless_normal(dims, self._pair(), 0.0, math.sqrt(variance), dtype)
        limit = math.sqrt(3.0 * variance)
        return stateless_uniform(dims, self._pair(), -limit, limit, dtype)

    def get_config(self):
        return {"scale": self.scale, "mode": self.mode, "distribution": self.distribution, "seed": self.seed}


class _Scaled(VarianceScaling):
    """A variance scaling of fixed arguments."""

    _arguments: tuple

    def __init__(self, seed=None):
        super().__init__(*self._arguments, seed=seed)

    def get_config(self):
        return {"seed": self.seed}


class GlorotUniform(_Scaled):
    """Uniform within sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010)."""

    _arguments = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Truncated normal of variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010)."""

    _arguments = (1.0, "fan_avg", "truncated_normal")


class LecunNormal(_Scaled):
    """Truncated normal of variance 1 / fan_in."""

    _arguments = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform within sqrt(3 / fan_in)."""

    _arguments = (1.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Truncated normal of variance 2 / fan_in (He et al., 2015)."""

    _arguments = (2.0, "fan_in", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform within sqrt(6 / fan_in) (He et al., 2015)."""

    _arguments = (2.0, "fan_in", "uniform")


class Orthogonal(_Random):
    """A matrix with orthonormal rows or columns, times `gain`; leading dimensions count as rows (Saxe et al., 2014)."""

    def __init__(self, gain=1.0, seed=None):
        super().__init__(seed)
        self.gain = gain

    def _make(self, dims, dtype):
        if len(dims) < 2:
            raise ValueError(f"The tensor to initialize must be at least two-dimensional. Received: shape={dims}")
        rows, columns = math.prod(dims[:-1]), dims[-1]
        q, r = qr(stateless_normal((max(rows, columns), min(rows, columns)), self._pair(), dtype=dtype))
        q = p.mul(q, p.sign(diag_part(r)))
        q = matrix_transpose(q) if rows < columns else q
        return p.mul(convert_to_tensor(self.gain, dtype), p.reshape(q, shape=dims))

    def get_config(self):
        return {"gain": self.gain, "seed": self.seed}


class Identity(Initializer):
    """The identity matrix times `gain`."""

    def __init__(self, gain=1.0):
        self.gain = gain

    def _make(self, dims, dtype):
        if len(dims) != 2:
            raise ValueError(f"Identity matrix initializer can only be used for 2D matrices. Received: shape={dims}")
        return p.mul(convert_to_tensor(self.gain, dtype), eye(*dims, dtype=dtype))

    def get_config(self):
        return {"gain": self.gain}


_ALL = (
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal, LecunUniform, Ones, Orthogonal,
    RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling, Zeros,
)  # fmt: skip


def _snake(name: str) -> str:
    return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))


_BY_NAME = {name: kind for kind in _ALL for name in (kind.__name__, _snake(kind.__name__))}


def get(identifier):
    """The initializer of a name ("glorot_uniform", "GlorotUniform"), a config, or the callable itself."""
    if identifier is None or callable(identifier):
        return identifier() if isinstance(identifier, type) else identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if identifier in _BY_NAME:
        return _BY_NAME[identifier]()
    raise ValueError(f"Could not interpret initializer identifier: {identifier}")


def serialize(initializer: Initializer) -> dict:
    """Class name and config."""
    return {"class_name": type(initializer).__name__, "config": initializer.get_config()}


def deserialize(config: dict) -> Initializer:
    """The initializer that `serialize` was given."""
    if config.get("class_name") not in _BY_NAME:
        raise ValueError(f"Unknown initializer: {config!r}")
    return _BY_NAME[config["class_name"]].from_config(config.get("config", {}))
