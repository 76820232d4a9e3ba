"""Settings: optional features, what `set_loop_options` takes, and how much autograph says about its work."""

import enum
import logging
import os
from dataclasses import dataclass

logger = logging.getLogger("tfc.autograph")


class Feature(enum.Enum):
    """Optional conversions (`tf.autograph.experimental.Feature`)."""

    ALL = "ALL"
    AUTO_CONTROL_DEPS = "AUTO_CONTROL_DEPS"
    ASSERT_STATEMENTS = "ASSERT_STATEMENTS"
    BUILTIN_FUNCTIONS = "BUILTIN_FUNCTIONS"
    EQUALITY_OPERATORS = "EQUALITY_OPERATORS"
    LISTS = "LISTS"
    NAME_SCOPES = "NAME_SCOPES"

    @classmethod
    def all(cls):
        """All features, as a tuple."""
        return tuple(cls.__members__.values())

    @classmethod
    def all_but(cls, exclude):
        """All features but these."""
        excluded = set(exclude) if isinstance(exclude, (list, tuple, set)) else {exclude}
        return tuple(set(cls.all()) - excluded - {cls.ALL})


@dataclass(frozen=True)
class Options:
    """How a function is converted. Hashable: a part of the key of the conversion cache."""

    recursive: bool = True
    features: frozenset = frozenset()  # names

    def has(self, feature: str) -> bool:
        return feature in self.features or "ALL" in self.features

    @classmethod
    def of(cls, recursive, features):
        """From public arguments: `features` is None, one Feature, or several."""
        if features is None:
            features = ()
        if isinstance(features, (Feature, str)):
            features = (features,)
        names = set()
        for feature in features:
            name = feature.value if isinstance(feature, Feature) else feature
            if name not in Feature.__members__:
                raise ValueError(
                    f"unknown autograph feature {feature!r}; one of {', '.join(Feature.__members__)} is expected"
                )
            names.add(name)
        return cls(bool(recursive), frozenset(names))


LOOP_OPTIONS = ("parallel_iterations", "swap_memory", "maximum_iterations", "shape_invariants")


def set_loop_options(parallel_iterations=None, swap_memory=None, maximum_iterations=None, shape_invariants=None):
    """Says how the loop around is to be built; must be the first statement of its body.

    Args:
      parallel_iterations, swap_memory: accepted and ignored.
      maximum_iterations: the loop ends after this many iterations.
      shape_invariants: pairs `(variable, TensorShape)`: what the variable's shape is in every iteration.

    Outside converted tensor loops the call has no effect.
    """
    del parallel_iterations, swap_memory, maximum_iterations, shape_invariants


_verbosity = [int(os.environ.get("AUTOGRAPH_VERBOSITY", 0)), False]


def set_verbosity(level: int, alsologtostdout: bool = False):
    """0: silent (errors and warnings always show). 1: which functions are converted. 3 and more: the code
    that was made.
    """
    _verbosity[:] = [int(level), bool(alsologtostdout)]


def verbosity() -> int:
    """What `set_verbosity` was told."""
    return _verbosity[0]


def log(level: int, message: str, *args):
    """A log message for users who set the verbosity to `level` or more."""
    if _verbosity[0] >= level:
        logger.log(logging.INFO, message, *args)
        if _verbosity[1]:
            print(message % args)


def trace(*args):
    """Prints its arguments, at trace time where the code is being traced."""
    print(*args)
