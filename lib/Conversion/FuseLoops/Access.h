//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which memory an op touches, and how its loops go over it.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_FUSELOOPS_ACCESS_H
#define TFC_LIB_CONVERSION_FUSELOOPS_ACCESS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "tfc/Dialect/TFCRT/IR/MayAlias.h"

namespace tfc::fusion {

/// How one operand of a linalg op looks at a buffer.
struct Access {
  mlir::OpOperand *operand;
  mlir::Value buffer; ///< behind views that only add or drop dimensions of size
                      ///< 1, and slices at known places
  mlir::AffineMap map; ///< from the op's loops to the dimensions of a slice of
                       ///< the buffer, which is all of it as a rule
  llvm::SmallVector<int64_t> offsets, sizes; ///< the slice; kDynamic: all
  mlir::Value root;                          ///< behind all views
  bool reads = false, writes = false;

  /// The buffer's dimension that loop `dim` goes over, if it is one and the
  /// loop is in no other index.
  std::optional<unsigned> position(unsigned dim) const;
};

/// May two accesses of one buffer meet in an element of it?
bool overlap(const Access &x, const Access &y);

/// The accesses of an op to memory: those of its operands in their order, then
/// those of its body.
llvm::SmallVector<Access> accessesOf(mlir::linalg::LinalgOp op);

using rt::mayAlias;

} // namespace tfc::fusion

#endif // TFC_LIB_CONVERSION_FUSELOOPS_ACCESS_H
