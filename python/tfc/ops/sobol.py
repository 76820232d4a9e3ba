"""`tf.math.sobol_sample`: points that fill a cube evenly.

Source: Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections", SIAM J. Sci. Comput. 30,
2008: `sobol_directions.npz` has their primitive polynomials and first direction numbers (new-joe-kuo-6).
"""

import functools
from pathlib import Path

import numpy as np

from tfc.core import Tensor, argument_error, eager_tensor
from tfc.dtypes import as_dtype, float32, float64, int64, uint32
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, integer, static_value

BITS = 32


@functools.cache
def _directions() -> np.ndarray:
    """Direction numbers of each bit (rows) and dimension, as fractions of 2 ** 32."""
    with np.load(Path(__file__).with_name("sobol_directions.npz")) as table:
        polynomials, initial = table["polynomials"].astype(int), table["initial"].astype(int)
    # The first dimension is halving itself.
    columns = [[1] * BITS]
    for polynomial, first in zip(polynomials[1:].tolist(), initial[1:].tolist(), strict=True):
        degree = polynomial.bit_length() - 1
        m = first[:degree]
        for k in range(degree, BITS):
            new = m[k - degree] ^ (m[k - degree] << degree)
            for j in range(1, degree):
                if polynomial >> (degree - j) & 1:
                    new ^= m[k - j] << j
            m.append(new)
        columns.append(m)
    shifts = np.arange(BITS - 1, -1, -1)
    return (np.array(columns, np.int64) << shifts).T.astype(np.uint32)


def _scalar(op, value, name, least) -> Tensor:
    """A number of points, at least so many where that is known now."""
    known = static_value(value) if isinstance(value, Tensor) else integer(value, name)
    if known is not None and int(known) < least:
        raise argument_error(
            None, op, f"{name} must be {'at least one' if least else 'non-negative'}, got {int(known)}"
        )
    return p.cast(convert_to_tensor(value), dtype=int64)


def sobol_sample(dim, num_results, skip=0, dtype=float32, name=None) -> Tensor:
    """The points `skip + 1` to `skip + num_results` of the Sobol sequence in [0, 1) ** dim: `[num_results, dim]`."""
    op, dtype, most = "sobol_sample", as_dtype(dtype), len(_directions()[0])
    dim = integer(dim, "dim")
    if not 1 <= dim <= most:
        raise argument_error(None, op, f"dim must be at least one and at most {most}, got {dim}")
    if dtype not in (float32, float64):
        raise argument_error(None, op, f"dtype must be float32 or float64, got {dtype.name}")
    count, start = _scalar(op, num_results, "num_results", 1), _scalar(op, skip, "skip", 0)
    one = convert_to_tensor(1, int64)
    first = p.add(start, one)
    number = p.cast(p.range_(first, p.add(first, count), one), dtype=uint32)
    gray = p.bitwise_xor(number, p.right_shift(number, convert_to_tensor(1, uint32)))
    at = p.expand_dims(gray, axes=(1,))
    directions, zero = _directions()[:, :dim], convert_to_tensor(0, uint32)
    total = None
    for k in range(BITS):
        bit = p.not_equal(p.bitwise_and(at, convert_to_tensor(1 << k, uint32)), zero)
        part = p.select(bit, eager_tensor(directions[k : k + 1]), zero)
        total = part if total is None else p.bitwise_xor(total, part)
    return p.cast(p.mul(p.cast(total, dtype=float64), convert_to_tensor(2.0**-BITS, float64)), dtype=dtype)
