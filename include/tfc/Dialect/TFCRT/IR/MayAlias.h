//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which buffers of a packed body may share memory.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_IR_MAYALIAS_H
#define TFC_DIALECT_TFCRT_IR_MAYALIAS_H

#include "mlir/IR/Value.h"

namespace tfc::rt {

/// May two buffers, each behind all views (`rootOf`), share memory? Arguments
/// that are only read may, but that does not matter.
bool mayAlias(mlir::Value root, mlir::Value other);

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_IR_MAYALIAS_H
