//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Squares of elements that change sides in registers.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_IR_SQUARE_H
#define TFC_DIALECT_TFCRT_IR_SQUARE_H

#include "mlir/IR/Builders.h"

namespace tfc::rt {

/// Element j of vector i becomes element i of vector j. There are as many
/// vectors as each has elements, a power of two; an element is so many `parts`
/// that follow each other.
llvm::SmallVector<mlir::Value>
transposeSquare(mlir::OpBuilder &builder, mlir::Location loc,
                llvm::SmallVector<mlir::Value> vectors, int64_t parts = 1);

/// Of `vectors`, which hold rows of as many elements as there are vectors, one
/// row after the other: the columns, each a vector.
llvm::SmallVector<mlir::Value> columnsOfRows(mlir::OpBuilder &builder,
                                             mlir::Location loc,
                                             mlir::ValueRange vectors);

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_IR_SQUARE_H
