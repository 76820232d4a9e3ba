//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Reads whose value is known already: from a store, or from an earlier read.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_DIALECT_TFC_TRANSFORMS_FORWARDVALUES_H
#define TFC_LIB_DIALECT_TFC_TRANSFORMS_FORWARDVALUES_H

#include "tfc/Dialect/TFC/Transforms/EffectAnalysis.h"

namespace tfc {

/// Where a read's value may come from.
enum class ValueSource { Store, Read };

/// Replaces each read of a variable that has been stored to (or read) before on
/// every path, without a write in between, by that value. Linear in the number
/// of ops and of what each op writes.
void forwardValues(mlir::func::FuncOp function, const EffectAnalysis &effects,
                   ValueSource source);

} // namespace tfc

#endif // TFC_LIB_DIALECT_TFC_TRANSFORMS_FORWARDVALUES_H
