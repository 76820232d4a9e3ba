"""Parts of several strings: rows of different lengths."""

from tfc.core import Tensor
from tfc.dtypes import int32
from tfc.ops import strings
from tfc.ops.convert import convert_to_tensor
from tfc.ops.ragged import RaggedTensor


def split(input, sep=None, maxsplit=-1, name=None) -> Tensor | RaggedTensor:
    """The parts of strings between separators (white space by default): a vector for a scalar, a RaggedTensor for a
    vector.
    """
    return _rows(strings.split(input, sep, maxsplit))


def bytes_split(input, name=None) -> Tensor | RaggedTensor:
    """The bytes of strings: a vector of those of a scalar, a RaggedTensor of those of a vector."""
    return _rows(strings.bytes_split(input))


def unicode_split(input, input_encoding="UTF-8", name=None) -> Tensor | RaggedTensor:
    """The characters of strings in UTF-8: a vector of those of a scalar, a RaggedTensor of those of a vector."""
    return _rows(strings.unicode_split(input, input_encoding))


def unicode_decode(input, input_encoding="UTF-8", name=None) -> Tensor | RaggedTensor:
    """The code points of strings in UTF-8: a vector of those of a scalar, a RaggedTensor of those of a vector."""
    return _rows(strings.unicode_decode(input, input_encoding))


def unicode_encode(
    input, output_encoding, errors="replace", replacement_char=0xFFFD, name=None
) -> Tensor | RaggedTensor:
    """The strings of code points along the last axis, of which rows may have different lengths.

    `errors` says what becomes of numbers that are no code points: "replace" (by `replacement_char`), "ignore", or
    "strict": `InvalidArgumentError`.
    """
    if not isinstance(input, RaggedTensor):
        points = convert_to_tensor(input, None if isinstance(input, Tensor) else int32)
        return strings.unicode_encode(points, output_encoding, errors, replacement_char)
    if isinstance(input.values, RaggedTensor) or input.values.shape.rank != 1:
        return input.with_values(unicode_encode(input.values, output_encoding, errors, replacement_char))
    return strings.unicode_encode(input.values, output_encoding, errors, replacement_char, input.row_splits)


def _rows(parts):
    """A vector, or a RaggedTensor of values and the lengths of their rows."""
    return parts if isinstance(parts, Tensor) else RaggedTensor.from_row_lengths(*parts, validate=False)
