"""C types, literals and comments."""

from __future__ import annotations

from tfc.export.model import Artifact, Buffer, EntryPoint

# C types of the elements, by dtype name. Halves are their bits, complex numbers pairs.
C_TYPES = {
    "bool": "uint8_t",
    "int8": "int8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "int64": "int64_t",
    "uint8": "uint8_t",
    "uint16": "uint16_t",
    "uint32": "uint32_t",
    "uint64": "uint64_t",
    "float16": "uint16_t",
    "bfloat16": "uint16_t",
    "float32": "float",
    "float64": "double",
    "complex64": "float",
    "complex128": "double",
}


def c_type(buffer: Buffer) -> str:
    return C_TYPES[buffer.dtype.name]


def c_count(buffer: Buffer) -> int:
    """Array elements in C: complex numbers take two; an empty array is not legal C."""
    return max(1, buffer.num_elements * (2 if buffer.dtype.is_complex else 1))


def c_string(text: str) -> str:
    """A C string literal of the UTF-8 bytes."""
    return (
        '"' + "".join(chr(b) if 32 <= b < 127 and chr(b) not in '\\"?' else f"\\{b:03o}" for b in text.encode()) + '"'
    )


def comment(text: str) -> str:
    return text.replace("*/", "* /").replace("\n", " ")


def describe(buffer: Buffer, role: str) -> str:
    """``in x: float32[10, ?]``, and what the numbers mean where that is not plain."""
    special = {
        "bool": ", 0 or 1 each",
        "float16": ", the bits of IEEE halves",
        "bfloat16": ", the upper 16 bits of floats",
        "complex64": ", pairs (real, imaginary)",
        "complex128": ", pairs (real, imaginary)",
    }.get(buffer.dtype.name, "")
    return comment(f"{role} {buffer.name}: {buffer.text()}{special}")


def dtype_code(buffer: Buffer) -> str:
    short = buffer.dtype.name.replace("bfloat", "BF").replace("float", "F").replace("uint", "U")
    return "TFC_" + short.replace("int", "I").replace("complex", "C").upper()


def function_name(artifact: Artifact, entry: EntryPoint) -> str:
    return artifact.prefix if entry.name == artifact.prefix else f"{artifact.prefix}_{entry.name}"
