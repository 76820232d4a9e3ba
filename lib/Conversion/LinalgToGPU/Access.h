//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which memory an operand of a linalg op touches, as a function of its loops.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOGPU_ACCESS_H
#define TFC_LIB_CONVERSION_LINALGTOGPU_ACCESS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace tfc::device {

/// The buffer behind views.
mlir::Value rootOf(mlir::Value memref);

/// Is the buffer one that no other name reaches: an allocation, an argument of
/// the entry?
bool isDistinct(mlir::Value root);

/// May two buffers (roots) be the same memory?
bool mayAlias(mlir::Value a, mlir::Value b);

/// What one op does to one buffer. Elements are counted from the start of the
/// buffer; element `offset + sum(coefficient[d] * index[d])` is touched by the
/// iteration `index`.
struct Access {
  mlir::Value root;
  bool writes = false;
  bool affine = false; ///< else anything of the buffer may be touched
  int64_t offset = 0;
  llvm::SmallVector<int64_t>
      coefficients; ///< for each loop, in the order of `loopOrder`
};

/// The loops of an op, parallel ones first.
struct Loops {
  llvm::SmallVector<unsigned> order; ///< position -> loop of the op
  llvm::SmallVector<int64_t> sizes;  ///< by position, kDynamic if unknown
  unsigned numParallel = 0;

  bool isStatic() const;
  /// The product of the sizes of positions [begin, end).
  int64_t count(unsigned begin, unsigned end) const;
};
Loops loopsOf(mlir::linalg::LinalgOp op);

/// Everything the op touches, also through loads of its body.
llvm::SmallVector<Access> accessesOf(mlir::linalg::LinalgOp op,
                                     const Loops &loops);

/// May iterations with different values of the first `prefix` loops meet in
/// memory through `a` and `b`, accesses of two ops whose first loops have the
/// same sizes?
bool crossesPrefix(const Access &a, const Loops &loopsA, const Access &b,
                   const Loops &loopsB, unsigned prefix);

} // namespace tfc::device

#endif // TFC_LIB_CONVERSION_LINALGTOGPU_ACCESS_H
