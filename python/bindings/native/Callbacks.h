//===- Callbacks.h - what compiled code may ask of the host ---------------===//
#ifndef TFC_NATIVE_CALLBACKS_H
#define TFC_NATIVE_CALLBACKS_H

#include "Tensor.h"

#include <atomic>
#include <mutex>

#include <pthread.h>

namespace tfc::native {

/// One running call, as compiled code sees it (through its first member).
struct CallState {
  tfc_context context;
  bool gilReleased;
  /// What takes the GIL back when the entry has returned, if it was released.
  PyThreadState *thread;
  /// When signals were looked for; 0: not yet. Nanoseconds of a steady clock.
  int64_t checked;
  /// Who called: signals are looked for in this thread.
  pthread_t caller;
  /// Set by others that work for the call and could stop, and for them.
  std::atomic<bool> wouldStop, stops;
  /// The exception to raise when the entry is back.
  PyObject *errorType, *errorValue, *errorTraceback;
  /// Buffers that the callee allocated and the caller has not adopted.
  Buffer *allocated;
  std::mutex allocatedMutex;

  CallState(void *arena, int64_t arenaBytes, bool releaseGil);
  ~CallState();
  CallState(const CallState &) = delete;

  /// Takes a buffer out of `allocated` by the address of its data; null if the
  /// pointer is not one of them.
  Buffer *adopt(void *pointer);
};

/// In the caller's thread, while it waits for others that work for the call:
/// looks for signals, if one of them would stop, and says whether it has to.
bool askForOthers(tfc_context *context);

/// Before others work for the call: those that could stop were at something
/// else.
void forgetOthers(tfc_context *context);

/// Raises the error of a call: the pending one, or one made of the status.
void raiseStatus(CallState &state, int32_t status, PyObject *functionName);

/// _native.set_print_hook(f), set_error_factory(f), set_host_call(f),
/// set_parallel_for(address): each returns the previous value.
/// _native.set_num_threads(n), num_threads(): of the pool.
PyObject *setPrintHook(PyObject *module, PyObject *callable);
PyObject *setErrorFactory(PyObject *module, PyObject *callable);
PyObject *setHostCall(PyObject *module, PyObject *callable);
PyObject *setParallelFor(PyObject *module, PyObject *address);
PyObject *setNumThreads(PyObject *module, PyObject *number);
PyObject *getNumThreads(PyObject *module, PyObject *);

} // namespace tfc::native

#endif // TFC_NATIVE_CALLBACKS_H
