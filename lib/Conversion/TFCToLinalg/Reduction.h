//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Steps of reductions that search for extremes.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_REDUCTION_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_REDUCTION_H

#include "mlir/IR/Builders.h"

namespace tfc::lowering {

/// The greater of two numbers, NaN if one is.
mlir::Value greater(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type,
                    mlir::Value x, mlir::Value y);

/// Is `x` to be preferred to what was best before? The first of equals stays,
/// and the first NaN.
mlir::Value isBetter(mlir::OpBuilder &b, mlir::Location loc, mlir::Type type,
                     bool greatest, mlir::Value x, mlir::Value best);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_REDUCTION_H
