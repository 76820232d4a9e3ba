"""Builders shared by cases whose program is one expression, written once for every array library."""

from __future__ import annotations

import numpy as np


def flatten(value):
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in flatten(value[key])]
    if isinstance(value, (tuple, list)):
        return [leaf for item in value for leaf in flatten(item)]
    return [value]


def _map(function, value):
    if isinstance(value, dict):
        return {k: _map(function, v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(_map(function, v) for v in value)
    return function(value)


def _arrays(result):
    return [np.asarray(leaf) for leaf in flatten(result)]


def builders(program):
    """Builders for `program(lib, *inputs)`, where `lib` has exp, tanh, sigmoid, split, matmul under common names."""

    def build_numpy(*inputs):
        return lambda: program(Numpy, *inputs), _arrays

    def build_tfc(*inputs):
        import tfc as tf

        args = _map(tf.constant, inputs)
        lib = tensorflow_like(tf)
        function = tf.function(lambda *xs: program(lib, *xs))
        return lambda: function(*args), _arrays

    def build_tfc_eager(*inputs):
        import tfc as tf

        args = _map(tf.constant, inputs)
        lib = tensorflow_like(tf)
        return lambda: program(lib, *args), _arrays

    def build_tensorflow(*inputs, jit=False, eager=False):
        import tensorflow as tf

        args = _map(tf.constant, inputs)
        lib = tensorflow_like(tf)
        if eager:
            return lambda: program(lib, *args), _arrays
        function = tf.function(lambda *xs: program(lib, *xs), jit_compile=jit, autograph=False)
        return lambda: function(*args), _arrays

    def build_jax(*inputs):
        import jax

        args = _map(jax.numpy.asarray, inputs)
        function = jax.jit(lambda *xs: program(Jax(jax), *xs))
        return lambda: jax.block_until_ready(function(*args)), _arrays

    def build_torch(*inputs):
        import torch

        args = _map(torch.from_numpy, inputs)
        function = torch.compile(lambda *xs: program(Torch(torch), *xs))

        def call():
            with torch.no_grad():
                return function(*args)

        return call, lambda r: [leaf.numpy() for leaf in flatten(r)]

    return {
        "numpy": build_numpy,
        "tfc": build_tfc,
        "tfc_eager": build_tfc_eager,
        "tf": build_tensorflow,
        "tf_xla": lambda *i: build_tensorflow(*i, jit=True),
        "tf_eager": lambda *i: build_tensorflow(*i, eager=True),
        "jax": build_jax,
        "torch_compile": build_torch,
    }


def _erf(x):
    """Series and continued fraction are not worth it here: the error function of each distinct float, from math."""
    import math

    return np.frompyfunc(math.erf, 1, 1)(x).astype(x.dtype)


class Numpy:
    exp, tanh, sqrt, matmul, where = np.exp, np.tanh, np.sqrt, np.matmul, np.where
    maximum, minimum = np.maximum, np.minimum
    sum, max, mean, argmax, cumsum = np.sum, np.max, np.mean, np.argmax, np.cumsum
    reshape, transpose, square, log = np.reshape, np.transpose, np.square, np.log
    sort, rfft, irfft, fft, fft2, rfft2 = np.sort, np.fft.rfft, np.fft.irfft, np.fft.fft, np.fft.fft2, np.fft.rfft2
    abs, conj, sin, cos = np.abs, np.conj, np.sin, np.cos
    solve, inv, cholesky = np.linalg.solve, np.linalg.inv, np.linalg.cholesky
    qr, eigh = np.linalg.qr, np.linalg.eigh

    @staticmethod
    def svd(x):
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        return s, u, vh.T

    erf, cumulative_logsumexp = staticmethod(_erf), np.logaddexp.accumulate

    @staticmethod
    def argsort(x):
        return np.argsort(x, kind="stable").astype(np.int32)

    @staticmethod
    def top_k(x, k):
        some = np.argpartition(-x, k)[..., :k]
        order = np.argsort(-np.take_along_axis(x, some, -1), kind="stable")
        indices = np.take_along_axis(some, order, -1)
        return np.take_along_axis(x, indices, -1), indices.astype(np.int32)

    @staticmethod
    def gather(x, indices):
        return x[indices]

    @staticmethod
    def sigmoid(x):
        return np.float32(1) / (np.float32(1) + np.exp(-x))

    @staticmethod
    def split(x, n):
        return np.split(x, n, axis=1)

    @staticmethod
    def concat(xs, axis):
        return np.concatenate(xs, axis)


def tensorflow_like(tf):
    class Library:
        exp, tanh, sqrt, matmul, maximum, sigmoid = tf.exp, tf.tanh, tf.sqrt, tf.matmul, tf.maximum, tf.sigmoid
        where, reshape, transpose, square, log = tf.where, tf.reshape, tf.transpose, tf.square, tf.math.log
        gather, erf, minimum = tf.gather, tf.math.erf, tf.minimum
        sort, rfft, irfft, abs, conj = tf.sort, tf.signal.rfft, tf.signal.irfft, tf.abs, tf.math.conj
        fft, fft2, rfft2 = tf.signal.fft, tf.signal.fft2d, tf.signal.rfft2d
        solve, inv, cholesky, sin, cos = tf.linalg.solve, tf.linalg.inv, tf.linalg.cholesky, tf.sin, tf.cos
        qr, eigh, svd = tf.linalg.qr, tf.linalg.eigh, tf.linalg.svd

        @staticmethod
        def argsort(x):
            return tf.argsort(x, stable=True)

        @staticmethod
        def top_k(x, k):
            return tuple(tf.math.top_k(x, k))

        @staticmethod
        def argmax(x, axis):
            return tf.argmax(x, axis=axis)

        @staticmethod
        def cumsum(x, axis):
            return tf.cumsum(x, axis=axis)

        @staticmethod
        def cumulative_logsumexp(x, axis):
            return tf.math.cumulative_logsumexp(x, axis=axis)

        @staticmethod
        def sum(x, axis=None, keepdims=False):
            return tf.reduce_sum(x, axis=axis, keepdims=keepdims)

        @staticmethod
        def max(x, axis=None, keepdims=False):
            return tf.reduce_max(x, axis=axis, keepdims=keepdims)

        @staticmethod
        def mean(x, axis=None, keepdims=False):
            return tf.reduce_mean(x, axis=axis, keepdims=keepdims)

        @staticmethod
        def split(x, n):
            return tf.split(x, n, axis=1)

        @staticmethod
        def concat(xs, axis):
            return tf.concat(xs, axis)

    return Library


class Jax:
    def __init__(self, jax):
        jnp = jax.numpy
        self.exp, self.tanh, self.sqrt, self.matmul, self.maximum = jnp.exp, jnp.tanh, jnp.sqrt, jnp.matmul, jnp.maximum
        self.sum, self.max, self.mean = jnp.sum, jnp.max, jnp.mean
        self.where, self.reshape, self.transpose, self.square = jnp.where, jnp.reshape, jnp.transpose, jnp.square
        self.argmax, self.cumsum, self.log, self.erf = jnp.argmax, jnp.cumsum, jnp.log, jax.scipy.special.erf
        self.gather, self.minimum = (lambda x, indices: jnp.take(x, indices, axis=0)), jnp.minimum
        self.sigmoid = jax.nn.sigmoid
        self.sort, self.argsort, self.top_k = jnp.sort, jnp.argsort, lambda x, k: tuple(jax.lax.top_k(x, k))
        self.rfft, self.irfft, self.abs, self.conj = jnp.fft.rfft, jnp.fft.irfft, jnp.abs, jnp.conj
        self.fft, self.fft2, self.rfft2 = jnp.fft.fft, jnp.fft.fft2, jnp.fft.rfft2
        self.split, self.concat = lambda x, n: jnp.split(x, n, axis=1), jnp.concatenate
        self.solve, self.inv, self.cholesky = jnp.linalg.solve, jnp.linalg.inv, jnp.linalg.cholesky
        self.qr, self.eigh = jnp.linalg.qr, jnp.linalg.eigh
        self.sin, self.cos, self.cumulative_logsumexp = jnp.sin, jnp.cos, jax.lax.cumlogsumexp

        def svd(x):
            u, s, vh = jnp.linalg.svd(x, full_matrices=False)
            return s, u, vh.T

        self.svd = svd


class Torch:
    def __init__(self, torch):
        self.exp, self.tanh, self.sqrt, self.matmul = torch.exp, torch.tanh, torch.sqrt, torch.matmul
        self.maximum, self.minimum, self.sigmoid = torch.maximum, torch.minimum, torch.sigmoid
        self.split, self.concat = lambda x, n: torch.chunk(x, n, dim=1), torch.cat
        self.sum = lambda x, axis=None, keepdims=False: x.sum() if axis is None else x.sum(axis, keepdim=keepdims)
        self.max = lambda x, axis=None, keepdims=False: x.max() if axis is None else x.amax(axis, keepdim=keepdims)
        self.mean = lambda x, axis=None, keepdims=False: x.mean() if axis is None else x.mean(axis, keepdim=keepdims)
        self.where, self.reshape, self.square = torch.where, torch.reshape, torch.square
        self.transpose = lambda x, axes: x.permute(axes)
        self.argmax, self.cumsum = (lambda x, axis: x.argmax(axis)), (lambda x, axis: x.cumsum(axis))
        self.sort, self.argsort = lambda x: x.sort()[0], lambda x: x.argsort(stable=True).int()
        self.top_k, self.rfft, self.irfft = torch.topk, torch.fft.rfft, torch.fft.irfft
        self.fft, self.fft2, self.rfft2 = torch.fft.fft, torch.fft.fft2, torch.fft.rfft2
        self.abs, self.conj = torch.abs, torch.conj
        self.log, self.erf, self.gather = torch.log, torch.erf, lambda x, indices: x[indices]
        self.solve, self.inv, self.cholesky = torch.linalg.solve, torch.linalg.inv, torch.linalg.cholesky
        self.qr, self.eigh = torch.linalg.qr, torch.linalg.eigh
        self.sin, self.cos, self.cumulative_logsumexp = torch.sin, torch.cos, torch.logcumsumexp

        def svd(x):
            u, s, vh = torch.linalg.svd(x, full_matrices=False)
            return s, u, vh.T

        self.svd = svd
