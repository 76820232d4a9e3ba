//===- Denormals.h - numbers nearer to zero than others -------------------===//
//
// Arithmetic on a denormal number takes a hundred cycles and more. Compiled
// code keeps them, unless the program says that they are zero.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <Python.h>
#include <atomic>
#include <cstdint>

namespace tfc::native {

/// Are denormal numbers zero in compiled code, as operands and as results?
extern std::atomic<bool> denormalsAreZero;

/// What this thread does with denormal numbers: its control register.
uint64_t denormalMode();
void setDenormalMode(uint64_t mode);
/// The same mode, but denormal numbers are zero, or they are kept.
uint64_t withDenormals(uint64_t mode, bool areZero);

/// While it lives, denormal numbers are treated as is said: in code, where the
/// program decides, or kept, in what compiled code calls of Python.
class DenormalScope {
public:
  explicit DenormalScope(bool inCode) {
    if (!denormalsAreZero.load(std::memory_order_relaxed))
      return;
    before = denormalMode();
    changed = true;
    setDenormalMode(withDenormals(before, inCode));
  }
  ~DenormalScope() {
    if (changed)
      setDenormalMode(before);
  }
  DenormalScope(const DenormalScope &) = delete;
  DenormalScope &operator=(const DenormalScope &) = delete;

private:
  uint64_t before = 0;
  bool changed = false;
};

/// Python: `set_flush_denormals(flag)`.
PyObject *setFlushDenormals(PyObject *, PyObject *value);

} // namespace tfc::native
