"""The row of `string`: every operation on strings, by name. They run on the host."""

import itertools
import re

import numpy as np

from tfc.core import string_array
from tfc.errors import InvalidArgumentError
from tfc.ops import primitives as p
from tfc.ops.printing import tensor_text
from tfc.ops.table import NotDifferentiable, row


def _elementwise(function, out=object):
    """An operation on each element, with broadcasting."""

    def meaning(*xs):
        xs = np.broadcast_arrays(*xs)
        # Lists of numbers are numbers of Python, which are faster than those of numpy.
        return _array(list(map(function, *(x.reshape(-1).tolist() for x in xs))), out).reshape(xs[0].shape)

    return meaning


def _array(elements: list, dtype=object) -> np.ndarray:
    if dtype is not object:
        return np.fromiter(elements, dtype, len(elements))
    result = np.empty(len(elements), dtype)
    result[:] = elements
    return result


def _join(separator, *xs):
    sep = separator[()]
    return _elementwise((lambda a, b: a + sep + b) if len(xs) == 2 else lambda *parts: sep.join(parts))(*xs)


def _case(change):
    """ASCII letters only, unless the strings are UTF-8."""
    return lambda x, utf8: _elementwise((lambda s: change(s.decode()).encode()) if utf8 else change)(x)


def _join_rows(separator, values, splits):
    sep = separator[()]
    return string_array([sep.join(values[a:b]) for a, b in zip(splits[:-1], splits[1:], strict=True)])


def _length(x, utf8):
    return _elementwise((lambda s: len(s.decode())) if utf8 else len, np.int32)(x)


def _substr(x, pos, length, utf8):
    if pos.ndim == length.ndim == 0 and pos >= 0 and not utf8:
        begin, end = int(pos), int(pos) + max(0, int(length))
        texts = x.reshape(-1).tolist()
        if all(len(s) >= begin for s in texts):
            return _array([s[begin:end] for s in texts]).reshape(x.shape)

    def one(s, at, n):
        s = s.decode() if utf8 else s
        if not -len(s) <= at <= len(s):
            raise InvalidArgumentError(f"pos {at} out of range for string {s!r}")
        at = at + len(s) if at < 0 else at
        part = s[at : at + max(0, n)]
        return part.encode() if utf8 else part

    return _elementwise(one)(x, pos, length)


def _regex(pattern) -> tuple:
    """A pattern for strings of ASCII characters, and one for characters.

    Classes as `\\w` have ASCII characters only.
    """
    try:
        text = pattern.decode(errors="surrogateescape")
        folds = not text.isascii() and re.search(r"\(\?[a-z]*i", text)
        characters = re.compile(text, 0 if folds else re.ASCII)
        return re.compile(pattern) if pattern.isascii() else None, characters
    except re.error as e:
        raise InvalidArgumentError(f"Invalid pattern: {pattern.decode(errors='replace')}, error: {e}") from None


def _characters(s) -> list:
    """The text of a UTF-8 string; parts of one without, and with, what is no character."""
    return re.split("([\udc80-\udcff]+)", s.decode(errors="surrogateescape"))


def _replaced(found, text, s, most):
    """(`s` with matches replaced, how many). No empty match is right behind another match, unlike Python's."""
    if found.search(s[:0]) is None:
        return found.subn(text, s, count=most)
    end = -1

    def one(match):
        nonlocal end
        if match.start() == match.end() == end:
            return s[:0]
        end = match.end()
        return match.expand(text)

    return found.subn(one, s, count=most)


def _regex_replace(x, pattern, rewrite, everywhere):
    ascii_, characters = _regex(pattern[()])
    plain = rewrite[()].replace(rb"\0", rb"\g<0>")
    text = plain.decode(errors="surrogateescape")
    most = 0 if everywhere else 1

    def one(s):
        if ascii_ is not None and s.isascii():
            return _replaced(ascii_, plain, s, most)[0]
        parts, left = _characters(s), most
        for i in range(0, len(parts), 2):  # nothing matches what is no character
            parts[i], count = _replaced(characters, text, parts[i], left)
            if most and count:
                break
        return "".join(parts).encode(errors="surrogateescape")

    return _elementwise(one)(x)


def _regex_full_match(x, pattern):
    ascii_, characters = _regex(pattern[()])

    def one(s):
        if ascii_ is not None and s.isascii():
            return ascii_.fullmatch(s) is not None
        parts = _characters(s)
        return len(parts) == 1 and characters.fullmatch(parts[0]) is not None

    return _elementwise(one, np.bool_)(x)


def _to_number(dtype):
    whole = np.issubdtype(dtype, np.integer)
    least, most = (np.iinfo(dtype).min, np.iinfo(dtype).max) if whole else (0, 0)

    def one(s):
        try:
            number = int(s) if whole else float(s)
            if b"_" in s:
                raise ValueError
            if whole and not least <= number <= most:
                raise ValueError
            return number
        except ValueError:
            raise InvalidArgumentError(f"StringToNumberOp could not correctly convert string: {s.decode()}") from None

    return _elementwise(one, dtype)


def _as_string(x, form):
    form = form[()].decode()
    real = form.replace("v", "f").encode()

    def complex_text(v):
        return b"(%b,%b)" % (real % v.real, real % v.imag)

    match x.dtype.kind:
        case "O":
            text = form.replace("v", "s", 1).encode().__mod__ if form != "%v" else lambda v: v
        case "b":
            text = lambda v: b"true" if v else b"false"
        case "i" | "u":
            text = form.replace("v", "d").encode().__mod__
        case "c":
            text = complex_text
        case _:
            text = lambda v: real % float(v)
    return _elementwise(text)(x)


def _reduce_join(x, separator, axes, keepdims):
    sep = separator[()]
    axes = [int(a) for a in axes]
    kept = [a for a in range(x.ndim) if a not in axes]
    moved = np.transpose(x, [*kept, *axes])
    shape = [x.shape[a] for a in kept]
    rows = moved.reshape(int(np.prod(shape, dtype=np.int64)), -1)
    result = string_array([sep.join(r) for r in rows]).reshape(shape)
    return result.reshape([1 if a in axes else d for a, d in enumerate(x.shape)]) if keepdims else result


def _split(sep, maxsplit):
    between, most = sep[()], int(maxsplit)
    if most == 0:
        return lambda s: [s]
    if between or most < 0:
        return lambda s: s.split(between or None, most)

    def split(s):
        """After as many parts there is the rest, empty or not."""
        parts = s.split(None, most)
        return [*parts, b""] if len(parts) == most else parts

    return split


def _bytes_split():
    return lambda s: list(map(_BYTES.__getitem__, s))


def _unicode_split():
    return lambda s: [c.encode() for c in s.decode("utf-8", "replace")]


def _unicode_decode():
    return lambda s: list(map(ord, s.decode("utf-8", "replace")))


_BYTES = [bytes([i]) for i in range(256)]


def _num_characters(s):
    return len(s.decode("utf-8", "replace"))


# What makes parts of a string of it, given the options; what they are; and how many of them there are, if that is known
# without them.
PARTS = {
    "split": (_split, object, None),
    "bytes_split": (_bytes_split, object, len),
    "unicode_split": (_unicode_split, object, _num_characters),
    "unicode_decode": (_unicode_decode, np.int32, _num_characters),
}


def _parts_of_one(make, dtype, _):
    return lambda x, *options: _array(make(*options)(x[()]), dtype)


def _parts_of_rows(make, dtype, _):
    """Of several strings, one after the other."""
    return lambda x, *options: _array(list(itertools.chain.from_iterable(map(make(*options), x.tolist()))), dtype)


def _numbers_of_parts(make, _, count):
    """How many parts each string has."""
    if count is not None:
        return lambda x: _array(list(map(count, x.tolist())), np.int64)
    return lambda x, *options: _array(list(map(len, map(make(*options), x.tolist()))), np.int64)


def _unicode_encode(points, encoding, errors, replacement):
    """The code points along the last axis as one string each."""
    rows = points.reshape(int(np.prod(points.shape[:-1], dtype=np.int64)), points.shape[-1])
    made = [_encoded(row, encoding, errors, replacement) for row in rows.tolist()]
    return string_array(made).reshape(points.shape[:-1]) if made else np.empty(points.shape[:-1], object)


def _unicode_encode_rows(points, splits, encoding, errors, replacement):
    ends = splits.tolist()
    rows = [points[a:b].tolist() for a, b in zip(ends[:-1], ends[1:], strict=True)]
    made = [_encoded(row, encoding, errors, replacement) for row in rows]
    return string_array(made) if made else np.empty(0, object)


def _encoded(points: list, encoding, errors, replacement) -> bytes:
    text = []
    for point in points:
        if 0 <= point < 0xD800 or 0xE000 <= point <= 0x10FFFF:
            text.append(chr(point))
        elif errors[()] == b"replace":
            text.append(chr(replacement))
        elif errors[()] == b"strict":
            raise InvalidArgumentError(
                f"Code point is out of range for Unicode, or a surrogate: {point}\n"
                '  try:  errors="replace", or errors="ignore"'
            )
    return "".join(text).encode(encoding[()].decode())


def _decode_raw(x, like):
    parts = [np.frombuffer(s, like.dtype) for s in x.reshape(-1)]
    return np.array(parts, like.dtype).reshape(*x.shape, len(parts[0]) if parts else 0)


def _format(template, placeholder, summarize, *xs):
    pieces = template[()].split(placeholder[()])
    texts = [tensor_text(x, int(summarize)).encode() for x in xs]
    result = pieces[0] + b"".join(t + piece for t, piece in zip(texts, pieces[1:], strict=True))
    return string_array(result)


def _distinct(x):
    """In the order of their first appearance."""
    return string_array(list(dict.fromkeys(x.tolist()))) if x.size else np.empty(0, object)


def _places(x, table):
    """Where in a table of distinct strings each of these is."""
    place = {s: i for i, s in enumerate(table.tolist())}
    return np.array([place[s] for s in x.tolist()], np.int64)


FUNCTIONS = {
    "distinct": _distinct,
    "places": _places,
    "join": _join,
    "join_rows": _join_rows,
    "length": _length,
    "lower": _case(lambda s: s.lower()),
    "upper": _case(lambda s: s.upper()),
    "strip": _elementwise(lambda s: s.strip()),
    "substr": _substr,
    "regex_replace": _regex_replace,
    "regex_full_match": _regex_full_match,
    "to_float32": _to_number(np.float32),
    "to_float64": _to_number(np.float64),
    "to_int32": _to_number(np.int32),
    "to_int64": _to_number(np.int64),
    "as_string": _as_string,
    "reduce_join": _reduce_join,
    "unicode_encode": _unicode_encode,
    "unicode_encode_rows": _unicode_encode_rows,
    "decode_raw": _decode_raw,
    "format": _format,
}

for _name, _how in PARTS.items():
    FUNCTIONS[_name] = _parts_of_one(*_how)
    FUNCTIONS[f"{_name}_rows"] = _parts_of_rows(*_how)
    FUNCTIONS[f"{_name}_row_lengths"] = _numbers_of_parts(*_how)


def _string(*xs, function, type):
    return FUNCTIONS[function](*xs)


row(p.string, _string, NotDifferentiable, kinds="", gpu="strings")
