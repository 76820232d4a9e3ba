//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The shape rule of ops on strings: the host says what they give.
//===----------------------------------------------------------------------===//

#include "Shapes.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::detail;

LogicalResult StringOp::inferReturnTypes(MLIRContext *, Loc loc, Adaptor op,
                                         Results &results) {
  // C1
  auto type = dyn_cast<TensorType>(op.getType());
  if (!type || !isElementType(type.getElementType()))
    return emitOptionalError(loc, "expected `type` to be a tensor type, got ",
                             op.getType());
  results.push_back(type);
  return success();
}
