"""Random programs whose derivatives are asked for: statements as data, run by Python that autograph converts.

What they do to each other is what matters: branches, loops, arrays, variables, functions with gradients of their own and
functions that call functions, nested at random. All of them are smooth almost everywhere, and stay bounded.
"""

import random

import tfc as tf

ROWS = [[0.3, -0.5, 0.7], [1.1, 0.2, -0.4], [-0.9, 0.6, 0.1], [0.5, 0.8, -0.2]]

LEAVES = [
    "sine", "square", "where", "roll", "scatter add", "scatter update", "set slice", "reduce", "matvec", "gather",
    "gather rows", "read variable", "add to variable", "add to table", "custom", "custom with variable", "recompute",
    "recompute with variable", "call", "call with variable", "call with loop", "custom in call", "inner tape",
    "persistent tape", "scan", "map", "growing tensor", "cumsum", "custom of custom",
]  # fmt: skip
ARRAYS = ["append", "set", "read", "stack", "size", "swap ends", "exchange", "copy", "fresh", "stack and unstack"]
BREAKS = ["stop", "scale variable", "set variable"]
WRITES = ["add to variable", "add to table", "scale variable", "set variable"]
NESTS = ["branch", "loop", "while", "loop with break", "switch"]


@tf.custom_gradient
def custom(s):
    y = tf.tanh(s)
    return y * 1.5, lambda g: g * 1.5 * (1.0 - y * y)


@tf.custom_gradient
def custom_of_custom(s):
    return custom(s) * s, lambda g: g * (custom(s) + s * 1.5 * (1.0 - tf.tanh(s) ** 2))


@tf.recompute_grad
def recomputed(s):
    return tf.sin(s) * tf.reverse(s, [0])


@tf.function
def called(s):
    return tf.cos(s) * s


@tf.function
def called_with_loop(s, n):
    for _ in tf.range(n):
        if tf.reduce_sum(s) > 0.5:
            s = tf.sin(s) * 0.9
        else:
            s = called(s) + 0.1
    return s


@tf.function
def custom_called(s):
    return custom(s) * recomputed(s)


class Program:
    """A random program of a seed; its variables are `table` (4 rows of 3) and `weight` (a scalar)."""

    def __init__(self, seed, kinds=None):
        draw = random.Random(seed)
        self.table, self.weight = tf.Variable(ROWS, dtype=tf.float64), tf.Variable(0.7, dtype=tf.float64)
        self.grows = draw.random() < 0.5
        self.exact = True
        leaves = LEAVES + ARRAYS + (BREAKS if draw.random() < 0.3 else [])
        # A few kinds only, so that they meet often.
        self.leaves = kinds or draw.sample(leaves, draw.randint(2, 7))
        if any(kind in WRITES for kind in self.leaves):
            # Their gradients read variables again, when those may hold something else.
            self.leaves = [kind for kind in self.leaves if not kind.endswith("with variable")]
        self.nests = draw.sample(NESTS, draw.randint(1, 3))
        self.count = draw.randint(1, 3)
        self.sizes = draw.choice([(3, 3), (3, 2), (1, 4)])
        self.body = self._steps(draw, 0)
        weight, table = self.weight, self.table

        @tf.custom_gradient
        def with_variable(s):
            def gradient(g, variables=None):
                return g * weight, [tf.reduce_sum(g * s)]

            return s * weight, gradient

        @tf.recompute_grad
        def recomputed_with_variable(s):
            return tf.sin(s * weight) + table[0] * s

        @tf.function
        def called_with_variable(s):
            return with_variable(tf.sin(s)) + table[1] * weight

        self.with_variable, self.recomputed_with_variable = with_variable, recomputed_with_variable
        self.called_with_variable = called_with_variable

    def _steps(self, draw, depth):
        """(kind, which array, a factor, a small number, steps inside, other steps inside) of some steps."""
        made = []
        for _ in range(draw.randint(1, 3)):
            nested = depth < 3 and draw.random() < (0.6 if depth == 0 else 0.35)
            kind = draw.choice(self.nests if nested else self.leaves)
            self.exact = self.exact and kind not in BREAKS
            inside = [self._steps(draw, depth + 1) if kind in NESTS else None for _ in range(2)]
            made.append((kind, draw.randint(0, 1), draw.uniform(-1, 1), draw.randint(1, 3), *inside))
        return made

    def reset(self):
        self.table.assign(ROWS)
        self.weight.assign(0.7)

    def __call__(self, x):
        first, second = (
            tf.TensorArray(tf.float64, n, dynamic_size=self.grows, clear_after_read=False, element_shape=[3]).unstack(
                tf.stack([x * (0.5 + k) for k in range(n)])
            )
            for n in self.sizes
        )
        s = x * 0.5
        for i in tf.range(self.count):
            s, first, second = run(self, self.body, x, s, first, second, i)
        total = tf.reduce_sum(tf.sin(s)) + tf.reduce_sum(tf.tanh(first.stack()))
        return total + tf.reduce_sum(second.read(second.size() - 1)) * tf.cast(first.size(), tf.float64)


def run(program, steps, x, s, first, second, i):
    for kind, which, factor, number, inside, otherwise in steps:
        if kind == "branch":
            if tf.reduce_sum(s) > factor * 2.0:
                s, first, second = run(program, inside, x, s, first, second, i)
            else:
                s, first, second = run(program, otherwise, x, s, first, second, i)
        elif kind == "switch":
            if i % 2 == 0:
                s, first, second = run(program, inside, x, s, first, second, i)
        elif kind == "loop":
            before = s
            for j in tf.range(number):
                s, first, second = run(program, inside, x, s, first, second, i + j)
            s = s + before * 0.3
        elif kind == "while":
            j = tf.constant(0)
            while tf.logical_and(j < number, tf.reduce_sum(s * s) < 8.0):
                s, first, second = run(program, inside, x, s, first, second, i + j)
                j += 1
        elif kind == "loop with break":
            for j in tf.range(number + 1):
                if tf.reduce_sum(s) > factor + 2.0:
                    break
                s, first, second = run(program, inside, x, s, first, second, i + j)
                if j == 1:
                    continue
                s = s * 0.9 + x * 0.1
        elif kind in ARRAYS:
            s, first, second = changed(program, kind, which, factor, number, x, s, first, second, i)
        else:
            s = moved(program, kind, factor, number, x, s, i)
            s = tf.clip_by_value(s, -20.0, 20.0)
    return s, first, second


def changed(program, kind, which, factor, number, x, s, first, second, i):
    """The state and both arrays after a step on one of them."""
    array, other = (second, first) if which else (first, second)
    if kind == "read":
        s = s + factor * array.read((i + number) % array.size())
    elif kind == "stack":
        s = s + factor * tf.reduce_sum(tf.sin(array.stack()), 0) * 0.3
    elif kind == "size":
        s = s * (1.0 + 0.01 * tf.cast(array.size(), tf.float64))
    elif kind == "append":
        array = array.write(array.size() if program.grows else array.size() - 1, s * factor + x)
    elif kind == "set":
        array = array.write(tf.minimum(i % 2 + number - 1, array.size() - 1), s * factor)
    elif kind == "swap ends":
        head, last = array.read(0), array.read(array.size() - 1)
        array = array.write(0, last).write(array.size() - 1, head * 0.9)
    elif kind == "exchange":
        array, other = other, array
    elif kind == "copy":
        array = other
    elif kind == "fresh":
        array = tf.TensorArray(
            tf.float64, number + i, dynamic_size=program.grows, clear_after_read=False, element_shape=[3]
        )
        array = array.write(number + i - 1, s * factor)
    elif kind == "stack and unstack":
        array = array.unstack(tf.sin(array.stack()) * (1.0 + factor))
    return (s, other, array) if which else (s, array, other)


def moved(program, kind, factor, number, x, s, i):
    """The state after a step that changes only that, or variables."""
    table, weight = program.table, program.weight
    if kind == "sine":
        return tf.sin(s) * 1.3 + factor * x
    if kind == "square":
        return tf.tanh(s) ** 2 * factor + x * 0.3
    if kind == "where":
        return tf.where(s > factor, s * 0.7, s * s * 0.2 + factor)
    if kind == "roll":
        return tf.concat([s[1:], s[:1]], 0) * (1.0 + 0.1 * factor)
    if kind == "scatter add":
        return tf.tensor_scatter_nd_add(s, [[number % 3], [0]], tf.stack([s[0] * factor, s[1]]))
    if kind == "scatter update":
        return tf.tensor_scatter_nd_update(s, tf.reshape(i % 3, [1, 1]), tf.reshape(tf.reduce_sum(s) * factor, [1]))
    if kind == "set slice":
        return tf.concat([s[:1] * factor, x[1:]], 0) + s * 0.5
    if kind == "reduce":
        return s * 0.5 + tf.reduce_max(s) * factor + tf.reduce_logsumexp(s) * 0.1
    if kind == "matvec":
        return tf.linalg.matvec(tf.nn.relu(table[:3]) + 0.1, s) * 0.4
    if kind == "gather":
        return s * 0.8 + factor * tf.gather(table, (i + number) % 4)
    if kind == "gather rows":
        return s * 0.8 + factor * tf.reduce_sum(tf.gather(table, [number, 0, number]) * s, 0)
    if kind == "read variable":
        return s * weight + factor
    if kind == "add to variable":
        weight.assign_add(0.1 * factor)
        return s * (weight + 0.2)
    if kind == "add to table":
        table.scatter_nd_add([[number]], [[0.1, factor, 0.2]])
        return s * 0.7 + table[number] * 0.3
    if kind == "custom":
        return custom(s) + factor * s
    if kind == "custom of custom":
        return custom_of_custom(s) * 0.5 + factor
    if kind == "custom with variable":
        return program.with_variable(s) + factor * x
    if kind == "recompute":
        return recomputed(s) + factor * x
    if kind == "recompute with variable":
        return program.recomputed_with_variable(s) * 0.6
    if kind == "call":
        return called(s) + factor
    if kind == "call with variable":
        return program.called_with_variable(s) * 0.7
    if kind == "call with loop":
        return called_with_loop(s, tf.constant(number)) + factor
    if kind == "custom in call":
        return custom_called(s) + x * factor
    if kind == "inner tape":
        with tf.GradientTape() as tape:
            tape.watch(s)
            y = tf.reduce_sum(tf.sin(s) * called(s))
        return s * 0.5 + tape.gradient(y, s) * 0.3
    if kind == "persistent tape":
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(s)
            y, z = tf.reduce_sum(tf.exp(-s * s)), tf.reduce_sum(tf.tanh(s) * weight)
        return s * 0.5 + tape.gradient(y, s) * 0.3 + tape.gradient(z, s) * 0.2
    if kind == "scan":
        return tf.scan(lambda a, row: tf.sin(a) + row * weight, tf.stack([s, x, s * factor]))[-1]
    if kind == "map":
        return tf.reduce_sum(tf.map_fn(lambda row: tf.sin(row) * s, tf.stack([x, s])), 0) * 0.5
    if kind == "growing tensor":
        rows = tf.while_loop(
            lambda j, rows: j < number,
            lambda j, rows: (j + 1, tf.concat([rows, tf.sin(rows[:1]) * factor + x], 0)),
            (tf.constant(0), s[None]),
            shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, 3])),
        )[1]
        return tf.reduce_sum(rows, 0) * 0.4
    if kind == "cumsum":
        return tf.cumsum(s, exclusive=True, reverse=True) * 0.5 + tf.math.cumulative_logsumexp(s) * 0.1
    if kind == "stop":
        return s * tf.stop_gradient(s) * factor + x
    if kind == "scale variable":
        weight.assign(weight * 0.5)
        return s * weight + x
    if kind == "set variable":
        y = s * weight
        weight.assign(tf.reduce_sum(tf.sin(s)))
        return y + weight * x
    raise AssertionError(kind)
