"""Device code of a function, for a device that need not be there."""

import json

from tfc.compiler.device_code import DeviceCode, device_code
from tfc.compiler.jit import effective_options, failure
from tfc.ir import LOCK, compiler


def compile_kernels(module, name: str, options: dict) -> DeviceCode:
    """The device code of a module, for options `gpu`, `gpu_chip`, ...; no device is needed.

    Raises `UnimplementedError` if there is no such code.
    """
    with LOCK:
        try:
            artifact = compiler.compile(module, {**effective_options(None), **options})
        except compiler.CompileError as e:
            raise failure(e, module, name) from None
        return device_code(json.loads(artifact.description), options["gpu"], options.get("gpu_chip", ""))
