"""Compiling modules: to code in this process, or to the bytes of an object file."""

from tfc.compiler.jit import compile_entry, run_stage, specialize
from tfc.compiler.object_code import ObjectCode, compile_module

__all__ = ["ObjectCode", "compile_entry", "compile_module", "run_stage", "specialize"]
