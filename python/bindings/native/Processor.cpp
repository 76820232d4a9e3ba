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

/// A leaf of CPUID, without the registers that are 0 in `mask`.
void addLeaf(std::string &text, unsigned leaf, unsigned sub,
             unsigned mask = 0xf) {
  unsigned registers[4] = {0, 0, 0, 0};
  if (!__get_cpuid_count(leaf, sub, &registers[0], &registers[1],
                         &registers[2], &registers[3]))
    return;
  for (unsigned i = 0; i < 4; ++i)
    add(text, mask >> i & 1 ? registers[i] : 0);
}

std::string describe() {
  std::string text = "x86-64 ";
  addLeaf(text, 0, 0);
  // EBX says which of the processors this thread runs on.
  addLeaf(text, 1, 0, 0xd);
  addLeaf(text, 7, 0);
  addLeaf(text, 7, 1);
  addLeaf(text, 0xd, 1, 0x1);
  for (unsigned leaf : {0x14u, 0x19u, 0x1eu, 0x24u, 0x80000001u, 0x80000008u})
    addLeaf(text, leaf, leaf == 0x1e ? 1 : 0);
  // Which registers the system saves.
  unsigned a, b, c, d;
  if (__get_cpuid(1, &a, &b, &c, &d) && (c & bit_OSXSAVE)) {
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
