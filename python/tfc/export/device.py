"""Kernels in artefacts: device code inside the object, and the runtime that launches it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources

from tfc.config.gpus import nvptx_options
from tfc.errors import InvalidArgumentError, page

_BACKENDS = {"nvptx": "cuda.c", "spirv": "vulkan.c"}


@dataclass(frozen=True)
class DeviceTarget:
    """A kind of GPU that an artefact has kernels for."""

    triple: str
    kind: str  # "nvptx" or "spirv"
    chip: str = ""  # "sm_80"
    format: str = "isa"  # "isa": PTX or SPIR-V, which the driver compiles; "bin": a cubin

    @property
    def compile_options(self) -> dict:
        """Options of the compiler."""
        if self.kind == "spirv":
            return {"gpu": "spirv"}
        return {**nvptx_options(self.chip), "gpu_format": self.format}


def device_target(target: str, cpu: str, device_format: str) -> DeviceTarget | None:
    """The GPU that a target triple names, such as ``nvptx64-nvidia-cuda`` or ``spirv-unknown-vulkan``; None: a CPU."""
    machine = target.split("-")[0]
    if device_format not in ("", "ptx", "cubin"):
        raise InvalidArgumentError(
            None, None, page(f"there is no device format {device_format!r}", want="ptx or cubin")
        )
    if machine in ("nvptx", "nvptx64"):
        if machine == "nvptx":
            raise InvalidArgumentError(None, None, page("nvptx has 32 bits", want="nvptx64-nvidia-cuda", got=target))
        chip = cpu or "sm_80"
        if not re.fullmatch(r"sm_\d+a?", chip):
            raise InvalidArgumentError(
                None, None, page(f"there is no NVIDIA architecture {chip!r}", want="such as sm_80")
            )
        return DeviceTarget(target, "nvptx", chip, "bin" if device_format == "cubin" else "isa")
    if machine in ("spirv", "spirv32", "spirv64"):
        if cpu or device_format:
            raise InvalidArgumentError(
                None,
                None,
                page("SPIR-V is for every Vulkan device", got=cpu or device_format, fix="leave cpu and format out"),
            )
        return DeviceTarget(target, "spirv")
    if device_format:
        raise InvalidArgumentError(
            None,
            None,
            page("a device format goes with a GPU", want="nvptx64-nvidia-cuda", got=target or "this machine"),
        )
    return None


def describe_device(device: DeviceTarget, code) -> dict:
    """What the manifest says: kernels, what the host does itself, and why."""
    return {
        "triple": device.triple,
        "chip": device.chip,
        "format": {"nvptx": {"isa": "ptx", "bin": "cubin"}[device.format], "spirv": "spirv"}[device.kind],
        "kernels": [
            {"name": k.name, "kind": k.kind, "location": k.location, "bytes": len(k.code)} for k in code.kernels
        ],
        "host": [{"op": h.op, "why": h.why, "location": h.location} for h in code.host],
    }


def runtime_source(device: DeviceTarget) -> str:
    """The device runtime with one driver, as one C file that needs nothing but libc, -ldl and -lpthread."""
    kept = _BACKENDS[device.kind]
    left_out = {"cuda.c": "TFC_GPU_NO_VULKAN", "vulkan.c": "TFC_GPU_NO_CUDA"}[kept]
    seen: set = set()
    parts = [_with_includes(name, seen) for name in ("tfc_gpu.c", "staging.c", kept)]
    head = (
        f"/* tfc_gpu.c - the device runtime of tfc, with {kept}: compile it into the program once,\n"
        " * and link with -ldl -lpthread. */\n"
        f"#define _GNU_SOURCE\n#define {left_out} 1\n"
    )
    return head + "\n".join(parts)


def _with_includes(name: str, seen: set) -> str:
    """A source with the headers of ours in it, each once."""
    folder = resources.files("tfc").joinpath("include")
    place = folder.joinpath(*name.split("/")) if name.startswith("tfc-rt/") else folder.joinpath("tfc-gpu", name)

    def include(match):
        if match[1] in seen:
            return ""
        seen.add(match[1])
        return _with_includes(match[1], seen)

    text = place.read_text().replace("#define _GNU_SOURCE\n", "")
    return re.sub(r'^#include "([^"]+)"$', include, text, flags=re.M)
