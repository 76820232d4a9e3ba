"""`tf.data.Options`: what TensorFlow's runtime may do. Datasets here run in order on the thread that asks."""

import enum


class AutoShardPolicy(enum.IntEnum):
    """How a dataset is divided among machines."""

    OFF = -1
    AUTO = 0
    FILE = 1
    DATA = 2
    HINT = 3


class ExternalStatePolicy(enum.Enum):
    """What is done about state outside of a dataset when it is saved."""

    WARN = 0
    IGNORE = 1
    FAIL = 2


class AutotuneAlgorithm(enum.Enum):
    """How buffers and parallelism are chosen."""

    DEFAULT = 0
    HILL_CLIMB = 1
    GRADIENT_DESCENT = 2
    MAX_PARALLELISM = 3
    STAGE_BASED = 4


class _Group:
    """Attributes that are None (or a default) until they are set, each of a type."""

    _kinds: dict = {}
    _defaults: dict = {}

    def __getattr__(self, name):
        kinds = type(self)._kinds
        if name not in kinds:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        kind = kinds[name]
        if isinstance(kind, type) and issubclass(kind, _Group):
            made = self.__dict__[name] = kind()
            return made
        return type(self)._defaults.get(name)

    def __setattr__(self, name, value):
        kinds = type(self)._kinds
        if name not in kinds:
            raise AttributeError(
                f"Cannot set the property {name} on {type(self).__name__}. "
                f"It has {', '.join(k for k in kinds if not k.startswith('experimental_deterministic'))}."
            )
        if value is not None and type(value) is not kinds[name] and not isinstance(value, kinds[name]):
            raise TypeError(f'Property "{name}" must be of type {kinds[name]}, got: {value!r} (type: {type(value)}).')
        self.__dict__[name] = value

    def _set(self) -> dict:
        """What was set, without empty groups."""
        values = {k: v._set() if isinstance(v, _Group) else v for k, v in self.__dict__.items()}
        return {k: v for k, v in values.items() if v is not None and v != {}}

    def __eq__(self, other):
        return type(self) is type(other) and self._set() == other._set()

    def __ne__(self, other):
        return not self == other

    __hash__ = None

    def _with(self, other) -> "_Group":
        made = type(self)()
        for source in (self, other):
            for name, value in source.__dict__.items():
                if isinstance(value, _Group):
                    made.__dict__[name] = getattr(made, name)._with(value)
                elif value is not None:
                    made.__dict__[name] = value
        return made


class AutotuneOptions(_Group):
    """What is chosen while a dataset runs."""

    _kinds = {
        "enabled": bool, "cpu_budget": int, "ram_budget": int, "autotune_algorithm": AutotuneAlgorithm,
        "initial_parallelism": int, "min_parallelism": int,
    }  # fmt: skip


class DistributeOptions(_Group):
    """How a dataset is divided among machines."""

    _kinds = {"auto_shard_policy": AutoShardPolicy, "num_devices": int}
    _defaults = {"auto_shard_policy": AutoShardPolicy.AUTO}


class OptimizationOptions(_Group):
    """Which rewritings of a dataset are made."""

    _kinds = dict.fromkeys(
        (
            "apply_default_optimizations", "filter_fusion", "filter_parallelization", "inject_prefetch",
            "map_and_batch_fusion", "map_and_filter_fusion", "map_fusion", "map_parallelization", "noop_elimination",
            "parallel_batch", "shuffle_and_repeat_fusion", "seq_interleave_prefetch",
        ), bool,
    )  # fmt: skip


class ThreadingOptions(_Group):
    """How many threads a dataset has."""

    _kinds = {"max_intra_op_parallelism": int, "private_threadpool_size": int}


class ServiceOptions(_Group):
    """How a service of datasets is used."""

    _kinds = {"pinned": bool}


class Options(_Group):
    """Accepted and kept, as TensorFlow's; they change nothing here."""

    _kinds = {
        "autotune": AutotuneOptions, "dataset_name": str, "deterministic": bool, "experimental_deterministic": bool,
        "experimental_distribute": DistributeOptions, "experimental_external_state_policy": ExternalStatePolicy,
        "experimental_optimization": OptimizationOptions, "experimental_service": ServiceOptions,
        "experimental_slack": bool, "experimental_symbolic_checkpoint": bool, "experimental_warm_start": bool,
        "experimental_threading": ThreadingOptions, "framework_type": list, "threading": ThreadingOptions,
    }  # fmt: skip

    def __getattr__(self, name):
        return super().__getattr__(_RENAMED.get(name, name))

    def __setattr__(self, name, value):
        super().__setattr__(_RENAMED.get(name, name), value)

    def merge(self, options: "Options") -> "Options":
        """These options, and what others say on top of them."""
        return self._with(options)


_RENAMED = {"experimental_deterministic": "deterministic", "experimental_threading": "threading"}
