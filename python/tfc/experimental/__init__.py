"""`tf.experimental`: what TensorFlow keeps there."""

from tfc.api.absent import explain as _explain
from tfc.data.optional import Optional
from tfc.experimental import numpy
from tfc.experimental.dispatch import (
    dispatch_for_api,
    dispatch_for_binary_elementwise_apis,
    dispatch_for_binary_elementwise_assert_apis,
    dispatch_for_unary_elementwise_apis,
    unregister_dispatch_for,
)
from tfc.experimental.extension_types import (
    BatchableExtensionType,
    ExtensionType,
    ExtensionTypeBatchEncoder,
    ExtensionTypeSpec,
)
from tfc.ops.naming import publish
from tfc.ops.ragged_shape import DynamicRaggedShape, RowPartition

publish(globals())

__all__ = [
    "BatchableExtensionType",
    "DynamicRaggedShape",
    "ExtensionType",
    "ExtensionTypeBatchEncoder",
    "ExtensionTypeSpec",
    "Optional",
    "RowPartition",
    "dispatch_for_api",
    "dispatch_for_binary_elementwise_apis",
    "dispatch_for_binary_elementwise_assert_apis",
    "dispatch_for_unary_elementwise_apis",
    "numpy",
    "unregister_dispatch_for",
]


def __getattr__(name):
    _explain("experimental", name)
