"""Small services of the top level of the API: the log, the version, the time, the name scope."""

import logging
import time
from types import SimpleNamespace

import numpy as np

from tfc.autodiff import numpy_function
from tfc.core import Tensor, argument_error
from tfc.dtypes import float64
from tfc.ops.array import identity
from tfc.ops.convert import static_value
from tfc.state import current_name_scope

__version__ = "0.1.0"

version = SimpleNamespace(VERSION=__version__, GIT_VERSION="unknown", COMPILER_VERSION="MLIR", GRAPH_DEF_VERSION=0)


def get_logger() -> logging.Logger:
    """The logger of warnings and reports: `logging.getLogger("tfc")`."""
    return logging.getLogger("tfc")


def get_current_name_scope() -> str:
    """The scope that `tf.name_scope` opened, without its last "/"; "" outside of all."""
    return current_name_scope().removesuffix("/")


def guarantee_const(input, name=None) -> Tensor:
    """The input; the compiler sees by itself what is constant."""
    return identity(input)


def timestamp(name=None) -> Tensor:
    """Seconds since 1970, float64: when it runs, also in a function."""
    return numpy_function(lambda: np.float64(time.time()), [], float64)


def required_space_to_batch_paddings(input_shape, block_shape, base_paddings=None, name=None) -> tuple:
    """(paddings, crops) with which blocks of `block_shape` fit `input_shape`, as int64 arrays `[n, 2]`.

    `base_paddings` are those that a convolution asks for; the end is padded on to whole blocks, and cropped again.
    All of it is known while tracing.
    """
    known = [static_value(v) if isinstance(v, Tensor) else v for v in (input_shape, block_shape, base_paddings)]
    sizes, block = (None if v is None else np.asarray(v, np.int64) for v in known[:2])
    if sizes is None or block is None or sizes.shape != block.shape or block.ndim != 1:
        raise argument_error(
            None,
            "required_space_to_batch_paddings",
            f"input_shape and block_shape are known vectors of one size, got {input_shape!r} and {block_shape!r}",
        )
    base = np.zeros((sizes.size, 2), np.int64) if known[2] is None else np.asarray(known[2], np.int64)
    rest = -(sizes + base.sum(1)) % block
    paddings = base + np.stack([np.zeros_like(rest), rest], 1)
    return paddings, np.stack([np.zeros_like(rest), rest], 1)
