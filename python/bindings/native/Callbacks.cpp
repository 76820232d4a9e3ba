//===- Callbacks.cpp - what compiled code may ask of the host -------------===//
//
// Each callback works with and without the GIL. A Python exception in one is
// kept in the CallState and raised when the entry has returned.
//
//===----------------------------------------------------------------------===//
#include "Callbacks.h"
#include "Denormals.h"
#include "Rows.h"
#include "ThreadPool.h"

#include <algorithm>
#include <chrono>

namespace tfc::native {

namespace {

PyObject *printHook = nullptr;
PyObject *errorFactory = nullptr;
PyObject *hostCall = nullptr;
decltype(tfc_context::parallel_for) chosenParallelFor = parallelFor;

CallState &stateOf(tfc_context *context) {
  return *reinterpret_cast<CallState *>(context);
}

/// Holds the GIL for a callback, whichever thread it runs in.
class CallbackGil {
public:
  explicit CallbackGil(CallState &state) : needed(state.gilReleased) {
    if (needed)
      gil = PyGILState_Ensure();
  }
  ~CallbackGil() {
    if (needed)
      PyGILState_Release(gil);
  }

private:
  bool needed;
  PyGILState_STATE gil = PyGILState_LOCKED;
  DenormalScope denormals{/*inCode=*/false};
};

/// Moves the current Python error into the call; the first one wins.
void keepError(CallState &state) {
  if (state.errorType)
    PyErr_Clear();
  else
    PyErr_Fetch(&state.errorType, &state.errorValue, &state.errorTraceback);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

void *allocate(tfc_context *context, int64_t bytes) {
  CallState &state = stateOf(context);
  Buffer *buffer = allocateBufferUnlocked(bytes);
  if (!buffer)
    return nullptr;
  std::lock_guard<std::mutex> lock(state.allocatedMutex);
  buffer->next = state.allocated;
  if (state.allocated)
    state.allocated->previous = buffer;
  state.allocated = buffer;
  return buffer->data;
}

void unlink(CallState &state, Buffer *buffer) {
  std::lock_guard<std::mutex> lock(state.allocatedMutex);
  if (buffer->previous)
    buffer->previous->next = buffer->next;
  else
    state.allocated = buffer->next;
  if (buffer->next)
    buffer->next->previous = buffer->previous;
  buffer->previous = buffer->next = nullptr;
}

void deallocate(tfc_context *context, void *pointer) {
  if (!pointer)
    return;
  Buffer *buffer = bufferOfData(pointer);
  unlink(stateOf(context), buffer);
  freeBufferUnlocked(buffer);
}

//===----------------------------------------------------------------------===//
// print, report, call_host
//===----------------------------------------------------------------------===//

PyObject *copyDescs(int32_t n, const tfc_tensor_desc *descs) {
  PyRef list(PyList_New(n));
  if (!list)
    return nullptr;
  for (int32_t i = 0; i < n; ++i) {
    const tfc_tensor_desc &desc = descs[i];
    Dims dims;
    if (!isDType(desc.dtype))
      return PyErr_Format(PyExc_SystemError,
                          "compiled code passed dtype code %d", desc.dtype);
    if (!dims.assign(desc.shape, desc.rank))
      return nullptr;
    int64_t nbytes = dims.numElements() * itemsize(desc.dtype);
    PyObject *tensor =
        newUninitializedTensor(desc.dtype, dims.data(), dims.rank(), nbytes);
    if (!tensor)
      return nullptr;
    if (nbytes)
      memcpy(asEagerTensor(tensor)->buffer->data, desc.data, nbytes);
    PyList_SET_ITEM(list.get(), i, tensor);
  }
  return list.release();
}

PyObject *decode(const char *text) {
  return PyUnicode_DecodeUTF8(text ? text : "", text ? strlen(text) : 0,
                              "replace");
}

int32_t print(tfc_context *context, const char *format, int32_t summarize,
              const char *stream, int32_t n, const tfc_tensor_desc *descs) {
  CallState &state = stateOf(context);
  CallbackGil gil(state);
  if (state.errorType)
    return TFC_CANCELLED;
  PyRef tensors(copyDescs(n, descs));
  PyRef text(tensors ? decode(format) : nullptr);
  PyRef streamName(text ? decode(stream) : nullptr);
  PyRef result;
  if (streamName && printHook) {
    PyRef hook = PyRef::borrow(printHook);
    result = PyRef(PyObject_CallFunction(hook.get(), "OOiO", text.get(),
                                         tensors.get(), summarize,
                                         streamName.get()));
  } else if (streamName) {
    PySys_FormatStderr("%U %S\n", text.get(), tensors.get());
    result = PyRef::borrow(Py_None);
  }
  if (result)
    return TFC_OK;
  keepError(state);
  return TFC_CANCELLED;
}

PyObject *defaultErrorType(int32_t code) {
  switch (code) {
  case TFC_INVALID_ARGUMENT:
  case TFC_FAILED_PRECONDITION:
    return PyExc_ValueError;
  case TFC_OUT_OF_RANGE:
    return PyExc_IndexError;
  case TFC_OUT_OF_MEMORY:
    return PyExc_MemoryError;
  case TFC_UNIMPLEMENTED:
    return PyExc_NotImplementedError;
  default:
    return PyExc_RuntimeError;
  }
}

/// Sets the Python error that stands for a failed call.
void setError(int32_t code, PyObject *message, PyObject *location,
              PyObject *tensors, int32_t summarize) {
  if (!errorFactory) {
    PyErr_Format(defaultErrorType(code), "%U%s%U%s", message,
                 PyUnicode_GetLength(location) ? " (" : "", location,
                 PyUnicode_GetLength(location) ? ")" : "");
    return;
  }
  PyRef factory = PyRef::borrow(errorFactory);
  PyRef error(PyObject_CallFunction(factory.get(), "iOOOi", code, message,
                                    location, tensors, summarize));
  if (!error)
    return;
  if (PyExceptionInstance_Check(error.get()))
    PyErr_SetObject(PyExceptionInstance_Class(error.get()), error.get());
  else
    PyErr_Format(PyExc_TypeError,
                 "the error factory must return an exception, got %.200s",
                 Py_TYPE(error.get())->tp_name);
}

void report(tfc_context *context, int32_t code, const char *message,
            const char *location, int32_t summarize, int32_t n,
            const tfc_tensor_desc *descs) {
  CallState &state = stateOf(context);
  CallbackGil gil(state);
  if (state.errorType)
    return;
  PyRef tensors(copyDescs(n, descs));
  PyRef text(tensors ? decode(message) : nullptr);
  PyRef place(text ? decode(location) : nullptr);
  if (place)
    setError(code, text.get(), place.get(), tensors.get(), summarize);
  keepError(state);
}

/// Hands one result of a host function to the callee.
bool returnOutput(tfc_context *context, PyObject *value, tfc_tensor_desc &out,
                  int64_t *shape) {
  PyRef object(tensorFromObject(value));
  if (!object)
    return false;
  EagerTensor *tensor = asEagerTensor(object.get());
  Dims expected;
  if (!expected.assign(shape, out.rank))
    return false;
  if (tensor->dtype != out.dtype || !matches(expected, tensor->dims)) {
    PyRef want(dimsToString(expected)), got(dimsToString(tensor->dims));
    if (want && got)
      PyErr_Format(PyExc_TypeError,
                   "a host function returned %s of shape %U, expected %s of "
                   "shape %U",
                   kDTypes[tensor->dtype].name, got.get(),
                   kDTypes[out.dtype].name, want.get());
    return false;
  }
  out.data = allocate(context, tensor->buffer->nbytes);
  if (!out.data) {
    PyErr_NoMemory();
    return false;
  }
  memcpy(out.data, tensor->buffer->data, tensor->buffer->nbytes);
  for (int32_t i = 0; i < out.rank; ++i)
    shape[i] = tensor->dims[i];
  return true;
}

bool callHostLocked(tfc_context *context, int64_t id, int32_t numInputs,
                    const tfc_tensor_desc *inputs, int32_t numOutputs,
                    tfc_tensor_desc *outputs, int64_t *const *shapes) {
  if (!hostCall) {
    PyErr_SetString(PyExc_NotImplementedError,
                    "compiled code calls a host function, but set_host_call "
                    "was not called");
    return false;
  }
  PyRef tensors(copyDescs(numInputs, inputs));
  if (!tensors)
    return false;
  PyRef function = PyRef::borrow(hostCall);
  PyRef returned(PyObject_CallFunction(function.get(), "LO", (long long)id,
                                       tensors.get()));
  if (!returned)
    return false;
  PyRef values(
      PySequence_Fast(returned.get(), "a host function must return a list"));
  if (!values)
    return false;
  if (PySequence_Fast_GET_SIZE(values.get()) != numOutputs) {
    PyErr_Format(PyExc_TypeError,
                 "a host function returned %zd values, expected %d",
                 PySequence_Fast_GET_SIZE(values.get()), numOutputs);
    return false;
  }
  for (int32_t i = 0; i < numOutputs; ++i)
    if (!returnOutput(context, PySequence_Fast_GET_ITEM(values.get(), i),
                      outputs[i], shapes[i]))
      return false;
  return true;
}

int32_t callHost(tfc_context *context, int64_t id, int32_t numInputs,
                 const tfc_tensor_desc *inputs, int32_t numOutputs,
                 tfc_tensor_desc *outputs, int64_t *const *shapes) {
  CallState &state = stateOf(context);
  RowsAnswer answer = callRows(context, allocate, id, numInputs, inputs,
                               numOutputs, outputs, shapes);
  if (answer != RowsAnswer::AskHost)
    return answer == RowsAnswer::Done ? TFC_OK : TFC_OUT_OF_MEMORY;
  CallbackGil gil(state);
  if (!state.errorType && callHostLocked(context, id, numInputs, inputs,
                                         numOutputs, outputs, shapes))
    return TFC_OK;
  if (PyErr_Occurred())
    keepError(state);
  return TFC_CANCELLED;
}

//===----------------------------------------------------------------------===//
// poll
//===----------------------------------------------------------------------===//

/// How long a loop goes on without asking, about, and signals without being
/// looked for: for that, the GIL may have to be waited for.
constexpr int64_t kLeastPoll = 2'000'000, kMostPoll = 20'000'000,
                  kSignals = 100'000'000;

int64_t nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Does a handler raise? It runs in this thread, which is the caller's.
bool signalsStop(CallState &state) {
  CallbackGil gil(state);
  // Python runs its handlers in the main thread; in others this does nothing.
  // A call that fails already leaves them to who gets its error: what they
  // raise would be lost beside it.
  if (!state.errorType) {
    if (!PyErr_CheckSignals())
      return false;
    keepError(state);
  }
  state.stops = true;
  return true;
}

int32_t poll(tfc_context *context, int32_t asked, int64_t *since) {
  CallState &state = stateOf(context);
  if (state.stops.load(std::memory_order_relaxed))
    return 0;
  int64_t now = nanoseconds();
  if (!pthread_equal(pthread_self(), state.caller)) {
    state.wouldStop.store(true, std::memory_order_relaxed);
  } else {
    if (!state.checked)
      state.checked = now;
    if (now - state.checked >= kSignals) {
      state.checked = now;
      if (signalsStop(state))
        return 0;
      // A call that was expected to be short: others had to wait for it.
      if (!state.gilReleased) {
        state.thread = PyEval_SaveThread();
        state.gilReleased = true;
      }
      now = nanoseconds();
    }
  }
  int64_t passed = *since ? now - *since : 0;
  *since = now;
  if (passed < kLeastPoll)
    return int32_t(std::min<int64_t>(int64_t(asked) * 4, INT32_MAX));
  return passed > kMostPoll ? std::max(asked / 4, 1) : asked;
}

PyObject *exchangeHook(PyObject *&hook, PyObject *callable) {
  if (callable != Py_None && !PyCallable_Check(callable))
    return PyErr_Format(PyExc_TypeError, "expected a callable or None, got %R",
                        callable);
  PyObject *old = hook ? hook : Py_NewRef(Py_None);
  hook = callable == Py_None ? nullptr : Py_NewRef(callable);
  return old;
}

} // namespace

bool askForOthers(tfc_context *context) {
  CallState &state = stateOf(context);
  return state.stops || (state.wouldStop.exchange(false) && signalsStop(state));
}

void forgetOthers(tfc_context *context) {
  stateOf(context).wouldStop.store(false, std::memory_order_relaxed);
}

CallState::CallState(void *arena, int64_t arenaBytes, bool releaseGil)
    : gilReleased(releaseGil), thread(nullptr), checked(0),
      caller(pthread_self()), wouldStop(false), stops(false),
      errorType(nullptr), errorValue(nullptr), errorTraceback(nullptr),
      allocated(nullptr) {
  context.abi_version = TFC_ABI_VERSION;
  context.struct_size = sizeof(tfc_context);
  context.arena = arena;
  context.arena_bytes = arenaBytes;
  context.user = this;
  context.allocate = allocate;
  context.deallocate = deallocate;
  context.print = print;
  context.report = report;
  // Workers could not take the GIL for a callback while this thread keeps it.
  context.parallel_for = releaseGil ? chosenParallelFor : nullptr;
  context.call_host = callHost;
  context.poll = poll;
}

CallState::~CallState() {
  while (Buffer *buffer = allocated) {
    allocated = buffer->next;
    freeBufferUnlocked(buffer);
  }
  Py_XDECREF(errorType);
  Py_XDECREF(errorValue);
  Py_XDECREF(errorTraceback);
}

Buffer *CallState::adopt(void *pointer) {
  for (Buffer *buffer = allocated; buffer; buffer = buffer->next)
    if (buffer->data == pointer) {
      unlink(*this, buffer);
      return buffer;
    }
  return nullptr;
}

void raiseStatus(CallState &state, int32_t status, PyObject *functionName) {
  if (state.errorType) {
    PyErr_Restore(state.errorType, state.errorValue, state.errorTraceback);
    state.errorType = state.errorValue = state.errorTraceback = nullptr;
    return;
  }
  PyRef message(PyUnicode_FromFormat(status == TFC_OUT_OF_MEMORY
                                         ? "%U: out of memory of the device"
                                         : "%U failed with status %d",
                                     functionName, status));
  PyRef location(PyUnicode_FromString(""));
  PyRef tensors(PyList_New(0));
  if (message && location && tensors)
    setError(status, message.get(), location.get(), tensors.get(), 3);
}

PyObject *setPrintHook(PyObject *, PyObject *callable) {
  return exchangeHook(printHook, callable);
}
PyObject *setErrorFactory(PyObject *, PyObject *callable) {
  return exchangeHook(errorFactory, callable);
}
PyObject *setHostCall(PyObject *, PyObject *callable) {
  return exchangeHook(hostCall, callable);
}

PyObject *setParallelFor(PyObject *, PyObject *address) {
  void *pointer = PyLong_AsVoidPtr(address);
  if (!pointer && PyErr_Occurred())
    return nullptr;
  PyObject *old =
      PyLong_FromVoidPtr(reinterpret_cast<void *>(chosenParallelFor));
  chosenParallelFor = reinterpret_cast<decltype(chosenParallelFor)>(pointer);
  return old;
}

PyObject *setNumThreads(PyObject *, PyObject *number) {
  long count = PyLong_AsLong(number);
  if (count == -1 && PyErr_Occurred())
    return nullptr;
  if (count < 0 || count > 1024)
    return PyErr_Format(PyExc_ValueError,
                        "expected a number of threads from 0 to 1024, got %ld",
                        count);
  setThreadCount(int(count));
  Py_RETURN_NONE;
}

PyObject *getNumThreads(PyObject *, PyObject *) {
  return PyLong_FromLong(threadCount());
}

} // namespace tfc::native
