"""Compiling modules: to code in this process, or to the bytes of an object file."""

from tfc.compiler.background import Job, compile_in_background, wait_for_background
from tfc.compiler.device_code import DeviceCode
from tfc.compiler.jit import (
    CompiledCode,
    compile_entry,
    explain,
    load_entry,
    load_kept,
    load_object,
    run_stages,
    runs_here,
    specialize,
)
from tfc.compiler.kernels import compile_kernels
from tfc.compiler.lines import place_of
from tfc.compiler.object_code import ObjectCode, compile_module

__all__ = [
    "CompiledCode",
    "DeviceCode",
    "Job",
    "ObjectCode",
    "compile_entry",
    "compile_in_background",
    "compile_kernels",
    "compile_module",
    "explain",
    "load_entry",
    "load_kept",
    "load_object",
    "place_of",
    "run_stages",
    "runs_here",
    "specialize",
    "wait_for_background",
]
