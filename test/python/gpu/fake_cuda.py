"""A CUDA driver without a device, whose kernels run in numpy: `start()` before the first device of the process is asked for."""

import ctypes
import os
import subprocess
from pathlib import Path

import numpy as np
import ptx

HERE = Path(__file__).parent


def build(folder, *flags) -> Path:
    """The driver as a library, made by the C compiler."""
    made = Path(folder, "libfakecuda.so")
    command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(made), *flags, str(HERE / "fake_cuda.c")]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return made


LAUNCH = ctypes.CFUNCTYPE(
    None,
    ctypes.c_char_p,
    ctypes.c_char_p,
    ctypes.POINTER(ctypes.c_uint),
    ctypes.POINTER(ctypes.c_uint),
    ctypes.POINTER(ctypes.c_void_p),
)


class Driver:
    """The driver in this process. `launches`: (name, counters) of every kernel that ran; `errors`: of those that did not."""

    def __init__(self, path):
        os.environ["TFC_CUDA_LIBRARY"] = str(path)
        self._library = ctypes.CDLL(str(path))
        self._library.fake_log.restype = ctypes.c_char_p
        self._callback = LAUNCH(self._launch)
        self._library.fake_on_launch(self._callback)
        self._kernels: dict = {}
        self.launches: list = []
        self.errors: list = []

    def log(self) -> list:
        """What was asked of the driver since the last call."""
        lines = self._library.fake_log().decode().splitlines()
        self._library.fake_clear_log()
        return lines

    def _memory(self) -> ptx.Memory:
        pointers, sizes = (ctypes.c_void_p * 4096)(), (ctypes.c_size_t * 4096)()
        memory = ptx.Memory()
        for i in range(self._library.fake_allocations(pointers, sizes)):
            content = np.ctypeslib.as_array(ctypes.cast(pointers[i], ctypes.POINTER(ctypes.c_uint8)), (sizes[i],))
            memory.add(content, pointers[i])
        return memory

    def _launch(self, code, name, grid, block, params):
        try:
            if code not in self._kernels:
                self._kernels[code] = ptx.parse(code.decode())
            kernel = self._kernels[code]
            arguments = [
                np.frombuffer(ctypes.string_at(params[i], np.dtype(kind).itemsize), kind)[0].item()
                for i, (_, kind) in enumerate(kernel.parameters)
            ]
            counters = ptx.launch(kernel, tuple(grid[:3]), tuple(block[:3]), arguments, self._memory())
            self.launches.append((name.decode(), counters))
        except Exception as e:  # across C there is no exception
            self.errors.append(f"{type(e).__name__}: {e}")


def start(folder) -> Driver:
    return Driver(build(folder))
