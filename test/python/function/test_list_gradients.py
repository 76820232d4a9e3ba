"""Derivatives through loops that write TensorArrays: an array is what it was when the iteration began."""

import numpy as np
import pytest
import tfc as tf

START = tf.constant(np.array([0.3, -0.7, 1.1, 0.4, -0.2]))


def array(size, **options):
    return tf.TensorArray(tf.float64, size, clear_after_read=False, **options)


def written(x):
    values = array(5)
    for i in tf.range(5):
        values = values.write(i, tf.sin(x) * x[i])
    return tf.reduce_sum(values.stack() ** 3)


def overwritten(x):
    values = array(1).write(0, x)
    for _ in tf.range(3):
        values = values.write(0, tf.sin(values.read(0)) * values.read(0))
    return tf.reduce_sum(values.read(0))


def read_before(x):
    values = array(5).unstack(x)
    for _ in tf.range(2):
        for i in tf.range(4):
            values = values.write(i + 1, tf.sin(values.read(i)) * values.read(i + 1))
    return tf.reduce_sum(values.stack() ** 2)


def chosen(x):
    values = array(5).write(0, x[0])
    for i in tf.range(1, 5):
        if x[i] > 0.0:
            values = values.write(i, values.read(i - 1) * x[i])
        else:
            values = values.write(i, x[i] * x[0])
    return tf.reduce_sum(values.stack() ** 2)


def stacked(x):
    values, total = array(3, element_shape=[]), x[0]
    for i in tf.range(3):
        values = values.write(i, total * x[i])
        total += tf.reduce_sum(values.stack() ** 2)
    return total


def nested(x):
    outer = array(3)
    for i in tf.range(3):
        inner = array(5)
        for j in tf.range(5):
            inner = inner.write(j, tf.sin(x[j]) * tf.cast(i + 1, tf.float64))
        outer = outer.write(i, inner.stack() ** 2)
    return tf.reduce_sum(outer.stack() ** 2)


def scanned(x):
    return tf.reduce_sum(tf.scan(lambda a, row: tf.sin(row) * a, x) ** 2)


def growing(x):
    values = array(0, dynamic_size=True).write(0, x)
    for i in tf.range(3):
        values = values.write(0, tf.sin(values.read(0)) * x)
        values = values.write(i + 1, values.read(0) ** 2)
    return tf.reduce_sum(values.stack() ** 2)


def grown_by_its_size(x):
    values = array(0, dynamic_size=True)
    for i in tf.range(4):
        values = values.write(values.size(), x[i] ** 3)
        values = values.write(values.size(), tf.sin(values.read(values.size() - 1)) * x[0])
    return tf.reduce_sum(values.stack() * tf.cast(values.size(), tf.float64))


def stacked_while_it_grows(x):
    values, total = array(0, dynamic_size=True, element_shape=[]), x[0]
    for i in tf.range(4):
        total += tf.reduce_sum(values.stack() ** 2) / tf.cast(values.size() + 1, tf.float64)
        values = values.write(values.size(), total * x[i])
    return total + tf.reduce_sum(values.stack())


def grown_in_a_branch(x):
    values = array(0, dynamic_size=True, element_shape=[])
    for i in tf.range(5):
        if x[i] > 0.0:
            values = values.write(values.size(), x[i] * x[0] * tf.cast(values.size(), tf.float64))
        else:
            values = values.write(values.size(), tf.sin(x[i]))
            values = values.write(values.size(), values.read(values.size() - 1) * x[i])
    return tf.reduce_sum(values.stack() ** 2)


def grown_in_an_inner_loop(x):
    values = array(0, dynamic_size=True, element_shape=[])
    for i in tf.range(3):
        for j in tf.range(i + 1):
            n = tf.cast(values.size(), tf.float64)
            values = values.write(values.size(), x[j] * x[i] + n * x[0])
        values = values.write(values.size(), tf.reduce_sum(values.stack() ** 2))
    return tf.reduce_sum(values.stack()) + tf.reduce_sum(values.read(values.size() - 1))


def appended(x):
    values = []
    for i in tf.range(3):
        values.append(x[i] ** 3 * tf.reduce_sum(x))
    return tf.reduce_sum(tf.stack(values) ** 2)


def swapped(x):
    values = array(5).unstack(x)
    for i in tf.range(4):
        low, high = values.read(i), values.read(i + 1)
        values = values.write(i, high * low)
        values = values.write(i + 1, tf.sin(low))
    return tf.reduce_sum(values.stack() ** 2)


def written_twice(x):
    values = array(3, element_shape=[])
    for i in tf.range(3):
        values = values.write(i, x[i] * x[0])
        before = values.read(i)
        values = values.write(i, before**2)
        values = values.write(0, values.read(0) + values.read(i) * x[1])
    return tf.reduce_sum(values.stack() ** 2)


def slope(f):
    def g(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = f(x)
        return tape.gradient(y, x)

    return g


def curvature(f):
    return slope(lambda x: tf.reduce_sum(slope(f)(x) * tf.constant([1.0, 2.0, 3.0, 4.0, 5.0], tf.float64)))


PROGRAMS = [
    written, overwritten, read_before, chosen, stacked, nested, scanned, growing, grown_by_its_size, stacked_while_it_grows,
    grown_in_a_branch, grown_in_an_inner_loop, swapped, written_twice,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("derivative", [slope, curvature])
def test_an_array_is_what_it_was_when_the_iteration_began(program, derivative):
    want = derivative(program)(START).numpy()
    np.testing.assert_allclose(tf.function(derivative(program))(START).numpy(), want, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("program", [read_before, grown_by_its_size, grown_in_an_inner_loop], ids=lambda f: f.__name__)
@pytest.mark.parametrize("derivative", [slope, curvature])
def test_it_is_around_a_function_too(program, derivative):
    want = derivative(program)(START).numpy()
    np.testing.assert_allclose(derivative(tf.function(program))(START).numpy(), want, rtol=1e-10, atol=1e-12)


def test_a_list_that_is_appended_to_has_a_gradient():
    total = START.numpy().sum()
    cubes = START.numpy()[:3] ** 3
    want = np.full(5, 2 * total * np.sum(cubes**2))
    want[:3] += 6 * total**2 * START.numpy()[:3] ** 5
    np.testing.assert_allclose(tf.function(slope(appended))(START), want, rtol=1e-10)


def test_sizes_that_are_not_known_while_tracing():
    f = tf.function(curvature(written), input_signature=[tf.TensorSpec([None], tf.float64)])
    np.testing.assert_allclose(f(START).numpy(), curvature(written)(START).numpy(), rtol=1e-10)


def exchanged(x):
    """Of other sizes."""
    first, second = array(5).unstack(x), array(2).unstack(x[:2])
    total = x[0]
    for i in tf.range(3):
        first = first.write(i % 2, tf.sin(first.read(1)) * x[i])
        total += tf.reduce_sum(second.stack() ** 2) * tf.cast(first.size(), tf.float64)
        first, second = second, first
    return total + tf.reduce_sum(first.stack() ** 2) + tf.reduce_sum(second.stack() ** 3)


def exchanged_without_a_look(x):
    first, second = array(5).unstack(x), array(2).unstack(x[:2])
    for i in tf.range(3):
        first, second = second.write(i % 2, x[i] ** 2), first
    return tf.reduce_sum(first.stack() ** 2) + tf.reduce_sum(second.stack() ** 3)


def exchanged_while_growing(x):
    first, second = (array(0, dynamic_size=True, element_shape=[]).unstack(v) for v in (x, x[:2]))
    for _ in tf.range(3):
        first, second = second.write(second.size(), tf.reduce_sum(tf.sin(first.stack()) ** 2)), first
    return tf.reduce_sum(first.stack() ** 2) + tf.reduce_sum(second.stack() ** 2)


def grown_or_replaced(x):
    values = array(0, dynamic_size=True, element_shape=[])
    for i in tf.range(5):
        other = array(0, dynamic_size=True, element_shape=[])
        if x[i] > 0.0:
            values = values.write(values.size(), x[i] ** 3)
        else:
            values = other.write(0, x[i] * x[0])
    return tf.reduce_sum(values.stack() ** 2)


def rotated(x):
    first, second, third = array(5).unstack(x), array(3).unstack(x[:3]), array(3).unstack(x[2:])
    for i in tf.range(4):
        first = first.write(i % 3, first.read(0) * x[i])
        first, second, third = second, third, first
    return tf.reduce_sum(first.stack() ** 2) + tf.reduce_sum(second.stack() ** 3) + tf.reduce_sum(third.stack())


def copied(x):
    """One takes the place of another and stays in its own."""
    grown, before = (array(0, dynamic_size=True, element_shape=[]).write(0, x[k]) for k in (0, 1))
    total = x[0]
    for i in tf.range(4):
        total += tf.reduce_sum(before.stack()) * tf.reduce_sum(grown.stack() ** 2)
        before = grown
        grown = grown.write(grown.size(), tf.sin(total) * x[i])
    return total + tf.reduce_sum(before.stack() ** 2)


def two_buffers(x):
    old = array(5, element_shape=[]).unstack(x)
    for _ in tf.range(3):
        new = array(5, element_shape=[])
        for j in tf.range(5):
            new = new.write(j, tf.sin(old.read(j)) * old.read((j + 1) % 5))
        old = new
    return tf.reduce_sum(old.stack() ** 2)


def shrunk(x):
    """A new array of another size in each iteration."""
    values = array(5, element_shape=[]).unstack(x)
    for i in tf.range(3):
        shorter = array(4 - i, element_shape=[])
        for j in tf.range(4 - i):
            shorter = shorter.write(j, values.read(j) * values.read(j + 1))
        values = shorter
    return tf.reduce_sum(values.stack() ** 2)


def exchanged_in_a_branch(x):
    first, second = array(5).unstack(x), array(2).unstack(x[:2])
    for i in tf.range(5):
        if x[i] > 0.0:
            first, second = second, first
        first = first.write(1, tf.sin(first.read(0)) * second.read(1) * x[i])
    return tf.reduce_sum(first.stack() ** 2) + tf.reduce_sum(second.stack() ** 3)


def exchanged_in_an_inner_loop(x):
    first, second = array(5).unstack(x), array(2).unstack(x[:2])
    for i in tf.range(2):
        for j in tf.range(i + 2):
            first, second = second.write(0, first.read(1) * x[j]), first
        first = first.write(1, tf.reduce_sum(second.stack() ** 2))
    return tf.reduce_sum(first.stack() ** 2) + tf.reduce_sum(second.stack() ** 3)


MOVING = [
    exchanged, exchanged_without_a_look, exchanged_while_growing, grown_or_replaced, rotated, copied, two_buffers, shrunk,
    exchanged_in_a_branch, exchanged_in_an_inner_loop,
]  # fmt: skip


@pytest.mark.parametrize("program", MOVING, ids=lambda f: f.__name__)
def test_an_array_may_take_the_place_of_one_of_another_size(program):
    np.testing.assert_allclose(tf.function(program)(START), program(START), rtol=1e-12)


@pytest.mark.parametrize("program", MOVING, ids=lambda f: f.__name__)
@pytest.mark.parametrize("how", ["inside", "around"])
@pytest.mark.parametrize("derivative", [slope, curvature])
def test_its_gradient_goes_with_it(program, how, derivative):
    want = derivative(program)(START).numpy()
    got = tf.function(derivative(program)) if how == "inside" else derivative(tf.function(program))
    np.testing.assert_allclose(got(START).numpy(), want, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("program", MOVING, ids=lambda f: f.__name__)
def test_its_gradient_is_the_slope(program):
    value = lambda x: program(tf.constant(x)).numpy()
    steps = np.eye(5) * 1e-6
    numeric = [(value(START.numpy() + s) - value(START.numpy() - s)) / 2e-6 for s in steps]
    np.testing.assert_allclose(tf.function(slope(program))(START), numeric, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("program", MOVING, ids=lambda f: f.__name__)
def test_forward_mode_goes_with_it(program):
    tangent = tf.constant([1.0, 2.0, 3.0, 4.0, 5.0], tf.float64)

    @tf.function
    def product(x):
        with tf.autodiff.ForwardAccumulator(x, tangent) as acc:
            y = program(x)
        return acc.jvp(y)

    want = np.sum(slope(program)(START).numpy() * tangent.numpy())
    np.testing.assert_allclose(product(START), want, rtol=1e-10)


def test_the_shape_of_what_a_new_array_holds_may_show_later():
    def f(x):
        values = array(5).unstack(x)
        for _ in tf.range(2):
            other = array(3)
            for j in tf.range(3):
                other = other.write(j, values.read(j) * x[j])
            values = other
        return tf.reduce_sum(values.stack() ** 2)

    np.testing.assert_allclose(tf.function(slope(f))(START), slope(f)(START), rtol=1e-10)
