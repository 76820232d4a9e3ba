"""The driver: options, targets, failures, independence of loads."""

import subprocess
import threading
from pathlib import Path

import pytest
from mlir import ir
from tfc import _compiler
from tfc.compiler.code import load

ADD = """
func.func @f(%x: tensor<64xf32>, %y: tensor<64xf32>) -> tensor<64xf32> attributes {tfc.entry} {
  %e = tensor.empty() : tensor<64xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
      iterator_types = ["parallel"]} ins(%x, %y : tensor<64xf32>, tensor<64xf32>) outs(%e : tensor<64xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %m = arith.mulf %a, %b : f32
      %s = arith.addf %a, %m : f32
      linalg.yield %s : f32
  } -> tensor<64xf32>
  return %r : tensor<64xf32>
}"""


@pytest.fixture
def module():
    context = ir.Context()
    _compiler.register(context)
    with context:
        yield ir.Module.parse(ADD)


def test_the_callers_module_is_left_alone(module):
    before = str(module)
    _compiler.compile(module)
    assert str(module) == before


def test_loads_of_one_object_are_independent(module):
    code = _compiler.compile(module).object
    first, second = load(code), load(code)
    assert first.address("f") != second.address("f")
    del first
    assert second.address("f")


def test_missing_symbol_is_an_error(module):
    loaded = load(_compiler.compile(module).object)
    with pytest.raises(LookupError, match="g"):
        loaded.address("g")


def test_bytes_that_are_no_object_are_an_error():
    with pytest.raises(_compiler.CompileError, match="could not be linked"):
        load(b"not an object file")


@pytest.mark.parametrize("triple, cpu, instruction", [
    ("x86_64-linux-gnu", "x86-64-v3", "vfmadd"),
    ("x86_64-linux-gnu", "x86-64", "mulps"),
    ("aarch64-linux-gnu", "generic", "fmla"),
    ("armv7a-linux-gnueabihf", "cortex-a9", "f32"),
])  # fmt: skip
def test_other_targets(module, triple, cpu, instruction):
    artifact = _compiler.compile(module, {"triple": triple, "cpu": cpu, "dump": ["asm"]})
    assert artifact.object[:4] == b"\x7fELF"
    assert instruction in artifact.dump("asm")


def test_strict_code_has_no_fma(module):
    options = {"triple": "x86_64-linux-gnu", "cpu": "x86-64-v3", "dump": "asm"}
    assert "vfmadd" in _compiler.compile(module, options).dump("asm")
    assert "vfmadd" not in _compiler.compile(module, {**options, "contract": False}).dump("asm")


@pytest.mark.parametrize("options, message", [
    ({"triple": "nonsense-unknown"}, "no code generator for"),
    ({"cpu": "i4004"}, "unknown cpu 'i4004'"),
    ({"features": "+warp"}, "unknown feature 'warp'"),
    ({"dump": ["nothing"]}, "no stage 'nothing'"),
])  # fmt: skip
def test_wrong_targets_say_so(module, options, message):
    with pytest.raises(_compiler.CompileError, match=message):
        _compiler.compile(module, options)


@pytest.mark.parametrize("options, message", [
    ({"speed": 11}, "there is no option 'speed'"),
    ({"opt_level": 9}, "expected 0, 1, 2 or 3, got '9'"),
    ({"contract": "perhaps"}, "expected true or false"),
])  # fmt: skip
def test_wrong_options_say_so(module, options, message):
    with pytest.raises(ValueError, match=message):
        _compiler.compile(module, options)


@pytest.mark.parametrize("stage", ["tfc-bufferization", "tfc-buffers-to-loops", "llvm-ir", "llvm-ir-optimized", "asm"])
def test_dumps(module, stage):
    assert "f" in _compiler.compile(module, {"dump": [stage]}).dump(stage)


FAILING = """
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> attributes {tfc.entry} {
  %r = call @g(%x) : (tensor<4xf32>) -> tensor<4xf32> loc("model.py":7:3)
  return %r : tensor<4xf32>
}
func.func private @g(tensor<4xf32>) -> tensor<4xf32>
"""


def test_failure_names_the_users_line_and_a_reproducer(tmp_path, tfc_opt):
    context = ir.Context()
    _compiler.register(context)
    with context:
        module = ir.Module.parse(FAILING)
    with pytest.raises(_compiler.CompileError, match="'func.call' op has no lowering") as info:
        _compiler.compile(module, {"reproducer_directory": str(tmp_path)})
    error = info.value
    assert error.location == "model.py:7:3" and error.stage == "tfc-to-linalg"
    command = Path(error.reproducer).read_text().splitlines()[0]
    assert command.startswith("// tfc-opt --tfc-") and str(tmp_path) in command
    run = subprocess.run([tfc_opt, "--tfc-to-linalg", error.reproducer], capture_output=True, text=True, timeout=60)
    assert "'func.call' op has no lowering" in run.stderr


def test_module_without_entry_is_an_error(module):
    with module.context:
        empty = ir.Module.parse("func.func @f() { return }")
    with pytest.raises(_compiler.CompileError, match="no entry"):
        _compiler.compile(empty)


def test_unknown_stage_is_an_error(module):
    with pytest.raises(_compiler.CompileError, match="there is no stage 'tfc-magic'"):
        _compiler.run_pipeline(module, "tfc-magic")


def test_stage_runs_in_place(module):
    _compiler.run_pipeline(module, "tfc-pack")
    assert "f.body" in str(module)


def test_threads_may_compile_at_once(module):
    results = []
    threads = [threading.Thread(target=lambda: results.append(len(_compiler.compile(module).object))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4 and len(set(results)) == 1


def test_code_generation_has_nothing_to_warn_of():
    # Each warning prints a whole function, whether anybody sees it or not.
    said = []
    with ir.Context() as context:
        _compiler.register(context)
        context.attach_diagnostic_handler(lambda diagnostic: said.append(diagnostic.message) or True)
        _compiler.compile(
            ir.Module.parse("""
            func.func @f(%x: tensor<64xf32> {tfc.name = "x"}, %v: !tfc.resource<tensor<64xf32>> {tfc.name = "v"})
                -> tensor<64xf32> attributes {tfc.entry} {
              %0 = tfc.add %x, %x : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
              return %0 : tensor<64xf32>
            }
        """)
        )
    assert said == []
