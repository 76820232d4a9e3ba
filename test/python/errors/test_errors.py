"""tf.errors: constructors, codes, pages, the user's line."""

import pickle
import traceback

import pytest
import tfc as tf
from tfc import errors


def test_op_error_takes_tensorflows_three_arguments():
    e = tf.errors.InvalidArgumentError(None, "matmul", "sizes differ")
    assert (e.message, e.op, str(e)) == ("sizes differ", "matmul", "sizes differ")


def test_op_error_takes_a_message_alone():
    assert str(tf.errors.OutOfRangeError("past the end")) == "past the end"


def test_error_codes_are_tensorflows():
    assert tf.errors.INVALID_ARGUMENT == 3
    assert tf.errors.InvalidArgumentError("x").error_code == 3
    assert tf.errors.exception_type_from_error_code(11) is tf.errors.OutOfRangeError


def test_graph_errors_are_the_builtin_errors_people_catch():
    assert issubclass(tf.errors.OperatorNotAllowedInGraphError, TypeError)
    assert issubclass(tf.errors.InaccessibleTensorError, ValueError)


def test_op_error_pickles():
    e = pickle.loads(pickle.dumps(tf.errors.InternalError(None, "add", "bug")))
    assert type(e) is tf.errors.InternalError and e.op == "add" and str(e) == "bug"


def test_status_of_compiled_code_becomes_its_class():
    assert isinstance(errors.error_of_status(2, "index"), tf.errors.OutOfRangeError)


def test_page_shows_want_got_where_and_fix():
    text = errors.page("op: bad", want="a", got="b", where="f.py:1: x", fix="c")
    assert text == "op: bad\n  want: a\n  got:  b\n  at:   f.py:1: x\n  try:  c"


def test_user_line_is_the_line_that_calls_us():
    line = errors.user_line()
    assert line.filename == __file__ and line.text == "line = errors.user_line()"


def test_filter_traceback_drops_internal_frames():
    try:
        tf.add(tf.constant(1), tf.constant(1.0))
    except tf.errors.InvalidArgumentError as e:
        kept = traceback.extract_tb(errors.filter_traceback(e.__traceback__))
    assert [f.filename for f in kept] == [__file__]


def test_error_of_a_primitive_names_op_and_operands():
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"Incompatible shapes: \[3\] vs. \[2\] \[Op:add\]"
    ) as info:
        tf.constant([1.0, 2.0, 3.0]) + tf.constant([1.0, 2.0])
    assert "float32[3], float32[2]" in str(info.value)


def test_failure_of_a_compiled_function_of_the_package_names_the_line_of_the_call():
    inverse = tf.function(tf.linalg.inv)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"test_errors\.py:\d+: inverse\(tf\.zeros") as caught:
        inverse(tf.zeros([2, 2]))
    assert "naming.py" not in str(caught.value)
