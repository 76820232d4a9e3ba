"""TensorArrays that grow, in compiled code: room is made for many elements at once, and lengths stay what they are."""

import re

import numpy as np
import pytest
import tfc as tf


def chosen(n):
    values = tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=[])
    sizes = tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=[])
    for i in tf.range(n):
        sizes = sizes.write(sizes.size(), values.size())
        if i % 3 != 0:
            values = values.write(values.size(), i)
    return values.stack(), sizes.stack(), values.size(), sizes.size()


@pytest.mark.parametrize("n", [0, 1, 2, 7, 100])
def test_lengths_do_not_count_the_room(n):
    want, sizes = [i for i in range(n) if i % 3], []
    for i in range(n):
        sizes.append(len([k for k in range(i) if k % 3]))
    got = tf.function(chosen)(tf.constant(n))
    assert [np.asarray(g).tolist() for g in got] == [want, sizes, len(want), n]


def test_elements_between_the_end_and_a_new_one_are_zero():
    @tf.function
    def f(i):
        values = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[2])
        values = values.write(0, [1.0, 2.0])
        values = values.write(i, [3.0, 4.0])
        return values.stack(), values.size()

    values, size = f(tf.constant(3))
    assert values.numpy().tolist() == [[1, 2], [0, 0], [0, 0], [3, 4]] and size.numpy() == 4


def test_an_array_that_grows_in_nested_loops_is_as_long_as_what_was_written():
    @tf.function
    def f(n):
        values = tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=[])
        lengths = tf.zeros([0], tf.int32)
        for i in tf.range(n):
            tf.autograph.experimental.set_loop_options(shape_invariants=[(lengths, tf.TensorShape([None]))])
            for j in tf.range(i):
                values = values.write(values.size(), i * 10 + j)
            lengths = tf.concat([lengths, [values.size()]], 0)
        return values.stack(), lengths

    values, lengths = f(tf.constant(5))
    assert values.numpy().tolist() == [10 * i + j for i in range(5) for j in range(i)]
    assert lengths.numpy().tolist() == [0, 1, 3, 6, 10]


def array(values=()):
    made = tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=[])
    for value in values:
        made = made.write(made.size(), value)
    return made


def in_two_loops(n):
    all_of = array()
    for i in tf.range(n):
        for j in tf.range(i % 4):
            all_of = all_of.write(all_of.size(), 10 * i + j)
        for j in tf.range(i % 3):
            all_of = all_of.write(all_of.size(), -j)
    return all_of.stack()


def in_a_loop_in_a_branch(n):
    all_of, others = array([7]), array()
    for i in tf.range(n):
        if i % 2 == 0:
            for j in tf.range(i):
                all_of = all_of.write(all_of.size(), j)
        else:
            others = others.write(others.size(), i)
    return all_of.stack(), others.stack()


def behind_a_branch(n):
    all_of = array()
    for i in tf.range(n):
        if i % 3 == 0:
            all_of = all_of.write(all_of.size(), i)
        for j in tf.range(2):
            all_of = all_of.write(all_of.size(), j)
    return all_of.stack()


def of_which_the_old_one_is_read(n):
    all_of, total = array([1]), 0
    for i in tf.range(n):
        old = all_of
        for j in tf.range(3):
            all_of = all_of.write(0, i + j).write(all_of.size(), j)
        total += old.read(0)
    return all_of.stack(), total


def of_which_the_old_one_goes_on(n):
    first, second = array([1, 2]), array([3])
    for i in tf.range(n):
        start = first
        for j in tf.range(2):
            first = first.write(0, i + j).write(first.size(), j)
        second = start.write(1, i)
    return first.stack(), second.stack()


@pytest.mark.parametrize("n", [0, 1, 2, 7, 40])
@pytest.mark.parametrize(
    "program",
    [in_two_loops, in_a_loop_in_a_branch, behind_a_branch, of_which_the_old_one_is_read, of_which_the_old_one_goes_on],
    ids=lambda f: f.__name__,
)
def test_an_array_that_loops_in_loops_write_is_what_it_is_eagerly(program, n):
    got, want = tf.function(program)(tf.constant(n)), program(n)
    for x, y in zip(tf.nest.flatten(got), tf.nest.flatten(want), strict=True):
        assert np.asarray(x).tolist() == np.asarray(y).tolist()


def test_an_array_that_grows_is_an_argument_and_a_result():
    @tf.function
    def f(values):
        for i in tf.range(5):
            values = values.write(values.size(), tf.cast(i, tf.float32))
        return values

    values = f(f(tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[])))
    assert values.stack().numpy().tolist() == [0, 1, 2, 3, 4] * 2


@pytest.mark.parametrize("end", ["stack", "read"])
def test_elements_of_other_sizes_are_an_error_and_not_padded(end):
    @tf.function
    def f(x):
        values = tf.TensorArray(tf.float32, 3, element_shape=[None], clear_after_read=False)
        for i in tf.range(3):
            values = values.write(i, x[: i + 1])
        return values.stack() if end == "stack" else values.read(0)

    with pytest.raises(tf.errors.InvalidArgumentError, match="inconsistent shapes"):
        f(tf.ones([3]))


def test_a_limit_below_zero_fills_nothing():
    @tf.function
    def f(n):
        values = tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=[])
        for i in tf.range(n):
            values = values.write(i, i)
        return values.stack(), values.size()

    assert [np.asarray(v).tolist() for v in f(tf.constant(-3))] == [[], 0]
    assert f(tf.constant(4))[0].numpy().tolist() == [0, 1, 2, 3]


def shrinking(x):
    total = tf.constant(0.0, tf.float64)
    while tf.shape(x)[0] > 1:
        total += tf.reduce_sum(x**2)
        x = x[1:] * x[:-1]
    return total


def growing(x):
    total = tf.constant(0.0, tf.float64)
    for _ in tf.range(3):
        total += tf.reduce_sum(x**2)
        x = tf.concat([x, x[:1] * x[1:2]], 0)
    return total


def recurrent(x):
    for _ in tf.range(3):
        x = tf.tanh(tf.linalg.matvec(tf.stack([x, x * 2.0]), x)[:1] + x)
    return tf.reduce_sum(x)


@pytest.mark.parametrize("how", ["inside", "around"])
@pytest.mark.parametrize("program", [shrinking, growing, recurrent], ids=lambda f: f.__name__)
def test_gradients_of_variables_of_unknown_sizes_know_the_size_of_each_iteration(program, how):
    def slope(f):
        def g(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = f(x)
            return tape.gradient(y, x)

        return g

    x = tf.constant([1.0, 0.5, -0.8, 1.2], tf.float64)
    spec = [tf.TensorSpec([None], tf.float64)]
    if how == "inside":
        got = tf.function(slope(program), input_signature=spec)(x)
    else:
        got = slope(tf.function(program, input_signature=spec))(x)
    np.testing.assert_allclose(got, slope(program)(x), rtol=1e-10)


def test_the_gradient_of_a_loop_keeps_what_it_overwrites_and_no_copies_of_the_array():
    n = 2000

    @tf.function
    def f(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            values = tf.TensorArray(tf.float32, n + 1, element_shape=[256], clear_after_read=False).write(0, x)
            for i in tf.range(n):
                values = values.write(i + 1, values.read(i) * 1.001)
            total = tf.reduce_sum(values.read(n))
        return tape.gradient(total, x)

    text = str(f.get_concrete_function(tf.TensorSpec([256])).mlir())
    # Lists are of rows: none is of arrays.
    assert "list<tensor<256xf32>>" in text and not re.search(r"list<tensor<[0-9?]+x256xf32>>", text)
    np.testing.assert_allclose(f(tf.ones([256])), np.full(256, 1.001**n), rtol=1e-3)
