//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Loops on memory that do the same but for numbers: bounds, strides, offsets.
//===----------------------------------------------------------------------===//

#ifndef TFC_LIB_DIALECT_TFCRT_TRANSFORMS_NUMBERS_H
#define TFC_LIB_DIALECT_TFCRT_TRANSFORMS_NUMBERS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tfc::rt {

/// A number that an op goes by, of the type `index` if it says no other.
struct Number {
  enum Kind {
    operand, ///< a constant
    stride,  ///< of a dimension of the memory that it touches
    offset,  ///< of a view, in a dimension
    elements ///< of memory on the stack
  };
  mlir::Operation *op;
  Kind kind;
  unsigned place; ///< of the operand, or the dimension
  int64_t value;  ///< of a float its bits
  mlir::Type type;
};

/// The address is all there is to know about it.
bool isPointer(mlir::Type type);

/// All numbers of the ops that may be arguments instead, in their order.
llvm::SmallVector<Number> numbersOf(llvm::ArrayRef<mlir::Operation *> ops);

/// Of what two lists have in common if they are the same but for numbers.
size_t hashWithoutNumbers(llvm::ArrayRef<mlir::Operation *> ops);

/// Whether they are, and code is as good that gets to know those that differ
/// only when it is called.
bool areEqualButForNumbers(llvm::ArrayRef<mlir::Operation *> x,
                           llvm::ArrayRef<mlir::Operation *> y);

/// Which of the numbers are used in a loop that has none inside.
llvm::SmallVector<bool> areHot(llvm::ArrayRef<Number> numbers);

/// Makes arguments of numbers of the function's body, in their order; those
/// that have no value stay. Memory becomes flat: its sizes are numbers, too.
void takeNumbers(mlir::func::FuncOp function,
                 llvm::ArrayRef<mlir::Value> values);

} // namespace tfc::rt

#endif // TFC_LIB_DIALECT_TFCRT_TRANSFORMS_NUMBERS_H
