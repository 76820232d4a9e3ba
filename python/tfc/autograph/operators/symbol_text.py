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


def nearest_names(roots, wanted, most_steps, steps):
    """`{id: symbol}` of objects (`wanted` are their ids) that variables (`roots`, by name) lead to, by few steps.
    `steps(symbol, value)` gives pairs of a step and the part of the value that it leads to.
    """
    most_searched = 2000
    names, seen = {}, set()
    pending = [((name,), value, 0) for name, value in roots.items()]
    at = 0
    while at < len(pending) and len(seen) < most_searched and len(names) < len(wanted):
        symbol, value, count = pending[at]
        at += 1
        if id(value) in seen:
            continue
        seen.add(id(value))
        if id(value) in wanted:
            names[id(value)] = symbol
        if count < most_steps:
            pending += (((*symbol, *step), part, count + 1) for step, part in steps(symbol, value))
    return names
