"""Parts of objects that an iteration looks at before it sets them, and those that functions of the user's set."""

import collections

import numpy as np
import pytest
import tfc as tf
from tfc.ops import nest


class Empty:
    pass


class NoneFirst:
    def __init__(self):
        self.v, self.sum = None, tf.constant(0.0)

    def step(self):
        if self.v is None:
            self.v = tf.constant(100.0)
        self.v = self.v + 1.0
        self.sum = self.sum + self.v


def is_there(n):
    d = {}
    for _ in tf.range(n):
        if "a" in d:
            d["a"] = d["a"] + 1.0
        else:
            d["a"] = tf.constant(100.0)
    return d["a"]


def has_it(n):
    a = Empty()
    for _ in tf.range(n):
        a.v = a.v + 1.0 if hasattr(a, "v") else tf.constant(100.0)
    return a.v


def gets_with_a_default(n):
    d = {}
    for _ in tf.range(n):
        d["a"] = d.get("a", tf.constant(5.0)) + 1.0
    return d["a"]


def memo(n):
    known = {}

    def get(k, i):
        if k not in known:
            known[k] = tf.cast(i, tf.float32) + k
        return known[k]

    y = tf.constant(0.0)
    for i in tf.range(n):
        y += get(1, i)
    return y


def flag(n):
    a, y = Empty(), tf.constant(0.0)
    for _ in tf.range(n):
        if not hasattr(a, "begun"):
            a.begun = True
            y += 100.0
    return y


def none_first(n):
    a = NoneFirst()
    for _ in tf.range(n):
        a.step()
    return a.sum


@pytest.mark.parametrize(
    "program",
    [is_there, has_it, gets_with_a_default, memo, flag, none_first],
    ids=lambda p: p.__name__,
)
def test_an_iteration_that_looks_at_a_part_before_it_sets_it_is_an_error(program):
    with pytest.raises(ValueError, match="before the loop"):
        tf.function(program)(tf.constant(3))


def set_in_loops_inside(n):
    d, y = {}, tf.constant(0.0)
    for i in tf.range(n):
        for j in tf.range(2):
            d["k"] = tf.cast(i + j, tf.float32)
            y += d["k"]
    return y


def set_unless_it_jumps(n):
    d, y = {}, tf.constant(0.0)
    for i in tf.range(n):
        if i == 1:
            continue
        d["k"] = tf.cast(i, tf.float32)
        y += d["k"]
        if i > 3:
            return d["k"] + y
    return y


def made_and_filled(n):
    a, y = Empty(), tf.constant(0.0)
    for i in tf.range(n):
        a.d = {}
        a.d["x"] = tf.cast(i, tf.float32)
        y += a.d["x"]
    return y


@pytest.mark.parametrize(
    "program", [set_in_loops_inside, set_unless_it_jumps, made_and_filled], ids=lambda p: p.__name__
)
def test_a_part_that_each_iteration_sets_first_is_followed(program):
    compiled = tf.function(program)
    for n in (1, 2, 5):
        np.testing.assert_array_equal(compiled(tf.constant(n)), program(tf.constant(n)))


class Property:
    def __init__(self):
        self.held, self.count = {"v": tf.constant(3.0)}, tf.constant(0.0)

    @property
    def v(self):
        return self.held["v"]

    @v.setter
    def v(self, value):
        self.held["v"] = value * 2.0
        self.count = self.count + 1.0


class SetAttr:
    def __init__(self):
        object.__setattr__(self, "v", tf.constant(3.0))
        object.__setattr__(self, "count", tf.constant(0.0))

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value * 2.0)
        object.__setattr__(self, "count", self.count + 1.0)


class SetItem:
    def __init__(self):
        self.held, self.count = {"v": tf.constant(3.0)}, tf.constant(0.0)

    def __getitem__(self, key):
        return self.held[key]

    def __setitem__(self, key, value):
        self.held[key] = value * 2.0
        self.count = self.count + 1.0


class Doubling(dict):
    def __setitem__(self, key, value):
        dict.__setitem__(self, key, value * 2.0)


@pytest.mark.parametrize("kind", [Property, SetAttr], ids=lambda k: k.__name__)
def test_attributes_that_functions_set_are_set_as_often_as_the_program_says(kind):
    def program(n):
        a = kind()
        for _ in tf.range(n):
            a.v = a.v + 1.0
        if n > 1:
            a.v += 5.0
        return a.v, a.count

    compare(program)


@pytest.mark.parametrize("make", [SetItem, lambda: Doubling(v=tf.constant(3.0))], ids=["SetItem", "Doubling"])
def test_items_that_functions_set_are_set_as_often_as_the_program_says(make):
    def program(n):
        a = make()
        for _ in tf.range(n):
            a["v"] = a["v"] + 1.0
        if n > 1:
            a["v"] += 5.0
        return a["v"], getattr(a, "count", n)

    compare(program)


def test_special_methods_of_containers_that_are_called_by_name_are_seen():
    def program(n):
        values = [tf.constant(0.0)] * 2
        for _ in tf.range(n):
            [values.__setitem__(j, values[j] + 1.0) for j in range(2)]
        return values

    compare(program)


def compare(program):
    compiled = tf.function(program)
    for n in (0, 1, 2, 5):
        got, want = compiled(tf.constant(n)), program(tf.constant(n))
        for a, b in zip(nest.flatten(got), nest.flatten(want), strict=True):
            np.testing.assert_array_equal(a, b)


class Layer:
    def __init__(self):
        self.w, self.built = None, False

    def __call__(self, x):
        if not self.built:
            self.w = tf.Variable(tf.ones([x.shape[-1]]) * 0.5)
            self.built = True
        self.last = x * self.w
        return self.last


class Net:
    def __init__(self):
        self.layers, self.losses = [Layer(), Layer()], []

    def __call__(self, x):
        self.losses = []
        for layer in self.layers:
            x = layer(x)
            self.losses.append(tf.reduce_sum(x))
        return x


def test_layers_whose_weights_are_computed_are_built_once_in_branches():
    net = Net()

    @tf.function
    def g(n, x):
        if n > 1:
            x = net(x)
        else:
            x = net(x * 2.0)
        return x, sum(net.losses)

    y, loss = g(tf.constant(3), tf.ones([2]))
    np.testing.assert_array_equal(y, [0.25, 0.25])
    assert loss.numpy() == 1.5
    y, loss = g(tf.constant(0), tf.ones([2]))
    np.testing.assert_array_equal(y, [0.5, 0.5])
    assert loss.numpy() == 3


def test_an_attribute_of_another_structure_is_a_value_of_one_iteration():
    net = Net()
    net(tf.ones([2]))

    class Reader:
        def __init__(self):
            self.seen, self.sum = [], tf.constant(0.0)

        def step(self, x):
            self.sum = self.sum + sum(self.seen)
            self.seen = [x, x]

    net.losses = []

    @tf.function
    def f(n, x):
        for _ in tf.range(n):
            x = net(x)
        return x

    np.testing.assert_array_equal(f(tf.constant(2), tf.ones([2])), [0.0625, 0.0625])
    np.testing.assert_array_equal(f(tf.constant(0), tf.ones([2])), [1, 1])
    with pytest.raises(TypeError, match="structure"):
        len(net.losses)

    @tf.function
    def g(n, x):
        reader = Reader()
        for _ in tf.range(n):
            reader.step(x)
        return reader.sum

    with pytest.raises(TypeError, match="structure"):
        g(tf.constant(3), tf.constant(1.0))


def test_an_attribute_of_two_structures_after_a_branch_is_an_error_for_those_who_read_it():
    net = Net()
    net(tf.ones([2]))
    net.losses = []

    @tf.function
    def f(n, x):
        if n > 1:
            x = net(x)
        return x

    np.testing.assert_array_equal(f(tf.constant(2), tf.ones([2])), [0.25, 0.25])
    with pytest.raises(TypeError, match="structure"):
        len(net.losses)


def oldest_first(n):
    d = {"a": tf.constant(0.0), "b": tf.constant(0.0)}
    for _ in tf.range(n):
        key = next(iter(d))
        d[key] = d.pop(key) + 1.0
    return list(d.values())


def moved_in_a_branch(n):
    d = collections.OrderedDict(a=tf.constant(1.0), b=tf.constant(2.0))
    if n > 1:
        d.move_to_end("a")
    return list(d.values())


@pytest.mark.parametrize("program", [oldest_first, moved_in_a_branch], ids=lambda p: p.__name__)
def test_keys_in_another_order_are_an_error(program):
    with pytest.raises(NotImplementedError, match="another order"):
        tf.function(program)(tf.constant(3))


def test_keys_that_come_back_in_their_place_are_followed():
    def program(n):
        d = {"a": tf.constant(0.0), "b": tf.constant(0.0)}
        for _ in tf.range(n):
            old = dict(d)
            d.clear()
            d.update({k: v + 1.0 for k, v in old.items()})
            d["b"] = d.pop("b") * 2.0
        return list(d.values())

    compare(program)


class Noted:
    def double(self, x):
        if x > 1.0:
            self.seen = x * 2.0
            return self.seen * 3.0
        return x


def attribute_of_one_branch(n):
    a, y = Empty(), 1.0
    if n > 1:
        a.v = tf.constant(3.0)
        y = a.v * 2.0
    return y


def attribute_of_one_branch_by_a_method(n):
    a = Noted()
    return a.double(tf.cast(n, tf.float32)) + a.double(tf.cast(n + 1, tf.float32))


def attribute_of_one_branch_in_a_loop(n):
    a, y = Empty(), 1.0
    for i in tf.range(n):
        if i > 1:
            a.v = tf.cast(i, tf.float32)
            y += a.v
    return y


def attribute_that_is_set_afterwards(n):
    a = Empty()
    if n > 1:
        a.v = tf.constant(3.0)
    a.v = tf.constant(4.0)
    return a.v


@pytest.mark.parametrize(
    "program",
    [
        attribute_of_one_branch,
        attribute_of_one_branch_by_a_method,
        attribute_of_one_branch_in_a_loop,
        attribute_that_is_set_afterwards,
    ],
    ids=lambda p: p.__name__,
)
def test_an_attribute_that_one_branch_sets_and_nobody_asks_for_is_followed(program):
    compare(program)


def read_after_a_branch(n):
    a = Empty()
    if n > 1:
        a.v = tf.constant(3.0)
    return a.v + 1.0


def asked_for_after_a_branch(n):
    a = Empty()
    if n > 1:
        a.v = tf.constant(3.0)
    return 1.0 if hasattr(a, "v") else 2.0


def read_with_a_default_after_a_branch_in_a_loop(n):
    a, y = Empty(), 0.0
    for i in tf.range(n):
        if i > 1:
            a.v = 1.0
        y += getattr(a, "v", 2.0)
    return y


def changed_in_a_loop_after_a_branch(n):
    a = Empty()
    if n > 1:
        a.v = 1.0
    for _ in tf.range(n):
        a.v = a.v + 1.0
    return n


def item_of_one_branch(n):
    d = {}
    if n > 1:
        d["v"] = 1.0
    return d.get("v", 2.0)


@pytest.mark.parametrize(
    "program",
    [
        read_after_a_branch,
        asked_for_after_a_branch,
        read_with_a_default_after_a_branch_in_a_loop,
        changed_in_a_loop_after_a_branch,
        item_of_one_branch,
    ],
    ids=lambda p: p.__name__,
)
def test_a_part_that_one_branch_sets_and_somebody_asks_for_is_an_error(program):
    with pytest.raises(ValueError, match="must also be initialized in the else branch"):
        tf.function(program)(tf.constant(3))
