//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/IR/TFCDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/InliningUtils.h"
#include "tfc/Dialect/TFC/IR/TFCOps.h"

using namespace mlir;
using namespace tfc;

#include "tfc/Dialect/TFC/IR/TFCDialect.cpp.inc"

namespace {
/// Bodies of functions of the dialect may be put in place of a call, and into
/// regions of `tfc.if` and `tfc.while`.
struct TFCInlinerInterface : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;

  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void TFCDialect::initialize() {
  registerTypes();
  registerTFCDialectOperations(this);
  addInterfaces<TFCInlinerInterface>();
}

Operation *TFCDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                           Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || !isCompatible(elements.getShapedType(), type))
    return nullptr;
  return ConstantOp::create(builder, loc, type, elements);
}
