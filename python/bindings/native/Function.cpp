//===- Function.cpp - the callable with a trace cache ---------------------===//
//
// A call is: flatten into a key, find the entry, run it. Whatever does not fit
// goes to the method `_call_slow(args, kwargs)` of the Python subclass, which
// traces, computes the result, and may call `_insert` for the next time.
//
//===----------------------------------------------------------------------===//
#include "Function.h"
#include "Entry.h"
#include "EntryPoint.h"
#include "GeneralCache.h"
#include "Guards.h"
#include "Modes.h"

namespace tfc::native {

namespace {

struct FunctionState {
  Cache cache;
  GeneralCache general;
  KeyOptions options;
  uint64_t hits = 0, misses = 0, slowCalls = 0;
  /// Clones for instances: id -> (weakref to the instance, clone).
  PyRef bound;
};

struct Function {
  PyObject_HEAD PyObject *weakrefs;
  FunctionState *state;
};

PyTypeObject *functionType = nullptr;
PyObject *callSlowName = nullptr;
PyObject *bindName = nullptr;

Function *asFunction(PyObject *object) {
  return reinterpret_cast<Function *>(object);
}

//===----------------------------------------------------------------------===//
// The call
//===----------------------------------------------------------------------===//

PyObject *callSlow(PyObject *self, PyObject *args, PyObject *kwargs) {
  PyRef empty(kwargs ? nullptr : PyDict_New());
  if (!kwargs && !empty)
    return nullptr;
  PyObject *result = PyObject_CallMethodObjArgs(
      self, callSlowName, args, kwargs ? kwargs : empty.get(), nullptr);
  if (!result)
    // `_call_slow` cannot take its own frame out.
    dropFirstSteps([](PyObject *code) {
      PyObject *name = reinterpret_cast<PyCodeObject *>(code)->co_name;
      return PyUnicode_Compare(name, callSlowName) == 0;
    });
  return result;
}

PyObject *functionCall(PyObject *self, PyObject *args, PyObject *kwargs) {
  FunctionState &state = *asFunction(self)->state;
  if (slowDepth > 0 || slowEverywhere) {
    ++state.slowCalls;
    return callSlow(self, args, kwargs);
  }
  {
    Key key(state.options);
    if (key.build(args, kwargs)) {
      PyRef entry(state.cache.find(key, args, kwargs));
      if (!entry && state.general.size() && !PyErr_Occurred())
        entry = PyRef(state.general.find(key, args, kwargs));
      if (entry) {
        ++state.hits;
        PyObject *result = callEntry(asEntry(entry.get()), key);
        if (result || PyErr_Occurred())
          return result;
        --state.hits;
      }
    }
  }
  if (PyErr_Occurred())
    return nullptr;
  ++state.misses;
  return callSlow(self, args, kwargs);
}

//===----------------------------------------------------------------------===//
// Methods
//===----------------------------------------------------------------------===//

bool parseCall(PyObject *argsTuple, const char *format, PyObject **args,
               PyObject **kwargs) {
  return PyArg_ParseTuple(argsTuple, format, &PyTuple_Type, args, &PyDict_Type,
                          kwargs);
}

/// From now on these variables as arguments would be aliases of captures.
void noteCaptures(FunctionState &state, Entry *entry) {
  for (const EntryInput &input : entry->data->inputs) {
    PyObject *object = input.object;
    if (input.kind == EntryInput::CapturedWeak)
      object = weakTarget(object);
    if (input.kind != EntryInput::Leaf && isVariable(object))
      state.options.captured.emplace(object, state.options.captured.size() + 1);
  }
}

PyObject *functionInsert(PyObject *self, PyObject *arguments) {
  PyObject *args, *kwargs, *entry, *shapes = Py_None;
  if (!PyArg_ParseTuple(arguments, "O!O!O!|O:_insert", &PyTuple_Type, &args,
                        &PyDict_Type, &kwargs, entryType, &entry, &shapes))
    return nullptr;
  if (shapes != Py_None && !PyDict_Check(shapes))
    return PyErr_Format(PyExc_TypeError, "shapes must be a dict, got %R",
                        shapes);
  FunctionState &state = *asFunction(self)->state;
  noteCaptures(state, asEntry(entry));
  std::vector<size_t> ends;
  Key key(state.options);
  key.leafEnds = &ends;
  bool inserted = key.build(args, kwargs);
  if (inserted && shapes == Py_None) {
    inserted = state.cache.insert(key, entry);
  } else if (inserted) {
    std::vector<uint64_t> ignore;
    inserted = key.maskShapes(shapes, ends, ignore) &&
               state.general.insert(key, std::move(ignore), entry);
  }
  return PyErr_Occurred() ? nullptr : PyBool_FromLong(inserted);
}

PyObject *functionLeaves(PyObject *self, PyObject *arguments) {
  PyObject *args, *kwargs;
  if (!parseCall(arguments, "O!O!:_leaves", &args, &kwargs))
    return nullptr;
  Key key(asFunction(self)->state->options);
  if (!key.build(args, kwargs)) {
    if (PyErr_Occurred())
      return nullptr;
    Py_RETURN_NONE;
  }
  PyObject *list = PyList_New(key.numLeaves());
  for (size_t i = 0; list && i < key.numLeaves(); ++i)
    PyList_SET_ITEM(list, i, Py_NewRef(key.leaves()[i]));
  return list;
}

PyObject *functionKey(PyObject *self, PyObject *arguments) {
  PyObject *args, *kwargs;
  if (!parseCall(arguments, "O!O!:_key", &args, &kwargs))
    return nullptr;
  Key key(asFunction(self)->state->options);
  if (!key.build(args, kwargs)) {
    if (PyErr_Occurred())
      return nullptr;
    Py_RETURN_NONE;
  }
  return PyBytes_FromStringAndSize(reinterpret_cast<const char *>(key.words()),
                                   key.numWords() * 8);
}

PyObject *functionClear(PyObject *self, PyObject *) {
  FunctionState &state = *asFunction(self)->state;
  state.cache.clear();
  state.general.clear();
  state.options.captured.clear();
  Py_RETURN_NONE;
}

PyObject *functionEntries(PyObject *self, PyObject *) {
  FunctionState &state = *asFunction(self)->state;
  PyRef list(state.cache.entries());
  return list && state.general.appendEntries(list.get()) ? list.release()
                                                         : nullptr;
}

PyObject *functionCallSlow(PyObject *self, PyObject *) {
  return PyErr_Format(PyExc_NotImplementedError,
                      "%.200s does not define _call_slow(args, kwargs)",
                      Py_TYPE(self)->tp_name);
}

//===----------------------------------------------------------------------===//
// Methods of instances: one clone each
//===----------------------------------------------------------------------===//

PyObject *forgetInstance(PyObject *cell, PyObject *) {
  // cell: (weakref to the function, id of the dead instance)
  PyObject *function = weakTarget(PyTuple_GET_ITEM(cell, 0));
  if (function != Py_None) {
    PyRef held = PyRef::borrow(function);
    PyRef bound = PyRef::borrow(asFunction(function)->state->bound.get());
    if (bound && PyDict_DelItem(bound.get(), PyTuple_GET_ITEM(cell, 1)) < 0)
      PyErr_Clear();
  }
  Py_RETURN_NONE;
}

PyMethodDef forgetDef = {"_forget_instance", forgetInstance, METH_O, nullptr};

PyObject *functionGet(PyObject *self, PyObject *instance, PyObject *) {
  if (!instance || instance == Py_None)
    return Py_NewRef(self);
  FunctionState &state = *asFunction(self)->state;
  if (!state.bound)
    state.bound = PyRef(PyDict_New());
  PyRef id(PyLong_FromVoidPtr(instance));
  if (!state.bound || !id)
    return nullptr;
  PyObject *pair = PyDict_GetItemWithError(state.bound.get(), id.get());
  if (pair && weakTarget(PyTuple_GET_ITEM(pair, 0)) == instance)
    return Py_NewRef(PyTuple_GET_ITEM(pair, 1));
  if (PyErr_Occurred())
    return nullptr;
  PyRef clone(PyObject_CallMethodOneArg(self, bindName, instance));
  if (!clone || !PyType_SUPPORTS_WEAKREFS(Py_TYPE(instance)))
    return clone.release();
  PyRef weakSelf(PyWeakref_NewRef(self, nullptr));
  PyRef cell(weakSelf ? PyTuple_Pack(2, weakSelf.get(), id.get()) : nullptr);
  PyRef forget(cell ? PyCFunction_New(&forgetDef, cell.get()) : nullptr);
  PyRef ref(forget ? PyWeakref_NewRef(instance, forget.get()) : nullptr);
  PyRef fresh(ref ? PyTuple_Pack(2, ref.get(), clone.get()) : nullptr);
  if (!fresh || PyDict_SetItem(state.bound.get(), id.get(), fresh.get()) < 0)
    return nullptr;
  return clone.release();
}

PyObject *functionBind(PyObject *self, PyObject *instance) {
  // Without a clone of its own the instance is just the first argument.
  return PyMethod_New(self, instance);
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

PyObject *getHits(PyObject *self, void *) {
  return PyLong_FromUnsignedLongLong(asFunction(self)->state->hits);
}
PyObject *getMisses(PyObject *self, void *) {
  return PyLong_FromUnsignedLongLong(asFunction(self)->state->misses);
}
PyObject *getSlowCalls(PyObject *self, void *) {
  return PyLong_FromUnsignedLongLong(asFunction(self)->state->slowCalls);
}
PyObject *getSize(PyObject *self, void *) {
  const FunctionState &state = *asFunction(self)->state;
  return PyLong_FromSize_t(state.cache.size() + state.general.size());
}
PyObject *getLimit(PyObject *self, void *) {
  return PyLong_FromSize_t(asFunction(self)->state->cache.limit());
}
int setLimit(PyObject *self, PyObject *value, void *) {
  Py_ssize_t limit =
      value ? PyNumber_AsSsize_t(value, PyExc_OverflowError) : -1;
  if (limit < 1) {
    if (!PyErr_Occurred())
      PyErr_SetString(PyExc_ValueError, "_cache_limit must be at least 1");
    return -1;
  }
  asFunction(self)->state->cache.setLimit(limit);
  return 0;
}
PyObject *getScalarsByType(PyObject *self, void *) {
  return PyBool_FromLong(asFunction(self)->state->options.scalarsByType);
}
int setScalarsByType(PyObject *self, PyObject *value, void *) {
  int flag = value ? PyObject_IsTrue(value) : 0;
  if (flag < 0)
    return -1;
  asFunction(self)->state->options.scalarsByType = flag;
  return 0;
}

PyMethodDef functionMethods[] = {
    {"_call_slow", (PyCFunction)(void *)functionCallSlow, METH_VARARGS,
     "_call_slow(args, kwargs)\n\nFor the subclass: computes the result of a "
     "call that no entry serves, and may call _insert."},
    {"_insert", functionInsert, METH_VARARGS,
     "_insert(args, kwargs, entry, shapes=None) -> bool\n\nServes calls like "
     "this one with the entry from now on. `shapes` ({leaf: shape with None}) "
     "makes it serve any sizes there, for calls that have no entry of their "
     "own. False if such a call is always slow."},
    {"_leaves", functionLeaves, METH_VARARGS,
     "_leaves(args, kwargs)\n\nThe leaves of a call in the order of Entry's "
     "indices, or None if it is always slow."},
    {"_key", functionKey, METH_VARARGS,
     "_key(args, kwargs)\n\nThe key of a call as bytes, or None if it is "
     "always "
     "slow. Objects compared by == are in it by hash only."},
    {"_entries", functionEntries, METH_NOARGS,
     "The cached entries: exact ones, most recently used first, then general "
     "ones."},
    {"_clear_cache", functionClear, METH_NOARGS, "Drops all entries."},
    {"_bind", functionBind, METH_O,
     "_bind(instance)\n\nFor the subclass: the callable that `instance.f` is. "
     "Called once per instance; must hold the instance weakly."},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef functionGetSet[] = {
    {"_hits", getHits, nullptr, "Calls served from the cache.", nullptr},
    {"_misses", getMisses, nullptr, "Calls for which no entry served.",
     nullptr},
    {"_slow_calls", getSlowCalls, nullptr,
     "Calls made while the thread was in slow mode.", nullptr},
    {"_cache_size", getSize, nullptr,
     "Number of cached keys, exact and general.", nullptr},
    {"_cache_limit", getLimit, setLimit, "Most exact keys kept.", nullptr},
    {"_scalars_by_type", getScalarsByType, setScalarsByType,
     "Whether Python numbers are inputs (input_signature) and not constants.",
     nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

PyObject *functionNew(PyTypeObject *type, PyObject *, PyObject *) {
  PyObject *self = type->tp_alloc(type, 0);
  if (self)
    asFunction(self)->state = new FunctionState;
  return self;
}

// __new__ takes the arguments of the subclass's __init__; without one, none.
int functionInit(PyObject *self, PyObject *args, PyObject *kwargs) {
  if (PyTuple_GET_SIZE(args) || (kwargs && PyDict_GET_SIZE(kwargs))) {
    PyErr_Format(PyExc_TypeError, "%.200s.__init__ takes no arguments",
                 Py_TYPE(self)->tp_name);
    return -1;
  }
  return 0;
}

int functionTraverse(PyObject *self, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(self));
  FunctionState *state = asFunction(self)->state;
  Py_VISIT(state->bound.get());
  int result = state->cache.visit(visit, arg);
  return result ? result : state->general.visit(visit, arg);
}

int functionClearReferences(PyObject *self) {
  FunctionState *state = asFunction(self)->state;
  state->bound = PyRef();
  state->cache.clear();
  state->general.clear();
  return 0;
}

void functionDealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  if (asFunction(self)->weakrefs)
    PyObject_ClearWeakRefs(self);
  delete asFunction(self)->state;
  type->tp_free(self);
  Py_DECREF(type);
}

PyMemberDef functionMembers[] = {{"__weaklistoffset__", T_PYSSIZET,
                                  offsetof(Function, weakrefs), READONLY,
                                  nullptr},
                                 {nullptr, 0, 0, 0, nullptr}};

PyType_Slot functionSlots[] = {
    {Py_tp_doc,
     (void *)"A callable that remembers a compiled trace per kind of "
             "arguments. Subclasses define _call_slow(args, kwargs)."},
    {Py_tp_new, (void *)functionNew},
    {Py_tp_init, (void *)functionInit},
    {Py_tp_call, (void *)functionCall},
    {Py_tp_descr_get, (void *)functionGet},
    {Py_tp_traverse, (void *)functionTraverse},
    {Py_tp_clear, (void *)functionClearReferences},
    {Py_tp_dealloc, (void *)functionDealloc},
    {Py_tp_methods, functionMethods},
    {Py_tp_getset, functionGetSet},
    {Py_tp_members, functionMembers},
    {0, nullptr}};
PyType_Spec functionSpec = {"tfc._native.Function", sizeof(Function), 0,
                            Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE |
                                Py_TPFLAGS_HAVE_GC,
                            functionSlots};

} // namespace

bool initFunction(PyObject *module) {
  callSlowName = PyUnicode_InternFromString("_call_slow");
  bindName = PyUnicode_InternFromString("_bind");
  functionType = addType(module, &functionSpec, nullptr);
  return callSlowName && bindName && functionType && initEntry(module) &&
         initModes(module) && initGuards(module);
}

} // namespace tfc::native
