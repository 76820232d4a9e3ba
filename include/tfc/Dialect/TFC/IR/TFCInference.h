//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
//
// What the shape rules of many ops share. Each op's `inferReturnTypes` is the
// one place that knows its result type; unknown dimensions and ranks go in and
// come out.
//
//===----------------------------------------------------------------------===//

#ifndef TFC_DIALECT_TFC_IR_TFCINFERENCE_H
#define TFC_DIALECT_TFC_IR_TFCINFERENCE_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/ValueRange.h"
#include <optional>

namespace tfc::detail {

/// An op that is being built has its operands counted here; one that is
/// verified has passed this already.
mlir::LogicalResult checkOperandCount(std::optional<mlir::Location> location,
                                      size_t want, size_t got);

template <typename OpTy>
mlir::LogicalResult checkOperandCount(std::optional<mlir::Location> location,
                                      mlir::ValueRange operands) {
  using namespace mlir::OpTrait;
  if constexpr (OpTy::template hasTrait<ZeroOperands>())
    return checkOperandCount(location, 0, operands.size());
  else if constexpr (OpTy::template hasTrait<OneOperand>())
    return checkOperandCount(location, 1, operands.size());
  else if constexpr (OpTy::template hasTrait<NOperands<2>::Impl>())
    return checkOperandCount(location, 2, operands.size());
  else if constexpr (OpTy::template hasTrait<NOperands<3>::Impl>())
    return checkOperandCount(location, 3, operands.size());
  else if constexpr (OpTy::template hasTrait<AtLeastNOperands<1>::Impl>())
    return operands.empty() ? checkOperandCount(location, 1, 0)
                            : mlir::success();
  else
    return mlir::success();
}

/// The element type of an elementwise op's result, given that of its operands.
enum class ElementRule { Same, Bool, Real, Complex, UInt8 };

/// The shape rule of elementwise ops: one element type, broadcast shapes.
mlir::LogicalResult
inferElementwise(std::optional<mlir::Location> location,
                 mlir::ValueRange operands, ElementRule rule,
                 llvm::SmallVectorImpl<mlir::Type> &results);

} // namespace tfc::detail

#endif // TFC_DIALECT_TFC_IR_TFCINFERENCE_H
