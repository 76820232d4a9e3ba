//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Fourier transforms of a size that is known and has small factors only.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_KNOWNFOURIER_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_KNOWNFOURIER_H

#include "Kernel.h"
#include <complex>

namespace tfc::lowering {

class KnownTransform {
public:
  /// Is there one for this size?
  static bool isFor(Dim size);
  KnownTransform(int64_t size, mlir::Type real, bool inverse);

  /// A constant of 2 rows, for real and imaginary parts.
  mlir::Value roots(mlir::OpBuilder &b, mlir::Location loc) const;
  /// The first half of the powers of the root of unity, in the same way.
  mlir::Value halfCircle(mlir::OpBuilder &b, mlir::Location loc) const;
  /// A constant of 2 rows with the parts of these numbers.
  static mlir::Value table(mlir::OpBuilder &b, mlir::Location loc,
                           mlir::Type real,
                           llvm::ArrayRef<std::complex<double>> numbers);
  /// e^(2 pi i at / of), or its conjugate unless `inverse`: exact where it can
  /// be.
  static std::complex<double> root(int64_t at, int64_t of, bool inverse);
  /// Elements in a vector of 512 bits.
  static int64_t lanesOf(mlir::Type real);
  /// Has a pass that is no loop over vectors.
  bool hasScalarPasses() const;
  /// Transforms part 0 of `memory`: 2 x 2 x size or
  /// more, of which the second dimension
  /// is for real and imaginary parts. Returns the part that the result is in.
  /// `together`: of so many rows at once, whose elements at the same place
  /// follow each other: one, or a multiple of a vector.
  Array run(Kernel &k, const Array &memory, const Array &roots,
            int64_t together = 1) const;

  /// With the factor r: s is the product of those before, m of those after.
  struct Pass {
    int64_t factor, stride, rest;
    int64_t roots; // where its roots begin: for t = 1, ..., r - 1, for p < m
  };
  const int64_t size;
  const mlir::Type real;
  const bool inverse;

private:
  llvm::SmallVector<Pass> passes;
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_KNOWNFOURIER_H
