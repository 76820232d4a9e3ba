//===- Modes.h - what of the thread and the process decides calls ---------===//
#ifndef TFC_NATIVE_MODES_H
#define TFC_NATIVE_MODES_H

#include "Common.h"

// __thread, not thread_local: constants need no check for initialization.

namespace tfc::native {

/// Positive while this thread traces or records gradients: every call is slow.
extern __thread int64_t slowDepth;

/// The same for all threads (run_functions_eagerly).
extern bool slowEverywhere;

/// A number that Python mixes into every key of this thread (devices, modes).
extern __thread int64_t keyContext;

bool initModes(PyObject *module);

} // namespace tfc::native

#endif // TFC_NATIVE_MODES_H
