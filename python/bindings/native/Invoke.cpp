//===- Invoke.cpp - calling a compiled entry ------------------------------===//
//
// The hot path of the module. The order of the steps matters: everything that
// can fail or give up the GIL comes before the first variable is marked as
// being written; from then on the marks are always taken back.
//
//===----------------------------------------------------------------------===//
#include "Callbacks.h"
#include "Denormals.h"
#include "Executable.h"
#include "Stack.h"

namespace tfc::native {

namespace {

/// Code for unknown sizes gives up the GIL for inputs of this many bytes.
constexpr int64_t kReleaseGilBytes = 256 << 10;

bool badValue(Executable *self, const char *kind, size_t index,
              const ValueSpec &spec, int32_t dtype, const Dims &dims) {
  PyRef want(dimsToString(spec.dims)), got(dimsToString(dims));
  if (want && got)
    PyErr_Format(dtype != spec.dtype ? PyExc_TypeError : PyExc_ValueError,
                 "%U: %s %zu does not fit\n  want: %s of shape %U\n  got:  %s "
                 "of shape %U",
                 self->name, kind, index, kDTypes[spec.dtype].name, want.get(),
                 kDTypes[dtype].name, got.get());
  return false;
}

/// One call: what it holds while the entry runs.
class Invocation {
public:
  Invocation(Executable *self, PyObject *const *args,
             PyObject *const *variables)
      : self(self), data(*self->data), args(args), variableObjects(variables),
        numArgs(data.args.size()), numVariables(data.variables.size()),
        numResults(data.results.size()),
        buffers(numArgs + numVariables + numResults + numPanelBuffers(data)),
        sizes(data.numSizes), held(numArgs + numVariables),
        heldBuffers(numVariables), writing(numVariables), created(numVariables),
        panels(data.panelBytes.size()), versions(data.panelBytes.size()),
        panelMarks(2 * data.panelBytes.size()) {
    Py_INCREF(self);
    for (size_t i = 0; i < data.panelBytes.size(); ++i)
      panels[i] = nullptr;
  }

  ~Invocation() {
    finish();
    for (size_t i = 0; i < numHeld; ++i)
      Py_DECREF(held[i]);
    for (size_t i = 0; i < numHeldBuffers; ++i)
      release(heldBuffers[i]);
    for (size_t i = 0; i < data.panelBytes.size(); ++i)
      release(panels[i]);
    Py_DECREF(self);
  }

  bool run(PyObject **results) {
    DeviceScope scope(data.device);
    return bindArgs() && waitForVariables() && bindPanels() &&
           allocateResults(results) && bindVariablesAndCall(results);
  }

private:
  Executable *self;
  ExecutableData &data;
  PyObject *const *args;
  PyObject *const *variableObjects;
  size_t numArgs, numVariables, numResults;
  StackArray<void *, 32> buffers;
  StackArray<int64_t, 32> sizes;
  size_t sizesUsed = 0;
  StackArray<PyObject *, 24> held;
  size_t numHeld = 0;
  /// Buffers of variables that are read only, or that were replaced.
  StackArray<Buffer *, 16> heldBuffers;
  size_t numHeldBuffers = 0;
  StackArray<VariableStorage *, 16> writing;
  size_t numWriting = 0;
  bool finished = false;
  /// Of inputs whose size the cost of the code does not include.
  int64_t unknownBytes = 0;
  /// Variables that get their first value by this call.
  StackArray<VariableStorage *, 16> created;
  size_t numCreated = 0;
  /// Copies of constants and variables that this call uses, the versions of
  /// the variables, what the code does with them, and whether it makes those of
  /// constants and some of variables.
  StackArray<Buffer *, 8> panels;
  StackArray<uint64_t, 8> versions;
  StackArray<uint8_t, 16> panelMarks;
  bool fillsPanels = false, fillsVariables = false;
  enum PanelUse : uint8_t { keep, fill, stream };

  static size_t numPanelBuffers(const ExecutableData &data) {
    return data.panelBytes.empty() ? 0 : 1 + data.panelBytes.size();
  }

  Buffer *constant(size_t i) {
    return asEagerTensor(args[data.constants[i]])->buffer;
  }

  /// Those that an earlier call has made of the same tensors, or new ones,
  /// which this call fills: nobody else sees them before it has ended.
  bool bindPanels() {
    if (data.panelBytes.empty())
      return true;
    fillsPanels = data.panels.empty();
    for (size_t i = 0; i < data.sources.size(); ++i)
      fillsPanels |=
          data.sources[i] != constant(i) || !isPrivate(data.sources[i]);
    size_t place = numArgs + numVariables + numResults;
    buffers[place++] = panelMarks.data();
    for (size_t i = 0; i < data.panelBytes.size(); ++i, ++place) {
      if (data.isOfVariable(i))
        continue;
      panelMarks[2 * i] = fillsPanels ? fill : keep;
      panels[i] = fillsPanels ? allocateBuffer(data.panelBytes[i])
                              : retain(data.panels[i]);
      if (!panels[i]) {
        PyErr_NoMemory();
        return false;
      }
      buffers[place] = panels[i]->data;
    }
    return true;
  }

  /// Those of variables, which nobody else can change from now on until the
  /// call has ended.
  void bindVariablePanels(uint64_t callNumber) {
    size_t place = numArgs + numVariables + numResults + 1;
    for (size_t i = 0; i < data.panelBytes.size(); ++i, ++place) {
      if (!data.isOfVariable(i))
        continue;
      VariableStorage *v = variable(data.panelSources[i] - numArgs);
      panelMarks[2 * i] = stream;
      panelMarks[2 * i + 1] = 0;
      buffers[place] = nullptr;
      // A running call may have written half of it, or memory that others have.
      if (v->writer || !v->buffer || !isPrivate(v->buffer))
        continue;
      if (!v->panels)
        v->panels = new VariablePanels;
      bool keeps = v->panels->isWorthKeeping(callNumber);
      if (Buffer *panel = v->panels->find(&data, i)) {
        ++v->panels->uses;
        panelMarks[2 * i] = keep;
        panels[i] = retain(panel);
      } else if (keeps && (panels[i] = allocateBuffer(data.panelBytes[i]))) {
        panelMarks[2 * i] = fill;
        fillsVariables = true;
        versions[i] = v->version;
      } else {
        continue;
      }
      buffers[place] = panels[i]->data;
    }
  }

  /// For later calls, unless a variable was changed meanwhile.
  void keepVariablePanels() {
    for (size_t i = 0; fillsVariables && i < data.panelBytes.size(); ++i) {
      if (!data.isOfVariable(i) || panelMarks[2 * i] != fill ||
          !panelMarks[2 * i + 1])
        continue;
      VariableStorage *v = variable(data.panelSources[i] - numArgs);
      if (v->version == versions[i] && isPrivate(v->buffer))
        data.keepFor(v->panels, i, panels[i]);
    }
  }

  /// For later calls, unless somebody outside may change the constants.
  void keepPanels() {
    if (!fillsPanels)
      return;
    data.dropPanels();
    for (size_t i = 0; i < data.constants.size(); ++i)
      if (!isPrivate(constant(i)))
        return;
    for (size_t i = 0; i < data.constants.size(); ++i)
      data.sources.push_back(retain(constant(i)));
    for (size_t i = 0; i < data.panelBytes.size(); ++i)
      data.panels.push_back(data.isOfVariable(i) ? nullptr : retain(panels[i]));
  }

  /// Takes the marks of writing back.
  void finish() {
    if (!finished)
      finishWriting(writing.data(), numWriting);
    finished = true;
  }

  VariableStorage *variable(size_t i) { return asVariable(variableObjects[i]); }

  void hold(PyObject *object) {
    Py_INCREF(object);
    held[numHeld++] = object;
  }

  void pushUnknown(const ValueSpec &spec, const Dims *dims) {
    if (spec.numUnknown == 0)
      return;
    for (int32_t d = 0; d < spec.dims.rank(); ++d)
      if (spec.dims[d] == kUnknownDim)
        sizes[sizesUsed++] = dims ? (*dims)[d] : 0;
  }

  bool place(Buffer *&buffer) {
    Buffer *moved = moveToDevice(buffer, data.device);
    if (moved)
      buffer = moved;
    return moved;
  }

  bool bindArgs() {
    for (size_t i = 0; i < numArgs; ++i) {
      const ValueSpec &spec = data.args[i];
      PyObject *object = args[i];
      if (!isEagerTensor(object)) {
        PyErr_Format(PyExc_TypeError,
                     "%U: argument %zu must be an EagerTensor, got %.200s",
                     self->name, i, Py_TYPE(object)->tp_name);
        return false;
      }
      EagerTensor *tensor = asEagerTensor(object);
      if (tensor->dtype != spec.dtype || !matches(spec.dims, tensor->dims))
        return badValue(self, "argument", i, spec, tensor->dtype, tensor->dims);
      // Values go to the device once, and stay there.
      if (data.device != kHost && !place(tensor->buffer))
        return false;
      hold(object);
      buffers[i] = tensor->buffer->data;
      pushUnknown(spec, &tensor->dims);
      if (spec.numUnknown)
        unknownBytes += tensor->buffer->nbytes;
    }
    return true;
  }

  /// Checks the types of variables and waits for calls of other threads that
  /// write them.
  bool waitForVariables() {
    for (size_t i = 0; i < numVariables; ++i) {
      if (!isVariable(variableObjects[i])) {
        PyErr_Format(PyExc_TypeError,
                     "%U: input %zu must be a variable, got %.200s", self->name,
                     numArgs + i, Py_TYPE(variableObjects[i])->tp_name);
        return false;
      }
      hold(variableObjects[i]);
    }
    // Waiting lets other threads run, which may start to write another one.
    for (bool again = true; again;) {
      again = false;
      for (size_t i = 0; i < numVariables; ++i)
        if (variable(i)->writer &&
            variable(i)->writer != PyThread_get_thread_ident()) {
          if (!waitForWriter(variable(i)))
            return false;
          again = true;
        }
    }
    return true;
  }

  bool allocateResults(PyObject **results) {
    for (size_t i = 0; i < numResults; ++i)
      results[i] = nullptr;
    for (size_t i = 0; i < numResults; ++i) {
      const ValueSpec &spec = data.results[i];
      void *&buffer = buffers[numArgs + numVariables + i];
      if (spec.numUnknown) {
        buffer = nullptr;
        continue;
      }
      results[i] = newUninitializedTensor(spec.dtype, spec.dims.data(),
                                          spec.dims.rank(), spec.nbytes);
      if (!results[i])
        return dropResults(results);
      buffer = asEagerTensor(results[i])->buffer->data;
    }
    return true;
  }

  /// Undoes what a failed call must not leave behind.
  bool dropResults(PyObject **results) {
    // Half an initial value is none.
    for (size_t i = 0; i < numCreated; ++i) {
      release(created[i]->buffer);
      created[i]->buffer = nullptr;
    }
    for (size_t i = 0; i < numResults; ++i)
      Py_CLEAR(results[i]);
    return false;
  }

  bool checkDuplicate(size_t index) {
    VariableStorage *self_ = variable(index);
    for (size_t i = 0; i < index; ++i)
      if (variable(i) == self_ &&
          (data.variables[i].writes || data.variables[index].writes)) {
        PyErr_Format(PyExc_ValueError,
                     "%U: variables %zu and %zu are the same variable, which "
                     "the function writes; it was compiled for two variables",
                     self->name, i, index);
        return false;
      }
    return true;
  }

  bool bindVariable(size_t i, uint64_t callNumber) {
    VariableStorage *v = variable(i);
    const VariableSpec &spec = data.variables[i];
    if (v->dtype != spec.dtype ||
        (v->buffer ? !matches(spec.dims, v->dims)
                   : v->unknownRank || !matches(spec.dims, v->spec)))
      return badValue(self, "variable", i, spec,
                      v->dtype == kNoDType ? 0 : v->dtype,
                      v->buffer ? v->dims : v->spec);
    if (v->lastCall == callNumber && !checkDuplicate(i))
      return false;
    v->lastCall = callNumber;
    void *&buffer = buffers[numArgs + i];
    if (data.device != kHost && v->buffer && !v->writer && !place(v->buffer))
      return false;
    if (v->writer && v->writer != PyThread_get_thread_ident()) {
      PyErr_Format(PyExc_RuntimeError,
                   "%U: variable %zu is being written by another thread",
                   self->name, i);
      return false;
    }
    bool nested = v->writer;
    if (spec.writes && !nested) {
      v->writer = PyThread_get_thread_ident();
      writing[numWriting++] = v;
      if (v->panels)
        v->panels->drop(); // they need no memory meanwhile
    }
    if (nested) {
      // A callback of the call that writes it, in this very thread: both see
      // the same memory, as program order says.
      if (spec.writes && spec.numUnknown) {
        PyErr_Format(PyExc_ValueError,
                     "%U: variable %zu may change its shape, and the calling "
                     "function writes it",
                     self->name, i);
        return false;
      }
      heldBuffers[numHeldBuffers++] = retain(v->buffer);
    } else if (!v->buffer) {
      if (spec.reads) {
        PyErr_Format(PyExc_ValueError,
                     "%U: variable %zu has no value yet: assign one first",
                     self->name, i);
        return false;
      }
      if (spec.numUnknown == 0) {
        v->buffer = allocateBuffer(spec.nbytes);
        if (!v->buffer || !v->dims.assign(spec.dims)) {
          PyErr_NoMemory();
          return false;
        }
        created[numCreated++] = v;
      }
    } else if (spec.writes) {
      if (!makeWritable(v, spec.reads || data.canFail || spec.numUnknown))
        return false;
    } else {
      heldBuffers[numHeldBuffers++] = retain(v->buffer);
    }
    buffer = v->buffer ? v->buffer->data : nullptr;
    pushUnknown(spec, v->buffer ? &v->dims : nullptr);
    if (spec.numUnknown && v->buffer)
      unknownBytes += v->buffer->nbytes;
    return true;
  }

  bool bindVariablesAndCall(PyObject **results) {
    static uint64_t callCount = 0;
    uint64_t callNumber = ++callCount;
    for (size_t i = 0; i < numVariables; ++i)
      if (!bindVariable(i, callNumber))
        return dropResults(results);
    size_t resultSizes = sizesUsed;
    for (const ValueSpec &spec : data.results)
      pushUnknown(spec, nullptr);
    if (!data.panelBytes.empty())
      bindVariablePanels(callNumber);

    Buffer *arena = takeArena();
    if (data.arenaBytes && !arena) {
      PyErr_NoMemory();
      return dropResults(results);
    }
    CallState state(arena ? arena->data : nullptr, data.arenaBytes,
                    data.releasesGil || unknownBytes >= kReleaseGilBytes);
    auto run = [&] {
      DenormalScope denormals(/*inCode=*/true);
      return data.entry(&state.context, buffers.data(), sizes.data());
    };
    if (state.gilReleased)
      state.thread = PyEval_SaveThread();
    int32_t status = run();
    if (state.thread) // a loop may have released the GIL, too
      PyEval_RestoreThread(state.thread);
    if (arena)
      keepArena(arena);
    bool ok = adoptVariables(state);
    finish();
    if (status != TFC_OK || state.errorType) {
      PyErr_Clear();
      raiseStatus(state, status, self->name);
      return dropResults(results);
    }
    keepPanels();
    keepVariablePanels();
    if (!ok || !adoptResults(state, results, resultSizes))
      return dropResults(results);
    return true;
  }

  Buffer *takeArena() {
    if (!data.arenaBytes)
      return nullptr;
    if (data.arenas.empty())
      return allocateBuffer(data.arenaBytes);
    Buffer *arena = data.arenas.back();
    data.arenas.pop_back();
    return arena;
  }

  void keepArena(Buffer *arena) {
    constexpr size_t kMost = 4; // more come from a burst of threads
    if (data.arenas.size() < kMost)
      data.arenas.push_back(arena);
    else
      release(arena);
  }

  /// Dimensions of a value whose unknown ones start at `sizes[next]`.
  bool concreteDims(const ValueSpec &spec, size_t &next, Dims &out) {
    if (!out.assign(spec.dims))
      return false;
    for (int32_t d = 0; d < out.rank(); ++d)
      if (out[d] == kUnknownDim)
        out.data()[d] = sizes[next++];
    return true;
  }

  bool badAllocation(const char *kind, size_t index) {
    PyErr_Format(PyExc_SystemError,
                 "%U: the compiled code returned %s %zu in memory that does "
                 "not come from ctx->allocate or is too small",
                 self->name, kind, index);
    return false;
  }

  /// Takes over the memory of variables that changed their shape.
  bool adoptVariables(CallState &state) {
    size_t next = 0;
    for (size_t i = 0; i < numArgs; ++i)
      next += data.args[i].numUnknown;
    bool ok = true;
    for (size_t i = 0; i < numVariables; ++i) {
      const VariableSpec &spec = data.variables[i];
      if (!spec.numUnknown)
        continue;
      Dims dims;
      if (!concreteDims(spec, next, dims))
        return false;
      VariableStorage *v = variable(i);
      void *pointer = buffers[numArgs + i];
      if (!spec.writes || (v->buffer ? pointer == v->buffer->data : !pointer))
        continue;
      Buffer *fresh = state.adopt(pointer);
      int64_t count = dims.numElements();
      if (!fresh || count < 0 || count * itemsize(spec.dtype) > fresh->nbytes) {
        release(fresh);
        ok = badAllocation("variable", i);
        continue;
      }
      fresh->nbytes = count * itemsize(spec.dtype);
      Buffer *old = v->buffer;
      v->buffer = fresh;
      v->dims = static_cast<Dims &&>(dims);
      release(old);
    }
    return ok;
  }

  bool adoptResults(CallState &state, PyObject **results, size_t next) {
    for (size_t i = 0; i < numResults; ++i) {
      const ValueSpec &spec = data.results[i];
      if (!spec.numUnknown)
        continue;
      Dims dims;
      if (!concreteDims(spec, next, dims))
        return false;
      Buffer *buffer = state.adopt(buffers[numArgs + numVariables + i]);
      int64_t count = dims.numElements();
      if (!buffer || count < 0 ||
          count * itemsize(spec.dtype) > buffer->nbytes) {
        release(buffer);
        return badAllocation("result", i);
      }
      buffer->nbytes = count * itemsize(spec.dtype);
      results[i] = newEagerTensor(buffer, spec.dtype, dims.data(), dims.rank());
      if (!results[i])
        return false;
    }
    return true;
  }
};

} // namespace

bool runExecutable(Executable *self, PyObject *const *args,
                   PyObject *const *variables, PyObject **results) {
  if (Invocation(self, args, variables).run(results))
    return true;
  if (self->data->device != kHost &&
      PyErr_ExceptionMatches(PyExc_MemoryError)) {
    PyErr_Clear();
    CallState state(nullptr, 0, false);
    raiseStatus(state, TFC_OUT_OF_MEMORY, self->name);
  }
  return false;
}

} // namespace tfc::native
