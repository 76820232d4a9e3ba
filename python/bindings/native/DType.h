//===- DType.h - element types --------------------------------------------===//
//
// One code per element type (enum tfc_dtype), its numpy descriptor, and the
// Python object that stands for it (`tfc.float32`), given by the room `dtypes`.
//
//===----------------------------------------------------------------------===//
#ifndef TFC_NATIVE_DTYPE_H
#define TFC_NATIVE_DTYPE_H

#include "Numpy.h"

namespace tfc::native {

constexpr int32_t kNoDType = -1;

struct DTypeInfo {
  const char *name;
  int32_t itemsize;
  /// Format of the buffer protocol; null if it has none.
  const char *format;
  /// DLPack's (code, bits).
  uint8_t dlpackCode, dlpackBits;
};

extern const DTypeInfo kDTypes[TFC_NUM_DTYPES];

inline bool isDType(int64_t code) { return code >= 0 && code < TFC_NUM_DTYPES; }
inline int32_t itemsize(int32_t code) { return kDTypes[code].itemsize; }

/// Borrowed numpy descriptor (native byte order) of a code.
PyArray_Descr *descrOf(int32_t code);

/// Code of a numpy descriptor of either byte order, or kNoDType.
int32_t codeOfDescr(PyArray_Descr *descr);

/// Code of `int`, a registered Python dtype, or anything numpy.dtype() takes;
/// kNoDType with a TypeError set otherwise.
int32_t codeOfObject(PyObject *object);

/// Borrowed: the registered Python object, else the numpy dtype.
PyObject *pythonDType(int32_t code);

/// Index of a registered Python object, or kNoDType. Never fails.
int32_t codeOfRegistered(PyObject *object);

/// _native.register_dtype(code, dtype): `dtype` is what `tensor.dtype` returns.
PyObject *registerDType(PyObject *module, PyObject *args);

bool initDType(PyObject *module);

} // namespace tfc::native

#endif // TFC_NATIVE_DTYPE_H
