"""Symbols (see `rewrite.symbols`) as the user wrote them."""


def describe(symbol):
    """The variable as the user wrote it."""
    if isinstance(symbol, str):
        return symbol
    text, rest = symbol[0], list(symbol[1:])
    while rest:
        kind = rest.pop(0)
        if kind == "[]":
            text += f"[{rest.pop(0)!r}]"
        elif kind == "[n]":
            text += f"[{rest.pop(0)}]"
        elif kind == "[*]":
            text += "[...]"
        else:
            text += kind
    return text
