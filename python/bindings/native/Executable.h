//===- Executable.h - a compiled entry and what it takes ------------------===//
#ifndef TFC_NATIVE_EXECUTABLE_H
#define TFC_NATIVE_EXECUTABLE_H

#include "Device.h"
#include "Variable.h"

#include <vector>

namespace tfc::native {

/// Type of an argument or result of an entry.
struct ValueSpec {
  int32_t dtype = 0;
  Dims dims;
  int32_t numUnknown = 0;
  int64_t nbytes = 0; // if numUnknown == 0
};

struct VariableSpec : ValueSpec {
  bool reads = true, writes = true;
};

struct ExecutableData {
  tfc_entry entry = nullptr;
  std::vector<ValueSpec> args;
  std::vector<VariableSpec> variables;
  std::vector<ValueSpec> results;
  int32_t numSizes = 0;
  int64_t arenaBytes = 0;
  int64_t cost = 0;
  bool releasesGil = false;
  bool canFail = true;
  /// Where its kernels run, and everything it works on has to be; or kHost.
  int32_t device = kHost;
  /// Arenas that no running call uses. A call takes one, so calls in several
  /// threads and calls from callbacks each have their own.
  std::vector<Buffer *> arenas;
  /// Copies of constants and variables that the code makes when it is told to,
  /// for later calls: their sizes, and which argument or variable each is of.
  std::vector<int64_t> panelBytes;
  std::vector<int32_t> panelSources;
  /// Which arguments are constants, copies (null where they are of variables),
  /// and what they are of. Empty before the first call has made them.
  std::vector<int32_t> constants;
  std::vector<Buffer *> panels, sources;
  /// What has copies of variables.
  std::vector<VariablePanels *> variablePanels;

  void dropPanels();
  void keepFor(VariablePanels *all, size_t number, Buffer *panel);
  bool isOfVariable(size_t panel) const {
    return panelSources[panel] >= static_cast<int32_t>(args.size());
  }
  ~ExecutableData();
};

struct Executable {
  PyObject_HEAD PyObject *weakrefs;
  PyObject *keepalive;
  PyObject *name;
  ExecutableData *data;
};

extern PyTypeObject *executableType;

inline bool isExecutable(PyObject *object) {
  return Py_TYPE(object) == executableType;
}

/// Calls the entry. `args` and `variables` are borrowed and have the right
/// number; dtypes and shapes are checked here. On success `results` holds new
/// references to EagerTensors; on failure it holds nothing, and a Python error
/// is set.
bool runExecutable(Executable *self, PyObject *const *args,
                   PyObject *const *variables, PyObject **results);

bool initExecutable(PyObject *module);

} // namespace tfc::native

#endif // TFC_NATIVE_EXECUTABLE_H
