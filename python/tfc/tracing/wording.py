"""What the dialect says of an op, as other errors say it."""

import re

_WRONG_DTYPE = re.compile(r"(operand #|argument )\d+ must be")
# Types as the dialect writes them: sizes, then the element type.
_TENSOR_TYPE = re.compile(r"'?tensor<((?:[\d?]+x|\*x)*)([\w!.]+(?:<\w+>)?)>'?")
_ELEMENT_NAMES = {
    "i1": "bool", "f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64", "complex<f32>": "complex64",
    "complex<f64>": "complex128", "!tfc.string": "string",
}  # fmt: skip
_INTEGER = re.compile(r"(u?)i(\d+)")


def in_words(text: str) -> str:
    """What the dialect says of an op, with types as other errors show them."""

    def shown(found):
        dims, element = found.groups()
        dtype = _ELEMENT_NAMES.get(element) or _INTEGER.sub(r"\1int\2", element)
        return f"{dtype}[{'...' if dims == '*x' else ', '.join(dims.split('x')[:-1])}]"

    text = text.partition("; see current operation")[0]
    text = re.sub(r"'tfc\.(\w+)' op operand #(\d+) must be (.*?), but got ", r"\1: argument \2 must be \3, got ", text)
    return _TENSOR_TYPE.sub(shown, re.sub(r"'tfc\.\w+' op ", "", text))


CREATED_AGAIN = (
    "tf.function only supports singleton tf.Variables created on the first call. Make sure the tf.Variable is only "
    "created "
    "once or created outside tf.function. See https://www.tensorflow.org/guide/function#creating_tfvariables for more "
    "information."
)


def is_of_dtypes(text: str) -> bool:
    """Whether it is about dtypes: of several operands, or those that an op takes at all."""
    return "element type" in text or bool(_WRONG_DTYPE.search(text))
