"""`Variable`, eagerly."""

import copy
import pickle

import numpy as np
import pytest
import tfc as tf


def test_a_scalar_variable_is_an_array():
    assert np.asarray(tf.Variable(2.0)).dtype == np.float32 and np.array(tf.Variable(2.0), np.float64).shape == ()


def test_initial_values_convert_like_tensors():
    assert tf.Variable(1).dtype is tf.int32 and tf.Variable([1.0]).dtype is tf.float32
    assert tf.Variable(np.ones(2)).dtype is tf.float64 and tf.Variable(1, dtype=tf.float16).dtype is tf.float16
    assert tf.Variable(lambda: tf.ones([3])).shape == [3] and tf.Variable(tf.Variable(2.0)).numpy() == 2


def test_an_initial_value_is_needed():
    with pytest.raises(ValueError, match="`initial_value` arg to `tf.Variable` must be specified"):
        tf.Variable()


def test_names():
    assert tf.Variable(1.0).name == "Variable:0" and tf.Variable(1.0, name="v").name == "v:0"
    with tf.name_scope("a"), tf.name_scope("b"):
        assert tf.Variable(1.0, name="v").name == "a/b/v:0"
    with pytest.raises(ValueError, match="not a valid"), tf.name_scope("a b"):
        pass


def test_assignments_return_the_variable():
    v = tf.Variable([1.0, 2.0])
    assert v.assign([3.0, 4.0]) is v and v.assign_add([1.0, 1.0]) is v and v.assign_sub([0.5, 0.5]) is v
    assert v.numpy().tolist() == [3.5, 4.5]


@pytest.mark.parametrize(
    "value, error", [([1.0, 2.0, 3.0], ValueError), (["a"], TypeError), (tf.constant([1, 2]), ValueError)]
)
def test_what_does_not_fit_leaves_the_value(value, error):
    v = tf.Variable([1.0, 2.0])
    with pytest.raises(error):
        v.assign(value)
    assert v.numpy().tolist() == [1, 2]


def test_an_update_has_the_shape_of_the_variable():
    v = tf.Variable([1.0, 2.0])
    with pytest.raises(tf.errors.InvalidArgumentError, match="shapes must be equal"):
        v.assign_add(1.0)
    with pytest.raises(ValueError, match="shapes must be equal"):
        tf.function(lambda: v.assign_sub(1.0))()
    assert v.numpy().tolist() == [1, 2]


def test_a_value_of_unknown_size_is_checked_when_it_is_assigned():
    v = tf.Variable([1.0, 2.0])
    f = tf.function(lambda x: v.assign(x), input_signature=[tf.TensorSpec([None])])
    with pytest.raises(tf.errors.InvalidArgumentError):
        f([1.0, 2.0, 3.0])
    assert v.numpy().tolist() == [1, 2] and f([3.0, 4.0]).numpy().tolist() == [3, 4]


def test_assigning_without_reading_returns_nothing():
    v = tf.Variable(1.0)
    assert v.assign(2.0, read_value=False) is None and v.assign_add(1.0, read_value=False) is None and v.numpy() == 3


def test_shapes_may_be_relaxed():
    v = tf.Variable([1.0], shape=tf.TensorShape([None]))
    assert v.assign([1.0, 2.0]).numpy().tolist() == [1, 2] and v.shape.as_list() == [None]
    with pytest.raises(ValueError, match="not compatible with the explicitly supplied `shape`"):
        tf.Variable([1.0], shape=[2])


def test_a_read_value_does_not_change():
    v = tf.Variable(1.0)
    a, b = v.value(), v.read_value()
    v.assign(5.0)
    assert a.numpy() == b.numpy() == 1


def test_operators_and_conversions():
    v = tf.Variable([1.0, 2.0])
    assert (v + 1).numpy().tolist() == [2, 3] and (2 * v)[1].numpy() == 4 and tf.reduce_sum(v).numpy() == 3
    assert np.asarray(v).tolist() == [1, 2] and float(tf.Variable(2.5)) == 2.5 and bool(tf.Variable(True))
    assert [t.numpy() for t in v] == [1, 2] and len(v) == 2 and list(range(tf.Variable(2))) == [0, 1]
    assert np.from_dlpack(v).tolist() == [1, 2]


def test_variables_are_unhashable_but_have_references():
    v = tf.Variable(1.0)
    with pytest.raises(TypeError, match=r"Variable is unhashable. Instead, use variable.ref\(\)"):
        hash(v)
    assert {v.ref(): 1}[v.ref()] == 1 and v.ref().deref() is v


def test_text():
    assert repr(tf.Variable(1.5, name="v")) == "<tf.Variable 'v:0' shape=() dtype=float32, numpy=1.5>"
    assert repr(tf.Variable([1, 2])) == (
        "<tf.Variable 'Variable:0' shape=(2,) dtype=int32, numpy=array([1, 2], dtype=int32)>"
    )


def test_slices_are_assigned():
    v = tf.Variable(np.zeros((3, 4), np.float32))
    v[1:, ::2].assign([[1.0, 2.0], [3.0, 4.0]])
    v[0].assign(9.0)
    v[-1, -1].assign_add(5.0)
    v[1, tf.constant(1)].assign_sub(7.0)
    assert v.numpy().tolist() == [[9, 9, 9, 9], [1, -7, 2, 0], [3, 0, 4, 5]]


def test_masks_are_assigned():
    v = tf.Variable([1.0, -2.0, 3.0])
    v[v < 0].assign(0.0)
    assert v.numpy().tolist() == [1, 0, 3]


def test_plain_tensors_have_no_assign():
    for t in (tf.constant([1.0]), tf.constant([1.0])[0]):
        assert not hasattr(t, "assign")


@pytest.mark.parametrize(
    "name, want",
    [("update", [1, 5, 3]), ("add", [1, 7, 3]), ("sub", [1, -3, 3]), ("mul", [1, 10, 3])]
    + [("div", [1, 0.4, 3]), ("min", [1, 2, 3]), ("max", [1, 5, 3])],
)
def test_scatters(name, want):
    class Slices:
        indices, values = [1], [5.0]

    v = tf.Variable([1.0, 2.0, 3.0])
    assert getattr(v, f"scatter_{name}")(Slices) is v
    np.testing.assert_allclose(v.numpy(), want)
    if name not in ("mul", "div"):
        w = tf.Variable([1.0, 2.0, 3.0])
        getattr(w, f"scatter_nd_{name}")([[1]], [5.0])
        np.testing.assert_allclose(w.numpy(), want)


def test_scatters_need_slices():
    with pytest.raises(TypeError, match="is not IndexedSlices"):
        tf.Variable([1.0]).scatter_add(3)


def test_sparse_reads():
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    assert v.sparse_read([1]).numpy().tolist() == [[3, 4]] and v.gather_nd([[0, 1]]).numpy().tolist() == [2]


def test_copies_are_independent():
    v = tf.Variable([1.0], name="v", trainable=False)
    for w in (copy.deepcopy(v), pickle.loads(pickle.dumps(v))):
        w.assign([2.0])
        assert v.numpy() == [1] and w.name == "v:0" and w.trainable is False


def test_creators_see_and_change_arguments():
    def double(next_creator, **kwargs):
        kwargs["initial_value"] = 2 * kwargs["initial_value"]
        return next_creator(**kwargs)

    def named(next_creator, **kwargs):
        return next_creator(**{**kwargs, "name": "mine"})

    with tf.variable_creator_scope(double), tf.variable_creator_scope(named):
        v = tf.Variable(3.0)
    assert v.numpy() == 6 and v.name == "mine:0" and tf.Variable(3.0).numpy() == 3


def test_a_creator_may_return_another_object():
    with tf.variable_creator_scope(lambda next_creator, **kwargs: "other"):
        assert tf.Variable(1.0) == "other"


def test_constraints_are_kept():
    v = tf.Variable(1.0, constraint=tf.abs)
    assert v.constraint is tf.abs
    with pytest.raises(ValueError, match="constraint"):
        tf.Variable(1.0, constraint=3)


def test_numpy_while_tracing_is_an_error():
    v = tf.Variable(1.0)
    with pytest.raises(NotImplementedError, match="only available when eager"):
        tf.function(lambda: v.numpy())()
