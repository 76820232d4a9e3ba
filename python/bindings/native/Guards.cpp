//===- Guards.cpp - conditions on attributes of objects -------------------===//
//
// A trace that read attributes of an object is right only while they have the
// values it saw. AttributeGuard checks that without running Python code of its
// own; it is what an Entry takes as its guard.
//
//===----------------------------------------------------------------------===//
#include "Guards.h"

#include <vector>

namespace tfc::native {

namespace {

struct Condition {
  PyObject *owner; // weak reference
  PyObject *name;
  PyObject *value; // expected; null if the attribute was missing
};

struct AttributeGuard {
  PyObject_HEAD std::vector<Condition> *conditions;
};

PyTypeObject *guardType = nullptr;
PyObject *missing = nullptr;

std::vector<Condition> &conditionsOf(PyObject *self) {
  return *reinterpret_cast<AttributeGuard *>(self)->conditions;
}

bool parseCondition(PyObject *item, Condition &out) {
  PyObject *owner, *name, *value;
  if (!PyTuple_Check(item)) {
    PyErr_SetString(PyExc_TypeError,
                    "a condition is a tuple (object, name, value)");
    return false;
  }
  if (!PyArg_ParseTuple(item, "OUO;a condition is (object, name, value)",
                        &owner, &name, &value))
    return false;
  PyObject *ref = PyWeakref_NewRef(owner, nullptr);
  if (!ref)
    return false;
  out = {ref, Py_NewRef(name), value == missing ? nullptr : Py_NewRef(value)};
  return true;
}

PyObject *guardNew(PyTypeObject *type, PyObject *args, PyObject *) {
  PyObject *sequence;
  if (!PyArg_ParseTuple(args, "O:AttributeGuard", &sequence))
    return nullptr;
  PyRef fast(PySequence_Fast(sequence, "conditions must be a sequence"));
  PyRef self(fast ? type->tp_alloc(type, 0) : nullptr);
  if (!self)
    return nullptr;
  reinterpret_cast<AttributeGuard *>(self.get())->conditions =
      new std::vector<Condition>;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i) {
    Condition condition;
    if (!parseCondition(PySequence_Fast_GET_ITEM(fast.get(), i), condition))
      return nullptr;
    conditionsOf(self.get()).push_back(condition);
  }
  return self.release();
}

/// 1 if `value` is what was seen: the same object, or an equal constant.
int isSame(PyObject *value, PyObject *expected) {
  if (value == expected)
    return 1;
  PyTypeObject *type = Py_TYPE(value);
  if (type != Py_TYPE(expected))
    return 0;
  if (type == &PyFloat_Type) { // By bits: nan is nan, and -0.0 is not 0.0.
    double a = PyFloat_AS_DOUBLE(value), b = PyFloat_AS_DOUBLE(expected);
    return !memcmp(&a, &b, sizeof(a));
  }
  if (type == &PyLong_Type || type == &PyUnicode_Type || type == &PyBytes_Type)
    return PyObject_RichCompareBool(value, expected, Py_EQ);
  return 0;
}

PyObject *guardCall(PyObject *self, PyObject *, PyObject *) {
  PyRef held = PyRef::borrow(self);
  for (const Condition &condition : conditionsOf(self)) {
    PyRef owner = PyRef::borrow(weakTarget(condition.owner));
    if (owner.get() == Py_None)
      Py_RETURN_FALSE;
    PyRef value(PyObject_GetAttr(owner.get(), condition.name));
    if (!value) {
      if (!PyErr_ExceptionMatches(PyExc_AttributeError))
        return nullptr;
      PyErr_Clear();
      if (condition.value)
        Py_RETURN_FALSE;
      continue;
    }
    int same = condition.value ? isSame(value.get(), condition.value) : 0;
    if (same < 0)
      return nullptr;
    if (!same)
      Py_RETURN_FALSE;
  }
  Py_RETURN_TRUE;
}

int guardTraverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(self));
  if (reinterpret_cast<AttributeGuard *>(self)->conditions)
    for (const Condition &condition : conditionsOf(self)) {
      Py_VISIT(condition.owner);
      Py_VISIT(condition.value);
    }
  return 0;
}

void guardDealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  if (reinterpret_cast<AttributeGuard *>(self)->conditions)
    for (const Condition &condition : conditionsOf(self)) {
      Py_DECREF(condition.owner);
      Py_DECREF(condition.name);
      Py_XDECREF(condition.value);
    }
  delete reinterpret_cast<AttributeGuard *>(self)->conditions;
  type->tp_free(self);
  Py_DECREF(type);
}

PyType_Slot guardSlots[] = {
    {Py_tp_doc,
     (void *)"AttributeGuard([(object, name, value), ...])\n\nA guard for "
             "Entry: true while every attribute is the very object that was "
             "seen, or an equal int, float, str or bytes. Objects are held "
             "weakly; the value AttributeGuard.MISSING means no such "
             "attribute."},
    {Py_tp_new, (void *)guardNew},
    {Py_tp_call, (void *)guardCall},
    {Py_tp_traverse, (void *)guardTraverse},
    {Py_tp_dealloc, (void *)guardDealloc},
    {0, nullptr}};
PyType_Spec guardSpec = {"tfc._native.AttributeGuard", sizeof(AttributeGuard),
                         0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                         guardSlots};

} // namespace

bool initGuards(PyObject *module) {
  guardType = addType(module, &guardSpec, nullptr);
  missing =
      PyObject_CallNoArgs(reinterpret_cast<PyObject *>(&PyBaseObject_Type));
  return guardType && missing &&
         PyObject_SetAttrString(reinterpret_cast<PyObject *>(guardType),
                                "MISSING", missing) == 0;
}

} // namespace tfc::native
