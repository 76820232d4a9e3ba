"""Usual programs that keep state in Python: they run, and what they leave in objects is what Python leaves there."""

import contextlib

import numpy as np
import pytest
import tfc as tf
from tfc.autograph.operators import changes


class Layer:
    training = True
    depth = 0

    def __init__(self, init):
        self.w, self.state, self.init = None, None, init

    def __call__(self, x):
        if self.w is None:
            self.w = tf.Variable(self.init(x))
            self.names = ["w"]
        self.state = x * self.w + self.state
        return self.state

    def __enter__(self):
        self.depth += 1
        self.training = False

    def __exit__(self, *_):
        self.depth -= 1
        self.training = True

    def count(self):
        self.depth += 1


SCALE = tf.Variable(3.0)
INITS = {
    "computed": (lambda x: tf.eye(2)[0] + 1.0, [2.0, 1.0]),
    "one of several results": (lambda x: tf.split(tf.range(4.0) * 2.0, 2)[1], [4.0, 6.0]),
    "random": (lambda x: tf.random.normal((2,)) * 0.0 + 1.0, [1.0, 1.0]),
    "of another variable": (lambda x: SCALE * 2.0, 6.0),
    "of the shape": (lambda x: tf.ones(tf.shape(x)) * 3.0, [3.0, 3.0]),
}


def running(init):
    layer = Layer(init)

    @tf.function
    def f(xs):
        layer.state = tf.zeros(2)
        for i in tf.range(tf.shape(xs)[0]):
            layer(xs[i])
        result, layer.state = layer.state, None
        return result

    return f


@pytest.mark.parametrize("name", INITS)
def test_a_variable_of_a_loop_that_is_traced_again_has_its_first_value(name):
    init, value = INITS[name]
    xs = np.arange(6, dtype=np.float32).reshape(3, 2)
    np.testing.assert_allclose(running(init)(tf.constant(xs)), (xs * np.array(value, np.float32)).sum(0))


def test_a_first_value_of_the_functions_argument_is_that_of_the_first_call():
    layer = Layer(None)

    @tf.function
    def f(xs, k):
        layer.init = lambda x: k * 2.0
        layer.state = tf.zeros(2)
        for i in tf.range(tf.shape(xs)[0]):
            layer(xs[i])
        result, layer.state = layer.state, None
        return result

    np.testing.assert_allclose(f(tf.ones((3, 2)), tf.constant(3.0)), [18.0, 18.0])
    np.testing.assert_allclose(f(tf.ones((3, 2)), tf.constant(4.0)), [18.0, 18.0])


def test_a_first_value_of_an_iterations_values_is_refused():
    with pytest.raises(ValueError, match="is made in a loop or branch on a tensor, which is traced more than once"):
        running(lambda x: x * 2.0)(tf.ones((3, 2)))


@contextlib.contextmanager
def without_training(layer):
    before, layer.training = layer.training, False
    try:
        yield
    finally:
        layer.training = before


@pytest.mark.parametrize("manager", [without_training, lambda layer: layer])
def test_an_attribute_of_the_class_may_change_for_a_while(manager):
    layer = Layer(None)

    @tf.function
    def f(x, n):
        for _ in tf.range(n):
            with manager(layer):
                x = x + (2.0 if layer.training else 1.0)
        return x

    assert float(f(tf.constant(1.0), tf.constant(3))) == 4.0
    assert (layer.training, layer.depth) == (True, 0)


def test_a_flag_that_each_iteration_sets_back_stays_a_python_value():
    layer = Layer(None)

    @tf.function
    def f(x, n):
        for _ in tf.range(n):
            before = layer.training
            layer.training = False
            try:
                x = x + (2.0 if layer.training else 1.0)
            finally:
                layer.training = before
        return x

    assert float(f(tf.constant(1.0), tf.constant(3))) == 4.0
    assert layer.training is True


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_count_starts_with_the_number_of_the_class(n):
    @tf.function
    def f(x, n):
        layer = Layer(None)
        for _ in tf.range(n):
            layer.count()
        if x > 0.0:
            layer.count()
        return layer.depth

    assert int(f(tf.constant(1.0), tf.constant(n))) == n + 1


def test_a_count_from_outside_that_its_class_starts_is_refused_by_name():
    layer = Layer(None)

    @tf.function
    def f(n):
        for _ in tf.range(n):
            layer.depth += 1

    with pytest.raises(NotImplementedError, match="(?s)'layer.depth' is known outside.*0 before"):
        f(tf.constant(2))
    assert layer.depth == 0


def test_names_set_beside_what_is_made_belong_to_it():
    layer = Layer(lambda x: tf.ones(2))

    @tf.function
    def f(x, on):
        layer.state = tf.zeros(2)
        if on:
            y = layer(x)
        else:
            y = x
        layer.state = None
        return y

    np.testing.assert_allclose(f(tf.ones(2), tf.constant(True)), [1.0, 1.0])
    assert layer.names == ["w"]


TABLE = list(range(20_000))


class Reader:
    def __init__(self):
        self.k = TABLE[3]


def test_large_tables_around_a_function_are_not_copied(monkeypatch):
    noted = []
    monkeypatch.setattr(changes.Journal, "note", _noting(changes.Journal.note, noted))

    def numbers():
        yield TABLE[1]

    @tf.function
    def f(x):
        TABLE.append(1)
        for _ in tf.range(2):
            x = x + Reader().k
            for number in numbers():
                x = x + number
        return x

    assert int(f(tf.constant(0))) == 8
    assert not any(owner is TABLE for owner in noted)


def _noting(note, noted):
    def noting(self, owner, kind=None):
        noted.append(owner)
        return note(self, owner, kind)

    return noting


class Guarded:
    def __getattr__(self, name):
        raise RuntimeError(name)


class GuardedList(list):
    def __len__(self):
        raise RuntimeError("len")


@pytest.mark.parametrize("made", [Guarded, GuardedList])
def test_what_is_noted_of_objects_calls_none_of_their_functions(made):
    value = made()

    def values():
        yield value

    @tf.function
    def f(x):
        for _ in tf.range(2):
            for _ in values():
                x = x + 1
        return x

    assert int(f(tf.constant(0))) == 2


def test_the_error_says_that_a_function_without_source_was_not_converted():
    made = {}
    exec("def sign(x):\n    if x > 0:\n        return 1\n    return -1\n", made)
    with pytest.raises(tf.errors.OperatorNotAllowedInGraphError, match="AutoGraph did not convert 'sign'.*no"):
        tf.function(made["sign"])(tf.constant(1.0))
