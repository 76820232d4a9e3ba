"""Argument specs in text: ``float32[10,?]``."""

from __future__ import annotations

import re

from tfc.dtypes import TensorSpec, as_dtype
from tfc.errors import page

_SPEC = re.compile(r"\s*(?:(?P<name>[A-Za-z_]\w*)\s*[:=]\s*)?(?P<dtype>\w+)\s*(?:\[(?P<shape>[^\]]*)\])?\s*")


def parse_spec(text: str) -> TensorSpec:
    """The TensorSpec of ``[name:]dtype[dims]``, where a dim is a number or ``?``; no brackets mean a scalar."""
    match = _SPEC.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        dtype = as_dtype(match["dtype"])
        shape = []
        for dim in filter(None, (d.strip() for d in (match["shape"] or "").split(","))):
            shape.append(None if dim in ("?", "None") else int(dim))
            if shape[-1] is not None and shape[-1] < 0:
                raise ValueError
    except (TypeError, ValueError):
        raise ValueError(
            page(
                f"cannot read the spec {text!r}",
                want="[name:]dtype[dims], for example float32[10,?] or n:int32",
                got=text,
            )
        ) from None
    return TensorSpec(shape, dtype, match["name"])
