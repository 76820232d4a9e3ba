//===- DType.cpp - element types ------------------------------------------===//
#define TFC_NATIVE_IMPORTS_NUMPY
#include "DType.h"

namespace tfc::native {

const DTypeInfo kDTypes[TFC_NUM_DTYPES] = {
    {"bool", 1, "?", 6, 8},           {"int8", 1, "b", 0, 8},
    {"int16", 2, "h", 0, 16},         {"int32", 4, "i", 0, 32},
    {"int64", 8, "q", 0, 64},         {"uint8", 1, "B", 1, 8},
    {"uint16", 2, "H", 1, 16},        {"uint32", 4, "I", 1, 32},
    {"uint64", 8, "Q", 1, 64},        {"float16", 2, "e", 2, 16},
    {"bfloat16", 2, nullptr, 4, 16},  {"float32", 4, "f", 2, 32},
    {"float64", 8, "d", 2, 64},       {"complex64", 8, "Zf", 5, 64},
    {"complex128", 16, "Zd", 5, 128},
};

namespace {

PyArray_Descr *descrs[TFC_NUM_DTYPES];
PyObject *registered[TFC_NUM_DTYPES];
int32_t codeOfTypeNum[NPY_NTYPES_LEGACY];

constexpr int kTypeNums[TFC_NUM_DTYPES] = {
    NPY_BOOL,   NPY_INT8,    NPY_INT16,   NPY_INT32,     NPY_INT64,
    NPY_UINT8,  NPY_UINT16,  NPY_UINT32,  NPY_UINT64,    NPY_FLOAT16,
    NPY_NOTYPE, NPY_FLOAT32, NPY_FLOAT64, NPY_COMPLEX64, NPY_COMPLEX128};

} // namespace

PyArray_Descr *descrOf(int32_t code) { return descrs[code]; }

int32_t codeOfDescr(PyArray_Descr *descr) {
  int num = descr->type_num;
  if (num >= 0 && num < NPY_NTYPES_LEGACY)
    return codeOfTypeNum[num];
  return num == descrs[TFC_BF16]->type_num ? int32_t(TFC_BF16) : kNoDType;
}

PyObject *pythonDType(int32_t code) {
  if (PyObject *object = registered[code])
    return object;
  return reinterpret_cast<PyObject *>(descrs[code]);
}

int32_t codeOfRegistered(PyObject *object) {
  for (int32_t code = 0; code < TFC_NUM_DTYPES; ++code)
    if (registered[code] == object)
      return code;
  return kNoDType;
}

int32_t codeOfObject(PyObject *object) {
  if (PyLong_CheckExact(object)) {
    long code = PyLong_AsLong(object);
    if (code == -1 && PyErr_Occurred())
      return kNoDType;
    if (isDType(code))
      return code;
    PyErr_Format(PyExc_TypeError,
                 "%ld is not a dtype code, expected 0 <= code < %d", code,
                 int(TFC_NUM_DTYPES));
    return kNoDType;
  }
  int32_t code = codeOfRegistered(object);
  if (code != kNoDType)
    return code;
  PyArray_Descr *descr = nullptr;
  if (object == Py_None || !PyArray_DescrConverter(object, &descr)) {
    PyErr_Clear();
  } else {
    code = codeOfDescr(descr);
    Py_DECREF(descr);
  }
  if (code == kNoDType)
    PyErr_Format(PyExc_TypeError,
                 "%R is not a dtype of tensors, expected bool, [u]int8 to "
                 "[u]int64, float16, bfloat16, float32, float64, complex64 or "
                 "complex128",
                 object);
  return code;
}

PyObject *registerDType(PyObject *, PyObject *args) {
  int code;
  PyObject *object;
  if (!PyArg_ParseTuple(args, "iO:register_dtype", &code, &object))
    return nullptr;
  if (!isDType(code))
    return PyErr_Format(PyExc_ValueError,
                        "%d is not a dtype code, expected 0 <= code < %d", code,
                        int(TFC_NUM_DTYPES));
  Py_INCREF(object);
  PyObject *old = registered[code];
  registered[code] = object;
  Py_XDECREF(old);
  Py_RETURN_NONE;
}

bool initDType(PyObject *module) {
  if (_import_array() < 0)
    return false;
  for (int32_t &code : codeOfTypeNum)
    code = kNoDType;
  for (int32_t code = 0; code < TFC_NUM_DTYPES; ++code) {
    if (kTypeNums[code] == NPY_NOTYPE)
      continue;
    descrs[code] = PyArray_DescrFromType(kTypeNums[code]);
    codeOfTypeNum[kTypeNums[code]] = code;
  }
  // C's `long` and `long long` are different numpy types of the same size.
  int32_t longCode = sizeof(long) == 8 ? TFC_I64 : TFC_I32;
  codeOfTypeNum[NPY_LONG] = longCode;
  codeOfTypeNum[NPY_ULONG] = longCode + (TFC_U8 - TFC_I8);
  codeOfTypeNum[NPY_LONGLONG] = TFC_I64;
  codeOfTypeNum[NPY_ULONGLONG] = TFC_U64;

  PyRef mlDtypes(PyImport_ImportModule("ml_dtypes"));
  if (!mlDtypes)
    return false;
  PyRef bfloat16(PyObject_GetAttrString(mlDtypes.get(), "bfloat16"));
  if (!bfloat16 || !PyArray_DescrConverter(bfloat16.get(), &descrs[TFC_BF16]))
    return false;

  PyRef names(PyDict_New());
  for (int32_t code = 0; code < TFC_NUM_DTYPES; ++code) {
    PyRef value(PyLong_FromLong(code));
    if (!value ||
        PyDict_SetItemString(names.get(), kDTypes[code].name, value.get()) < 0)
      return false;
  }
  return PyModule_AddObjectRef(module, "DTYPE_CODES", names.get()) == 0;
}

} // namespace tfc::native
