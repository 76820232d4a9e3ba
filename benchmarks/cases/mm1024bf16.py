"""Matrix product 1024 x 1024 x 1024 in bfloat16: products are added in float32."""

import ml_dtypes
import numpy as np

from cases._programs import builders

TOLERANCE = 1e-2
LIMIT = "tiles of AMX, of which loads take as long"
FLOPS = 2 * 1024**3


def inputs():
    rng = np.random.default_rng(0)
    return tuple(rng.normal(size=(1024, 1024)).astype(ml_dtypes.bfloat16) for _ in range(2))


def program(lib, a, b):
    return lib.matmul(a, b)


def oracle(a, b):
    return [a.astype(np.float32) @ b.astype(np.float32)]


def build_torch(a, b):
    import torch

    args = [torch.from_numpy(x.view(np.int16)).view(torch.bfloat16) for x in (a, b)]
    function = torch.compile(torch.matmul)

    def call():
        with torch.no_grad():
            return function(*args)

    return call, lambda r: [r.float().numpy()]


# numpy multiplies halves one by one.
BUILDERS = {name: build for name, build in builders(program).items() if name != "numpy"}
BUILDERS["torch_compile"] = build_torch
