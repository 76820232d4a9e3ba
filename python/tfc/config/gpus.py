"""The GPUs of this machine, from the device runtime (`lib/libtfc_gpu.so`, see `tfc_gpu.h`), loaded when first asked."""

import ctypes
import functools
import glob
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from tfc import _native

_FEATURES = ("f64", "f16", "i64", "i16", "i8", "subgroups")


class _Info(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char * 256),
        ("driver", ctypes.c_char * 256),
        ("backend", ctypes.c_int32),
        ("is_software", ctypes.c_int32),
        ("features", ctypes.c_uint32),
        ("max_threads", ctypes.c_int32),
        ("shared_bytes", ctypes.c_int32),
        ("subgroup", ctypes.c_int32),
        ("memory_bytes", ctypes.c_int64),
        ("buffer_bytes", ctypes.c_int64),
        ("compute_major", ctypes.c_int32),
        ("compute_minor", ctypes.c_int32),
    ]


class _Counters(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_int64)
        for name in (
            "launches",
            "waits",
            "bytes_in",
            "bytes_out",
            "bytes_in_use",
            "bytes_peak",
            "modules",
            "barriers",
        )
    ]


@dataclass(frozen=True)
class Gpu:
    """One device: what it is, and what its kernels may hold."""

    index: int
    name: str
    driver: str
    target: str  # "spirv" (Vulkan) or "nvptx" (CUDA)
    is_software: bool
    features: frozenset
    max_threads: int
    shared_bytes: int
    subgroup: int
    memory_bytes: int
    buffer_bytes: int
    compute_capability: tuple | None

    @property
    def compile_options(self) -> dict:
        """Options of the compiler for kernels of this device."""
        options = {
            "gpu": self.target,
            "gpu_device": self.index,
            "gpu_threads": min(256, self.max_threads),
            "gpu_shared": min(32768, self.shared_bytes),
        }
        if self.target == "spirv":
            # Mesa's software device ends the loops of a thread after 65,535 steps, whatever is left of them.
            short = ["short-loops"] if "llvmpipe" in self.name else []
            options["gpu_features"] = "+".join([*(f for f in _FEATURES if f in self.features), *short]) or "none"
            options["gpu_subgroup"] = self.subgroup if "subgroups" in self.features else 0
            return options
        chip = "sm_{}{}".format(*self.compute_capability)
        # Tensor cores of a whole warpgroup are part of sm_90a, which is what every device of sm_90 has.
        return {**options, **nvptx_options("sm_90a" if chip == "sm_90" else chip)}


def nvptx_options(chip: str, toolkit: str = "") -> dict:
    """Options of the compiler for an NVIDIA architecture."""
    options = {"gpu": "nvptx", "gpu_chip": chip}
    if tensor_float_32[0]:
        options["gpu_features"] = "tf32"
    found = toolkit or cuda_toolkit()
    return {**options, "gpu_toolkit": found} if found else options


# Whether products of float32 may be rounded to tf32, by NVIDIA's tensor cores; `tf.config.experimental`.
tensor_float_32 = [True]


@functools.cache
def cuda_toolkit() -> str:
    """The folder of a CUDA toolkit, which has libdevice and `ptxas`: what CUDA_HOME names, a package of this Python, or
    of the system. Nothing without one.
    """
    places = [os.environ.get(name, "") for name in ("CUDA_HOME", "CUDA_PATH")]
    package = importlib.util.find_spec("nvidia")
    for root in (package.submodule_search_locations or []) if package else []:
        places += sorted(glob.glob(str(Path(root, "cu*"))), reverse=True)
    places += ["/usr/local/cuda", *sorted(glob.glob("/usr/local/cuda-*"), reverse=True)]
    return next((p for p in places if p and Path(p, "nvvm", "libdevice", "libdevice.10.bc").exists()), "")


@functools.cache
def library():
    """The runtime, its symbols open to compiled code; None if this build of the package has none."""
    path = Path(__file__).parents[1] / "lib" / "libtfc_gpu.so"
    if not path.exists():
        return None
    found = ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
    found.tfc_gpu_why_none.restype = ctypes.c_char_p
    found.tfc_gpu_set_memory_limit.argtypes = [ctypes.c_int32, ctypes.c_int64]
    address = lambda name: ctypes.cast(getattr(found, name), ctypes.c_void_p).value
    _native.set_device_memory(address("tfc_gpu_allocate"), address("tfc_gpu_free"))
    return found


@functools.cache
def gpus() -> tuple:
    """The devices, CUDA's first, then Vulkan's, software drivers last."""
    runtime = library()
    made = []
    for index in range(runtime.tfc_gpu_device_count() if runtime else 0):
        info = _Info()
        runtime.tfc_gpu_device_info(index, ctypes.byref(info))
        cuda = info.backend == 2
        made.append(
            Gpu(
                index,
                info.name.decode(errors="replace"),
                info.driver.decode(errors="replace"),
                "nvptx" if cuda else "spirv",
                bool(info.is_software),
                frozenset(f for bit, f in enumerate(_FEATURES) if info.features >> bit & 1),
                info.max_threads,
                info.shared_bytes,
                info.subgroup,
                info.memory_bytes,
                info.buffer_bytes,
                (info.compute_major, info.compute_minor) if cuda else None,
            )
        )
    return tuple(made)


def why_none() -> str:
    """What was looked for, where there are no devices."""
    runtime = library()
    return runtime.tfc_gpu_why_none().decode() if runtime else "this build of the package has no device runtime"


def open_gpu(index: int) -> str:
    """Opens a device; returns what is wrong, or nothing."""
    message = ctypes.c_char_p()
    failed = library().tfc_gpu_open(index, ctypes.byref(message))
    return (message.value or b"it could not be opened").decode(errors="replace") if failed else ""


def counters(index: int) -> dict:
    """What a device did so far: launches, waits, bytes copied and in use, ... (`tfc_gpu_counters`)."""
    found = _Counters()
    library().tfc_gpu_get_counters(index, ctypes.byref(found))
    return {name: getattr(found, name) for name, _ in _Counters._fields_}


def reset_peak(index: int) -> None:
    """The peak of the bytes in use is what is in use now."""
    library().tfc_gpu_reset_peak(index)


def set_memory_limit(index: int, limit: int) -> None:
    """The most bytes to allocate on a device; 0: no limit."""
    library().tfc_gpu_set_memory_limit(index, limit)
