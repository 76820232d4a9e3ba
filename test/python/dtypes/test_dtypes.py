"""DType, TensorShape, TensorSpec."""

import copy
import pickle

import ml_dtypes
import numpy as np
import pytest
import tfc as tf
from hypothesis import given
from hypothesis import strategies as st
from tfc.dtypes import DTYPES, broadcast_shape_tuples

ALL = pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.name)


@ALL
def test_as_dtype_knows_every_spelling(dtype):
    for spelling in (
        dtype,
        dtype.name,
        dtype.as_numpy_dtype,
        dtype.np_dtype,
        dtype.as_datatype_enum,
        np.zeros(1, dtype.np_dtype),
    ):
        assert tf.as_dtype(spelling) is dtype


@ALL
def test_dtype_equals_numpy_and_names(dtype):
    assert dtype == dtype.np_dtype and dtype == dtype.name and dtype == dtype.as_numpy_dtype
    assert dtype != "nonsense" and dtype != None  # noqa: E711
    assert hash(dtype) == hash(tf.as_dtype(dtype.name))


@ALL
def test_dtype_copies_and_pickles_to_itself(dtype):
    assert pickle.loads(pickle.dumps(dtype)) is dtype and copy.deepcopy(dtype) is dtype


def test_numbers_of_dtypes_are_tensorflows():
    assert (tf.float32.as_datatype_enum, int(tf.int64), tf.half.as_datatype_enum) == (1, 9, 19)
    assert tf.as_dtype(10) is tf.bool and all(tf.as_dtype(int(d)) is d for d in (tf.string, tf.uint64, tf.bfloat16))
    with pytest.raises(TypeError, match="Cannot convert"):
        tf.as_dtype(20)


def test_dtype_text():
    assert repr(tf.float32) == "tf.float32" and str(tf.float32) == "<dtype: 'float32'>"


def test_dtype_limits():
    assert tf.int8.min == -128 and tf.uint16.max == 65535
    assert tf.float32.max == np.finfo(np.float32).max
    assert tf.bfloat16.max == ml_dtypes.finfo(ml_dtypes.bfloat16).max
    with pytest.raises(TypeError, match="Cannot find"):
        _ = tf.complex64.min


def test_dtype_families():
    assert tf.bfloat16.is_floating and not tf.bfloat16.is_integer
    assert tf.uint8.is_unsigned and tf.uint8.is_integer
    assert tf.bool.is_bool and not tf.bool.is_integer
    assert tf.complex64.is_complex and tf.complex64.real_dtype is tf.float32


def test_unknown_dtype_is_refused():
    for bad in ("qint8", None, dict, 99):
        with pytest.raises(TypeError, match="Cannot convert"):
            tf.as_dtype(bad)


def test_unknown_rank():
    s = tf.TensorShape(None)
    assert s.rank is None and not s and repr(s) == "TensorShape(None)" and str(s) == "<unknown>"
    for use in (s.as_list, lambda: len(s), lambda: list(s)):
        with pytest.raises(ValueError):
            use()


def test_shape_behaves_as_a_sequence():
    s = tf.TensorShape([2, None, 3])
    assert s == [2, None, 3] == s.as_list() and s[0] == 2 and s[1:] == [None, 3] and len(s) == 3
    assert str(s) == "(2, None, 3)" and repr(s) == "TensorShape([2, None, 3])"
    assert s.num_elements() is None and tf.TensorShape([2, 3]).num_elements() == 6


def test_shape_refuses_nonsense():
    with pytest.raises(ValueError, match="must be >= 0"):
        tf.TensorShape([-1])
    with pytest.raises(TypeError, match="Dimension value must be integer"):
        tf.TensorShape(["a"])


def test_merge_with_contradiction():
    with pytest.raises(ValueError, match="not compatible"):
        tf.TensorShape([2]).merge_with([3])


DIMS = st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=4)


@given(DIMS, DIMS)
def test_shape_algebra(a, b):
    x, y = tf.TensorShape(a), tf.TensorShape(b)
    assert x.is_compatible_with(y) == y.is_compatible_with(x)
    common = x.most_specific_compatible_shape(y)
    assert x.is_subtype_of(common) and y.is_subtype_of(common)
    if x.is_compatible_with(y):
        assert x.merge_with(y).is_subtype_of(x) and x.merge_with(y).is_subtype_of(y)
    assert x.concatenate(y) == a + b


@given(st.lists(st.integers(0, 3), max_size=4), st.lists(st.integers(0, 3), max_size=4))
def test_broadcast_of_known_shapes_is_numpys(a, b):
    try:
        want = np.broadcast_shapes(tuple(a), tuple(b))
    except ValueError:
        with pytest.raises(ValueError, match="Incompatible shapes"):
            broadcast_shape_tuples(tuple(a), tuple(b))
    else:
        assert broadcast_shape_tuples(tuple(a), tuple(b)) == want


def test_broadcast_of_unknown_sizes():
    assert broadcast_shape_tuples((None, 1), (3,)) == (None, 3)
    assert broadcast_shape_tuples((None,), (3,)) == (3,)
    assert broadcast_shape_tuples((None,), (1,)) == (None,)
    assert broadcast_shape_tuples(None, (1,)) is None


def test_spec_subtyping():
    wide, narrow = tf.TensorSpec([None, 3]), tf.TensorSpec([2, 3])
    assert narrow.is_subtype_of(wide) and not wide.is_subtype_of(narrow)
    assert narrow.most_specific_common_supertype([tf.TensorSpec([4, 3])]) == wide
    assert narrow.most_specific_common_supertype([tf.TensorSpec([2, 3], tf.int32)]) is None


def test_spec_of_a_tensor():
    x = tf.ones([2, 3])
    assert tf.TensorSpec.from_tensor(x, "x") == tf.TensorSpec([2, 3], tf.float32, "x")
    assert tf.TensorSpec([None, 3]).is_compatible_with(x) and not tf.TensorSpec([3]).is_compatible_with(x)


def test_spec_text_and_pickle():
    s = tf.TensorSpec([None], tf.int32, "n")
    assert repr(s) == "TensorSpec(shape=(None,), dtype=tf.int32, name='n')"
    assert pickle.loads(pickle.dumps(s)) == s and hash(s) == hash(copy.copy(s))
