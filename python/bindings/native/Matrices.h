//===- Matrices.h - factors of small matrices -------------------*- C++ -*-===//
#ifndef TFC_BINDINGS_NATIVE_MATRICES_H
#define TFC_BINDINGS_NATIVE_MATRICES_H
#include "Common.h"

namespace tfc::native {

/// _native.lu(matrices, order): factors of matrices in their place, and the
/// rows (int32) that they came from.
PyObject *factorMatrices(PyObject *module, PyObject *args);

/// _native.triangular_solve(matrices, right, lower, unit): the solutions of
/// systems, in the place of their right sides.
PyObject *solveTriangles(PyObject *module, PyObject *args);

} // namespace tfc::native

#endif // TFC_BINDINGS_NATIVE_MATRICES_H
