"""Circulant operators: diagonal in the basis of Fourier's transform, of one, two or three dimensions."""

import math

import numpy as np

from tfc.dtypes import TensorShape, as_dtype, complex64, complex128
from tfc.linear_operators.base import LinearOperator, tensor_of
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape
from tfc.ops.convert import convert_to_tensor
from tfc.ops.fourier import fft, fft2d, fft3d, ifft, ifft2d, ifft3d
from tfc.ops.gradients import conj
from tfc.ops.linalg import adjoint as adjoint_of
from tfc.ops.linalg import matrix_transpose
from tfc.ops.math import abs as magnitude
from tfc.ops.math import log
from tfc.ops.reductions import reduce_max, reduce_min, reduce_prod, reduce_sum

_TRANSFORMS = {1: (fft, ifft), 2: (fft2d, ifft2d), 3: (fft3d, ifft3d)}


class _Circulant(LinearOperator):
    """`F^-1 diag(spectrum) F`, where F is Fourier's transform over the last `_depth` dimensions of the spectrum."""

    _depth: int

    def __init__(
        self,
        spectrum,
        input_output_dtype=complex64,
        is_non_singular=None,
        is_self_adjoint=None,
        is_positive_definite=None,
        is_square=True,
        name=None,
    ):
        if is_square is False:
            raise ValueError("Only square circulant operators currently supported.")
        parameters = dict(
            spectrum=tensor_of(spectrum, "spectrum"),
            input_output_dtype=as_dtype(input_output_dtype),
            is_non_singular=is_non_singular,
            is_self_adjoint=is_self_adjoint,
            is_positive_definite=is_positive_definite,
            is_square=is_square,
        )
        self._spectrum = parameters["spectrum"]
        if len(self._spectrum.shape) < self._depth:
            raise ValueError(
                f"Argument `spectrum` must have at least {self._depth} dimensions. Found: {self._spectrum}"
            )
        if not self._spectrum.dtype.is_complex:
            if is_self_adjoint is False:
                raise ValueError("A real spectrum always corresponds to a self-adjoint operator.")
            is_self_adjoint = True
        super().__init__(
            input_output_dtype,
            None,
            is_non_singular,
            is_self_adjoint,
            is_positive_definite,
            True,
            name or type(self).__name__,
            parameters,
        )

    @property
    def spectrum(self):
        return self._spectrum

    @property
    def block_depth(self) -> int:
        return self._depth

    @property
    def block_shape(self) -> TensorShape:
        """The sizes that Fourier's transform is over."""
        return TensorShape(TensorShape(self._spectrum.shape).as_list()[-self._depth :])

    def block_shape_tensor(self):
        return shape(self._spectrum)[-self._depth :]

    def _shape(self):
        dims = TensorShape(self._spectrum.shape).as_list()
        block = dims[-self._depth :]
        n = None if None in block else math.prod(block)
        return TensorShape([*dims[: -self._depth], n, n])

    def _shape_tensor(self):
        sizes = shape(self._spectrum)
        n = p.reduce_prod(sizes[-self._depth :], axes=(0,), keepdims=True)
        return concat([sizes[: -self._depth], n, n], 0)

    def _inner(self):
        return complex128 if self._spectrum.dtype.real_dtype.size == 8 else complex64

    def _factors(self, adjoint=False):
        s = p.cast(convert_to_tensor(self._spectrum), dtype=self._inner())
        return conj(s) if adjoint else s

    def _transformed(self, x, change):
        """`change` of the transform of the columns of x, transformed back."""
        forward, back = _TRANSFORMS[self._depth]
        x = matrix_transpose(p.cast(x, dtype=self._inner()))
        lead = shape(x)[:-1]
        block = concat([lead, self.block_shape_tensor()], 0)
        y = back(change(forward(reshape(x, block))))
        flat = reshape(y, concat([shape(y)[: -self._depth], [-1]], 0))
        out = matrix_transpose(flat)
        return out if out.dtype is self.dtype else p.cast(out, dtype=self.dtype)

    def _along(self, s):
        """The spectrum beside the columns, which are the dimension before its own."""
        return p.expand_dims(s, axes=(len(s.shape_tuple) - self._depth,))

    def _matmul(self, x, adjoint=False, adjoint_arg=False):
        x = adjoint_of(x) if adjoint_arg else x
        s = self._along(self._factors(adjoint))
        return self._transformed(x, lambda y: p.mul(y, s))

    def _solve(self, rhs, adjoint=False, adjoint_arg=False):
        rhs = adjoint_of(rhs) if adjoint_arg else rhs
        s = self._along(self._factors(adjoint))
        return self._transformed(rhs, lambda y: p.div(y, s))

    def _axes(self):
        return tuple(range(-self._depth, 0))

    def _as_own(self, x):
        return x if x.dtype is self.dtype else p.cast(x, dtype=self.dtype)

    def _determinant(self):
        return self._as_own(reduce_prod(self._factors(), self._axes()))

    def _log_abs_determinant(self):
        out = reduce_sum(log(magnitude(self._spectrum)), self._axes())
        return self._as_own(out)

    def _trace(self):
        return self._as_own(reduce_sum(self._factors(), self._axes()))

    def _diag_part(self):
        n = self.domain_dimension_tensor()
        mean = p.div(self.trace(), p.cast(n, dtype=self.dtype))
        ones = p.mul(p.expand_dims(mean, axes=(len(mean.shape_tuple),)), convert_to_tensor(1, self.dtype))
        return p.dynamic_broadcast_to(ones, concat([self.batch_shape_tensor(), [n]], 0))

    def _eigvals(self):
        s = self._factors()
        return self._as_own(reshape(s, concat([shape(s)[: -self._depth], [-1]], 0)))

    def _cond(self):
        size = magnitude(self._spectrum)
        out = p.div(reduce_max(size, self._axes()), reduce_min(size, self._axes()))
        return p.cast(out, dtype=self.dtype.real_dtype)

    def _like(self, spectrum, non_singular):
        return type(self)(spectrum, self.dtype, is_non_singular=non_singular)

    def _adjoint(self):
        return self._like(self._factors(True), self.is_non_singular)

    def _inverse(self):
        one = convert_to_tensor(1, self._spectrum.dtype)
        return self._like(p.div(one, convert_to_tensor(self._spectrum)), True)

    def _times(self, other):
        if type(other) is type(self) and other.block_shape == self.block_shape:
            both = True if self.is_non_singular and other.is_non_singular else None
            return self._like(p.mul(self._factors(), other._factors()), both)
        return None

    def convolution_kernel(self, name="convolution_kernel"):
        """The first column, in the shape of the spectrum."""
        return self._as_own(_TRANSFORMS[self._depth][1](self._factors()))

    def assert_hermitian_spectrum(self, name="assert_hermitian_spectrum"):
        """Fails if the first column is not real."""
        kernel = _TRANSFORMS[self._depth][1](self._factors())
        size = p.reduce_max(magnitude(kernel), axes=tuple(range(len(kernel.shape_tuple))), keepdims=False)
        other = p.reduce_max(magnitude(p.imag(kernel)), axes=tuple(range(len(kernel.shape_tuple))), keepdims=False)
        limit = p.mul(size, convert_to_tensor(20 * np.finfo(size.dtype.np_dtype).eps, size.dtype))
        p.assert_(p.less_equal(other, limit), message="Imaginary part of convolution_kernel was too large", summarize=3)


class LinearOperatorCirculant(_Circulant):
    """Circulant matrices, whose products are periodic convolutions; `spectrum` `[..., n]` is the transform of the first
    column. Inputs and outputs are of `input_output_dtype`.
    """

    _depth = 1


class LinearOperatorCirculant2D(_Circulant):
    """Block circulant matrices of circulant blocks; `spectrum` `[..., n0, n1]`."""

    _depth = 2


class LinearOperatorCirculant3D(_Circulant):
    """Three levels of circulant blocks; `spectrum` `[..., n0, n1, n2]`."""

    _depth = 3
