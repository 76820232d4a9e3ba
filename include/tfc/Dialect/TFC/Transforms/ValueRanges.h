//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Between which two numbers integers of the program are.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_TRANSFORMS_VALUERANGES_H
#define TFC_DIALECT_TFC_TRANSFORMS_VALUERANGES_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>

namespace tfc {

/// The least and the greatest number that an element may be.
struct IntegerRange {
  int64_t low, high;
  bool isWithin(int64_t from, int64_t to) const {
    return low >= from && high <= to;
  }
};

/// Follows integers from where their range is known (constants, minima and
/// maxima with them, remainders, positions, narrow types) through arithmetic
/// that cannot overflow, and ops that only move them.
class ValueRanges {
public:
  /// Of all elements; of nothing but integers of up to 64 bits.
  std::optional<IntegerRange> of(mlir::Value tensor);
  /// Of those at one place of the last dimension, if it is made of parts.
  std::optional<IntegerRange> ofColumn(mlir::Value tensor, int64_t column);

private:
  std::optional<IntegerRange> compute(mlir::Operation *op, IntegerRange whole);

  llvm::DenseMap<mlir::Value, IntegerRange> known;
  unsigned depth = 0;
};

} // namespace tfc

#endif // TFC_DIALECT_TFC_TRANSFORMS_VALUERANGES_H
