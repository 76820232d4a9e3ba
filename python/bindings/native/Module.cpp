//===- Module.cpp - tfc._native: tensors, variables, dispatch -------------===//
//
// The module links neither MLIR nor LLVM, so that it loads in a moment. Types
// are made with the C API of Python, because their slots are the hot path.
//
//===----------------------------------------------------------------------===//
#include "Callbacks.h"
#include "Denormals.h"
#include "Elements.h"
#include "EntryPoint.h"
#include "Executable.h"
#include "Files.h"
#include "Function.h"
#include "LoadAhead.h"
#include "LoadedCode.h"
#include "Matrices.h"
#include "Philox.h"
#include "Processor.h"
#include "Rows.h"
#include "Sampler.h"
#include "Tiles.h"

#include <nanobind/nanobind.h>

namespace nb = nanobind;

namespace tfc::native {

static PyObject *cachedBytes(PyObject *, PyObject *) {
  return PyLong_FromLongLong(cachedBufferBytes());
}

static PyObject *dropCached(PyObject *, PyObject *) {
  dropCachedBuffers();
  Py_RETURN_NONE;
}

static PyMethodDef functions[] = {
    {"register_dtype", registerDType, METH_VARARGS,
     "register_dtype(code, dtype)\n\n`dtype` is what `.dtype` of tensors and "
     "variables returns, and is taken wherever a dtype is."},
    {"from_dlpack", (PyCFunction)(void *)fromDLPack,
     METH_VARARGS | METH_KEYWORDS,
     "from_dlpack(x, *, copy=None)\n\nA tensor over the memory of an object "
     "with __dlpack__ or of a DLPack capsule."},
    {"set_print_hook", setPrintHook, METH_O,
     "set_print_hook(f)\n\n`f(format, tensors, summarize, stream)` prints. "
     "Returns the previous hook; None is the default."},
    {"set_error_factory", setErrorFactory, METH_O,
     "set_error_factory(f)\n\n`f(code, message, location, tensors, summarize)` "
     "returns the exception to raise. Returns the previous factory."},
    {"set_host_call", setHostCall, METH_O,
     "set_host_call(f)\n\n`f(id, tensors)` runs a py_function and returns its "
     "list of tensors or arrays. Returns the previous one."},
    {"set_rows_function", setRowsFunction, METH_VARARGS,
     "set_rows_function(id, kind)\n\nThe host function `id` asks an iteration, "
     "by its number, whether there is another element (1), or for it (2); 0: "
     "nothing any more."},
    {"put_rows", putRows, METH_VARARGS,
     "put_rows(number, tensors, count)\n\nThe next `count` elements of an "
     "iteration are the rows of these tensors; 0: one, the tensors themselves. "
     "They take the place of what was there."},
    {"rows_left", rowsLeft, METH_O,
     "rows_left(number)\n\nHow many elements of an iteration are there."},
    {"take_row", takeRow, METH_O,
     "take_row(number)\n\nThe tensors of the next element; None if none is "
     "left."},
    {"drop_rows", dropRows, METH_O,
     "drop_rows(number)\n\nNothing is kept under the number any more."},
    {"set_parallel_for", setParallelFor, METH_O,
     "set_parallel_for(address)\n\nThe C function of tfc_context.parallel_for, "
     "0 for none. Returns the previous address; at first that of the pool."},
    {"set_num_threads", setNumThreads, METH_O,
     "set_num_threads(n)\n\nHow many threads share a parallel loop, the caller "
     "included. 0: one for each processor that the process may run on."},
    {"num_threads", getNumThreads, METH_NOARGS,
     "num_threads()\n\nHow many threads share a parallel loop."},
    {"set_flush_denormals", setFlushDenormals, METH_O,
     "set_flush_denormals(flag)\n\nDenormal numbers are zero in compiled code. "
     "Returns the previous flag."},
    {"load_ahead", loadAhead, METH_VARARGS,
     "load_ahead(paths, flags)\n\nStarts to load shared libraries in a thread. "
     "Who imports one of them before it is there waits for it."},
    {"fill_philox", fillPhilox, METH_VARARGS,
     "fill_philox(array, key, low, high, step)\n\nThe words (uint32) of blocks "
     "of "
     "Philox4x32-10 with this key, from the counter high:low on in steps."},
    {"philox_at", philoxAt, METH_VARARGS,
     "philox_at(array, key, low, high)\n\nThe blocks (four uint32 each) of "
     "Philox4x32-10 with this key, at counters whose halves are arrays of "
     "uint64."},
    {"lu", factorMatrices, METH_VARARGS,
     "lu(matrices, order)\n\nPuts the factors of matrices in their place, and "
     "the rows (int32) that they came from into `order`."},
    {"triangular_solve", solveTriangles, METH_VARARGS,
     "triangular_solve(matrices, right, lower, unit)\n\nPuts the solutions of "
     "systems, of which one triangle counts, in the place of their right "
     "sides."},
    {"choose", chooseElements, METH_VARARGS,
     "choose(condition, x, y, out)\n\nElements of x where the condition holds, "
     "else of y; both may be of one element."},
    {"error_function", errorFunction, METH_VARARGS,
     "error_function(x, complement)\n\nThe error function of doubles, or what "
     "it lacks to 1, in their place."},
    {"scatter_rows", scatterRows, METH_VARARGS,
     "scatter_rows(out, places, updates, mode)\n\nChanges rows of a matrix, "
     "one "
     "after the other: add, sub, mul, max or min."},
    {"has_tiles", hasTiles, METH_NOARGS,
     "has_tiles()\n\nWhether code of this process may use AMX. The system is "
     "asked for it at the first call."},
    {"file_states", fileStates, METH_O,
     "file_states(paths)\n\nWhat the system says of files, as bytes that "
     "differ if one was changed, and when that was last (in nanoseconds). Of a "
     "folder: of the .py files in it."},
    {"processor", describeProcessor, METH_NOARGS,
     "processor()\n\nWhat tells processors apart for which other code is "
     "made, as bytes."},
    {"cached_buffer_bytes", cachedBytes, METH_NOARGS,
     "Bytes of freed buffers that are kept for reuse."},
    {"drop_cached_buffers", dropCached, METH_NOARGS,
     "Gives freed buffers back to the system."},
    {nullptr, nullptr, 0, nullptr}};

} // namespace tfc::native

NB_MODULE(_native, m) {
  using namespace tfc::native;
  PyObject *module = m.ptr();
  m.doc() = "Tensors, variables, executables and function dispatch of tfc.";
  if (!initDType(module) || !initBuffer(module) || !initTensor(module) ||
      !initVariable(module) || !initDevice(module) || !initExecutable(module) ||
      !initFunction(module) || !initEntryPoint(module) ||
      !initSampler(module) || !initLoadedCode(module) ||
      PyModule_AddFunctions(module, functions) < 0)
    nb::raise_python_error();
}
