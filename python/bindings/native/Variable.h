//===- Variable.h - mutable slots that hold a buffer ----------------------===//
#ifndef TFC_NATIVE_VARIABLE_H
#define TFC_NATIVE_VARIABLE_H

#include "Tensor.h"
#include "VariablePanels.h"

namespace tfc::native {

/// One mutable slot. Whoever writes in place must be the only holder of the
/// buffer, so tensors read earlier keep their value.
struct VariableStorage {
  PyObject_HEAD PyObject *weakrefs;
  /// Null until initialized.
  Buffer *buffer;
  int32_t dtype; // kNoDType until __init__ ran
  bool unknownRank;
  /// What else of the variable matters to a trace (trainable, ...); in keys.
  uint16_t keyTag;
  Dims spec; // the declared shape, unknown dimensions allowed
  Dims dims; // the shape of the current value
  /// Thread whose compiled call writes this variable now, or 0.
  unsigned long writer;
  /// Grows with every change of the value.
  uint64_t version;
  /// Number of the last compiled call that got this variable.
  uint64_t lastCall;
  /// Copies of the value that code keeps; null if there never were any.
  VariablePanels *panels;

  /// Whoever changes the value says so, at the end.
  void change() {
    ++version;
    if (panels)
      panels->drop();
  }
};

extern PyTypeObject *variableType;

inline bool isVariable(PyObject *object) {
  return PyObject_TypeCheck(object, variableType);
}
inline VariableStorage *asVariable(PyObject *object) {
  return reinterpret_cast<VariableStorage *>(object);
}

/// Waits until no other thread's call writes the variable. Without a Python
/// error afterwards `writer` is 0 or this thread.
bool waitForWriter(VariableStorage *variable);

/// Marks the end of the writing of `count` variables and wakes up waiting
/// threads.
void finishWriting(VariableStorage *const *variables, int32_t count);

/// Makes the buffer safe to write in place: if somebody else holds it, the
/// variable gets a fresh one, with the contents if `keepContents`. False with
/// MemoryError set.
bool makeWritable(VariableStorage *variable, bool keepContents);

/// A new tensor that shares the variable's buffer.
PyObject *readVariable(VariableStorage *variable);

bool initVariable(PyObject *module);

} // namespace tfc::native

#endif // TFC_NATIVE_VARIABLE_H
