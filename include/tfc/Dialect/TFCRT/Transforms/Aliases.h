//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which tensors may end up in one memory once they are buffers.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFCRT_TRANSFORMS_ALIASES_H
#define TFC_DIALECT_TFCRT_TRANSFORMS_ALIASES_H

#include "mlir/IR/Value.h"
#include "llvm/ADT/SetVector.h"

namespace tfc::rt {

/// The values whose memory may be that of a value: through destinations, views,
/// loops and branches.
class Aliases {
public:
  explicit Aliases(mlir::Value root) {
    add(root);
    for (size_t i = 0; i < values.size(); ++i)
      for (mlir::OpOperand &use : values[i].getUses())
        follow(use);
  }
  llvm::ArrayRef<mlir::Value> get() const { return values.getArrayRef(); }

private:
  void add(mlir::Value value);
  void follow(mlir::OpOperand &use);

  llvm::SetVector<mlir::Value> values;
};

} // namespace tfc::rt

#endif // TFC_DIALECT_TFCRT_TRANSFORMS_ALIASES_H
