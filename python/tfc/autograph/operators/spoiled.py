"""What stands in a list or dictionary for an item that has no value one could use: whoever uses it gets the reason."""


class Spoiled:
    """Raises `error` when it is used for anything."""

    __slots__ = ("_error",)

    def __init__(self, error):
        object.__setattr__(self, "_error", error)

    def __getattr__(self, name):
        raise object.__getattribute__(self, "_error")

    def __repr__(self):
        return "<an item without a value>"


def reason(value):
    """The error of a `Spoiled`."""
    return object.__getattribute__(value, "_error")


def _use(self, *args, **kwargs):
    raise object.__getattribute__(self, "_error")


for _name in (
    "add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul rmatmul and rand or ror "
    "xor rxor lt le gt ge eq ne neg pos abs invert bool len iter next getitem setitem contains call int float index "
    "array complex"
).split():
    setattr(Spoiled, f"__{_name}__", _use)
Spoiled.__hash__ = object.__hash__
