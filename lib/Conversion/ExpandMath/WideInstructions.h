//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Instructions of AVX-512 that no op of the vector dialect stands for.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_EXPANDMATH_WIDEINSTRUCTIONS_H
#define TFC_LIB_CONVERSION_EXPANDMATH_WIDEINSTRUCTIONS_H

#include "mlir/IR/Builders.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

namespace tfc::expand {

/// Of vectors of one dimension and any size; null for scalars (loops over which
/// LLVM may still make vectors of) and for vectors of several dimensions.
mlir::Value wideScalb(mlir::OpBuilder &builder, rt::ScalbOp op);

/// Of scalars and vectors of any size.
mlir::Value wideLookup(mlir::OpBuilder &builder, rt::LookupOp op);
/// The greater or the lesser one: AVX-512 has an instruction that knows signs
/// of zeros, but takes the number where the other one is NaN. Null for vectors
/// that are no register, and where LLVM knows more (a constant is no NaN).
mlir::Value wideExtreme(mlir::OpBuilder &builder, mlir::Operation *op);

} // namespace tfc::expand

#endif // TFC_LIB_CONVERSION_EXPANDMATH_WIDEINSTRUCTIONS_H
