//===- MakeTensor.cpp - tensors from numpy and back -----------------------===//
#include "Tensor.h"

#include <algorithm>

namespace tfc::native {

PyObject *newEagerTensor(Buffer *buffer, int32_t dtype, const int64_t *sizes,
                         int32_t rank) {
  PyObject *object = eagerTensorType->tp_alloc(eagerTensorType, 0);
  if (!object) {
    release(buffer);
    return nullptr;
  }
  EagerTensor *self = asEagerTensor(object);
  self->buffer = buffer;
  self->dtype = dtype;
  if (!self->dims.assign(sizes, rank)) {
    Py_DECREF(object);
    return nullptr;
  }
  return object;
}

PyObject *newUninitializedTensor(int32_t dtype, const int64_t *sizes,
                                 int32_t rank, int64_t nbytes) {
  Buffer *buffer = allocateBuffer(nbytes);
  if (!buffer)
    return PyErr_Format(PyExc_MemoryError,
                        "no memory for a tensor of %lld bytes",
                        (long long)nbytes);
  return newEagerTensor(buffer, dtype, sizes, rank);
}

bool areTruthValues(const void *data, int64_t count) {
  auto *bytes = static_cast<const uint8_t *>(data);
  // Blocks, of which each is a loop that vectors can do.
  constexpr int64_t block = 4096;
  for (int64_t start = 0; start < count; start += block) {
    uint8_t all = 0;
    for (int64_t i = start, end = std::min(count, start + block); i < end; ++i)
      all |= bytes[i];
    if (all > 1)
      return false;
  }
  return true;
}

void makeTruthValues(void *data, int64_t count) {
  auto *bytes = static_cast<uint8_t *>(data);
  for (int64_t i = 0; i < count; ++i)
    bytes[i] = bytes[i] != 0;
}

static PyObject *newArrayOver(void *data, int32_t dtype, const Dims &dims,
                              int flags) {
  PyArray_Descr *descr = descrOf(dtype);
  Py_INCREF(descr);
  static_assert(sizeof(npy_intp) == sizeof(int64_t));
  return PyArray_NewFromDescr(
      &PyArray_Type, descr, dims.rank(),
      reinterpret_cast<npy_intp *>(const_cast<int64_t *>(dims.data())), nullptr,
      data, flags, nullptr);
}

PyObject *tensorFromArray(PyArrayObject *array, bool copy) {
  PyArray_Descr *descr = PyArray_DESCR(array);
  int32_t dtype = codeOfDescr(descr);
  if (dtype == kNoDType)
    return PyErr_Format(PyExc_TypeError,
                        "cannot make a tensor of a numpy array of dtype %R, "
                        "expected bool, integers, floats or complex numbers",
                        descr);
  static_assert(sizeof(npy_intp) == sizeof(int64_t));
  auto *sizes = reinterpret_cast<const int64_t *>(PyArray_DIMS(array));
  int rank = PyArray_NDIM(array);
  int64_t nbytes = PyArray_NBYTES(array);
  bool dense = PyArray_ISCARRAY_RO(array);
  if (dense && !copy &&
      (dtype != TFC_BOOL || areTruthValues(PyArray_DATA(array), nbytes))) {
    Buffer *buffer = borrowBuffer(PyArray_DATA(array), nbytes,
                                  reinterpret_cast<PyObject *>(array));
    if (!buffer)
      return PyErr_NoMemory();
    return newEagerTensor(buffer, dtype, sizes, rank);
  }
  PyRef tensor(newUninitializedTensor(dtype, sizes, rank, nbytes));
  if (!tensor)
    return nullptr;
  EagerTensor *self = asEagerTensor(tensor.get());
  if (dense) {
    memcpy(self->buffer->data, PyArray_DATA(array), nbytes);
  } else {
    PyRef target(
        newArrayOver(self->buffer->data, dtype, self->dims, NPY_ARRAY_CARRAY));
    if (!target ||
        PyArray_CopyInto(reinterpret_cast<PyArrayObject *>(target.get()),
                         array) < 0)
      return nullptr;
  }
  if (dtype == TFC_BOOL)
    makeTruthValues(self->buffer->data, nbytes);
  return tensor.release();
}

/// A tensor of a numpy scalar of C's types; null without an error for others.
static PyObject *tensorFromNumpyScalar(PyObject *object) {
  PyRef descr(reinterpret_cast<PyObject *>(PyArray_DescrFromScalar(object)));
  if (!descr)
    return nullptr;
  auto *typed = reinterpret_cast<PyArray_Descr *>(descr.get());
  int32_t dtype = codeOfDescr(typed);
  if (dtype == kNoDType || typed->type_num >= NPY_NTYPES_LEGACY)
    return nullptr;
  PyObject *tensor = newUninitializedTensor(dtype, nullptr, 0, itemsize(dtype));
  if (tensor)
    PyArray_ScalarAsCtype(object, asEagerTensor(tensor)->buffer->data);
  return tensor;
}

PyObject *tensorFromObject(PyObject *object) {
  if (isEagerTensor(object))
    return Py_NewRef(object);
  if (PyArray_Check(object))
    return tensorFromArray(reinterpret_cast<PyArrayObject *>(object), true);
  if (PyArray_CheckScalar(object)) {
    PyObject *tensor = tensorFromNumpyScalar(object);
    if (tensor || PyErr_Occurred())
      return tensor;
  }
  PyRef array(PyArray_FromAny(object, nullptr, 0, 0, 0, nullptr));
  if (!array)
    return nullptr;
  bool fresh = Py_REFCNT(array.get()) == 1 &&
               PyArray_CHKFLAGS(reinterpret_cast<PyArrayObject *>(array.get()),
                                NPY_ARRAY_OWNDATA);
  return tensorFromArray(reinterpret_cast<PyArrayObject *>(array.get()),
                         !fresh);
}

PyObject *viewOf(EagerTensor *tensor) {
  if (tensor->view)
    return tensor->view;
  PyRef array(newArrayOver(tensor->buffer->data, tensor->dtype, tensor->dims,
                           NPY_ARRAY_CARRAY_RO));
  if (!array)
    return nullptr;
  PyObject *holder = newBufferHolder(tensor->buffer);
  if (!holder ||
      PyArray_SetBaseObject(reinterpret_cast<PyArrayObject *>(array.get()),
                            holder) < 0)
    return nullptr;
  return tensor->view = array.release();
}

PyObject *copyToArray(EagerTensor *tensor) {
  // Without memory of ours the flags would mean something else: Fortran order.
  PyObject *array = newArrayOver(nullptr, tensor->dtype, tensor->dims, 0);
  if (array)
    memcpy(PyArray_DATA(reinterpret_cast<PyArrayObject *>(array)),
           tensor->buffer->data, tensor->buffer->nbytes);
  return array;
}

} // namespace tfc::native
