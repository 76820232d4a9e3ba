"""The compilation cache: what is found, what is a miss, and what is thrown away."""

import os
import shutil
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import tfc as tf
from tfc import _native
from tfc.compiler import cache
from tfc.config import kept
from tfc.ir.build import build
from tfc.ir.lazy import library_paths


@pytest.fixture
def folder(tmp_path):
    before = tf.config.compilation_cache.directory()
    place = tmp_path / "cache"
    tf.config.compilation_cache.set_directory(place)
    yield place
    tf.config.compilation_cache.set_directory(before)
    tf.config.compilation_cache.set_limits(max_bytes=512 * 2**20, max_age_days=60.0)


def run(number=2.0):
    function = tf.function(lambda x: tf.exp(x) * number)
    return function(tf.constant([0.0, 1.0])).numpy()


def entries(folder):
    return sorted(folder.glob("*.tfcobj"))


def compile_again(concrete):
    """Once more, as another process would."""
    concrete._dynamic = {}
    return concrete.call_python((tf.constant([0.0, 1.0]),), {}).numpy()


@pytest.fixture
def concrete():
    return tf.function(lambda x: tf.exp(x) * 2.0).get_concrete_function(tf.TensorSpec([2], tf.float32))


def test_an_entry_is_used_again(folder, concrete, monkeypatch):
    first = compile_again(concrete)
    assert len(entries(folder)) == 1
    monkeypatch.setattr(cache, "write", None)  # calling it would fail
    assert np.array_equal(compile_again(concrete), first)


def test_another_module_and_other_options_are_other_entries(folder):
    run()
    run(3.0)
    assert len(entries(folder)) == 2
    tf.config.optimizer.set_experimental_options({"contract": False})
    try:
        run()
    finally:
        tf.config.optimizer.set_experimental_options({"contract": True})
    assert len(entries(folder)) == 3


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:-1] + b"?", lambda b: b"x" * 99]
)
def test_a_damaged_entry_is_a_miss(folder, concrete, damage):
    first = compile_again(concrete)
    (entry,) = entries(folder)
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    assert np.array_equal(compile_again(concrete), first)
    assert entry.read_bytes()[:64] == whole[:64]


def test_an_entry_under_the_name_of_another_is_a_miss(folder, concrete):
    first = compile_again(concrete)
    (entry,) = entries(folder)
    other = tf.function(lambda x: x - 100).get_concrete_function(tf.TensorSpec([2], tf.float32))
    second = compile_again(other)
    (wrong,) = set(entries(folder)) - {entry}
    shutil.copy(wrong, entry)
    assert np.array_equal(compile_again(concrete), first) and not np.array_equal(first, second)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_what_is_no_file_is_a_miss(folder, concrete, make):
    first = compile_again(concrete)
    (entry,) = entries(folder)
    entry.unlink()
    make(entry)
    assert np.array_equal(compile_again(concrete), first)


def test_the_directory_is_private(folder):
    run()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_directory_that_others_may_write_is_not_used(folder):
    folder.mkdir()
    folder.chmod(0o777)
    assert run() is not None and not entries(folder)


def test_what_cannot_be_written_is_no_error(folder, tmp_path):
    (tmp_path / "file").write_text("")
    tf.config.compilation_cache.set_directory(tmp_path / "file" / "below")
    assert run() is not None


def test_the_least_recently_used_go_first(folder):
    for number in range(4):
        run(float(number))
    oldest = entries(folder)[0]
    others = set(folder.iterdir()) - {oldest}
    os.utime(oldest, (time.time() - 1000,) * 2)
    tf.config.compilation_cache.set_limits(max_bytes=sum(p.stat().st_size for p in others))
    kept.sweep()
    assert set(folder.iterdir()) == others


def test_what_nobody_used_for_long_goes(folder):
    run()
    for entry in folder.iterdir():
        os.utime(entry, (time.time() - 61 * 86400,) * 2)
    abandoned = folder / "abandoned.tfcnew"
    abandoned.write_text("half")
    os.utime(abandoned, (time.time() - 7200,) * 2)
    kept.sweep()
    assert [path.name for path in folder.iterdir()] == ["swept"]


def test_the_directory_is_looked_through_once_an_hour(folder, monkeypatch):
    sweeps = []
    monkeypatch.setattr(kept, "sweep", lambda: sweeps.append(1))
    run()
    run(3.0)
    assert len(sweeps) == 1
    os.utime(folder / "swept", (time.time() - 7200,) * 2)
    run(4.0)
    assert len(sweeps) == 2


def test_a_second_process_compiles_nothing(folder):
    code = textwrap.dedent("""
        import sys
        import tfc as tf
        from tfc.compiler import jit

        function = tf.function(lambda x: tf.tanh(x) + 1.0)
        if sys.argv[1] == "second":
            jit.cache.write = None
        print(function(tf.constant([0.5, 1.5])).numpy().tolist())
    """)
    env = dict(os.environ, TFC_CACHE_DIR=str(folder))
    made = [
        subprocess.run([sys.executable, "-c", code, which], env=env, check=True, capture_output=True, text=True).stdout
        for which in ("first", "second")
    ]
    assert made[0] == made[1] and len(entries(folder)) == 1


def test_the_order_of_definition_does_not_count(folder, monkeypatch):
    inner = tf.function(lambda x: tf.sin(x) * 3.0)

    def use():
        return tf.function(lambda x: inner(x) + inner(x + 1.0))(tf.constant([0.5])).numpy()

    first = use()
    for _ in range(3):  # traces of other functions take numbers
        tf.function(lambda x: x).get_concrete_function(tf.TensorSpec([2], tf.float32))
    inner = tf.function(inner.python_function)
    monkeypatch.setattr(cache, "write", None)  # calling it would fail
    assert np.array_equal(use(), first)


def test_a_function_may_have_the_name_of_one_of_libm():
    def sin(x):
        return tf.sin(x)

    np.testing.assert_allclose(tf.function(sin)(tf.constant([1e15, 0.5])).numpy(), np.sin(np.float32([1e15, 0.5])))


def test_the_environment_switches_it_off():
    code = "import tfc as tf; assert tf.config.compilation_cache.directory() is None"
    subprocess.run([sys.executable, "-c", code], env=dict(os.environ, TFC_CACHE_DIR="off"), check=True)


def test_files_of_others_are_not_loaded(folder):
    run()
    first = entries(folder)[0]
    assert kept.read(first.name) is not None
    first.chmod(0o622)
    assert kept.read(first.name) is None


def test_only_files_of_the_cache_are_removed(folder):
    run()
    mine = folder / "new-year.txt"
    mine.write_text("mine")
    os.utime(mine, (time.time() - 90 * 86400,) * 2)
    kept.sweep()
    assert mine.exists()


def test_a_directory_that_cannot_be_listed_is_left_alone(folder, monkeypatch):
    run()

    def refuse(self):
        raise PermissionError("no")

    monkeypatch.setattr(type(folder), "iterdir", refuse)
    kept.sweep()


def test_a_second_process_loads_neither_mlir_nor_llvm(folder):
    code = textwrap.dedent("""
        import sys
        import tfc as tf

        print(tf.function(lambda x: tf.tanh(x) + 1.0)(tf.constant([0.5, 1.5])).numpy().tolist())
        with open("/proc/self/maps") as maps:
            print("libLLVM" in maps.read(), "tfc._compiler" in sys.modules, "mlir" in sys.modules)
    """)
    env = dict(os.environ, TFC_CACHE_DIR=str(folder), TFC_LOAD_AHEAD="0")
    said = [
        subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    ]
    assert said[0].splitlines()[0] == said[1].splitlines()[0]
    assert said[0].splitlines()[1] == "True True True"
    assert said[1].splitlines()[1] == "False False False"


def test_processes_at_once_do_not_disturb_each_other(folder):
    code = textwrap.dedent("""
        import tfc as tf

        @tf.function
        def f(x):
            return tf.exp(x) * 2.0 + tf.sin(x)

        print(f(tf.constant([0.5, 1.5])).numpy().tolist())
    """)
    env = dict(os.environ, TFC_CACHE_DIR=str(folder))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    said = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0] * 4, said
    assert len({out for out, _ in said}) == 1
    assert len(entries(folder)) == 1 and not list(folder.glob("*.tfcnew"))


def test_a_full_disk_is_no_error_and_leaves_nothing(folder, monkeypatch):
    class Full:
        def __init__(self, handle):
            self.handle = handle

        def __enter__(self):
            return self

        def __exit__(self, *_):
            os.close(self.handle)

        def write(self, content):
            raise OSError(28, "No space left on device")

    run()  # makes the directory
    before = set(folder.iterdir())
    monkeypatch.setattr(os, "fdopen", lambda handle, mode: Full(handle))
    assert np.allclose(run(5.0), np.exp([0.0, 1.0]) * 5)
    assert set(folder.iterdir()) == before


def test_a_directory_that_cannot_be_written_is_read(folder, concrete, monkeypatch):
    first = compile_again(concrete)

    def refuse(*_, **__):
        raise OSError(30, "Read-only file system")

    for name in ("utime", "replace", "unlink"):
        monkeypatch.setattr(os, name, refuse)
    monkeypatch.setattr(kept.tempfile, "mkstemp", refuse)
    monkeypatch.setattr(cache, "write", None)  # calling it would fail
    assert np.array_equal(compile_again(concrete), first)
    monkeypatch.undo()
    for name in ("utime", "replace", "unlink"):
        monkeypatch.setattr(os, name, refuse)
    monkeypatch.setattr(kept.tempfile, "mkstemp", refuse)
    assert np.allclose(run(7.0), np.exp([0.0, 1.0]) * 7)


def test_another_processor_does_not_find_the_code(folder, concrete, monkeypatch):
    first = compile_again(concrete)
    build.cache_clear()
    monkeypatch.setattr(_native, "processor", lambda: b"another one")
    try:
        assert np.array_equal(compile_again(concrete), first)
    finally:
        build.cache_clear()
    assert len(entries(folder)) == 2


def files(place, **contents):
    place.mkdir(exist_ok=True)
    for name, text in contents.items():
        (place / f"{name}.py").write_text(text)
    return place


def long_ago(monkeypatch):
    """Files that are made now are older than the process."""
    monkeypatch.setattr(kept, "_STARTED", time.time_ns() + 10**12)


def test_files_are_known_by_content_where_a_tool_keeps_times(folder, tmp_path, monkeypatch):
    long_ago(monkeypatch)
    place = files(tmp_path / "sources", a="x = 1", b="y = 1")
    info = (place / "a.py").stat()
    first = kept.digest_of([place])
    (place / "a.py").write_text("x = 2")
    os.utime(place / "a.py", ns=(info.st_atime_ns, info.st_mtime_ns))
    assert (place / "a.py").stat().st_mtime_ns == info.st_mtime_ns
    assert kept.digest_of([place]) != first


def test_equal_files_are_equal_wherever_and_whenever_they_were_made(folder, tmp_path, monkeypatch):
    long_ago(monkeypatch)
    one, other = (files(tmp_path / name, a="x = 1", b="y = 1") for name in ("one", "other"))
    os.utime(other / "a.py", (1, 1))
    assert kept.digest_of([one]) == kept.digest_of([other])
    assert kept.digest_of([files(tmp_path / "third", a="x = 1", c="y = 1")]) != kept.digest_of([one])


def test_files_are_read_once(folder, tmp_path, monkeypatch):
    long_ago(monkeypatch)
    place = files(tmp_path / "sources", a="x = 1")
    first = kept.digest_of([place])
    monkeypatch.setattr(kept, "_content_digest", None)  # calling it would fail
    assert kept.digest_of([place]) == first


def test_files_that_changed_since_the_process_began_are_of_no_other(folder, tmp_path, monkeypatch):
    place = files(tmp_path / "sources", a="x = 1")
    assert kept.digest_of([place]) == kept._OWN
    long_ago(monkeypatch)
    assert kept.digest_of([place]) != kept._OWN


def test_libraries_are_known_by_their_build_ids(tmp_path):
    paths = [path for path in library_paths() if ".so" in path]
    assert len(paths) == len(library_paths()) and any("libLLVM" in path for path in paths)
    with open(_native.__file__, "rb") as file:
        found = kept._build_id(file)
    (tmp_path / "text").write_bytes(b"no library" * 10)
    with open(tmp_path / "text", "rb") as file:
        assert kept._build_id(file) is None
    assert found is None or len(found) >= 8
