//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOLOOPS_ROWSCATTER_H
#define TFC_LIB_CONVERSION_LINALGTOLOOPS_ROWSCATTER_H

#include "NestLowering.h"

namespace tfc::loops {

/// Marks an op whose operands are fetched by the loop around it.
constexpr const char *isFetched = "tfc.fetched";

/// Loops that combine rows at places that data names, with rows from anywhere:
/// what comes next is fetched, and threads share those that are long.
void lowerRowScatters(mlir::OpBuilder &builder, mlir::Operation *root,
                      const NestOptions &options);

} // namespace tfc::loops

#endif // TFC_LIB_CONVERSION_LINALGTOLOOPS_ROWSCATTER_H
