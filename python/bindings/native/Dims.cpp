//===- Dims.cpp - dimensions from and to Python ---------------------------===//
#include "Dims.h"

namespace tfc::native {

PyTypeObject *addType(PyObject *module, PyType_Spec *spec, PyTypeObject *base) {
  PyRef type(PyType_FromModuleAndSpec(module, spec,
                                      reinterpret_cast<PyObject *>(base)));
  if (!type || PyModule_AddType(
                   module, reinterpret_cast<PyTypeObject *>(type.get())) < 0)
    return nullptr;
  return reinterpret_cast<PyTypeObject *>(type.release());
}

bool parseDims(PyObject *sequence, bool allowUnknown, Dims &out) {
  PyRef fast(PySequence_Fast(sequence, "a shape must be a sequence of int"));
  if (!fast)
    return false;
  Py_ssize_t rank = PySequence_Fast_GET_SIZE(fast.get());
  if (rank > 255) {
    PyErr_Format(PyExc_ValueError, "rank %zd is too large, at most 255", rank);
    return false;
  }
  Dims dims;
  if (!dims.assign(nullptr, int32_t(rank)))
    return false;
  for (Py_ssize_t i = 0; i < rank; ++i) {
    PyObject *item = PySequence_Fast_GET_ITEM(fast.get(), i);
    if (item == Py_None && allowUnknown) {
      dims.data()[i] = kUnknownDim;
      continue;
    }
    int64_t size = PyNumber_AsSsize_t(item, PyExc_OverflowError);
    if (size == -1 && PyErr_Occurred())
      return false;
    if (size < 0) {
      PyErr_Format(PyExc_ValueError, "a dimension must not be negative, got %R",
                   item);
      return false;
    }
    dims.data()[i] = size;
  }
  out = static_cast<Dims &&>(dims);
  return true;
}

PyObject *dimsToTuple(const Dims &dims) {
  PyRef tuple(PyTuple_New(dims.rank()));
  if (!tuple)
    return nullptr;
  for (int32_t i = 0; i < dims.rank(); ++i) {
    PyObject *item = dims[i] == kUnknownDim ? Py_NewRef(Py_None)
                                            : PyLong_FromLongLong(dims[i]);
    if (!item)
      return nullptr;
    PyTuple_SET_ITEM(tuple.get(), i, item);
  }
  return tuple.release();
}

PyObject *dimsToString(const Dims &dims) {
  PyRef tuple(dimsToTuple(dims));
  return tuple ? PyObject_Repr(tuple.get()) : nullptr;
}

} // namespace tfc::native
