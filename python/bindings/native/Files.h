//===- Files.h - what the system says of files ----------------------------===//
#pragma once

#include <Python.h>

namespace tfc::native {

/// Python: `file_states(paths)`.
PyObject *fileStates(PyObject *, PyObject *paths);

} // namespace tfc::native
