//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// About how long ops on buffers take.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_TRANSFORMS_LOOPCOST_H
#define TFC_DIALECT_TFCRT_TRANSFORMS_LOOPCOST_H

#include "mlir/IR/Builders.h"
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

/// What the length of a loop that is not known counts as: usually, and where
/// all of them are large.
constexpr double unknownTrips = 32, manyTrips = 1 << 20;

/// The cost of `op` with what is inside: arithmetic and memory at the rates of
/// code that works in the cache, loops times their lengths. A length that is
/// not known counts as `trips`, branches as if all were taken.
LoopCost estimateCost(mlir::Operation *op, double trips = unknownTrips);

/// The cost of all `ops` on one thread as a value (f64): the same estimate with
/// the lengths of loops that follow from values that are `isKnown` where the
/// builder stands; others count as 32.
mlir::Value emitCost(mlir::OpBuilder &builder, mlir::Location loc,
                     llvm::ArrayRef<mlir::Operation *> ops,
                     llvm::function_ref<bool(mlir::Value)> isKnown);

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_TRANSFORMS_LOOPCOST_H
