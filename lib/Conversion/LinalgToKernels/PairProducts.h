//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Products of bfloat16 on instructions that multiply pairs of them.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOKERNELS_PAIRPRODUCTS_H
#define TFC_LIB_CONVERSION_LINALGTOKERNELS_PAIRPRODUCTS_H

#include "Product.h"

namespace tfc::kernels {

/// Do the operands, the size and the machine allow it?
bool canMultiplyPairs(const Product &product, mlir::Type element,
                      const KernelOptions &options);

/// Panels of the right operand that are too large for a thread's stack, or
/// null.
mlir::Value allocatePairPanels(KernelBuilder &builder, const Product &product);

/// Panels of all of the right operand, whose size is known: how many pairs (of
/// 32 bits), and what their order depends on.
PanelsShape shapeOfPairPanels(KernelBuilder &builder, const Product &product);
void emitPairPanels(KernelBuilder &builder, const Product &product,
                    mlir::Value panels, const KernelOptions &options);

/// Copies of all of the left operand, which are made before what is done with
/// each block of columns; or null.
mlir::Value allocatePairLeft(KernelBuilder &builder, const Product &product);

void emitPairProduct(KernelBuilder &builder, const Product &product,
                     mlir::Value panels, mlir::Value left,
                     const KernelOptions &options);

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_PAIRPRODUCTS_H
