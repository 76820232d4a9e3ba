"""A host for compiled entries in ctypes: the other side of include/tfc-rt/tfc_rt.h."""

import ctypes as ct
import json

import ml_dtypes
import numpy as np
import pytest
from mlir import ir
from tfc import _compiler
from tfc.compiler import code

DTYPES = [
    np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64,
    np.float16, ml_dtypes.bfloat16, np.float32, np.float64, np.complex64, np.complex128,
]  # fmt: skip


class Desc(ct.Structure):
    _fields_ = [("data", ct.c_void_p), ("dtype", ct.c_int32), ("rank", ct.c_int32), ("shape", ct.POINTER(ct.c_int64))]


_P, _I32, _I64, _S = ct.c_void_p, ct.c_int32, ct.c_int64, ct.c_char_p
ALLOCATE = ct.CFUNCTYPE(_P, _P, _I64)
DEALLOCATE = ct.CFUNCTYPE(None, _P, _P)
PRINT = ct.CFUNCTYPE(_I32, _P, _S, _I32, _S, _I32, ct.POINTER(Desc))
REPORT = ct.CFUNCTYPE(None, _P, _I32, _S, _S, _I32, _I32, ct.POINTER(Desc))


class Context(ct.Structure):
    _fields_ = [
        ("abi_version", ct.c_uint32), ("struct_size", ct.c_uint32), ("arena", _P), ("arena_bytes", _I64), ("user", _P),
        ("allocate", ALLOCATE), ("deallocate", DEALLOCATE), ("print", PRINT), ("report", REPORT),
        ("parallel_for", _P), ("call_host", _P),
    ]  # fmt: skip


def _read(address, dtype, shape):
    if not np.prod(shape):
        return np.zeros(shape, dtype)
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer((ct.c_char * count).from_address(address), dtype=dtype).reshape(shape).copy()


def _tensors(n, descs):
    return [_read(d.data, DTYPES[d.dtype], [d.shape[k] for k in range(d.rank)]) for d in (descs[i] for i in range(n))]


class Host:
    """Compiles and loads a module; calling it runs an entry and returns its results.

    After a call: `status`, `prints`, `reports`, and `allocations`, `live` of dynamic memory.
    """

    def __init__(self, source, **options):
        context = ir.Context()
        _compiler.register(context)
        with context:
            module = ir.Module.parse(source)
        # The module is not kept: hosts live as long as the session, and a context has threads of its own.
        self.artifact = _compiler.compile(module, options)
        self.code = code.load(self.artifact.object)
        self.entries = {e["symbol"]: e for e in json.loads(self.artifact.description)["entries"]}
        self.fail_at = None
        self.print_status = 0

    def _reset(self):
        self.prints, self.reports, self.allocations, self.live = [], [], 0, {}

    def _allocate(self, _, count):
        self.allocations += 1
        if self.allocations == self.fail_at:
            return 0
        memory = np.empty(count + 64, np.uint8)
        address = (memory.ctypes.data + 63) // 64 * 64
        self.live[address] = memory
        return address

    def _deallocate(self, _, address):
        if address:
            del self.live[address]

    def _print(self, _, text, summarize, stream, n, descs):
        self.prints.append((text.decode(), summarize, stream.decode(), _tensors(n, descs)))
        return self.print_status

    def _report(self, _, code, message, location, summarize, n, descs):
        self.reports.append((code, message.decode(), location.decode(), _tensors(n, descs)))

    def __call__(self, name, *args):
        self._reset()
        entry = self.entries[name]
        arena = np.zeros(entry["arena_bytes"] + 64, np.uint8)
        context = Context(
            1, ct.sizeof(Context), (arena.ctypes.data + 63) // 64 * 64, entry["arena_bytes"], None,
            ALLOCATE(self._allocate), DEALLOCATE(self._deallocate), PRINT(self._print), REPORT(self._report),
            None, None,
        )  # fmt: skip
        buffers, sizes, results, remaining = [], [], [], list(args)
        for buffer in entry["buffers"]:
            shape, dtype = buffer["shape"], np.dtype(DTYPES[buffer["dtype"]])
            if buffer["kind"] != "result":
                array = remaining.pop(0)
                assert array.dtype == dtype and array.flags.c_contiguous
                sizes += [n for n, size in zip(array.shape, shape) if size < 0]
                buffers.append(array.ctypes.data)
            elif -1 in shape:
                results.append((len(buffers), len(sizes), shape, dtype))
                sizes += [0] * shape.count(-1)
                buffers.append(0)
            else:
                results.append(np.full(shape, 99, dtype))
                buffers.append(results[-1].ctypes.data)
        buffers, sizes = (_P * max(1, len(buffers)))(*buffers), (_I64 * max(1, len(sizes)))(*sizes)
        entry_point = ct.CFUNCTYPE(_I32, _P, _P, _P)(self.code.address(name))
        self.status = entry_point(ct.addressof(context), ct.addressof(buffers), ct.addressof(sizes))
        self._buffers, self._sizes = buffers, sizes
        return [r if isinstance(r, np.ndarray) else self._take(r, buffers, sizes) for r in results]

    def allocated_variable(self, index):
        """The value of a vector that the entry has put in a new buffer; the first of all unknown sizes is its."""
        value = _read(self._buffers[index], np.float32, [self._sizes[0]])
        self._deallocate(None, self._buffers[index])
        return value

    def _take(self, result, buffers, sizes):
        index, offset, shape, dtype = result
        value = None
        if self.status == 0:
            unknown = iter(sizes[offset : offset + shape.count(-1)])
            value = _read(buffers[index], dtype, [next(unknown) if size < 0 else size for size in shape])
        if buffers[index]:
            self._deallocate(None, buffers[index])
        return value


@pytest.fixture(scope="session")
def compiled():
    """`compiled(source, **options)`: a Host, one per source and options in a session."""
    hosts = {}

    def make(source, **options):
        key = (source, repr(options))
        if key not in hosts:
            hosts[key] = Host(source, **options)
        return hosts[key]

    return make
