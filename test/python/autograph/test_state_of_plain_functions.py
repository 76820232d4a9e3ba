"""What functions that run as plain Python change: generators, `__init__`, what `with` enters and leaves."""

import contextlib

import numpy as np
import pytest
import tfc as tf
from tfc.ops import nest

COUNTS = {"k": 0}


class Managed:
    def __init__(self):
        self.c, self.d = tf.constant(0.0), 0

    def __enter__(self):
        self.c = self.c + 1.0
        return self

    def __exit__(self, *_):
        self.d += 1


class Numbered:
    made = 0

    def __init__(self):
        self.number = Numbered.made
        Numbered.made += 1
        COUNTS["k"] += 1


def entered_and_left(n):
    m = Managed()
    for _ in tf.range(n):
        with m:
            pass
    if n > 1:
        with m as other:
            other.c += 2.0
    return m.c, m.d


def entered_in_the_other_branch(n):
    m = Managed()
    if n > 1:
        m.c += 5.0
    elif n > 0:
        with m:
            m.d += 3
    return m.c, m.d


def context_managers_of_generators(n):
    m = Managed()

    @contextlib.contextmanager
    def scope():
        m.c = m.c + 2.0
        yield m
        m.d += 1

    for _ in tf.range(n):
        with scope() as inner:
            inner.c = inner.c * 2.0
    if n > 1:
        with scope():
            pass
    return m.c, m.d


def initializers(n):
    Numbered.made, COUNTS["k"], y = 0, 0, 0
    for _ in tf.range(n):
        y += Numbered().number
    if n > 1:
        y += Numbered().number
    return y, Numbered.made, COUNTS["k"]


def generators(n):
    m, k, y = Managed(), 0, 0

    def numbers():
        nonlocal k
        for i in range(2):
            k += 1
            m.c = m.c + 1.0
            yield i + k

    for _ in tf.range(n):
        for j in numbers():
            y += j
    if n > 1:
        for j in numbers():
            y += j
    return y, k, m.c


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "program",
    [entered_and_left, entered_in_the_other_branch, context_managers_of_generators, initializers, generators],
    ids=lambda p: p.__name__,
)
def test_what_functions_that_are_not_converted_change_is_followed(program):
    compiled = tf.function(program)
    for n in (0, 1, 2, 5):
        got, want = nest.flatten(compiled(tf.constant(n))), nest.flatten(program(tf.constant(n)))
        for a, b in zip(got, want, strict=True):
            np.testing.assert_array_equal(a, b)


def test_what_a_function_of_do_not_convert_changes_around_it_is_its_business():
    seen = []

    @tf.autograph.experimental.do_not_convert
    def note():
        seen.append(len(seen))

    @tf.function
    def f(n):
        for _ in tf.range(n):
            note()
        return n

    f(tf.constant(3))
    assert seen == [0]


def test_a_generator_that_is_used_up_beside_an_append_is_no_other_name_of_the_list():
    @tf.function
    def f(n, x):
        sums = []
        for _ in tf.range(n):
            x = sum(x + i for i in (-1, 0, 1))
            sums.append(x)
        return tf.stack(sums)

    np.testing.assert_array_equal(f(tf.constant(3), tf.constant(1)), [3, 9, 27])
