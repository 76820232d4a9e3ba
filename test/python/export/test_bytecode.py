"""MLIR bytecode of unknown origin: its reader ends the process on some files, which must be an error instead."""

import subprocess

import numpy as np
import pytest
from tfc.commands import path as tool
from tfc.export import cli
from tfc.export.mlir_code import load_mlir
from tfc.export.sources import read_mlir

TEXT = """\
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> attributes {tfc.entry} {
  %0 = tfc.exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}
"""
# Bytecode of this text in which the number of one attribute was changed, so that it has the wrong kind.
DAMAGED = (
    b"ML\xefR\rMLIR22.1.8\x00\x01\x1f\x07\x01\x05\t\t\x01\x03\x0f\x03\x05\x07\x13\x05\x03\x17\x03)\x17\x07\x01\x17\x0b"
    b"\x13\x13\x0b\x07\x0b\x0b\x13\x13\x13\x13\x01\x07\x13\x17\x07\x02W\x05\r\x17\x01\x01\x01\x03\x03\x07\t\x05\x0f\x0f\r\x03\x05\x11\x17\x01\x03\x03\x17\x01"
    b"\x03\x1d\x17\x01\x05\x11\x17\x01\x07\x07\x1b\x03\x11\x05\x05\x03\x01\x03\x01\x0b\x04M\x07\x01P\x03\x01\x07\x04=\x03\x01\x05\x03Q\x0f\x05\x03\x07\x04"
    b"'\x03\x05\x0b\x03\x03\x11\x00\x07\x06\x13\x03\x01\x03\x01\x05\x04\x15\x03\x03\x06\x03\x01\x05\x01\x00\x81\x13\x05\x15\x0f\t\x0f\x0f\t\x0b\x11bui"
    b"ltin\x00func\x00tfc\x00module\x00return\x00exp\x00s.mlir\x00t"
    b"fc.entry\x00f\x00\x08\x17\x05\x05\x01\x01\r\x01\x0b\x01\x01\r\x01"
)


def run_tool(name, *arguments, content=b""):
    return subprocess.run([tool(name), *arguments], input=content, capture_output=True, check=False)


@pytest.mark.parametrize("program", ["tfc-opt", "tfc-reduce"])
def test_tools_refuse_bytecode_that_their_reader_does_not_survive(tmp_path, program):
    (tmp_path / "x.mlirbc").write_bytes(DAMAGED)
    done = run_tool(program, tmp_path / "x.mlirbc")
    assert done.returncode == 1 and b"x.mlirbc: error: damaged MLIR bytecode" in done.stderr


def test_standard_input_is_checked_too():
    done = run_tool("tfc-opt", "-", content=DAMAGED)
    assert done.returncode == 1 and b"damaged MLIR bytecode" in done.stderr


def test_compile_refuses_bytecode_that_its_reader_does_not_survive(tmp_path):
    (tmp_path / "x.mlirbc").write_bytes(DAMAGED)
    with pytest.raises(ValueError, match=r"x\.mlirbc cannot be read: damaged MLIR bytecode"):
        cli.run([str(tmp_path / "x.mlirbc"), "-o", str(tmp_path / "x.o")])


def test_bytecode_that_ends_early_says_what_the_reader_says(tmp_path):
    content = run_tool("tfc-opt", "-", "--emit-bytecode", content=TEXT.encode()).stdout
    (tmp_path / "x.mlirbc").write_bytes(content[:-60])
    with pytest.raises(ValueError, match=r"x\.mlirbc cannot be read: attempting to parse"):
        read_mlir(tmp_path / "x.mlirbc")


def test_whole_bytecode_is_what_its_text_is(tmp_path):
    content = run_tool("tfc-opt", "-", "--emit-bytecode", content=TEXT.encode()).stdout
    (tmp_path / "x.mlirbc").write_bytes(content)
    loaded = load_mlir(read_mlir(tmp_path / "x.mlirbc"))
    x = np.linspace(-1, 1, 4, dtype=np.float32)
    np.testing.assert_allclose(loaded(x).numpy(), np.exp(x), rtol=1e-6)
