//===- VariablePanels.h - copies of a variable's value that code keeps ----===//
//
// Products copy their right operand to panels. Code that only reads a variable
// may keep those copies for its next call; they belong to the variable, which
// drops them with every change of its value. So there are none of a value that
// it no longer has, and nothing has to be compared.
//
// A call keeps copies only if calls before it have found the same value: who
// assigns the variable between two calls would pay for memory that nobody reads
// again. Copies that few have used make it wait for more calls the next time.
//
//===----------------------------------------------------------------------===//
#ifndef TFC_NATIVE_VARIABLEPANELS_H
#define TFC_NATIVE_VARIABLEPANELS_H

#include "Buffer.h"

#include <vector>

namespace tfc::native {

struct VariablePanels {
  /// The variable, and all code that has copies here. The GIL guards it, as
  /// everything below.
  int64_t refcount = 1;
  bool isAlive = true; ///< the variable
  struct Panel {
    const void *code; ///< whose call has made it
    size_t number;
    Buffer *buffer;
  };
  std::vector<Panel> panels;
  /// Calls since the last change, the last of them, and those that have used
  /// copies which were there.
  int64_t calls = 0, uses = 0;
  uint64_t lastCall = 0;
  /// So many calls have to find the value before one keeps copies.
  int64_t patience = 1;

  Buffer *find(const void *code, size_t number) const;
  /// A call of code that may keep copies finds the value as it is; true if it
  /// should keep those that it makes.
  bool isWorthKeeping(uint64_t call);
  void keep(const void *code, size_t number, Buffer *buffer);
  /// The value changes.
  void drop();
  /// Copies of this code alone.
  void drop(const void *code);
  int64_t bytesOf(const void *code) const;
};

void release(VariablePanels *panels);

} // namespace tfc::native

#endif // TFC_NATIVE_VARIABLEPANELS_H
