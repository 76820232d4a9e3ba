"""What the array API standard lets a program ask about a namespace."""

from tfc.array_api.creation import devices
from tfc.array_api.dtypes import DEFAULT, STANDARD, isdtype


class Info:
    """The object that `__array_namespace_info__` returns."""

    def capabilities(self) -> dict:
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": None}

    def default_device(self) -> str:
        return devices()[0]

    def devices(self) -> tuple:
        return devices()

    def default_dtypes(self, *, device=None) -> dict:
        return dict(DEFAULT)

    def dtypes(self, *, device=None, kind=None) -> dict:
        return {n: d for n, d in STANDARD.items() if kind is None or isdtype(d, kind)}


def __array_namespace_info__() -> Info:
    """What this namespace can do."""
    return Info()
