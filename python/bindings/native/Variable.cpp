//===- Variable.cpp - mutable slots that hold a buffer --------------------===//
#include "Variable.h"
#include "Scalar.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace tfc::native {

PyTypeObject *variableType = nullptr;

//===----------------------------------------------------------------------===//
// Calls that write while other threads run
//===----------------------------------------------------------------------===//

static std::mutex writersMutex;
static std::condition_variable writersChanged;
static int waitingThreads = 0;

bool waitForWriter(VariableStorage *variable) {
  unsigned long self = variable->writer ? PyThread_get_thread_ident() : 0;
  while (variable->writer && variable->writer != self) {
    ++waitingThreads;
    PyThreadState *state = PyEval_SaveThread();
    {
      // The flag is guarded by the GIL, not by the mutex: a wake-up may be
      // missed, so do not sleep for long.
      std::unique_lock<std::mutex> lock(writersMutex);
      writersChanged.wait_for(lock, std::chrono::microseconds(200));
    }
    PyEval_RestoreThread(state);
    --waitingThreads;
    if (PyErr_CheckSignals() < 0)
      return false;
  }
  return true;
}

void finishWriting(VariableStorage *const *variables, int32_t count) {
  for (int32_t i = 0; i < count; ++i) {
    variables[i]->writer = 0;
    variables[i]->change();
  }
  if (waitingThreads)
    writersChanged.notify_all();
}

bool makeWritable(VariableStorage *variable, bool keepContents) {
  Buffer *old = variable->buffer;
  if (isExclusive(old))
    return true;
  Buffer *fresh = allocateBuffer(old->nbytes);
  if (!fresh) {
    PyErr_Format(PyExc_MemoryError, "no memory for a variable of %lld bytes",
                 (long long)old->nbytes);
    return false;
  }
  if (keepContents)
    memcpy(fresh->data, old->data, old->nbytes);
  variable->buffer = fresh;
  release(old);
  return true;
}

//===----------------------------------------------------------------------===//
// read and assign
//===----------------------------------------------------------------------===//

static bool checkReady(VariableStorage *self) {
  if (self->dtype == kNoDType) {
    PyErr_SetString(PyExc_RuntimeError,
                    "VariableStorage.__init__(dtype, shape) was not called");
    return false;
  }
  return waitForWriter(self);
}

PyObject *readVariable(VariableStorage *self) {
  if (!checkReady(self))
    return nullptr;
  if (!self->buffer)
    return PyErr_Format(PyExc_ValueError,
                        "the variable has no value yet: assign one first");
  if (!self->writer)
    return newEagerTensor(retain(self->buffer), self->dtype, self->dims.data(),
                          self->dims.rank());
  // A callback of the very call that writes the variable: a snapshot.
  PyObject *copy = newUninitializedTensor(
      self->dtype, self->dims.data(), self->dims.rank(), self->buffer->nbytes);
  if (copy)
    memcpy(asEagerTensor(copy)->buffer->data, self->buffer->data,
           self->buffer->nbytes);
  return copy;
}

static bool checkAssign(VariableStorage *self, EagerTensor *value) {
  if (value->dtype != self->dtype) {
    PyErr_Format(PyExc_TypeError,
                 "Cannot assign a value of dtype %s to a variable of dtype %s",
                 kDTypes[value->dtype].name, kDTypes[self->dtype].name);
    return false;
  }
  if (self->unknownRank || matches(self->spec, value->dims))
    return true;
  PyRef want(dimsToString(self->spec)), got(dimsToString(value->dims));
  if (want && got)
    PyErr_Format(PyExc_ValueError,
                 "Cannot assign value to variable: Shape mismatch. The "
                 "variable shape %U, and the assigned value shape %U are "
                 "incompatible.",
                 want.get(), got.get());
  return false;
}

static bool sameDims(const Dims &a, const Dims &b) { return matches(a, b); }

/// Copies `value` over the current contents if that is safe. False if not.
static bool assignInPlace(VariableStorage *self, EagerTensor *value) {
  Buffer *buffer = self->buffer;
  if (!buffer || !sameDims(self->dims, value->dims))
    return false;
  if (!self->writer && !isExclusive(buffer))
    return false;
  memmove(buffer->data, value->buffer->data, buffer->nbytes);
  return true;
}

static bool assignTensor(VariableStorage *self, EagerTensor *value) {
  if (!checkAssign(self, value))
    return false;
  // Memory that somebody can change later must not become ours, and the memory
  // that a running call writes must stay.
  bool mustCopy = self->writer || !isPrivate(value->buffer);
  if (self->buffer != value->buffer &&
      (!mustCopy || !assignInPlace(self, value))) {
    if (self->writer) {
      PyErr_SetString(PyExc_ValueError,
                      "a callback of the running function may not change the "
                      "shape of a variable the function writes");
      return false;
    }
    Buffer *fresh;
    if (mustCopy) {
      fresh = allocateBuffer(value->buffer->nbytes);
      if (!fresh) {
        PyErr_NoMemory();
        return false;
      }
      memcpy(fresh->data, value->buffer->data, fresh->nbytes);
    } else {
      fresh = retain(value->buffer);
    }
    if (!self->dims.assign(value->dims)) {
      release(fresh);
      return false;
    }
    Buffer *old = self->buffer;
    self->buffer = fresh;
    release(old);
  }
  self->change();
  return true;
}

namespace {

/// An EagerTensor (new reference) of what the user assigns.
PyRef toTensor(VariableStorage *self, PyObject *value) {
  if (isEagerTensor(value))
    return PyRef::borrow(value);
  if (isVariable(value))
    return PyRef(readVariable(asVariable(value)));
  if (isPythonNumber(value))
    return PyRef(tensorFromScalar(value, self->dtype));
  // Arrays are copied by assignTensor if they do not belong to us alone.
  if (PyArray_Check(value))
    return PyRef(
        tensorFromArray(reinterpret_cast<PyArrayObject *>(value), false));
  if (PyArray_CheckScalar(value))
    return PyRef(tensorFromObject(value));
  PyErr_Format(PyExc_TypeError,
               "assign takes a tensor, a numpy array or a number, got %.200s",
               Py_TYPE(value)->tp_name);
  return PyRef();
}

PyObject *variableRead(PyObject *self, PyObject *) {
  return readVariable(asVariable(self));
}

PyObject *variableAssign(PyObject *object, PyObject *value) {
  VariableStorage *self = asVariable(object);
  if (!checkReady(self))
    return nullptr;
  PyRef tensor = toTensor(self, value);
  if (!tensor || !assignTensor(self, asEagerTensor(tensor.get())))
    return nullptr;
  Py_RETURN_NONE;
}

PyObject *variableReset(PyObject *object, PyObject *) {
  VariableStorage *self = asVariable(object);
  if (!checkReady(self))
    return nullptr;
  if (self->writer)
    return PyErr_Format(PyExc_ValueError,
                        "the running function writes this variable");
  Buffer *old = self->buffer;
  self->buffer = nullptr;
  self->change();
  release(old);
  Py_RETURN_NONE;
}

int variableInit(PyObject *object, PyObject *args, PyObject *kwargs) {
  static const char *names[] = {"dtype", "shape", "value", nullptr};
  PyObject *dtypeObject, *shape, *value = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|O:VariableStorage",
                                   const_cast<char **>(names), &dtypeObject,
                                   &shape, &value))
    return -1;
  VariableStorage *self = asVariable(object);
  if (self->dtype != kNoDType) {
    PyErr_SetString(PyExc_RuntimeError,
                    "VariableStorage.__init__ was called twice");
    return -1;
  }
  int32_t dtype = codeOfObject(dtypeObject);
  if (dtype == kNoDType)
    return -1;
  Dims spec;
  if (shape != Py_None && !parseDims(shape, true, spec))
    return -1;
  self->spec = static_cast<Dims &&>(spec);
  self->unknownRank = shape == Py_None;
  self->dtype = dtype;
  if (value == Py_None)
    return 0;
  PyRef tensor = toTensor(self, value);
  return tensor && assignTensor(self, asEagerTensor(tensor.get())) ? 0 : -1;
}

PyObject *variableNew(PyTypeObject *type, PyObject *, PyObject *) {
  PyObject *object = type->tp_alloc(type, 0);
  if (object)
    asVariable(object)->dtype = kNoDType;
  return object;
}

void variableDealloc(PyObject *object) {
  VariableStorage *self = asVariable(object);
  PyTypeObject *type = Py_TYPE(object);
  if (self->weakrefs)
    PyObject_ClearWeakRefs(object);
  release(self->buffer);
  if (self->panels) {
    self->panels->isAlive = false;
    self->panels->drop();
    release(self->panels);
  }
  self->spec.clear();
  self->dims.clear();
  type->tp_free(object);
  Py_DECREF(type);
}

PyObject *getDType(PyObject *object, void *) {
  if (asVariable(object)->dtype == kNoDType)
    return PyErr_Format(PyExc_AttributeError, "dtype is not set yet");
  return Py_NewRef(pythonDType(asVariable(object)->dtype));
}
PyObject *getDTypeCode(PyObject *object, void *) {
  return PyLong_FromLong(asVariable(object)->dtype);
}
PyObject *getShape(PyObject *object, void *) {
  if (asVariable(object)->unknownRank)
    Py_RETURN_NONE;
  return dimsToTuple(asVariable(object)->spec);
}
PyObject *getInitialized(PyObject *object, void *) {
  return PyBool_FromLong(asVariable(object)->buffer != nullptr);
}
PyObject *getVersion(PyObject *object, void *) {
  return PyLong_FromUnsignedLongLong(asVariable(object)->version);
}
PyObject *getPointer(PyObject *object, void *) {
  Buffer *buffer = asVariable(object)->buffer;
  return PyLong_FromVoidPtr(buffer ? buffer->data : nullptr);
}

PyObject *getKeyTag(PyObject *object, void *) {
  return PyLong_FromLong(asVariable(object)->keyTag);
}
int setKeyTag(PyObject *object, PyObject *value, void *) {
  long tag = value ? PyLong_AsLong(value) : 0;
  if (tag == -1 && PyErr_Occurred())
    return -1;
  if (tag < 0 || tag > UINT16_MAX) {
    PyErr_Format(PyExc_ValueError, "_key_tag is %ld, expected 0 to 65535", tag);
    return -1;
  }
  asVariable(object)->keyTag = uint16_t(tag);
  return 0;
}

PyMethodDef variableMethods[] = {
    {"read", variableRead, METH_NOARGS,
     "The value as a tensor, without a copy. It does not change when the "
     "variable does. Raises ValueError if there is no value yet."},
    {"assign", variableAssign, METH_O,
     "assign(value)\n\nSets the value to an EagerTensor, variable, numpy array "
     "or number of the variable's dtype. Tensors are shared, arrays copied. "
     "Raises TypeError (dtype) or ValueError (shape); named so that `Variable` "
     "may override it, see `_assign`."},
    {"_read", variableRead, METH_NOARGS, "The same as read."},
    {"_assign", variableAssign, METH_O, "The same as assign."},
    {"_reset", variableReset, METH_NOARGS, "Forgets the value."},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef variableGetSet[] = {
    {"dtype", getDType, nullptr, "The registered dtype object.", nullptr},
    {"dtype_code", getDTypeCode, nullptr, "The number in enum tfc_dtype.",
     nullptr},
    {"shape_tuple", getShape, nullptr,
     "The declared shape: a tuple with None for unknown dimensions, or None "
     "for "
     "an unknown rank.",
     nullptr},
    {"initialized", getInitialized, nullptr, "Whether there is a value.",
     nullptr},
    {"version", getVersion, nullptr, "Grows with every change of the value.",
     nullptr},
    {"_key_tag", getKeyTag, setKeyTag,
     "A number that is part of the keys of calls with this variable: what else "
     "of it matters to a trace (whether it is trainable, ...).",
     nullptr},
    {"_pointer", getPointer, nullptr, "Address of the current value.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMemberDef variableMembers[] = {{"__weaklistoffset__", T_PYSSIZET,
                                  offsetof(VariableStorage, weakrefs), READONLY,
                                  nullptr},
                                 {nullptr, 0, 0, 0, nullptr}};

PyType_Slot variableSlots[] = {
    {Py_tp_doc,
     (void *)"VariableStorage(dtype, shape, value=None)\n\nA mutable slot for "
             "one tensor. Dimensions of `shape` may be None, and `shape` too."},
    {Py_tp_new, (void *)variableNew},
    {Py_tp_init, (void *)variableInit},
    {Py_tp_dealloc, (void *)variableDealloc},
    {Py_tp_methods, variableMethods},
    {Py_tp_getset, variableGetSet},
    {Py_tp_members, variableMembers},
    {0, nullptr}};
PyType_Spec variableSpec = {
    "tfc._native.VariableStorage", sizeof(VariableStorage), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, variableSlots};

} // namespace

bool initVariable(PyObject *module) {
  variableType = addType(module, &variableSpec, nullptr);
  return variableType != nullptr;
}

} // namespace tfc::native
