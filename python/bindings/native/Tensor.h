//===- Tensor.h - Tensor and EagerTensor ----------------------------------===//
//
// `Tensor` is the base of every tensor class and has no state; Python attaches
// the operators. `EagerTensor` is a value: dtype, shape, and a shared Buffer
// that nobody changes while it is alive.
//
//===----------------------------------------------------------------------===//
#ifndef TFC_NATIVE_TENSOR_H
#define TFC_NATIVE_TENSOR_H

#include "Buffer.h"
#include "DType.h"
#include "Dims.h"

namespace tfc::native {

struct EagerTensor {
  PyObject_HEAD PyObject *weakrefs;
  Buffer *buffer;
  /// Cached read-only numpy array over `buffer`, or null.
  PyObject *view;
  int32_t dtype;
  Dims dims;
};

extern PyTypeObject *tensorType;
extern PyTypeObject *eagerTensorType;

inline bool isEagerTensor(PyObject *object) {
  return Py_TYPE(object) == eagerTensorType;
}
inline EagerTensor *asEagerTensor(PyObject *object) {
  return reinterpret_cast<EagerTensor *>(object);
}

/// A new tensor that takes over the caller's hold of `buffer`. On failure the
/// buffer is released, and a Python error is set.
PyObject *newEagerTensor(Buffer *buffer, int32_t dtype, const int64_t *sizes,
                         int32_t rank);

/// A new tensor with a fresh buffer of undefined contents.
PyObject *newUninitializedTensor(int32_t dtype, const int64_t *sizes,
                                 int32_t rank, int64_t nbytes);

/// Booleans of compiled code are 0 or 1: it looks at one of their bits. Others,
/// which numpy and DLPack may bring, are true.
bool areTruthValues(const void *data, int64_t count);
void makeTruthValues(void *data, int64_t count);

/// A new tensor from a numpy array. Without `copy` the array's own memory is
/// used if it is dense, aligned and of native byte order.
PyObject *tensorFromArray(PyArrayObject *array, bool copy);

/// A new tensor from anything: a tensor (itself), an array, or what
/// numpy.asarray makes of it (copied).
PyObject *tensorFromObject(PyObject *object);

/// Borrowed zero-copy read-only numpy array of a tensor; null with error set.
PyObject *viewOf(EagerTensor *tensor);

/// A new writable array with the same contents.
PyObject *copyToArray(EagerTensor *tensor);

/// Slots that Tensor.cpp puts together from BufferProtocol.cpp, DLPack.cpp and
/// Scalar.cpp.
PyObject *tensorDLPack(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *tensorDLPackDevice(PyObject *self, PyObject *);
int tensorGetBuffer(PyObject *self, Py_buffer *view, int flags);
void tensorReleaseBuffer(PyObject *self, Py_buffer *view);
int tensorBool(PyObject *self);
PyObject *tensorInt(PyObject *self);
PyObject *tensorFloat(PyObject *self);
PyObject *tensorIndex(PyObject *self);
PyObject *tensorComplex(PyObject *self, PyObject *);

/// _native.from_dlpack(x, copy=None)
PyObject *fromDLPack(PyObject *module, PyObject *args, PyObject *kwargs);

bool initTensor(PyObject *module);

} // namespace tfc::native

#endif // TFC_NATIVE_TENSOR_H
