"""`tf.config.optimizer`: what the compiler may do.

The options, and what they are by default:

* `contract` (True): a multiplication and an addition may become one fused operation, which rounds once.
* `reassociate` (True): sums and products may be computed in another order.
* `strict` (False): neither of the two, whatever they say.
* `parallel` (True): large loops may be shared by the threads of `tf.config.threading`.
* `chain_microseconds` (50.0): updates that share nothing run at the same time if each takes so long, by an estimate.
* `cpu` ("native"): the processor that code is for, as LLVM names it ("x86-64-v3", "haswell", "skylake-avx512",
  "generic"): for code that does the same on other machines, to the last bit (but for the few arguments that libm is
  called for), and to see what these would run. One that has more than this machine is a `ValueError` where a function
  is compiled, with what is missing. The environment variable `TFC_CPU` sets it when the package is imported.
* `opt_level` (2): 0 to 3, how hard LLVM tries.
* `disable` (()): passes to leave out; a `ValueError` lists those that can be. The environment variable
  `TFC_DISABLE_PASSES` (names with commas between them) sets it when the package is imported.
* `keep_panels` (True): products keep copies of large weights, in the order that they read them in, from call to call:
  of captured tensors as long as the function lives, of variables that it only reads until they are assigned. They take
  as much memory as the weights once more. False: each call copies.
* `line_tables` (False): code knows the lines of the program, for profilers and debuggers.
* `background` (False): a new kind of arguments does not wait for the compiler: another thread compiles, and calls run
  op by op until it is done. `wait_for_background` waits for all of them.
* `progress_seconds` (10.0): compilations that take longer say in the log (`logging.getLogger("tfc")`) what they are
  doing, and again after as many seconds; 0 for never.

They hold for functions compiled from then on. `tf.function(experimental_attributes={"compile_options": {...}})` sets
them for one function.
"""

import os

_DEFAULTS = {
    "contract": True,
    "reassociate": True,
    "strict": False,
    "parallel": True,
    "chain_microseconds": 50.0,
    "cpu": "native",
    "opt_level": 2,
    "disable": (),
    "keep_panels": True,
    "line_tables": False,
    "background": False,
    "progress_seconds": 10.0,
}
# What the compiler itself is not told.
_OURS = ("background", "keep_panels", "progress_seconds")
_values = dict(_DEFAULTS)
_accepted: dict = {}
_jit = {"value": ""}


def set_experimental_options(options: dict) -> None:
    """Changes the options that are given.

    Options of TensorFlow's graph optimizer (`layout_optimizer`, `constant_folding`, ...) are accepted, without effect.
    Raises `ValueError` for a name that neither knows, and `TypeError` for a value of another type.
    """
    _accepted.update({k: v for k, v in options.items() if k in _OF_TENSORFLOW})
    _values.update(checked({k: v for k, v in options.items() if k not in _OF_TENSORFLOW}))


def get_experimental_options() -> dict:
    """The options that are not what they are by default."""
    return {**_accepted, **{k: v for k, v in _values.items() if v != _DEFAULTS[k]}}


def set_jit(enabled) -> None:
    """Accepted for TensorFlow's sake: every function is compiled. A bool or "autoclustering", else `ValueError`."""
    if enabled not in (True, False, "autoclustering"):
        raise ValueError("enabled must be one of 'autoclustering', True, or False.")
    _jit["value"] = "autoclustering" if enabled else ""


def get_jit() -> str:
    """What `set_jit` was given."""
    return _jit["value"]


def checked(options: dict) -> dict:
    """The options, of the right types."""
    result = {}
    for name, value in options.items():
        if name not in _DEFAULTS:
            raise ValueError(f"there is no compile option {name!r}; options are {', '.join(_DEFAULTS)}")
        if name == "disable":
            value = (value,) if isinstance(value, str) else tuple(value)
            if not all(isinstance(v, str) for v in value):
                raise TypeError(f"disable takes names of passes, got {value!r}")
        elif name in ("progress_seconds", "chain_microseconds") and type(value) is int:
            value = float(value)
        elif type(value) is not type(_DEFAULTS[name]):
            raise TypeError(f"{name} takes {type(_DEFAULTS[name]).__name__}, got {value!r}")
        if name == "progress_seconds" and not value >= 0:
            raise ValueError(f"progress_seconds is a number of seconds, 0 for never; got {value}")
        if name == "chain_microseconds" and not value >= 0:
            raise ValueError(f"chain_microseconds is a number of microseconds, at least 0; got {value}")
        if name == "cpu" and not (value and value.isprintable() and not set(" ,") & set(value)):
            raise ValueError(f"cpu is 'native' or the name of one processor, as LLVM has it; got {value!r}")
        if name == "opt_level" and not 0 <= value <= 3:
            raise ValueError(f"opt_level is 0, 1, 2 or 3, got {value}")
        result[name] = value
    return result


def compiler_options(extra: dict | None = None) -> dict:
    """The options as the compiler takes them, those of `extra` on top."""
    merged = {**_values, **(extra or {})}
    if merged.pop("strict"):
        merged["contract"] = merged["reassociate"] = False
    return {k: v for k, v in merged.items() if v != _DEFAULTS[k] and k not in _OURS}


def in_background(extra: dict | None = None) -> bool:
    """Whether to compile in the background, by the options of the process and those of a function."""
    return {**_values, **(extra or {})}["background"]


def keeps_panels(extra: dict | None = None) -> bool:
    """Whether code may keep copies of weights, by the options of the process and those of a function."""
    return {**_values, **(extra or {})}["keep_panels"]


def progress_seconds() -> float:
    """How long a compilation may be silent; 0: for ever."""
    return _values["progress_seconds"]


_waiting: list = []


def wait_for_background(timeout: float | None = None) -> bool:
    """Waits until everything is compiled that was begun in the background. False if that took longer than `timeout`
    seconds.
    """
    return all(wait(timeout) for wait in _waiting)


def register_background(wait) -> None:
    """Tells how to wait for the background: `wait(timeout)`."""
    _waiting.append(wait)


def _from_environment() -> None:
    if cpu := os.environ.get("TFC_CPU", "").strip():
        set_experimental_options({"cpu": cpu})
    names = tuple(name.strip() for name in os.environ.get("TFC_DISABLE_PASSES", "").split(",") if name.strip())
    if names:
        set_experimental_options({"disable": names})


_OF_TENSORFLOW = frozenset(
    {"layout_optimizer", "constant_folding", "shape_optimization", "remapping", "arithmetic_optimization",
     "dependency_optimization", "loop_optimization", "function_optimization", "debug_stripper",
     "disable_model_pruning", "scoped_allocator_optimization", "pin_to_host_optimization", "implementation_selector",
     "auto_mixed_precision", "disable_meta_optimizer", "min_graph_nodes", "auto_parallel"}
)  # fmt: skip

_from_environment()
