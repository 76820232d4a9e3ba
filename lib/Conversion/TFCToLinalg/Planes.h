//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Scratch memory for complex numbers, real parts apart from imaginary ones: so
// loops over rows are loops over real numbers, of which LLVM makes vectors
// without taking each apart.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_PLANES_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_PLANES_H

#include "Kernel.h"

namespace tfc::lowering {

/// Is this such memory? Its first dimension, which no index tells, is the part.
bool hasPlanes(mlir::Value memref);

/// Such memory in a kernel of complex numbers, else `real`.
Array planesOr(Kernel &k, const Array &real, llvm::ArrayRef<Dim> dims);

/// Such memory in a kernel of complex numbers, else memory of its elements, for
/// use inside of the loops that are open now.
Array workArray(Kernel &k, llvm::ArrayRef<Dim> dims);

/// Elements [begin, end) of `x` get what is added of rows [from, to) of `rows`,
/// times factors: several rows at once, so that `x` is read and written less
/// often.
void addRows(Kernel &k, const Array &x, const Array &rows, Num from, Num to,
             Num begin, Num end, llvm::function_ref<Num(Num)> factor);

/// Do complex matrices of this order pay for blocks?
bool hasComplexBlocks(Kernel &k, Dim order);
/// In such memory, in place: L below the diagonal, U above; `exchanged` rows.
void factorComplexLUInBlocks(Kernel &k, const Array &x, Dim order,
                             llvm::function_ref<void(Num, Num)> exchanged);
/// x = L L^H, of whose lower triangle L is the factor.
void factorComplexCholeskyInBlocks(Kernel &k, const Array &x,
                                   const Array &result, Dim order);

/// Element by element.
void copyMatrix(Kernel &k, const Array &from, const Array &to, Num rows,
                Num columns);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_PLANES_H
