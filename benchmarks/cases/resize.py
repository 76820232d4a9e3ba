"""Four images 256 x 256 x 3 between pixels at 224 x 224."""

import numpy as np

from cases._steps import jax_like, tensorflow_like
from cases._torch import image_array, images, torch_like

TOLERANCE = 1e-4
LIMIT = "gathered pixels of three channels"
BYTES = 4 * 4 * 3 * (256 * 256 + 224 * 224)


def inputs():
    return (np.random.default_rng(0).random((4, 256, 256, 3), np.float32),)


def weights():
    at = (np.arange(224) + 0.5) * (256 / 224) - 0.5
    return np.maximum(1 - np.abs(np.arange(256) - at[:, None]), 0)


def oracle(x):
    rows = np.einsum("ih,bhwc->biwc", weights(), x.astype(np.float64))
    return [np.einsum("jw,biwc->bijc", weights(), rows).astype(np.float32)]


def make(tf, x):
    return (lambda x: tf.image.resize(x, (224, 224))), (tf.constant(x),)


def make_jax(jax, x):
    return (lambda x: jax.image.resize(x, (4, 224, 224, 3), "linear", antialias=False)), (x,)


def make_torch(torch, x):
    def run(x):
        return torch.nn.functional.interpolate(x, (224, 224), mode="bilinear", align_corners=False)

    return run, (images(torch, x),), lambda r: [image_array(r)]


BUILDERS = {**tensorflow_like(make), **jax_like(make_jax), **torch_like(make_torch)}
