//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Quotients of vectors that take less time than the processor's division.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_EXPANDMATH_QUOTIENTS_H
#define TFC_LIB_CONVERSION_EXPANDMATH_QUOTIENTS_H

#include "mlir/IR/Builders.h"

namespace tfc::expand {

/// Divides vectors of integers that floats hold. Division by a constant is
/// better off as a multiplication.
bool isNarrowQuotient(mlir::Operation *op);

/// A quotient that is no whole number is further away from one than rounding
/// reaches: f32 has more digits than integers of 16 bits, f64 than those of 32.
mlir::Value divideFloats(mlir::OpBuilder &builder, mlir::Operation *op);

/// Quotients of vectors by what is the same in all iterations of a loop, with
/// an instruction for x y + z.
void multiplyByReciprocals(mlir::Operation *module);

} // namespace tfc::expand

#endif // TFC_LIB_CONVERSION_EXPANDMATH_QUOTIENTS_H
