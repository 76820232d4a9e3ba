//===- Tiles.h - whether code of this process may use tile registers ------===//
#pragma once

#include <Python.h>

namespace tfc::native {

/// Asks the system for AMX's tile registers, once. Python: `has_tiles()`.
PyObject *hasTiles(PyObject *, PyObject *);

} // namespace tfc::native
