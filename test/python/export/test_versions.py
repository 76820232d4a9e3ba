"""One object with code for several CPUs: entries run the best that the machine has."""

import building
import corpus
import numpy as np
import pytest
import tfc as tf

X = np.linspace(-3, 3, 64).astype(np.float32)
OLD = building.Target("x86_64-linux-gnu", "cc", "nm", ("qemu-x86_64", "-cpu", "Nehalem"), ("qemu-user",))


def vectors():
    return corpus.one(lambda x: tf.tanh(x) + tf.reduce_sum(x * x), tf.TensorSpec([None]))


def scalars():
    return corpus.one(lambda n: n + 1, tf.TensorSpec([], tf.int32))


def symbols(path):
    return {line.split()[-1] for line in building.run_tool("nm", str(path)).splitlines() if line.split()}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Outcomes of one object on this machine and on one without AVX."""
    folder = tmp_path_factory.mktemp("versions")
    calls = [("f", [X]), ("f", [X[:0]]), ("f", [X[:5]])]
    (here, _), (old, _) = (
        building.run_calls(folder, vectors(), calls, target, cpu="generic,x86-64-v3") for target in (building.HOST, OLD)
    )
    return folder, here, old


def test_an_old_cpu_runs_the_first_version(both):
    for here, old in zip(both[1], both[2], strict=True):
        assert (here.status, old.status) == (0, 0)
        np.testing.assert_allclose(here.results[0], old.results[0], rtol=1e-6)


def test_versions_agree_with_python(both):
    want = np.tanh(X) + np.sum(X * X)
    np.testing.assert_allclose(both[1][0].results[0], want, rtol=1e-5)


def test_the_entry_is_the_only_exported_symbol(both):
    exported = [s for s in building.run_tool("nm", "-g", "--defined-only", str(both[0] / "unit.o")).splitlines() if s]
    assert [line.split()[-1] for line in exported] == ["unit_f_entry"]


def test_versions_need_nothing_more(both):
    assert building.undefined_symbols(both[0] / "unit.o") <= {"memcpy", "memset", "memmove"}


def test_code_without_vectors_is_there_once(tmp_path):
    tf.export.compile(scalars(), tmp_path / "f.o", cpu="generic,x86-64-v3", target="x86_64-linux-gnu")
    assert "f" in {s.split("_")[0] for s in symbols(tmp_path / "f.o")}
    assert not [s for s in symbols(tmp_path / "f.o") if s.endswith(".1")]


def test_constants_are_shared(tmp_path):
    table = tf.constant(np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32))
    functions = corpus.one(lambda x: tf.tanh(x @ table), tf.TensorSpec([4, 64]))
    sizes = {}
    for cpu in ("generic", "generic,x86-64-v3"):
        tf.export.compile(functions, tmp_path / "f.o", cpu=cpu, target="x86_64-linux-gnu")
        sizes[cpu] = (tmp_path / "f.o").stat().st_size
    assert sizes["generic,x86-64-v3"] - sizes["generic"] < 64 * 64 * 4


def test_first_values_of_variables_are_there_once(tmp_path):
    w = tf.Variable(np.random.default_rng(0).standard_normal(1000).astype(np.float32), name="w")
    concrete = tf.function(lambda: tf.exp(w)).get_concrete_function()
    tf.export.compile({"f": concrete}, tmp_path / "f.o", cpu="generic,x86-64-v3", target="x86_64-linux-gnu")
    assert [s for s in symbols(tmp_path / "f.o") if "initial_state" in s] == ["f_initial_state"]


def test_default_of_x86_64_has_avx2_code_too(tmp_path):
    made = tf.export.compile(vectors(), tmp_path / "f.o", target="x86_64-linux-gnu")
    assert (made.cpu, made.versions) == ("generic", ("x86-64-v3",))
    assert tf.export.compile(vectors(), tmp_path / "g.o", target="x86_64-linux-gnu", opt_size=True).versions == ()
    assert tf.export.compile(vectors(), tmp_path / "h.o", target="aarch64-linux-gnu").versions == ()


def test_a_version_with_nothing_to_ask_for_is_refused(tmp_path):
    with pytest.raises(tf.errors.InvalidArgumentError, match="from the plainest to the best"):
        tf.export.compile(vectors(), tmp_path / "f.o", cpu="x86-64-v3,generic", target="x86_64-linux-gnu")


def test_an_unknown_cpu_in_the_list_is_refused(tmp_path):
    with pytest.raises(tf.errors.InvalidArgumentError, match="unknown cpu 'z80'"):
        tf.export.compile(vectors(), tmp_path / "f.o", cpu="generic,z80", target="x86_64-linux-gnu")


def test_neon_is_a_version_of_armv7(tmp_path):
    building.ARMV7.require()
    calls = [("f", [X])]
    (outcome,), _ = building.run_calls(tmp_path, vectors(), calls, building.ARMV7, cpu="generic,cortex-a15")
    np.testing.assert_allclose(outcome.results[0], np.tanh(X) + np.sum(X * X), rtol=1e-5)
    assert "getauxval" in building.undefined_symbols(tmp_path / "unit.o", building.ARMV7)
