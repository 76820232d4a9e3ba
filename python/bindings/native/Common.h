//===- Common.h - Python, numpy and error helpers of the native module ----===//
//
// Every source file of `tfc._native` includes this first. Reference counts,
// caches and flags are protected by the GIL unless a comment says otherwise.
//
//===----------------------------------------------------------------------===//
#ifndef TFC_NATIVE_COMMON_H
#define TFC_NATIVE_COMMON_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include "tfc-rt/tfc_rt.h"

#include <cstdint>
#include <cstring>

namespace tfc::native {

/// An owning reference to a Python object.
class PyRef {
public:
  PyRef() = default;
  explicit PyRef(PyObject *stolen) : object(stolen) {}
  PyRef(const PyRef &) = delete;
  PyRef &operator=(const PyRef &) = delete;
  PyRef(PyRef &&other) noexcept : object(other.release()) {}
  PyRef &operator=(PyRef &&other) noexcept {
    PyObject *old = object;
    object = other.release();
    Py_XDECREF(old);
    return *this;
  }
  ~PyRef() { Py_XDECREF(object); }

  static PyRef borrow(PyObject *object) {
    Py_XINCREF(object);
    return PyRef(object);
  }

  PyObject *get() const { return object; }
  explicit operator bool() const { return object != nullptr; }
  PyObject *release() {
    PyObject *result = object;
    object = nullptr;
    return result;
  }

private:
  PyObject *object = nullptr;
};

/// What a weak reference refers to, borrowed; None if it is dead.
inline PyObject *weakTarget(PyObject *ref) {
#if PY_VERSION_HEX < 0x030D0000
  return PyWeakref_GET_OBJECT(ref);
#else
  PyObject *target = nullptr;
  if (PyWeakref_GetRef(ref, &target) != 1)
    return Py_None;
  // Whoever holds the target goes on to hold it: we have the GIL.
  Py_DECREF(target);
  return target;
#endif
}

/// Creates a heap type and adds it to `module` under its short name.
PyTypeObject *addType(PyObject *module, PyType_Spec *spec, PyTypeObject *base);

} // namespace tfc::native

#endif // TFC_NATIVE_COMMON_H
