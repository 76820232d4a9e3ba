"""Datasets in functions being traced: as arguments, made of tensors of the function, and gone through there.

A dataset is a number for the program. Its recipe may have holes (see `holes`): then the host makes it, or an iteration
over it, each time the function runs.
"""

import builtins
import collections
import itertools
import weakref
from collections.abc import Callable

import numpy as np

from tfc.autodiff import numpy_function
from tfc.core import Tensor, is_symbolic, outside
from tfc.data import elements
from tfc.data.holes import Holding, Hole, content, fill, holding, replaced, union
from tfc.data.iterator import Blocks, Cursor, TracedLoop, opened
from tfc.data.specs import DatasetSpec
from tfc.dtypes import TensorSpec, int64
from tfc.errors import page, user_line
from tfc.ops import primitives as p
from tfc.ops.control_flow import while_loop
from tfc.ops.convert import convert_to_tensor

UNKNOWN_CARDINALITY = -2
# Datasets made when a function runs are forgotten, the oldest first, when there are more than that.
KEPT = 4096

_numbers = itertools.count(1)
_kept: collections.OrderedDict = collections.OrderedDict()
_datasets: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


class InFunctions:
    """Methods of `Dataset`."""

    _is_composite = True  # a leaf of a nest

    def __init__(self):
        self._number = next(_numbers)
        self._handle = None
        # What a function that is traced takes from the program to make it; and that, if it is nothing else.
        self._holes: tuple = ()
        self._hole: Hole | None = None
        # How to get `Rows`, and what has to hold for the host to run ahead (None: it must not).
        self._make_rows: Callable | None = None
        self._quiet: tuple | None = None
        self._options = None
        _datasets[self._number] = self

    @classmethod
    def _in_hole(cls, tensors: list, make: Callable, element_spec, kind: str, holes: tuple = ()):
        """The dataset that `make(values of these tensors)` is when the function runs."""
        made = cls._made(None, element_spec, UNKNOWN_CARDINALITY, kind)
        made._hole = Hole(tensors, make)
        made._holes = union(holes, (made._hole,))
        return made

    def _of_sizes(self, method, args, kwargs, tensors):
        """`method(self, ...)` with arguments that are tensors of a trace: sizes."""
        names = list(kwargs)

        def call(values):
            final = replaced((*args, *kwargs.values()), tensors, values)
            return method(self, *final[: len(args)], **dict(builtins.zip(names, final[len(args) :], strict=True)))

        spec = self._spec
        if "batch" in method.__name__:
            rest = {k: v for k, v in kwargs.items() if k not in ("batch_size", "drop_remainder")}
            spec = method(self, 1, *args[1:2] if method.__name__ == "padded_batch" else (), **rest)._spec
        elif method.__name__ == "enumerate":
            spec = self.enumerate()._spec
        return self._in_hole(tensors, call, spec, f"_{method.__name__.capitalize()}Dataset", self._holes)

    def _filled(self):
        found = content(self._hole)
        if found is None:
            raise ValueError(
                page(
                    "a dataset of a function can only be iterated over there: what it is made of is known when the "
                    "function runs",
                    where=user_line(),
                    fix="use it in a `for` statement of the function, or make the dataset outside",
                )
            )
        return found

    def _on_host(self, make: Callable, spec=TensorSpec((), int64)):  # noqa: B008
        """What `make(contents of the holes)` gives, each time the function runs."""
        holes = self._holes
        return numpy_function(
            lambda *arrays: make(fill(holes, arrays)), [t for hole in holes for t in hole.tensors], spec
        )

    def _open(self):
        """The number of a new iteration."""
        return self._on_host(lambda values: np.int64(opened(self._cursor(values))))

    def _cursor(self, values: dict) -> Cursor:
        """A new iteration, with holes filled."""
        with Holding(values):
            rows, ahead = self._rows(), self._runs_ahead()
        if rows is not None:
            return Blocks(rows, self._spec)
        return Cursor(holding(values, self._elements()), spec=self._spec, ahead=ahead)

    def _rows(self):
        """The elements by their numbers (`rows.Rows`), if they are array work alone; else None."""
        if self._hole is not None:
            return self._filled()._rows()
        return self._make_rows() if self._make_rows is not None else None

    def _runs_ahead(self) -> bool:
        """Whether nobody can tell that elements are made before they are asked for."""
        if self._hole is not None:
            return self._filled()._runs_ahead()
        return all(quiet() for quiet in self._quiet) if self._quiet is not None else False

    def _count_on_host(self):
        """The number of elements, where the dataset itself is a hole."""
        return self._on_host(lambda values: np.int64(values[self._hole]._count))

    def _traced_length(self):
        """`len` in a function: whether there is one may be known only when it runs."""
        count = self.cardinality()
        p.assert_(
            p.greater_equal(count, convert_to_tensor(np.int64(0))),
            count,
            message="len requires dataset with definitive cardinality, got",
            summarize=3,
        )
        return count

    def _handle_tensor(self):
        """The number of the dataset; in a function, of the one that its holes make."""
        if self._handle is not None:
            return self._handle
        if self._holes:
            return self._on_host(self._register)
        with outside():
            self._handle = convert_to_tensor(np.int64(self._number))
        return self._handle

    def _register(self, values):
        made = self._made(lambda: holding(values, self._elements()), self._spec, self._count, self._kind)
        _kept[made._number] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
        return np.int64(made._number)

    def _traced_loop(self) -> TracedLoop:
        return TracedLoop(self._open, elements.components(self._spec))

    def _traced_reduce(self, state, reduce_func):
        loop = self._traced_loop()
        spec = before = elements.spec_of(state)
        while True:  # a state whose shape changes has sizes that are not known
            following = reduce_func.get_concrete_function(spec, self._spec).structured_outputs
            following = tuple(following) if isinstance(following, list) else following
            before, spec = spec, elements.common(spec, elements.spec_of(following))
            if repr(before) == repr(spec):
                break

        def step(counters, state):
            following = reduce_func(state, loop.item(counters))
            return loop.following(counters), tuple(following) if isinstance(following, list) else following

        start = loop.start()
        shapes = [t.shape for t in start], elements.mapped(lambda s: s.shape if isinstance(s, TensorSpec) else s, spec)
        plain = all(isinstance(s, TensorSpec) for s in elements.leaves_of(spec))
        loose = {"shape_invariants": shapes} if plain and repr(spec) != repr(elements.spec_of(state)) else {}
        return while_loop(lambda counters, _: loop.more(counters), step, (start, state), **loose)[1]

    @property
    def _type_spec(self) -> DatasetSpec:
        return DatasetSpec.from_value(self)

    # As an argument of a function: its number is a tensor, and what its elements are is part of the trace.

    def __tf_flatten__(self):
        return self._type_spec, (self._handle_tensor(),)

    @classmethod
    def __tf_unflatten__(cls, metadata, components):
        handle = components[0]
        if isinstance(handle, Tensor) and not is_symbolic(handle):
            found = _datasets.get(int(handle))
            if found is not None:
                return found
        made = cls._in_hole([handle], _numbered, metadata.element_spec, metadata.name)
        made._handle = handle
        return made


def _numbered(values):
    found = _datasets.get(int(values[0]))
    if found is None:
        raise RuntimeError("the dataset that the function was called with is gone")
    return found
