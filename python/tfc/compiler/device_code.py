"""Device code: what a function becomes for a GPU."""

import base64
from dataclasses import dataclass


@dataclass(frozen=True)
class Kernel:
    """One kernel of a function: its name, how it is spread over the device, where it comes from, its code."""

    name: str
    kind: str  # "thread-per-point", "block-per-point", "partial-sums", "tiles", "tensor-cores" or "warpgroups"
    location: str  # "file:line:column" of the user's program
    code: bytes  # SPIR-V, PTX or a cubin

    def __str__(self):
        return f"{self.name}: {self.kind}, {len(self.code)} bytes ({self.location})"


@dataclass(frozen=True)
class HostOp:
    """What stayed on the host, and why."""

    op: str
    why: str
    location: str

    def __str__(self):
        return f"on the host: {self.op}: {self.why} ({self.location})"


@dataclass(frozen=True)
class DeviceCode:
    """What a function became for a GPU: kernels, and what the host does itself."""

    target: str  # "spirv" or "nvptx"
    chip: str  # "sm_90", or nothing
    kernels: tuple
    host: tuple

    def __str__(self):
        return "\n".join([f"{self.target} {self.chip}".strip(), *map(str, self.kernels), *map(str, self.host)])


def device_code(description: dict, target: str, chip: str = "") -> DeviceCode:
    """Of what the compiler says about a module."""
    kernels = [Kernel(k["name"], k["kind"], k["location"], base64.b64decode(k["code"])) for k in description["kernels"]]
    host = [HostOp(h["op"], h["why"], h["location"]) for h in description["host"]]
    return DeviceCode(target, chip, tuple(kernels), tuple(host))
