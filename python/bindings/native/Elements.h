//===- Elements.h - what numpy has no fast loop for -------------*- C++ -*-===//
#ifndef TFC_BINDINGS_NATIVE_ELEMENTS_H
#define TFC_BINDINGS_NATIVE_ELEMENTS_H
#include "Common.h"

namespace tfc::native {

/// _native.choose(condition, x, y, out): elements of x where the condition
/// holds, else of y; both may be of one element.
PyObject *chooseElements(PyObject *module, PyObject *args);

/// _native.error_function(x, complement): erf or erfc of doubles, in place.
PyObject *errorFunction(PyObject *module, PyObject *args);

/// _native.scatter_rows(out, places, updates, mode): rows of `out` are changed
/// one after the other.
PyObject *scatterRows(PyObject *module, PyObject *args);

} // namespace tfc::native

#endif // TFC_BINDINGS_NATIVE_ELEMENTS_H
