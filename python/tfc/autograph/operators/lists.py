"""Lists that grow: `l.append(x)`, and results of TensorArray methods that are dropped."""

import sys
import warnings

from .. import seam
from ..errors import ConversionWarning
from . import changes


class GrownList(seam.TensorArray):
    """What a Python list becomes that a traced loop appends to: a TensorArray with some manners of a list."""

    def __getitem__(self, index):
        if isinstance(index, slice):
            raise NotImplementedError("a list made in a tensor loop cannot be sliced; use tf.stack(list)[...] instead")
        if not seam.is_tensor(index) and index < 0:
            index = seam.add(self.size(), seam.tensor(index))
        return self.read(index)

    def append(self, item):
        raise NotImplementedError(
            "append to a list made in a tensor loop works in converted functions, as the statement `l.append(x)`"
        )

    def __tf_tensor__(self, dtype=None, name=None):
        return seam.tensor(self.stack(), dtype)


class ScratchList(list):
    """The list of a scratch run: shared by all branches and loops inside, it only collects what is
    appended.
    """

    collects_only = True


def append(target, item):
    """`target.append(item)`; gives the list to go on with."""
    if isinstance(target, GrownList):
        if not seam.tensorable(item):
            raise TypeError(_ELEMENTS.format(f"a {type(item).__name__}"))
        return target.write(target.size(), item)
    changes.changes(target).append(item)
    return target


_ELEMENTS = "a list that a tensor loop appends to holds tensors or numbers, got {}"


def element_of(items, name):
    """(dtype, shape) of a list's elements, or None for no elements. Raises where they have no common type."""
    kinds = []
    for item in items:
        if not seam.tensorable(item):
            raise TypeError(f"{name}: " + _ELEMENTS.format(f"a {type(item).__name__}"))
        item = seam.tensor(item)
        kinds.append((seam.dtype(item), seam.shape(item)))
    for kind in kinds:
        if kind[0] != kinds[0][0] or kind[1] != kinds[0][1]:
            raise ValueError(
                f"{name} gets elements of different types in a tensor loop: {_text(kinds[0])} and "
                f"{_text(kind)}. They must have one "
                "dtype and one shape"
            )
    return kinds[0] if kinds else None


def _text(kind):
    dtype, shape = kind
    return f"{dtype.name}{'[...]' if shape is None else list(shape)}"


def grown(items, kind):
    """A GrownList of these elements."""
    dtype, shape = kind
    made = GrownList(dtype, size=len(items), dynamic_size=True, clear_after_read=False, element_shape=shape)
    for i, item in enumerate(items):
        made = made.write(i, item)
    return made


_warned = set()


def dropped(value):
    """The value of an expression statement: `array.write(...)` alone does nothing."""
    if not seam.is_tensor_array(value):
        return
    frame = sys._getframe(1)
    place = frame.f_code.co_filename, frame.f_lineno
    if place in _warned:
        return
    _warned.add(place)
    warnings.warn_explicit(
        "The result of a TensorArray method is not used: the array stays as it was. Write `array = array.write(...)`",
        ConversionWarning,
        *place,
    )
