"""Forward mode: `ForwardAccumulator`, by reverse mode twice."""

from tfc.autodiff.backward import UnconnectedGradients
from tfc.autodiff.tape import GradientTape
from tfc.core import Tensor, VariableStorage
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import zeros_like
from tfc.ops.indexed_slices import dense
from tfc.ops.reductions import reduce_sum


class ForwardAccumulator:
    """Jacobian-vector products of what is computed inside its `with` block.

    `primals` and `tangents` are nests of the same structure, shapes and dtypes. `jvp(target)` is the derivative of
    `target` in the direction of the tangents: it has the shape of `target`. The product is linear in its cotangent u,
    so it is the gradient by u of (gradient of `target`, weighted with u, by the primals) times the tangents.
    """

    def __init__(self, primals, tangents):
        nest.assert_same_structure(primals, tangents)
        self._primals = nest.flatten(primals)
        self._tangents = [
            convert_to_tensor(t, x.dtype) for x, t in zip(self._primals, nest.flatten(tangents), strict=True)
        ]
        for x, t in zip(self._primals, self._tangents, strict=True):
            if not isinstance(x, (Tensor, VariableStorage)):
                raise ValueError(f"a primal is a tensor or variable, got {x!r}")
            if x.shape_tuple is not None and not x.shape.is_compatible_with(t.shape):
                raise ValueError(f"the tangent of a primal of shape {x.shape} has shape {t.shape}")
        self._tape = GradientTape(persistent=True, watch_accessed_variables=False)

    def __enter__(self):
        self._tape.__enter__()
        for x in self._primals:
            self._tape.watch(x)
        return self

    def __exit__(self, *error):
        self._tape.__exit__(*error)

    def jvp(self, primals, unconnected_gradients=UnconnectedGradients.NONE):
        """The derivative of each tensor of the nest `primals`; None (or zeros) where it depends on no primal."""
        unconnected = UnconnectedGradients(unconnected_gradients)
        return nest.map_structure(lambda target: self._one(target, unconnected), primals)

    def _one(self, target, unconnected):
        for x, t in zip(self._primals, self._tangents, strict=True):
            if target is x:
                return t
        cotangent = zeros_like(target)
        with GradientTape() as twice:
            twice.watch(cotangent)
            gradients = self._tape.gradient(target, self._primals, output_gradients=cotangent)
            products = [
                reduce_sum(p.mul(dense(g), t)) for g, t in zip(gradients, self._tangents, strict=True) if g is not None
            ]
        if not products:
            return zeros_like(target) if unconnected is UnconnectedGradients.ZERO else None
        made = twice.gradient(products, cotangent)
        return zeros_like(target) if made is None else made
