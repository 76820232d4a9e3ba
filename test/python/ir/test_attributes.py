"""Python values to attributes and back; types and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfc.dtypes import DTYPES, TensorSpec, float32
from tfc.ir import (
    array_of,
    attribute,
    context,
    describe_type,
    kind_of,
    list_type,
    mlir,
    python_value,
    resource_type,
    spec_type,
    tensor_type,
    type_spec,
)

VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62)), max_size=4).map(tuple),
    st.sampled_from(DTYPES),
    st.builds(TensorSpec, st.sampled_from([None, (), (2, None), (3,)]), st.sampled_from(DTYPES)),
)


@given(VALUES)
def test_values_come_back_with_their_type(value):
    back = python_value(attribute(value))
    assert type(back) is type(value) and back == value


@pytest.mark.parametrize("value", [0.0, -0.0, True, 1, 1.0])
def test_equal_values_of_other_types_are_kept_apart(value):
    for other in (True, 1, 1.0, 0.0, -0.0, False, 0):
        attribute(other)
    back = python_value(attribute(value))
    assert type(back) is type(value) and repr(back) == repr(value)


@pytest.mark.parametrize("value", [object(), {"a": 1}, [1], {1}])
def test_other_values_are_refused(value):
    with pytest.raises(TypeError, match="no MLIR attribute"):
        attribute(value)


@pytest.mark.parametrize("dtype", [d for d in DTYPES if not d.is_complex], ids=lambda d: d.name)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 5), (0,), (2, 0), (17,)])
def test_arrays_come_back(dtype, shape):
    rng = np.random.default_rng(0)
    array = (rng.normal(size=shape) * 3).astype(dtype.np_dtype)
    back = array_of(attribute(array))
    assert back.dtype == array.dtype and back.shape == array.shape and back.tobytes() == array.tobytes()


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d.is_floating], ids=lambda d: d.name)
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, -0.0])
def test_special_numbers_come_back(dtype, value):
    for shape in ((), (2,)):
        array = np.full(shape, value).astype(dtype.np_dtype)
        back = array_of(attribute(array))
        np.testing.assert_array_equal(back.astype(np.float64), array.astype(np.float64))
        assert (np.signbit(back.astype(np.float64)) == np.signbit(array.astype(np.float64))).all()


@pytest.mark.parametrize("array", [np.ones(4, bool), np.zeros(9, bool), np.arange(9) % 2 == 0])
def test_bools_come_back(array):
    assert array_of(attribute(array)).tolist() == array.tolist()


def test_arrays_that_are_not_dense_come_back():
    array = np.arange(24.0).reshape(4, 6)[::2, ::-3].T
    assert array_of(attribute(array)).tolist() == array.tolist()


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.name)
@pytest.mark.parametrize("dims", [None, (), (2, None), (0,)])
def test_types_come_back(dtype, dims):
    made = tensor_type(dtype, dims)
    with context():
        again = mlir.Type.parse(str(made))
    assert describe_type(again) == (dtype, dims) and type_spec(spec_type(TensorSpec(dims, dtype))).dtype is dtype


def test_lists_and_resources_hold_a_tensor_type():
    inner = tensor_type(float32, (2, None))
    assert kind_of(list_type(inner)) == ("list", inner) and kind_of(inner) == ("tensor", inner)
    assert kind_of(resource_type(float32, (2, None))) == ("resource", inner)
    with context():
        assert kind_of(mlir.Type.parse("!tfc.list<tensor<2x?xf32>>")) == ("list", inner)
        assert kind_of(mlir.Type.parse("!tfc.token")) == ("token", None)


def test_complex_arrays_are_refused():
    with pytest.raises(TypeError, match="made of two real ones"):
        attribute(np.ones(2, np.complex64))
