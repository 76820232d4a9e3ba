//===- Entry.h - how a cached trace is called -----------------------------===//
#ifndef TFC_NATIVE_ENTRY_H
#define TFC_NATIVE_ENTRY_H

#include "Executable.h"
#include "Key.h"

namespace tfc::native {

/// One input of the executable.
struct EntryInput {
  enum Kind { Leaf, Captured, CapturedWeak } kind;
  Py_ssize_t leaf;
  PyObject *object; // a tensor or variable, or a weak reference to one
};

/// One node of the results' structure, in preorder.
struct OutputNode {
  enum Kind { Result, LeafOf, Const, Tuple, List, Dict, Named } kind;
  Py_ssize_t count; // index of the result or leaf; number of children
  PyObject *object; // the constant, the tuple of keys, or the class
};

struct EntryData {
  std::vector<EntryInput> inputs;
  std::vector<OutputNode> outputs;
};

struct Entry {
  PyObject_HEAD PyObject *weakrefs;
  /// An Executable, or a Python callable from list to list.
  PyObject *executable;
  PyObject *unflatten; // or null: use outputs
  PyObject *guard;     // or null
  EntryData *data;
};

extern PyTypeObject *entryType;

inline Entry *asEntry(PyObject *object) {
  return reinterpret_cast<Entry *>(object);
}
inline PyObject *guardOf(PyObject *entry) { return asEntry(entry)->guard; }

/// 1 if the entry may be used for a call (it has no guard, or the guard says
/// so), 0 if not, -1 with an error set. A guard may run any code.
int guardHolds(PyObject *entry, PyObject *args, PyObject *kwargs);

/// Runs the entry on the leaves of a call. Null without a Python error if a
/// leaf or capture does not fit: the call is for the slow path then.
PyObject *callEntry(Entry *entry, const Key &key);

bool initEntry(PyObject *module);

} // namespace tfc::native

#endif // TFC_NATIVE_ENTRY_H
