//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Types of values from types of arguments.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_TRANSFORMS_REFINESHAPES_H
#define TFC_DIALECT_TFC_TRANSFORMS_REFINESHAPES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <optional>

namespace tfc {

/// Infers the types of all values of `function` again, from its arguments on:
/// branches join what they yield, loops run to a fixed point. A type only
/// becomes more specific. With `refineResults` the function's own result types
/// become so too, else they are kept with casts. Fails, with a diagnostic,
/// where an op cannot have such operands; the function then must not be used.
mlir::LogicalResult refineShapes(mlir::func::FuncOp function,
                                 bool refineResults);

/// The same for the values of a function's body alone: what it returns may then
/// have types that the function does not declare.
mlir::LogicalResult refineShapes(mlir::Region &body);

/// Gives lists the element type that the tensors put into them have in common,
/// and refines what follows from that. Run `refineShapes` of the function
/// afterwards.
mlir::LogicalResult refineLists(mlir::func::FuncOp function);

/// Replaces the types of the arguments by more specific ones, one for each
/// argument, and refines lists and shapes of the body and the result types. A
/// resource argument may be given as its resource type or as its value type.
/// Fails, with a diagnostic, when a type is no special case of the argument's
/// or the body cannot have it; the function then must not be used (work on a
/// clone).
mlir::LogicalResult
specializeFunction(mlir::func::FuncOp function,
                   llvm::ArrayRef<mlir::Type> argumentTypes);

/// The same with shapes: one for each argument, of tensors and variables;
/// nothing leaves an argument as it is.
mlir::LogicalResult specializeFunction(
    mlir::func::FuncOp function,
    llvm::ArrayRef<std::optional<llvm::SmallVector<int64_t>>> shapes);

} // namespace tfc

#endif // TFC_DIALECT_TFC_TRANSFORMS_REFINESHAPES_H
