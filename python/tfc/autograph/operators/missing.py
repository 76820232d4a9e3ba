"""What stands for values that variables do not have."""

from .spoiled import Spoiled


class Undefined:
    """Stands for the value of a variable that has none. Never stored in the user's variables: those are left
    unbound.
    """

    __slots__ = ()

    def __repr__(self):
        return "<undefined>"


class NoReturn:
    """The value of a function that has not returned. `may_end` says whether it could end without a return
    statement.
    """

    __slots__ = ("may_end",)

    def __init__(self, may_end):
        self.may_end = may_end

    def __repr__(self):
        return "<no return value>"


UNDEFINED = Undefined()
NO_RETURN = NoReturn(True)
UNSET_RETURN = NoReturn(False)
RETURN_VALUE = "ag__value"


def is_missing(value):
    """Has the variable no value yet?"""
    return value is UNDEFINED or type(value) is NoReturn or type(value) is Spoiled
