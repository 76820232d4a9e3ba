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
from tfc.core import EagerTensor, eager_tensor, executing_eagerly, outside
from tfc.data import elements
from tfc.data.optional import Optional, absent, of_parts
from tfc.data.specs import NoneTensorSpec
from tfc.data.steps import END, Failed
from tfc.dtypes import TensorSpec, bool_, int64
from tfc.errors import OutOfRangeError, page, user_line
from tfc.ops import nest
from tfc.state import Variable
from tfc.tracing.nested_types import FlattenedType
from tfc.tracing.trace_type import TensorType
from tfc.tracing.type_specs import TypeSpec

# Iterations that a `break` left behind are forgotten, the oldest first, when there are more than that.
OPEN = 4096

# How many elements, and how many bytes of them, are made before they are asked for.
MOST_AHEAD = 256
MOST_BYTES = 2**16

# What asks for more elements of one iterator in one trace than that is a Python loop, which would never end.
MOST_ASKED = 1000

_numbers = itertools.count(1)
_iterators: "weakref.WeakValueDictionary[int, Iterator]" = weakref.WeakValueDictionary()
_running: "collections.OrderedDict[int, Cursor]" = collections.OrderedDict()


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
                self._ahead.append(next(self._iterator, END))
            return self._ahead[0] is not END

    def take(self):
        with self._lock:
            if self._is_shared:
                row = _native.take_row(self.number)
                if row is not None:
                    return elements.packed(self._spec, iter(row))
            if not self.more():
                raise StopIteration
            first = self._ahead.pop(0)
            if type(first) is Failed:
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
        if type(first) is Failed or not self._is_plain:
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
        while len(self._ahead) < size and self._ahead[-1] is not END and type(self._ahead[-1]) is not Failed:
            try:
                self._ahead.append(next(self._iterator, END))
            except Exception as e:
                self._ahead.append(Failed(e))

    def _put(self, tensors, count):
        if not tensors:
            return
        if not self._is_shared:
            self._is_shared = True
            weakref.finalize(self, _native.drop_rows, self.number)
        _native.put_rows(self.number, tensors, count)
        self._gone += max(1, count)


def _leaves(element):
    return () if element is END or type(element) is Failed else nest.flatten(element)


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
    return elements.flat(_cursor(number).take())


# What compiled code asks for without Python, where `Cursor.share` has put elements.
_more.rows, _element.rows = 1, 2
_element.once = True
# Errors of operations are theirs, not those of a function of the user.
_more.ours = _element.ours = True


def element_of(take, inputs: list, element_spec):
    """An element that the host function `take` gives, as tensors of the trace."""
    leaves = nest.flatten(element_spec)
    specs = [s for s in leaves if not isinstance(s, NoneTensorSpec)]
    values = numpy_function(take, inputs, list(specs))
    values = list(values) if isinstance(values, (list, tuple)) else [values]
    for value, spec in zip(values, specs, strict=True):
        if value.shape_tuple is not None or spec.shape.rank is not None:
            value.set_shape(spec.shape)
    rest = iter(values)
    return nest.pack_sequence_as(element_spec, [None if isinstance(s, NoneTensorSpec) else next(rest) for s in leaves])


def _present(spec, element) -> Optional:
    return of_parts(spec, np.bool_(True), nest.flatten(element))


def _optional(cursor, spec) -> tuple:
    """Whether there is another element, and the arrays of it."""
    try:
        return np.bool_(True), *elements.flat(cursor.take())
    except StopIteration:
        return np.bool_(False), *elements.flat(absent(spec))


def _optional_of(take, inputs: list, element_spec) -> Optional:
    """An element or nothing, as the host function `take` gives it, in a trace."""
    spec = elements.components(element_spec)
    take.once = take.ours = True
    return of_parts(element_spec, *_split(element_of(take, inputs, (TensorSpec((), bool_), spec))))


def _split(pair) -> tuple:
    return pair[0], nest.flatten(pair[1])


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

    _is_composite = True  # a leaf of a nest

    def __init__(self, dataset):
        self.element_spec = dataset.element_spec
        self._dataset = dataset
        rows = dataset._rows()
        self._open = (
            Cursor(dataset._elements(), spec=self.element_spec) if rows is None else Blocks(rows, self.element_spec)
        )
        self._position, self._known = None, 0
        self._handle = None

    @property
    def _type_spec(self) -> "IteratorSpec":
        return IteratorSpec(self.element_spec)

    # As an argument of a function: its number is a tensor, and what its elements are is part of the trace.

    def __tf_flatten__(self):
        if self._handle is None:
            number = next(_numbers)
            _iterators[number] = self
            with outside():
                self._handle = eager_tensor(np.array(number, np.int64))
        return self._type_spec, (self._handle,)

    @classmethod
    def __tf_unflatten__(cls, metadata, components):
        number = components[0]
        if isinstance(number, EagerTensor):
            found = _iterators.get(int(number))
            if found is not None:
                return found
        return TracedIterator(metadata.element_spec, number, _next_of, _loop_of)

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

    next = __next__

    def get_next_as_optional(self) -> Optional:
        """The next element as a `tf.experimental.Optional`, which is empty at the end."""
        if executing_eagerly():
            element = next(self, END)
            return Optional.empty(self.element_spec) if element is END else _present(self.element_spec, element)
        take = lambda: _optional(self._cursor, self.element_spec)
        return _optional_of(take, [], self.element_spec)

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
        return elements.flat(self._cursor.take())

    def _traced_loop(self) -> TracedLoop:
        open_ = lambda: numpy_function(lambda: np.int64(opened(self._cursor)), [], TensorSpec((), int64))
        return TracedLoop(open_, elements.components(self.element_spec))

    def __repr__(self):
        return f"<Iterator element_spec={self.element_spec}>"


class NumpyIterator:
    """Elements of a dataset as numpy arrays."""

    def __init__(self, dataset):
        self._iterator = iter(dataset._elements())

    def __iter__(self):
        return self

    def __next__(self):
        return elements.numpy_of(next(self._iterator))

    next = __next__

    def __repr__(self):
        return "<tf.data.NumpyIterator>"


class TracedIterator:
    """An iterator in a function: `iter(dataset)` there, a new iteration each time it runs, or an argument.

    `number`: of the iteration, or of the iterator, as `open_` says.
    """

    _is_composite = True

    def __init__(self, element_spec, number, take, open_=None):
        self.element_spec = element_spec
        self._number, self._take, self._open = number, take, open_
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

    next = __next__

    def get_next(self):
        """The next element; `OutOfRangeError` if there is none."""
        return element_of(self._take, [self._number], elements.components(self.element_spec))

    def get_next_as_optional(self) -> Optional:
        """The next element as a `tf.experimental.Optional`, which is empty at the end."""
        cursor = _cursor if self._open is None else _cursor_of
        take = lambda number: _optional(cursor(number), self.element_spec)
        return _optional_of(take, [self._number], self.element_spec)

    def _traced_loop(self) -> TracedLoop:
        if self._open is None:
            return TracedLoop(None, elements.components(self.element_spec), self._number)
        open_ = lambda: numpy_function(self._open, [self._number], TensorSpec((), int64))
        return TracedLoop(open_, elements.components(self.element_spec))

    def __tf_flatten__(self):
        if self._open is None:
            raise TypeError("an iterator that a function makes stays there: return its elements, or make it outside")
        return IteratorSpec(self.element_spec), (self._number,)


def new_iteration(dataset) -> TracedIterator:
    """`iter(dataset)` in a function."""
    return TracedIterator(dataset.element_spec, dataset._open(), _element)


def _cursor_of(number) -> Cursor:
    found = _iterators.get(int(number))
    if found is None:
        raise RuntimeError("the iterator that the function was called with is gone")
    return found._cursor


def _next_of(number) -> tuple:
    return elements.flat(_cursor_of(number).take())


_next_of.once = _next_of.ours = True


def _loop_of(number):
    return np.int64(opened(_cursor_of(number)))


class IteratorSpec:
    """Iterators over such elements: `tf.data.IteratorSpec(element_spec)` in an `input_signature`."""

    value_type = Iterator

    def __init__(self, element_spec):
        self.element_spec = element_spec

    @classmethod
    def from_value(cls, value) -> "IteratorSpec":
        return cls(value.element_spec)

    def is_compatible_with(self, other) -> bool:
        """Whether an iterator, or another spec, is what this says."""
        return self == (other if isinstance(other, IteratorSpec) else getattr(other, "_type_spec", None))

    def __tf_tracing_type__(self, context):
        return FlattenedType((Iterator, self), [TensorType(TensorSpec((), int64))])

    def __eq__(self, other):
        return isinstance(other, IteratorSpec) and repr(self.element_spec) == repr(other.element_spec)

    def __hash__(self):
        return hash(repr(self.element_spec))

    def __repr__(self):
        return f"IteratorSpec({self.element_spec},)"


TypeSpec.register(IteratorSpec)
