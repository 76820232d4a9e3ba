"""Conversions of half types without instructions for them: every number, rounded as numpy rounds."""

import building
import ml_dtypes
import numpy as np
import pytest
import tfc as tf
from tfc.export import compile, load

HALVES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
ALL = np.arange(65536, dtype=np.uint16)


def baseline(tmp_path, function, *specs):
    """The function compiled for the baseline CPU, which has no conversions."""
    compile({"f": tf.function(function).get_concrete_function(*specs)}, tmp_path / "f.o")
    return load(tmp_path / "f.o").f


@pytest.mark.parametrize("name", HALVES)
def test_every_half_widens(tmp_path, name):
    x = ALL.view(HALVES[name])
    got = baseline(tmp_path, lambda x: tf.cast(x, tf.float32), tf.TensorSpec([65536], name))(x).numpy()
    want = x.astype(np.float32)
    same = got.view(np.uint32) == want.view(np.uint32)
    assert (same | (np.isnan(got) & np.isnan(want))).all()


def around_every_half(kind, wide):
    """All finite halves, the midpoints between neighbours, what lies next to those, and random bits."""
    halves = ALL.view(kind)
    exact = np.unique(halves[np.isfinite(halves.astype(np.float32))].astype(wide))
    middle = ((exact[1:].astype(np.longdouble) + exact[:-1]) / 2).astype(wide)
    bits = np.random.default_rng(3).integers(0, 2**64, 50_000, dtype=np.uint64)
    rare = bits.astype(np.uint32 if wide is np.float32 else np.uint64).view(wide)
    ends = [0.0, -0.0, np.inf, -np.inf, np.nan, 65519.99, 65520.0, -65520.0, 1e-45, 3.39e38]
    up, down = np.nextafter(middle, wide(np.inf)), np.nextafter(middle, wide(-np.inf))
    with np.errstate(over="ignore"):
        return np.concatenate([exact, middle, up, down, rare, np.array(ends).astype(wide)])


@pytest.mark.parametrize("wide", [np.float32, np.float64])
@pytest.mark.parametrize("name", HALVES)
def test_narrowing_rounds_to_nearest_even(tmp_path, name, wide):
    x = around_every_half(HALVES[name], wide)
    got = baseline(tmp_path, lambda x: tf.cast(x, name), tf.TensorSpec([None], tf.as_dtype(wide)))(x).numpy()
    with np.errstate(all="ignore"):
        want = x.astype(HALVES[name])
    nan = np.isnan(x)
    np.testing.assert_array_equal(got.view(np.uint16)[~nan], want.view(np.uint16)[~nan])
    assert np.isnan(got[nan].astype(np.float32)).all()


@pytest.mark.parametrize("name", HALVES)
def test_arithmetic_agrees_with_numpy(tmp_path, name):
    rng = np.random.default_rng(5)
    x, y = (rng.standard_normal(4096).astype(HALVES[name]) for _ in range(2))

    def f(x, y):
        return x + y, x - y, x * y, x / y, tf.sqrt(tf.abs(x)), tf.cast(x < y, tf.int32)

    spec = tf.TensorSpec([4096], name)
    got = [t.numpy() for t in baseline(tmp_path, f, spec, spec)(x, y)]
    want = [x + y, x - y, x * y, x / y, np.sqrt(np.abs(x)), (x < y).astype(np.int32)]
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


def test_brain_floats_keep_denormals_in_process():
    x = np.array([1e-40, -3e-39, 1e-38], np.float32)
    got = tf.function(lambda x: tf.cast(x, tf.bfloat16))(x).numpy()
    np.testing.assert_array_equal(got.view(np.uint16), x.astype(ml_dtypes.bfloat16).view(np.uint16))


@pytest.mark.parametrize("target", ["x86", "aarch64", "armv7"])
@pytest.mark.parametrize("name", HALVES)
def test_products_of_unknown_sizes_need_no_library_of_the_compiler(tmp_path, name, target):
    target = building.TARGETS[target]
    rng = np.random.default_rng(6)
    x, y = (rng.integers(-3, 4, shape).astype(HALVES[name]) for shape in ((5, 7), (7, 9)))

    def f(x, y):
        last = x[0, 0]
        for row in tf.range(tf.shape(x)[0]):
            last = tf.where(x[row, 0] > last, x[row, 0], last)
        padded = tf.pad(x, [[1, 0], [0, 2]], constant_values=last)
        return x @ y, tf.nn.relu(tf.cast(tf.cast(x, tf.float32) @ tf.cast(y, tf.float32), name)), padded

    functions = {
        "f": tf.function(f).get_concrete_function(tf.TensorSpec([None, 7], name), tf.TensorSpec([7, None], name))
    }
    (outcome,), _ = building.run_calls(tmp_path, functions, [("f", [x, y])], target)
    assert not {
        s for s in building.undefined_symbols(tmp_path / "unit.o", target) if s.startswith("__") and "mem" not in s
    }
    want = x.astype(np.float32) @ y.astype(np.float32)
    np.testing.assert_array_equal(outcome.results[0].astype(np.float32), want)
    np.testing.assert_array_equal(outcome.results[1].astype(np.float32), np.maximum(want, 0))
    padded = np.pad(x.astype(np.float32), [[1, 0], [0, 2]], constant_values=x[:, 0].astype(np.float32).max())
    np.testing.assert_array_equal(outcome.results[2].astype(np.float32), padded)
