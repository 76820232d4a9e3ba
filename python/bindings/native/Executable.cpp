//===- Executable.cpp - the Python type Executable ------------------------===//
#include "Executable.h"

namespace tfc::native {

PyTypeObject *executableType = nullptr;

/// Calls cheaper than this many nanoseconds keep the GIL: giving it up and
/// taking it back would cost more than it lets others do.
static constexpr int64_t kReleaseGilCost = 20000;

ExecutableData::~ExecutableData() {
  for (Buffer *arena : arenas)
    release(arena);
  dropPanels();
  for (VariablePanels *all : variablePanels) {
    all->drop(this);
    release(all);
  }
}

/// A panel of a variable.
void ExecutableData::keepFor(VariablePanels *all, size_t number,
                             Buffer *panel) {
  all->keep(this, number, panel);
  size_t left = 0;
  for (VariablePanels *each : variablePanels)
    if (each->isAlive)
      variablePanels[left++] = each;
    else
      release(each);
  variablePanels.resize(left);
  for (VariablePanels *each : variablePanels)
    if (each == all)
      return;
  ++all->refcount;
  variablePanels.push_back(all);
}

void ExecutableData::dropPanels() {
  for (std::vector<Buffer *> *buffers : {&panels, &sources}) {
    for (Buffer *buffer : *buffers)
      release(buffer); // null where there are copies of a variable
    buffers->clear();
  }
}

namespace {

Executable *asExecutable(PyObject *object) {
  return reinterpret_cast<Executable *>(object);
}

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

bool parseSpec(PyObject *dtypeObject, PyObject *shape, ValueSpec &out) {
  out.dtype = codeOfObject(dtypeObject);
  if (out.dtype == kNoDType)
    return false;
  if (shape == Py_None) {
    PyErr_SetString(PyExc_ValueError, "compiled code needs a known rank, got a "
                                      "shape of None");
    return false;
  }
  if (!parseDims(shape, true, out.dims))
    return false;
  out.numUnknown = 0;
  for (int64_t size : out.dims)
    out.numUnknown += size == kUnknownDim;
  if (out.numUnknown)
    return true;
  int64_t count = out.dims.numElements();
  if (count < 0) {
    PyErr_Format(PyExc_ValueError, "shape %R is too large", shape);
    return false;
  }
  out.nbytes = count * itemsize(out.dtype);
  return true;
}

bool parseItem(PyObject *item, ValueSpec &out) {
  PyObject *dtype, *shape;
  return PyArg_ParseTuple(item, "OO;each spec is (dtype, shape)", &dtype,
                          &shape) &&
         parseSpec(dtype, shape, out);
}

bool parseItem(PyObject *item, VariableSpec &out) {
  PyObject *dtype, *shape;
  int reads, writes;
  if (!PyArg_ParseTuple(item,
                        "OOpp;each variable is (dtype, shape, reads, writes)",
                        &dtype, &shape, &reads, &writes))
    return false;
  out.reads = reads;
  out.writes = writes;
  return parseSpec(dtype, shape, out);
}

template <typename Spec>
bool parseSpecs(PyObject *sequence, std::vector<Spec> &out, int32_t &numSizes) {
  if (!sequence)
    return true;
  PyRef fast(PySequence_Fast(sequence, "specs must be a sequence"));
  if (!fast)
    return false;
  for (Py_ssize_t i = 0, e = PySequence_Fast_GET_SIZE(fast.get()); i < e; ++i) {
    PyObject *item = PySequence_Fast_GET_ITEM(fast.get(), i);
    Spec spec;
    if (!PyTuple_Check(item)) {
      PyErr_Format(PyExc_TypeError, "a spec must be a tuple, got %R", item);
      return false;
    }
    if (!parseItem(item, spec))
      return false;
    numSizes += spec.numUnknown;
    out.push_back(static_cast<Spec &&>(spec));
  }
  return true;
}

template <typename Number>
bool parseNumbers(PyObject *sequence, const char *name,
                  std::vector<Number> &out) {
  if (!sequence)
    return true;
  PyRef fast(PySequence_Fast(sequence, "expected a sequence of numbers"));
  for (Py_ssize_t i = 0; fast && i < PySequence_Fast_GET_SIZE(fast.get());
       ++i) {
    long long number =
        PyLong_AsLongLong(PySequence_Fast_GET_ITEM(fast.get(), i));
    if (number == -1 && PyErr_Occurred())
      return false;
    out.push_back(static_cast<Number>(number));
    if (number < 0 || out.back() != number) {
      PyErr_Format(PyExc_ValueError, "%s: %lld is out of range", name, number);
      return false;
    }
  }
  return bool(fast);
}

PyObject *executableNew(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  static const char *names[] = {
      "address",     "keepalive", "args",          "variables", "results",
      "arena_bytes", "cost",      "can_fail",      "name",      "device",
      "constants",   "panels",    "panel_sources", nullptr};
  PyObject *address, *keepalive = Py_None, *argSpecs = nullptr,
                     *variableSpecs = nullptr, *resultSpecs = nullptr,
                     *name = nullptr, *constants = nullptr, *panels = nullptr,
                     *panelSources = nullptr;
  long long arenaBytes = 0, cost = 0;
  int canFail = 1, device = kHost;
  if (!PyArg_ParseTupleAndKeywords(
          args, kwargs, "O|OOOOLLpUiOOO:Executable", const_cast<char **>(names),
          &address, &keepalive, &argSpecs, &variableSpecs, &resultSpecs,
          &arenaBytes, &cost, &canFail, &name, &device, &constants, &panels,
          &panelSources))
    return nullptr;
  void *entry = PyLong_AsVoidPtr(address);
  if (!entry) {
    if (!PyErr_Occurred())
      PyErr_SetString(PyExc_ValueError, "the address of an entry is not 0");
    return nullptr;
  }
  if (arenaBytes < 0)
    return PyErr_Format(PyExc_ValueError, "arena_bytes is %lld", arenaBytes);
  PyRef object(type->tp_alloc(type, 0));
  if (!object)
    return nullptr;
  Executable *self = asExecutable(object.get());
  self->keepalive = Py_NewRef(keepalive);
  self->name = name ? Py_NewRef(name) : PyUnicode_FromString("function");
  auto *data = self->data = new ExecutableData;
  data->entry = reinterpret_cast<tfc_entry>(entry);
  data->arenaBytes = arenaBytes;
  data->cost = cost;
  data->releasesGil = cost >= kReleaseGilCost;
  data->canFail = canFail;
  data->device = device;
  // Waiting for a device is waiting.
  data->releasesGil |= device != kHost;
  if (!parseSpecs(argSpecs, data->args, data->numSizes) ||
      !parseSpecs(variableSpecs, data->variables, data->numSizes) ||
      !parseSpecs(resultSpecs, data->results, data->numSizes) ||
      !parseNumbers(constants, "constants", data->constants) ||
      !parseNumbers(panels, "panels", data->panelBytes) ||
      !parseNumbers(panelSources, "panel_sources", data->panelSources))
    return nullptr;
  size_t numSources = data->args.size() + data->variables.size();
  if (data->panelSources.size() != data->panelBytes.size())
    return PyErr_Format(PyExc_ValueError,
                        "panel_sources: there are %zu panels, got %zu numbers",
                        data->panelBytes.size(), data->panelSources.size());
  for (int32_t source : data->panelSources)
    if (static_cast<size_t>(source) >= numSources)
      return PyErr_Format(PyExc_ValueError,
                          "panel_sources: there are %zu arguments and "
                          "variables, got number %d",
                          numSources, source);
  for (int32_t place : data->constants)
    if (static_cast<size_t>(place) >= data->args.size())
      return PyErr_Format(PyExc_ValueError,
                          "constants: there are %zu arguments, got number %d",
                          data->args.size(), place);
  return object.release();
}

int executableTraverse(PyObject *object, visitproc visit, void *arg) {
  Py_VISIT(Py_TYPE(object));
  Py_VISIT(asExecutable(object)->keepalive);
  return 0;
}

// No tp_clear: dropping `keepalive` would unload the code of a callable object;
// cycles through it are broken by the other objects in them.

void executableDealloc(PyObject *object) {
  Executable *self = asExecutable(object);
  PyTypeObject *type = Py_TYPE(object);
  PyObject_GC_UnTrack(object);
  if (self->weakrefs)
    PyObject_ClearWeakRefs(object);
  delete self->data;
  Py_XDECREF(self->keepalive);
  Py_XDECREF(self->name);
  type->tp_free(object);
  Py_DECREF(type);
}

//===----------------------------------------------------------------------===//
// Methods
//===----------------------------------------------------------------------===//

PyObject *executableCall(PyObject *object, PyObject *inputsObject) {
  Executable *self = asExecutable(object);
  const ExecutableData &data = *self->data;
  // A tuple of our own: nobody can change it while the code runs.
  PyRef inputs(PySequence_Tuple(inputsObject));
  if (!inputs)
    return nullptr;
  size_t numArgs = data.args.size();
  size_t want = numArgs + data.variables.size();
  size_t got = PyTuple_GET_SIZE(inputs.get());
  if (got != want)
    return PyErr_Format(PyExc_TypeError,
                        "%U takes %zu inputs (%zu tensors, %zu variables), got "
                        "%zu",
                        self->name, want, numArgs, want - numArgs, got);
  PyObject *const *items =
      &reinterpret_cast<PyTupleObject *>(inputs.get())->ob_item[0];
  std::vector<PyObject *> results(data.results.size());
  if (!runExecutable(self, items, items + numArgs, results.data()))
    return nullptr;
  PyObject *list = PyList_New(results.size());
  for (size_t i = 0; i < results.size(); ++i) {
    if (list)
      PyList_SET_ITEM(list, i, results[i]);
    else
      Py_DECREF(results[i]);
  }
  return list;
}

template <typename Spec>
PyObject *specsToTuple(const std::vector<Spec> &specs) {
  PyRef tuple(PyTuple_New(specs.size()));
  for (size_t i = 0; tuple && i < specs.size(); ++i) {
    PyObject *shape = dimsToTuple(specs[i].dims);
    PyObject *item =
        shape ? Py_BuildValue("iN", specs[i].dtype, shape) : nullptr;
    if (!item)
      return nullptr;
    PyTuple_SET_ITEM(tuple.get(), i, item);
  }
  return tuple.release();
}

PyObject *getArgs(PyObject *self, void *) {
  return specsToTuple(asExecutable(self)->data->args);
}
PyObject *getVariables(PyObject *self, void *) {
  return specsToTuple(asExecutable(self)->data->variables);
}
PyObject *getResults(PyObject *self, void *) {
  return specsToTuple(asExecutable(self)->data->results);
}
PyObject *getArenaBytes(PyObject *self, void *) {
  return PyLong_FromLongLong(asExecutable(self)->data->arenaBytes);
}
PyObject *getPanelBytes(PyObject *self, void *) {
  int64_t total = 0;
  const ExecutableData *data = asExecutable(self)->data;
  for (const Buffer *panel : data->panels)
    total += panel ? panel->nbytes : 0;
  for (const VariablePanels *all : data->variablePanels)
    total += all->bytesOf(data);
  return PyLong_FromLongLong(total);
}
PyObject *getCost(PyObject *self, void *) {
  return PyLong_FromLongLong(asExecutable(self)->data->cost);
}
PyObject *getKeepalive(PyObject *self, void *) {
  return Py_NewRef(asExecutable(self)->keepalive);
}
PyObject *getName(PyObject *self, void *) {
  return Py_NewRef(asExecutable(self)->name);
}

PyMethodDef executableMethods[] = {
    {"call", executableCall, METH_O,
     "call(inputs)\n\nRuns the code on a flat list of tensors, then variables, "
     "and returns the list of result tensors. Raises TypeError (number, kind, "
     "dtype), ValueError (shape, variable without value), and what the error "
     "factory makes of a failure inside."},
    {nullptr, nullptr, 0, nullptr}};

PyGetSetDef executableGetSet[] = {
    {"arg_specs", getArgs, nullptr, "((dtype code, shape), ...)", nullptr},
    {"variable_specs", getVariables, nullptr, "((dtype code, shape), ...)",
     nullptr},
    {"result_specs", getResults, nullptr, "((dtype code, shape), ...)",
     nullptr},
    {"arena_bytes", getArenaBytes, nullptr, "Scratch memory of one call.",
     nullptr},
    {"panel_bytes", getPanelBytes, nullptr,
     "Copies of constants and variables that are kept from call to call; 0 "
     "before there are any.",
     nullptr},
    {"cost", getCost, nullptr, "Estimated nanoseconds of a call.", nullptr},
    {"keepalive", getKeepalive, nullptr, "What keeps the code loaded.",
     nullptr},
    {"name", getName, nullptr, "Shown in errors.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr}};

PyMemberDef executableMembers[] = {{"__weaklistoffset__", T_PYSSIZET,
                                    offsetof(Executable, weakrefs), READONLY,
                                    nullptr},
                                   {nullptr, 0, 0, 0, nullptr}};

PyType_Slot executableSlots[] = {
    {Py_tp_doc,
     (void
          *)"Executable(address, keepalive=None, args=(), variables=(), "
            "results=(), arena_bytes=0, cost=0, can_fail=True, "
            "name='function', device=-1, constants=(), panels=(), "
            "panel_sources=())\n\nA "
            "compiled entry (see tfc_rt.h). `args` (the "
            "tensor arguments and captured tensors) and `results` are (dtype, "
            "shape) with None for unknown dimensions; `variables` are (dtype, "
            "shape, reads, writes). `cost` is an estimate in nanoseconds: the "
            "GIL is released for long calls. With can_fail=False a variable "
            "that is only written is not copied when somebody holds its old "
            "value. `panels` are bytes of buffers that come after the results: "
            "before them comes a pointer to two bytes for each, what the call "
            "does with it (0 reads, 1 fills, 2 has no memory for it) and one "
            "that it sets when it has filled it. Each is of the argument or "
            "variable whose number is in `panel_sources`. Those of arguments "
            "are kept as long as all whose numbers are in `constants` are the "
            "same tensors, those of variables until the variable changes."},
    {Py_tp_new, (void *)executableNew},
    {Py_tp_dealloc, (void *)executableDealloc},
    {Py_tp_traverse, (void *)executableTraverse},
    {Py_tp_methods, executableMethods},
    {Py_tp_getset, executableGetSet},
    {Py_tp_members, executableMembers},
    {0, nullptr}};
PyType_Spec executableSpec = {"tfc._native.Executable", sizeof(Executable), 0,
                              Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
                              executableSlots};

} // namespace

bool initExecutable(PyObject *module) {
  executableType = addType(module, &executableSpec, nullptr);
  return executableType != nullptr;
}

} // namespace tfc::native
