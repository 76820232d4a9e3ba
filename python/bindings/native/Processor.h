//===- Processor.h - which processor this is ------------------------------===//
#pragma once

#include <Python.h>

namespace tfc::native {

/// What code generators know of the processor. Python: `processor()`.
PyObject *describeProcessor(PyObject *, PyObject *);

} // namespace tfc::native
