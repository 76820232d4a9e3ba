//===- LoadedCode.h - images of linked code, in memory --------------------===//
#pragma once

#include <Python.h>

namespace tfc::native {

/// Adds the type `LoadedCode` to the module.
bool initLoadedCode(PyObject *module);

} // namespace tfc::native
