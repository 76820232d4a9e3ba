"""Builders for torch.compile, whose images have their channels last in memory, as it recommends."""

from __future__ import annotations

import numpy as np


def tensor(torch, x):
    x = np.asarray(x)
    if x.dtype.name == "bfloat16":
        return torch.from_numpy(x.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(x)


def images(torch, x):
    """[n, h, w, c] (or with one more size) as torch's [n, c, h, w], without a copy."""
    t = tensor(torch, x)
    return t.permute(0, t.ndim - 1, *range(1, t.ndim - 1))


def filters(torch, w):
    """[h, w, in, out] as torch's [out, in, h, w], in the order of memory that its convolutions want."""
    t = tensor(torch, w)
    turned = t.permute(t.ndim - 1, t.ndim - 2, *range(t.ndim - 2))
    return turned.contiguous(memory_format=torch.channels_last if t.ndim == 4 else torch.channels_last_3d)


def depthwise_filters(torch, w):
    """[h, w, channels, 1] as torch's [channels, 1, h, w]."""
    return tensor(torch, w).permute(2, 3, 0, 1).contiguous()


def array(value):
    return (value.float() if value.dtype.is_floating_point and value.element_size() == 2 else value).detach().numpy()


def arrays(results):
    return [array(x) for x in (results if isinstance(results, (tuple, list)) else [results])]


def image_array(value):
    return np.moveaxis(array(value), 1, -1)


def filter_array(value):
    return np.transpose(array(value), (*range(2, value.ndim), 1, 0))


def depthwise_array(value):
    return np.transpose(array(value), (2, 3, 0, 1))


def torch_like(make):
    """`make(torch, *inputs)` returns the function to compile, its arguments, and, where results are no arrays as the
    others have them, what makes those of them."""

    def build(*inputs):
        import torch

        function, args, *fetch = make(torch, *inputs)
        compiled = torch.compile(function)

        def call():
            with torch.no_grad():
                return compiled(*args)

        return call, *(fetch or [arrays])

    return {"torch_compile": build}
