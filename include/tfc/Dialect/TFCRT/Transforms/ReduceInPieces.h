//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Reductions along rows that lie one after the other, shared by threads.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_TRANSFORMS_REDUCEINPIECES_H
#define TFC_DIALECT_TFCRT_TRANSFORMS_REDUCEINPIECES_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/STLExtras.h"

namespace tfc::rt {

/// How the rows of a reduction are cut: pieces of as many iterations of a loop.
struct RowPieces {
  unsigned loop;
  int64_t count, length;
  double nanoseconds; ///< of a piece
};

/// The rows of a reduction.
struct ReducedRows {
  unsigned loop; ///< over the outermost dimension of all inputs with it
  int64_t count, columns; ///< iterations of all reduced loops, and of others
};

/// The rows of a reduction whose order does not matter, if they may be cut; all
/// sizes are known then.
std::optional<ReducedRows> matchReducedRows(mlir::linalg::LinalgOp op,
                                            bool reassociate);

/// At most so many pieces, which have as many iterations each if that is to be
/// had, and some are left over if not.
RowPieces cutRows(mlir::linalg::LinalgOp op, const ReducedRows &rows,
                  int64_t most, double nanoseconds);

/// Replaces a reduction that `matchReducedRows` knows by partial results of
/// each piece, which threads share, and what puts them together, and returns
/// these ops, of which the last one does that. `onRows` is told the ops on some
/// of the rows, and where they begin.
llvm::SmallVector<mlir::linalg::LinalgOp> reduceInPieces(
    mlir::OpBuilder &builder, mlir::linalg::LinalgOp op,
    const RowPieces &pieces,
    llvm::function_ref<void(mlir::linalg::LinalgOp part,
                            mlir::OpFoldResult from, int64_t count)>
        onRows = [](auto &&...) {});

/// So many elements of a buffer's outermost dimension of more than one, from
/// one on.
mlir::Value outermostSlice(mlir::OpBuilder &builder, mlir::Location loc,
                           mlir::Value buffer, mlir::OpFoldResult from,
                           int64_t count);

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_TRANSFORMS_REDUCEINPIECES_H
