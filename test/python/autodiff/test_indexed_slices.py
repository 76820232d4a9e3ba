"""Gradients of rows gathered from a variable: slices, as long as nothing needs all of it."""

import numpy as np
import tfc as tf


def test_gradient_of_gathered_rows_is_indexed_slices():
    table = tf.Variable(np.arange(12.0).reshape(4, 3))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.gather(table, [1, 1, 3])) + tf.reduce_sum(tf.nn.embedding_lookup(table, [[0]]) * 2.0)
    grad = tape.gradient(y, table)
    assert isinstance(grad, tf.IndexedSlices)
    np.testing.assert_array_equal(tf.convert_to_tensor(grad), [[2.0] * 3, [2.0] * 3, [0.0] * 3, [1.0] * 3])


def test_a_dense_use_makes_the_gradient_dense():
    table = tf.Variable([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(tf.gather(table, [0])) + tf.reduce_sum(table)
    np.testing.assert_array_equal(tape.gradient(y, table), [2.0, 1.0, 1.0])


def test_slices_update_a_table_inside_a_function():
    table = tf.Variable([[1.0], [2.0], [3.0]])

    @tf.function
    def step(ids):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.gather(table, ids) ** 2)
        grad = tape.gradient(loss, table)
        table.scatter_sub(tf.IndexedSlices(grad.values * 0.5, grad.indices))
        return loss

    assert float(step(tf.constant([0, 2]))) == 10.0
    np.testing.assert_array_equal(table, [[0.0], [2.0], [0.0]])


def test_clipping_and_jacobians_take_slices():
    table = tf.Variable([3.0, 4.0])
    with tf.GradientTape(persistent=True) as tape:
        y = tf.gather(table, [0, 1]) * 2.0
    clipped, norm = tf.clip_by_global_norm([tape.gradient(y, table)], 1.0)
    np.testing.assert_allclose([norm, *clipped[0].values], [8**0.5, 2**-0.5, 2**-0.5], rtol=1e-6)
    np.testing.assert_array_equal(tape.jacobian(y, table), [[2.0, 0.0], [0.0, 2.0]])


def test_slices_are_arguments_and_results_of_functions():
    @tf.function
    def doubled(slices):
        return {"twice": tf.IndexedSlices(slices.values * 2.0, slices.indices, slices.dense_shape)}

    slices = tf.IndexedSlices(tf.ones([2, 3]), tf.constant([4, 1]), tf.constant([5, 3]))
    out = doubled(slices)["twice"]
    assert isinstance(out, tf.IndexedSlices)
    np.testing.assert_array_equal(out.indices, [4, 1])
    np.testing.assert_array_equal(out.values, np.full((2, 3), 2.0))


def test_an_update_of_an_embedding_makes_no_tensor_of_its_size():
    table = tf.Variable(tf.zeros([4321, 3]))
    look = tf.function(lambda i: tf.gather(table, i))
    optimizer = tf.optimizers.SGD(0.1)

    @tf.function
    def step(i):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((tf.gather(table, i) - 1.0) ** 2)
        optimizer.apply_gradients([(tape.gradient(loss, table), table)])

    step(tf.constant([7, 9]))
    text = str(step.get_concrete_function(tf.constant([7, 9])).mlir())
    # The table is read and scattered to; nothing else is as large as it.
    made = [line for line in text.splitlines() if line.endswith("-> tensor<4321x3xf32>")]
    assert made
    assert all("read_variable" in line or "tfc.scatter" in line for line in made), made
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(look(tf.constant([2, 2])))
    assert isinstance(tape.gradient(y, table), tf.IndexedSlices)


def rows_in_regions(table, ids):
    s = tf.zeros([2, 3], table.dtype)
    for i in tf.range(4):
        if i % 2 == 0:
            s = tf.tanh(s + tf.gather(table, ids[i]))
        else:
            for j in tf.range(2):
                s = s * 0.9 + tf.gather(table, ids[i + j])
    return tf.reduce_sum(s * s) + tf.reduce_sum(table**2)


def test_the_gradient_of_rows_taken_in_branches_and_loops_is_added_up_in_one_table():
    rng = np.random.default_rng(0)
    table, ids = tf.constant(rng.normal(size=(4321, 3))), tf.constant(rng.integers(0, 4321, (6, 2)))

    def slope(table):
        with tf.GradientTape() as tape:
            tape.watch(table)
            y = rows_in_regions(table, ids)
        return tape.gradient(y, table)

    def curvature(table):
        with tf.GradientTape() as tape:
            tape.watch(table)
            y = tf.reduce_sum(slope(table) ** 2)
        return tape.gradient(y, table)

    for derivative in (slope, curvature):
        np.testing.assert_allclose(tf.function(derivative)(table), derivative(table), rtol=1e-10, atol=1e-12)
    text = str(tf.function(slope).get_concrete_function(table).mlir())
    # Tables of zeros: none is made in a branch or a loop, which begin further to the right.
    made = [line for line in text.splitlines() if "-> tensor<4321x3xf64>" in line and "broadcast_to" in line]
    assert all(line.startswith("    %") for line in made), made
    assert "tfc.scatter" in text
