//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Arithmetic that is the same in the LLVM dialect.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_RUNTIMETOLLVM_LOWERSCALARS_H
#define TFC_LIB_CONVERSION_RUNTIMETOLLVM_LOWERSCALARS_H

#include "mlir/IR/BuiltinOps.h"

namespace tfc {

/// Makes arithmetic on numbers and vectors that LLVM has operations of the LLVM
/// dialect. No type changes, so that one op takes the other's place: a dialect
/// conversion takes ten times as long for each.
void lowerScalars(mlir::ModuleOp module);

} // namespace tfc

#endif // TFC_LIB_CONVERSION_RUNTIMETOLLVM_LOWERSCALARS_H
