//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Arithmetic on complex numbers in terms of their parts.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOLOOPS_COMPLEXBODIES_H
#define TFC_LIB_CONVERSION_LINALGTOLOOPS_COMPLEXBODIES_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tfc::loops {

/// Products, quotients, absolute values and comparisons of complex numbers in
/// the bodies of these ops become arithmetic on parts, of which vectors are
/// made. Sums and what only moves parts stay as they are.
llvm::LogicalResult
expandComplexBodies(llvm::ArrayRef<mlir::linalg::LinalgOp> ops);

} // namespace tfc::loops

#endif // TFC_LIB_CONVERSION_LINALGTOLOOPS_COMPLEXBODIES_H
