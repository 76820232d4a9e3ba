"""numpy's indexing of tensors: lists, arrays of integers and masks, beside slices and numbers."""

import numpy as np

from tfc.core import Tensor, VariableStorage
from tfc.dtypes import int64
from tfc.experimental.numpy.promotion import asarray
from tfc.ops import array as ops
from tfc.ops import math, slicing
from tfc.ops import primitives as p
from tfc.ops.gather import boolean_mask, gather_nd
from tfc.ops.gather import where as where_

_ARRAYS = (list, tuple, np.ndarray, Tensor, VariableStorage)


def getitem(x, key):
    """x[key] as numpy has it: arrays of integers and masks choose elements, and broadcast against each other."""
    parts = list(key) if isinstance(key, tuple) else [key]
    if not any(_is_array(k) for k in parts):
        return slicing.getitem(x, key)
    if len(parts) == 1 and _is_one_mask(parts[0]):
        # The whole of it, once or not at all.
        return boolean_mask(ops.expand_dims(x, 0), ops.reshape(asarray(parts[0]), [1]))
    parts = [_as_index(k) for k in parts]
    parts = [q for k in parts for q in (k if isinstance(k, list) else [k])]
    if Ellipsis not in [k for k in parts if not isinstance(k, Tensor)]:
        parts.append(Ellipsis)
    at = next(i for i, k in enumerate(parts) if k is Ellipsis)
    used = sum(k is not None and k is not Ellipsis for k in parts)
    parts[at : at + 1] = [slice(None)] * (x.shape.rank - used)
    # Slices and new dimensions first; numbers are arrays without dimensions.
    chosen = [i for i, k in enumerate(parts) if isinstance(k, (Tensor, int, np.integer))]
    sliced = slicing.getitem(x, tuple(slice(None) if i in chosen else k for i, k in enumerate(parts)))
    sizes = ops.shape(sliced, int64)
    indices = []
    for i in chosen:
        index = asarray(parts[i], int64)
        indices.append(where_(index < 0, index + sizes[i], index))
    first = indices[0]
    for index in indices[1:]:
        first = first + index * 0
    indices = [index + first * 0 for index in indices]
    rest = [i for i in range(sliced.shape.rank) if i not in chosen]
    found = gather_nd(ops.transpose(sliced, chosen + rest), ops.stack(indices, -1))
    width = first.shape.rank
    together = chosen == list(range(chosen[0], chosen[0] + len(chosen)))
    before = sum(i < chosen[0] for i in rest) if together else 0
    order = [*range(width, width + before), *range(width), *range(width + before, found.shape.rank)]
    return found if order == list(range(found.shape.rank)) else ops.transpose(found, order)


def _is_array(k) -> bool:
    if isinstance(k, (Tensor, VariableStorage)):
        return bool(k.shape_tuple) or k.dtype.is_bool
    return isinstance(k, (list, tuple, np.bool_)) or (isinstance(k, np.ndarray) and (k.ndim > 0 or k.dtype == bool))


def _is_one_mask(k) -> bool:
    return not isinstance(k, (list, tuple)) and tuple(k.shape) == () and asarray(k).dtype.is_bool


def _as_index(k):
    """An array as a tensor of integers; a mask as one vector of positions for each of its dimensions."""
    if not isinstance(k, _ARRAYS):
        return k
    index = asarray(np.asarray(k, np.int64) if isinstance(k, (list, tuple)) and not len(k) else k)
    if index.dtype.is_bool:
        places = p.nonzero(index)
        return [places[:, i] for i in range(index.shape.rank)]
    return math.cast(index, int64)
