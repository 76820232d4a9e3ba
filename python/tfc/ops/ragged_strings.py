"""Parts of several strings: rows of different lengths."""

from tfc.core import Tensor
from tfc.dtypes import int32
from tfc.ops import strings
from tfc.ops.convert import convert_to_tensor
from tfc.ops.ragged import RaggedTensor
from tfc.ops.ragged_ops import stack


def split(input, sep=None, maxsplit=-1, name=None) -> Tensor | RaggedTensor:
    """The parts of strings between separators (white space by default): a vector for a scalar, a RaggedTensor for a
    vector.
    """
    return _each(lambda x: strings.split(x, sep, maxsplit), input, "tf.strings.split")


def bytes_split(input, name=None) -> Tensor | RaggedTensor:
    """The bytes of strings: a vector of those of a scalar, a RaggedTensor of those of a vector."""
    return _each(strings.bytes_split, input, "tf.strings.bytes_split")


def unicode_split(input, input_encoding="UTF-8", name=None) -> Tensor | RaggedTensor:
    """The characters of strings in UTF-8: a vector of those of a scalar, a RaggedTensor of those of a vector."""
    return _each(lambda x: strings.unicode_split(x, input_encoding), input, "tf.strings.unicode_split")


def unicode_decode(input, input_encoding="UTF-8", name=None) -> Tensor | RaggedTensor:
    """The code points of strings in UTF-8: a vector of those of a scalar, a RaggedTensor of those of a vector."""
    return _each(lambda x: strings.unicode_decode(x, input_encoding), input, "tf.strings.unicode_decode")


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


def _each(function, input, op):
    x = convert_to_tensor(input)
    if x.shape_tuple == ():
        return function(x)
    if x.shape_tuple is None or len(x.shape_tuple) != 1 or x.shape_tuple[0] is None:
        raise NotImplementedError(
            f"{op} takes a scalar, or a vector of a size that is known while tracing, got shape {x.shape}\n"
            "  try:  a loop over the strings, one at a time"
        )
    if not x.shape_tuple[0]:
        return RaggedTensor.from_row_lengths(x, [])
    return stack([function(x[i]) for i in range(x.shape_tuple[0])])
