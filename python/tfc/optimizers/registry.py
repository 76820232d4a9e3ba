"""Optimizers by name and as plain data."""

from tfc.optimizers.adaptive import Adadelta, Adagrad, Ftrl, RMSprop
from tfc.optimizers.moments import Adam, Adamax, AdamW, Lion, Nadam
from tfc.optimizers.optimizer import Optimizer
from tfc.optimizers.sgd import SGD

_BY_NAME = {
    cls.__name__.lower(): cls for cls in (SGD, Adam, AdamW, Adamax, Nadam, Lion, RMSprop, Adagrad, Adadelta, Ftrl)
}


def serialize(optimizer) -> dict:
    """An optimizer as plain data."""
    return {"class_name": type(optimizer).__name__, "config": optimizer.get_config()}


def deserialize(config, custom_objects=None) -> Optimizer:
    """The optimizer that `serialize` wrote down."""
    known = {**_BY_NAME, **{name.lower(): cls for name, cls in (custom_objects or {}).items()}}
    name = str(config["class_name"]).lower()
    if name not in known:
        raise ValueError(f"Unknown optimizer {config['class_name']!r}: known are {sorted(known)}")
    return known[name].from_config(config.get("config", {}), custom_objects)


def get(identifier) -> Optimizer | None:
    """An optimizer from its name, its data, or itself."""
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        return deserialize({"class_name": identifier})
    if isinstance(identifier, dict):
        return deserialize(identifier)
    raise ValueError(f"Could not interpret optimizer identifier: {identifier!r}")
