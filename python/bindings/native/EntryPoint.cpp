//===- EntryPoint.cpp - functions that are not in tracebacks --------------===//
//
// `EntryPoint(function)` calls a Python function, and takes that function's own
// frame out of the traceback of what it raises: Python code cannot do that for
// itself, since raising adds the frame that raises.
//
//===----------------------------------------------------------------------===//
#include "EntryPoint.h"

namespace tfc::native {
namespace {

struct EntryPoint {
  PyObject_HEAD PyObject *function;
};

PyObject *functionOf(PyObject *self) {
  return reinterpret_cast<EntryPoint *>(self)->function;
}

PyObject *entryPointNew(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  PyObject *function;
  if (kwargs && PyDict_GET_SIZE(kwargs)) {
    PyErr_SetString(PyExc_TypeError, "EntryPoint takes one function");
    return nullptr;
  }
  if (!PyArg_ParseTuple(args, "O!", &PyFunction_Type, &function))
    return nullptr;
  PyObject *self = type->tp_alloc(type, 0);
  if (self) {
    Py_INCREF(function);
    reinterpret_cast<EntryPoint *>(self)->function = function;
  }
  return self;
}

PyObject *entryPointCall(PyObject *self, PyObject *args, PyObject *kwargs) {
  PyObject *result = PyObject_Call(functionOf(self), args, kwargs);
  if (!result)
    dropFirstSteps([&](PyObject *code) {
      return code == PyFunction_GET_CODE(functionOf(self));
    });
  return result;
}

PyObject *entryPointGet(PyObject *self, PyObject *instance, PyObject *) {
  if (!instance || instance == Py_None) {
    Py_INCREF(self);
    return self;
  }
  return PyMethod_New(self, instance);
}

/// What it does not have itself is the function's.
PyObject *entryPointGetAttr(PyObject *self, PyObject *name) {
  PyObject *found = PyObject_GenericGetAttr(self, name);
  if (found || !PyErr_ExceptionMatches(PyExc_AttributeError))
    return found;
  PyErr_Clear();
  return PyObject_GetAttr(functionOf(self), name);
}

PyObject *entryPointDoc(PyObject *self, void *) {
  return PyObject_GetAttrString(functionOf(self), "__doc__");
}

PyObject *entryPointModule(PyObject *self, void *) {
  return PyObject_GetAttrString(functionOf(self), "__module__");
}

PyObject *entryPointWrapped(PyObject *self, void *) {
  PyObject *function = functionOf(self);
  Py_INCREF(function);
  return function;
}

int entryPointTraverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(functionOf(self));
  return 0;
}

int entryPointClear(PyObject *self) {
  Py_CLEAR(reinterpret_cast<EntryPoint *>(self)->function);
  return 0;
}

void entryPointDealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  entryPointClear(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyGetSetDef entryPointGetSet[] = {
    {"__doc__", entryPointDoc, nullptr, nullptr, nullptr},
    {"__module__", entryPointModule, nullptr, nullptr, nullptr},
    {"__wrapped__", entryPointWrapped, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyType_Slot entryPointSlots[] = {{Py_tp_new, (void *)entryPointNew},
                                 {Py_tp_call, (void *)entryPointCall},
                                 {Py_tp_descr_get, (void *)entryPointGet},
                                 {Py_tp_getattro, (void *)entryPointGetAttr},
                                 {Py_tp_getset, entryPointGetSet},
                                 {Py_tp_traverse, (void *)entryPointTraverse},
                                 {Py_tp_clear, (void *)entryPointClear},
                                 {Py_tp_dealloc, (void *)entryPointDealloc},
                                 {0, nullptr}};
PyType_Spec entryPointSpec = {"tfc._native.EntryPoint", sizeof(EntryPoint), 0,
                              Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                              entryPointSlots};

} // namespace

bool initEntryPoint(PyObject *module) {
  return addType(module, &entryPointSpec, nullptr) != nullptr;
}

} // namespace tfc::native
