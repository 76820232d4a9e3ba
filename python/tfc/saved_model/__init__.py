"""Saved models: functions with their traces, and variables, loaded and called without the source."""

from tfc.ops.naming import publish
from tfc.saved_model.load import LoadOptions, contains_saved_model, load
from tfc.saved_model.objects import Asset
from tfc.saved_model.save import SaveOptions, save

DEFAULT_SERVING_SIGNATURE_DEF_KEY = "serving_default"

publish(globals())

__all__ = [
    "Asset",
    "DEFAULT_SERVING_SIGNATURE_DEF_KEY",
    "LoadOptions",
    "SaveOptions",
    "contains_saved_model",
    "load",
    "save",
]
