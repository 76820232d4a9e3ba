"""What the gradient of a loop keeps of its iterations: the values that variables had when each of them began."""

from tfc.core import current
from tfc.dtypes import TensorSpec, int32
from tfc.ops import primitives as p
from tfc.ops import slicing
from tfc.ops.array import reshape
from tfc.ops.array import shape as shape_of
from tfc.ops.convert import convert_to_tensor
from tfc.ops.gradients import zeros_like
from tfc.ops.rows.lists import element_gradient
from tfc.ops.tensor_array import unstacked
from tfc.tracing.growing import Growing


class Stacked:
    """Values of one size: a list."""

    def __init__(self, spec, values):
        self.spec = spec
        self.results = [values]

    def get(self, k):
        return p.list_get(self.results[0], k, element_type=self.spec)

    def part(self, gradient, k):
        """What belongs to iteration k, of the gradient of the first of the results."""
        return element_gradient(gradient, k, Stacked.get(self, k))


class ListStack(Stacked):
    """Lists of one length: what they hold, stacked."""

    def get(self, k):
        values = p.list_unstack(super().get(k))
        values.count = self.spec.shape.dims[0]
        return values

    def part(self, values, k):
        return p.list_unstack(super().part(values, k))


class MovedRows:
    """Lists of different lengths: what they hold, one iteration after the other, where each begins, and how much that
    is. `grows`: whether setting an element may make them longer.
    """

    def __init__(self, spec, rows, starts, lengths, grows):
        self.spec = spec
        self.results = [rows]
        self.starts, self.lengths = starts, lengths
        self.grows = grows

    def get(self, k):
        return unstacked(self._rows(self.results[0], k), self.spec, self.grows)

    def part(self, rows, k):
        """What belongs to iteration k, of a list like the result."""
        return unstacked(self._rows(rows, k), self.spec, self.grows)

    def _rows(self, rows, k):
        start, count = (p.list_get(v, k, element_type=_SCALAR) for v in (self.starts, self.lengths))
        if not self.spec.shape.is_fully_defined():
            # None at all would have other sizes than the rest.
            return slicing.getitem(p.list_stack(rows, element_type=self.spec), slice(start, p.add(start, count)))
        zero, one = (convert_to_tensor(v, int32) for v in (0, 1))

        # One by one: all of them together are not looked at in each iteration.
        def step(j, own):
            return [p.add(j, one), p.list_set(own, j, p.list_get(rows, p.add(start, j), element_type=self.spec))]

        own = p.list_create(count, element_type=self.spec, dynamic_size=False)
        own = current().while_loop(lambda j, _: p.less(j, count), step, [zero, own])[1]
        return p.list_stack(own, element_type=self.spec)


class Unread:
    """Lists of different lengths of which no element is read: how long they are."""

    results = ()

    def __init__(self, spec, lengths, grows):
        self.spec, self.lengths, self.grows = spec, lengths, grows

    def get(self, k):
        length = p.list_get(self.lengths, k, element_type=_SCALAR)
        return p.list_create(length, element_type=self.spec, dynamic_size=self.grows)


class GrowingRows(MovedRows):
    """Lists that grow and stay in their place. They are given in their final length: all elements can be set."""

    def __init__(self, spec, rows, starts, lengths, end, measured):
        super().__init__(spec, rows, starts, lengths, False)
        self.end = end
        self.measured = measured

    def get(self, k):
        whole = p.list_stack(self.end, element_type=self.spec)
        values = self._longer(self.results[0], whole, k)
        return _measured(values, self.lengths if self.measured else None, k)

    def part(self, rows, k):
        """What belongs to iteration k, of a list like the result, with zeros behind it."""
        return self._longer(rows, zeros_like(p.list_stack(self.end, element_type=self.spec)), k)

    def _longer(self, rows, whole, k):
        """The rows of an iteration, and behind them those that `whole` has there."""
        rows = self._rows(rows, k)
        rest = slicing.getitem(whole, slice(slicing.getitem(shape_of(rows), 0), None))
        return p.list_unstack(p.concat(rows, rest, axis=0))


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
            at, count = p.list_get(positions, k, element_type=_SCALAR), values.count
            values = p.list_set(values, at, p.list_get(replaced, k, element_type=spec))
            values.count = count
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

    def __init__(self, spec, elements, starts, shapes):
        self.spec = spec
        self.results = [elements]
        self.starts, self.shapes = starts, shapes

    def get(self, k):
        return self.part(self.results[0], k)

    def part(self, elements, k):
        """What belongs to iteration k, of something like the first of the results."""
        start = p.list_get(self.starts, k, element_type=_SCALAR)
        dims = p.list_get(self.shapes, k, element_type=TensorSpec((self.spec.shape.rank,), int32))
        part = slicing.getitem(elements, slice(start, p.add(start, p.reduce_prod(dims, axes=(0,), keepdims=False))))
        return p.ensure_shape(reshape(part, dims), shape=self.spec.shape.dims)
