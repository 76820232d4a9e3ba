"""Iterators that go on after an error: the element that failed is gone, and the next one comes.

A generator ends with the first error that leaves it; `map`, `filter`, `chain`, `islice` and `takewhile` of Python do
not, nor do the ones here. Transformations are made of these.
"""

from tfc.core import outside

END = object()


class Failed:
    """An error in the place of an element, which is raised when that is asked for."""

    def __init__(self, error):
        self.error = error


class Steps:
    """What `step()` gives, until that is `END`."""

    def __init__(self, step):
        self._step = step

    def __iter__(self):
        return self

    def __next__(self):
        value = self._step()
        if value is END:
            raise StopIteration
        return value


class Started(Steps):
    """What the iterator `make()` gives; it is made when the first element is asked for. It computes eagerly."""

    def __init__(self, make):
        self._make, self._inner = make, None

    def __next__(self):
        with outside():
            if self._inner is None:
                self._inner = iter(self._make())
            return next(self._inner)


class Chained(Steps):
    """All of each of `parts`, an iterator of iterators."""

    def __init__(self, parts):
        self._parts, self._part = iter(parts), None

    def __next__(self):
        while True:
            if self._part is None:
                self._part = iter(next(self._parts))
            try:
                return next(self._part)
            except StopIteration:
                self._part = None


class Counted(Steps):
    """The same elements, and `count` of how many were asked for, apart from the end."""

    def __init__(self, iterator):
        self._iterator, self.count = iterator, 0

    def __next__(self):
        self.count += 1
        try:
            return next(self._iterator)
        except StopIteration:
            self.count -= 1
            raise


class Together(Steps):
    """Tuples of elements of several iterators. All of them step, also where one fails, so that they stay together."""

    def __init__(self, iterators: list):
        self._iterators = iterators

    def __next__(self):
        values, failed = [], None
        for iterator in self._iterators:
            try:
                values.append(next(iterator))
            except StopIteration:
                if failed is None:
                    raise
                break
            except Exception as e:
                failed = failed or e
        if failed is not None:
            raise failed
        return tuple(values)


class InTurn(Steps):
    """`block` elements of each of `width` iterators in turn; the next of `parts` takes the place of one that ends."""

    def __init__(self, parts, width: int, block: int):
        self._parts, self._block = iter(parts), block
        self._running: list = [None] * width
        self._at, self._given, self._all_begun = 0, 0, False

    def __next__(self):
        while True:
            running = self._running[self._at]
            if running is None:
                if self._all_begun and not any(self._running):
                    raise StopIteration
                running = self._begin()
            if running is not None:
                try:
                    value = next(running)
                except StopIteration:
                    self._running[self._at] = None
                except Exception:
                    self._step()
                    raise
                else:
                    self._step()
                    return value
            self._turn()

    def _begin(self):
        if not self._all_begun:
            try:
                self._running[self._at] = iter(next(self._parts))
            except StopIteration:
                self._all_begun = True
        return self._running[self._at]

    def _step(self):
        self._given += 1
        if self._given == self._block:
            self._turn()

    def _turn(self):
        self._at, self._given = (self._at + 1) % len(self._running), 0


def chunks(source, size: int, drop_remainder: bool):
    """Lists of `size` elements; the last one may be smaller unless `drop_remainder`. With one that fails, its list is
    gone.
    """

    def step():
        chunk, failed = [], None
        while len(chunk) < size:
            try:
                element = next(source, END)
            except Exception as e:
                element, failed = None, failed or e
            if element is END:
                break
            chunk.append(element)
        if failed is not None:
            raise failed
        return END if not chunk or (drop_remainder and len(chunk) < size) else chunk

    return Steps(step)


def sliced(source, first: int, end: int | None = None, stride: int = 1):
    """Elements as `itertools.islice` gives them. One that fails has no number."""
    at = 0

    def step():
        nonlocal at
        while end is None or at < end:
            element = next(source, END)
            if element is END:
                break
            at += 1
            if at > first and (at - 1 - first) % stride == 0:
                return element
        return END

    return Steps(step)


def without_errors(source, kinds: tuple, report):
    """The elements that do not fail; `report(error)` of the others."""

    def step():
        while True:
            try:
                return next(source, END)
            except kinds as e:
                report(e)

    return Steps(step)
