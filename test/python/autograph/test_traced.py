"""Programs as functions, compiled, against the same programs run eagerly."""

import numpy as np
import pytest
import tfc as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from programs import load, program
from tfc.autograph import convert
from wide_programs import Array, Box, wide_program

needs_function = pytest.mark.skipif(not callable(getattr(tf, "function", None)), reason="no tf.function in this build")


def early_return(x):
    if x > 3:
        return x * 2
    if x > 1:
        return x * 3
    return -x


def nested_partial_returns(x):
    if x > 0:
        if x > 5:
            return x + 1
        y = x * 2
    else:
        y = x * 3
    return y


def while_sum(x):
    total, i = 0, 0
    while i < x and not total > 40:
        i += 1
        if i == 3:
            continue
        total += i
    return total, i


def for_range(x):
    total = 0
    for i in tf.range(x):
        for j in tf.range(1, i + 1, 2):
            if j > 4:
                break
            total += i * j
    return total


def range_down(x):
    total = 0
    for i in tf.range(x, -2, -1):
        total = total * 3 + i
    return total


def return_in_loop(x):
    for i in tf.range(10):
        if i * i > x:
            return i
    return -1


def loop_else(x):
    for i in tf.range(5):
        if i == x:
            break
    else:
        return -100
    return i


def logical(x):
    a, b = x > 2, x < 7
    return a and b, a or b, not a, 1 < x <= 5 < 9, x if a and b else -x


def grown_list(x):
    xs = [0]
    for i in tf.range(x):
        xs.append(i * i)
    return tf.stack(xs), len(xs)


def tensor_array(x):
    ta = tf.TensorArray(tf.int32, size=6)
    for i in tf.range(6):
        ta = ta.write(i, i * x)
    return ta.stack()


def rows(x):
    total = tf.zeros([3], tf.int32)
    for i, row in enumerate(tf.reshape(tf.range(6), [2, 3])):
        total += row * (i + x)
    return total


def attribute(x):
    class Box:
        value = 1

    box = Box()
    for i in tf.range(4):
        if i > 1:
            box.value = box.value * x
    return box.value


def loop_created(x):
    for i in tf.range(3):
        y = i + x
    return y, i


def walrus(x):
    while (y := x * x) < 50:
        x += 1
    return x, y


PROGRAMS = [
    early_return, nested_partial_returns, while_sum, for_range, range_down, return_in_loop, loop_else,
    logical, grown_list,
    tensor_array, rows, attribute, loop_created, walrus,
]  # fmt: skip


def numbers(value):
    return tuple(np.asarray(v).tolist() for v in (value if isinstance(value, tuple) else (value,)))


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_converted_equals_original_eagerly(f):
    for n in (0, 2, 4, 8):
        x = tf.constant(n)
        assert numbers(convert(f)(x)) == numbers(f(x)), n


@needs_function
@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_function_equals_eager(f):
    compiled = tf.function(f)
    for n in (0, 2, 4, 8):
        x = tf.constant(n)
        assert numbers(compiled(x)) == numbers(f(x)), n
    assert compiled.experimental_get_tracing_count() == 1


@needs_function
def test_loop_that_never_runs_cannot_initialize():
    @tf.function
    def f(n):
        for i in tf.range(n):
            x = i * 2
        return x

    assert int(f(tf.constant(3))) == 4
    with pytest.raises(tf.errors.InvalidArgumentError, match="loop must iterate at least once to initialize x"):
        f(tf.constant(0))


@needs_function
def test_assert_names_the_users_line():
    @tf.function
    def f(x):
        assert x > 0, "x must be positive"
        return x

    assert int(f(tf.constant(1))) == 1
    with pytest.raises(tf.errors.InvalidArgumentError, match="x must be positive.*test_traced.py"):
        f(tf.constant(-1))


@needs_function
def test_shape_that_grows_needs_an_invariant():
    def f(n):
        x = tf.constant([1])
        for i in tf.range(n):
            x = tf.concat([x, [i]], 0)
        return x

    def g(n):
        x = tf.constant([1])
        for i in tf.range(n):
            tf.autograph.experimental.set_loop_options(shape_invariants=[(x, tf.TensorShape([None]))])
            x = tf.concat([x, [i]], 0)
        return x

    with pytest.raises(ValueError, match=r"'x' has shape \(1,\) before the loop, but shape \(2,\) after one"):
        tf.function(f)(tf.constant(3))
    assert numbers(tf.function(g)(tf.constant(3))) == ([1, 0, 1, 2],)


@needs_function
@settings(max_examples=10, deadline=None)
@given(program(), st.integers(-4, 4), st.integers(-4, 4), st.integers(-4, 4))
def test_random_program(text, a, b, c):
    expected = load(text, clip=lambda x: max(-1000, min(1000, x)), RANGE=range, START=0)(a, b, c)
    names = dict(clip=lambda x: tf.clip_by_value(x, -1000, 1000), RANGE=tf.range, START=tf.constant(0))
    f = tf.function(load(text, **names))
    assert tuple(int(v) for v in f(*map(tf.constant, (a, b, c)))) == expected


def _wide(text, clip, **names):
    return load(text, clip=clip, Box=Box, **names)


def _plain_wide(text):
    clip = lambda x: max(-1000, min(1000, x))
    return _wide(text, clip, RANGE=range, START=0, ARRAY=Array, ELEMENTS=lambda array: array.items)


@settings(max_examples=60, deadline=None)
@given(wide_program(), st.integers(-4, 4), st.integers(-4, 4), st.integers(-4, 4))
def test_random_program_with_state_on_python_values(text, a, b, c):
    f = _plain_wide(text)
    assert convert(f)(a, b, c) == f(a, b, c)


@needs_function
@settings(max_examples=6, deadline=None)
@given(wide_program(), st.integers(-4, 4), st.integers(-4, 4), st.integers(-4, 4))
def test_random_program_with_state(text, a, b, c):
    f = _wide(
        text,
        lambda x: tf.clip_by_value(x, -1000, 1000),
        RANGE=tf.range,
        START=tf.constant(0),
        ARRAY=lambda: tf.TensorArray(tf.int32, 3, clear_after_read=False, element_shape=[]),
        ELEMENTS=lambda array: [array.read(i) for i in range(3)],
    )
    got = tf.function(f)(*map(tf.constant, (a, b, c)))
    assert tuple(int(v) for v in got) == _plain_wide(text)(a, b, c)


@needs_function
def test_a_nested_function_changes_variables_in_branches_and_loops():
    def f(a, c):
        b = a

        def g(v):
            nonlocal a, b
            if v > 0:
                a = a + v
            else:
                b = b - v
            return v + a

        if c > 0:
            c = g(c)
        for i in tf.range(3):
            c += g(i - 1)
        return a, b, c

    assert numbers(tf.function(f)(tf.constant(2), tf.constant(3))) == (6, 3, 24)


@needs_function
def test_a_traceback_has_one_frame_for_each_function_of_the_user():
    def helper(x):
        for _ in tf.range(3):
            if x > 0:
                raise KeyError("boom")
        return x

    @tf.function
    def f(x):
        return helper(x)

    with pytest.raises(KeyError) as caught:
        f(tf.constant(1))
    frames = [entry.name for entry in caught.traceback if "tfc" not in entry.path.parts[-3:]]
    assert frames == ["test_a_traceback_has_one_frame_for_each_function_of_the_user", "f", "helper"]
