"""Rows of convolution and pooling.

A convolution is linear in both operands, so that it and its two gradients are the gradients of each other.
"""

import numpy as np

from tfc.ops import primitives as p
from tfc.ops import windows
from tfc.ops.gradients import conj, dynamic_shape, known, reshape_like, zeros_like
from tfc.ops.table import NotDifferentiable, linear, multilinear, row


def _shape(x):
    dims = x.shape_tuple
    return p.constant(value=np.array(dims, np.int64)) if known(dims) else dynamic_shape(x)


def _flat(x):
    return p.reshape(x, shape=(None,)) if 0 not in (x.shape_tuple or ()) else p.reshape(x, shape=(0,))


def _max_pool_vjp(g, out, x, **attrs):
    at = p.argmax_pool(x, **attrs)
    if any(d > 1 for d in attrs["dilations"]):
        # A window may lie in the padding with all of its elements: it has no largest one.
        zero = p.constant(value=np.zeros((), np.int64))
        g = p.select(p.less(at, zero), zeros_like(g), g)
        at = p.maximum(at, zero)
    at = p.expand_dims(_flat(at), axes=(1,))
    return reshape_like(p.scatter(_flat(zeros_like(x)), at, _flat(g), mode="add"), x)


row(
    p.conv,
    windows.conv,
    (
        lambda g, out, x, filter, **attrs: p.conv_input_grad(g, conj(filter), _shape(x), **attrs),
        lambda g, out, x, filter, **attrs: p.conv_filter_grad(conj(x), g, _shape(filter), **attrs),
    ),
    kinds="iufc",
    jvp=multilinear(0, 1),
)
row(
    p.conv_input_grad,
    windows.conv_input_grad,
    (
        lambda g, out, x, filter, shape, **attrs: p.conv(g, conj(filter), **attrs),
        lambda g, out, x, filter, shape, **attrs: p.conv_filter_grad(g, conj(x), _shape(filter), **attrs),
        None,
    ),
    kinds="iufc",
    jvp=multilinear(0, 1),
)
row(
    p.conv_filter_grad,
    windows.conv_filter_grad,
    (
        lambda g, out, x, y, shape, **attrs: p.conv_input_grad(conj(y), g, _shape(x), **attrs),
        lambda g, out, x, y, shape, **attrs: p.conv(conj(x), g, **attrs),
        None,
    ),
    kinds="iufc",
    jvp=multilinear(0, 1),
)
row(p.max_pool, windows.max_pool, (_max_pool_vjp,), kinds="iuf")
row(p.argmax_pool, windows.argmax_pool, NotDifferentiable, kinds="iuf")
row(p.avg_pool, windows.avg_pool, (lambda g, out, x, **attrs: p.avg_pool_grad(g, _shape(x), **attrs),), jvp=linear(0))
row(
    p.avg_pool_grad,
    windows.avg_pool_grad,
    (lambda g, out, x, shape, **attrs: p.avg_pool(g, **attrs), None),
    jvp=linear(0),
)
