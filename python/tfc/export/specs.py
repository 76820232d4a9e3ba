"""Arguments in text: ``float32[10,?]``, ``x:float32[n,3]``, ``training=False``."""

from __future__ import annotations

import ast
import re

from tfc.dtypes import TensorSpec, as_dtype
from tfc.errors import page

_SPEC = re.compile(r"\s*(?:(?P<name>[A-Za-z_]\w*)\s*[:=]\s*)?(?P<dtype>\w+)\s*(?:\[(?P<shape>[^\]]*)\])?\s*")
_KEYWORD = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*=(?P<value>.*)")


class NamedSizes(TensorSpec):
    """A TensorSpec whose unknown sizes have names: sizes of one name are equal, which is checked at each call."""

    __slots__ = ("symbols",)

    def __init__(self, shape, dtype, name=None, symbols=()):
        super().__init__(shape, dtype, name)
        self.symbols = tuple(symbols)


def parse_spec(text: str) -> TensorSpec:
    """The TensorSpec of ``[name:]dtype[dims]``, where a dim is a number, ``?``, or the name of a size; no brackets mean
    a scalar."""
    match = _SPEC.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        dtype = as_dtype(match["dtype"])
        shape, symbols = [], []
        for dim in filter(None, (d.strip() for d in (match["shape"] or "").split(","))):
            named = dim.isidentifier() and dim != "None"
            symbols.append(dim if named else None)
            shape.append(None if named or dim in ("?", "None") else int(dim))
            if shape[-1] is not None and shape[-1] < 0:
                raise ValueError
    except (TypeError, ValueError):
        raise ValueError(
            page(
                f"cannot read the spec {text!r}",
                want="[name:]dtype[dims], for example float32[10,?], float32[n,n] or n:int32",
                got=text,
            )
        ) from None
    if any(symbols):
        return NamedSizes(shape, dtype, match["name"], symbols)
    return TensorSpec(shape, dtype, match["name"])


def parse_arguments(text: str) -> tuple[list, dict]:
    """(positional, keywords) of ``float32[4], n:int32, training=False``: specs, and Python literals after ``=``."""
    args, kwargs = [], {}
    for part in split_arguments(text):
        keyword = _KEYWORD.fullmatch(part)
        if keyword is None:
            args.append(parse_spec(part))
            continue
        try:
            kwargs[keyword["name"]] = ast.literal_eval(keyword["value"].strip())
        except (ValueError, SyntaxError):
            kwargs[keyword["name"]] = parse_spec(keyword["value"])
    return args, kwargs


def split_arguments(text: str) -> list[str]:
    """Parts between commas that are not in brackets or quotes."""
    parts, depth, quote, start = [], 0, None, 0
    for at, c in enumerate(text):
        if quote:
            quote = None if c == quote else quote
        elif c in "'\"":
            quote = c
        elif c in "[({":
            depth += 1
        elif c in "])}":
            depth -= 1
        elif c == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [p.strip() for p in parts if p.strip()]
