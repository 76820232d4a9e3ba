"""Rows of primitives whose positions are data: gather, scatter, sort."""

import numpy as np

from tfc.dtypes import int64
from tfc.errors import InvalidArgumentError
from tfc.ops import primitives as p
from tfc.ops.elements import scatter
from tfc.ops.gradients import Part, conj, dynamic_shape, reshape_like, scalar, zeros_like
from tfc.ops.table import NotDifferentiable, linear, row


def _check(indices, size):
    bad = (indices < 0) | (indices >= size)
    if bad.any():
        at = np.unravel_index(int(np.argmax(bad)), indices.shape)
        where = f"[{','.join(map(str, at))}]" if at else ""
        raise InvalidArgumentError(f"indices{where} = {indices[at]} is not in [0, {size})")


def _gather(x, indices, axis, batch_dims):
    _check(indices, x.shape[axis])
    if batch_dims == 0:
        return np.take(x, indices, axis)
    # B..., N, between..., after... at B..., K... gives B..., K..., between..., after...
    moved = np.moveaxis(x, axis, batch_dims)
    grid = np.ogrid[tuple(slice(n) for n in indices.shape[:batch_dims])]
    grid = [b.reshape(b.shape + (1,) * (indices.ndim - batch_dims)) for b in grid]
    out = moved[(*grid, indices)]
    between = axis - batch_dims
    sources = range(indices.ndim, indices.ndim + between)
    return np.moveaxis(out, tuple(sources), tuple(range(batch_dims, axis)))


def _index_tuple(indices, batch_dims, shape):
    for k in range(indices.shape[-1]):
        bad = (indices[..., k] < 0) | (indices[..., k] >= shape[batch_dims + k])
        if bad.any():
            at = np.unravel_index(int(np.argmax(bad)), bad.shape)
            where = f"[{','.join(map(str, at))}]" if at else ""
            value = ", ".join(map(str, indices[at]))
            raise InvalidArgumentError(
                f"indices{where} = [{value}] does not index into shape [{','.join(map(str, shape))}]"
            )
    grid = []
    if batch_dims:
        grid = list(np.ogrid[tuple(slice(n) for n in indices.shape[:batch_dims])])
        grid = [b.reshape(b.shape + (1,) * (indices.ndim - 1 - batch_dims)) for b in grid]
    return (*grid, *(indices[..., k] for k in range(indices.shape[-1])))


def _gather_nd(x, indices, batch_dims):
    at = _index_tuple(indices, batch_dims, x.shape)
    return x[at] if at else np.broadcast_to(x, indices.shape[:-1] + x.shape)


_SCATTER = {
    "add": np.add.at,
    "sub": np.subtract.at,
    "mul": np.multiply.at,
    "min": np.minimum.at,
    "max": np.maximum.at,
}


def _scatter(x, indices, updates, mode, inside=False):
    want = indices.shape[:-1] + x.shape[indices.shape[-1] :]
    if updates.shape != want:
        raise InvalidArgumentError(
            f"Expected updates of shape {list(want)} for indices {list(indices.shape)} into {list(x.shape)}, "
            f"got {list(updates.shape)}"
        )
    at = _index_tuple(indices, 0, x.shape)
    out = scatter(x, at, updates, mode) if mode != "update" else None
    if out is not None:
        return out
    out = x.copy()
    if mode == "update":
        out[at] = updates
    elif not at:
        for each in updates.reshape(-1, *x.shape):
            _SCATTER[mode](out, (), each)
    else:
        _SCATTER[mode](out, at, updates)
    return out


def _argsort(x, axis, descending):
    if x.dtype.kind == "V":
        x = x.astype(np.float32)
    if not descending:
        return np.argsort(x, axis=axis, kind="stable").astype(np.int32)
    if x.dtype.kind in "iu":
        return np.argsort(np.invert(x), axis=axis, kind="stable").astype(np.int32)
    # Sorting the mirrored array backwards is stable in descending order, also with NaN.
    n = x.shape[axis]
    order = np.argsort(np.flip(x, axis), axis=axis, kind="stable")
    return (n - 1 - np.flip(order, axis)).astype(np.int32)


def _sort(x, axis, descending):
    # numpy does not know that NaN of bfloat16 come last.
    narrow = x.dtype.kind == "V"
    x = np.flip(x, axis) if descending else x  # as `_argsort`: zeros that differ in their sign are equal
    out = np.sort(x.astype(np.float32) if narrow else x, axis=axis, kind="stable")
    if narrow:
        out = out.astype(x.dtype)
    return np.flip(out, axis) if descending else out


# Gradients.


def _take_along(x, order, axis):
    """x[..., order[..., i], ...] along one axis; both have one shape."""
    rank = len(x.shape_tuple)
    perm = (*(i for i in range(rank) if i != axis), axis)
    inverse = tuple(perm.index(i) for i in range(rank))
    moved = p.transpose(x, perm=perm) if axis != rank - 1 else x
    at = p.transpose(order, perm=perm) if axis != rank - 1 else order
    out = p.gather(moved, at, axis=rank - 1, batch_dims=rank - 1)
    return p.transpose(out, perm=inverse) if axis != rank - 1 else out


def _sort_vjp(g, out, x, axis, descending):
    order = p.argsort(x, axis=axis, descending=descending)
    return _take_along(g, p.argsort(order, axis=axis, descending=False), axis)


def _vector(*sizes):
    return p.constant(value=np.array(sizes, np.int64))


def _part(vector, start, stop):
    return p.slice_(vector, starts=(start,), sizes=(stop - start,), strides=(1,))


class _Rows(Part):
    """The gradient of a tensor that rows were gathered from."""

    __slots__ = ("indices", "like", "rows")

    def __init__(self, rows, indices, like):
        self.rows, self.indices, self.like = rows, indices, like

    def added_to(self, total):
        at = p.expand_dims(self.indices, axes=(len(self.indices.shape_tuple),))
        return p.scatter(zeros_like(self.like) if total is None else total, at, self.rows, mode="add")


def _gather_vjp(g, out, x, indices, axis, batch_dims):
    if axis == 0 and batch_dims == 0:
        return _Rows(g, p.cast(indices, dtype=int64), x)
    rank, k = len(x.shape_tuple), len(indices.shape_tuple) - batch_dims
    between = axis - batch_dims
    # g: B, between, K, after -> B, K, between, after; x: B, between, N, after -> B, N, between, after.
    g_perm = (
        *range(batch_dims),
        *range(axis, axis + k),
        *range(batch_dims, axis),
        *range(axis + k, k + rank - 1),
    )
    x_perm = (*range(batch_dims), axis, *range(batch_dims, axis), *range(axis + 1, rank))
    zeros = zeros_like(x)
    if between:
        g, zeros = p.transpose(g, perm=g_perm), p.transpose(zeros, perm=x_perm)
    indices = p.cast(indices, dtype=int64)
    if batch_dims:
        grad = _batched_scatter_add(g, zeros, indices, batch_dims)
    else:
        at = p.expand_dims(indices, axes=(k,))
        grad = p.scatter(zeros, at, g, mode="add")
    if between:
        grad = p.transpose(grad, perm=tuple(x_perm.index(i) for i in range(rank)))
    return grad


def _batched_scatter_add(g, zeros, indices, batch_dims):
    """zeros[b..., indices[b..., k...]] += g[b..., k...], by numbering batch and position together."""
    size, rest = dynamic_shape(zeros), len(zeros.shape_tuple)
    lead = p.reduce_prod(_part(size, 0, batch_dims), axes=(0,), keepdims=True)
    n = _part(size, batch_dims, batch_dims + 1)
    tail = _part(size, batch_dims + 1, rest)
    flat = p.dynamic_reshape(zeros, p.concat(p.mul(lead, n), tail, axis=0))
    rows = p.dynamic_reshape(indices, p.concat(lead, _vector(-1), axis=0))
    count = p.range_(_vector_scalar(0), p.squeeze(lead, axes=(0,)), _vector_scalar(1))
    at = p.add(rows, p.expand_dims(p.mul(count, n), axes=(1,)))
    at = p.dynamic_reshape(at, _vector(-1, 1))
    updates = p.dynamic_reshape(g, p.concat(_vector(-1), tail, axis=0))
    return reshape_like(p.scatter(flat, at, updates, mode="add"), zeros)


def _vector_scalar(value):
    return p.constant(value=np.array(value, np.int64))


def _gather_nd_vjp(g, out, x, indices, batch_dims):
    indices = p.cast(indices, dtype=int64)
    if batch_dims:
        dims = indices.shape_tuple
        if None in dims[:-1]:
            raise NotImplementedError("the gradient of gather_nd with batch_dims needs a static batch and index shape")
        grids = [p.iota(shape=(*dims[:-1], 1), axis=i, dtype=int64) for i in range(batch_dims)]
        indices = p.concat(*grids, indices, axis=len(dims) - 1)
    return p.scatter(zeros_like(x), indices, g, mode="add")


def _scatter_vjp(g, out, x, indices, updates, mode, inside=False):
    at_updates = p.gather_nd(g, indices, batch_dims=0)
    if mode == "add":
        return g, None, at_updates
    if mode == "sub":
        return g, None, p.neg(at_updates)
    if mode == "update":
        return p.scatter(g, indices, zeros_like(updates), mode="update"), None, at_updates
    if mode == "mul":
        return _scatter_product_vjp(g, x, indices, updates)
    mine = p.cast(p.equal(x, out), dtype=g.dtype)
    theirs = p.cast(p.equal(updates, p.gather_nd(out, indices, batch_dims=0)), dtype=g.dtype)
    hits = p.scatter(mine, indices, theirs, mode="add")
    share = p.div(g, p.maximum(hits, scalar(1, hits)))
    return p.mul(share, mine), None, p.mul(p.gather_nd(share, indices, batch_dims=0), theirs)


def _scatter_product_vjp(g, x, indices, updates):
    """Of each factor, the product of the others: a factor of zero is kept out of the product, and counted."""
    zero_x, zero_u = (p.equal(t, scalar(0, t)) for t in (x, updates))
    safe_x, safe_u = (p.select(z, scalar(1, t), t) for z, t in ((zero_x, x), (zero_u, updates)))
    product = p.scatter(safe_x, indices, safe_u, mode="mul")
    count = p.scatter(p.cast(zero_x, dtype=g.dtype), indices, p.cast(zero_u, dtype=g.dtype), mode="add")
    gp = p.mul(g, conj(product))

    def share(gp, count, zero, safe):
        # Of all factors none is zero, or this one alone is.
        alone = p.equal(count, p.cast(zero, dtype=count.dtype))
        return p.select(alone, p.div(gp, conj(safe)), scalar(0, gp))

    at = [p.gather_nd(t, indices, batch_dims=0) for t in (gp, count)]
    return share(gp, count, zero_x, safe_x), None, share(*at, zero_u, safe_u)


row(p.gather, _gather, (_gather_vjp, None), kinds="biufc", quiet=False, jvp=linear(0))
row(p.gather_nd, _gather_nd, (_gather_nd_vjp, None), kinds="biufc", quiet=False, jvp=linear(0))
row(p.scatter, _scatter, _scatter_vjp, kinds="iuf")
row(p.nonzero, lambda x: np.argwhere(x).astype(np.int64), NotDifferentiable, kinds="b", quiet=False)
row(p.sort, _sort, (_sort_vjp,), kinds="iuf")
row(p.argsort, _argsort, NotDifferentiable, kinds="iuf")
