//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which memory a value of a packed body stands for, and which memory an op
// touches.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_TRANSFORMS_ROOTS_H
#define TFC_DIALECT_TFCRT_TRANSFORMS_ROOTS_H

#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace tfc::rt {

/// Memory as the value that stands for it; null: any memory. Two roots share
/// nothing: arguments that are `noalias`, allocations, and constants are
/// distinct.
using Root = mlir::Value;

/// Where the memory of a value may come from. Values that loops carry are
/// followed to what they start with and what iterations yield.
class Roots {
public:
  explicit Roots(mlir::Value memref) {
    pending.insert(memref);
    for (size_t i = 0; i < pending.size(); ++i)
      visit(pending[i]);
  }
  llvm::SetVector<Root> found;
  /// The `tfcrt.bind` among them, of arguments or parts of the arena.
  llvm::SetVector<mlir::Operation *> binds;
  /// There is memory besides of which nothing is known.
  bool hasUnknown = false;

private:
  void visit(mlir::Value value);
  void visitArgument(mlir::BlockArgument argument);
  void add(mlir::ValueRange values, unsigned index) {
    pending.insert(values[index]);
  }

  llvm::SetVector<mlir::Value> pending;
};

/// The roots that an op touches, and whether it writes them.
using Touched = llvm::MapVector<Root, bool>;

/// What an op and the ops inside of it touch. Memory that it makes itself is
/// nobody else's business.
Touched touchedBy(mlir::Operation *op);

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_TRANSFORMS_ROOTS_H
