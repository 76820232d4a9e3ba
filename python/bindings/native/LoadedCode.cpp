//===- LoadedCode.cpp - images of linked code, in memory ------------------===//
//
// An image (tfc-rt/tfc_image.h) is copied to fresh memory, the addresses in it
// are written, and its pages get their protection. Images come from files:
// whatever is in one, nothing is read or written outside of it.
//
//===----------------------------------------------------------------------===//
#include "LoadedCode.h"
#include "Common.h"
#include "tfc-rt/tfc_image.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace tfc::native {
namespace {

/// Memory of the process, given back at the end.
struct Mapping {
  char *base = nullptr;
  size_t size = 0;

  ~Mapping() {
    if (base)
      munmap(base, size);
  }
};

struct Symbol {
  std::string name;
  uint64_t address;
};

struct Code {
  Mapping memory;
  std::vector<Symbol> symbols;
};

/// Reads an image front to back; once that fails it gives nothing any more.
class Reader {
public:
  explicit Reader(std::string_view bytes) : rest(bytes) {}

  template <typename T> std::vector<T> take(uint64_t count) {
    std::vector<T> values;
    if (!good || count > rest.size() / sizeof(T)) {
      good = false;
      return values;
    }
    values.resize(count);
    if (count)
      std::memcpy(values.data(), rest.data(), count * sizeof(T));
    rest.remove_prefix(count * sizeof(T));
    return values;
  }

  std::string_view bytes(uint64_t count) {
    if (!good || count > rest.size()) {
      good = false;
      return {};
    }
    std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(count);
    return taken;
  }

  bool good = true;

private:
  std::string_view rest;
};

/// The name that begins at a place; empty if there is none.
std::string_view nameAt(std::string_view names, uint64_t place) {
  if (place >= names.size())
    return {};
  size_t end = names.find('\0', place);
  return end == names.npos ? std::string_view()
                           : names.substr(place, end - place);
}

bool fits(uint64_t place, uint64_t size, uint64_t limit) {
  return place <= limit && size <= limit - place;
}

int protectionOf(uint64_t bits) {
  return (bits & TFC_IMAGE_READ ? PROT_READ : 0) |
         (bits & TFC_IMAGE_WRITE ? PROT_WRITE : 0) |
         (bits & TFC_IMAGE_EXECUTE ? PROT_EXEC : 0);
}

/// Where a function of the process is. The C library's math may not be mapped.
void *find(const char *name) {
  static void *math = dlopen("libm.so.6", RTLD_LAZY | RTLD_GLOBAL);
  void *found = dlsym(RTLD_DEFAULT, name);
  return found || !math ? found : dlsym(math, name);
}

/// Loads an image; the reason if that cannot be done.
std::string load(std::string_view image, Code &code) {
  const std::string damaged = "the image of the code is damaged";
  Reader reader(image);
  auto headers = reader.take<tfc_image_header>(1);
  if (!reader.good || headers[0].magic != TFC_IMAGE_MAGIC)
    return "this is no image of code";
  const tfc_image_header &header = headers[0];
  uint64_t page = sysconf(_SC_PAGESIZE);
  if (header.page == 0 || header.page % page != 0)
    return "the image of the code is for smaller pages";
  auto segments = reader.take<tfc_image_segment>(header.segments);
  auto fixups = reader.take<tfc_image_fixup>(header.fixups);
  auto symbols = reader.take<tfc_image_symbol>(header.symbols);
  auto importPlaces = reader.take<uint64_t>(header.imports);
  std::string_view names = reader.bytes(header.names);
  if (!reader.good || header.memory == 0 || header.memory % page != 0)
    return damaged;

  std::vector<uint64_t> imports;
  for (uint64_t place : importPlaces) {
    std::string_view name = nameAt(names, place);
    if (name.empty())
      return damaged;
    void *address = find(name.data());
    if (!address)
      return "the code needs " + std::string(name) +
             ", which the process does not have";
    imports.push_back(reinterpret_cast<uint64_t>(address));
  }

  void *memory = mmap(nullptr, header.memory, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return "there is no memory for the code";
  code.memory.base = static_cast<char *>(memory);
  code.memory.size = header.memory;
  char *base = code.memory.base;
  for (const tfc_image_segment &segment : segments) {
    std::string_view content = reader.bytes(segment.content);
    if (!reader.good || segment.content > segment.memory ||
        segment.offset % page != 0 ||
        !fits(segment.offset, segment.memory, header.memory))
      return damaged;
    std::memcpy(base + segment.offset, content.data(), content.size());
  }
  for (const tfc_image_fixup &fixup : fixups) {
    if (!fits(fixup.place, sizeof(uint64_t), header.memory) ||
        fixup.import > imports.size())
      return damaged;
    uint64_t value = (fixup.import ? imports[fixup.import - 1]
                                   : reinterpret_cast<uint64_t>(base)) +
                     static_cast<uint64_t>(fixup.addend);
    std::memcpy(base + fixup.place, &value, sizeof(value));
  }
  for (const tfc_image_segment &segment : segments) {
    if (segment.memory == 0)
      continue;
    char *begin = base + segment.offset;
    // Processors other than x86 look for code in a cache of its own.
    __builtin___clear_cache(begin, begin + segment.memory);
    if (mprotect(begin, segment.memory, protectionOf(segment.protection)) != 0)
      return std::string("the system refuses memory for code: ") +
             std::strerror(errno);
  }
  for (const tfc_image_symbol &symbol : symbols) {
    std::string_view name = nameAt(names, symbol.name);
    if (name.empty() || symbol.offset >= header.memory)
      return damaged;
    code.symbols.push_back(
        {std::string(name), reinterpret_cast<uint64_t>(base) + symbol.offset});
  }
  return {};
}

struct LoadedCode {
  PyObject_HEAD Code *code;
};

PyObject *create(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
  Py_buffer image;
  static const char *names[] = {"image", nullptr};
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "y*:LoadedCode",
                                   const_cast<char **>(names), &image))
    return nullptr;
  auto code = std::make_unique<Code>();
  std::string problem;
  try {
    problem =
        load({static_cast<const char *>(image.buf), size_t(image.len)}, *code);
  } catch (const std::bad_alloc &) {
    PyBuffer_Release(&image);
    return PyErr_NoMemory();
  }
  PyBuffer_Release(&image);
  if (!problem.empty()) {
    // Names in a damaged image may be no text.
    PyRef text(PyUnicode_DecodeUTF8(problem.data(), problem.size(), "replace"));
    if (text)
      PyErr_SetObject(PyExc_OSError, text.get());
    return nullptr;
  }
  PyObject *self = type->tp_alloc(type, 0);
  if (self)
    reinterpret_cast<LoadedCode *>(self)->code = code.release();
  return self;
}

void destroy(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  delete reinterpret_cast<LoadedCode *>(self)->code;
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject *address(PyObject *self, PyObject *value) {
  Py_ssize_t size;
  const char *text = PyUnicode_AsUTF8AndSize(value, &size);
  if (!text)
    return nullptr;
  for (const Symbol &symbol :
       reinterpret_cast<LoadedCode *>(self)->code->symbols)
    if (symbol.name == std::string_view(text, size))
      return PyLong_FromUnsignedLongLong(symbol.address);
  PyErr_Format(PyExc_LookupError, "the code has no symbol %R", value);
  return nullptr;
}

PyMethodDef methods[] = {
    {"address", address, METH_O,
     "address(symbol)\n\nWhere a symbol is, while this object lives."},
    {nullptr, nullptr, 0, nullptr}};

PyType_Slot slots[] = {
    {Py_tp_doc,
     (void *)"LoadedCode(image)\n\nCode that the compiler linked, in "
             "memory. OSError if it cannot be loaded."},
    {Py_tp_new, (void *)create},
    {Py_tp_dealloc, (void *)destroy},
    {Py_tp_methods, methods},
    {0, nullptr}};

PyType_Spec spec = {"tfc._native.LoadedCode", sizeof(LoadedCode), 0,
                    Py_TPFLAGS_DEFAULT, slots};

} // namespace

bool initLoadedCode(PyObject *module) {
  PyRef type(PyType_FromSpec(&spec));
  return type.get() &&
         PyModule_AddObjectRef(module, "LoadedCode", type.get()) == 0;
}

} // namespace tfc::native
