"""The order of effects of a trace, as text: what has to happen before what, and why."""

from tfc.ir import LOCK, kind_of, location_line, mlir, run_passes

_VERBS = {
    "tfc.read_variable": "reads",
    "tfc.assign_variable": "writes",
    "tfc.print": "prints",
    "tfc.assert": "checks",
    "tfc.host_call": "may do anything",
}


def effects_text(function) -> str:
    """One line for each effect of an `ir.Function`, and one for each edge of the minimal partial order."""
    with LOCK:
        module = function.clone_module()
        run_passes(module, "builtin.module(tfc-inline-calls,tfc-order-effects)")
        op = next(
            o for o in module.body.operations if mlir.StringAttr(o.attributes["sym_name"]).value == function.symbol
        )
        names = _argument_names(op)
        lines, edges = [], 0
        numbers: dict = {}
        for inner in op.regions[0].blocks[0].operations:
            tokens = [r for r in inner.operation.results if kind_of(r.type)[0] == "token"]
            if not tokens:
                continue
            what = _what(inner.operation, names)
            if what is None:
                continue
            at = len(numbers)
            numbers[tokens[0]] = at
            line = location_line(inner.location)
            lines.append(f"#{at} {line}: {what}")
            for operand in inner.operands:
                if kind_of(operand.type)[0] == "token" and operand in numbers:
                    edges += 1
                    lines.append(f"    after #{numbers[operand]}")
        return "\n".join([f"effects of @{function.symbol}: {len(numbers)}, with {edges} edges", *lines])


def _argument_names(op) -> dict:
    attrs = op.attributes["arg_attrs"] if "arg_attrs" in op.attributes else ()
    names = {}
    for at, argument in enumerate(op.regions[0].blocks[0].arguments):
        given = attrs[at] if at < len(attrs) else {}
        names[argument] = mlir.StringAttr(given["tfc.name"]).value if "tfc.name" in given else f"argument {at}"
    return names


def _what(op, names) -> str | None:
    verb = _VERBS.get(op.name)
    if op.name in ("tfc.if", "tfc.while"):
        touched = sorted({t for region in op.regions for t in _touched(region, names)})
        return f"{op.name.removeprefix('tfc.')} touches {', '.join(touched)}" if touched else None
    if verb is None:
        return None
    handles = [names.get(v, "a variable") for v in op.operands if kind_of(v.type)[0] == "resource"]
    return f"{op.name.removeprefix('tfc.')} {verb} {', '.join(handles)}".strip()


def _touched(region, names):
    for block in region.blocks:
        for op in block.operations:
            for inner in op.operation.regions:
                yield from _touched(inner, names)
            if op.operation.name in ("tfc.print", "tfc.assert"):
                yield "the console" if op.operation.name == "tfc.print" else "the barrier"
            for v in op.operands:
                if kind_of(v.type)[0] == "resource":
                    yield names.get(v, "a variable")
