//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Systems of triangles whose factors are in panels of columns, for right sides
// that threads share.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_TRIANGULARSYSTEMS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_TRIANGULARSYSTEMS_H

#include "Chunks.h"

namespace tfc::lowering {

/// A triangle of a matrix, in panels of columns: each is a chunk, or part of
/// the rows of one matrix.
struct Triangle {
  llvm::function_ref<Array(Num number)> panels;
  bool inChunks, lower, unit;

  /// The first column of what `panels` has of a panel.
  Num origin(Kernel &k, Num number) const {
    return inChunks ? number * k.index(chunkWidth) : k.index(0);
  }
};

/// Exchanges two rows.
using Exchange = llvm::function_ref<void(Num i, Num j)>;

/// Rows of some columns of `x` change places, as `exchanges` tells, then they
/// are solved for with one triangle after the other.
void solveColumns(Kernel &k, const Array &x, Dim order, Num columns,
                  llvm::function_ref<void(Exchange)> exchanges,
                  llvm::ArrayRef<Triangle> triangles);

/// Is a square matrix an identity?
Num isIdentity(Kernel &k, const Array &x, Num n);
/// Are there so many columns, of which that is known, that all are solved for
/// in memory of their own?
bool hasWideColumns(Kernel &k, Num columns);
/// X := (L U)^-1 X, of factors in one matrix.
void solveFactorsInBlocks(Kernel &k, const Array &factors, const Array &x,
                          Dim order, Num columns);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_TRIANGULARSYSTEMS_H
