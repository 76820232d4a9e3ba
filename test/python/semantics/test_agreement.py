"""Outcomes that once differed from TensorFlow 2, one a test."""

import numpy as np
import pytest
import tfc as tf


def test_a_recursive_function_is_converted():
    def f(x, n):
        if n == 0:
            return x
        if x > 0:
            x = x - 1
        return recursive(x, n - 1)

    recursive = tf.function(f)
    assert recursive(tf.constant(2), 4).numpy() == 0


def test_a_wrong_dtype_of_an_operation_is_a_type_error_in_a_trace():
    f = tf.function(lambda x: tf.sqrt(x))
    with pytest.raises(TypeError):
        f(tf.constant(1))


def test_a_wrong_dtype_of_an_operation_is_an_invalid_argument_eagerly():
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.sqrt(tf.constant(1))


def test_an_index_out_of_bounds_is_a_value_error_in_a_trace():
    f = tf.function(lambda x: x[5])
    with pytest.raises(ValueError, match="slice index 5 of dimension 0 out of bounds"):
        f(tf.constant([1, 2]))


def test_a_leaked_tensor_is_a_type_error_and_a_value_error():
    leaked = []
    tf.function(lambda x: leaked.append(x + 1))(tf.constant(1))
    for kind in (TypeError, ValueError):
        with pytest.raises(kind, match="out of scope"):
            tf.function(lambda x: x + leaked[0])(tf.constant(1))


def test_a_list_of_bools_is_no_index():
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.constant([1, 2])[[True, False]]


def test_a_constant_beyond_float32_is_a_value_error():
    with pytest.raises(ValueError, match="out of range"):
        tf.constant(2.0**200)


def test_a_scalar_is_formatted_as_a_number():
    assert f"{tf.constant(1.5)}" == "1.5" and f"{tf.constant(1.5):.3f}" == "1.500"


def test_an_unstacked_array_of_dynamic_size_grows_in_a_function():
    @tf.function
    def fibonacci(n):
        ta = tf.TensorArray(tf.float32, size=0, dynamic_size=True).unstack([0.0, 1.0])
        for i in range(2, n):
            ta = ta.write(i, ta.read(i - 1) + ta.read(i - 2))
        return ta.stack()

    assert fibonacci(7).numpy().tolist() == [0, 1, 1, 2, 3, 5, 8]


def test_an_eager_loop_returns_what_its_body_returns():
    assert isinstance(tf.while_loop(lambda i: i < 3, lambda i: (i + 1,), [tf.constant(0)]), tuple)


def test_unique_in_order_of_appearance():
    x = tf.constant([4, 1, 4, 2, 1])
    for call in (tf.unique, tf.function(tf.unique)):
        y, idx = call(x)
        assert y.numpy().tolist() == [4, 1, 2] and idx.numpy().tolist() == [0, 1, 0, 2, 1]


def test_unique_with_counts():
    assert tf.unique_with_counts(tf.constant([4, 1, 4])).count.numpy().tolist() == [2, 1]


def test_unique_of_nothing():
    y, idx = tf.unique(tf.zeros([0], tf.int32))
    assert y.shape == idx.shape == [0]


def test_forward_accumulator():
    x = tf.constant([1.0, 2.0])
    with tf.autodiff.ForwardAccumulator(x, tf.constant([1.0, 0.5])) as acc:
        y = x * x
        z = tf.reduce_sum(y)
    assert acc.jvp(y).numpy().tolist() == [2, 2] and acc.jvp(z).numpy() == 4


def test_py_function_is_differentiable_eagerly():
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.py_function(lambda v: v * v, [x], tf.float32)
    assert tape.gradient(y, x).numpy() == 6


def test_numpy_function_gets_arrays():
    made = tf.numpy_function(lambda v: np.sinh(v), [tf.constant(1.0)], tf.float32)
    assert made.dtype is tf.float32 and abs(made.numpy() - np.sinh(1)) < 1e-6


def test_the_gradient_of_a_variable_by_itself_is_one():
    v = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = v
    assert tape.gradient(y, v).numpy() == 1


def test_scatter_add_of_indexed_slices():
    v = tf.Variable([1, 2, 3])
    v.scatter_add(tf.IndexedSlices(tf.constant([5, 5]), tf.constant([0, 0])))
    assert v.numpy().tolist() == [11, 2, 3]


def test_indexed_slices_as_a_tensor():
    made = tf.convert_to_tensor(tf.IndexedSlices(tf.constant([[1.0], [2.0]]), tf.constant([2, 2]), tf.constant([3, 1])))
    assert made.numpy().tolist() == [[0], [0], [3]]


def test_a_function_with_an_unknown_size_is_called_in_a_trace_of_a_known_one():
    inner = tf.function(lambda x: x * 2, input_signature=[tf.TensorSpec([None], tf.float32)])
    outer = tf.function(lambda x: inner(x) + 1)
    assert outer(tf.ones([2])).numpy().tolist() == [3, 3]


def test_a_function_with_an_unknown_rank_is_called_in_a_trace():
    inner = tf.function(lambda x: tf.reduce_sum(x), input_signature=[tf.TensorSpec(None, tf.float32)])
    outer = tf.function(lambda x: inner(x) + inner(x[0]))
    assert outer(tf.ones([2, 3])).numpy() == 9


def test_the_rank_of_an_unknown_shape():
    f = tf.function(tf.rank, input_signature=[tf.TensorSpec(None, tf.float32)])
    assert [f(tf.ones(s)).numpy() for s in ([], [2], [2, 3])] == [0, 1, 2]


def test_set_shape_of_a_parameter():
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def f(x):
        x.set_shape([3])
        return x * x.shape[0]

    assert f(tf.ones([3])).numpy().tolist() == [3, 3, 3]


def test_shapes_that_do_not_broadcast_at_run_time_are_an_invalid_argument():
    f = tf.function(lambda x, y: x + y, input_signature=[tf.TensorSpec([None], tf.float32)] * 2)
    with pytest.raises(tf.errors.InvalidArgumentError):
        f(tf.ones([2]), tf.ones([3]))


def test_a_loop_over_no_rows_runs_no_iteration():
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
    def f(x):
        s = tf.zeros([2])
        for row in x:
            s += row
        return s

    assert f(tf.ones([0, 2])).numpy().tolist() == [0, 0]


def test_numpy_and_tensor_dtypes_share_a_trace():
    f = tf.function(lambda x, d: tf.cast(x, d))
    f(tf.constant(1), tf.float32)
    f(tf.constant(1), np.float32)
    assert f.experimental_get_tracing_count() == 1


def test_another_variable_of_the_same_type_shares_a_trace():
    f = tf.function(lambda v: v.assign_add(v))
    f(tf.Variable(1.0))
    f(tf.Variable(5.0))
    assert f.experimental_get_tracing_count() == 1


def test_a_method_of_a_temporary_object():
    class A:
        @tf.function
        def f(self, x):
            return x + 1

    class B(A):
        @tf.function
        def f(self, x):
            return super().f(x) * 2

    assert B().f(tf.constant(1)).numpy() == 4


def test_get_initialization_function_gives_variables_their_values():
    made = []

    @tf.function
    def f(x):
        if not made:
            made.append(tf.Variable(3.0))
        return made[0] * x

    f.get_initialization_function(tf.constant(1.0))()
    assert made[0].numpy() == 3 and f(tf.constant(2.0)).numpy() == 6


def test_get_initialization_function_after_a_call_is_an_error():
    f = tf.function(lambda x: x)
    f(tf.constant(1))
    with pytest.raises(RuntimeError):
        f.get_initialization_function(tf.constant(1))


def test_a_name_used_before_assignment():
    @tf.function
    def f(x, flag):
        if flag:
            y = x
        return y

    with pytest.raises(UnboundLocalError, match="'y' is used before assignment"):
        f(tf.constant(1), False)


def test_trace_types_of_users():
    assert isinstance(tf.types.experimental.TraceType, type)


def test_a_call_in_a_loop_keeps_the_shape_that_its_argument_has():
    inner = tf.function(lambda x: x * 2, input_signature=[tf.TensorSpec([None, None], tf.float32)])

    @tf.function
    def f(x, n):
        for _ in tf.range(n):
            x = inner(x)
        return x

    assert f(tf.ones([1, 2]), tf.constant(3)).numpy().tolist() == [[8, 8]]


def test_operations_of_the_api_know_converted_code():
    @tf.function
    def running(x):
        total, seen = 0.0, []
        for value in x:
            total += value
            seen.append(total)
        return tf.stack(seen)

    np.testing.assert_array_equal(running(tf.constant([1.0, 2.0, 3.0])), [1, 3, 6])

    @tf.function
    def doubled(x):
        def body(t):
            if t > 1.0:
                return t * 2.0
            return t

        return tf.map_fn(body, x)

    np.testing.assert_array_equal(doubled(tf.constant([1.0, 2.0])), [1, 4])


def test_a_range_of_the_api_is_counted_in_a_loop_not_made():
    @tf.function
    def total(n):
        s = 0
        for i in tf.range(n):
            s += i
        return s

    graph = total.get_concrete_function(tf.TensorSpec([], tf.int32)).graph
    assert "Range" not in {operation.type for operation in graph.get_operations()}
    assert int(total(tf.constant(5))) == 10
