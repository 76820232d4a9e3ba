"""Who takes an artefact: LLVM's model runner, the example programs, build systems, a bare machine, ctypes."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import building
import numpy as np
import pytest
import tfc as tf
from tfc.export import compile
from tfc.export.cli import run

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "aot"
SPEC = tf.TensorSpec


def llvm_root():
    spec = importlib.util.find_spec("llvm")
    root = Path(next(iter(spec.submodule_search_locations))) if spec else None
    if root is None or not (root / "include" / "llvm" / "Analysis" / "ReleaseModeModelRunner.h").is_file():
        pytest.skip("NOT TESTED: LLVM's headers are missing; install xtc-llvm-dev")
    return root


RUNNER = r"""
#include "advisor.hpp"
#include "llvm/Analysis/ReleaseModeModelRunner.h"
#include "llvm/IR/LLVMContext.h"
#include <cstdio>
#include <vector>

int main() {
  llvm::LLVMContext context;
  std::vector<llvm::TensorSpec> inputs = {llvm::TensorSpec::createSpec<int64_t>("callee_basic_block_count", {1}),
                                          llvm::TensorSpec::createSpec<int64_t>("not_known_to_the_model", {1}),
                                          llvm::TensorSpec::createSpec<int64_t>("callsite_height", {1})};
  llvm::ReleaseModeModelRunner<mlgo::InlinerModel> runner(context, inputs, "inlining_decision");
  for (int64_t blocks : {2, 200}) {
    *runner.getTensor<int64_t>(0) = blocks;
    *runner.getTensor<int64_t>(1) = 7;
    *runner.getTensor<int64_t>(2) = 3;
    std::printf("%d\n", int(runner.evaluate<int64_t>()));
  }
  return llvm::isEmbeddedModelEvaluatorValid<mlgo::InlinerModel>() ? 0 : 1;
}
"""


@pytest.mark.skipif(shutil.which("c++") is None, reason="no C++ compiler")
def test_class_satisfies_release_mode_model_runner(tmp_path):
    root = llvm_root()

    @tf.function(
        input_signature=[
            SPEC([1], tf.int64, name="callee_basic_block_count"),
            SPEC([1], tf.int64, name="callsite_height"),
        ]
    )
    def advisor(callee_basic_block_count, callsite_height):
        size = tf.cast(callee_basic_block_count, tf.float32) * 0.5 + tf.cast(callsite_height, tf.float32)
        return {"inlining_decision": tf.cast(size < 20.0, tf.int64)}

    compile(advisor, tmp_path / "advisor.o", cxx_class="mlgo::InlinerModel")
    (tmp_path / "main.cpp").write_text(RUNNER)
    command = [
        "c++",
        "-std=c++17",
        "-fno-rtti",
        "-w",
        f"-I{root / 'include'}",
        "main.cpp",
        "advisor.o",
        f"-L{root / 'lib'}",
    ]
    command += ["-lLLVM", f"-Wl,-rpath,{root / 'lib'}", "-o", "main"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    done = subprocess.run([tmp_path / "main"], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.split() == ["1", "0"], done.stderr


@pytest.fixture
def commands(tmp_path):
    """A PATH with tfc-compile and tfc-run."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    for name, module in (("tfc-compile", "cli"), ("tfc-run", "run")):
        script = bin_ / name
        script.write_text(f"#!{sys.executable}\nfrom tfc.export.{module} import main\nmain()\n")
        script.chmod(0o755)
    path = os.pathsep.join(p for p in sys.path if p)
    return {**os.environ, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": path}


def make(commands, build, *arguments):
    if shutil.which("make") is None or shutil.which("c++") is None:
        pytest.skip("no make or C++ compiler")
    done = subprocess.run(
        ["make", "run", f"BUILD={build}", *arguments], cwd=EXAMPLES, env=commands, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return [
        line
        for line in done.stdout.splitlines()
        if not line.startswith(("tfc-", "cc", "c++", "g++", "/", "qemu", "aarch64"))
    ]


WANTED = ["6 rows, first: ", "labels are 0, 1 or 2, got [0 0 1 1 2 3] (invalid argument)", "scores 2.72 3.05"]


def test_example_programs(tmp_path, commands):
    text = "\n".join(make(commands, tmp_path / "build"))
    assert all(part in text for part in WANTED), text


def test_example_programs_on_aarch64(tmp_path, commands):
    building.AARCH64.require()
    if shutil.which("aarch64-linux-gnu-g++") is None:
        building._install(("g++-aarch64-linux-gnu",))
    if shutil.which("aarch64-linux-gnu-g++") is None:
        pytest.skip("NOT TESTED for aarch64: aarch64-linux-gnu-g++ missing")
    text = "\n".join(
        make(
            commands, tmp_path / "build", "CC=aarch64-linux-gnu-gcc", "CXX=aarch64-linux-gnu-g++",
            "TARGET=--target aarch64-linux-gnu", "RUN=qemu-aarch64 -L /usr/aarch64-linux-gnu",
        )
    )  # fmt: skip
    assert all(part in text for part in WANTED), text


def page_blocks():
    """The fenced blocks of the first section of docs/aot.md, with their languages."""
    text = (Path(__file__).resolve().parents[3] / "docs" / "aot.md").read_text()
    section = text[text.index("## Five minutes") : text.index("## What can be compiled")]
    return re.findall(r"```(\w*)\n(.*?)```", section, re.S)


def test_first_page_of_the_docs_works_as_written(tmp_path, commands):
    building.AARCH64.require()
    for language, block in page_blocks():
        if language:
            name = re.match(r"(?:#|/\*) (\S+)", block)[1]
            (tmp_path / name).write_text(block)
            continue
        if block.startswith("tfc-compile"):
            block = block.replace("\\\n", " ")
        for line in filter(None, block.splitlines()):
            done = subprocess.run(line, shell=True, cwd=tmp_path, env=commands, capture_output=True, text=True)
            assert done.returncode == 0, (line, done.stderr)
    assert done.stdout == "0\n"


BARE = r"""
#define TFC_NO_STDIO
#define TFC_NO_MALLOC
#include "bare.h"

/* A machine without a C library's services: memory is an array, and characters go to one function. */
static unsigned char memory[1 << 16];
static size_t used;
static int releases;
static void *allocate(tfc_context *ctx, int64_t bytes) {
  void *p = memory + used;
  (void)ctx;
  if (bytes > (int64_t)(sizeof memory - used)) return NULL;
  used += ((size_t)bytes + 63) / 64 * 64;
  return p;
}
static void deallocate(tfc_context *ctx, void *p) { (void)ctx; releases += p != NULL; }
extern int putchar(int);
static void say(const char *text) { while (*text) putchar(*text++); }
static int32_t print(tfc_context *ctx, const char *format, int32_t summarize, const char *stream, int32_t n,
                     const tfc_tensor_desc *tensors) {
  char text[128] = "";
  tfc_writer w = {NULL, NULL, 0, 0};
  (void)ctx; (void)stream;
  w.text = text;
  w.size = sizeof text;
  tfc_write_format(&w, format, summarize, n, tensors);
  say(text);
  return TFC_OK;
}

int main(void) {
  static tfc_host host;
  static float x[5] = {3, -1, 0.5f, -2, 1e10f};
  float *kept;
  int64_t n;
  host.allocate = allocate;
  host.deallocate = deallocate;
  host.print = print;
  if (bare(&host, x, 5, &kept, &n) != TFC_OK || n != 3 || kept[1] != 0.5f) return 1;
  tfc_release(&host, kept);
  used = sizeof memory - 64;
  if (bare(&host, x, 5, &kept, &n) != TFC_OUT_OF_MEMORY || kept) return 2;
  say(host.message);
  say("\n");
  if (bare(&host, NULL, 5, &kept, &n) != TFC_INVALID_ARGUMENT) return 3;
  say(host.message);
  say("\n");
  return 0;
}
"""


@pytest.mark.parametrize("target", ["x86", "armv7"])
def test_bare_machine_supplies_its_own_services(tmp_path, target):
    @tf.function(input_signature=[SPEC([None])])
    def bare(x):
        kept = tf.boolean_mask(x, x > 0.0)
        tf.print("kept", kept)
        return kept

    target = building.TARGETS[target]
    compile(bare, tmp_path / "bare.o", target=target.triple)
    program = building.link(tmp_path, ["bare.o"], BARE, target)
    done = building.execute(program, target)
    assert done.returncode == 0
    kept, memory, null = done.stdout.splitlines()
    assert kept in ("kept [3 0.5 1e10]", "kept [3 5e-1 1e10]")
    assert memory == "out of memory"
    assert null == "bare: expected x to be float32[?], got NULL"


CTYPES = """
import ctypes, json, sys
import numpy as np

class Context(ctypes.Structure):  # tfc_context of tfc_rt.h
    _fields_ = [("abi_version", ctypes.c_uint32), ("struct_size", ctypes.c_uint32), ("arena", ctypes.c_void_p),
                ("arena_bytes", ctypes.c_int64), ("user", ctypes.c_void_p)]
    _fields_ += [(n, ctypes.c_void_p) for n in ("allocate", "deallocate", "print", "report", "parallel_for", "call_host")]

library = ctypes.CDLL(sys.argv[1])
entry = json.load(open(sys.argv[2]))["entries"][0]
x, y = np.arange(4, dtype=np.float32), np.empty(4, np.float32)
arena = ctypes.create_string_buffer(entry["arena_bytes"] + 64)
context = Context(abi_version=1, struct_size=ctypes.sizeof(Context), arena_bytes=entry["arena_bytes"])
context.arena = (ctypes.addressof(arena) + 63) // 64 * 64
buffers = (ctypes.c_void_p * 2)(x.ctypes.data, y.ctypes.data)
status = library[entry["symbol"]](ctypes.byref(context), buffers, (ctypes.c_int64 * 1)())
assert "tfc" not in sys.modules
print(status, y)
"""


def test_shared_library_is_called_through_ctypes_alone(tmp_path):
    f = tf.function(lambda x: tf.nn.softmax(x * 2.0))
    compile({"f": f.get_concrete_function(SPEC([4]))}, tmp_path / "f.so")
    command = [sys.executable, "-c", CTYPES, tmp_path / "f.so", tmp_path / "f.json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    status, values = done.stdout.split(" ", 1)
    want = f(tf.constant([0.0, 1, 2, 3])).numpy()
    np.testing.assert_allclose(np.array(values.strip(" []\n").split(), np.float32), want, rtol=1e-5)
    assert status == "0"


def test_shared_library_is_loaded_without_the_compiler(tmp_path):
    f = tf.function(lambda x: x + 1.0)
    compile({"f": f.get_concrete_function(SPEC([4]))}, tmp_path / "f.so")
    script = "import sys, tfc as tf; l = tf.export.load(sys.argv[1]); print(l.f([1., 2, 3, 4]).numpy(), 'mlir.ir' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "f.so"], capture_output=True, text=True)
    assert done.stdout == "[2. 3. 4. 5.] False\n", done.stderr


@pytest.mark.parametrize("suffix", [".o", ".a", ".so"])
def test_pkg_config_file_links(tmp_path, suffix):
    if shutil.which("pkg-config") is None:
        pytest.skip("no pkg-config")
    f = tf.function(lambda x: x + 1.0)
    compile({"f": f.get_concrete_function(SPEC([2]))}, tmp_path / "lib" / f"f{suffix}")
    environment = {**os.environ, "PKG_CONFIG_PATH": str(tmp_path / "lib")}
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "f"], env=environment, capture_output=True, text=True
    ).stdout
    (tmp_path / "main.c").write_text(
        '#include "f.h"\nint main(void) { float x[2] = {1, 2}, y[2]; return f(NULL, x, y) || y[1] != 3; }'
    )
    subprocess.run(
        ["cc", "main.c", *flags.split(), f"-Wl,-rpath,{tmp_path}/lib", "-o", "main"], cwd=tmp_path, check=True
    )
    assert subprocess.run([tmp_path / "main"]).returncode == 0


@pytest.mark.parametrize("suffix", [".o", ".a", ".so"])
def test_cmake_file_links(tmp_path, suffix):
    if shutil.which("cmake") is None:
        pytest.skip("no cmake")
    f = tf.function(lambda x: x + 1.0)
    compile({"f": f.get_concrete_function(SPEC([2]))}, tmp_path / f"f{suffix}")
    (tmp_path / "main.c").write_text(
        '#include "f.h"\nint main(void) { float x[2] = {1, 2}, y[2]; return f(NULL, x, y) || y[1] != 3; }'
    )
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.18)\nproject(app C)\ninclude(f.cmake)\nadd_executable(app main.c)\n"
        "target_link_libraries(app PRIVATE tfc::f)\n"
    )
    for command in (["cmake", "-S", ".", "-B", "build"], ["cmake", "--build", "build"], ["build/app"]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_command_line_class(tmp_path):
    (tmp_path / "m.py").write_text("import tfc as tf\n@tf.function\ndef m(x):\n    return x * 2.0\n")
    run([f"{tmp_path}/m.py:m", "--spec", "float32[3]", "--cxx-class", "M", "-o", str(tmp_path / "m.o"), "-q"])
    assert "class M {" in (tmp_path / "m.hpp").read_text()


@pytest.mark.parametrize("name", ["a b", "3x", "x::"])
def test_malformed_class_name_is_an_error(tmp_path, name):
    f = tf.function(lambda x: x).get_concrete_function(SPEC([1]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="no name of a C"):
        compile(f, tmp_path / "f.o", cxx_class=name)


def test_class_of_unknown_sizes_is_an_error(tmp_path):
    f = tf.function(lambda x: x).get_concrete_function(SPEC([None]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="known size"):
        compile(f, tmp_path / "f.o", cxx_class="F")
