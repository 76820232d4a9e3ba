"""Attributes of objects that a trace has read (SEMANTICS 0: a change is noticed)."""

import pytest
import tfc as tf


class Model:
    def __init__(self):
        self.scale, self.layers, self.calls = 2.0, [1.0], 0


X = tf.constant(3.0)


def test_an_attribute_of_an_argument():
    f = tf.function(lambda model, x: x * model.scale)
    m = Model()
    assert [f(m, X).numpy() for _ in range(3)] == [6, 6, 6] and f.experimental_get_tracing_count() == 1
    m.scale = 5.0
    assert [f(m, X).numpy() for _ in range(3)] == [15, 15, 15] and f.experimental_get_tracing_count() == 2
    m.scale = 2.0
    assert f(m, X).numpy() == 6


def test_an_attribute_of_self_read_in_a_method_that_is_called():
    class Scaled(Model):
        def factor(self):
            return self.scale + 1.0

        @tf.function
        def call(self, x):
            return x * self.factor()

    m = Scaled()
    assert m.call(X).numpy() == 9 == m.call(X).numpy()
    m.scale = 0.0
    assert m.call(X).numpy() == 3 == m.call(X).numpy()


def test_an_attribute_read_in_a_nested_function_or_property():
    class Deep(Model):
        @property
        def twice(self):
            return self.scale * 2

        @tf.function
        def call(self, x):
            inner = lambda: self.twice
            return x * inner()

    m = Deep()
    assert m.call(X).numpy() == 12
    m.scale = 1.0
    assert m.call(X).numpy() == 6


def test_attributes_that_are_not_read_do_not_count():
    f = tf.function(lambda model, x: x * model.scale)
    m = Model()
    f(m, X)
    m.calls = 7
    f(m, X)
    assert f.experimental_get_tracing_count() == 1


def test_an_attribute_that_the_trace_sets():
    class Lazy:
        def __init__(self):
            self.v, self.traces = None, 0

        @tf.function
        def call(self, x):
            self.traces += 1
            if self.v is None:
                self.v = tf.Variable(1.0)
            return self.v * x

    m = Lazy()
    for _ in range(4):
        assert m.call(X).numpy() == 3
    assert m.traces == 2
    m.v = tf.Variable(5.0)
    assert m.call(X).numpy() == 15


@pytest.mark.parametrize("value", [tf.constant(4.0), tf.Variable(4.0), 4])
def test_tensors_and_variables_in_attributes(value):
    f = tf.function(lambda model, x: x * tf.cast(model.scale, tf.float32))
    m = Model()
    f(m, X)
    m.scale = value
    assert f(m, X).numpy() == 12 == f(m, X).numpy()


def test_an_attribute_of_the_class():
    class Scaled:
        scale = 2.0

        @tf.function
        def __call__(self, x):
            return x * self.scale

    m = Scaled()
    assert [m(X).numpy() for _ in range(3)] == [6, 6, 6]
    m.scale = 3.0
    assert [m(X).numpy() for _ in range(3)] == [9, 9, 9]
    del m.scale
    assert m(X).numpy() == 6
    Scaled.scale = 1.0
    assert [m(X).numpy() for _ in range(3)] == [3, 3, 3]


def test_an_attribute_of_an_attribute():
    class Settings:
        def __init__(self):
            self.scale = 2.0

    class Holder:
        def __init__(self):
            self.settings = Settings()

        @tf.function
        def call(self, x):
            return x * self.settings.scale

    m = Holder()
    assert [m.call(X).numpy() for _ in range(3)] == [6, 6, 6] and m.call.experimental_get_tracing_count() == 1
    m.settings.scale = 5.0
    assert [m.call(X).numpy() for _ in range(3)] == [15, 15, 15]
    m.settings = Settings()
    assert [m.call(X).numpy() for _ in range(3)] == [6, 6, 6]
