"""`tf.config.threading`: how many threads compiled code may use.

Compiled functions share the work of large loops among a pool of threads, which starts when it is needed first; small
work stays in the calling thread. The environment variable `TFC_NUM_THREADS` sets the number when the package is
imported.
"""

import os

from tfc._native import set_num_threads

_MOST = 1024
_counts = {"intra": 0, "inter": 0}


def get_intra_op_parallelism_threads() -> int:
    """The number of threads that share one operation; 0 means one for each processor this process may run on."""
    return _counts["intra"]


def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """Sets the number of threads that share one operation, the calling one included: 1 is serial, 0 the default.

    Unlike TensorFlow, which forbids it once an operation has run, this may be changed at any time. Raises `TypeError`
    for what is no integer and `ValueError` for a number that is negative or above 1024.
    """
    count = _checked(num_threads)
    set_num_threads(count)
    _counts["intra"] = count


def get_inter_op_parallelism_threads() -> int:
    """The number that `set_inter_op_parallelism_threads` was given, 0 at first."""
    return _counts["inter"]


def set_inter_op_parallelism_threads(num_threads: int) -> None:
    """Accepted for TensorFlow's sake: independent operations take threads of the same pool, whose size
    `set_intra_op_parallelism_threads` sets.
    """
    _counts["inter"] = _checked(num_threads)


def _checked(num_threads) -> int:
    if isinstance(num_threads, bool) or not hasattr(num_threads, "__index__"):
        raise TypeError(f"a number of threads is an integer, got {num_threads!r}")
    count = num_threads.__index__()
    if not 0 <= count <= _MOST:
        raise ValueError(f"a number of threads is between 0 (automatic) and {_MOST}, got {count}")
    return count


def _from_environment() -> None:
    text = os.environ.get("TFC_NUM_THREADS", "")
    if text:
        try:
            set_intra_op_parallelism_threads(int(text))
        except ValueError:
            raise ValueError(f"TFC_NUM_THREADS: expected an integer from 0 to {_MOST}, got {text!r}") from None


_from_environment()
