"""`tf.print` and `tf.Assert`: the console and checks that run with the program."""

import logging
import sys

from tfc.core import Tensor, TensorList, VariableStorage, current, executing_eagerly
from tfc.dtypes import string
from tfc.ops import nest
from tfc.ops import primitives as p
from tfc.ops.convert import convert_to_tensor
from tfc.ops.indexed_slices import IndexedSlices
from tfc.ops.operation import Operation, done
from tfc.ops.printing import RAGGED
from tfc.ops.ragged import RaggedTensor
from tfc.ops.sparse import SparseTensor

_STREAMS = {
    logging.info: "log:info",
    logging.warning: "log:warning",
    logging.error: "log:error",
    "stdout": "stdout",
    "stderr": "stderr",
}


class _Slot:
    """Stands for a tensor in the text of a structure."""

    def __repr__(self):
        return "{}"


class _Text:
    """Stands for text in the text of a structure."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text


def print_v2(*inputs, **kwargs) -> Operation | None:
    """Prints tensors and other values when it runs, in program order. (`tf.print`)

    A tensor shows `summarize` elements at each end of a dimension: `[0 1 2 ... 7 8 9]`; -1 shows all.
    Structures with
    tensors inside show in Python's syntax, keys of dicts sorted. `output_stream`: sys.stderr (the default),
    sys.stdout,
    logging.info, logging.warning, logging.error, or "file://PATH"; others raise `ValueError`.

    Keywords: `output_stream`, `summarize` (3), `sep` (" "), `end` (a new line), `name`. In a traced function it gives
    an operation, which is no result for a function.
    """
    options = {"output_stream": None, "summarize": 3, "sep": " ", "end": "\n", "name": None}
    unknown = [key for key in kwargs if key not in options]
    if unknown:
        raise ValueError(f"Unrecognized keyword arguments for tf.print: {unknown}; expected {', '.join(options)}")
    options.update(kwargs)
    stream = _stream(options["output_stream"])
    summarize = 3 if options["summarize"] is None else options["summarize"]
    if isinstance(summarize, Tensor) or not isinstance(summarize, int):
        raise TypeError(f"summarize must be a Python int, got {summarize!r}")
    sep, end = options["sep"], options["end"]
    tensors: list = []
    texts = [_template(value, tensors) for value in inputs]
    template = _escape(sep).join(texts) + _escape(end)

    def build():
        p.print_(*tensors, format=template, summarize=summarize, stream=stream)
        return done("print")

    if options["name"] is None or executing_eagerly():
        return build()
    return current().named(options["name"], False, build, (), {})


def _stream(stream) -> str:
    if stream is None or stream is sys.stderr or stream is sys.__stderr__:
        return "stderr"
    if stream is sys.stdout or stream is sys.__stdout__:
        return "stdout"
    if isinstance(stream, str) and stream.startswith("file://") and len(stream) > len("file://"):
        return stream
    try:
        return _STREAMS[stream]
    except (KeyError, TypeError):
        raise ValueError(
            f"Unknown output stream, output location, or logging level {stream!r}\n"
            "  want: sys.stderr, sys.stdout, logging.info, logging.warning, logging.error or 'file://PATH'"
        ) from None


def _escape(text: str) -> str:
    return str(text).replace("{", "{{").replace("}", "}}")


def _is_value(x) -> bool:
    return isinstance(x, (Tensor, VariableStorage))


def _template(value, tensors) -> str:
    """The text of one input, with `{}` for each tensor, which are appended to `tensors`."""
    if isinstance(value, str):
        return _escape(value)
    if _is_value(value):
        tensors.append(convert_to_tensor(value))
        return "{}"
    if isinstance(value, (RaggedTensor, SparseTensor)):
        return _composite_template(value, tensors)
    if isinstance(value, IndexedSlices) and value.dense_shape is not None:
        return _template(convert_to_tensor(value), tensors)
    if not nest.is_nested(value):
        return _escape(repr(value))

    def leaf(x):
        if isinstance(x, (RaggedTensor, SparseTensor)):
            return _Text(_composite_template(x, tensors))
        if getattr(x, "_is_composite", False):
            return _Text(_structure_text(nest.map_structure(leaf, x)))
        if isinstance(x, (TensorList, nest.Composite)) or not _is_value(x):
            return _Text(_escape(repr(x)))
        tensors.append(convert_to_tensor(x))
        return _Slot()

    return _structure_text(nest.map_structure(leaf, value, expand_composites=nest.COMPOSITES_ARE_LEAVES))


def _composite_template(value, tensors) -> str:
    """The text of a ragged or sparse tensor, with `{}` for each of its parts. The host reads it again: `printing`."""
    if isinstance(value, SparseTensor):
        tensors += [value.indices, value.values, value.dense_shape]
        return "'SparseTensor(indices={}, values={}, shape={})'"
    if isinstance(value, RaggedTensor):
        inner = _composite_template(value.values, tensors)
        tensors.append(value.row_splits)
        return RAGGED[0] + inner + RAGGED[1]
    tensors.append(value)
    return "{}"


def _structure_text(value) -> str:
    """The repr of a structure, in which braces of its own are escaped."""
    if isinstance(value, dict):
        inner = ", ".join(f"{_escape(repr(k))}: {_structure_text(value[k])}" for k in sorted(value))
        return "{{" + inner + "}}"
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        inner = ", ".join(f"{k}={_structure_text(v)}" for k, v in zip(value._fields, value, strict=True))
        return f"{type(value).__name__}({inner})"
    if isinstance(value, tuple):
        inner = ", ".join(_structure_text(v) for v in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return "[" + ", ".join(_structure_text(v) for v in value) + "]"
    return repr(value)


def Assert(condition, data, summarize=None, name=None) -> Operation | None:
    """Raises `InvalidArgumentError` with `data` (tensors and other values) unless the bool scalar
    `condition` holds.

    Effects before the assertion in the program have happened when it fails, effects after it have not.
    """
    condition = convert_to_tensor(condition)
    if not condition.dtype.is_bool:
        condition = p.not_equal(condition, convert_to_tensor(0, condition.dtype))
    if condition.shape_tuple:
        raise ValueError(
            f"tf.Assert takes a bool scalar, got shape {list(condition.shape_tuple)}: use tf.reduce_all",
        )
    texts, tensors = split_data(data)
    message = "\n".join(["Expected condition to be true. Summarized data:", *texts])
    p.assert_(condition, *tensors, message=message, summarize=3 if summarize is None else int(summarize))
    return done("assert")


def split_data(data) -> tuple[list[str], list[Tensor]]:
    """The texts and the tensors of an assertion's data."""
    texts: list[str] = []
    tensors: list[Tensor] = []
    for value in data if isinstance(data, (list, tuple)) else [data]:
        if isinstance(value, bytes):
            texts.append(value.decode(errors="replace"))
        elif isinstance(value, str) or value is None:
            texts.append(str(value))
        else:
            tensor = convert_to_tensor(value)
            if tensor.dtype is string and not executing_eagerly() and hasattr(tensor, "numpy"):
                # Strings that are known now do not keep the program from being compiled.
                texts.append(str(tensor.numpy()))
            else:
                tensors.append(tensor)
    return texts, tensors
