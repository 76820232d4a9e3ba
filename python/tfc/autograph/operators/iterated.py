"""What a traced `for` can iterate over: ranges without the tensor, rows of a tensor, and enumerate and zip
of those.
"""

import weakref

from .. import seam


class Sequence:
    """Something a traced loop steps through. `counters` are its loop variables (a list of tensors)."""

    def start(self): ...
    def more(self, counters): ...
    def item(self, counters): ...
    def following(self, counters): ...
    def nonempty(self): ...

    def __iter__(self):
        raise TypeError(
            "an enumerate or zip of tensors has no Python elements while a function is traced; iterate over "
            "it in a `for` statement"
        )


class Range(Sequence):
    """`tf.range(start, limit, delta)` of integers, as a counter.

    The last step may lead past the numbers of the dtype, unless the step is 1 or bounds are known: then the counter has
    64 bits, or stops at the limit.
    """

    def __init__(self, start, limit, delta, forward):
        self.given = self.first, self.limit, self.delta = start, limit, delta
        self.forward = forward
        self.dtype = seam.dtype(start)
        steps_past = not seam.stays_in_type(start, limit, delta)
        self.wide, self.stops = (steps_past and self.dtype is of for of in (seam.int32, seam.int64))

    def start(self):
        if self.wide:
            self.first, self.limit, self.delta = (seam.cast(x, seam.int64) for x in self.given)
        return [self.first]

    def more(self, counters):
        return seam.in_range(counters[0], self.limit, self.delta, self.forward)

    def item(self, counters):
        return seam.cast(counters[0], self.dtype) if self.wide else counters[0]

    def following(self, counters):
        following = seam.add(counters[0], self.delta)
        if self.stops:
            following = seam.unless_wrapped(counters[0], following, self.delta, self.limit)
        return [following]

    def nonempty(self):
        return seam.in_range(self.first, self.limit, self.delta, self.forward)


class Rows(Sequence):
    """A tensor, along its first axis; or what else has a length and items."""

    def __init__(self, length, get):
        self.length, self.get = length, get

    def start(self):
        return [seam.tensor(0)]

    def more(self, counters):
        return seam.less(counters[0], self.length)

    def item(self, counters):
        return self.get(counters[0])

    def following(self, counters):
        return [seam.add(counters[0], seam.tensor(1))]

    def nonempty(self):
        return seam.less(seam.tensor(0), self.length)


class Enumerated(Sequence):
    def __init__(self, inner, start):
        self.inner, self.first = inner, start

    def start(self):
        # Elements of a dataset are counted in int64.
        return [seam.tensor(self.first, getattr(self.inner, "counter_dtype", None)), *self.inner.start()]

    def more(self, counters):
        return self.inner.more(counters[1:])

    def item(self, counters):
        return counters[0], self.inner.item(counters[1:])

    def following(self, counters):
        one = seam.tensor(1, seam.dtype(counters[0]))
        return [seam.add(counters[0], one), *self.inner.following(counters[1:])]

    def nonempty(self):
        return self.inner.nonempty()


class Zipped(Sequence):
    def __init__(self, inners):
        self.inners = inners

    def start(self):
        parts = [inner.start() for inner in self.inners]
        self.sizes = [len(p) for p in parts]
        return [c for p in parts for c in p]

    def _each(self, counters):
        counters = iter(counters)
        return [(inner, [next(counters) for _ in range(n)]) for inner, n in zip(self.inners, self.sizes, strict=True)]

    def more(self, counters):
        return seam.all_of([inner.more(c) for inner, c in self._each(counters)])

    def item(self, counters):
        return tuple(inner.item(c) for inner, c in self._each(counters))

    def following(self, counters):
        return [c for inner, part in self._each(counters) for c in inner.following(part)]

    def nonempty(self):
        return seam.all_of([inner.nonempty() for inner in self.inners])


_ranges: dict = {}  # id of a result of tf.range in converted code -> (weak reference to it, its Range)


def remember(tensor, made):
    """Notes that `tensor` is the Range `made`, for a `for` over the tensor."""
    key = id(tensor)
    _ranges[key] = weakref.ref(tensor, lambda _: _ranges.pop(key, None)), made


def _range_of(value):
    reference, made = _ranges.get(id(value), (None, None))
    return made if reference is not None and reference() is value else None


def sequence(value):
    """A Sequence for what a traced loop is needed for; None for what Python iterates over."""
    if isinstance(value, Sequence):
        return value
    if not seam.tracing():
        return None
    # What brings its elements from the host.
    loop = getattr(value, "_traced_loop", None)
    if loop is not None:
        return loop()
    rows = getattr(value, "_traced_rows", None)
    if rows is not None:
        return Rows(*rows())
    return _range_of(value) or seam.rows(value, Rows)
