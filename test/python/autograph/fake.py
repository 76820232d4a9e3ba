"""A symbolic tensor and an interpreter for it, small enough to trust: rewriting is tested without a tracer.

Every tensor carries its number, but hides it: `bool()` and `iter()` raise. Both branches of a condition run,
a body runs at least once, as they would be traced; the results are those of the branch and the iterations
that count.
"""

from contextlib import contextmanager

import numpy as np
from tfc.autograph import seam


class DType:
    def __init__(self, name):
        self.name = name

    def __eq__(self, other):
        return self.name == other.name

    def __hash__(self):
        return hash(self.name)


NAMES = {"i": "int32", "f": "float32", "b": "bool"}


class Fake:
    """A tensor whose number is hidden."""

    def __init__(self, value):
        self.hidden = np.asarray(value)

    @property
    def dtype(self):
        return DType(NAMES[self.hidden.dtype.kind])

    @property
    def shape_tuple(self):
        return self.hidden.shape

    def __bool__(self):
        raise TypeError("a symbolic tensor has no truth value")

    def __iter__(self):
        raise TypeError("a symbolic tensor cannot be iterated over")

    def __getitem__(self, i):
        return Fake(self.hidden[hidden(i)])

    def __neg__(self):
        return Fake(-self.hidden)

    def __repr__(self):
        return f"Fake({self.dtype.name})"


def hidden(x):
    return x.hidden if isinstance(x, Fake) else x


def _method(name):
    def method(self, other):
        return Fake(getattr(np.asarray(self.hidden), name)(np.asarray(hidden(other))))

    return method


for _name in ("add", "radd", "sub", "rsub", "mul", "rmul", "lt", "le", "gt", "ge"):
    setattr(Fake, f"__{_name}__", _method(f"__{_name}__"))


class Interpreter:
    """The functions of `seam` on Fakes."""

    def __init__(self):
        self.checks = []

    def is_tensor(self, x):
        return isinstance(x, Fake)

    is_symbolic = is_tensor

    def tracing(self):
        return True

    def tensor(self, value, dtype=None):
        return value if isinstance(value, Fake) else Fake(value)

    def zeros(self, dtype, shape):
        kinds = {"int32": np.int64, "float32": np.float64, "bool": bool}
        return Fake(np.zeros([1 if d is None else d for d in shape or ()], kinds[dtype.name]))

    def cond(self, pred, true_fn, false_fn):
        main, other = true_fn(), false_fn()
        main = main() if callable(main) else main
        other = other() if callable(other) else other
        assert len(main) == len(other)
        assert all(isinstance(x, Fake) for x in [*main, *other])
        assert [x.dtype for x in main] == [x.dtype for x in other]
        return main if pred.hidden else other

    def while_loop(self, cond_fn, body_fn, init, *, shape_invariants=None, maximum_iterations=None, names=None):
        values, count = list(init), 0
        assert all(isinstance(x, Fake) for x in values)
        assert names is None or len(names) == len(init)
        going = cond_fn(*values)
        first = True
        while first or going.hidden:
            following = list(body_fn(*values))
            assert [x.dtype for x in following] == [x.dtype for x in values]
            if not going.hidden or (maximum_iterations is not None and count >= maximum_iterations.hidden):
                break
            first, values, count = False, following, count + 1
            going = cond_fn(*values)
        return values

    def logical_not(self, x):
        return Fake(~x.hidden)

    def logical_and(self, a, b):
        return Fake(hidden(a) & hidden(b))

    def logical_or(self, a, b):
        return Fake(hidden(a) | hidden(b))

    def less(self, a, b):
        return Fake(np.less(hidden(a), hidden(b)))

    def add(self, a, b):
        return Fake(hidden(a) + hidden(b))

    def is_known_true(self, condition):
        return condition is True

    def check(self, condition, message):
        self.checks.append((bool(hidden(condition)), message))

    @contextmanager
    def trial(self):
        yield seam.Kept()

    def operation_count(self):
        return 0

    def is_composite(self, x):
        return False

    is_list = is_composite

    def is_value(self, x):
        return isinstance(x, Fake)

    def tensorable(self, x):
        return isinstance(x, (Fake, np.ndarray, np.generic, bool, int, float))

    def is_tensor_array(self, x):
        return False

    def in_range(self, value, limit, delta, forward):
        return self.less(value, limit)

    def stays_in_type(self, start, limit, delta):
        return True

    def rows(self, value, make):
        return make(self.length(value), lambda i: value[i]) if isinstance(value, Fake) else None

    def length(self, value):
        return Fake(value.hidden.shape[0])
