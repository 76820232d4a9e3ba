//===- Scalar.cpp - tensors of one element and Python numbers -------------===//
#include "Scalar.h"

namespace tfc::native {

namespace {

template <typename T> bool store(void *out, T value) {
  memcpy(out, &value, sizeof(T));
  return true;
}

bool badKind(PyObject *number, int32_t dtype) {
  PyErr_Format(PyExc_TypeError, "Cannot convert %R to EagerTensor of dtype %s",
               number, kDTypes[dtype].name);
  return false;
}

bool outOfRange(PyObject *number, int32_t dtype) {
  PyErr_Format(PyExc_ValueError,
               "Can't convert Python int %R to a tensor of dtype %s: out of "
               "range",
               number, kDTypes[dtype].name);
  return false;
}

bool writeInteger(PyObject *number, int32_t dtype, void *out) {
  if (!PyLong_Check(number) || PyBool_Check(number))
    return badKind(number, dtype);
  int overflow = 0;
  long long value = PyLong_AsLongLongAndOverflow(number, &overflow);
  if (dtype == TFC_U64) {
    unsigned long long big = PyLong_AsUnsignedLongLong(number);
    if (big == (unsigned long long)-1 && PyErr_Occurred()) {
      PyErr_Clear();
      return outOfRange(number, dtype);
    }
    return store<uint64_t>(out, big);
  }
  int bits = kDTypes[dtype].dlpackBits;
  bool isSigned = dtype <= TFC_I64;
  long long low = isSigned ? -(1LL << (bits - 2)) * 2 : 0;
  long long high = isSigned ? -(low + 1) : (1LL << bits) - 1;
  if (overflow || value < low || value > high)
    return outOfRange(number, dtype);
  memcpy(out, &value, bits / 8); // little endian
  return true;
}

bool writeOther(PyObject *number, int32_t dtype, void *out) {
  // Types that C does not have: numpy converts.
  PyRef array(PyArray_SimpleNewFromDescr(
      0, nullptr,
      reinterpret_cast<PyArray_Descr *>(
          Py_NewRef(reinterpret_cast<PyObject *>(descrOf(dtype))))));
  if (!array)
    return false;
  auto *typed = reinterpret_cast<PyArrayObject *>(array.get());
  if (PyArray_SETITEM(typed, static_cast<char *>(PyArray_DATA(typed)), number) <
      0)
    return false;
  memcpy(out, PyArray_DATA(typed), itemsize(dtype));
  return true;
}

bool writeComplex(PyObject *number, int32_t dtype, void *out) {
  Py_complex value = PyComplex_AsCComplex(number);
  if (value.real == -1 && PyErr_Occurred())
    return false;
  if (dtype == TFC_C64) {
    float pair[2] = {float(value.real), float(value.imag)};
    memcpy(out, pair, sizeof(pair));
  } else {
    double pair[2] = {value.real, value.imag};
    memcpy(out, pair, sizeof(pair));
  }
  return true;
}

} // namespace

bool writeScalar(PyObject *number, int32_t dtype, void *out) {
  if (!isPythonNumber(number))
    return badKind(number, dtype);
  if (dtype == TFC_BOOL)
    return PyBool_Check(number) ? store<uint8_t>(out, number == Py_True)
                                : badKind(number, dtype);
  if (dtype <= TFC_U64)
    return writeInteger(number, dtype, out);
  if (PyBool_Check(number) || (PyComplex_CheckExact(number) && dtype < TFC_C64))
    return badKind(number, dtype);
  if (dtype >= TFC_C64)
    return writeComplex(number, dtype, out);
  double value = PyFloat_AsDouble(number);
  if (value == -1 && PyErr_Occurred())
    return false;
  if (dtype == TFC_F32)
    return store<float>(out, float(value));
  if (dtype == TFC_F64)
    return store<double>(out, value);
  return writeOther(number, dtype, out);
}

PyObject *tensorFromScalar(PyObject *number, int32_t dtype) {
  alignas(16) char element[16];
  if (!writeScalar(number, dtype, element))
    return nullptr;
  PyObject *tensor = newUninitializedTensor(dtype, nullptr, 0, itemsize(dtype));
  if (tensor)
    memcpy(asEagerTensor(tensor)->buffer->data, element, itemsize(dtype));
  return tensor;
}

//===----------------------------------------------------------------------===//
// bool(), int(), float(), complex(), operator.index()
//===----------------------------------------------------------------------===//

/// The only element as a Python number.
static PyObject *item(PyObject *self) {
  EagerTensor *tensor = asEagerTensor(self);
  const void *data = tensor->buffer->data;
  if (tensor->dims.numElements() != 1)
    return PyErr_Format(
        PyExc_TypeError,
        "only length-1 arrays can be converted to Python scalars");
  switch (tensor->dtype) {
  case TFC_BOOL:
    return PyBool_FromLong(*static_cast<const uint8_t *>(data));
  case TFC_I32: {
    int32_t value;
    memcpy(&value, data, sizeof(value));
    return PyLong_FromLong(value);
  }
  case TFC_F32: {
    float value;
    memcpy(&value, data, sizeof(value));
    return PyFloat_FromDouble(value);
  }
  default: {
    PyObject *view = viewOf(tensor);
    if (!view)
      return nullptr;
    return PyArray_GETITEM(reinterpret_cast<PyArrayObject *>(view),
                           static_cast<const char *>(data));
  }
  }
}

int tensorBool(PyObject *self) {
  if (asEagerTensor(self)->dims.numElements() != 1) {
    PyErr_SetString(PyExc_ValueError,
                    "The truth value of an array with more than one element "
                    "(or none) is ambiguous. Use tf.reduce_any() or "
                    "tf.reduce_all()");
    return -1;
  }
  PyRef value(item(self));
  return value ? PyObject_IsTrue(value.get()) : -1;
}

PyObject *tensorInt(PyObject *self) {
  PyRef value(item(self));
  return value ? PyNumber_Long(value.get()) : nullptr;
}

PyObject *tensorFloat(PyObject *self) {
  PyRef value(item(self));
  return value ? PyNumber_Float(value.get()) : nullptr;
}

PyObject *tensorComplex(PyObject *self, PyObject *) {
  PyRef value(item(self));
  if (!value)
    return nullptr;
  return PyObject_CallOneArg(reinterpret_cast<PyObject *>(&PyComplex_Type),
                             value.get());
}

PyObject *tensorIndex(PyObject *self) {
  EagerTensor *tensor = asEagerTensor(self);
  if (tensor->dtype < TFC_I8 || tensor->dtype > TFC_U64 ||
      tensor->dims.rank() != 0)
    return PyErr_Format(
        PyExc_TypeError,
        "only integer scalar arrays can be converted to a scalar index");
  return item(self);
}

} // namespace tfc::native
