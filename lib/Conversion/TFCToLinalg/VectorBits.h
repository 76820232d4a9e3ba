//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_VECTORBITS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_VECTORBITS_H

#include "mlir/IR/BuiltinOps.h"
#include <optional>

namespace tfc::lowering {

/// The vectors of the CPU that the op's module is for; unknown where it is for
/// several.
inline std::optional<int64_t> vectorBits(mlir::Operation *op) {
  auto module = op->getParentOfType<mlir::ModuleOp>();
  auto bits = module
                  ? module->getAttrOfType<mlir::IntegerAttr>("tfc.vector_bits")
                  : mlir::IntegerAttr();
  return bits ? std::optional(bits.getInt()) : std::nullopt;
}

/// Does that CPU have AVX2, and with it permutations of eight lanes that are
/// found at run time?
inline bool hasPermutations(mlir::Operation *op) {
  auto module = op->getParentOfType<mlir::ModuleOp>();
  return module && module->hasAttr("tfc.permutations");
}

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_VECTORBITS_H
