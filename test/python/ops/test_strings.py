"""Tensors of strings and `tf.strings`, eagerly and in functions, which are interpreted."""

import copy
import pickle

import numpy as np
import pytest
import tfc as tf
from hypothesis import given
from hypothesis import strategies as st
from tfc import ir

WORDS = [b"Gray wolf", b"Quick brown fox", b"", b"a\0b\0", "\u00e4\u00f6".encode()]


def words():
    return tf.constant(WORDS)


# name: (function of a vector of strings, what it gives of WORDS)
CASES = {
    "lower": (tf.strings.lower, [w.lower() for w in WORDS]),
    "upper of bytes": (tf.strings.upper, [w.upper() for w in WORDS]),
    "upper of characters": (lambda x: tf.strings.upper(x, "utf-8"), [w.decode().upper().encode() for w in WORDS]),
    "strip": (lambda x: tf.strings.strip(tf.strings.join([" ", x, "\n"])), [w.strip() for w in WORDS]),
    "length in bytes": (tf.strings.length, [len(w) for w in WORDS]),
    "length in characters": (lambda x: tf.strings.length(x, "UTF8_CHAR"), [len(w.decode()) for w in WORDS]),
    "join": (lambda x: tf.strings.join(["<", x, ">"], "-"), [b"<-" + w + b"->" for w in WORDS]),
    "sum": (lambda x: x + x + "!", [w + w + b"!" for w in WORDS]),
    "sum from the right": (lambda x: "a" + x, [b"a" + w for w in WORDS]),
    "substr": (lambda x: tf.strings.substr(x, 0, 2), [w[:2] for w in WORDS]),
    "substr from the end": (lambda x: tf.strings.substr(x + "xy", -2, 9), [b"xy"] * len(WORDS)),
    "regex_replace": (
        lambda x: tf.strings.regex_replace(x, "(o)(.)", r"\2\1"),
        [b"Gray wlof", b"Quick brwon fxo", b"", b"a\0b\0", WORDS[4]],
    ),
    "regex_full_match": (lambda x: tf.strings.regex_full_match(x, ".*wolf"), [True, False, False, False, False]),
    "reduce_join": (lambda x: tf.strings.reduce_join(x, separator="|")[None], [b"|".join(WORDS)]),
    "equal": (lambda x: x == "", [w == b"" for w in WORDS]),
    "not_equal": (lambda x: x != WORDS[0], [w != WORDS[0] for w in WORDS]),
    "reverse": (lambda x: x[::-1], WORDS[::-1]),
    "concat": (lambda x: tf.concat([x, ["end"]], 0), [*WORDS, b"end"]),
    "gather": (lambda x: tf.gather(x, [4, 0]), [WORDS[4], WORDS[0]]),
    "where": (lambda x: tf.where(x == "", "none", x), [w or b"none" for w in WORDS]),
    "reshape": (lambda x: tf.reshape(x, [5, 1])[:, 0], WORDS),
}


@pytest.mark.parametrize("name", CASES)
def test_operation_on_strings(name):
    function, want = CASES[name]
    for result in (function(words()), tf.function(function)(words())):
        assert result.numpy().tolist() == want


@pytest.mark.parametrize("name", CASES)
def test_operation_on_strings_of_unknown_number(name):
    function, want = CASES[name]
    traced = tf.function(function, input_signature=[tf.TensorSpec([None], tf.string)])
    assert traced(words()).numpy().tolist() == want


NUMBERS = {
    "integers": (lambda: tf.strings.as_string([1, -20]), [b"1", b"-20"]),
    "floats": (lambda: tf.strings.as_string([1.5, -0.25]), [b"1.500000", b"-0.250000"]),
    "bools": (lambda: tf.as_string([True, False]), [b"true", b"false"]),
    "precision": (lambda: tf.as_string([3.14159], precision=2), [b"3.14"]),
    "scientific": (lambda: tf.as_string([31415.9], precision=3, scientific=True), [b"3.142e+04"]),
    "shortest": (lambda: tf.as_string([0.5, 1e20], shortest=True), [b"0.5", b"1e+20"]),
    "width and fill": (lambda: tf.as_string([7], width=4, fill="0"), [b"0007"]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_as_string_writes_numbers_as_printf(name):
    function, want = NUMBERS[name]
    assert function().numpy().tolist() == want


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64, tf.int32, tf.int64])
def test_to_number_reads_what_as_string_writes(dtype):
    numbers = tf.constant([0, 1, -30], dtype)
    read = tf.strings.to_number(tf.as_string(numbers), dtype)
    assert read.dtype is dtype
    np.testing.assert_array_equal(read, numbers)


def test_to_number_of_what_is_none_is_an_invalid_argument():
    with pytest.raises(tf.errors.InvalidArgumentError, match="could not correctly convert string: 12x"):
        tf.strings.to_number("12x")


def test_substr_outside_of_a_string_is_an_invalid_argument():
    with pytest.raises(tf.errors.InvalidArgumentError, match="pos 5 out of range"):
        tf.strings.substr("abc", 5, 1)


def test_split_of_a_scalar_is_a_vector():
    assert tf.strings.split(" a  b ").numpy().tolist() == [b"a", b"b"]
    assert tf.strings.split("a--b", "--").numpy().tolist() == [b"a", b"b"]
    assert tf.strings.bytes_split("ab").numpy().tolist() == [b"a", b"b"]


def test_split_of_a_vector_is_ragged():
    assert tf.strings.split(["a b", "c"]).to_list() == [[b"a", b"b"], [b"c"]]


def test_split_of_a_matrix_says_what_to_do():
    with pytest.raises(NotImplementedError, match="a loop over the strings"):
        tf.strings.split([["a b"]])


def test_format_shows_tensors_as_print_does():
    assert tf.strings.format("x={}, y={}", [tf.range(9), "s"]).numpy() == b'x=[0 1 2 ... 6 7 8], y="s"'
    with pytest.raises(ValueError, match="expects 1 tensors, but the inputs only has 2"):
        tf.strings.format("{}", [1, 2])


def test_text_of_a_string_tensor():
    assert repr(tf.constant("a")) == "<tf.Tensor: shape=(), dtype=string, numpy=b'a'>"
    assert str(tf.constant(["a", "b"])) == "tf.Tensor([b'a' b'b'], shape=(2,), dtype=string)"


def test_print_puts_tensors_of_strings_in_quotes(capsys):
    tf.print("plain", tf.constant("one"), tf.constant(["two", "three"]))
    assert capsys.readouterr().err == 'plain "one" ["two" "three"]\n'


def test_numbers_and_strings_do_not_mix():
    with pytest.raises(ValueError, match="mixed types"):
        tf.constant(["a", 1])
    with pytest.raises(TypeError, match="Cannot convert 1 to EagerTensor of dtype string"):
        tf.constant(1, tf.string)
    with pytest.raises(TypeError, match="Cannot convert 'a' to EagerTensor of dtype float32"):
        tf.constant("a", tf.float32)
    with pytest.raises(TypeError):
        tf.constant("a") * 2


def test_a_cast_of_strings_is_not_supported():
    for x, dtype in (("1", tf.int32), (1, tf.string)):
        with pytest.raises(tf.errors.UnimplementedError, match="Cast .* is not supported"):
            tf.cast(tf.constant(x), dtype)


def test_a_variable_holds_strings():
    v = tf.Variable(["a", "b"])
    v.assign(["c", "d"])
    assert v.dtype is tf.string and v.numpy().tolist() == [b"c", b"d"]
    with pytest.raises(ValueError, match="Shape mismatch"):
        v.assign(["c"])


def test_numpy_strings_become_tensors():
    assert tf.constant(np.array(["x", "yy"])).numpy().tolist() == [b"x", b"yy"]
    assert tf.constant(np.array([b"x", "y"], object)).dtype is tf.string


def test_a_string_tensor_can_be_copied_and_pickled():
    x = words()
    assert copy.deepcopy(x) is x
    assert pickle.loads(pickle.dumps(x)).numpy().tolist() == WORDS


@given(st.lists(st.binary(max_size=6), min_size=1, max_size=4))
def test_constants_of_strings_survive_the_ir(values):
    array = np.empty(len(values), object)
    array[:] = values
    assert ir.python_value(ir.attribute(array)).tolist() == values


# Functions.


def test_strings_are_traced_by_dtype_and_shape_not_by_value():
    f = tf.function(lambda s: s + s)
    assert [f(tf.constant(s)).numpy() for s in ("a", "b", "cc")] == [b"aa", b"bb", b"cccc"]
    assert f.experimental_get_tracing_count() == 1
    f("a"), f("b")  # Python strings are values
    assert f.experimental_get_tracing_count() == 3


def test_control_flow_on_strings():
    @tf.function
    def f(lines):
        text = tf.constant("")
        for line in lines:
            if tf.strings.length(line) > 1:
                text += line + ";"
        return text

    assert f(tf.constant(["ab", "c", "def"])).numpy() == b"ab;def;"


def test_a_function_of_strings_keeps_the_order_of_effects(capsys):
    v = tf.Variable(1.0)

    @tf.function
    def f(name):
        v.assign_add(1.0)
        tf.print(name, v)
        tf.debugging.Assert(tf.equal(name, "good"), [name])
        v.assign_add(10.0)
        return v.read_value()

    assert f(tf.constant("good")).numpy() == 12
    with pytest.raises(tf.errors.InvalidArgumentError, match='"bad"'):
        f(tf.constant("bad"))
    assert v.numpy() == 13
    assert capsys.readouterr().err == '"good" 2\n"bad" 13\n'


def test_gradients_flow_beside_strings():
    v = tf.Variable(3.0)

    @tf.function
    def f(kind):
        return v * v if tf.equal(kind, "square") else v

    with tf.GradientTape(persistent=True) as tape:
        square, same = f(tf.constant("square")), f(tf.constant("other"))
    assert tape.gradient(square, v).numpy() == 6
    assert tape.gradient(same, v).numpy() == 1


def test_a_function_that_passes_strings_to_a_function():
    inner = tf.function(lambda s, x: (s + "!", x + 1.0))
    outer = tf.function(lambda s: inner(s, 1.0))
    s, x = outer(tf.constant("a"))
    assert (s.numpy(), x.numpy()) == (b"a!", 2.0)


@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
def test_distinct_strings(traced):
    x = tf.constant(["b", "a", "b", "", "a"])
    found = (tf.function(tf.unique_with_counts) if traced else tf.unique_with_counts)(x)
    assert found.y.numpy().tolist() == [b"b", b"a", b""]
    assert found.idx.numpy().tolist() == [0, 1, 0, 2, 1] and found.count.numpy().tolist() == [2, 2, 1]
    assert tf.unique(tf.constant([], tf.string), tf.int64).idx.dtype == tf.int64


PARTS = {
    "white space": (tf.strings.split, lambda s: s.split()),
    "a separator": (lambda x: tf.strings.split(x, ","), lambda s: s.split(b",")),
    "at most one": (lambda x: tf.strings.split(x, ",", 1), lambda s: s.split(b",", 1)),
    "bytes": (tf.strings.bytes_split, lambda s: [s[i : i + 1] for i in range(len(s))]),
    "characters": (
        lambda x: tf.strings.unicode_split(x, "UTF-8"),
        lambda s: [c.encode() for c in s.decode("utf-8", "replace")],
    ),
    "code points": (
        lambda x: tf.strings.unicode_decode(x, "UTF-8"),
        lambda s: [ord(c) for c in s.decode("utf-8", "replace")],
    ),
}


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("texts", [[], [b""], [b"a, b,c", b"", "h\u00e9 \u20ac".encode(), b"\xff\x00", b" x "]])
def test_parts_of_strings_are_rows(name, texts):
    f, one = PARTS[name]
    want = [one(s) for s in texts]
    x = tf.constant(texts, tf.string)
    assert f(x).to_list() == want
    assert tf.function(f, autograph=False)(x).to_list() == want
    assert tf.function(f, autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])(x).to_list() == want


def test_many_strings_are_split_at_once():
    texts = [b"some words %d" % i for i in range(30_000)]
    assert tf.strings.split(tf.constant(texts)).to_list() == [s.split() for s in texts]


def test_numbers_that_do_not_fit_are_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="could not correctly convert string: 9999999999"):
        tf.strings.to_number(["1", "9999999999"], tf.int32)


@pytest.mark.parametrize(
    "values, want",
    [
        (np.array([True, False]), [b"true", b"false"]),
        (np.array([-3, 4], np.int8), [b"-3", b"4"]),
        (np.array([2**64 - 1], np.uint64), [b"18446744073709551615"]),
        (np.array([0.5, -np.inf, np.nan], np.float32), [b"0.500000", b"-inf", b"nan"]),
        (np.array([0.5], np.float16), [b"0.500000"]),
        (np.array([1.5 - 2j], np.complex64), [b"(1.500000,-2.000000)"]),
    ],
)
def test_numbers_as_strings(values, want):
    assert tf.strings.as_string(tf.constant(values)).numpy().tolist() == want


@pytest.mark.parametrize(
    ("text", "sep", "most", "want"),
    [
        ("a b c d", None, 2, [b"a", b"b", b"c d"]),
        ("a b", None, 2, [b"a", b"b", b""]),
        (" a b ", None, 2, [b"a", b"b", b""]),
        ("a", None, 2, [b"a"]),
        (" ", None, 1, []),
        ("  a b", None, 0, [b"  a b"]),
        ("", None, 0, [b""]),
        ("a,b,", ",", 2, [b"a", b"b", b""]),
        ("a,b", ",", 0, [b"a,b"]),
        ("a b", None, -2, [b"a", b"b"]),
    ],
)
def test_split_gives_the_rest_after_the_most_splits(text, sep, most, want):
    assert tf.strings.split(text, sep, most).numpy().tolist() == want
    assert tf.strings.split([text, "q"], sep, most).to_list()[0] == want


@pytest.mark.parametrize(
    ("text", "pattern", "rewrite", "want"),
    [
        ("aé€b", ".", "x", "xxxx"),
        ("é", "[^a]", "x", "x"),
        ("aé", "", "-", "-a-é-"),
        ("aéb", "(é)(b)", r"\2\1", "abé"),
        ("ÀÉ", r"\w", "-", "ÀÉ"),
        ("É", "(?i)é", "-", "-"),
        ("é", "é?", r"[\0]", "[é]"),
        ("ab", ".*", "x", "x"),
        ("ab", "b*", "-", "-a-"),
    ],
)
def test_regular_expressions_are_of_characters(text, pattern, rewrite, want):
    assert tf.strings.regex_replace(text, pattern, rewrite).numpy() == want.encode()


def test_nothing_matches_what_is_no_character():
    assert tf.strings.regex_replace(b"a\xff\xfeb", ".", "x").numpy() == b"x\xff\xfex"
    assert tf.strings.regex_replace(b"\xffaa", "a", "x", replace_global=False).numpy() == b"\xffxa"
    assert tf.strings.regex_full_match(["é", b"\xff"], ".").numpy().tolist() == [True, False]


def test_numbers_have_no_underscores():
    for dtype in (tf.float32, tf.int32):
        with pytest.raises(tf.errors.InvalidArgumentError, match="could not correctly convert string: 1_0"):
            tf.strings.to_number("1_0", dtype)
