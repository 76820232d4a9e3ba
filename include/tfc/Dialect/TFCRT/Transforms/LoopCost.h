//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// About how long ops on buffers take.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_TRANSFORMS_LOOPCOST_H
#define TFC_DIALECT_TFCRT_TRANSFORMS_LOOPCOST_H

#include "mlir/IR/Operation.h"

namespace tfc::rt {

/// Nanoseconds of one thread: outside of parallel loops, and inside of them.
struct LoopCost {
  double serial = 0, shared = 0;

  double alone() const { return serial + shared; }
  LoopCost &operator+=(const LoopCost &other) {
    serial += other.serial;
    shared += other.shared;
    return *this;
  }
};

/// The cost of `op` with what is inside: arithmetic and memory at the rates of
/// code that works in the cache, loops times their lengths. A length that is
/// not known counts as 32, branches as if all were taken.
LoopCost estimateCost(mlir::Operation *op);

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_TRANSFORMS_LOOPCOST_H
