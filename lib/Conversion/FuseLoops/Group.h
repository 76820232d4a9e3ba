//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Ops that may run in common outer loops.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_FUSELOOPS_GROUP_H
#define TFC_LIB_CONVERSION_FUSELOOPS_GROUP_H

#include "Access.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace tfc::fusion {

/// One op of a group.
struct Member {
  mlir::linalg::LinalgOp op;
  llvm::SmallVector<Access> accesses;
  /// Loops that the group may have in common, outermost first.
  llvm::SmallVector<unsigned> outer;
  /// Its outermost loop begins at this iteration of the group's: parts of a
  /// buffer begin at different rows.
  int64_t shift = 0;
  /// It has none, and belongs to the iteration `shift`: a part of one row.
  bool isRow = false;
  /// The copy that the op stands for while nobody knows what becomes of it.
  mlir::memref::CopyOp copy;

  /// Of the outermost loop; kDynamic if unknown.
  int64_t rows() const;
  /// Those that have an index of their own with `depth` loops in common.
  llvm::ArrayRef<unsigned> common(unsigned depth) const {
    return isRow ? llvm::ArrayRef<unsigned>()
                 : llvm::ArrayRef(outer).take_front(depth);
  }
};

/// Ops of one block, in its order, that run in the same `depth` outer loops.
class Group {
public:
  /// Adds an op if all can still run together.
  bool add(mlir::linalg::LinalgOp op, mlir::memref::CopyOp copy = {});
  /// Goes on with no more than the last members.
  void keepLast(size_t most);
  /// Does an op that stays where it is hinder the members from moving past it?
  bool conflictsWith(mlir::Operation *op) const;
  /// Is there something to gain?
  bool isWorthwhile() const;
  /// Is the group all that a loop around it does, and do its iterations read
  /// rows near to those that they write?
  bool staysInPlace() const;
  /// Iterations of the outermost loop: the first one, and how many, if that is
  /// known. Not all members need have all of them.
  std::pair<int64_t, int64_t> rows() const;
  /// The first member with loops of its own.
  const Member &lead() const;
  void clear();

  llvm::SmallVector<Member, 4> members;
  /// 0: parts of rows, of which nobody knows yet which loop they belong to.
  unsigned depth = 0;

private:
  bool fits(const Member &member, unsigned depth) const;
  bool place(Member &member, unsigned depth) const;
  bool placeRow(Member &member) const;
  bool addRow(Member &member);
  bool adopt(const Member &member);
  bool agree(const Member &first, const Member &second, unsigned depth) const;
  bool areAligned(const Member &first, const Access &x, const Member &second,
                  const Access &y, unsigned depth) const;
};

/// The elements that the op computes in one iteration of its outer loops;
/// kDynamic if unknown.
int64_t innerVolume(const Member &member, unsigned depth);

/// About as long as an element takes in vectors of 256 or 512 bits, with its
/// share of memory.
double elementNanoseconds(mlir::linalg::LinalgOp op);

} // namespace tfc::fusion

#endif // TFC_LIB_CONVERSION_FUSELOOPS_GROUP_H
