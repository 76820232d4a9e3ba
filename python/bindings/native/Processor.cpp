//===- Processor.cpp - which processor this is ----------------------------===//
//
// Code is made for the processor that the compiler finds. Who looks for code
// that is there already must not load the compiler to ask: this is all that it
// would look at, as the processor gives it.
//
//===----------------------------------------------------------------------===//
#include "Processor.h"

#include <cstdint>
#include <cstdio>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__linux__)
#include <sys/auxv.h>
#endif

namespace tfc::native {
namespace {

void add(std::string &text, uint64_t value) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%llx ", (unsigned long long)value);
  text += digits;
}

#if defined(__x86_64__)

struct Leaf {
  unsigned a, b, c, d;
};

Leaf leaf(std::string &text, unsigned number, unsigned sub = 0) {
  Leaf found;
  __cpuid_count(number, sub, found.a, found.b, found.c, found.d);
  for (unsigned value : {found.a, found.c, found.d})
    add(text, value);
  return found;
}

/// Few leaves: in a virtual machine each takes up to 50 microseconds.
std::string describe() {
  std::string text = "x86-64 ";
  Leaf vendor = leaf(text, 0);
  add(text, vendor.b);
  // EBX of this one is about the processor that the thread runs on.
  Leaf basic = leaf(text, 1);
  if (vendor.a >= 7) {
    Leaf more = leaf(text, 7);
    add(text, more.b);
    Leaf yetMore = more.a >= 1 ? leaf(text, 7, 1) : Leaf{0, 0, 0, 0};
    if (more.d & 1u << 24) // tiles
      leaf(text, 0x1e, 1);
    if (yetMore.d & 1u << 19) // AVX10
      add(text, leaf(text, 0x24).b);
  }
  leaf(text, 0x80000001);
  if (basic.c & bit_OSXSAVE) {
    // Which registers the system saves.
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    add(text, uint64_t(high) << 32 | low);
  }
  return text;
}

#else

std::string describe() {
  std::string text;
#if defined(__linux__)
  add(text, getauxval(AT_HWCAP));
#ifdef AT_HWCAP2
  add(text, getauxval(AT_HWCAP2));
#endif
  // The lines of /proc/cpuinfo that say which kind of processor each one is.
  if (FILE *file = std::fopen("/proc/cpuinfo", "r")) {
    char line[4096];
    while (std::fgets(line, sizeof line, file)) {
      std::string one = line;
      bool varies = one.rfind("processor", 0) == 0 ||
                    one.rfind("BogoMIPS", 0) == 0 ||
                    one.find("MHz") != one.npos;
      if (!varies && text.find(one) == text.npos)
        text += one;
    }
    std::fclose(file);
  }
#endif
  return text;
}

#endif

} // namespace

PyObject *describeProcessor(PyObject *, PyObject *) {
  std::string text = describe();
  return PyBytes_FromStringAndSize(text.data(), text.size());
}

} // namespace tfc::native
