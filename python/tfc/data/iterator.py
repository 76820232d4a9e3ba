"""Going through a dataset: from Python, and from a function that runs.

In a function, elements come from the host: an iteration is a number, with which host calls ask whether there is
another element, and for it. They are effects, so they happen in program order, and each run of a loop is an iteration
of its own.
"""

import collections
import functools
import itertools

import numpy as np

from tfc.autodiff import numpy_function
from tfc.core import executing_eagerly
from tfc.data import elements
from tfc.dtypes import TensorSpec, bool_, int64
from tfc.errors import OutOfRangeError, page, user_line
from tfc.ops import nest
from tfc.state import Variable

# Iterations that a `break` left behind are forgotten, the oldest first, when there are more than that.
OPEN = 4096

# What asks for more elements of one iterator in one trace than that is a Python loop, which would never end.
MOST_ASKED = 1000

_numbers = itertools.count(1)
_running: "collections.OrderedDict[int, Cursor]" = collections.OrderedDict()
_END = object()


class Cursor:
    """A Python iterator that can look one element ahead."""

    def __init__(self, iterator, taken: int = 0):
        self._iterator = iterator
        self._ahead: list = []
        self.taken = taken

    def more(self) -> bool:
        if not self._ahead:
            self._ahead.append(next(self._iterator, _END))
        return self._ahead[0] is not _END

    def take(self):
        if not self.more():
            raise StopIteration
        self.taken += 1
        return self._ahead.pop()


_ENDED = Cursor(iter(()))


def opened(cursor: Cursor) -> int:
    """The number of a new iteration."""
    number = next(_numbers)
    _running[number] = cursor
    while len(_running) > OPEN:
        _running.popitem(last=False)
    return number


def _cursor(number) -> Cursor:
    found = _running.get(int(number))
    if found is None:
        raise RuntimeError(f"more than {OPEN} iterations over datasets are under way at once")
    return found


def _more(number):
    holds = _cursor(number).more()
    if not holds:  # it may be asked again: a loop asks whether it has run at all, and its condition asks, too
        _running[int(number)] = _ENDED
    return np.bool_(holds)


def _element(number) -> tuple:
    return tuple(t.numpy() for t in nest.flatten(_cursor(number).take()))


_element.once = True


def element_of(take, inputs: list, element_spec):
    """An element that the host function `take` gives, as tensors of the trace."""
    specs = nest.flatten(element_spec)
    values = numpy_function(take, inputs, list(specs))
    values = list(values) if isinstance(values, (list, tuple)) else [values]
    for value, spec in zip(values, specs, strict=True):
        if value.shape_tuple is not None or spec.shape.rank is not None:
            value.set_shape(spec.shape)
    return nest.pack_sequence_as(element_spec, values)


class TracedLoop:
    """What `for` in a function steps through: see `autograph.operators.iterated.Sequence`."""

    # Elements may differ in shape, and what a loop makes of them too.
    relaxes = True
    counter_dtype = int64

    def __init__(self, open_, element_spec, number=None):
        self._open, self._spec = open_, element_spec
        self._number = number

    def start(self) -> list:
        if self._number is None:
            self._number = self._open()
        return [self._number]

    def more(self, counters):
        return numpy_function(_more, [counters[0]], TensorSpec((), bool_))

    def item(self, counters):
        return element_of(_element, [counters[0]], self._spec)

    def following(self, counters) -> list:
        return [counters[0]]

    def nonempty(self):
        return numpy_function(_more, [self.start()[0]], TensorSpec((), bool_))


class Iterator:
    """`iter(dataset)`: `next` gives elements; in a function, when it runs, and `OutOfRangeError` at the end.

    A checkpoint keeps the number of elements that are gone: after a restoration, the next one is the one that was next.
    """

    def __init__(self, dataset):
        self.element_spec = dataset.element_spec
        self._dataset = dataset
        self._open = Cursor(dataset._elements())
        self._position, self._known = None, 0

    @property
    def _cursor(self) -> Cursor:
        if self._position is not None:
            position = int(self._position)
            if position != self._known:
                self._open = Cursor(itertools.islice(self._dataset._elements(), position, None), position)
                self._known = position
        return self._open

    def _trackable_children(self) -> dict:
        taken = self._cursor.taken
        if self._position is None:
            self._position = Variable(taken, dtype=int64, trainable=False, name="position")
        else:
            self._position.assign(taken)
        self._known = taken
        return {"position": self._position}

    def __iter__(self):
        return self

    def __next__(self):
        if executing_eagerly():
            return self._cursor.take()
        return self.get_next()

    def get_next(self):
        """The next element; `OutOfRangeError` if there is none."""
        if not executing_eagerly():
            take = functools.partial(self._take)
            take.once = True
            return element_of(take, [], elements.components(self.element_spec))
        try:
            return self._cursor.take()
        except StopIteration:
            raise OutOfRangeError(None, "IteratorGetNext", "End of sequence") from None

    def _take(self):
        return tuple(t.numpy() for t in nest.flatten(self._cursor.take()))

    def _traced_loop(self) -> TracedLoop:
        open_ = lambda: numpy_function(lambda: np.int64(opened(self._cursor)), [], TensorSpec((), int64))
        return TracedLoop(open_, elements.components(self.element_spec))

    def __repr__(self):
        return f"<Iterator element_spec={self.element_spec}>"


class TracedIterator:
    """`iter(dataset)` in a function: a new iteration each time it runs."""

    def __init__(self, dataset):
        self.element_spec = dataset.element_spec
        self._number = dataset._open()
        self._asked = 0

    def __iter__(self):
        return self

    def __next__(self):
        self._asked += 1
        if self._asked > MOST_ASKED:
            raise NotImplementedError(
                page(
                    "Python cannot go through a dataset while a function is traced: how many elements there are is known "
                    "when it runs",
                    where=user_line(),
                    fix="use a `for` statement, `dataset.reduce`, or a loop outside of the function",
                )
            )
        return self.get_next()

    def get_next(self):
        """The next element; `OutOfRangeError` if there is none."""
        return element_of(_element, [self._number], elements.components(self.element_spec))

    def _traced_loop(self) -> TracedLoop:
        return TracedLoop(None, elements.components(self.element_spec), self._number)
