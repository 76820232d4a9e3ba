"""Optimizers (`tf.optimizers`): plain objects that own slot variables and update variables from gradients."""

from tfc.ops.naming import publish
from tfc.optimizers import schedules
from tfc.optimizers.adaptive import Adadelta, Adagrad, Ftrl, RMSprop
from tfc.optimizers.moments import Adam, Adamax, AdamW, Lion, Nadam
from tfc.optimizers.optimizer import Optimizer
from tfc.optimizers.registry import deserialize, get, serialize
from tfc.optimizers.sgd import SGD

publish(globals())

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]
