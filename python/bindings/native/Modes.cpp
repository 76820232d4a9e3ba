//===- Modes.cpp - what of the thread and the process decides calls -------===//
#include "Modes.h"
#include "Key.h"

namespace tfc::native {

__thread int64_t slowDepth = 0;
bool slowEverywhere = false;
__thread int64_t keyContext = 0;

namespace {

PyObject *exchangeThreadValue(int64_t &slot, PyObject *value) {
  long long next = PyLong_AsLongLong(value);
  if (next == -1 && PyErr_Occurred())
    return nullptr;
  int64_t old = slot;
  slot = next;
  return PyLong_FromLongLong(old);
}

PyObject *setSlow(PyObject *, PyObject *value) {
  return exchangeThreadValue(slowDepth, value);
}
PyObject *addSlow(PyObject *, PyObject *value) {
  long long delta = PyLong_AsLongLong(value);
  if (delta == -1 && PyErr_Occurred())
    return nullptr;
  slowDepth += delta;
  return PyLong_FromLongLong(slowDepth);
}
PyObject *getSlow(PyObject *, PyObject *) {
  return PyLong_FromLongLong(slowDepth);
}
PyObject *setSlowEverywhere(PyObject *, PyObject *value) {
  int flag = PyObject_IsTrue(value);
  if (flag < 0)
    return nullptr;
  bool old = slowEverywhere;
  slowEverywhere = flag;
  return PyBool_FromLong(old);
}
PyObject *setContext(PyObject *, PyObject *value) {
  return exchangeThreadValue(keyContext, value);
}

PyMethodDef modeFunctions[] = {
    {"set_slow", setSlow, METH_O,
     "set_slow(n)\n\nWhile n > 0 every call of this thread goes to _call_slow. "
     "Returns the previous n."},
    {"add_slow", addSlow, METH_O,
     "add_slow(delta)\n\nAdds to this thread's count of reasons for slow calls "
     "(a trace, a tape) and returns it."},
    {"slow", getSlow, METH_NOARGS, "This thread's count."},
    {"set_slow_everywhere", setSlowEverywhere, METH_O,
     "set_slow_everywhere(flag)\n\nThe same for all threads "
     "(run_functions_eagerly). Returns the previous flag."},
    {"set_context", setContext, METH_O,
     "set_context(n)\n\nA number that is part of every key of this thread. "
     "Returns the previous one."},
    {"register_key_kind", registerKeyKind, METH_VARARGS,
     "register_key_kind(cls, kind)\n\nHow instances of a class go into keys: "
     "'slow' (Python decides), 'identity' (weakly) or 'value' (hash and ==)."},
    {nullptr, nullptr, 0, nullptr}};

} // namespace

bool initModes(PyObject *module) {
  return PyModule_AddFunctions(module, modeFunctions) == 0;
}

} // namespace tfc::native
