//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Pieces of kernels that many products have in common, and that take code
// generation long: each is one function of the module.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOKERNELS_ROUTINE_H
#define TFC_LIB_CONVERSION_LINALGTOKERNELS_ROUTINE_H

#include "KernelBuilder.h"

namespace tfc::kernels {

/// A transposed copy: element (i, j) of the square at `from`, whose rows are
/// `fromStep` apart, becomes element (j, i) at `to`.
struct SquareCopy {
  mlir::Value from, fromAt, fromStep, to, toAt, toStep;
};

/// Squares of one vector by one vector, of elements of the builder's type.
void emitSquareCopy(KernelBuilder &b, const SquareCopy &copy, int64_t lanes);

/// A register tile on a panel, whose rows are neighbours, and whose columns
/// are. The left operand is contiguous along k: with steps that are not known,
/// addresses would wait for multiplications.
struct TileCall {
  mlir::Value left, leftAt, leftRow; ///< from one row to the next
  mlir::Value panel, panelAt;
  mlir::Value depth;
  Matrix result;
  mlir::Value firstRow, firstColumn;
  mlir::Value fresh; ///< i1, as in `Tile`
  int64_t rows, vectors, lanes;
  int64_t panelWidth; ///< of which the tile may have fewer vectors
  mlir::Value width;  ///< columns that there are; null: all of the tile's
  mlir::Value ahead;  ///< as in `Tile`
  int64_t aheadStep;
  mlir::Value panelStep; ///< from one k to the next, if there is a copy
  /// These and what follows as in `Tile`.
  mlir::Value aheadMemory, aheadRow, aheadLines;
  int64_t aheadEvery;
  mlir::Value copy, copyStart;
  int64_t near;
  bool resultLast;
};

/// Stores the sums in `result`, which has one level of rows.
void emitTileCall(KernelBuilder &b, const TileCall &tile);

/// A tile without masks whose vectors are neighbours, as those of convolutions:
/// its rows are anywhere in the operands and in `result`, where they begin at
/// these places.
void emitTileCall(KernelBuilder &b, const Tile &tile, mlir::Value result,
                  mlir::ArrayRef<mlir::Value> places, double nanoseconds);

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_ROUTINE_H
