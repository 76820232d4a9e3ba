//===- Files.cpp - what the system says of files --------------------------===//
//
// Whether files are the ones that they were: asked in each process for some
// hundred of them, which takes Python several times as long.
//
//===----------------------------------------------------------------------===//
#include "Files.h"
#include "Common.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace tfc::native {
namespace {

int64_t nanoseconds(const timespec &t) {
  return t.tv_sec * int64_t(1000000000) + t.tv_nsec;
}

struct States {
  std::string text;
  int64_t latest = 0;

  bool add(const std::string &path, std::string_view name) {
    struct stat info;
    if (stat(path.c_str(), &info) != 0)
      return false;
    if (S_ISDIR(info.st_mode))
      return addFolder(path);
    int64_t times[] = {nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)};
    latest = std::max({latest, times[0], times[1]});
    int64_t numbers[] = {int64_t(info.st_dev), int64_t(info.st_ino),
                         int64_t(info.st_size), times[0], times[1]};
    text.append(name);
    text.push_back('\0');
    text.append(reinterpret_cast<const char *>(numbers), sizeof numbers);
    return true;
  }

  bool addFolder(const std::string &path) {
    DIR *folder = opendir(path.c_str());
    if (!folder)
      return false;
    std::vector<std::string> names;
    while (const dirent *entry = readdir(folder)) {
      std::string_view name = entry->d_name;
      if (name.size() > 3 && name.substr(name.size() - 3) == ".py")
        names.emplace_back(name);
    }
    closedir(folder);
    std::sort(names.begin(), names.end());
    for (const std::string &name : names)
      if (!add(path + "/" + name, name))
        return false;
    return true;
  }
};

} // namespace

PyObject *fileStates(PyObject *, PyObject *paths) {
  PyRef list(PySequence_Fast(paths, "paths is a list"));
  if (!list.get())
    return nullptr;
  States states;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list.get()); ++i) {
    PyObject *converted = nullptr;
    if (!PyUnicode_FSConverter(PySequence_Fast_GET_ITEM(list.get(), i),
                               &converted))
      return nullptr;
    PyRef bytes(converted);
    std::string path = PyBytes_AS_STRING(bytes.get());
    size_t slash = path.rfind('/');
    if (!states.add(path, std::string_view(path).substr(
                              slash == path.npos ? 0 : slash + 1)))
      return PyErr_SetFromErrnoWithFilename(PyExc_OSError, path.c_str());
  }
  return Py_BuildValue(
      "(NL)", PyBytes_FromStringAndSize(states.text.data(), states.text.size()),
      (long long)states.latest);
}

} // namespace tfc::native
