//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// An input with a margin of one number, of which there is no copy.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOLOOPS_MARGINS_H
#define TFC_LIB_CONVERSION_LINALGTOLOOPS_MARGINS_H

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include <optional>

namespace tfc::loops {

struct NestOptions;

/// What stands in the place of an operand that is a padded image.
struct Margins {
  /// A dimension with a margin.
  struct Axis {
    unsigned index; // of the dimension
    unsigned place; // the loop over places
    int64_t before,
        size; // elements of the margin before the image, and of the image
    int64_t from, to; // places whose windows are inside
  };
  unsigned operand;
  mlir::Value image, fill; // `fill` is what the margin consists of
  llvm::SmallVector<Axis> axes;
};

struct MarginReaders {
  llvm::DenseMap<mlir::Operation *, Margins> margins;
  llvm::SmallVector<mlir::memref::AllocOp>
      unused; ///< copies, once the ops that read them are gone
  /// What an op reads within, once: ops that are made later may have the
  /// address of one that is gone.
  std::optional<Margins> take(mlir::Operation *op);
  /// Does the loop go over an image with a margin, whose places are not those
  /// of the image?
  bool hasMargin(mlir::Operation *op, unsigned loop) const;
  void eraseUnused();
};

/// Takes away padded copies of which only small windows are read, in vectors.
/// The ops that read them keep the copy as their operand, which nobody fills
/// any more; they have to read what is returned.
MarginReaders takeMargins(mlir::OpBuilder &builder, mlir::Operation *root,
                          const NestOptions &options);

/// Makes one loop over rows, which threads may share, of a padded copy and what
/// is filled around it.
void padByRows(mlir::OpBuilder &builder, mlir::Operation *root,
               const NestOptions &options);

} // namespace tfc::loops

#endif // TFC_LIB_CONVERSION_LINALGTOLOOPS_MARGINS_H
