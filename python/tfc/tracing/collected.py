"""What the gradient of a loop keeps of its iterations: the values that variables had when each of them began."""

import numpy as np

from tfc.dtypes import TensorSpec, as_shape, int32
from tfc.ops import primitives as p
from tfc.ops import slicing
from tfc.ops.array import reshape, size
from tfc.ops.array import shape as shape_of
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import zeros_like
from tfc.ops.rows.lists import element_gradient
from tfc.tracing.growing import Growing


def collection_of(spec, value):
    """Where the values that a loop variable has at the start of each iteration are kept."""
    if spec.shape.rank is None or spec.shape.dims == value.shape_tuple:
        return Stacked(spec)
    return Ragged(spec)


class Stacked:
    """Values of one size: a list."""

    def __init__(self, spec):
        self.spec = spec
        self.init = [p.list_create(convert_to_tensor(0, int32), element_type=spec, dynamic_size=True)]
        self.invariants = [None]
        self.results: list = []

    def add(self, values, n, value) -> list:
        return [p.list_set(values[0], n, value)]

    def get(self, k):
        return p.list_get(self.results[0], k, element_type=self.spec)

    def part(self, gradient, k):
        """What belongs to iteration k, of the gradient of the first of the results."""
        return element_gradient(gradient, k, Stacked.get(self, k))


class ListStack(Stacked):
    """Lists of one length: what they hold, stacked."""

    def __init__(self, spec, values):
        self.spec = spec
        self.results = [values]

    def get(self, k):
        return p.list_unstack(super().get(k))

    def part(self, values, k):
        return p.list_unstack(super().part(values, k))


class GrowingStack(Stacked):
    """Lists that grow: what they hold, stacked. They are given in their final length: all elements can be set."""

    def __init__(self, spec, values, end, lengths):
        self.spec = spec
        self.results = [values]
        self.end = end
        self.lengths = lengths

    def get(self, k):
        rows = super().get(k)
        return _measured(p.list_unstack(p.concat(rows, self._rest(rows), axis=0)), self.lengths, k)

    def part(self, values, k):
        rows = super().part(values, k)
        return p.list_unstack(p.concat(rows, zeros_like(self._rest(rows)), axis=0))

    def _rest(self, rows):
        whole = p.list_stack(self.end, element_type=TensorSpec(self.spec.shape.dims[1:], self.spec.dtype))
        return slicing.getitem(whole, slice(slicing.getitem(shape_of(rows), 0), None))


class Replaced:
    """Lists of which an iteration sets a few elements: what was there before, and where.

    The backward pass starts with what the list is in the end, and puts back what an iteration has set when it comes to
    it: it does not need a copy for each iteration.
    """

    def __init__(self, sets, lengths):
        # (value of the loop's body that is replaced, its spec, where, list of these values) of each set, in order.
        self.sets = sets
        self.results = [values for *_, values in sets]
        self.lengths = lengths

    def end(self, values):
        """What the list is in the end; one that grows as one that does not, which is set in place."""
        return p.list_unstack(p.list_stack(values, element_type=values.element)) if values.dynamic_size else values

    def before(self, values, k):
        """The list at the start of iteration k from what it was at its end."""
        for _, spec, positions, replaced in reversed(self.sets):
            at = p.list_get(positions, k, element_type=_SCALAR)
            values = p.list_set(values, at, p.list_get(replaced, k, element_type=spec))
        return values

    def given(self, values, k):
        """This list for an iteration that runs again."""
        return _measured(values, self.lengths, k)

    def parts(self, gradients, k) -> list:
        """(value of the body, its gradient) from gradients of the results."""
        return [
            (value, element_gradient(g, k, p.list_get(replaced, k, element_type=spec)))
            for (value, spec, _, replaced), g in zip(self.sets, gradients, strict=True)
            if g is not None
        ]


_SCALAR = TensorSpec((), int32)


def _measured(values, lengths, k):
    return values if lengths is None else Growing(values, p.list_get(lengths, k, element_type=_SCALAR))


class Ragged:
    """Values of different sizes: their elements one after the other, where each begins, and its shape."""

    def __init__(self, spec):
        self.spec = spec
        self._shape = TensorSpec((spec.shape.rank,), int32)
        lists = [Stacked(_SCALAR), Stacked(self._shape)]
        self._starts, self._shapes = lists
        elements = convert_to_tensor(np.zeros([0], spec.dtype.np_dtype))
        self.init = [elements, *(v for part in lists for v in part.init)]
        self.invariants = [as_shape([None]), None, None]
        self.results: list = []

    def add(self, values, n, value) -> list:
        elements, starts, shapes = values
        return [
            p.concat(elements, reshape(value, [-1]), axis=0),
            p.list_set(starts, n, size(elements)),
            p.list_set(shapes, n, shape_of(value)),
        ]

    def get(self, k):
        return self.part(self.results[0], k)

    def part(self, elements, k):
        """What belongs to iteration k, of something like the first of the results."""
        _, starts, shapes = self.results
        start = p.list_get(starts, k, element_type=_SCALAR)
        dims = p.list_get(shapes, k, element_type=self._shape)
        part = slicing.getitem(elements, slice(start, p.add(start, p.reduce_prod(dims, axes=(0,), keepdims=False))))
        return p.ensure_shape(reshape(part, dims), shape=self.spec.shape.dims)
