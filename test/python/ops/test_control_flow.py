"""cond, case, while_loop and the maps and folds, eagerly; TensorArray."""

import numpy as np
import pytest
import tfc as tf


def test_cond_runs_one_branch():
    ran = []
    assert tf.cond(tf.constant(True), lambda: ran.append(1) or tf.constant(5), lambda: ran.append(2)).numpy() == 5
    assert ran == [1]


def test_cond_needs_functions_and_a_condition():
    with pytest.raises(TypeError, match="'true_fn' must be callable"):
        tf.cond(True, 1, lambda: 2)
    with pytest.raises(TypeError, match="pred must not be None"):
        tf.cond(None, lambda: 1, lambda: 2)


def test_the_condition_of_a_traced_cond_is_a_bool_scalar():
    f = tf.function(lambda pred: tf.cond(pred, lambda: 1, lambda: 2))
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be a bool scalar"):
        f(tf.constant(1.5))
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be a scalar"):
        f(tf.constant([True, False]))


def test_vectorized_map_of_many_rows_is_a_loop():
    f = tf.function(lambda x: tf.vectorized_map(lambda row: (tf.reduce_sum(row), row[0] > 1), x))
    x = tf.reshape(tf.range(40.0), [20, 2])
    total, large = f(x)
    np.testing.assert_array_equal(total, tf.reduce_sum(x, 1))
    np.testing.assert_array_equal(large, x[:, 0] > 1)
    assert f.get_concrete_function(x).mlir().count("tfc.reduce_sum") == 1


def test_operations_are_results_of_branches_but_not_of_functions():
    @tf.function
    def f(x):
        made = tf.cond(x > 0, lambda: tf.group(x), lambda: tf.no_op())
        assert made is not None
        return x

    assert f(tf.constant(1)).numpy() == 1
    with pytest.raises(TypeError, match="must return zero or more Tensors"):
        tf.function(lambda: tf.no_op())()


def test_case_takes_the_first_that_holds():
    x = tf.constant(3)
    assert tf.case([(x < 1, lambda: 1), (x < 5, lambda: 2), (x < 9, lambda: 3)]) == 2
    assert tf.case([(x < 1, lambda: 1)], default=lambda: 7) == 7


def test_exclusive_case_refuses_two():
    x = tf.constant(3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="more than one"):
        tf.case([(x < 4, lambda: 1), (x < 5, lambda: 2)], exclusive=True)


@pytest.mark.parametrize("index,want", [(0, 10), (1, 11), (2, 12), (3, 12), (-1, 12)])
def test_switch_case_out_of_range_is_the_last(index, want):
    assert tf.switch_case(tf.constant(index), [lambda: 10, lambda: 11, lambda: 12]) == want


def test_while_loop_keeps_the_structure():
    i, d = tf.while_loop(lambda i, d: i < 3, lambda i, d: (i + 1, {"x": d["x"] * 2}), (0, {"x": 1.0}))
    assert i.numpy() == 3 and d["x"].numpy() == 8


def test_while_loop_of_one_variable():
    assert tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])[0].numpy() == 3


def test_while_loop_with_maximum_iterations():
    assert tf.while_loop(lambda i: True, lambda i: [i + 1], [0], maximum_iterations=4)[0].numpy() == 4


def test_while_loop_refuses_another_structure():
    with pytest.raises((ValueError, TypeError), match="same nested structure"):
        tf.while_loop(lambda i, j: i < 3, lambda i, j: (i + 1, (j, j)), (0, 0))


def test_while_loop_condition_must_be_a_bool_scalar():
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError), match="scalar"):
        tf.while_loop(lambda x: x > 0, lambda x: [x], [tf.ones([2])])


def test_tensor_array_passes_through_a_loop():
    def body(i, ta):
        return i + 1, ta.write(i, tf.cast(i * i, tf.float32))

    _, ta = tf.while_loop(lambda i, ta: i < 4, body, (0, tf.TensorArray(tf.float32, 4)))
    np.testing.assert_array_equal(ta.stack().numpy(), [0, 1, 4, 9])


X = np.arange(6.0, dtype=np.float32).reshape(3, 2)


def test_map_fn():
    np.testing.assert_array_equal(tf.map_fn(lambda r: r * 2, tf.constant(X)).numpy(), X * 2)
    out = tf.map_fn(lambda r: (tf.reduce_sum(r), r[0] > 1), tf.constant(X), fn_output_signature=(tf.float32, tf.bool))
    np.testing.assert_array_equal(out[0].numpy(), X.sum(1))
    np.testing.assert_array_equal(out[1].numpy(), X[:, 0] > 1)


def test_map_fn_of_another_dtype_needs_a_signature():
    with pytest.raises(tf.errors.InvalidArgumentError, match="fn_output_signature"):
        tf.map_fn(lambda r: r > 0, tf.constant(X))


def test_scan_and_folds():
    x = tf.constant(X)
    np.testing.assert_array_equal(tf.scan(lambda a, r: a + r, x).numpy(), X.cumsum(0))
    np.testing.assert_array_equal(tf.scan(lambda a, r: a + r, x, reverse=True).numpy()[0], X.sum(0))
    np.testing.assert_array_equal(tf.foldl(lambda a, r: a - r, x, initializer=tf.zeros(2)).numpy(), -X.sum(0))
    np.testing.assert_array_equal(tf.foldr(lambda a, r: a - r, x).numpy(), X[2] - X[1] - X[0])


def test_vectorized_map():
    np.testing.assert_array_equal(tf.vectorized_map(lambda r: tf.reduce_max(r), tf.constant(X)).numpy(), X.max(1))


def test_tensor_array_is_a_value():
    a = tf.TensorArray(tf.float32, 2, element_shape=[])
    b = a.write(0, 5.0)
    assert a.read(0).numpy() == 0
    np.testing.assert_array_equal(b.stack().numpy(), [5, 0])


def test_tensor_array_out_of_range():
    ta = tf.TensorArray(tf.float32, 3)
    with pytest.raises(tf.errors.OutOfRangeError, match="write to index 3 but array is not resizeable and size is: 3"):
        ta.write(3, 1.0)
    with pytest.raises(tf.errors.OutOfRangeError):
        ta.read(7)


def test_tensor_array_grows_if_dynamic():
    ta = tf.TensorArray(tf.float32, 0, dynamic_size=True).write(2, [1.0])
    assert ta.size().numpy() == 3
    np.testing.assert_array_equal(ta.stack().numpy(), [[0], [0], [1]])


def test_tensor_array_refuses_other_shapes_and_dtypes():
    ta = tf.TensorArray(tf.float32, 3).write(0, [1.0])
    with pytest.raises(ValueError, match="Incompatible shape"):
        ta.write(1, [1.0, 2.0])
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError), match="dtype"):
        ta.write(1, tf.constant([1]))


def test_tensor_array_reads_once_unless_told():
    ta = tf.TensorArray(tf.float32, 1).write(0, 1.0)
    ta.read(0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="clear_after_read"):
        ta.read(0)


def test_tensor_array_round_trips():
    ta = tf.TensorArray(tf.float32, 3).unstack(X)
    np.testing.assert_array_equal(ta.gather([2, 0]).numpy(), X[[2, 0]])
    np.testing.assert_array_equal(tf.TensorArray(tf.float32, 3).unstack(X).concat().numpy(), X.reshape(-1))
    np.testing.assert_array_equal(tf.TensorArray(tf.int32, 4).scatter([3, 1], [7, 8]).stack().numpy(), [0, 8, 0, 7])
    np.testing.assert_array_equal(tf.TensorArray(tf.float32, 2).split([1.0, 2.0, 3.0], [1, 2]).read(1).numpy(), [2, 3])
