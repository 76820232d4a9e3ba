"""Ops, functions and locations."""

import linecache
import sys

import pytest
from tfc.dtypes import float32, int32
from tfc.ir import (
    BuildError,
    Function,
    build_op,
    insertion_point,
    location,
    location_text,
    stack_text,
    tensor_type,
    user_stack,
    verify,
)


def function(*types, name="f"):
    f = Function(name, location(user_stack(1)))
    return f, [f.add_argument(t) for t in types]


F2, F3 = tensor_type(float32, (2,)), tensor_type(float32, (3,))


def build(f, name, operands, **attrs):
    return build_op(name, operands, attrs, location(user_stack(1)), insertion_point(f.entry))


def test_result_types_are_inferred():
    f, (x,) = function(F2)
    assert str(build(f, "reduce_sum", [x], axes=(0,), keepdims=True).result.type) == "tensor<1xf32>"


def test_the_dialects_words_reach_python():
    f, (x, y) = function(F2, F3)
    with pytest.raises(BuildError, match="shapes .2. and .3. do not broadcast") as caught:
        build(f, "add", [x, y])
    assert location_text(caught.value.location).startswith("test_builder.py:")


def test_a_missing_attribute_is_an_error():
    f, (x,) = function(F2)
    with pytest.raises(BuildError, match="axes"):
        build(f, "reduce_sum", [x], keepdims=True)


def test_an_unknown_op_is_an_error():
    f, (x,) = function(F2)
    with pytest.raises(BuildError):
        build(f, "no_such_op", [x])


def test_a_wrong_number_of_operands_is_an_error():
    f, (x,) = function(F2)
    with pytest.raises(BuildError):
        build(f, "add", [x])


def test_what_only_the_verifier_sees_is_an_error_of_verify():
    f, (x,) = function(tensor_type(int32, (2,)))
    y = build(f, "sqrt", [x]).result
    f.finish([x], [y], [None])
    with pytest.raises(BuildError, match="floating point"):
        f.verify()


def test_arguments_are_put_in_order():
    f, (a, b, c) = function(F2, F3, F2)
    out = build(f, "add", [a, c]).result
    order = f.finish([c, a, b], [out], ["c", None, "b"])
    assert [str(v.type) for v in order] == ["tensor<2xf32>", "tensor<2xf32>", "tensor<3xf32>"]
    assert "tfc.add %arg1, %arg0" in f.text() and '%arg0: tensor<2xf32> {tfc.name = "c"}' in f.text()
    verify(f.module)


def test_a_call_copies_the_callee_and_its_callees_once():
    inner, (x,) = function(F2, name="inner")
    inner.finish([x], [x], [None])
    middle, (y,) = function(F2, name="middle")
    z = middle.call(inner, [y], [F2], middle.loc, insertion_point(middle.entry)).result
    middle.finish([y], [z], [None])
    outer, (w,) = function(F2, name="outer")
    for callee in (middle, inner, middle):
        w = outer.call(callee, [w], [F2], outer.loc, insertion_point(outer.entry)).result
    outer.finish(list(outer.entry.arguments), [w], [None])
    outer.verify()
    assert outer.text().count("func.func private") == 2 and outer.text().count("tfc.entry") == 1


def test_a_clone_is_independent():
    f, (x,) = function(F2)
    f.finish([x], [x], [None])
    copy = f.clone_module()
    next(iter(copy.body.operations)).erase()
    assert "func.func @f" in f.text()


def test_locations_name_function_line_and_callers():
    def inner():
        return location(user_stack(1)), sys._getframe().f_lineno

    (loc, line), caller = inner(), sys._getframe().f_lineno
    text = str(loc)
    assert f'test_builder.py":{line}:' in text and f'test_builder.py":{caller}:' in text
    assert "inner" in text and location_text(loc) == f"test_builder.py:{line}"


def test_locations_have_columns():
    if sys.version_info < (3, 11):
        pytest.skip("columns are known from Python 3.11 on")
    stack = user_stack(1)
    column = linecache.getline(__file__, sys._getframe().f_lineno - 1).index("user_stack") + 1
    assert f'.py":{sys._getframe().f_lineno - 2}:{column})' in str(location(stack[:1]))


def test_the_same_place_has_the_same_location():
    found = [location(user_stack(1)) for _ in range(2)]
    assert found[0] is found[1]


def test_frames_of_the_package_are_left_out():
    assert stack_text(user_stack(1)).startswith("test_builder.py:") and stack_text(()) is None


def test_an_argument_that_is_left_out_is_an_error():
    f, (a, b) = function(F2, F3)
    with pytest.raises(BuildError, match="the order of 2 arguments"):
        f.finish([b], [a], [None])
