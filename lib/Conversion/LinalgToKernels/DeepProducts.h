//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOKERNELS_DEEPPRODUCTS_H
#define TFC_LIB_CONVERSION_LINALGTOKERNELS_DEEPPRODUCTS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tfc::kernels {

struct KernelOptions;

/// A product along many rows that has few results becomes products of pieces of
/// the rows, which threads share, and an op that adds these up. Returns what is
/// left to be lowered: the op itself where that is not worth it.
llvm::SmallVector<mlir::linalg::LinalgOp>
splitDeep(mlir::OpBuilder &builder, mlir::linalg::LinalgOp op,
          const KernelOptions &options);

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_DEEPPRODUCTS_H
