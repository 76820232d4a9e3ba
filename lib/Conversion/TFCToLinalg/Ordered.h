//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Ops with an order, as index spaces: what a device can run, where the CPU goes
// from element to element.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_ORDERED_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_ORDERED_H

#include "Lowering.h"
#include "Rows.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

namespace tfc::lowering {

/// Passes over a range that doubles: `pass(width, log2(width), carried)` for
/// width = 1, 2, 4, ... below `extent`.
llvm::SmallVector<mlir::Value> doubling(
    Lowering &l, Dim extent, mlir::ValueRange carried,
    llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::Value,
                                                      mlir::ValueRange)>
        pass);

/// Must `x` stand before an equal or greater `y`, strictly? NaN is the
/// greatest.
mlir::Value comesFirst(mlir::OpBuilder &b, mlir::Location loc,
                       mlir::Type element, bool descending, mlir::Value x,
                       mlir::Value y);

/// Where the elements of each row come from, i32, in order; a stable sort.
mlir::Value sortedPositions(Lowering &l, mlir::Value x, size_t axis,
                            bool descending);

class Kernel;
struct Num;
/// In a kernel: where `size` elements come from, i32, in order; a stable sort.
void sortPositions(Kernel &k, mlir::Type element, bool descending, Dim size,
                   llvm::function_ref<Num(Num)> get,
                   llvm::function_ref<void(Num, Num)> set);

/// How many positions of each row are read, if all who use the op read only the
/// first few; else 0.
int64_t numFirst(ArgsortOp op);
/// Those positions alone, for a row that has as many elements.
mlir::Value firstPositions(Lowering &l, ArgsortOp op, int64_t kept);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_ORDERED_H
