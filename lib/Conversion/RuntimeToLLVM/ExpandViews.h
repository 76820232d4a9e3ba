//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Views of memory as arithmetic on pointers.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_RUNTIMETOLLVM_EXPANDVIEWS_H
#define TFC_LIB_CONVERSION_RUNTIMETOLLVM_EXPANDVIEWS_H

#include "mlir/IR/BuiltinOps.h"

namespace tfc {

/// Makes views reinterpretations of their base, and affine arithmetic of what
/// they begin at. As MLIR's expand-strided-metadata, which looks at every op of
/// a module for a few.
mlir::LogicalResult expandViews(mlir::ModuleOp module);

} // namespace tfc

#endif // TFC_LIB_CONVERSION_RUNTIMETOLLVM_EXPANDVIEWS_H
