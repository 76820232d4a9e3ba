"""The one room that imports MLIR: context, types, attributes, locations, and making of ops."""

from tfc.ir.assembly import assemble, export_bytes
from tfc.ir.attributes import array_of, attribute, python_value
from tfc.ir.build import build
from tfc.ir.builder import Function, block_begin, build_op, insertion_point, run_passes, token_type, verify, walk
from tfc.ir.bytecode import BYTECODE, module_bytecode, parse_function, parse_module, write_function
from tfc.ir.context import LOCK, BuildError, context, new_context
from tfc.ir.lazy import compiler, mlir
from tfc.ir.locations import add_root, frame_text, location, location_line, location_text, stack_text, user_stack
from tfc.ir.symbols import canonical
from tfc.ir.types import (
    describe_type,
    kind_of,
    list_type,
    resource_type,
    spec_type,
    strings_exist,
    tensor_type,
    type_spec,
)

__all__ = [
    "BYTECODE",
    "LOCK",
    "BuildError",
    "Function",
    "add_root",
    "array_of",
    "assemble",
    "attribute",
    "block_begin",
    "build",
    "build_op",
    "canonical",
    "compiler",
    "context",
    "describe_type",
    "export_bytes",
    "frame_text",
    "insertion_point",
    "kind_of",
    "list_type",
    "location",
    "location_line",
    "location_text",
    "mlir",
    "module_bytecode",
    "new_context",
    "parse_function",
    "parse_module",
    "python_value",
    "resource_type",
    "run_passes",
    "spec_type",
    "stack_text",
    "strings_exist",
    "tensor_type",
    "token_type",
    "type_spec",
    "user_stack",
    "verify",
    "walk",
    "write_function",
]
