"""`Module`: tracking and names."""

import pytest
import tfc as tf


class Dense(tf.Module):
    def __init__(self, units, name=None):
        super().__init__(name)
        with self.name_scope:
            self.w = tf.Variable(tf.zeros([units]), name="w")
            self.frozen = tf.Variable(0.0, name="frozen", trainable=False)

    @tf.Module.with_name_scope
    def late(self):
        return tf.Variable(1.0, name="late")


class Stack(tf.Module):
    def __init__(self):
        super().__init__("stack")
        self.layers = [Dense(1), {"b": Dense(2), "a": (Dense(3),)}]
        self.again = self.layers[0]
        self.w = tf.Variable(5.0)


def test_variables_in_order_of_attributes_each_once():
    m = Stack()
    assert [v.shape.as_list() for v in m.trainable_variables] == [[], [1], [3], [2]]
    assert len(m.variables) == 7 and len(m.non_trainable_variables) == 3


def test_submodules():
    m = Stack()
    assert len(m.submodules) == 3 and m.submodules[0] is m.layers[0]


def test_names_come_from_the_class():
    class MyLSTMCell(tf.Module):
        pass

    assert MyLSTMCell().name == "my_lstm_cell" and Dense(1, "other").name == "other"
    with pytest.raises(ValueError, match="not a valid module name"):
        Dense(1, "a b")


def test_variables_are_named_after_the_module():
    d = Dense(1, "d")
    assert d.w.name == "d/w:0" and d.late().name == "d/late:0"


def test_a_module_without_super_init():
    class Bare(tf.Module):
        def __init__(self):
            self.v = tf.Variable(1.0)

    assert Bare().name == "bare" and len(Bare().variables) == 1


def test_cycles_end():
    m = Dense(1)
    m.me = m
    m.other = Stack()
    m.other.back = m
    assert len(m.submodules) == 4


def test_a_traced_module():
    class Scale(tf.Module):
        def __init__(self):
            super().__init__()
            self.v = None

        @tf.function
        def __call__(self, x):
            if self.v is None:
                self.v = tf.Variable(2.0, name="v")
            return x * self.v

    m = Scale()
    assert m(tf.constant(3.0)).numpy() == 6 and [v.name for v in m.variables] == ["v:0"]
