//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which values are stored, and which are computed where they are used.
//
// One pass over each block, from its end: an op joins the loop of its users if
// they all belong to one loop (or if it is so cheap that several may compute
// it). One that is needed elsewhere too joins the first loop that needs it and
// is stored by that as one more result (an export). Every op is looked at once,
// and the leaves of each loop are kept as a set, so the time is linear in the
// number of ops.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_TFCTOLINALG_FUSION_H
#define TFC_LIB_CONVERSION_TFCTOLINALG_FUSION_H

#include "Dims.h"
#include "llvm/ADT/DenseSet.h"
#include <memory>

namespace tfc::lowering {

/// Its elements are computed in place, at no cost and without reading any
/// tensor: splat constants, iota, broadcasts of scalars. Such an op joins every
/// user.
bool isGenerator(mlir::Operation *op);

class FusionPlan {
public:
  FusionPlan(mlir::Region &region, const DimAnalysis &dims) : dims(dims) {
    visit(region);
  }

  /// Is the op's result computed in the loops of its users only?
  bool isInline(mlir::Operation *op) const { return inlined.contains(op); }
  /// Ops whose results the loop of `root` stores besides the root's own.
  llvm::ArrayRef<mlir::Operation *> exportsOf(mlir::Operation *root) const {
    auto it = loopsOf.find(root);
    if (it == loopsOf.end() || isInline(root))
      return {};
    return it->second.front()->exports;
  }
  /// Does nothing need the op?
  bool isDead(mlir::Operation *op) const { return dead.contains(op); }

private:
  /// What will be one loop nest.
  struct Loop {
    mlir::Operation *root;
    int ops = 1;
    llvm::SmallVector<mlir::Operation *, 2> exports;
    llvm::SmallDenseSet<mlir::Value, 8> leaves;
  };
  struct Uses;

  void visit(mlir::Region &region);
  void visit(mlir::Operation *op);
  Uses usesOf(mlir::Operation *op) const;
  bool tryJoin(mlir::Operation *op, const Uses &uses);
  bool tryExport(mlir::Operation *op, const Uses &uses);
  bool gathersRows(mlir::Operation *op) const;
  bool gathersElements(mlir::Operation *op, const Uses &uses) const;
  bool canExport(mlir::Operation *op, const Loop &loop) const;
  void join(mlir::Operation *op, Loop &loop);
  void align(mlir::Operation *op);
  void startLoop(mlir::Operation *op);
  bool takesElements(mlir::Operation *user, unsigned operand,
                     mlir::Operation *producer) const;
  void addLeaves(Loop &loop, mlir::Operation *op) const;

  const DimAnalysis &dims;
  llvm::SmallVector<std::unique_ptr<Loop>> loops;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Loop *, 2>> loopsOf;
  /// Loops in which the op's elements have the indices of the iteration.
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Loop *, 2>> alignedWith;
  llvm::DenseMap<mlir::Operation *, int> repeatedCost;
  llvm::DenseSet<mlir::Operation *> inlined, dead;
};

} // namespace tfc::lowering

#endif // TFC_LIB_CONVERSION_TFCTOLINALG_FUSION_H
