//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Panels of tensors that are the same in every call of an entry (captured
// weights), and of variables that it only reads. The host keeps their memory.
// Panels of constants are filled by the first call, where they are needed
// first. Panels of variables are blocks that each product copies when it comes
// to them, to memory that is kept or, where the host expects that the variable
// will be assigned before they are needed again, to a workspace.
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
/// Is it a variable that an entry only reads, or a part of one?
bool isKeptVariable(mlir::Value operand);
/// Is the right operand a constant whose panels may be kept?
bool isKeptConstant(const Contraction &contraction);

class KeptPanels {
public:
  /// What tells panels of one operand from others: strides, sizes of tiles and
  /// blocks.
  using Layout = llvm::SmallVector<int64_t>;

  struct Kept {
    mlir::Value panels; ///< null: they may not be kept
    /// Of a variable; see `Product`. Else null, and panels are there.
    mlir::Value copies, streams;
    mlir::Value marks; ///< what tells the host of a variable's panels
    int64_t number;    ///< the element of it
  };
  /// Panels of `operand`, in so many elements of `type`; those that there are
  /// already, or new ones, which `fill` is asked to make where they are needed
  /// first if the operand is a constant.
  Kept find(mlir::OpBuilder &builder, mlir::Value operand, const Layout &layout,
            mlir::Type type, int64_t elements,
            llvm::function_ref<void(mlir::Value panels)> fill);
  /// Says that all panels of a variable have been copied, if this call did.
  static void setMade(mlir::OpBuilder &builder, mlir::Location loc,
                      const Kept &kept);

private:
  struct Entry {
    int64_t bytes = 0;
    mlir::Value marks; ///< the pointer to two bytes for each buffer
  };
  Kept addBuffer(mlir::func::FuncOp body, mlir::BlockArgument source,
                 int64_t elements, mlir::Type type);
  Kept findInEntry(mlir::Value operand, const Layout &layout, mlir::Type type,
                   int64_t elements);
  Kept findInGroup(mlir::Value operand, const Layout &layout, mlir::Type type,
                   int64_t elements);

  using Key = std::pair<void *, Layout>;
  static Key keyOf(mlir::BlockArgument source, mlir::Value operand,
                   Layout layout);
  mlir::Value addPointer(mlir::func::FuncOp body, int64_t number);
  llvm::ArrayRef<mlir::func::CallOp> callsOf(mlir::func::FuncOp function);

  llvm::DenseMap<mlir::Operation *, Entry> entries;
  llvm::DenseMap<mlir::StringAttr, llvm::SmallVector<mlir::func::CallOp>> calls;
  std::map<Key, Kept> made;
};

} // namespace tfc::kernels

#endif // TFC_LIB_CONVERSION_LINALGTOKERNELS_KEPTPANELS_H
