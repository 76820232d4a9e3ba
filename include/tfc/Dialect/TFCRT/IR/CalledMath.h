//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Math functions that stay ops until loops are in vectors.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_IR_CALLEDMATH_H
#define TFC_DIALECT_TFCRT_IR_CALLEDMATH_H

#include "llvm/ADT/StringRef.h"

namespace tfc::rt {

/// On a math op that `tfc-expand-math` has left, because its body has many of
/// them: `tfc-call-math` makes it a call, of scalars or of vectors.
constexpr llvm::StringLiteral isCalledMath = "tfc.called";

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_IR_CALLEDMATH_H
