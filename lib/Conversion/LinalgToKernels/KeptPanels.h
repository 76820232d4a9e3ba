//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Panels of tensors that are the same in every call of an entry (captured
// weights). The host keeps their memory; the first call fills it.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_CONVERSION_LINALGTOKERNELS_KEPTPANELS_H
#define TFC_LIB_CONVERSION_LINALGTOKERNELS_KEPTPANELS_H

#include "Contraction.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <map>

namespace tfc::kernels {

/// May panels of the right operand be kept from call to call, and are copies a
/// considerable part of one? They take memory as long as the code is there.
bool isWorthKeeping(const Contraction &contraction);

class KeptPanels {
public:
  /// What tells panels of one operand from others: strides, sizes of tiles and
  /// blocks.
  using Layout = llvm::SmallVector<int64_t>;

  /// Panels of `operand`, in so many elements of `type`; those that there are
  /// already, or new ones, which `fill` is asked to make where they are needed
  /// first. Null if that were more memory than a function may keep.
  mlir::Value find(mlir::OpBuilder &builder, mlir::Value operand,
                   const Layout &layout, mlir::Type type, int64_t elements,
                   llvm::function_ref<void(mlir::Value panels)> fill);

private:
  struct Entry {
    int64_t bytes = 0;
    mlir::Value isFirst; ///< i1: this call fills them
  };
  mlir::Value addBuffer(mlir::func::FuncOp body, int64_t bytes);
  mlir::Value isFirst(mlir::func::FuncOp body);

  llvm::DenseMap<mlir::Operation *, Entry> entries;
  std::map<std::pair<void *, Layout>, mlir::Value> made;
};

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_KEPTPANELS_H
