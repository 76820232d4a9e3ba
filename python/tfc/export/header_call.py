"""The descriptor interface: an entry called with tensors that say their dtype and shape."""

from __future__ import annotations

from tfc.export.header_sizes import Sizes
from tfc.export.header_text import c_string, c_type, dtype_code, function_name
from tfc.export.model import Artifact, EntryPoint


def descriptor_entry(artifact: Artifact, entry: EntryPoint) -> str:
    """The same entry, called with tensors that say their types and shapes."""
    name = function_name(artifact, entry)
    state = f"{artifact.prefix}_state *state, " if artifact.variables else ""
    inputs, outputs = len(entry.arguments), len(entry.results)
    where = c_string(entry.location)
    sizes = Sizes(entry)
    lines = ["int32_t status;", "(void)inputs;", "(void)outputs;"]
    lines += _counts(name, where, inputs, outputs)
    lines += _descriptor_checks(name, where, entry)
    arguments = ["host"] + (["state"] if artifact.variables else [])
    for i, buffer in enumerate(entry.arguments):
        arguments.append(f"(const {c_type(buffer)} *)inputs[{i}].data")
        axes = [axis for axis, size in enumerate(buffer.shape) if size is None]
        by_name = dict(zip(sizes.of[buffer.name], axes, strict=False))
        arguments += [f"inputs[{i}].shape[{by_name[n]}]" for n in sizes.new[buffer.name]]
    locals_, after = [], []
    for i, buffer in enumerate(entry.results):
        if buffer.is_static:
            arguments.append(f"({c_type(buffer)} *)outputs[{i}].data")
            continue
        locals_.append(f"{c_type(buffer)} *result{i} = NULL;")
        arguments.append(f"&result{i}")
        after.append(f"outputs[{i}].data = result{i};")
        for axis, size in enumerate(buffer.shape):
            if size is None:
                arguments.append(f"(int64_t *)(uintptr_t)&outputs[{i}].shape[{axis}]")
            else:
                after.append(f"((int64_t *)(uintptr_t)outputs[{i}].shape)[{axis}] = INT64_C({size});")
    lines += [f"status = {name}({', '.join(arguments)});", *after, "return status;"]
    body = "\n".join("  " + line for line in [*locals_, *lines])
    return (
        f"/* {name} with tensors that say their dtype and shape, which are checked. An output of unknown size\n"
        " * comes with room for its sizes in `shape`; its data and sizes are written, and it is released with\n"
        " * tfc_release. */\n"
        f"static TFC_UNUSED int32_t {name}_call(tfc_host *host, {state}const tfc_tensor_desc *inputs,\n"
        "    int32_t num_inputs, tfc_tensor_desc *outputs, int32_t num_outputs) {\n"
        f"{body}\n}}\n"
    )


def _counts(name: str, where: str, inputs: int, outputs: int) -> list[str]:
    takes = c_string(f"{name}: expected {inputs} inputs and {outputs} outputs")
    lines = [
        f"if (num_inputs != {inputs} || num_outputs != {outputs})",
        f"  return tfc_refuse(host, {takes}, {where});",
    ]
    given = [array for array, count in (("inputs", inputs), ("outputs", outputs)) if count]
    for array in given:
        lines += [f"if (!{array})", f"  return tfc_refuse(host, {c_string(f'{name}: {array} is NULL')}, {where});"]
    return lines


def _descriptor_checks(name: str, where: str, entry: EntryPoint) -> list[str]:
    lines: list[str] = []

    def check(buffer, place, kind):
        known = ", ".join("-1" if size is None else f"INT64_C({size})" for size in buffer.shape) or "0"
        what = f"{c_string(name)}, {c_string(buffer.name)}, {where}, &{place}"
        call = f"{kind}(host, {what}, {dtype_code(buffer)}, {len(buffer.shape)}, expected)"
        lines.extend(
            ["{", f"  static const int64_t expected[] = {{{known}}};", f"  status = {call};", "  if (status != TFC_OK)"]
            + ["    return status;", "}"]
        )

    first: dict[str, str] = {}
    for i, buffer in enumerate(entry.arguments):
        check(buffer, f"inputs[{i}]", "tfc_check_tensor")
        for axis, size in enumerate(buffer.shape):
            symbol = buffer.symbol(axis)
            if size is not None or symbol is None:
                continue
            place = f"inputs[{i}].shape[{axis}]"
            if symbol in first:
                problem = c_string(f"{name}: the sizes called {symbol} differ in {buffer.name}")
                lines.extend([f"if ({place} != {first[symbol]})", f"  return tfc_refuse(host, {problem}, {where});"])
            first.setdefault(symbol, place)
    for i, buffer in enumerate(entry.results):
        check(buffer, f"outputs[{i}]", "tfc_check_tensor" if buffer.is_static else "tfc_check_output")
    return lines
