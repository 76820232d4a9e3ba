"""Random programs as data, that run eagerly or inside a traced function.

A program is a list of statements `(kind, ...)` over a growing list of values; a statement appends its results. All
floats are small whole numbers, so that every order of evaluation gives the same bits and results can be compared exactly.
"""

import contextlib
import io

import numpy as np
import tfc as tf

BOUND = 64
SHAPES = [(), (1,), (3,), (4,), (40,), (3, 4), (4, 3), (1, 4), (2, 3, 4), (33, 5)]
DTYPES = [tf.float32, tf.float32, tf.float32, tf.int32, tf.float64]


def _bounded(x):
    if x.dtype.is_floating:
        return tf.clip_by_value(x, tf.cast(-BOUND, x.dtype), tf.cast(BOUND, x.dtype))
    return x


def _index(x, n):
    return tf.math.floormod(tf.cast(x, tf.int32), n)


UNARY = {
    "neg": lambda x: -x,
    "abs": tf.abs,
    "square": lambda x: _bounded(tf.square(x)),
    "sign": tf.sign,
    "twice": lambda x: _bounded(x + x),
    "mod": lambda x: tf.math.floormod(x, tf.cast(7, x.dtype)),
    "halve": lambda x: tf.math.floordiv(x, tf.cast(2, x.dtype)),
    "relu": lambda x: tf.maximum(x, tf.cast(0, x.dtype)),
    "to float32": lambda x: _bounded(tf.cast(tf.math.floormod(x, tf.cast(50, x.dtype)), tf.float32)),
    "to int32": lambda x: tf.cast(x, tf.int32),
    "is positive": lambda x: tf.cast(x > 0, x.dtype),
    "identity": tf.identity,
    "shape": lambda x: tf.shape(x),
    "size": lambda x: tf.size(x),
    "zeros_like": tf.zeros_like,
    "sum of mask": lambda x: (
        tf.reduce_sum(tf.boolean_mask(_bounded(tf.math.floormod(x, tf.cast(9, x.dtype))), x > 0)) if x.shape.rank else x
    ),
    "where": lambda x: tf.cast(tf.where(tf.reshape(x, [-1]) > 1), tf.int32),
}
BINARY = {
    "add": lambda x, y: _bounded(x + y),
    "sub": lambda x, y: _bounded(x - y),
    "mul": lambda x, y: _bounded(x * y),
    "maximum": tf.maximum,
    "minimum": tf.minimum,
    "select": lambda x, y: tf.where(x < y, x, y),
    "equal": lambda x, y: tf.cast(tf.equal(x, y), tf.int32),
    "less or": lambda x, y: tf.cast(tf.logical_or(x < y, tf.equal(x, y)), x.dtype),
    "div": lambda x, y: tf.math.floordiv(x, tf.abs(tf.math.floormod(y, tf.cast(5, y.dtype))) + tf.cast(1, y.dtype)),
}
MOVES = {
    "transpose": lambda x, perm: tf.transpose(x, perm),
    "reshape": lambda x, shape: tf.reshape(x, shape),
    "flatten": lambda x: tf.reshape(x, [-1]),
    "expand_dims": lambda x, axis: tf.expand_dims(x, axis),
    "tile": lambda x, multiples: tf.tile(x, multiples),
    "slice": lambda x, at: x[at],
    "reverse": lambda x, axis: tf.reverse(x, [axis]),
    "pad": lambda x, paddings: tf.pad(x, paddings),
    "broadcast_to": lambda x, shape: tf.broadcast_to(x, shape),
    "roll": lambda x, shift, axis: tf.roll(x, shift, axis),
    "cumsum": lambda x, axis, exclusive, reverse: _bounded(
        tf.cumsum(tf.math.floormod(x, tf.cast(9, x.dtype)), axis, exclusive, reverse)
    ),
    "sort": lambda x, axis, direction: tf.sort(x, axis, direction),
    "argsort": lambda x, axis, direction: tf.argsort(x, axis, direction, stable=True),
    "sum": lambda x, axis, keepdims: _bounded(tf.reduce_sum(tf.math.floormod(x, tf.cast(50, x.dtype)), axis, keepdims)),
    "max": lambda x, axis, keepdims: tf.reduce_max(x, axis, keepdims),
    "min": lambda x, axis, keepdims: tf.reduce_min(x, axis, keepdims),
    "any": lambda x, axis, keepdims: tf.cast(tf.reduce_any(x > 2, axis, keepdims), tf.int32),
    "argmax": lambda x, axis: tf.argmax(x, axis, output_type=tf.int32),
    "one_hot": lambda x, depth: tf.one_hot(_index(x, depth), depth),
    "take": lambda x, at, axis: tf.gather(x, at, axis=axis),
    "last of split": lambda x, axis, n: tf.split(x, n, axis)[-1],
    "one of unstack": lambda x, axis, at, n: tf.unstack(x, num=n, axis=axis)[at],
}
PAIRS = {
    "concat": lambda x, y, axis: tf.concat([x, y, x], axis),
    "stack": lambda x, y, axis: tf.stack([x, y], axis),
    "matmul": lambda x, y: _bounded(tf.matmul(x, y)),
    "matmul of transposed": lambda x, y: _bounded(tf.matmul(x, y, transpose_b=True)),
    "gather": lambda x, y, n: tf.gather(x, _index(y, n)),
    "scatter": lambda x, y: tf.tensor_scatter_nd_update(x, [[0]], y[None]),
    "scatter add": lambda x, y: _bounded(tf.tensor_scatter_nd_add(x, [[0], [0]], tf.stack([y, y]))),
    "set slice": lambda x, y: tf.concat([y[None], x[1:]], 0),
}
OPS = {**UNARY, **BINARY, **MOVES, **PAIRS}


class Writer:
    """Writes a program, running it eagerly on the way to know what fits."""

    def __init__(self, rng, variables, effects=True, grow=2000):
        self.rng, self.variables, self.effects, self.grow = rng, variables, effects, grow

    def block(self, values, length, depth=0):
        """Statements; `values` is extended with what they compute."""
        out = []
        for _ in range(length):
            statement = self.statement(values, depth)
            if statement is None:
                continue
            before = [v.value() for v in self.variables]
            try:
                with contextlib.redirect_stderr(io.StringIO()):
                    new = step(statement, values, self.variables, None)
            except tf.errors.InvalidArgumentError:
                for v, old in zip(self.variables, before):
                    v.assign(old)
                if statement[0] != "assert":
                    continue
                new = []
            if any(np.prod(v.shape_tuple) > self.grow for v in new):
                for v, old in zip(self.variables, before):
                    v.assign(old)
                continue
            values.extend(new)
            out.append(statement)
        return out

    def statement(self, values, depth):
        kinds = ["op"] * 12
        if self.effects:
            kinds += ["assign"] * 2 + ["read", "assign_add", "swap", "print", "assert"]
        if depth < 2:
            kinds += ["if", "while", "array"]
        return getattr(self, "_" + self.rng.choice(kinds))(values, depth)

    def _pick(self, values, test=lambda v: True):
        fitting = [i for i, v in enumerate(values) if test(v)]
        return self.rng.choice(fitting[-12:]) if fitting else None

    def _op(self, values, depth):
        which = self.rng.choice(["unary", "binary", "binary", "move", "move", "pair"])
        i = self._pick(values)
        x = values[i]
        if which == "unary":
            return "op", self.rng.choice(list(UNARY)), [i], {}
        if which == "move":
            return self._move(i, x)
        if which == "binary":
            j = self._pick(values, lambda v: v.dtype == x.dtype and _broadcasts(v.shape_tuple, x.shape_tuple))
            return "op", self.rng.choice(list(BINARY)), [i, j], {}
        return self._pair(values, i, x)

    def _move(self, i, x):
        rng, dims = self.rng, list(x.shape_tuple)
        rank, name = len(dims), rng.choice(list(MOVES))
        axis = rng.randrange(rank) if rank else None
        if name == "expand_dims":
            return "op", name, [i], {"axis": rng.randrange(rank + 1)}
        if name == "flatten":
            return "op", name, [i], {}
        if name == "broadcast_to":
            return "op", name, [i], {"shape": [rng.choice([1, 2, 3]), *dims]}
        if name == "one_hot":
            return ("op", name, [i], {"depth": 3}) if rank < 3 else None
        if rank == 0:
            return None
        n = dims[axis]
        attrs = {
            "transpose": lambda: {"perm": rng.sample(range(rank), rank)},
            "reshape": lambda: {"shape": [*dims[1:], dims[0]]},
            "tile": lambda: {"multiples": [rng.choice([1, 1, 2]) for _ in dims]},
            "slice": lambda: {"at": tuple(_slice(rng, d) for d in dims)},
            "reverse": lambda: {"axis": axis},
            "pad": lambda: {"paddings": [[rng.randrange(2), rng.randrange(3)] for _ in dims]},
            "roll": lambda: {"shift": rng.randrange(-3, 4), "axis": axis},
            "cumsum": lambda: {"axis": axis, "exclusive": rng.random() < 0.5, "reverse": rng.random() < 0.5},
            "sort": lambda: {"axis": axis, "direction": rng.choice(["ASCENDING", "DESCENDING"])},
            "argsort": lambda: {"axis": axis, "direction": rng.choice(["ASCENDING", "DESCENDING"])},
            "argmax": lambda: {"axis": axis} if n else None,
            "take": lambda: {"at": [rng.randrange(n) for _ in range(rng.randrange(4))], "axis": axis} if n else None,
            "last of split": lambda: {"axis": axis, "n": n} if 0 < n < 6 else None,
            "one of unstack": lambda: {"axis": axis, "at": rng.randrange(n), "n": n} if 0 < n < 6 else None,
        }.get(name, lambda: {"axis": rng.choice([axis, [axis], None]), "keepdims": rng.random() < 0.5})()
        if name in ("max", "min") and not all(dims):
            return None
        return None if attrs is None else ("op", name, [i], attrs)

    def _pair(self, values, i, x):
        rng, dims, name = self.rng, x.shape_tuple, self.rng.choice(list(PAIRS))
        same = lambda v: v.dtype == x.dtype and v.shape_tuple == dims
        attrs = {}
        if name == "stack":
            j, attrs = self._pick(values, same), {"axis": rng.randrange(len(dims) + 1)}
        elif name == "gather":
            if not dims or not dims[0]:
                return None
            j, attrs = self._pick(values, lambda v: len(v.shape_tuple) < 3), {"n": dims[0]}
        elif not dims:
            return None
        elif name == "concat":
            axis = rng.randrange(len(dims))
            rest = lambda s: [d for k, d in enumerate(s) if k != axis]
            j = self._pick(
                values,
                lambda v: v.dtype == x.dtype and len(v.shape_tuple) == len(dims) and rest(v.shape_tuple) == rest(dims),
            )
            attrs = {"axis": axis}
        elif "matmul" in name:
            if len(dims) < 2:
                return None
            k = -1 if "transposed" in name else -2
            j = self._pick(
                values,
                lambda v: (
                    v.dtype == x.dtype
                    and len(v.shape_tuple) > 1
                    and v.shape_tuple[k] == dims[-1]
                    and _broadcasts(v.shape_tuple[:-2], dims[:-2])
                ),
            )
        else:
            if not dims[0]:
                return None
            j = self._pick(values, lambda v: v.dtype == x.dtype and v.shape_tuple == dims[1:])
        return None if j is None else ("op", name, [i, j], attrs)

    def _like(self, values, variable):
        value = variable.value()
        return self._pick(values, lambda v: v.dtype == value.dtype and variable.shape.is_compatible_with(v.shape))

    def _assign(self, values, depth):
        k = self.rng.randrange(len(self.variables))
        i = self._like(values, self.variables[k])
        return None if i is None else ("assign", k, i)

    def _assign_add(self, values, depth):
        k = self.rng.randrange(len(self.variables))
        value = self.variables[k].value()
        i = self._pick(values, lambda v: v.dtype == value.dtype and v.shape_tuple == value.shape_tuple)
        return None if i is None else ("assign_add", k, i)

    def _read(self, values, depth):
        return "read", self.rng.randrange(len(self.variables))

    def _swap(self, values, depth):
        return "swap", 0, 1

    def _print(self, values, depth):
        return "print", self._pick(values)

    def _assert(self, values, depth):
        if self.rng.random() < 0.5:
            return None
        return "assert", self._pick(values), self.rng.choice([-30, 5, 40, 60, 100])

    def _if(self, values, depth):
        cond = self._pick(values)
        then_values, else_values = list(values), list(values)
        then_block, else_block = self._trial(then_values, depth), self._trial(else_values, depth)
        results = []
        for _ in range(self.rng.randrange(1, 4)):
            i = self._pick(then_values)
            j = self._pick(
                else_values, lambda v, w=then_values[i]: (v.dtype, v.shape_tuple) == (w.dtype, w.shape_tuple)
            )
            if j is not None:
                results.append((i, j))
        return ("if", cond, then_block, else_block, results) if results else None

    def _trial(self, values, depth):
        """A block that leaves no trace in variables."""
        before = [v.value() for v in self.variables]
        block = self.block(values, self.rng.randrange(4), depth + 1)
        for v, old in zip(self.variables, before):
            v.assign(old)
        return block

    def _while(self, values, depth):
        carried = [self._pick(values) for _ in range(self.rng.randrange(1, 4))]
        inner = list(values) + [values[i] for i in carried]
        base = len(values)
        block = self._trial(inner, depth)
        results = []
        for k, i in enumerate(carried):
            want = values[i]
            fits = [
                j
                for j, v in enumerate(inner)
                if j >= base and (v.dtype, v.shape_tuple) == (want.dtype, want.shape_tuple)
            ]
            results.append(self.rng.choice(fits) if fits else base + k)
        limit = self._pick(values) if self.rng.random() < 0.5 else None
        return "while", limit, self.rng.randrange(5), carried, block, results

    def _array(self, values, depth):
        return "array", self._pick(values), self.rng.randrange(1, 5)


def _broadcasts(a, b):
    return all(m == n or 1 in (m, n) for m, n in zip(a[::-1], b[::-1]))


def _slice(rng, n):
    if n and rng.random() < 0.2:
        return rng.randrange(-n, n)
    if rng.random() < 0.3:
        return slice(None)
    return slice(
        rng.choice([None, rng.randrange(-n - 1, n + 1)]),
        rng.choice([None, rng.randrange(-n - 1, n + 1)]),
        rng.choice([None, 1, 2, -1, -2]),
    )


def run(block, values, variables, invariant):
    """Runs statements, here or in a trace; `values` grows. `invariant(t)` is the shape a loop may assume of `t`."""
    for statement in block:
        values.extend(step(statement, values, variables, invariant))
    return values


def _test(x):
    return tf.reduce_sum(_index(x, 3)) % 2 == 0


def step(statement, values, variables, invariant):
    """Runs one statement: the new values."""
    kind, *rest = statement
    return _STEPS[kind](values, variables, invariant, *rest)


def _op(values, variables, invariant, name, at, attrs):
    return [OPS[name](*(values[i] for i in at), **attrs)]


def _assign(values, variables, invariant, k, i):
    variables[k].assign(values[i])
    return []


def _assign_add(values, variables, invariant, k, i):
    variables[k].assign(_bounded(variables[k] + values[i]))
    return []


def _read(values, variables, invariant, k):
    return [variables[k].read_value()]


def _swap(values, variables, invariant, a, b):
    x, y = variables[a].read_value(), variables[b].read_value()
    variables[a].assign(y)
    variables[b].assign(x)
    return []


def _print(values, variables, invariant, i):
    tf.print("value", i, values[i], summarize=-1)
    return []


def _assert(values, variables, invariant, i, limit):
    x = tf.cast(values[i], tf.float32)
    tf.debugging.Assert(tf.reduce_all(x < float(limit)), [values[i]])
    return []


def _if(values, variables, invariant, cond, then_block, else_block, results):
    def branch(block, which):
        def run_branch():
            inner = run(block, list(values), variables, invariant)
            return [inner[r[which]] for r in results]

        return run_branch

    out = tf.cond(_test(values[cond]), branch(then_block, 0), branch(else_block, 1))
    return list(out)


def _while(values, variables, invariant, limit, trips, carried, block, results):
    def going(i, *now):
        more = i < trips
        return more if limit is None else tf.logical_and(more, tf.reduce_sum(_index(values[limit], 3)) + i < 6)

    def body(i, *now):
        inner = run(block, [*values, *now], variables, invariant)
        return [i + 1, *(inner[r] for r in results)]

    start = [tf.constant(0), *(values[i] for i in carried)]
    shapes = None if invariant is None else [invariant(t) for t in start]
    return list(tf.while_loop(going, body, start, shape_invariants=shapes))[1:]


def _array(values, variables, invariant, i, n):
    x = values[i]

    def body(k, now, array):
        return k + 1, _bounded(now + tf.cast(k, now.dtype)), array.write(n - 1 - k, now)

    array = tf.TensorArray(x.dtype, size=n, element_shape=x.shape)
    shapes = None if invariant is None else [invariant(tf.constant(0)), invariant(x), tf.TensorShape(None)]
    _, last, array = tf.while_loop(lambda k, *_: k < n, body, [tf.constant(0), x, array], shape_invariants=shapes)
    return [array.stack(), last]


_STEPS = {
    "op": _op, "assign": _assign, "assign_add": _assign_add, "read": _read, "swap": _swap, "print": _print,
    "assert": _assert, "if": _if, "while": _while, "array": _array,
}  # fmt: skip


def whole_numbers(np_rng, shape, dtype):
    return tf.constant(np_rng.integers(-9, 10, shape), dtype)


def make_variables():
    return [
        tf.Variable([1.0, 2.0, 3.0]),
        tf.Variable([-4.0, 0.0, 6.0]),
        tf.Variable(2.0),
        tf.Variable([1, 2, 3, 4]),
        tf.Variable([[1.0, 2.0, 3.0, 4.0]], shape=[None, 4]),
    ]


def write_program(rng, length, effects=True):
    """(arguments, statements, indices of the results)."""
    np_rng = np.random.default_rng(rng.randrange(2**31))
    arguments = [whole_numbers(np_rng, rng.choice(SHAPES), rng.choice(DTYPES)) for _ in range(rng.randrange(1, 5))]
    values = list(arguments)
    block = Writer(rng, make_variables(), effects).block(values, length)
    results = sorted({rng.randrange(len(values)) for _ in range(6)} | set(range(max(0, len(values) - 3), len(values))))
    return arguments, block, results


def outcome(function, arguments, variables):
    """What can be seen of a run: results or the type of the exception, what was printed, what variables hold."""
    printed = io.StringIO()
    with contextlib.redirect_stderr(printed):
        try:
            results = [r.numpy() for r in function(*arguments)]
        except tf.errors.InvalidArgumentError as e:
            results = type(e).__name__
    return results, printed.getvalue(), [v.numpy() for v in variables]


def compiled_function(block, results, variables, mode, arguments):
    """The program as a `tf.function`; mode: "static", "unknown" (dimensions), "unranked"."""
    unknown = {
        "static": None,
        "unknown": lambda t: tf.TensorShape([None] * len(t.shape)),
        "unranked": lambda t: tf.TensorShape(None),
    }[mode]

    def program(*args):
        values = run(block, list(args), variables, unknown)
        return [values[i] for i in results]

    signature = None
    if unknown is not None:
        signature = [tf.TensorSpec(unknown(a), a.dtype) for a in arguments]
    return tf.function(program, autograph=False, input_signature=signature)


def disagreement(arguments, block, results, mode="static", calls=2):
    """How compiled and eager runs of a program differ, or None."""
    ours, theirs = make_variables(), make_variables()
    function = compiled_function(block, results, ours, mode, arguments)

    def eager(*args):
        values = run(block, list(args), theirs, None)
        return [values[i] for i in results]

    for call in range(calls):
        got, want = outcome(function, arguments, ours), outcome(eager, arguments, theirs)
        wrong = _compare(got, want)
        if wrong:
            return f"call {call}: {wrong}"
    return None


def _compare(got, want):
    if isinstance(got[0], str) or isinstance(want[0], str):
        if not isinstance(got[0], str) or got[0] != want[0]:
            return f"got {got[0]}, want {want[0]}"
    else:
        for k, (g, w) in enumerate(zip(got[0], want[0], strict=True)):
            if g.dtype != w.dtype or g.shape != w.shape or not np.array_equal(g, w):
                return f"result {k}: got {g.dtype}{list(g.shape)} {g}, want {w.dtype}{list(w.shape)} {w}"
    if got[1] != want[1]:
        return f"printed {got[1]!r}, want {want[1]!r}"
    for k, (g, w) in enumerate(zip(got[2], want[2], strict=True)):
        if g.shape != w.shape or not np.array_equal(g, w):
            return f"variable {k}: got {g}, want {w}"
    return None
