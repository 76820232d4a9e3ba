"""Libraries that know arrays by the standard only, eagerly and inside a function. Skipped where one is not installed."""

import numpy as np
import pytest
import tfc as tf

X = np.random.default_rng(0).normal(size=(2, 3, 4))
Y = np.random.default_rng(1).normal(size=(4, 5))


def both(f, *arrays):
    """Results of `f` eagerly and traced."""
    tensors = [tf.constant(a) for a in arrays]
    yield f(*tensors)
    yield tf.function(f, autograph=False)(*tensors)


@pytest.mark.parametrize("pattern", ["b i j -> b j i", "b i j -> (b i) j", "b i j -> b (j i)", "b i j -> b i j 1"])
def test_einops_rearranges(pattern):
    einops = pytest.importorskip("einops.array_api", reason="einops is not installed: its calls are not tested")
    reference = pytest.importorskip("einops").rearrange(X, pattern)
    for got in both(lambda x: einops.rearrange(x, pattern), X):
        np.testing.assert_array_equal(got, reference)


@pytest.mark.parametrize("kind", ["sum", "max", "mean"])
def test_einops_reduces(kind):
    einops = pytest.importorskip("einops.array_api", reason="einops is not installed: its calls are not tested")
    reference = pytest.importorskip("einops").reduce(X, "b i (j k) -> b j", kind, k=2)
    for got in both(lambda x: einops.reduce(x, "b i (j k) -> b j", kind, k=2), X):
        np.testing.assert_allclose(got, reference)


def test_einops_repeats():
    einops = pytest.importorskip("einops.array_api", reason="einops is not installed: its calls are not tested")
    reference = pytest.importorskip("einops").repeat(X, "b i j -> b i (r j)", r=3)
    for got in both(lambda x: einops.repeat(x, "b i j -> b i (r j)", r=3), X):
        np.testing.assert_array_equal(got, reference)


@pytest.mark.parametrize("equation", ["bij,jk->bik", "bij,jk->k", "bij,bij->i"])
def test_opt_einsum_contracts(equation):
    opt_einsum = pytest.importorskip("opt_einsum", reason="opt_einsum is not installed: its calls are not tested")
    operands = [X, Y] if "jk" in equation else [X, X]
    reference = np.einsum(equation, *operands)
    for got in both(lambda *xs: opt_einsum.contract(equation, *xs, backend="tfc"), *operands):
        np.testing.assert_allclose(got, reference, rtol=1e-12)


def test_array_api_compat_finds_the_namespace():
    compat = pytest.importorskip(
        "array_api_compat", reason="array_api_compat is not installed: its calls are not tested"
    )

    def standardized(x):
        xp = compat.array_namespace(x)
        return (x - xp.mean(x, axis=0)) / xp.std(x, axis=0), compat.size(x)

    for got, size in both(standardized, X):
        np.testing.assert_allclose(got, (X - X.mean(0)) / X.std(0))
        assert int(size) == X.size
    assert compat.is_array_api_obj(tf.constant(X))
