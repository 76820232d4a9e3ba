"""Settings of the process: one typed table."""

from dataclasses import dataclass, fields

from tfc._native import set_slow_everywhere
from tfc.config import compilation_cache, optimizer, threading
from tfc.config.denormals import get_flush_denormals, set_flush_denormals
from tfc.config.devices import (
    LogicalDevice,
    LogicalDeviceConfiguration,
    PhysicalDevice,
    device,
    experimental,
    get_logical_device_configuration,
    get_soft_device_placement,
    get_visible_devices,
    list_logical_devices,
    list_physical_devices,
    set_logical_device_configuration,
    set_soft_device_placement,
    set_visible_devices,
)

__all__ = [
    "Knobs",
    "LogicalDevice",
    "LogicalDeviceConfiguration",
    "PhysicalDevice",
    "compilation_cache",
    "device",
    "experimental",
    "experimental_functions_run_eagerly",
    "experimental_run_functions_eagerly",
    "functions_run_eagerly",
    "get_flush_denormals",
    "get_logical_device_configuration",
    "get_soft_device_placement",
    "get_visible_devices",
    "knobs",
    "list_logical_devices",
    "list_physical_devices",
    "optimizer",
    "run_functions_eagerly",
    "set_flush_denormals",
    "set_knob",
    "set_logical_device_configuration",
    "set_soft_device_placement",
    "set_visible_devices",
    "threading",
]


@dataclass
class Knobs:
    """Every setting, with its default. Read as `config.knobs.name`, changed by `config.set_knob`."""

    run_functions_eagerly: bool = False
    # Traces kept for each function; the least recently used goes first.
    trace_cache_limit: int = 512
    # Whether exceptions of functions show the user's frames only.
    filter_tracebacks: bool = True


knobs = Knobs()


def set_knob(name: str, value) -> None:
    """Changes one setting; `AttributeError` for an unknown name, `TypeError` for a value of another type."""
    known = {f.name: f.type for f in fields(Knobs)}
    if name not in known:
        raise AttributeError(f"there is no setting {name!r}; known: {', '.join(sorted(known))}")
    want = type(getattr(knobs, name))
    if not isinstance(value, want):
        raise TypeError(f"{name} takes {want.__name__}, got {value!r}")
    setattr(knobs, name, value)


def run_functions_eagerly(run_eagerly: bool) -> None:
    """`tf.config.run_functions_eagerly`: functions run as plain Python while this is True."""
    set_knob("run_functions_eagerly", bool(run_eagerly))
    set_slow_everywhere(bool(run_eagerly))


def functions_run_eagerly() -> bool:
    """Whether functions run as plain Python."""
    return knobs.run_functions_eagerly


experimental_run_functions_eagerly = run_functions_eagerly
experimental_functions_run_eagerly = functions_run_eagerly
