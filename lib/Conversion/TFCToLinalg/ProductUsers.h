//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What is done with a product comes right after it.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_PRODUCTUSERS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_PRODUCTUSERS_H

namespace mlir {
class Region;
}

namespace tfc::lowering {

/// Elementwise ops that alone read a product come right after it.
void bringUsersToProducts(mlir::Region &region);

/// Products of what has been cast from a type that the machine multiplies pairs
/// of (bfloat16) or fours (bytes) are products of that type.
void multiplyBeforeCasts(mlir::Region &region, bool reassociate);

/// Products of 16-bit floats give sums in f32, which a cast behind them rounds.
void roundBehindProducts(mlir::Region &region);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_PRODUCTUSERS_H
