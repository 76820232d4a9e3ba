"""The row of `string`: every operation on strings, by name. They run on the host."""

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
        result = np.empty(xs[0].shape, out)
        flat = result.reshape(-1)
        for i, elements in enumerate(zip(*(x.reshape(-1) for x in xs), strict=True)):
            flat[i] = function(*elements)
        return result

    return meaning


def _join(separator, *xs):
    sep = separator[()]
    return _elementwise(lambda *parts: sep.join(parts))(*xs)


def _case(change):
    """ASCII letters only, unless the strings are UTF-8."""
    return lambda x, utf8: _elementwise((lambda s: change(s.decode()).encode()) if utf8 else lambda s: change(s))(x)


def _join_rows(separator, values, splits):
    sep = separator[()]
    return string_array([sep.join(values[a:b]) for a, b in zip(splits[:-1], splits[1:], strict=True)])


def _length(x, utf8):
    return _elementwise((lambda s: len(s.decode())) if utf8 else len, np.int32)(x)


def _substr(x, pos, length, utf8):
    def one(s, at, n):
        s = s.decode() if utf8 else s
        if not -len(s) <= at <= len(s):
            raise InvalidArgumentError(f"pos {at} out of range for string {s!r}")
        at = at + len(s) if at < 0 else at
        part = s[at : at + max(0, n)]
        return part.encode() if utf8 else part

    return _elementwise(lambda s, at, n: one(s, int(at), int(n)))(x, pos, length)


def _regex(pattern) -> re.Pattern:
    try:
        return re.compile(pattern)
    except re.error as e:
        raise InvalidArgumentError(f"Invalid pattern: {pattern.decode()}, error: {e}") from None


def _regex_replace(x, pattern, rewrite, everywhere):
    found, text = _regex(pattern[()]), rewrite[()].replace(rb"\0", rb"\g<0>")
    return _elementwise(lambda s: found.sub(text, s, count=0 if everywhere else 1))(x)


def _regex_full_match(x, pattern):
    found = _regex(pattern[()])
    return _elementwise(lambda s: found.fullmatch(s) is not None, np.bool_)(x)


def _to_number(dtype):
    whole = np.issubdtype(dtype, np.integer)

    def one(s):
        try:
            return int(s) if whole else float(s)
        except ValueError:
            raise InvalidArgumentError(f"StringToNumberOp could not correctly convert string: {s.decode()}") from None

    return _elementwise(one, dtype)


def _as_string(x, form):
    form = form[()].decode()

    def one(v):
        if isinstance(v, bytes):
            return form.replace("v", "s", 1).encode() % v if form != "%v" else v
        if isinstance(v, (bool, np.bool_)):
            text = "true" if v else "false"
        elif isinstance(v, np.integer):
            return (form.replace("v", "d") % int(v)).encode()
        elif isinstance(v, np.complexfloating):
            real, imag = (form.replace("v", "f") % float(part) for part in (v.real, v.imag))
            text = f"({real},{imag})"
        else:
            return (form.replace("v", "f") % float(v)).encode()
        return text.encode()

    return _elementwise(one)(x)


def _reduce_join(x, separator, axes, keepdims):
    sep = separator[()]
    axes = [int(a) for a in axes]
    kept = [a for a in range(x.ndim) if a not in axes]
    moved = np.transpose(x, [*kept, *axes])
    shape = [x.shape[a] for a in kept]
    rows = moved.reshape(int(np.prod(shape, dtype=np.int64)), -1)
    result = string_array([sep.join(r) for r in rows]).reshape(shape)
    return result.reshape([1 if a in axes else d for a, d in enumerate(x.shape)]) if keepdims else result


def _split(x, sep, maxsplit):
    parts = x[()].split(sep[()] or None, int(maxsplit))
    return string_array(parts) if parts else np.empty(0, object)


def _bytes_split(x):
    s = x[()]
    return string_array([s[i : i + 1] for i in range(len(s))]) if s else np.empty(0, object)


def _unicode_split(x):
    text = x[()].decode("utf-8", "replace")
    return string_array(list(text)) if text else np.empty(0, object)


def _unicode_decode(x):
    return np.array([ord(c) for c in x[()].decode("utf-8", "replace")], np.int32)


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
    "split": _split,
    "bytes_split": _bytes_split,
    "unicode_split": _unicode_split,
    "unicode_decode": _unicode_decode,
    "unicode_encode": _unicode_encode,
    "unicode_encode_rows": _unicode_encode_rows,
    "decode_raw": _decode_raw,
    "format": _format,
}


def _string(*xs, function, type):
    return FUNCTIONS[function](*xs)


row(p.string, _string, NotDifferentiable, kinds="", gpu="strings")
