"""`tf.strings`."""

from tfc.api.absent import explain as _explain
from tfc.ops.naming import publish
from tfc.ops.ragged_strings import bytes_split, split, unicode_decode, unicode_encode, unicode_split
from tfc.ops.strings import (
    as_string,
    format,
    join,
    length,
    lower,
    reduce_join,
    regex_full_match,
    regex_replace,
    strip,
    substr,
    to_number,
    upper,
)

publish(globals())

__all__ = [
    "as_string",
    "bytes_split",
    "format",
    "join",
    "length",
    "lower",
    "reduce_join",
    "regex_full_match",
    "regex_replace",
    "split",
    "strip",
    "substr",
    "to_number",
    "unicode_decode",
    "unicode_encode",
    "unicode_split",
    "upper",
]


def __getattr__(name):
    _explain("strings", name)
