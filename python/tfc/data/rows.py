"""Elements that are known by their numbers: what datasets that are array work give in blocks instead of one by one.

`block(start, size)` is a list of arrays, one for each leaf of an element, whose rows are the elements from number
`start`: at least one, at most `size` of them, all of one shape.
"""

import math

import numpy as np


class Rows:
    """`count` elements (`math.inf` for no end); `even` says whether all of them have one shape."""

    even = True

    def __init__(self, count):
        self.count = count

    def block(self, start: int, size: int) -> list:
        raise NotImplementedError

    def exactly(self, start: int, size: int) -> list:
        """A block of that size."""
        parts = []
        while size > 0:
            part = self.block(start, size)
            parts.append(part)
            start, size = start + len(part[0]), size - len(part[0])
        return parts[0] if len(parts) == 1 else [np.concatenate(leaf) for leaf in zip(*parts, strict=True)]


class Counting(Rows):
    """Integers: `range`."""

    def __init__(self, start, step, count, np_dtype):
        super().__init__(count)
        self._start, self._step, self._dtype = start, step, np_dtype

    def block(self, start, size):
        first = self._start + start * self._step
        return [(first + self._step * np.arange(min(size, self.count - start), dtype=np.int64)).astype(self._dtype)]


class Slices(Rows):
    """The rows of arrays."""

    def __init__(self, arrays: list):
        super().__init__(len(arrays[0]))
        self._arrays = arrays

    def block(self, start, size):
        return [a[start : start + size] for a in self._arrays]


class Part(Rows):
    """`count` elements of others, from one of them; every `step`-th."""

    def __init__(self, rows: Rows, first: int, count, step: int = 1):
        available = max(0, math.ceil((rows.count - first) / step)) if rows.count != math.inf else math.inf
        super().__init__(min(count, available))
        self.even = rows.even
        self._rows, self._first, self._step = rows, first, step

    def block(self, start, size):
        size = min(size, self.count - start)
        if self._step == 1:
            return self._rows.block(self._first + start, size)
        wide = self._rows.block(self._first + start * self._step, (size - 1) * self._step + 1)
        return [a[:: self._step] for a in wide]


class Batches(Rows):
    """Several elements (of one shape) stacked; the last one may be smaller."""

    def __init__(self, rows: Rows, size: int, drop_remainder: bool):
        self._whole = rows.count // size if rows.count != math.inf else math.inf
        rest = 0 if self._whole == math.inf or drop_remainder else rows.count - self._whole * size
        super().__init__(self._whole + (rest > 0))
        self.even = rest == 0
        self._rows, self._size, self._rest = rows, size, rest

    def block(self, start, size):
        if start >= self._whole:
            return [a[None] for a in self._rows.exactly(self._whole * self._size, self._rest)]
        n = min(size, self._whole - start)
        made = self._rows.exactly(start * self._size, n * self._size)
        return [a.reshape(n, self._size, *a.shape[1:]) for a in made]


class Numbered(Rows):
    """(number, element)."""

    def __init__(self, rows: Rows, first: int):
        super().__init__(rows.count)
        self.even = rows.even
        self._rows, self._first = rows, first

    def block(self, start, size):
        made = self._rows.block(start, size)
        return [np.arange(self._first + start, self._first + start + len(made[0]), dtype=np.int64), *made]


class Zipped(Rows):
    """Elements of several side by side."""

    def __init__(self, parts: list):
        super().__init__(min(p.count for p in parts))
        self.even = all(p.even for p in parts)
        self._parts = parts

    def block(self, start, size):
        made = [p.block(start, min(size, self.count - start)) for p in self._parts]
        n = min(len(m[0]) for m in made)
        return [a[:n] for m in made for a in m]


class Repeated(Rows):
    """The elements again and again."""

    def __init__(self, rows: Rows, times):
        super().__init__(rows.count * times if rows.count else 0)
        self.even = rows.even
        self._rows = rows

    def block(self, start, size):
        if self._rows.count == math.inf:
            return self._rows.block(start, size)
        at = start % self._rows.count
        return self._rows.block(at, min(size, self._rows.count - at, self.count - start))
