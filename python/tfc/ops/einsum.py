"""`tf.einsum`, by transposes, elementwise products and matrix products."""

import re

import numpy as np

from tfc.core import Tensor, argument_error
from tfc.ops import primitives as p
from tfc.ops.array import concat, reshape, shape, transpose
from tfc.ops.convert import common_dtype
from tfc.ops.shapes import rank_of


def einsum(equation, *inputs, **kwargs) -> Tensor:
    """The sum of products that the equation names: `tf.einsum("ij,jk->ik", a, b)`. Supports `...` and
    repeated labels.
    """
    operands = common_dtype(inputs, "Einsum")
    terms, output = _parse(equation, operands)
    result, labels = _prepare(operands[0], terms[0], _needed(terms[1:], output))
    for i, (x, term) in enumerate(zip(operands[1:], terms[1:], strict=True), start=1):
        later = _needed(terms[i + 1 :], output)
        x, own = _prepare(x, term, later | set(labels))
        result, labels = _contract(result, labels, x, own, later)
    result, labels = _prepare(result, labels, set(output))
    missing = [c for c in output if c not in labels]
    if missing:
        raise ValueError(f"einsum {equation!r}: output labels {missing} are in no input")
    return transpose(result, [labels.index(c) for c in output]) if labels != output else result


def _needed(terms, output) -> set:
    return set(output).union(*terms)


def _parse(equation, operands):
    """Labels of each operand and of the result. The dimensions of `...` get labels "0", "1", ..."""
    if not isinstance(equation, str):
        raise TypeError(f"Expected an einsum equation like 'ij,jk->ik', got {equation!r}")
    text = equation.replace(" ", "")
    if not re.fullmatch(r"[A-Za-z.,]*(->[A-Za-z.]*)?", text):
        raise ValueError(f"Expected an einsum equation like 'ij,jk->ik', got {equation!r}")
    left, arrow, right = text.partition("->")
    sides = left.split(",")
    if len(sides) != len(operands):
        raise ValueError(f"einsum {equation!r} names {len(sides)} operands, got {len(operands)}")
    spread = []
    for side, x in zip(sides, operands, strict=True):
        rest = rank_of(x, "einsum") - len(side.replace("...", ""))
        if rest < 0 or (rest and "..." not in side):
            raise argument_error(None, "einsum", f"einsum {equation!r}: operand {side!r} has rank {len(x.shape_tuple)}")
        spread.append(rest)
    widest = max(spread)
    batch = [str(i) for i in range(widest)]

    def labels(side, rest):
        head, dots, tail = side.partition("...")
        return [*head, *(batch[widest - rest :] if dots else []), *tail]

    terms = [labels(s, r) for s, r in zip(sides, spread, strict=True)]
    if arrow:
        return terms, labels(right, widest)
    counts = {c: sum(t.count(c) for t in terms) for t in terms for c in t}
    return terms, batch + sorted(c for c, n in counts.items() if n == 1 and c not in batch)


def _prepare(x, labels, keep):
    """Takes diagonals of repeated labels, and sums over labels that nobody needs."""
    labels = list(labels)
    for c in sorted(set(labels)):
        while labels.count(c) > 1:
            first = labels.index(c)
            second = labels.index(c, first + 1)
            x = _diagonal(x, first, second)
            del labels[second]
    gone = tuple(i for i, c in enumerate(labels) if c not in keep)
    if gone:
        x = p.reduce_sum(x, axes=gone, keepdims=False)
    return x, [c for c in labels if c in keep]


def _diagonal(x, first, second):
    size = x.shape_tuple[first]
    if size is None or x.shape_tuple[second] != size:
        raise argument_error(None, "einsum", f"a repeated label needs equal known sizes, got {list(x.shape_tuple)}")
    rank = len(x.shape_tuple)
    on = np.eye(size, dtype=bool).reshape([size if i in (first, second) else 1 for i in range(rank)])
    zero = p.constant(value=np.array(0, x.dtype.np_dtype))
    return p.reduce_sum(p.select(p.constant(value=on), x, zero), axes=(second,), keepdims=False)


def _contract(x, xs, y, ys, keep):
    """The product of two operands, summed over the labels that nobody needs any more."""
    shared = [c for c in xs if c in ys]
    summed = [c for c in shared if c not in keep]
    batch = [c for c in shared if c in keep]
    left = [c for c in xs if c not in shared]
    right = [c for c in ys if c not in shared]
    if not summed:
        return _outer(x, xs, y, ys, batch + left + right)
    x = transpose(x, [xs.index(c) for c in batch + left + summed])
    y = transpose(y, [ys.index(c) for c in batch + summed + right])
    nb = len(batch)
    x3 = _grouped(x, nb, len(left), len(summed))
    y3 = _grouped(y, nb, len(summed), len(right))
    out = p.matmul(x3, y3, transpose_x=False, transpose_y=False)
    x_dims, y_dims = x.shape_tuple, y.shape_tuple
    sizes = (
        *(b if b not in (1, None) else a if a != 1 else b for a, b in zip(x_dims[:nb], y_dims[:nb], strict=True)),
        *x_dims[nb : nb + len(left)],
        *y_dims[nb + len(summed) :],
    )
    if sum(s is None for s in sizes) <= 1:
        return p.reshape(out, shape=sizes), batch + left + right
    parts = [
        _part(out, 0, nb),
        _part(x, nb, nb + len(left)),
        _part(y, nb + len(summed), len(y_dims)),
    ]
    return p.ensure_shape(reshape(out, concat(parts, 0)), shape=sizes), batch + left + right


def _grouped(x, batch, rows, columns):
    """The dimensions after `batch` as two: rows and columns."""
    if rows == 1 and columns == 1:
        return x
    dims = x.shape_tuple
    groups = [dims[batch : batch + rows], dims[batch + rows :]]
    sizes = [None if None in g else int(np.prod(g, dtype=np.int64)) for g in groups]
    if sum(s is None for s in (*dims[:batch], *sizes)) <= 1:
        return p.reshape(x, shape=(*dims[:batch], *sizes))
    count = [
        p.reduce_prod(_part(x, a, b), axes=(0,), keepdims=True)
        for a, b in ((batch, batch + rows), (batch + rows, batch + rows + columns))
    ]
    target = concat([_part(x, 0, batch), *count], 0)
    return p.ensure_shape(reshape(x, target), shape=(*dims[:batch], *sizes))


def _part(x, start, stop):
    """Some of the sizes of `x`, as a vector."""
    return p.slice_(shape(x), starts=(start,), sizes=(stop - start,), strides=(1,))


def _outer(x, xs, y, ys, labels):
    def placed(t, own):
        order = [c for c in labels if c in own]
        t = transpose(t, [own.index(c) for c in order])
        missing = tuple(i for i, c in enumerate(labels) if c not in own)
        return p.expand_dims(t, axes=missing) if missing else t

    return p.mul(placed(x, xs), placed(y, ys)), labels
