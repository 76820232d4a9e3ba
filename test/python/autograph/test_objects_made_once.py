"""Objects that the first iteration or a branch makes, as layers built when they are called: made once, so nothing else may
happen beside it.
"""

import numpy as np
import pytest
import tfc as tf


class Part:
    factor = 2.0

    def __call__(self, x):
        return x * self.factor


class Maker:
    def __init__(self):
        self.part, self.y, self.count = None, tf.constant(0.0), 0

    def makes(self):
        if self.part is None:
            self.part = Part()
        self.y = self.y + self.part(3.0)

    def adds(self):
        if self.part is None:
            self.part = Part()
            self.y = self.y + 100.0
        self.y = self.y + 3.0

    def counts(self):
        if self.part is None:
            self.part = Part()
            self.count = self.count + 1
        self.y = self.y + 3.0

    def prints(self):
        if self.part is None:
            tf.print("made")
            self.part = Part()
        self.y = self.y + 3.0


def in_a_for(step, n):
    maker = Maker()
    for _ in tf.range(n):
        step(maker)
    return maker.y, maker.count


def in_a_while(step, n):
    maker, i = Maker(), 0
    while i < n:
        step(maker)
        i += 1
    return maker.y, maker.count


def in_both_branches(step, n):
    maker = Maker()
    if n > 1:
        step(maker)
    else:
        step(maker)
    return maker.y, maker.count


def in_a_branch_and_afterwards(step, n):
    maker = Maker()
    if n > 1:
        step(maker)
    step(maker)
    return maker.y, maker.count


STATEMENTS = [in_a_for, in_a_while, in_both_branches, in_a_branch_and_afterwards]


@pytest.mark.parametrize("step", ["adds", "counts", "prints"])
@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda f: f.__name__)
def test_what_happens_only_where_an_object_is_made_is_an_error(statement, step):
    program = tf.function(statement)
    with pytest.raises(NotImplementedError, match="maker.part' is made") as e:
        program(getattr(Maker, step), tf.constant(3))
    assert "want:" in str(e.value) and "at:   test_objects_made_once.py" in str(e.value) and "try:" in str(e.value)


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda f: f.__name__)
def test_objects_are_made_where_everything_else_is_the_same(statement):
    program = tf.function(statement)
    for n in (0, 1, 3):
        np.testing.assert_array_equal(
            program(Maker.makes, tf.constant(n)), [v for v in statement(Maker.makes, tf.constant(n))]
        )


def test_first_values_of_variables_are_given_where_they_are_made():
    class Net:
        def __init__(self):
            self.w = None

        def __call__(self, x):
            if self.w is None:
                self.w = tf.Variable(tf.ones([2]) * 2.0)
            return x * self.w

    net = Net()

    @tf.function
    def f(n, x):
        for _ in tf.range(n):
            x = net(x)
        return x

    np.testing.assert_array_equal(f(tf.constant(3), tf.ones([2])), [8, 8])


def test_variables_drawn_at_random_are_made_once():
    class Net:
        def __init__(self):
            self.w = None

        def __call__(self, x):
            if self.w is None:
                self.w = tf.Variable(tf.random.normal([2]))
            return x * self.w

    net = Net()

    @tf.function
    def f(n, x):
        for _ in tf.range(n):
            x = net(x)
        return x

    got = f(tf.constant(2), tf.ones([2]))
    np.testing.assert_allclose(got, net.w.numpy() ** 2, rtol=1e-6)
