"""From a module to the bytes of an object file, for this machine or another."""

import json
from dataclasses import dataclass, field

from tfc.compiler.device_code import DeviceCode, device_code
from tfc.errors import InvalidArgumentError, UnimplementedError, page
from tfc.ir import LOCK, compiler


@dataclass(frozen=True)
class ObjectCode:
    """What the compiler made of a module."""

    content: bytes
    entries: dict  # symbol: its description (buffers, arena_bytes, ...)
    target: dict  # triple, cpu, features
    texts: dict = field(default_factory=dict)  # the dumps asked for, by name
    device: DeviceCode | None = None  # the kernels in it


def compile_module(
    module,
    *,
    triple="",
    cpu="",
    features="",
    opt_level=2,
    opt_size=False,
    check_cpu=False,
    sanitize_address=False,
    contract=True,
    reassociate=True,
    parallel=False,
    dumps=(),
    device=None,
) -> ObjectCode:
    """Compiles the entries of a module.

    `parallel`: whether threads of the host may share large loops. `dumps` names stages, or "llvm-ir",
    "llvm-ir-optimized", "asm", whose text is wanted. `device`: options `gpu`, `gpu_chip`, ... for code
    that launches kernels. Raises `InvalidArgumentError` for a target that does not exist,
    and `UnimplementedError` for a program that cannot be compiled.
    """
    options = {
        "triple": triple or None,
        "cpu": cpu or None,
        "features": features or None,
        "opt_level": opt_level,
        "opt_size": opt_size,
        "check_cpu": check_cpu,
        "sanitize_address": sanitize_address,
        "contract": contract,
        "reassociate": reassociate,
        "parallel": parallel,
        "dump": list(dumps) or None,
        **(device or {}),
    }
    with LOCK:
        try:
            artifact = compiler.compile(module, options)
        except ValueError as e:
            raise InvalidArgumentError(None, None, page(str(e), got=repr(options))) from None
        except compiler.CompileError as e:
            wrong_target = e.stage in ("target", "options")
            kind = InvalidArgumentError if wrong_target else UnimplementedError
            raise kind(
                None,
                None,
                page(
                    f"not compiled: {e.message}",
                    where=e.location or None,
                    fix=f"to report it: {e.reproducer}" if e.reproducer else None,
                ),
            ) from None
    description = json.loads(artifact.description)
    return ObjectCode(
        artifact.object,
        {e["symbol"]: e for e in description["entries"]},
        {key: description[key] for key in ("triple", "cpu", "features")},
        {name: artifact.dump(name) for name in dumps},
        device_code(description, device["gpu"], device.get("gpu_chip", "")) if device else None,
    )
