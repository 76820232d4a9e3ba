"""Objects that are known outside of a traced function: loops and branches leave no tensors in their counts, and an error
leaves them as they were.
"""

import numpy as np
import pytest
import tfc as tf

CALLS = 0
TABLE = {"k": 1}


class Box:
    made = 0

    def __init__(self):
        self.calls, self.h, self.last, self.parts = 0, tf.constant(1.0), None, [1, 2]

    def count(self):
        self.calls += 1

    def move(self, x):
        self.h = self.h + x


def attribute(box, n):
    for _ in tf.range(n):
        box.calls += 1
    return n


def attribute_in_a_method(box, n):
    while n > 0:
        box.count()
        n -= 1
    return n


def tensor_of_an_object(box, n):
    for _ in tf.range(n):
        box.move(1.0)
    return box.h


def item_of_a_part(box, n):
    for _ in tf.range(n):
        box.parts[0] += 1
    return n


def count_of_a_branch(box, n):
    if n > 1:
        box.count()
    return n


def count_of_a_branch_in_a_loop(box, n):
    for i in tf.range(n):
        if i > 1:
            box.count()
    return n


def of_the_class(box, n):
    for _ in tf.range(n):
        Box.made += 1
    return n


def of_the_module(box, n):
    global CALLS
    for _ in tf.range(n):
        CALLS += 1
    return n


def item_of_the_module(box, n):
    for _ in tf.range(n):
        TABLE["k"] += 1
    return n


@pytest.mark.parametrize(
    "program",
    [
        attribute,
        attribute_in_a_method,
        tensor_of_an_object,
        item_of_a_part,
        count_of_a_branch,
        count_of_a_branch_in_a_loop,
        of_the_class,
        of_the_module,
        item_of_the_module,
    ],
    ids=lambda p: p.__name__,
)
def test_a_loop_or_branch_that_counts_in_what_others_know_is_an_error_that_leaves_it(program):
    box = Box()
    with pytest.raises(NotImplementedError, match="known outside of the function") as e:
        tf.function(program)(box, tf.constant(3))
    assert (box.calls, box.h.numpy(), box.last, box.parts, Box.made, CALLS, TABLE) == (
        0,
        1,
        None,
        [1, 2],
        0,
        0,
        {"k": 1},
    )
    text = str(e.value)
    assert "want:" in text and "got:" in text and "at:   test_state_from_outside.py" in text and "tf.Variable" in text


def test_a_variable_of_a_function_around_counts_as_known_outside():
    calls = 0

    @tf.function
    def f(n):
        nonlocal calls
        for _ in tf.range(n):
            calls += 1
        return n

    with pytest.raises(NotImplementedError, match="'calls' is known outside"):
        f(tf.constant(3))
    assert calls == 0


def test_what_a_function_sets_first_is_its_own():
    box = Box()

    @tf.function
    def f(n, x):
        box.h = x
        for _ in tf.range(n):
            box.move(1.0)
        return box.h

    assert f(tf.constant(3), tf.constant(2.0)).numpy() == 5
    assert f(tf.constant(4), tf.constant(2.0)).numpy() == 6


def test_what_each_iteration_sets_first_may_be_left():
    box = Box()
    box.last = tf.constant(7.0)

    @tf.function
    def f(n, x):
        y = x
        for _ in tf.range(n):
            box.last = y
            y = y + box.last
        return y

    assert f(tf.constant(3), tf.constant(2.0)).numpy() == 16


def test_a_count_that_is_put_back_is_followed():
    box = Box()

    @tf.function
    def f(n):
        before = box.calls
        for _ in tf.range(n):
            box.count()
        calls, box.calls = box.calls, before
        return calls

    assert f(tf.constant(3)).numpy() == 3 and box.calls == 0


def test_objects_are_as_they_were_before_the_function_when_a_statement_of_it_is_refused():
    box, d, seen, traced = Box(), {"a": tf.constant(1.0)}, [tf.constant(2.0)], []

    @tf.function
    def f(n, x):
        traced.append("f")
        box.h, box.calls = x, 5
        d["a"] = x
        d["b"] = x
        seen.append(x)
        seen.reverse()
        box.parts.pop()
        items = []
        for _ in tf.range(n):
            items.extend([x])
        return n

    with pytest.raises(NotImplementedError, match="items"):
        f(tf.constant(3), tf.constant(1.0))
    assert (box.h.numpy(), box.calls, box.parts) == (1, 0, [1, 2])
    assert list(d) == ["a"] and d["a"].numpy() == 1 and [v.numpy() for v in seen] == [2]
    assert traced == ["f"]


def test_an_error_of_the_program_leaves_what_python_leaves_but_no_tensors_of_the_trace():
    box = Box()

    @tf.function
    def f(x):
        box.parts.append(3)
        box.h = x
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        f(tf.constant(1.0))
    assert box.parts == [1, 2, 3]
    np.testing.assert_array_equal(box.h, 1)
