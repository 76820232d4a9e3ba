"""The devices of the process, and where functions run: `tf.config.list_physical_devices`, `tf.device`, ...

There is one CPU, and the GPUs that a driver reports. Everything runs on the CPU unless `with tf.device("GPU:0")` says
otherwise.
"""

import os
import re
import threading as _threads
import warnings
from typing import NamedTuple

from tfc._native import device_of, move_to_device, set_context
from tfc.config import gpus as _gpus
from tfc.errors import InvalidArgumentError, ResourceExhaustedError, page, user_line


class PhysicalDevice(NamedTuple):
    """A device of the machine."""

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device as programs see it."""

    name: str
    device_type: str


class LogicalDeviceConfiguration(NamedTuple):
    """`memory_limit`: megabytes that a GPU may use."""

    memory_limit: float | None = None
    experimental_priority: int | None = None
    experimental_device_ordinal: int | None = None


_CPU = PhysicalDevice("/physical_device:CPU:0", "CPU")
# What `set_visible_devices` chose, by type; None: all.
_visible: dict = {"CPU": None, "GPU": None}
_configured: dict = {}


def _physical_gpus() -> list:
    return [PhysicalDevice(f"/physical_device:GPU:{g.index}", "GPU") for g in _gpus.gpus()]


def list_physical_devices(device_type=None) -> list:
    """The devices of the machine, of one type ("CPU", "GPU") if it is given."""
    found = [_CPU] if device_type in (None, "CPU") else []
    return found + (_physical_gpus() if device_type in (None, "GPU") else [])


def get_visible_devices(device_type=None) -> list:
    """The physical devices that programs may use."""
    chosen = []
    for d in list_physical_devices(device_type):
        allowed = _visible[d.device_type]
        if allowed is None or d in allowed:
            chosen.append(d)
    return chosen


def set_visible_devices(devices, device_type=None) -> None:
    """Limits what programs may use. `ValueError` for a device that is not there; the CPU is always used."""
    devices = list(devices) if isinstance(devices, (list, tuple)) and not hasattr(devices, "name") else [devices]
    known = list_physical_devices()
    for d in devices:
        if d not in known:
            raise ValueError(f"{d!r} is not a device of this machine: those are {known}")
        if device_type is not None and d.device_type != device_type:
            raise ValueError(f"{d!r} is not a {device_type}")
    for kind in ("CPU", "GPU") if device_type is None else (device_type,):
        _visible[kind] = [d for d in devices if d.device_type == kind]


def _logical() -> list:
    """(type, number, physical device) of each logical device: one for each visible physical one, or as many as
    configured.
    """
    made, counts = [], {}
    for d in get_visible_devices():
        for _ in _configured.get(d) or [None]:
            number = counts.get(d.device_type, 0)
            counts[d.device_type] = number + 1
            made.append((d.device_type, number, d))
    return made


def list_logical_devices(device_type=None) -> list:
    """The visible devices as programs name them, of one type if it is given."""
    return [
        LogicalDevice(f"/device:{kind}:{number}", kind) for kind, number, _ in _logical() if device_type in (None, kind)
    ]


def _known(device):
    """The device itself; `ValueError` if the machine has none like it."""
    if device not in list_physical_devices():
        raise ValueError(f"Unrecognized device: {device!r}; those of this machine are {list_physical_devices()}")
    return device


def set_logical_device_configuration(device, logical_devices) -> None:
    """Makes logical devices of a physical one, and limits the memory of a GPU:
    `[LogicalDeviceConfiguration(memory_limit=...)]`, in megabytes.

    Several logical devices of one physical device are names for it: they share its memory (the limit is the sum of
    theirs), and tensors name the first.
    """
    configured = list(logical_devices)
    limits = [c.memory_limit for c in configured]
    if _known(device).device_type == "CPU" and any(limit is not None for limit in limits):
        raise ValueError("Setting memory limit on CPU virtual devices is currently not supported")
    _configured[device] = configured
    if device.device_type == "GPU":
        total = 0 if not limits or None in limits else sum(limits)
        _gpus.set_memory_limit(_number_of(device), int(total * 2**20))


def get_logical_device_configuration(device) -> list | None:
    """What `set_logical_device_configuration` said of a physical device, or None."""
    return _configured.get(_known(device))


def _number_of(device) -> int:
    """The runtime's number of a physical GPU."""
    return int(device.name.rsplit(":", 1)[1])


_placement = [True]


def set_soft_device_placement(enabled) -> None:
    """Whether `tf.device` of a GPU that is not there means the CPU, with a warning (the default), or is an error."""
    _placement[0] = bool(enabled)


def get_soft_device_placement() -> bool:
    return _placement[0]


class _Current(_threads.local):
    gpu = None  # the runtime's number, None: the CPU
    entered = ()  # GPUs that scopes named, newest last; see `entered_since`


_current = _Current()
# Whether a scope of any thread named a GPU, ever: until then single ops ask nothing of this module.
used_gpus = [False]


def current_gpu() -> int | None:
    """The GPU that functions called by this thread run on; None: the CPU."""
    return _current.gpu


def mark_entered() -> int:
    """See `entered_since`."""
    return len(_current.entered)


def entered_since(mark: int) -> int | None:
    """The GPU of the scopes that this thread entered since: the first one, if there was any."""
    found = _current.entered[mark:]
    _current.entered = _current.entered[:mark]
    return found[0] if found else None


_NAME = re.compile(
    r"^/?(?:job:\w+/)?(?:replica:\d+/)?(?:task:\d+/)?(?:device:)?(?P<type>[A-Za-z_]+)(?::(?P<number>\d+|\*))?$"
)


def _resolve(name: str) -> int | None:
    """The GPU of a device name such as "GPU:0", "/GPU:1", "/device:CPU:0"; None: the CPU."""
    text = name.strip("/")
    if re.fullmatch(r"(job:\w+)?/?(replica:\d+)?/?(task:\d+)?", text):
        return _current.gpu
    found = _NAME.match(name)
    kind = found and found["type"].upper()
    if kind not in ("CPU", "GPU"):
        raise ValueError(f"Failed to parse device name: '{name}'. It looks like '/CPU:0' or '/device:GPU:1'.")
    number = 0 if found["number"] in (None, "*") else int(found["number"])
    logical = [d for type_, _, d in _logical() if type_ == kind]
    if kind == "CPU":
        if number < max(1, len(logical)):
            return None
        reason = f"{len(logical)} logical CPUs; tf.config.set_logical_device_configuration makes more"
    elif number < len(logical):
        index = _number_of(logical[number])
        problem = _gpus.open_gpu(index)
        if not problem:
            return index
        reason = problem
    else:
        reason = f"{len(logical)} GPUs are visible ({_gpus.why_none()})"
    if _placement[0]:
        warnings.warn(f"{name!r} cannot be used, the CPU takes its place: {reason}", RuntimeWarning, stacklevel=4)
        return None
    raise InvalidArgumentError(
        None,
        None,
        page(
            f"Could not satisfy device specification {name!r}",
            got=reason,
            where=user_line(),
            fix=("" if kind == "CPU" else "install a Vulkan or CUDA driver; ")
            + "tf.config.set_soft_device_placement(True) uses the CPU instead",
        ),
    )


def _existing(name: str) -> int | None:
    """The GPU of a name, None for the CPU; `ValueError` for a device that is not there."""
    found = _NAME.match(name)
    kind, number = (found["type"].upper(), found["number"] or "0") if found else ("", "0")
    for type_, n, d in _logical():
        if type_ == kind and number in ("*", str(n)):
            return _number_of(d) if kind == "GPU" else None
    raise ValueError(f"No matching devices found for {name!r}; there are {[d.name for d in list_logical_devices()]}")


class device:
    """`with tf.device(name):` functions called inside run on that device; tensors and variables made inside are kept
    there.

    Names are "GPU:0", "/CPU:0", "/device:GPU:1", a logical device, or None (the default). Inside a function that is
    being traced, the whole function runs on the GPU that a scope names. Single ops outside of functions are computed
    by the CPU; their results are kept in the device's memory too.

    A GPU that is not there means the CPU, with a warning, or an `InvalidArgumentError` (see
    `tf.config.set_soft_device_placement`); `ValueError` for a name that is none, such as `"CPU0"`.
    """

    def __init__(self, device_name=None):
        if callable(device_name):
            raise RuntimeError("tf.device does not support functions.")
        name = getattr(device_name, "name", device_name)
        if name is not None and not isinstance(name, str):
            raise ValueError(f"tf.device takes a name such as '/CPU:0', got {device_name!r}")
        self._gpu = None if not name else _resolve(name)
        if self._gpu is not None:
            used_gpus[0] = True
        self._keeps = device_name is None
        self._before: list = []

    def __enter__(self):
        self._before.append(_current.gpu)
        if not self._keeps:
            _set_current(self._gpu)
            if self._gpu is not None:
                _current.entered = (*_current.entered, self._gpu)
        return None

    def __exit__(self, *error):
        _set_current(self._before.pop())


def _set_current(gpu: int | None) -> None:
    _current.gpu = gpu
    # Part of every key of the native dispatch.
    set_context(0 if gpu is None else gpu + 1)


def device_name(number: int) -> str:
    """The full name of a device of the runtime; -1: the CPU. Names count visible devices, as `tf.device` does."""
    if number < 0:
        return "/job:localhost/replica:0/task:0/device:CPU:0"
    logical = (n for kind, n, d in _logical() if kind == "GPU" and _number_of(d) == number)
    return f"/job:localhost/replica:0/task:0/device:GPU:{next(logical, number)}"


def assigned(variable, assign, value) -> None:
    """`assign(value)`, after which the variable is on the device that it was on before."""
    before = device_of(variable)
    assign(value)
    if before >= 0 and device_of(variable) != before:
        _move(variable, before)


def placed(x):
    """A new tensor or variable, put where `tf.device` says."""
    if _current.gpu is not None and device_of(x) != _current.gpu:
        _move(x, _current.gpu)
    return x


def _move(x, gpu: int) -> None:
    try:
        move_to_device(x, gpu)
    except MemoryError as e:
        raise ResourceExhaustedError(None, None, page(str(e), where=user_line())) from None


class _Experimental:
    """`tf.config.experimental`."""

    list_physical_devices = staticmethod(list_physical_devices)
    list_logical_devices = staticmethod(list_logical_devices)
    get_visible_devices = staticmethod(get_visible_devices)
    set_visible_devices = staticmethod(set_visible_devices)
    VirtualDeviceConfiguration = LogicalDeviceConfiguration
    set_virtual_device_configuration = staticmethod(set_logical_device_configuration)
    get_virtual_device_configuration = staticmethod(get_logical_device_configuration)

    @staticmethod
    def get_device_details(device) -> dict:
        """What is known of a physical device."""
        if device.device_type == "CPU":
            return {"device_name": f"CPU, {os.cpu_count()} threads"}
        gpu = _gpus.gpus()[_number_of(device)]
        details = {
            "device_name": gpu.name,
            "driver": gpu.driver,
            "target": gpu.target,
            "is_software": gpu.is_software,
            "features": sorted(gpu.features),
            "subgroup_size": gpu.subgroup,
            "shared_memory_bytes": gpu.shared_bytes,
        }
        if gpu.compute_capability:
            details["compute_capability"] = gpu.compute_capability
        return details

    @staticmethod
    def get_memory_info(device) -> dict:
        """{"current", "peak"}: bytes in use on a GPU such as "GPU:0"; zeros for the CPU, where nobody counts."""
        gpu = _existing(device)
        if gpu is None:
            return {"current": 0, "peak": 0}
        found = _gpus.counters(gpu)
        return {"current": found["bytes_in_use"], "peak": found["bytes_peak"]}

    @staticmethod
    def get_memory_usage(device) -> int:
        """The bytes in use on a device."""
        return _Experimental.get_memory_info(device)["current"]

    @staticmethod
    def reset_memory_stats(device) -> None:
        """The peak of a device's memory is what is in use now."""
        gpu = _existing(device)
        if gpu is not None:
            _gpus.reset_peak(gpu)

    @staticmethod
    def get_counters(device) -> dict:
        """What a GPU such as "GPU:0" did so far: launches, waits, bytes copied in and out, bytes in use, ..."""
        gpu = _existing(device)
        return {} if gpu is None else _gpus.counters(gpu)

    @staticmethod
    def get_synchronous_execution() -> bool:
        """Whether results are there when a call returns: always."""
        return True

    @staticmethod
    def set_synchronous_execution(enable) -> None:
        """Calls return with their results whatever is chosen: nothing is left to happen later."""

    @staticmethod
    def get_device_policy() -> str:
        """What becomes of a tensor that is on another device than the call: it is moved ("silent")."""
        return "silent"

    @staticmethod
    def set_device_policy(device_policy) -> None:
        """Only "silent" (or None): tensors are moved where they are needed."""
        if device_policy not in (None, "silent"):
            raise ValueError(f"Not a supported device policy: {device_policy!r}; tensors are always moved ('silent')")

    @staticmethod
    def set_memory_growth(device, enable) -> None:
        """Memory always grows as needed."""
        _known(device)

    @staticmethod
    def get_memory_growth(device) -> bool:
        _Experimental.set_memory_growth(device, True)
        return True

    @staticmethod
    def enable_tensor_float_32_execution(enabled) -> None:
        """Whether matrix products of float32 may be rounded to TensorFloat-32 (10 bits of fraction) where a device's
        tensor cores do that; by default they may. It holds for functions compiled from then on, on NVIDIA devices only.
        """
        _gpus.tensor_float_32[0] = bool(enabled)

    @staticmethod
    def tensor_float_32_execution_enabled() -> bool:
        return _gpus.tensor_float_32[0]

    @staticmethod
    def enable_op_determinism() -> None:
        """Compiled code is deterministic already."""


experimental = _Experimental()
