"""tf.print, tf.Assert, tf.debugging."""

import sys

import numpy as np
import pytest
import tfc as tf


@pytest.fixture
def printed(capsys):
    def run(*args, **kwargs):
        tf.print(*args, output_stream=sys.stdout, **kwargs)
        return capsys.readouterr().out

    return run


def test_long_vectors_are_summarized(printed):
    assert printed(tf.range(10)) == "[0 1 2 ... 7 8 9]\n"
    assert printed(tf.range(10), summarize=-1) == "[0 1 2 3 4 5 6 7 8 9]\n"
    assert printed(tf.range(6)) == "[0 1 2 3 4 5]\n"


def test_matrices_have_a_line_a_row(printed):
    assert printed(tf.ones([2, 2])) == "[[1 1]\n [1 1]]\n"
    want = "[[0 1 ... 8 9]\n [10 11 ... 18 19]\n ...\n [80 81 ... 88 89]\n [90 91 ... 98 99]]\n"
    assert printed(tf.reshape(tf.range(100), [10, 10]), summarize=2) == want


def test_cubes_have_blank_lines(printed):
    assert printed(tf.zeros([2, 1, 2])) == "[[[0 0]]\n\n [[0 0]]]\n"


def test_numbers_are_written_as_c_does(printed):
    assert printed(tf.constant([1 / 3, 0.1, 1e10, np.nan, np.inf])) == "[0.333333343 0.1 1e+10 nan inf]\n"
    assert printed(tf.constant(1 / 3, tf.float64)) == "0.33333333333333331\n"
    assert printed(43.5, tf.constant(43.5)) == "43.5 43.5\n"


def test_bools_are_digits(printed):
    assert printed(tf.constant([True, False]), True) == "[1 0] True\n"


def test_structures_show_in_python_syntax(printed):
    value = {"b": tf.constant(1.5), "a": (1, "x")}
    assert printed("s", value, [tf.constant([1, 2]), 3], (tf.constant(1),)) == (
        "s {'a': (1, 'x'), 'b': 1.5} [[1 2], 3] (1,)\n"
    )


def test_braces_are_text(printed):
    assert printed("a{}b", tf.constant(1), end="{x}") == "a{}b 1{x}"


def test_separator_and_end(printed):
    assert printed(1, tf.constant(2), sep=",", end="|") == "1,2|"


def test_default_stream_is_stderr(capsys):
    tf.print("x")
    assert capsys.readouterr() == ("", "x\n")


def test_print_to_a_file(tmp_path):
    for _ in range(2):
        tf.print(tf.constant(1), output_stream=f"file://{tmp_path}/out")
    assert (tmp_path / "out").read_text() == "1\n1\n"


def test_unknown_streams_are_refused():
    with pytest.raises(ValueError, match="Unknown output stream"):
        tf.print(1, output_stream="nowhere")


def test_assert_shows_its_data():
    tf.Assert(tf.constant(True), ["never"])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"to be true. Summarized data:\nbad\n\[1 2 3\]"):
        tf.Assert(tf.constant(False), ["bad", tf.constant([1, 2, 3])])


def test_assert_equal_shows_differences():
    with pytest.raises(tf.errors.InvalidArgumentError) as info:
        tf.debugging.assert_equal(tf.constant([1, 2]), tf.constant([1, 3]), message="hey")
    assert str(info.value).startswith(
        "hey\nCondition x == y did not hold.\nIndices of first 1 different values:\n[[1]]"
    )


@pytest.mark.parametrize(
    "name,good,bad",
    [
        ("less", (1, 2), (2, 2)),
        ("less_equal", (2, 2), (3, 2)),
        ("greater", (3, 2), (2, 2)),
        ("greater_equal", (2, 2), (1, 2)),
        ("none_equal", (1, 2), (2, 2)),
        ("near", (1.0, 1.0), (1.0, 1.1)),
        ("positive", (1,), (0,)),
        ("negative", (-1,), (0,)),
        ("non_negative", (0,), (-1,)),
        ("non_positive", (0,), (1,)),
    ],
)
def test_assertions_hold_or_raise(name, good, bad):
    check = getattr(tf.debugging, f"assert_{name}")
    check(*map(tf.constant, good))
    with pytest.raises(tf.errors.InvalidArgumentError):
        check(*map(tf.constant, bad))


def test_static_assertions():
    x = tf.ones([2, 3])
    tf.debugging.assert_rank(x, 2)
    tf.debugging.assert_shapes([(x, ("n", 3)), (tf.ones([2]), ("n",))])
    for check, error in [
        (lambda: tf.debugging.assert_rank(x, 3), ValueError),
        (lambda: tf.debugging.assert_shapes([(x, ("n", "n"))]), ValueError),
        (lambda: tf.debugging.assert_scalar(x), ValueError),
        (lambda: tf.debugging.assert_type(x, tf.int32), TypeError),
        (lambda: tf.debugging.assert_integer(x), TypeError),
        (lambda: tf.debugging.check_numerics(x / 0.0, "bad"), tf.errors.InvalidArgumentError),
    ]:
        with pytest.raises(error):
            check()


@pytest.mark.parametrize("traced", [False, True])
def test_the_words_around_rows_may_stand_around_anything(capsys, traced):
    rows, x = tf.ragged.constant([[1], [2, 3]]), tf.constant([1.5, 2.0])

    def show():
        tf.print("tf.RaggedTensor(values=", x, ", row_splits=", x, ")", sep="", output_stream=sys.stdout)
        tf.print("tf.RaggedTensor(values=", rows, sep="", output_stream=sys.stdout)
        tf.print(rows, ", row_splits=", x, ")", sep="", output_stream=sys.stdout)

    (tf.function(show) if traced else show)()
    assert capsys.readouterr().out.splitlines() == [
        "tf.RaggedTensor(values=[1.5 2], row_splits=[1.5 2])",
        "tf.RaggedTensor(values=[[1], [2, 3]]",
        "[[1], [2, 3]], row_splits=[1.5 2])",
    ]
