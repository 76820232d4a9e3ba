"""Compiling modules: to code in this process."""

from tfc.compiler.jit import compile_entry, run_stage, specialize

__all__ = ["compile_entry", "run_stage", "specialize"]
