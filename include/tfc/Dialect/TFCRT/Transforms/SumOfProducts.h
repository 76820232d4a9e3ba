//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_TRANSFORMS_SUMOFPRODUCTS_H
#define TFC_DIALECT_TFCRT_TRANSFORMS_SUMOFPRODUCTS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tfc::rt {

/// Is it a sum of products of the elements of two operands, converted or not?
/// Kernels are for these; not for sums of the squares of differences.
bool isSumOfProducts(mlir::linalg::LinalgOp op);

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_TRANSFORMS_SUMOFPRODUCTS_H
