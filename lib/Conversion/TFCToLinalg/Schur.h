//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The Schur form of complex matrices, from which eigenvectors and functions of
// matrices are made.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_SCHUR_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_SCHUR_H

#include "Kernel.h"

namespace tfc::lowering {

/// A = Z T Z^H with an upper triangular T and a unitary Z, for complex square
/// matrices of order `n`: Householder reflections make A a Hessenberg matrix,
/// QR steps with one complex shift make that triangular (Golub and Van Loan,
/// "Matrix Computations", 7.4 and 7.5).
struct Schur {
  Kernel &k;
  /// `t` holds A and then T. Row i of `z` is column i of Z. The rest is
  /// scratch memory: a matrix and two vectors.
  Array t, z, q, taus, work;
  Num n;

  void decompose();

private:
  void reduce();
  void step(Num lo, Num hi, Num shift);
  Num wilkinson(Num hi);
};

/// max |x_ij|, or NaN if an element is not finite.
Num largestElement(Kernel &k, const Array &x, Num rows, Num columns);
/// Divides `x` by what is returned, 1 or its largest element `most`, so that
/// squares of elements neither overflow nor vanish.
Num scaleForSquares(Kernel &k, const Array &x, Num rows, Num columns, Num most);

/// Whether an element is NaN or infinite: factors of the matrix are NaN then.
Num isNotFinite(Kernel &k, const Array &x, Num rows, Num columns);
/// The square root of a complex number with a real part of at least 0.
Num complexSqrt(Kernel &k, Num x);
Num complexLog(Kernel &k, Num x);

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_SCHUR_H
