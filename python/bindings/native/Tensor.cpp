//===- Tensor.cpp - Tensor and EagerTensor types --------------------------===//
#include "Tensor.h"
#include "Scalar.h"

namespace tfc::native {

PyTypeObject *tensorType = nullptr;
PyTypeObject *eagerTensorType = nullptr;

//===----------------------------------------------------------------------===//
// Methods
//===----------------------------------------------------------------------===//

namespace {

PyObject *fromArrayOrScalar(PyObject *object, bool copy) {
  if (PyArray_Check(object))
    return tensorFromArray(reinterpret_cast<PyArrayObject *>(object), copy);
  if (PyArray_CheckScalar(object))
    return tensorFromObject(object);
  return PyErr_Format(PyExc_TypeError,
                      "from_numpy takes a numpy array or scalar, got %.200s",
                      Py_TYPE(object)->tp_name);
}

PyObject *eagerNew(PyTypeObject *, PyObject *args, PyObject *kwargs) {
  static const char *names[] = {"array", "copy", nullptr};
  PyObject *object;
  int copy = 1;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p:from_numpy",
                                   const_cast<char **>(names), &object, &copy))
    return nullptr;
  return fromArrayOrScalar(object, copy);
}

/// from_numpy: eager operations wrap every result with it, so it parses the
/// usual forms itself.
PyObject *fromNumpy(PyObject *, PyObject *const *args, Py_ssize_t numArgs,
                    PyObject *names) {
  Py_ssize_t numNames = names ? PyTuple_GET_SIZE(names) : 0;
  bool copyByName =
      numArgs == 1 && numNames == 1 &&
      PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "copy") == 0;
  if (copyByName || (numNames == 0 && (numArgs == 1 || numArgs == 2))) {
    int copy = numArgs + numNames == 2 ? PyObject_IsTrue(args[1]) : 1;
    return copy < 0 ? nullptr : fromArrayOrScalar(args[0], copy);
  }
  PyRef tuple(PyTuple_New(numArgs)), keywords(PyDict_New());
  if (!tuple || !keywords)
    return nullptr;
  for (Py_ssize_t i = 0; i < numArgs; ++i)
    PyTuple_SET_ITEM(tuple.get(), i, Py_NewRef(args[i]));
  for (Py_ssize_t i = 0; i < numNames; ++i)
    if (PyDict_SetItem(keywords.get(), PyTuple_GET_ITEM(names, i),
                       args[numArgs + i]) < 0)
      return nullptr;
  return eagerNew(nullptr, tuple.get(), keywords.get());
}

PyObject *adopt(PyObject *, PyObject *object) {
  return fromArrayOrScalar(object, false);
}

PyObject *fromScalar(PyObject *, PyObject *args) {
  PyObject *value, *dtypeObject;
  if (!PyArg_ParseTuple(args, "OO:from_scalar", &value, &dtypeObject))
    return nullptr;
  int32_t dtype = codeOfObject(dtypeObject);
  return dtype == kNoDType ? nullptr : tensorFromScalar(value, dtype);
}

PyObject *toNumpy(PyObject *self, PyObject *) {
  EagerTensor *tensor = asEagerTensor(self);
  if (tensor->dims.rank() > 0)
    return copyToArray(tensor);
  PyObject *view = viewOf(tensor);
  if (!view)
    return nullptr;
  return PyArray_Scalar(tensor->buffer->data,
                        PyArray_DESCR(reinterpret_cast<PyArrayObject *>(view)),
                        view);
}

PyObject *toView(PyObject *self, PyObject *) {
  return Py_XNewRef(viewOf(asEagerTensor(self)));
}

PyObject *toArray(PyObject *self, PyObject *args, PyObject *kwargs) {
  static const char *names[] = {"dtype", "copy", nullptr};
  PyObject *dtype = Py_None, *copy = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OO:__array__",
                                   const_cast<char **>(names), &dtype, &copy))
    return nullptr;
  int wantCopy = copy == Py_None ? -1 : PyObject_IsTrue(copy);
  if (wantCopy == -1 && PyErr_Occurred())
    return nullptr;
  EagerTensor *tensor = asEagerTensor(self);
  if (dtype != Py_None) {
    PyArray_Descr *descr = nullptr;
    int32_t code = codeOfRegistered(dtype);
    if (code != kNoDType)
      Py_INCREF(descr = descrOf(code));
    else if (!PyArray_DescrConverter(dtype, &descr))
      return nullptr;
    if (!PyArray_EquivTypes(descr, descrOf(tensor->dtype))) {
      PyObject *view = wantCopy == 0 ? nullptr : viewOf(tensor);
      if (view) // Steals the reference to descr.
        return PyArray_CastToType(reinterpret_cast<PyArrayObject *>(view),
                                  descr, 0);
      if (wantCopy == 0)
        PyErr_Format(PyExc_ValueError,
                     "cannot convert a %s tensor to %R without a copy, but "
                     "copy=False was given",
                     kDTypes[tensor->dtype].name, descr);
      Py_DECREF(descr);
      return nullptr;
    }
    Py_DECREF(descr);
  }
  return wantCopy == 1 ? copyToArray(tensor) : Py_XNewRef(viewOf(tensor));
}

PyObject *tensorReduce(PyObject *self, PyObject *) {
  PyRef function(PyObject_GetAttrString(
      reinterpret_cast<PyObject *>(eagerTensorType), "from_numpy"));
  PyObject *view = function ? viewOf(asEagerTensor(self)) : nullptr;
  if (!view)
    return nullptr;
  return Py_BuildValue("O(O)", function.get(), view);
}

PyObject *tensorSelf(PyObject *self, PyObject *) { return Py_NewRef(self); }

PyMethodDef eagerMethods[] = {
    {"from_numpy", (PyCFunction)(void *)fromNumpy,
     METH_FASTCALL | METH_KEYWORDS | METH_STATIC,
     "from_numpy(array, copy=True)\n\nA tensor with the dtype and shape of a "
     "numpy array or scalar. With copy=False a dense, aligned array of native "
     "byte order is used in place and must not be changed "
     "afterwards.\n\nRaises "
     "TypeError for other objects and for dtypes that tensors do not have."},
    {"_adopt", adopt, METH_O | METH_STATIC,
     "_adopt(array)\n\nfrom_numpy(array, copy=False), and faster."},
    {"from_scalar", fromScalar, METH_VARARGS | METH_STATIC,
     "from_scalar(value, dtype)\n\nA tensor of shape () from a Python bool, "
     "int, "
     "float or complex. Raises TypeError if the kind of number does not fit "
     "the "
     "dtype, ValueError if an int is out of range."},
    {"numpy", toNumpy, METH_NOARGS,
     "A numpy array that is a copy, or a numpy scalar if the shape is ()."},
    {"_view", toView, METH_NOARGS,
     "A read-only numpy array over the tensor's own memory."},
    {"__array__", (PyCFunction)(void *)toArray, METH_VARARGS | METH_KEYWORDS,
     "__array__(dtype=None, copy=None)\n\nnumpy's protocol. Without a copy the "
     "array is read-only."},
    {"__dlpack__", (PyCFunction)(void *)tensorDLPack,
     METH_VARARGS | METH_KEYWORDS,
     "__dlpack__(*, stream=None, max_version=None, dl_device=None, "
     "copy=None)\n\n"
     "A DLPack capsule; without a copy from version 1 on, marked read-only."},
    {"__dlpack_device__", tensorDLPackDevice, METH_NOARGS, "(1, 0): the CPU."},
    {"__complex__", tensorComplex, METH_NOARGS, nullptr},
    {"__reduce__", tensorReduce, METH_NOARGS, nullptr},
    {"__copy__", tensorSelf, METH_NOARGS, nullptr},
    {"__deepcopy__", tensorSelf, METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr}};

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

PyObject *getDType(PyObject *self, void *) {
  return Py_NewRef(pythonDType(asEagerTensor(self)->dtype));
}
PyObject *getDTypeCode(PyObject *self, void *) {
  return PyLong_FromLong(asEagerTensor(self)->dtype);
}
PyObject *getShapeTuple(PyObject *self, void *) {
  return dimsToTuple(asEagerTensor(self)->dims);
}
PyObject *getNdim(PyObject *self, void *) {
  return PyLong_FromLong(asEagerTensor(self)->dims.rank());
}
PyObject *getNbytes(PyObject *self, void *) {
  return PyLong_FromLongLong(asEagerTensor(self)->buffer->nbytes);
}
PyObject *getPointer(PyObject *self, void *) {
  return PyLong_FromVoidPtr(asEagerTensor(self)->buffer->data);
}
PyObject *getHolders(PyObject *self, void *) {
  return PyLong_FromSsize_t(asEagerTensor(self)->buffer->refcount);
}

PyGetSetDef eagerGetSet[] = {
    {"dtype", getDType, nullptr, "The registered dtype object.", nullptr},
    {"dtype_code", getDTypeCode, nullptr, "The number in enum tfc_dtype.",
     nullptr},
    {"shape_tuple", getShapeTuple, nullptr, "The shape as a tuple of int.",
     nullptr},
    {"ndim", getNdim, nullptr, "The number of dimensions.", nullptr},
    {"nbytes", getNbytes, nullptr, "Bytes of the contents.", nullptr},
    {"_pointer", getPointer, nullptr, "Address of the contents.", nullptr},
    {"_holders", getHolders, nullptr,
     "How many tensors, variables and views hold the memory.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMemberDef eagerMembers[] = {{"__weaklistoffset__", T_PYSSIZET,
                               offsetof(EagerTensor, weakrefs), READONLY,
                               nullptr},
                              {nullptr, 0, 0, 0, nullptr}};

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

void eagerDealloc(PyObject *object) {
  EagerTensor *self = asEagerTensor(object);
  PyTypeObject *type = Py_TYPE(object);
  if (self->weakrefs)
    PyObject_ClearWeakRefs(object);
  Py_XDECREF(self->view);
  release(self->buffer);
  self->dims.clear();
  type->tp_free(object);
  Py_DECREF(type);
}

Py_ssize_t eagerLength(PyObject *self) {
  const Dims &dims = asEagerTensor(self)->dims;
  if (dims.rank() == 0) {
    PyErr_SetString(PyExc_TypeError, "Scalar tensor has no `len()`");
    return -1;
  }
  return dims[0];
}

PyObject *eagerRepr(PyObject *self) {
  PyObject *view = viewOf(asEagerTensor(self));
  PyRef shape(view ? dimsToString(asEagerTensor(self)->dims) : nullptr);
  PyRef value(shape ? PyObject_Repr(view) : nullptr);
  if (!value)
    return nullptr;
  return PyUnicode_FromFormat(
      "<tfc.Tensor: shape=%U, dtype=%s, numpy=%U>", shape.get(),
      kDTypes[asEagerTensor(self)->dtype].name, value.get());
}

PyType_Slot tensorSlots[] = {
    {Py_tp_doc, (void *)"Base class of all tensors, eager and symbolic."},
    {0, nullptr}};
PyType_Spec tensorSpec = {"tfc._native.Tensor", sizeof(PyObject), 0,
                          Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                          tensorSlots};

PyType_Slot eagerSlots[] = {
    {Py_tp_doc, (void *)"A tensor with a value: immutable, shares its memory."},
    {Py_tp_new, (void *)eagerNew},
    {Py_tp_dealloc, (void *)eagerDealloc},
    {Py_tp_methods, eagerMethods},
    {Py_tp_getset, eagerGetSet},
    {Py_tp_members, eagerMembers},
    {Py_tp_repr, (void *)eagerRepr},
    {Py_sq_length, (void *)eagerLength},
    {Py_nb_bool, (void *)tensorBool},
    {Py_nb_int, (void *)tensorInt},
    {Py_nb_float, (void *)tensorFloat},
    {Py_nb_index, (void *)tensorIndex},
    {Py_bf_getbuffer, (void *)tensorGetBuffer},
    {Py_bf_releasebuffer, (void *)tensorReleaseBuffer},
    {0, nullptr}};
PyType_Spec eagerSpec = {"tfc._native.EagerTensor", sizeof(EagerTensor), 0,
                         Py_TPFLAGS_DEFAULT, eagerSlots};

} // namespace

bool initTensor(PyObject *module) {
  tensorType = addType(module, &tensorSpec, nullptr);
  if (!tensorType)
    return false;
  eagerTensorType = addType(module, &eagerSpec, tensorType);
  return eagerTensorType != nullptr;
}

} // namespace tfc::native
