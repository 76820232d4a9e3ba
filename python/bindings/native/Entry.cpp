//===- Entry.cpp - the Python type Entry ----------------------------------===//
#include "Entry.h"

namespace tfc::native {

PyTypeObject *entryType = nullptr;

namespace {

//===----------------------------------------------------------------------===//
// Markers in the structure of results
//===----------------------------------------------------------------------===//

struct Marker {
  PyObject_HEAD PyObject *value;
};

PyTypeObject *leafMarkerType = nullptr;
PyTypeObject *constMarkerType = nullptr;

PyObject *valueOf(PyObject *marker) {
  return reinterpret_cast<Marker *>(marker)->value;
}

PyObject *markerNew(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  PyObject *value;
  if ((kwargs && PyDict_GET_SIZE(kwargs)) ||
      !PyArg_ParseTuple(args, "O", &value))
    return PyErr_Occurred()
               ? nullptr
               : PyErr_Format(PyExc_TypeError, "no keyword arguments expected");
  PyObject *self = type->tp_alloc(type, 0);
  if (self)
    reinterpret_cast<Marker *>(self)->value = Py_NewRef(value);
  return self;
}

int markerTraverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(valueOf(self));
  return 0;
}

void markerDealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  Py_XDECREF(valueOf(self));
  type->tp_free(self);
  Py_DECREF(type);
}

PyType_Slot leafMarkerSlots[] = {
    {Py_tp_doc, (void *)"OutputLeaf(i): the function returns leaf i of its "
                        "arguments, as a tensor if it is one."},
    {Py_tp_new, (void *)markerNew},
    {Py_tp_traverse, (void *)markerTraverse},
    {Py_tp_dealloc, (void *)markerDealloc},
    {0, nullptr}};
PyType_Spec leafMarkerSpec = {"tfc._native.OutputLeaf", sizeof(Marker), 0,
                              Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                              leafMarkerSlots};

PyType_Slot constMarkerSlots[] = {
    {Py_tp_doc, (void *)"OutputConst(x): the function returns the object x."},
    {Py_tp_new, (void *)markerNew},
    {Py_tp_traverse, (void *)markerTraverse},
    {Py_tp_dealloc, (void *)markerDealloc},
    {0, nullptr}};
PyType_Spec constMarkerSpec = {"tfc._native.OutputConst", sizeof(Marker), 0,
                               Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                               constMarkerSlots};

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

bool parseInput(PyObject *item, EntryInput &out) {
  if (PyLong_CheckExact(item)) {
    out = {EntryInput::Leaf, PyLong_AsSsize_t(item), nullptr};
    if (out.leaf >= 0)
      return true;
    if (!PyErr_Occurred())
      PyErr_SetString(PyExc_ValueError, "the index of a leaf is negative");
    return false;
  }
  if (isEagerTensor(item) || isVariable(item)) {
    out = {EntryInput::Captured, 0, item};
    return true;
  }
  if (PyWeakref_CheckRef(item)) {
    out = {EntryInput::CapturedWeak, 0, item};
    return true;
  }
  PyErr_Format(PyExc_TypeError,
               "an input of an entry is the index of a leaf, an EagerTensor, a "
               "variable or a weakref to one, got %.200s",
               Py_TYPE(item)->tp_name);
  return false;
}

bool parseInputs(PyObject *sequence, std::vector<EntryInput> &out) {
  PyRef fast(PySequence_Fast(sequence, "inputs must be a sequence"));
  if (!fast)
    return false;
  for (Py_ssize_t i = 0, e = PySequence_Fast_GET_SIZE(fast.get()); i < e; ++i) {
    EntryInput input;
    if (!parseInput(PySequence_Fast_GET_ITEM(fast.get(), i), input))
      return false;
    Py_XINCREF(input.object);
    out.push_back(input);
  }
  return true;
}

bool parseOutput(PyObject *item, EntryData &data, Py_ssize_t numResults) {
  auto push = [&](OutputNode::Kind kind, Py_ssize_t count, PyObject *object) {
    data.outputs.push_back({kind, count, Py_XNewRef(object)});
    return true;
  };
  if (item == Py_None)
    return push(OutputNode::Const, 0, Py_None);
  if (Py_TYPE(item) == constMarkerType)
    return push(OutputNode::Const, 0, valueOf(item));
  bool isLeaf = Py_TYPE(item) == leafMarkerType;
  if (isLeaf || PyLong_CheckExact(item)) {
    Py_ssize_t index = PyLong_AsSsize_t(isLeaf ? valueOf(item) : item);
    if (index == -1 && PyErr_Occurred())
      return false;
    if (index < 0 || (!isLeaf && numResults >= 0 && index >= numResults)) {
      PyErr_Format(PyExc_ValueError, "output index %zd is out of range", index);
      return false;
    }
    return push(isLeaf ? OutputNode::LeafOf : OutputNode::Result, index,
                nullptr);
  }
  if (PyDict_CheckExact(item)) {
    PyRef keys(PyDict_Keys(item));
    PyRef names(keys ? PyList_AsTuple(keys.get()) : nullptr);
    if (!names)
      return false;
    push(OutputNode::Dict, PyTuple_GET_SIZE(names.get()), names.get());
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names.get()); ++i) {
      PyObject *child =
          PyDict_GetItemWithError(item, PyTuple_GET_ITEM(names.get(), i));
      if (!child || !parseOutput(child, data, numResults))
        return false;
    }
    return true;
  }
  bool named = PyTuple_Check(item) && PyObject_HasAttrString(item, "_fields");
  if (!named && !PyTuple_CheckExact(item) && !PyList_CheckExact(item)) {
    PyErr_Format(PyExc_TypeError,
                 "outputs are int, None, tuple, list, dict, namedtuple, "
                 "OutputLeaf or OutputConst, got %.200s",
                 Py_TYPE(item)->tp_name);
    return false;
  }
  Py_ssize_t size = Py_SIZE(item);
  push(named                     ? OutputNode::Named
       : PyList_CheckExact(item) ? OutputNode::List
                                 : OutputNode::Tuple,
       size, named ? reinterpret_cast<PyObject *>(Py_TYPE(item)) : nullptr);
  if (Py_EnterRecursiveCall(" in the outputs of an entry"))
    return false;
  bool ok = true;
  for (Py_ssize_t i = 0; ok && i < size; ++i)
    ok = parseOutput(PySequence_Fast_GET_ITEM(item, i), data, numResults);
  Py_LeaveRecursiveCall();
  return ok;
}

bool checkCounts(Entry *self) {
  if (!isExecutable(self->executable)) {
    if (PyCallable_Check(self->executable))
      return true;
    PyErr_Format(PyExc_TypeError,
                 "an entry needs an Executable or a callable, got %.200s",
                 Py_TYPE(self->executable)->tp_name);
    return false;
  }
  const ExecutableData &data =
      *reinterpret_cast<Executable *>(self->executable)->data;
  size_t want = data.args.size() + data.variables.size();
  if (self->data->inputs.size() == want)
    return true;
  PyErr_Format(PyExc_ValueError,
               "the executable takes %zu inputs, the entry has %zu", want,
               self->data->inputs.size());
  return false;
}

PyObject *entryNew(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  static const char *names[] = {"executable", "inputs", "outputs",
                                "unflatten",  "guard",  nullptr};
  PyObject *executable, *inputs, *outputs = nullptr, *unflatten = Py_None,
                                 *guard = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|OOO:Entry",
                                   const_cast<char **>(names), &executable,
                                   &inputs, &outputs, &unflatten, &guard))
    return nullptr;
  PyRef object(type->tp_alloc(type, 0));
  if (!object)
    return nullptr;
  Entry *self = asEntry(object.get());
  self->data = new EntryData;
  self->executable = Py_NewRef(executable);
  self->unflatten = unflatten == Py_None ? nullptr : Py_NewRef(unflatten);
  self->guard = guard == Py_None ? nullptr : Py_NewRef(guard);
  Py_ssize_t numResults =
      isExecutable(executable)
          ? reinterpret_cast<Executable *>(executable)->data->results.size()
          : -1;
  if (!parseInputs(inputs, self->data->inputs) || !checkCounts(self))
    return nullptr;
  if (!self->unflatten &&
      !parseOutput(outputs ? outputs : Py_None, *self->data, numResults))
    return nullptr;
  return object.release();
}

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

int entryTraverse(PyObject *object, visitproc visit, void *arg) {
  Entry *self = asEntry(object);
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(self->executable);
  Py_VISIT(self->unflatten);
  Py_VISIT(self->guard);
  if (self->data) {
    for (const EntryInput &input : self->data->inputs)
      Py_VISIT(input.object);
    for (const OutputNode &node : self->data->outputs)
      Py_VISIT(node.object);
  }
  return 0;
}

// An entry is immutable, so it has no tp_clear: any cycle through it also goes
// through a Function or another object that can be cleared.

void entryDealloc(PyObject *object) {
  Entry *self = asEntry(object);
  PyTypeObject *type = Py_TYPE(object);
  PyObject_GC_UnTrack(object);
  if (self->weakrefs)
    PyObject_ClearWeakRefs(object);
  if (self->data) {
    for (const EntryInput &input : self->data->inputs)
      Py_XDECREF(input.object);
    for (const OutputNode &node : self->data->outputs)
      Py_XDECREF(node.object);
    delete self->data;
  }
  Py_XDECREF(self->executable);
  Py_XDECREF(self->unflatten);
  Py_XDECREF(self->guard);
  type->tp_free(object);
  Py_DECREF(type);
}

PyMemberDef entryMembers[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(Entry, weakrefs), READONLY,
     nullptr},
    {"executable", T_OBJECT, offsetof(Entry, executable), READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr}};

PyType_Slot entrySlots[] = {
    {Py_tp_doc,
     (void
          *)"Entry(executable, inputs, outputs=None, unflatten=None, "
            "guard=None)\n\nHow one cached trace is called. `inputs` has an "
            "item per input of the executable: the index of a leaf of the "
            "call (see Function._leaves), a captured EagerTensor or variable, "
            "or a weakref to one (a dead one sends the call to _call_slow). "
            "`outputs` is the structure to return: an int is a result, "
            "besides None, tuple, list, dict, namedtuple, OutputLeaf and "
            "OutputConst; or `unflatten(list)` makes it. `guard(args, kwargs)` "
            "must be true for the entry to be used. A plain callable from the "
            "list of inputs to the list of results may stand in for the "
            "executable."},
    {Py_tp_new, (void *)entryNew},
    {Py_tp_dealloc, (void *)entryDealloc},
    {Py_tp_traverse, (void *)entryTraverse},
    {Py_tp_members, entryMembers},
    {0, nullptr}};
PyType_Spec entrySpec = {"tfc._native.Entry", sizeof(Entry), 0,
                         Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, entrySlots};

} // namespace

int guardHolds(PyObject *entry, PyObject *args, PyObject *kwargs) {
  if (!guardOf(entry))
    return 1;
  PyRef guard = PyRef::borrow(guardOf(entry));
  PyRef empty(kwargs ? nullptr : PyDict_New());
  if (!kwargs && !empty)
    return -1;
  PyRef result(PyObject_CallFunctionObjArgs(
      guard.get(), args, kwargs ? kwargs : empty.get(), nullptr));
  return result ? PyObject_IsTrue(result.get()) : -1;
}

bool initEntry(PyObject *module) {
  entryType = addType(module, &entrySpec, nullptr);
  leafMarkerType = addType(module, &leafMarkerSpec, nullptr);
  constMarkerType = addType(module, &constMarkerSpec, nullptr);
  return entryType && leafMarkerType && constMarkerType;
}

} // namespace tfc::native
