"""The devices of the process: there is one CPU. What places ops elsewhere in TensorFlow is accepted, without effect."""

import os
from typing import NamedTuple


class PhysicalDevice(NamedTuple):
    """A device of the machine."""

    name: str
    device_type: str


class LogicalDevice(NamedTuple):
    """A device as programs see it."""

    name: str
    device_type: str


_PHYSICAL = (PhysicalDevice("/physical_device:CPU:0", "CPU"),)
_LOGICAL = (LogicalDevice("/device:CPU:0", "CPU"),)


def _of_type(devices, device_type):
    return [d for d in devices if device_type in (None, d.device_type)]


def list_physical_devices(device_type=None) -> list:
    """The devices of the machine, of one type ("CPU", "GPU") if it is given."""
    return _of_type(_PHYSICAL, device_type)


def list_logical_devices(device_type=None) -> list:
    """The devices as programs see them, of one type if it is given."""
    return _of_type(_LOGICAL, device_type)


def get_visible_devices(device_type=None) -> list:
    return _of_type(_PHYSICAL, device_type)


def set_visible_devices(devices, device_type=None) -> None:
    """`ValueError` for a device that is not there. There is no way to run without the CPU."""
    for d in devices if isinstance(devices, (list, tuple)) else [devices]:
        if d not in _PHYSICAL:
            raise ValueError(f"{d!r} is not a device of this machine: those are {list(_PHYSICAL)}")


_placement = [True]


def set_soft_device_placement(enabled) -> None:
    """Accepted for compatibility: there is one device."""
    _placement[0] = bool(enabled)


def get_soft_device_placement() -> bool:
    return _placement[0]


class device:
    """`with tf.device(name):` Accepted for compatibility: ops run on the CPU, whatever the name says.

    `ValueError` for a name that is none, such as `"CPU0"`.
    """

    def __init__(self, device_name=None):
        if callable(device_name):
            raise RuntimeError("tf.device does not support functions.")
        if device_name is not None and not isinstance(getattr(device_name, "name", device_name), str):
            raise ValueError(f"tf.device takes a name such as '/CPU:0', got {device_name!r}")
        name = getattr(device_name, "name", device_name)
        if name and not any(part in name.upper() for part in ("CPU", "GPU", "TPU", "JOB", "TASK", "DEVICE")):
            raise ValueError(f"Failed to parse device name: '{name}'. It looks like '/CPU:0' or '/device:GPU:1'.")

    def __enter__(self):
        return None

    def __exit__(self, *error):
        return None


class _Experimental:
    """`tf.config.experimental`."""

    list_physical_devices = staticmethod(list_physical_devices)
    list_logical_devices = staticmethod(list_logical_devices)
    get_visible_devices = staticmethod(get_visible_devices)
    set_visible_devices = staticmethod(set_visible_devices)

    @staticmethod
    def get_device_details(device) -> dict:
        """What is known of a physical device."""
        return {"device_name": f"CPU, {os.cpu_count()} threads"} if device.device_type == "CPU" else {}

    @staticmethod
    def set_memory_growth(device, enable) -> None:
        set_visible_devices([device])

    @staticmethod
    def get_memory_growth(device) -> bool:
        set_visible_devices([device])
        return True

    @staticmethod
    def enable_op_determinism() -> None:
        """Compiled code is deterministic already."""


experimental = _Experimental()
