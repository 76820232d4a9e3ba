//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_BIDIAGONALBLOCKS_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_BIDIAGONALBLOCKS_H

#include "Reflections.h"

namespace tfc::lowering {

/// B = P^T X Q with an upper bidiagonal B, for real matrices of at least as
/// many rows as columns: `d` and `e` are its diagonals, the reflections are
/// those of P and, from row 1 on, of Q. Half of the work is products of X with
/// vectors, half products of matrices. Only the upper triangle of X may count.
void bidiagonalizeInBlocks(Kernel &k, const Array &x, bool upper,
                           ReflectionBlocks &p, ReflectionBlocks &q,
                           const Array &d, const Array &e, Dim rows,
                           Dim columns);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_BIDIAGONALBLOCKS_H
