"""`tf.debugging`: what the programs of `semantics` do not show."""

import pytest
import tfc as tf


def test_tracebacks_show_all_frames_where_filtering_is_off():
    @tf.function
    def f(x):
        raise KeyError("boom")

    def frames():
        with pytest.raises(KeyError) as caught:
            f(tf.constant(1))
        return len(caught.traceback)

    filtered = frames()
    tf.debugging.disable_traceback_filtering()
    try:
        assert not tf.debugging.is_traceback_filtering_enabled() and frames() > filtered
    finally:
        tf.debugging.enable_traceback_filtering()
    assert tf.debugging.is_traceback_filtering_enabled()


def test_check_numerics_passes_the_gradient():
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.debugging.check_numerics(x, "x") * 2.0
    assert tape.gradient(y, x).numpy().tolist() == [2, 2]


@pytest.mark.parametrize(("value", "what"), [("nan", "NaN"), ("inf", "Inf")])
def test_check_numerics_says_what_it_found(value, what):
    check = tf.function(lambda x: tf.debugging.check_numerics(x, "here"))
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"here : Tensor had {what} values"):
        check(tf.constant([1.0, float(value)]))


def test_assert_shapes_of_sizes_known_at_run_time():
    @tf.function(input_signature=[tf.TensorSpec([None, None]), tf.TensorSpec([None])])
    def f(matrix, vector):
        tf.debugging.assert_shapes([(matrix, ("rows", "columns")), (vector, ("columns",))], message="x")
        return tf.reduce_sum(matrix * vector)

    assert f(tf.ones([2, 3]), tf.ones([3])).numpy() == 6
    with pytest.raises(tf.errors.InvalidArgumentError, match="x Tensor shape"):
        f(tf.ones([2, 3]), tf.ones([1]))


def test_assert_shapes_takes_any_number_of_leading_dimensions():
    tf.debugging.assert_shapes([(tf.ones([4, 2, 3]), (..., "n")), (tf.ones([3]), ("n",))])
    with pytest.raises(ValueError, match="at least 2"):
        tf.debugging.assert_shapes([(tf.ones([3]), (..., "m", "n"))])


def test_a_rank_that_is_a_tensor():
    tf.debugging.assert_rank(tf.ones([2]), tf.constant(1))
    with pytest.raises(TypeError, match="must be an integer"):
        tf.debugging.assert_rank(tf.ones([2]), 1.0)
    with pytest.raises(ValueError, match="must be a scalar"):
        tf.debugging.assert_rank(tf.ones([2]), [1])


def test_strings_are_compared():
    tf.debugging.assert_equal(["a", "b"], ["a", "b"])

    @tf.function
    def checked(x):
        tf.debugging.assert_equal(x, "b", message="not b")
        return x

    assert checked(tf.constant("b")).numpy() == b"b"
    with pytest.raises(tf.errors.InvalidArgumentError, match="not b"):
        checked(tf.constant("a"))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"First 1 elements of x"):
        tf.debugging.assert_equal("a", "b")


def test_strings_are_data_of_an_assertion():
    @tf.function
    def checked(x):
        tf.debugging.Assert(tf.size(x) > 1, ["need two", x])
        return x

    assert checked(tf.constant(["a", "b"])).shape == [2]
    with pytest.raises(tf.errors.InvalidArgumentError, match="need two"):
        checked(tf.constant(["a"]))


def test_one_colon_stands_before_the_values_of_a_compiled_check():
    @tf.function
    def f(x):
        tf.debugging.assert_non_negative(x, message="negative:")
        return x

    with pytest.raises(tf.errors.InvalidArgumentError) as e:
        f(tf.constant([-1, 2]))
    assert "Values of x: [-1  2]" in str(e.value)
