"""Variables, modules, and the scopes that name and create them."""

from tfc.state import slices
from tfc.state.creators import (
    check_name,
    creators,
    current_name_scope,
    name_scope,
    root_name_scope,
    variable_creator_scope,
)
from tfc.state.module import Module
from tfc.state.tracking import Trackable
from tfc.state.variable import Variable, VariableAggregation, VariableSynchronization, stand_in

__all__ = [
    "Module",
    "Trackable",
    "Variable",
    "VariableAggregation",
    "VariableSynchronization",
    "check_name",
    "creators",
    "current_name_scope",
    "name_scope",
    "root_name_scope",
    "slices",
    "stand_in",
    "variable_creator_scope",
]
