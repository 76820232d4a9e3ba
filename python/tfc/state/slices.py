"""`v[...].assign(value)` and the scatter methods: a variable's value with a part replaced."""

import builtins
import weakref

import numpy as np

from tfc.core import Tensor
from tfc.dtypes import int64
from tfc.ops import primitives as p
from tfc.ops import slicing
from tfc.ops.array import broadcast_to, reshape, shape, size, stack
from tfc.ops.convert import convert_to_tensor
from tfc.ops.creation import range as range_
from tfc.ops.gather import gather, gather_nd, tensor_scatter_nd_update, where
from tfc.state.variable import Variable

# What a tensor was taken from: id -> (weakref, variable, key).
_taken: dict = {}


def _getitem(self, key):
    tensor = slicing.getitem(self, key)
    number = id(tensor)
    _taken[number] = weakref.ref(tensor, lambda _, n=number: _taken.pop(n, None)), self, key
    return tensor


def _updater(name, combine):
    def get(tensor):
        found = _taken.get(id(tensor))
        if found is None or found[0]() is not tensor:
            raise AttributeError(f"'{type(tensor).__name__}' object has no attribute '{name}'")
        _, variable, key = found

        def update(value, use_locking=False, name=None, read_value=True):
            value = convert_to_tensor(value, variable.dtype)
            if combine is not None:
                value = combine(slicing.getitem(variable, key), value)
            return variable.assign(replaced(p.read_variable(variable), key, value))

        update.__name__ = name
        return update

    return property(get, doc=f"`v[...].{name}(value)` changes that part of the variable `v`.")


def replaced(x: Tensor, key, value: Tensor) -> Tensor:
    """`x` with `x[key]` replaced by `value`, which broadcasts to it."""
    if slicing._is_mask(key):
        return where(key, value, x)
    parts = tuple(key) if isinstance(key, (tuple, list)) else (key,)
    entries, squeezed, inserted = slicing._align(x, [slicing._part(k) for k in parts])
    starts, sizes, strides = [], [], []
    for extent, part in zip(x.shape_tuple, entries, strict=True):
        if isinstance(part, builtins.slice):
            if extent is None or any(isinstance(b, Tensor) for b in (part.start, part.stop, part.step)):
                return _scattered(x, key, value)
            start, stop, step = part.indices(extent)
            starts.append(start)
            sizes.append(len(builtins.range(start, stop, step)))
            strides.append(step)
        else:
            starts.append(part % extent if type(part) is int and extent is not None else part)
            sizes.append(1)
            strides.append(1)
    dims = [n for at, n in enumerate(sizes) if at not in squeezed]
    for at in inserted:
        dims.insert(at, 1)
    update = reshape(broadcast_to(value, dims), sizes)
    if 0 in sizes:
        return x
    origin = convert_to_tensor([p.cast(s, dtype=int64) if isinstance(s, Tensor) else s for s in starts], int64)
    return p.update_slice(x, update, origin, strides=tuple(strides))


def _scattered(x: Tensor, key, value: Tensor) -> Tensor:
    """The same where the bounds are known only at run time: by the positions of the elements."""
    positions = slicing.getitem(reshape(range_(size(x)), shape(x)), key)
    value = broadcast_to(value, shape(positions))
    flat = tensor_scatter_nd_update(reshape(x, [-1]), reshape(positions, [-1, 1]), reshape(value, [-1]))
    return reshape(flat, shape(x))


def _scatter(mode):
    def method(self, sparse_delta, use_locking=False, name=None):
        indices, updates = _indexed(sparse_delta)
        indices = p.expand_dims(indices, axes=(len(indices.shape_tuple),))
        return _scatter_at(self, indices, updates, mode)

    method.__name__ = f"scatter_{mode}"
    method.__doc__ = (
        f"Slices at `sparse_delta.indices` changed by '{mode}' with `sparse_delta.values`; returns the variable."
    )
    return method


def _scatter_nd(mode):
    def method(self, indices, updates, name=None):
        return _scatter_at(self, convert_to_tensor(indices), updates, mode)

    method.__name__ = f"scatter_nd_{mode}"
    method.__doc__ = f"Slices at the index vectors `indices` changed by '{mode}' with `updates`; returns the variable."
    return method


def _scatter_at(variable, indices, updates, mode):
    updates = convert_to_tensor(updates, variable.dtype)
    value = p.read_variable(variable)
    scale = None
    if mode == "div":
        mode, scale = "mul", updates
        updates = p.div(convert_to_tensor(1, variable.dtype), scale)
    dims = indices.shape_tuple[:-1] + value.shape_tuple[indices.shape_tuple[-1] :]
    if updates.shape_tuple != dims and None not in dims:
        updates = broadcast_to(updates, dims)
    return variable.assign(p.scatter(value, indices, updates, mode=mode))


def _batch_scatter_update(self, sparse_delta, use_locking=False, name=None):
    """Slices at `sparse_delta.indices`, which have the variable's batch dimensions, replaced; returns the variable.

    For indices of shape `[b..., n]`, `v[b..., indices[b..., i]] = values[b..., i]`.
    """
    indices, updates = _indexed(sparse_delta)
    dims = indices.shape_tuple
    if dims is None or None in dims[:-1] or not dims:
        raise ValueError(f"batch_scatter_update needs indices of known batch dimensions, got shape {dims}")
    grid = np.indices((*dims[:-1], 1))[: len(dims) - 1]
    parts = [convert_to_tensor(np.ascontiguousarray(g[..., 0]).astype(np.int64)) for g in grid]
    own = p.cast(indices, dtype=int64)
    batch = [broadcast_to(p.expand_dims(part, axes=(part.shape.rank,)), shape(own)) for part in parts]
    return _scatter_at(self, stack([*batch, own], -1), updates, "update")


def _indexed(delta):
    indices, values = getattr(delta, "indices", None), getattr(delta, "values", None)
    if indices is None or values is None:
        raise TypeError(f"sparse_delta is not IndexedSlices: {delta!r}")
    return convert_to_tensor(indices), values


def _sparse_read(self, indices, name=None):
    """Slices at `indices` along the first dimension."""
    return gather(self, indices)


def _gather_nd(self, indices, name=None):
    """Slices at index vectors."""
    return gather_nd(self, indices)


Variable.__getitem__ = _getitem
for _mode in ("update", "add", "sub", "mul", "div", "min", "max"):
    setattr(Variable, f"scatter_{_mode}", _scatter(_mode))
    if _mode not in ("mul", "div"):
        setattr(Variable, f"scatter_nd_{_mode}", _scatter_nd(_mode))
Variable.batch_scatter_update = _batch_scatter_update
Variable.sparse_read = _sparse_read
Variable.gather_nd = _gather_nd
Tensor.assign = _updater("assign", None)
Tensor.assign_add = _updater("assign_add", p.add)
Tensor.assign_sub = _updater("assign_sub", p.sub)
