//===- Tiles.cpp - whether code of this process may use tile registers ----===//
//
// Linux saves the eight kilobytes of AMX's registers only for processes that
// have asked for them; others get a signal at the first instruction. The
// permission holds for all threads and children. Linux refuses it, rightly,
// where a thread has a signal stack that is too small for them.
//
//===----------------------------------------------------------------------===//
#include "Tiles.h"

#if defined(__linux__) && defined(__x86_64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace tfc::native {

static bool requestTiles() {
#if defined(__linux__) && defined(__x86_64__)
  constexpr long requestPermission = 0x1023, tileData = 18; // of <asm/prctl.h>
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
#else
  return false;
#endif
}

PyObject *hasTiles(PyObject *, PyObject *) {
  static bool granted = requestTiles();
  return PyBool_FromLong(granted);
}

} // namespace tfc::native
