//===- EntryPoint.h - functions that are not in tracebacks ----------------===//
#ifndef TFC_NATIVE_ENTRYPOINT_H
#define TFC_NATIVE_ENTRYPOINT_H

#include "Common.h"

namespace tfc::native {

/// Takes the steps of the error's traceback off that come first and for which
/// `ours` is true of their code.
template <typename Test> void dropFirstSteps(Test ours) {
  PyObject *type, *value, *traceback;
  PyErr_Fetch(&type, &value, &traceback);
  while (traceback && PyTraceBack_Check(traceback)) {
    auto *step = reinterpret_cast<PyTracebackObject *>(traceback);
    PyRef code(reinterpret_cast<PyObject *>(PyFrame_GetCode(step->tb_frame)));
    if (!ours(code.get()))
      break;
    PyObject *next = reinterpret_cast<PyObject *>(step->tb_next);
    Py_XINCREF(next);
    Py_DECREF(traceback);
    traceback = next;
  }
  PyErr_Restore(type, value, traceback);
}

bool initEntryPoint(PyObject *module);

} // namespace tfc::native

#endif // TFC_NATIVE_ENTRYPOINT_H
