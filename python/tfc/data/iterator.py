"""Going through a dataset: from Python, and from a function that runs.

In a function, elements come from the host: an iteration is a number, with which host calls ask whether there is
another element, and for it. They are effects, so they happen in program order, and each run of a loop is an iteration
of its own. The first of the two has the element ready for the second, which then needs no Python; where nobody could
tell (`Dataset._runs_ahead`), it has several.
"""

import collections
import functools
import itertools
import threading
import weakref

import numpy as np

from tfc import _native
from tfc.autodiff import numpy_function
from tfc.core import EagerTensor, eager_tensor, executing_eagerly
from tfc.data import elements
from tfc.dtypes import TensorSpec, bool_, int64
from tfc.errors import OutOfRangeError, page, user_line
from tfc.ops import nest
from tfc.state import Variable

# Iterations that a `break` left behind are forgotten, the oldest first, when there are more than that.
OPEN = 4096

# How many elements, and how many bytes of them, are made before they are asked for.
MOST_AHEAD = 256
MOST_BYTES = 2**16

# What asks for more elements of one iterator in one trace than that is a Python loop, which would never end.
MOST_ASKED = 1000

_numbers = itertools.count(1)
_running: "collections.OrderedDict[int, Cursor]" = collections.OrderedDict()
_END = object()


class _Failed:
    """An error in the place of an element, which is raised when that is asked for."""

    def __init__(self, error):
        self.error = error


class Cursor:
    """A Python iterator that can look ahead.

    Elements that compiled code is about to ask for are with `_native`, stacked (see `Rows.h`); others that were looked
    at are here. `ahead`: whether several may be made before the first one is asked for, since nobody could tell.
    """

    def __init__(self, iterator, taken: int = 0, spec=None, ahead: bool = False):
        self.number = next(_numbers)
        # Several threads may take elements of one iterator; what makes them may be Python that takes some, too.
        self._lock = threading.RLock()
        self._iterator, self._spec, self._runs_ahead = iterator, spec, ahead
        self._is_plain = all(isinstance(s, TensorSpec) for s in elements.leaves_of(spec))
        self._ahead: list = []
        self._size = 1
        self._gone = taken  # elements that are with `_native` included
        self._is_shared = False

    @property
    def taken(self) -> int:
        """How many elements were taken."""
        return self._gone - (_native.rows_left(self.number) if self._is_shared else 0)

    def more(self) -> bool:
        with self._lock:
            if self._is_shared and _native.rows_left(self.number):
                return True
            if not self._ahead:
                self._ahead.append(next(self._iterator, _END))
            return self._ahead[0] is not _END

    def take(self):
        with self._lock:
            if self._is_shared:
                row = _native.take_row(self.number)
                if row is not None:
                    return elements.packed(self._spec, iter(row))
            if not self.more():
                raise StopIteration
            first = self._ahead.pop(0)
            if type(first) is _Failed:
                raise first.error
            self._gone += 1
            return first

    def share(self) -> bool:
        """Whether there is another element; then compiled code may ask for it, and perhaps for those behind it."""
        with self._lock:
            if not self.more():
                return False
            if not (self._is_shared and _native.rows_left(self.number)):
                self._put(*self._block())
            return True

    def _block(self) -> tuple:
        """(tensors, number of elements stacked in them; 0: they are one), or ([], 0) if they cannot be stacked."""
        first = self._ahead[0]
        if type(first) is _Failed or not self._is_plain:
            return [], 0
        leaves = nest.flatten(first)
        if not leaves or any(type(t) is not EagerTensor for t in leaves):
            return [], 0
        size = 1
        if self._runs_ahead:
            size = min(self._size, max(1, MOST_BYTES // max(1, sum(t._view().nbytes for t in leaves))))
            self._size = min(2 * self._size, MOST_AHEAD)
        if size == 1:
            self._ahead.pop(0)
            return leaves, 0
        self._fill(size)
        rows = list(itertools.takewhile(_like(leaves), map(_leaves, self._ahead[:size])))
        del self._ahead[: len(rows)]
        if len(rows) == 1:
            return leaves, 0
        return [eager_tensor(np.stack([t._view() for t in column])) for column in zip(*rows, strict=True)], len(rows)

    def _fill(self, size):
        while len(self._ahead) < size and self._ahead[-1] is not _END and type(self._ahead[-1]) is not _Failed:
            try:
                self._ahead.append(next(self._iterator, _END))
            except Exception as e:
                self._ahead.append(_Failed(e))

    def _put(self, tensors, count):
        if not tensors:
            return
        if not self._is_shared:
            self._is_shared = True
            weakref.finalize(self, _native.drop_rows, self.number)
        _native.put_rows(self.number, tensors, count)
        self._gone += max(1, count)


def _leaves(element):
    return () if element is _END or type(element) is _Failed else nest.flatten(element)


def _like(first: list):
    """Whether leaves have the types of these."""
    types = [(t.dtype, t.shape_tuple) for t in first]
    return lambda leaves: (
        len(leaves) == len(types)
        and all(type(t) is EagerTensor and (t.dtype, t.shape_tuple) == k for t, k in zip(leaves, types, strict=True))
    )


class Blocks(Cursor):
    """A cursor over elements that are known by their numbers (`rows.Rows`): blocks are made of arrays, not elements."""

    def __init__(self, rows, spec):
        super().__init__(None, spec=spec, ahead=True)
        self._rows = rows

    def more(self) -> bool:
        return self._gone < self._rows.count or _native.rows_left(self.number) > 0

    def take(self):
        # Compiled code may take the last one in between.
        while self.share():
            row = _native.take_row(self.number)
            if row is not None:
                return elements.packed(self._spec, iter(row))
        raise StopIteration

    def _block(self):
        block = self._rows.block(self._gone, self._size)
        bytes_ = sum(a[0].nbytes for a in block)
        self._size = max(1, min(2 * self._size, MOST_AHEAD, MOST_BYTES // max(1, bytes_)))
        return [eager_tensor(np.array(a, order="C")) for a in block], len(block[0])


_ENDED = Cursor(iter(()), spec=())


def opened(cursor: Cursor) -> int:
    """The number of a new iteration."""
    _running[cursor.number] = cursor
    while len(_running) > OPEN:
        _running.popitem(last=False)
    return cursor.number


def _cursor(number) -> Cursor:
    found = _running.get(int(number))
    if found is None:
        raise RuntimeError(f"more than {OPEN} iterations over datasets are under way at once")
    return found


def _more(number):
    holds = _cursor(number).share()
    if not holds:  # it may be asked again: a loop asks whether it has run at all, and its condition asks, too
        _running[int(number)] = _ENDED
    return np.bool_(holds)


def _element(number) -> tuple:
    return tuple(t.numpy() for t in nest.flatten(_cursor(number).take()))


# What compiled code asks for without Python, where `Cursor.share` has put elements.
_more.rows, _element.rows = 1, 2
_element.once = True
# Errors of operations are theirs, not those of a function of the user.
_more.ours = _element.ours = True


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
        rows = dataset._rows()
        self._open = (
            Cursor(dataset._elements(), spec=self.element_spec) if rows is None else Blocks(rows, self.element_spec)
        )
        self._position, self._known = None, 0

    @property
    def _cursor(self) -> Cursor:
        if self._position is not None:
            position = int(self._position)
            if position != self._known:
                self._open = Cursor(
                    itertools.islice(self._dataset._elements(), position, None), position, self.element_spec
                )
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
            take.once = take.ours = True
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
                    "Python cannot go through a dataset while a function is traced: how many elements there are is "
                    "known when it runs",
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
