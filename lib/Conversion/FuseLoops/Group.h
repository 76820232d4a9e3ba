//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Ops that may run in common outer loops.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_FUSELOOPS_GROUP_H
#define TFC_LIB_CONVERSION_FUSELOOPS_GROUP_H

#include "Access.h"

namespace tfc::fusion {

/// One op of a group.
struct Member {
  mlir::linalg::LinalgOp op;
  llvm::SmallVector<Access> accesses;
  /// Loops that the group may have in common, outermost first.
  llvm::SmallVector<unsigned> outer;
};

/// Ops of one block, in its order, that run in the same `depth` outer loops.
class Group {
public:
  /// Adds an op if all can still run together.
  bool add(mlir::linalg::LinalgOp op);
  /// Does an op that stays where it is hinder the members from moving past it?
  bool conflictsWith(mlir::Operation *op) const;
  /// Is there something to gain?
  bool isWorthwhile() const;
  void clear() { members.clear(), depth = 0; }

  llvm::SmallVector<Member> members;
  unsigned depth = 0;

private:
  bool fits(const Member &member, unsigned depth) const;
  bool agree(const Member &first, const Member &second, unsigned depth) const;
};

/// The elements that the op computes in one iteration of its outer loops;
/// kDynamic if unknown.
int64_t innerVolume(const Member &member, unsigned depth);

} // namespace tfc::fusion

#endif // TFC_LIB_CONVERSION_FUSELOOPS_GROUP_H
