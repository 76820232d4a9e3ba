//===- LoadAhead.cpp - Shared libraries loaded while Python goes on -------===//
//
// The compiler's libraries are 300 MB, and the dynamic linker relocates them
// for some 50 ms. A thread does that while the program imports what else it
// needs and makes its data, so that its first call of a function finds them.
//
//===----------------------------------------------------------------------===//
#include "LoadAhead.h"

#include <dlfcn.h>
#include <pthread.h>

#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tfc::native {
namespace {

/// Never destroyed: it must be there for handlers that run at the very end.
struct Loader {
  std::mutex lock;
  std::thread thread;

  void join() {
    std::lock_guard<std::mutex> guard(lock);
    if (thread.joinable())
      thread.join();
  }
};

Loader &loader() {
  static auto *instance = new Loader;
  return *instance;
}

} // namespace

PyObject *loadAhead(PyObject *, PyObject *args) {
  PyObject *list = nullptr;
  int flags = 0;
  if (!PyArg_ParseTuple(args, "O!i:load_ahead", &PyList_Type, &list, &flags))
    return nullptr;
  std::vector<std::string> paths;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
    PyRef bytes;
    PyObject *converted = nullptr;
    if (!PyUnicode_FSConverter(PyList_GET_ITEM(list, i), &converted))
      return nullptr;
    bytes = PyRef(converted);
    paths.push_back(PyBytes_AS_STRING(converted));
  }
  Loader &self = loader();
  static bool registered = [] {
    // A child must not inherit a half loaded library, nor exit meet one.
    pthread_atfork([] { loader().join(); }, nullptr, nullptr);
    std::atexit([] { loader().join(); });
    return true;
  }();
  (void)registered;
  self.join();
  std::lock_guard<std::mutex> guard(self.lock);
  try {
    // What cannot be loaded fails again, with its message, where it is
    // imported.
    self.thread = std::thread([paths = std::move(paths), flags] {
      for (const std::string &path : paths)
        if (!dlopen(path.c_str(), flags))
          return;
    });
  } catch (const std::system_error &) {
    // No thread to be had: the first call loads them.
  }
  Py_RETURN_NONE;
}

} // namespace tfc::native
