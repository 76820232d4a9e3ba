"""Programs run on other machines (emulated) and give what they give here and in Python."""

import json
import subprocess

import building
import corpus
import numpy as np
import pytest
import tfc as tf

NAMES = [make.__name__ for make, _ in corpus.PROGRAMS]


def all_programs():
    """Made anew each time: running one changes its variables."""
    return {make.__name__: (make(), corpus.calls_of(calls, make)) for make, calls in corpus.PROGRAMS}


@pytest.fixture(scope="module")
def programs():
    return all_programs()


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Outcomes of all programs on a target; each target is run once."""
    done = {}

    def on(name):
        if name not in done:
            folder = tmp_path_factory.mktemp(name)
            done[name] = building.run_units(folder, all_programs(), building.TARGETS[name], strict_fp=True), folder
        return done[name]

    return on


@pytest.mark.parametrize("name", NAMES)
def test_c_agrees_with_python(ran, programs, name):
    functions, calls = programs[name]
    outcomes, _ = ran("x86")[0][name]
    for (entry, arrays), outcome in zip(calls, outcomes, strict=True):
        try:
            wanted = tf.nest.flatten(functions[entry](*map(tf.constant, arrays)))
        except tf.errors.OpError:
            assert outcome.status != 0
            continue
        assert outcome.status == 0, outcome.message
        for got, want in zip(outcome.results, wanted, strict=True):
            assert got.dtype == want.numpy().dtype
            np.testing.assert_allclose(got, want.numpy(), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("target", ["aarch64", "armv7"])
def test_other_machines_give_the_same_bits(ran, target, name):
    here, state_here = ran("x86")[0][name]
    there, state_there = ran(target)[0][name]
    for a, b in zip(here, there, strict=True):
        assert (a.status, a.message, a.location) == (b.status, b.message, b.location)
        for x, y in zip(a.results, b.results, strict=True):
            np.testing.assert_array_equal(x, y)
    assert state_here == state_there


LIBC = {"memcpy", "memmove", "memset", "bzero", "getauxval"}
LIBC_ARM = {"__aeabi_memcpy", "__aeabi_memset", "__aeabi_memclr", "__aeabi_memmove"}
LIBC_ARM |= {f"{name}{n}" for name in list(LIBC_ARM) for n in (4, 8)}
LIBM = {"hypot", "hypotf", "fmod", "fmodf", "floorf", "ceilf", "nearbyintf", "sin", "cos", "sinf", "cosf"}


@pytest.mark.parametrize("target", ["x86", "aarch64", "armv7"])
def test_objects_need_libc_and_libm_only(ran, target):
    folder = ran(target)[1]
    allowed = LIBC | LIBM | (LIBC_ARM if target == "armv7" else set())
    for name in NAMES:
        undefined = building.undefined_symbols(folder / f"{name}.o", building.TARGETS[target])
        assert undefined <= allowed, (name, undefined - allowed)


def test_missing_cpu_feature_is_a_status(tmp_path):
    pytest.importorskip("tfc")
    emulator = building.Target("x86_64-linux-gnu", "cc", "nm", ("qemu-x86_64", "-cpu", "Nehalem"), ("qemu-user",))
    emulator.require()
    functions = corpus.one(lambda x: x * 2.0 + 1.0, tf.TensorSpec([64]))
    calls = [("f", [np.ones(64, np.float32)])]
    (outcome,), _ = building.run_calls(tmp_path, functions, calls, emulator, features="+avx2,+fma")
    assert outcome.status == 5 and "avx2" in outcome.message and "lacks" in outcome.message


def test_cpu_features_that_are_there_pass(tmp_path):
    functions = corpus.one(lambda x: x * 2.0 + 1.0, tf.TensorSpec([64]))
    (outcome,), _ = building.run_calls(tmp_path, functions, [("f", [np.ones(64, np.float32)])], cpu="native")
    assert outcome.status == 0 and (outcome.results[0] == 3).all()
    assert not building.undefined_symbols(tmp_path / "unit.o") - LIBC


def test_no_cpu_check_in_baseline_code(tmp_path):
    functions = corpus.one(lambda x: x * 2.0, tf.TensorSpec([4]))
    tf.export.compile(functions, tmp_path / "f.s", cpu="generic")
    assert "cpuid" not in (tmp_path / "f.s").read_text()
    tf.export.compile(functions, tmp_path / "f.s", features="+avx2")
    assert "cpuid" in (tmp_path / "f.s").read_text()


def test_shared_library_for_another_machine(tmp_path):
    building.AARCH64.require()
    functions = corpus.one(lambda x: x * 2.0, tf.TensorSpec([4]))
    tf.export.compile(functions, tmp_path / "f.so", target="aarch64-linux-gnu")
    described = subprocess.run(["readelf", "-h", tmp_path / "f.so"], capture_output=True, text=True, check=True).stdout
    assert "AArch64" in described and "DYN" in described
    with pytest.raises(OSError):
        tf.export.load(tmp_path / "f.so")


@pytest.mark.parametrize("target", ["x86", "aarch64", "armv7"])
def test_products_and_what_they_absorb_on_every_machine(tmp_path, target):
    rng = np.random.default_rng(0)

    def small(*shape, dtype=np.float32):
        return rng.integers(-2, 3, shape).astype(dtype)

    def run(x, w, q, image, kernel):
        dense = tf.nn.relu(tf.matmul(x, w) + 1.0)
        scaled = tf.matmul(dense, tf.cast(q, tf.float32) * 0.5)
        doubles = tf.matmul(tf.cast(x, tf.float64), tf.cast(w, tf.float64), transpose_a=True, transpose_b=True)
        return dense, scaled, doubles, tf.nn.conv2d(image, kernel, 2, "SAME")

    args = [small(19, 19), small(19, 19), small(19, 2000, dtype=np.int8), small(2, 9, 8, 5), small(3, 3, 5, 21)]
    functions = corpus.one(run, *[tf.TensorSpec(a.shape, tf.as_dtype(a.dtype)) for a in args])
    (outcome,), _ = building.run_calls(tmp_path, functions, [("f", args)], building.TARGETS[target])
    assert outcome.status == 0
    for got, want in zip(outcome.results, run(*map(tf.constant, args)), strict=True):
        np.testing.assert_array_equal(got, want.numpy())


def test_code_of_a_saved_model_is_for_the_baseline_of_armhf(tmp_path):
    module = tf.Module()
    module.f = tf.function(lambda x: x * 2.0, input_signature=[tf.TensorSpec([4])])
    tf.saved_model.save(module, tmp_path, options=tf.saved_model.SaveOptions(targets=("armv7-linux-gnueabihf",)))
    (stored,) = json.loads((tmp_path / "saved_model.json").read_text())["functions"][0]["code"]
    assert "-neon" in stored["target"]["features"]
