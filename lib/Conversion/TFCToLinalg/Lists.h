//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What other families ask of lists.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_LISTS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_LISTS_H

#include "mlir/IR/Value.h"

namespace tfc::lowering {

/// Does setting elements leave the list's buffer as large as it is? Not if it
/// was made to grow, or if the size of its elements is unknown before the first
/// one is set.
bool keepsSize(mlir::Value list);

/// May setting elements of it make the list longer? Such a list is carried with
/// its length: there is room for more elements than it has.
bool mayGrow(mlir::Value list);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_LISTS_H
