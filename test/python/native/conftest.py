"""Entries in C, compiled once per session, and small factories."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tfc import _native

HERE = Path(__file__).parent
INCLUDE = HERE.parents[2] / "include"


@pytest.fixture(scope="session")
def entries(tmp_path_factory):
    """The shared library of ``entries.c``."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    library = tmp_path_factory.mktemp("entries") / "entries.so"
    command = [compiler, "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-O1", "-shared", "-fPIC"]
    subprocess.run([*command, f"-I{INCLUDE}", str(HERE / "entries.c"), "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))


@pytest.fixture
def executable(entries):
    """``executable(symbol, args, variables, results, **options)``; dtype float32 unless given."""

    def make(symbol, args=(), variables=(), results=(), dtype="float32", **options):
        code = _native.DTYPE_CODES[dtype]
        return _native.Executable(
            ctypes.cast(getattr(entries, symbol), ctypes.c_void_p).value,
            entries,
            [(code, shape) for shape in args],
            [(code, *variable) for variable in variables],
            [(code, shape) for shape in results],
            name=symbol,
            **options,
        )

    return make


@pytest.fixture
def tensor():
    """``tensor([1, 2])``: float32 unless given."""

    def make(value, dtype=np.float32):
        return _native.EagerTensor.from_numpy(np.array(value, dtype))

    return make


@pytest.fixture
def variable():
    """``variable([1, 2])``: float32, of a fixed shape unless given."""

    def make(value, shape=Ellipsis):
        array = np.array(value, np.float32)
        return _native.VariableStorage("float32", array.shape if shape is Ellipsis else shape, array)

    return make


@pytest.fixture
def function():
    """``function(executable, inputs, outputs)``: traces by inserting that entry, and returns "traced"."""

    class Function(_native.Function):
        def __init__(self, executable, inputs, outputs=0, **options):
            self.make = lambda: _native.Entry(executable, inputs, outputs, **options)

        def _call_slow(self, args, kwargs):
            self._insert(args, kwargs, self.make())
            return "traced"

    return Function
