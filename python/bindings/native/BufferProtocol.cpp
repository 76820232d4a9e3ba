//===- BufferProtocol.cpp - memoryview(tensor) ----------------------------===//
#include "Tensor.h"

namespace tfc::native {

int tensorGetBuffer(PyObject *object, Py_buffer *view, int flags) {
  EagerTensor *self = asEagerTensor(object);
  const char *format = kDTypes[self->dtype].format;
  view->obj = nullptr;
  if (flags & PyBUF_WRITABLE) {
    PyErr_SetString(PyExc_BufferError, "a tensor is immutable: its buffer is "
                                       "read-only, use .numpy() for a copy");
    return -1;
  }
  bool wantsShape = flags & PyBUF_ND;
  if (!format && (flags & PyBUF_FORMAT)) {
    PyErr_SetString(PyExc_BufferError, "the buffer protocol has no format for "
                                       "bfloat16, use numpy.asarray(tensor)");
    return -1;
  }
  int32_t rank = self->dims.rank();
  int64_t *strides = nullptr;
  if (wantsShape && (flags & PyBUF_STRIDES) == PyBUF_STRIDES && rank > 0) {
    strides = static_cast<int64_t *>(PyMem_Malloc(rank * sizeof(int64_t)));
    if (!strides) {
      PyErr_NoMemory();
      return -1;
    }
    int64_t stride = itemsize(self->dtype);
    for (int32_t i = rank - 1; i >= 0; --i) {
      strides[i] = stride;
      stride *= self->dims[i];
    }
  }
  if ((flags & PyBUF_F_CONTIGUOUS) == PyBUF_F_CONTIGUOUS && rank > 1) {
    PyMem_Free(strides);
    PyErr_SetString(PyExc_BufferError, "a tensor is not Fortran contiguous");
    return -1;
  }
  view->obj = Py_NewRef(object);
  view->buf = self->buffer->data;
  view->len = self->buffer->nbytes;
  view->readonly = 1;
  view->itemsize = itemsize(self->dtype);
  view->format = flags & PyBUF_FORMAT ? const_cast<char *>(format) : nullptr;
  view->ndim = wantsShape ? rank : 1;
  view->shape = wantsShape && rank
                    ? reinterpret_cast<Py_ssize_t *>(self->dims.data())
                    : nullptr;
  view->strides = reinterpret_cast<Py_ssize_t *>(strides);
  view->suboffsets = nullptr;
  view->internal = strides;
  return 0;
}

void tensorReleaseBuffer(PyObject *, Py_buffer *view) {
  PyMem_Free(view->internal);
}

} // namespace tfc::native
