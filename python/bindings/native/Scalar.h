//===- Scalar.h - tensors of one element and Python numbers ---------------===//
#ifndef TFC_NATIVE_SCALAR_H
#define TFC_NATIVE_SCALAR_H

#include "Tensor.h"

namespace tfc::native {

/// True for exactly bool, int, float, complex.
inline bool isPythonNumber(PyObject *object) {
  return PyFloat_CheckExact(object) || PyLong_CheckExact(object) ||
         PyBool_Check(object) || PyComplex_CheckExact(object);
}

/// Writes a Python number as one element of `dtype`. False with TypeError (the
/// kind does not fit) or ValueError (out of range) set.
bool writeScalar(PyObject *number, int32_t dtype, void *out);

/// A new tensor of shape () from a Python number.
PyObject *tensorFromScalar(PyObject *number, int32_t dtype);

} // namespace tfc::native

#endif // TFC_NATIVE_SCALAR_H
