//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOLOOPS_COLUMNPIECES_H
#define TFC_LIB_CONVERSION_LINALGTOLOOPS_COLUMNPIECES_H

#include "NestLowering.h"
#include <optional>

namespace tfc::loops {

/// An op that is left to be lowered, and what it reads within.
struct PartialReduction {
  mlir::linalg::LinalgOp op;
  std::optional<Margins> margins;
};

/// A reduction of columns that is worth it becomes partial results of as many
/// pieces of the rows, which threads share, and what puts them together.
/// Returns what is left of the op, which is gone; nothing if it stays as it is.
llvm::SmallVector<PartialReduction>
reduceColumnsInPieces(mlir::OpBuilder &builder, mlir::linalg::LinalgOp op,
                      const NestOptions &options, const Margins *margins);

} // namespace tfc::loops

#endif // TFC_LIB_CONVERSION_LINALGTOLOOPS_COLUMNPIECES_H
