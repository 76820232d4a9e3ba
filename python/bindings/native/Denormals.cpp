//===- Denormals.cpp - numbers nearer to zero than others -----------------===//
#include "Denormals.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace tfc::native {

std::atomic<bool> denormalsAreZero{false};

#if defined(__x86_64__)

// MXCSR: results (bit 15) and operands (bit 6).
static constexpr uint64_t zeroBits = 1u << 15 | 1u << 6;

uint64_t denormalMode() { return _mm_getcsr(); }
void setDenormalMode(uint64_t mode) { _mm_setcsr(static_cast<unsigned>(mode)); }

#elif defined(__aarch64__)

// FPCR: of float32 and float64 (bit 24), and of float16 (bit 19).
static constexpr uint64_t zeroBits = 1u << 24 | 1u << 19;

uint64_t denormalMode() {
  uint64_t mode;
  asm volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
void setDenormalMode(uint64_t mode) {
  asm volatile("msr fpcr, %0" : : "r"(mode));
}

#else

static constexpr uint64_t zeroBits = 0;

uint64_t denormalMode() { return 0; }
void setDenormalMode(uint64_t) {}

#endif

uint64_t withDenormals(uint64_t mode, bool areZero) {
  return areZero ? mode | zeroBits : mode & ~zeroBits;
}

PyObject *setFlushDenormals(PyObject *, PyObject *value) {
  int flag = PyObject_IsTrue(value);
  if (flag < 0)
    return nullptr;
  if (flag && !zeroBits) {
    PyErr_SetString(PyExc_NotImplementedError,
                    "denormal numbers can be flushed on x86-64 and AArch64 "
                    "only; leave out set_flush_denormals here");
    return nullptr;
  }
  return PyBool_FromLong(
      denormalsAreZero.exchange(flag, std::memory_order_relaxed));
}

} // namespace tfc::native
