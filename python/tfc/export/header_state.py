"""The part of the header about the variables: the struct, its first values, and its form in a file."""

from __future__ import annotations

from tfc.export.blob import blob_header
from tfc.export.header_sized import sized_section
from tfc.export.header_text import c_count, c_type, comment, describe
from tfc.export.model import Artifact


def state_section(artifact: Artifact) -> str:
    """C text, empty if there are no variables."""
    if not artifact.variables:
        return ""
    if artifact.is_sized:
        return sized_section(artifact)
    prefix = artifact.prefix
    fields, first = [], []
    for variable in artifact.variables:
        fields.append(f"  /* {describe(variable, 'variable')} ({comment(variable.title)}) */")
        fields.append(f"  TFC_ALIGNED {c_type(variable)} {variable.name}[{c_count(variable)}];")
        offset = artifact.initial_offsets.get(variable.name)
        if offset is None:
            first.append(f"  memset(state->{variable.name}, 0, sizeof state->{variable.name});")
        elif variable.nbytes:
            first.append(
                f"  memcpy(state->{variable.name}, {artifact.initial_state_symbol} + {offset}, {variable.nbytes});"
            )
    declared = (
        [f"extern const unsigned char {artifact.initial_state_symbol}[];", ""] if artifact.initial_offsets else []
    )
    return "\n".join(
        [
            "/* The variables. The caller owns the state; any number of states may live side by side. */",
            f"typedef struct {prefix}_state {{",
            *fields,
            f"}} {prefix}_state;",
            "",
            *declared,
            "/* Gives the variables their first values. */",
            f"static TFC_UNUSED void {prefix}_init({prefix}_state *state) {{",
            *first,
            "}",
            "",
            _blob(artifact),
        ]
    )


def _blob(artifact: Artifact) -> str:
    prefix = artifact.prefix
    head, checksum_at = blob_header(artifact)
    total = len(head) + sum(v.nbytes for v in artifact.variables)
    numbers = "\n".join("  " + ",".join(map(str, head[i : i + 32])) + "," for i in range(0, len(head), 32))
    parts = "\n".join(f"  {{offsetof({prefix}_state, {v.name}), {v.nbytes}}}," for v in artifact.variables)
    arguments = f"{prefix}_state_head, {len(head)}, {checksum_at}, {prefix}_state_parts"
    return f"""/* The state as bytes: a safetensors file with one tensor for each variable, a version and a checksum.
 * Python reads and writes the same (tf.export.read_state, write_state, tf.train.load_checkpoint). */
#define {prefix}_state_bytes ((size_t){total})
static TFC_UNUSED const unsigned char {prefix}_state_head[{len(head)}] = {{
{numbers}
}};
static TFC_UNUSED const tfc_state_part {prefix}_state_parts[] = {{
{parts}
}};

/* Writes {prefix}_state_bytes bytes. */
static TFC_UNUSED void {prefix}_save(const {prefix}_state *state, void *bytes) {{
  tfc_save_state({arguments}, {len(artifact.variables)}, state, bytes);
}}

/* Reads what {prefix}_save or Python wrote. On an error (damaged, another layout or version) the state stays
 * as it is. */
static TFC_UNUSED int32_t {prefix}_load(tfc_host *host, {prefix}_state *state, const void *bytes, size_t num_bytes) {{
  return tfc_load_state(host, "{prefix}_load", {arguments},
                        {len(artifact.variables)}, state, bytes, num_bytes);
}}
"""
