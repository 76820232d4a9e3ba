//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Updates of elements: what they are combined with, and many of them at once.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_SCATTERUPDATES_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_SCATTERUPDATES_H

#include "Lowering.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

namespace tfc::lowering {

enum class UpdateMode { Update, Add, Sub, Mul, Min, Max };

/// An element after an update; null for complex numbers that have no order.
mlir::Value combineUpdate(mlir::OpBuilder &b, mlir::Location loc,
                          UpdateMode mode, mlir::Type element,
                          mlir::Value before, mlir::Value update);

/// Lets a loop of its own compute what loops that read `x` would.
mlir::LogicalResult storeComputed(Lowering &l, mlir::Value x);

/// The result of many updates of single elements; null if they are not such.
mlir::FailureOr<mlir::Value> scatterMany(Lowering &l, ScatterOp op,
                                         UpdateMode mode);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_SCATTERUPDATES_H
