//===- Tensor.cpp - Tensor and EagerTensor types --------------------------===//
#include "Tensor.h"
#include "Scalar.h"

namespace tfc::native {

PyTypeObject *tensorType = nullptr;
PyTypeObject *eagerTensorType = nullptr;

//===----------------------------------------------------------------------===//
// Making tensors
//===----------------------------------------------------------------------===//

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
  if (dense && !copy) {
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
    return tensor.release();
  }
  PyRef target(
      newArrayOver(self->buffer->data, dtype, self->dims, NPY_ARRAY_CARRAY));
  if (!target ||
      PyArray_CopyInto(reinterpret_cast<PyArrayObject *>(target.get()), array) <
          0)
    return nullptr;
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

//===----------------------------------------------------------------------===//
// Methods
//===----------------------------------------------------------------------===//

namespace {

PyObject *fromNumpy(PyObject *, PyObject *args, PyObject *kwargs) {
  static const char *names[] = {"array", "copy", nullptr};
  PyObject *object;
  int copy = 1;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p:from_numpy",
                                   const_cast<char **>(names), &object, &copy))
    return nullptr;
  if (PyArray_Check(object))
    return tensorFromArray(reinterpret_cast<PyArrayObject *>(object), copy);
  if (PyArray_CheckScalar(object))
    return tensorFromObject(object);
  return PyErr_Format(PyExc_TypeError,
                      "from_numpy takes a numpy array or scalar, got %.200s",
                      Py_TYPE(object)->tp_name);
}

PyObject *adopt(PyObject *, PyObject *object) {
  if (PyArray_Check(object))
    return tensorFromArray(reinterpret_cast<PyArrayObject *>(object), false);
  if (PyArray_CheckScalar(object))
    return tensorFromObject(object);
  return PyErr_Format(PyExc_TypeError,
                      "_adopt takes a numpy array or scalar, got %.200s",
                      Py_TYPE(object)->tp_name);
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
     METH_VARARGS | METH_KEYWORDS | METH_STATIC,
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

PyObject *eagerNew(PyTypeObject *, PyObject *args, PyObject *kwargs) {
  return fromNumpy(nullptr, args, kwargs);
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
