//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Lists of ops that do the same with other values, and functions made of them.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_IR_EQUALOPS_H
#define TFC_DIALECT_TFCRT_IR_EQUALOPS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SetVector.h"

namespace tfc::rt {

/// Ops of one block, in its order.
using OpList = llvm::SmallVector<mlir::Operation *, 4>;

/// What the ops take from outside, in order of its first use, without
/// constants.
llvm::SetVector<mlir::Value> capturesOf(llvm::ArrayRef<mlir::Operation *> ops);

/// Sorts ops into classes: they are equal if they have the same names,
/// attributes and types, and what they take from outside corresponds one to
/// one; constants are compared by value. A list is compared with those of its
/// hash only.
class EqualOps {
public:
  void add(OpList ops);
  /// The classes in the order of their first members.
  llvm::SmallVector<llvm::SmallVector<OpList>> take();

private:
  llvm::DenseMap<size_t, llvm::SmallVector<size_t>> byHash;
  llvm::SmallVector<llvm::SmallVector<OpList>> classes;
};

/// A private function, at the end of the module, that does what the ops do,
/// with what they take from outside as arguments. LLVM leaves its calls as they
/// are.
mlir::func::FuncOp makeFunction(mlir::ModuleOp module, llvm::StringRef name,
                                llvm::ArrayRef<mlir::Operation *> ops);

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_IR_EQUALOPS_H
