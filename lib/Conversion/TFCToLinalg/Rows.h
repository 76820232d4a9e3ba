//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Scatters of whole rows, and of single elements.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_ROWS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_ROWS_H

#include "Dims.h"
#include "mlir/IR/Operation.h"

namespace tfc::lowering {

/// Will linalg of this op's module become kernels?
bool isForDevice(mlir::Operation *op);

/// Is the op a scatter that combines rows long enough for loops of their own,
/// in vectors, or, on the CPU, single elements? Such a loop may compute what is
/// combined.
bool scattersRows(mlir::Operation *op, const DimAnalysis &dims);

/// Are a few columns put side by side? Then one loop over rows computes them
/// all: Join.cpp.
bool joinsColumns(mlir::Operation *op, const DimAnalysis &dims);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_ROWS_H
