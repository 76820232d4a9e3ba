"""Operations on tensors of strings (`tf.strings`). They run on the host: a function that uses strings is interpreted.

Options are operands of the one primitive `string`; `ops.rows.strings` says what each operation means.
"""

import functools

import numpy as np

from tfc.core import Tensor, VariableStorage, argument_error, dtype_error
from tfc.dtypes import TensorSpec, as_dtype, bool_, float32, float64, int32, int64, string
from tfc.dtypes.broadcast import broadcast_shape_tuples
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor, integer
from tfc.ops.shapes import axis_of, rank_of

ENCODINGS = ("UTF-8", "UTF-16-BE", "UTF-32-BE")
ERRORS = ("ignore", "replace", "strict")
UNITS = ("BYTE", "UTF8_CHAR")


def is_string(x) -> bool:
    """Whether `x` is a string or a tensor of strings."""
    return isinstance(x, (str, bytes)) or (isinstance(x, Tensor) and x.dtype is string)


def _strings(x, op: str) -> Tensor:
    x = convert_to_tensor(x, None if isinstance(x, (Tensor, VariableStorage)) else string)
    if x.dtype is not string:
        raise dtype_error(
            None, op, f"Value for attr 'T' of {x.dtype.name} is not in the list of allowed values: string [Op:{op}]"
        )
    return x


def _text(value) -> Tensor:
    return convert_to_tensor(value, string)


def _run(function: str, operands, dims, dtype=string) -> Tensor:
    return p.string(*operands, function=function, type=TensorSpec(dims, dtype))


def _broadcast(op: str, *xs):
    try:
        return functools.reduce(broadcast_shape_tuples, (x.shape_tuple for x in xs))
    except ValueError as e:
        raise argument_error(None, op, f"{e} [Op:{op}]") from None


def _is_utf8(value: str, names: tuple, what: str) -> Tensor:
    if value not in names:
        raise ValueError(f"{what} must be one of {names}, got {value!r}")
    return convert_to_tensor(value.upper() in ("UTF8_CHAR", "UTF-8"))


def join_strings(*xs) -> Tensor:
    """Strings one after the other, element by element, with broadcasting."""
    return join([convert_to_tensor(x) for x in xs])


def join(inputs, separator="", name=None) -> Tensor:
    """The strings of several tensors joined, element by element, with broadcasting (`tf.strings.join`)."""
    xs = [_strings(x, "StringJoin") for x in inputs]
    if not xs:
        return convert_to_tensor("")
    return _run("join", [_text(separator), *xs], _broadcast("StringJoin", *xs))


def join_rows(values, row_splits, separator="") -> Tensor:
    """The strings of each row of a ragged tensor joined."""
    splits = convert_to_tensor(row_splits)
    rows = splits.shape_tuple[0]
    operands = [_text(separator), _strings(values, "ReduceJoin"), splits]
    return _run("join_rows", operands, (None if rows is None else rows - 1,))


def length(input, unit="BYTE", name=None) -> Tensor:
    """The number of bytes, or of characters (`unit="UTF8_CHAR"`), of each string, as int32."""
    x = _strings(input, "StringLength")
    return _run("length", [x, _is_utf8(unit, UNITS, "unit")], x.shape_tuple, int32)


def lower(input, encoding="", name=None) -> Tensor:
    """Upper case letters made lower case: those of ASCII, or all with `encoding="utf-8"`."""
    x = _strings(input, "StringLower")
    return _run("lower", [x, _is_utf8(encoding, ("", "utf-8"), "encoding")], x.shape_tuple)


def upper(input, encoding="", name=None) -> Tensor:
    """Lower case letters made upper case: those of ASCII, or all with `encoding="utf-8"`."""
    x = _strings(input, "StringUpper")
    return _run("upper", [x, _is_utf8(encoding, ("", "utf-8"), "encoding")], x.shape_tuple)


def strip(input, name=None) -> Tensor:
    """Each string without white space at its ends."""
    x = _strings(input, "StringStrip")
    return _run("strip", [x], x.shape_tuple)


def substr(input, pos, len, unit="BYTE", name=None) -> Tensor:
    """`len` bytes (or characters) of each string from `pos` on, which counts from the end if negative.

    A position outside of a string raises `InvalidArgumentError`.
    """
    x, at, count = _strings(input, "Substr"), convert_to_tensor(pos), convert_to_tensor(len)
    return _run("substr", [x, at, count, _is_utf8(unit, UNITS, "unit")], _broadcast("Substr", x, at, count))


def regex_replace(input, pattern, rewrite, replace_global=True, name=None) -> Tensor:
    r"""Each string with matches of a regular expression (or the first one) replaced; `\1` is a group of the match."""
    x = _strings(input, "RegexReplace")
    operands = [x, _text(pattern), _text(rewrite), convert_to_tensor(bool(replace_global))]
    return _run("regex_replace", operands, x.shape_tuple)


def regex_full_match(input, pattern, name=None) -> Tensor:
    """Whether each string matches a regular expression as a whole."""
    x = _strings(input, "RegexFullMatch")
    return _run("regex_full_match", [x, _text(pattern)], x.shape_tuple, bool_)


def to_number(input, out_type=float32, name=None) -> Tensor:
    """The number that each string spells; `InvalidArgumentError` where there is none.

    `out_type` is float32, float64, int32 or int64.
    """
    x, dtype = _strings(input, "StringToNumber"), as_dtype(out_type)
    if dtype not in (float32, float64, int32, int64):
        raise TypeError(f"tf.strings.to_number gives float32, float64, int32 or int64, not {dtype.name}")
    return _run(f"to_{dtype.name}", [x], x.shape_tuple, dtype)


def as_string(input, precision=-1, scientific=False, shortest=False, width=-1, fill="", name=None) -> Tensor:
    """Each element as a string, as C's printf writes it (`tf.strings.as_string`).

    `precision`: digits behind the point; `scientific` as %e, `shortest` as %g; `width` is the least number of
    characters, filled with `fill` ("0", " ", "+" or "-").
    """
    x = convert_to_tensor(input)
    if scientific and shortest:
        raise ValueError("Cannot select both scientific and shortest notation")
    width, precision = integer(width, "width"), integer(precision, "precision")
    if not isinstance(fill, str):
        raise TypeError(f"fill is a string, got {fill!r}")
    if len(fill) > 1:
        raise ValueError(f"Fill string must be one or fewer characters, got {fill!r}")
    form = "%" + fill + (str(width) if width >= 0 else "") + (f".{precision}" if precision >= 0 else "")
    kind = "e" if scientific else "g" if shortest else "v"
    return _run("as_string", [x, _text(form + kind)], x.shape_tuple)


def reduce_join(inputs, axis=None, keepdims=False, separator="", name=None) -> Tensor:
    """Strings joined along axes, in their order (all axes by default)."""
    x = _strings(inputs, "ReduceJoin")
    rank = rank_of(x, "ReduceJoin")
    axes = range(rank) if axis is None else axis if isinstance(axis, (list, tuple)) else [axis]
    axes = [axis_of(a, rank, "ReduceJoin") for a in axes]
    dims = tuple(1 if a in axes else d for a, d in enumerate(x.shape_tuple) if keepdims or a not in axes)
    operands = [x, _text(separator), convert_to_tensor(axes, int64), convert_to_tensor(bool(keepdims))]
    return _run("reduce_join", operands, dims)


def split(input, sep=None, maxsplit=-1, name=None):
    """The parts of a string between separators (white space by default); see `_parts`."""
    return _parts("split", input, [_text(sep or ""), convert_to_tensor(int(maxsplit))])


def bytes_split(input, name=None):
    """The bytes of a string."""
    return _parts("bytes_split", input)


def unicode_split(input, input_encoding="UTF-8", name=None):
    """The characters of a string in UTF-8; bytes that are no character become U+FFFD."""
    _is_utf8(input_encoding, ("UTF-8",), "input_encoding")
    return _parts("unicode_split", input)


def unicode_decode(input, input_encoding="UTF-8", name=None):
    """The code points of a string in UTF-8, as int32."""
    _is_utf8(input_encoding, ("UTF-8",), "input_encoding")
    return _parts("unicode_decode", input, dtype=int32)


def _parts(function, input, options=(), dtype=string):
    """The parts of a scalar string as a vector; of a vector all of them, and how many each string has."""
    x = convert_to_tensor(input)
    if x.dtype is not string:
        raise TypeError(f"tf.strings.{function} takes strings, got dtype {x.dtype.name}")
    if x.shape_tuple == ():
        return _run(function, [x, *options], (None,), dtype)
    if x.shape_tuple is None or len(x.shape_tuple) != 1:
        raise NotImplementedError(
            f"tf.strings.{function} takes a scalar or a vector, got shape {x.shape}\n"
            "  try:  a loop over the strings, one at a time"
        )
    lengths = _run(f"{function}_row_lengths", [x, *options], x.shape_tuple, int64)
    return _run(f"{function}_rows", [x, *options], (None,), dtype), lengths


def unicode_encode(points, output_encoding, errors="replace", replacement_char=0xFFFD, splits=None) -> Tensor:
    """The strings of code points (int32) along the last axis, or of the rows of a vector that `splits` says."""
    for what, value, allowed in (("output_encoding", output_encoding, ENCODINGS), ("errors", errors, ERRORS)):
        if value not in allowed:
            raise argument_error(
                None,
                "unicode_encode",
                f"Value for attr '{what}' of {value!r} is not in the list of allowed values: {', '.join(allowed)} "
                "[Op:UnicodeEncode]",
            )
    if points.dtype is not int32:
        raise dtype_error(
            None,
            "unicode_encode",
            f"cannot compute UnicodeEncode as input #0(zero-based) was expected to be a int32 tensor but is a "
            f"{points.dtype.name} tensor [Op:UnicodeEncode]\n  try:  tf.cast(x, tf.int32)",
        )
    if rank_of(points, "tf.strings.unicode_encode") == 0:
        raise ValueError("input_tensor's rank must be at least 1.")
    options = [_text(output_encoding), _text(errors), convert_to_tensor(integer(replacement_char, "replacement_char"))]
    if splits is None:
        return _run("unicode_encode", [points, *options], points.shape_tuple[:-1])
    (count,) = splits.shape_tuple
    return _run("unicode_encode_rows", [points, splits, *options], (None if count is None else count - 1,))


def decode_raw(input_bytes, out_type, little_endian=True, fixed_length=None, name=None) -> Tensor:
    """The bytes of strings of one length as numbers of a dtype, along a new last dimension (`tf.io.decode_raw`)."""
    if not little_endian or fixed_length is not None:
        raise NotImplementedError("tf.io.decode_raw takes little-endian numbers and whole strings")
    x, dtype = _strings(input_bytes, "DecodeRaw"), as_dtype(out_type)
    like = p.constant(value=np.zeros((), dtype.np_dtype))
    dims = None if x.shape_tuple is None else (*x.shape_tuple, None)
    return _run("decode_raw", [x, like], dims, dtype)


def _scalar(input, what: str) -> Tensor:
    x = _strings(input, what)
    if x.shape_tuple != ():
        raise NotImplementedError(
            f"{what} of a tensor of shape {x.shape} gives a ragged tensor, which is not supported\n"
            "  try:  one scalar at a time"
        )
    return x


def format(template: str, inputs, placeholder="{}", summarize=3, name=None) -> Tensor:
    """A string made of a template, with a tensor shown as `tf.print` does at each placeholder.

    `inputs` is a tensor or a list of as many tensors as there are placeholders, else `ValueError`.
    """
    if not isinstance(template, str) or not isinstance(placeholder, str):
        raise TypeError(f"strings.format: template and placeholder are strings, got {template!r} and {placeholder!r}")
    xs = [convert_to_tensor(x) for x in (nest.flatten(inputs) if isinstance(inputs, (list, tuple)) else [inputs])]
    count = template.count(placeholder)
    if count != len(xs):
        raise ValueError(
            f"The template expects {count} tensors, but the inputs only has {len(xs)}. Please ensure the number of "
            "placeholders in template matches inputs length."
        )
    operands = [_text(template), _text(placeholder), convert_to_tensor(int(summarize)), *xs]
    return _run("format", operands, ())
