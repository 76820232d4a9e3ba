//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Which ops have to stay on the host, and why.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOGPU_SUPPORT_H
#define TFC_LIB_CONVERSION_LINALGTOGPU_SUPPORT_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/StringSet.h"

namespace tfc::device {

/// What the target's kernels can hold.
class Support {
public:
  Support(llvm::StringRef target, llvm::StringRef features);

  /// Why the op has to stay on the host; empty if it has not.
  std::string refusal(mlir::linalg::LinalgOp op) const;
  /// The same of a buffer of the op.
  std::string refusal(mlir::MemRefType type) const;

private:
  std::string refusal(mlir::Type type) const;
  std::string refusal(mlir::Operation *op) const;

  bool isSPIRV;
  llvm::StringSet<> has;
};

} // namespace tfc::device

#endif // TFC_LIB_CONVERSION_LINALGTOGPU_SUPPORT_H
