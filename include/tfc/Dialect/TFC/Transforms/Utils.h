//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Small rewrites that several passes share.
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_TRANSFORMS_UTILS_H
#define TFC_DIALECT_TFC_TRANSFORMS_UTILS_H

#include "tfc/Dialect/TFC/IR/TFC.h"
#include <optional>

namespace tfc {

/// Whether `op` can take ordering tokens.
bool takesTokens(mlir::Operation *op);
/// The tokens that `op` waits for; none if it cannot.
mlir::ValueRange getTokens(mlir::Operation *op);
/// Makes `op` wait for these tokens and no others.
void setTokens(mlir::Operation *op, mlir::ValueRange tokens);
/// The token that `op` returns, its last result; null if it has none.
mlir::Value getToken(mlir::Operation *op);

/// Appends to what the region of `block` yields.
void addYields(mlir::Block &block, mlir::ValueRange values);
/// A copy of `op` that owns its regions and has more results, before its token.
/// The uses of `op` go to the copy; the caller erases `op`.
IfOp addResults(IfOp op, mlir::TypeRange types);
/// The same with more initial values and results; the caller has added the
/// arguments and yields of the regions.
WhileOp addLoopValues(WhileOp op, mlir::ValueRange inits,
                      mlir::TypeRange types);

/// The most specific type of which both are special cases. Element types must
/// agree, lists likewise.
mlir::Type joinTypes(mlir::Type a, mlir::Type b);
/// The least specific type that is a special case of both; null if there is
/// none.
mlir::Type meetTypes(mlir::Type a, mlir::Type b);
/// Whether each value of type `type` is one of type `general`.
bool isSpecialCase(mlir::Type type, mlir::Type general);

/// Replaces `old` by `value`, whose type may be more or less specific. Users
/// outside the dialect, which want one exact type, get a cast.
void replaceWithCast(mlir::Value old, mlir::Value value);
/// `value` as `type`, a more or less specific one.
mlir::Value castTo(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Value value, mlir::Type type);

/// The types of all values in the regions of an op, to go back to. The regions
/// must have the same values then.
class TypeSnapshot {
public:
  explicit TypeSnapshot(mlir::Operation *op);
  void restore();

private:
  void forEachValue(llvm::function_ref<void(mlir::Value)> visit);
  mlir::Operation *op;
  llvm::SmallVector<mlir::Type> types;
};

} // namespace tfc

#endif // TFC_DIALECT_TFC_TRANSFORMS_UTILS_H
