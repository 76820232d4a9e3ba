"""A variable that a loop inside of a loop assigns first has a value only if that loop has run."""

import pytest
import tfc as tf

ERROR = "loop must iterate at least once to initialize y"


def fails(f, *args):
    with pytest.raises(tf.errors.InvalidArgumentError, match=ERROR):
        f(*args)


def numbers(*values):
    return [tf.constant(v) for v in values]


def last(n, m):
    for i in tf.range(n):
        for j in tf.range(m):
            y = 10 * i + j
    return y


def triangle(n, m):
    for i in tf.range(n):
        for j in tf.range(i * m):
            y = 10 * i + j
    return y


def read_inside(n, m):
    total = 0
    for i in tf.range(n):
        for j in tf.range(i + m):
            y = 10 * i + j
        total += y
    return total


def whiles(n, m):
    i = 0
    while i < n:
        j = 0
        while j < m:
            y = 10 * i + j
            j += 1
        i += 1
    return y


def three(n, m):
    for i in tf.range(n):
        for j in tf.range(m):
            for k in tf.range(j):
                y = 100 * i + 10 * j + k
    return y


def in_a_branch(n, m):
    for i in tf.range(n):
        if i > 1:
            for j in tf.range(m):
                y = 10 * i + j
        else:
            y = -i
    return y


def only_one_branch(n, m):
    for i in tf.range(n):
        for j in tf.range(m):
            y = 10 * i + j
        if i > 1:
            y = i
    return y


def of_python_around(n, m):
    for k in (1, 2):
        for j in tf.range(m):
            y = 10 * k + j
    return y + n


def python_between(n, m):
    total = 0
    for i in tf.range(n):
        for k in (0, 1):
            for j in tf.range(m - 1 + k):
                y = 10 * i + j
        total += y
    return total


def broken(n, m):
    for i in tf.range(n):
        for j in tf.range(m):
            y = 10 * i + j
            if j > 1:
                break
        if i > 1:
            break
    return y


def returned(n, m):
    total = 0
    for i in tf.range(n):
        for j in tf.range(m):
            if i + j > 2:
                return total
            y = 10 * i + j
        total += y
        for k in (1, 2):
            total += y + k
    return total


def returned_at_first(n, m):
    for i in tf.range(n):
        for j in tf.range(i + m):
            if n > 2:
                return -1
            for k in tf.range(j):
                y = k
    return y


def nest(n, m):
    for i in tf.range(n):
        for j in tf.range(m):
            y = {"a": i, "b": [j, 1.5]}
    return y["a"] + y["b"][0]


def read_in_the_other(n, m):
    total = 0
    for i in tf.range(n):
        for j in tf.range(m):
            y = 10 * i + j
        for _ in tf.range(m):
            total += y
    return total


def with_a_lambda(n, m):
    total = 0
    for i in tf.range(n):
        for j in tf.range(m):
            y = 10 * i + j
        get = lambda: y
        total += get()
    return total


def expected(f, n, m):
    """What the same lines give without tensors."""
    source = {"tf": type("tf", (), {"range": staticmethod(range)})}
    import types

    plain = types.FunctionType(f.__code__, {**f.__globals__, **source}, f.__name__, f.__defaults__, f.__closure__)
    try:
        return plain(n, m)
    except NameError:
        return None


FUNCTIONS = [
    last, triangle, read_inside, whiles, three, in_a_branch, only_one_branch, of_python_around, broken, returned,
    returned_at_first, nest, with_a_lambda,
]  # fmt: skip


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_gives_pythons_value_or_an_error(f):
    compiled = tf.function(f)
    for n in range(5):
        for m in range(4):
            want = expected(f, n, m)
            if want is None:
                fails(compiled, *numbers(n, m))
            else:
                assert compiled(*numbers(n, m)).numpy() == want, (n, m)


@pytest.mark.parametrize("f", [python_between, read_in_the_other], ids=lambda f: f.__name__)
def test_an_error_may_come_where_the_variable_would_be_read_in_other_iterations(f):
    """An inner loop behind it reads it, or an iteration of Python's."""
    compiled = tf.function(f)
    for n in range(1, 4):
        for m in range(4):
            want = expected(f, n, m)
            try:
                got = compiled(*numbers(n, m)).numpy()
            except tf.errors.InvalidArgumentError as e:
                assert ERROR in str(e) and m < 2
            else:
                assert got == want


def test_what_nobody_reads_needs_no_value():
    @tf.function
    def f(n, m):
        total = 0
        for _ in tf.range(n):
            for j in tf.range(m):
                y = j
                total += y
        return total

    assert f(*numbers(3, 0)).numpy() == 0


def test_a_list_of_rows():
    @tf.function
    def f(x, n):
        for i in tf.range(n):
            for row in x:
                y = row * tf.cast(i, tf.float32)
        return y

    assert f(tf.constant([[1.0], [2.0]]), tf.constant(3)).numpy() == [4]
    fails(f, tf.zeros([0, 1]), tf.constant(3))


def test_gradients_go_through():
    @tf.function
    def f(x, n, m):
        for _ in tf.range(n):
            for _ in tf.range(m):
                y = x * x
        return y

    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x, *numbers(2, 2))
    assert tape.gradient(y, x).numpy() == 6
    fails(f, x, *numbers(2, 0))
