"""`tf.experimental.numpy.random`: numbers of the global generator."""

from tfc.dtypes import as_dtype, int64
from tfc.experimental.numpy.promotion import asarray, default_float
from tfc.ops import primitives as p
from tfc.ops import random as ops


def _shape(size):
    return [] if size is None else [size] if isinstance(size, int) else list(size)


def seed(s):
    """Sets the global seed."""
    ops.set_seed(int(s))


def standard_normal(size=None):
    """Normal numbers of mean 0 and deviation 1."""
    return ops.normal(_shape(size), dtype=default_float())


def randn(*args):
    """Normal numbers of a shape."""
    return standard_normal(args)


def uniform(low=0.0, high=1.0, size=None):
    """Numbers between two bounds."""
    low, high = asarray(low, default_float()), asarray(high, default_float())
    shape = (low + high).shape if size is None else _shape(size)
    return ops.uniform(shape, dtype=default_float()) * (high - low) + low


def random(size=None):
    """Numbers between 0 and 1."""
    return uniform(0.0, 1.0, () if size is None else size)


def rand(*size):
    """Numbers between 0 and 1 of a shape."""
    return uniform(0.0, 1.0, size)


def randint(low, high=None, size=None, dtype=None):
    """Integers from `low` up to `high` (from 0 up to `low`)."""
    low, high = (0, low) if high is None else (low, high)
    kind = int64 if dtype is None else as_dtype(dtype)
    return ops.uniform(_shape(size), asarray(low, kind), asarray(high, kind), kind)


def poisson(lam=1.0, size=None):
    """Numbers of events."""
    return p.cast(ops.poisson(_shape(size), asarray(lam, default_float())), dtype=int64)
