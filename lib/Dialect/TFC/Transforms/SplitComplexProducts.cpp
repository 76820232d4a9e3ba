//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Complex matrix products as four real ones.
//
// Three would do, but lose digits where the parts differ in size.
//===----------------------------------------------------------------------===//

#include "tfc/Dialect/TFC/IR/TFC.h"
#include "tfc/Dialect/TFC/Transforms/Passes.h"

namespace tfc {
#define GEN_PASS_DEF_TFCSPLITCOMPLEXPRODUCTSPASS
#include "tfc/Dialect/TFC/Transforms/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc;

namespace {

/// Below so many multiplications, copies of the parts take longer.
constexpr int64_t least = 4096;

bool isSmall(MatmulOp op) {
  auto x = cast<RankedTensorType>(op.getX().getType());
  auto result = cast<RankedTensorType>(op.getResult().getType());
  int64_t depth = x.getDimSize(x.getRank() - (op.getTransposeX() ? 2 : 1));
  if (!result.hasStaticShape() || ShapedType::isDynamic(depth))
    return false;
  return result.getNumElements() * depth < least;
}

struct Parts {
  Value real, imag;
};

Parts split(OpBuilder &b, Location loc, Value x) {
  auto type = cast<RankedTensorType>(x.getType());
  Type part =
      type.clone(cast<ComplexType>(type.getElementType()).getElementType());
  return {RealOp::create(b, loc, part, x), ImagOp::create(b, loc, part, x)};
}

void splitProduct(MatmulOp op) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  Parts x = split(b, loc, op.getX()), y = split(b, loc, op.getY());
  auto type = cast<RankedTensorType>(op.getResult().getType());
  Type part =
      type.clone(cast<ComplexType>(type.getElementType()).getElementType());
  auto product = [&](Value left, Value right) -> Value {
    return MatmulOp::create(b, loc, part, left, right, op.getTransposeXAttr(),
                            op.getTransposeYAttr());
  };
  Value real = SubOp::create(b, loc, part, product(x.real, y.real),
                             product(x.imag, y.imag));
  Value imag = AddOp::create(b, loc, part, product(x.real, y.imag),
                             product(x.imag, y.real));
  op.replaceAllUsesWith(
      ComplexOp::create(b, loc, type, real, imag).getResult());
  op.erase();
}

struct TFCSplitComplexProductsPass
    : public tfc::impl::TFCSplitComplexProductsPassBase<
          TFCSplitComplexProductsPass> {
  void runOnOperation() override {
    SmallVector<MatmulOp> products;
    getOperation()->walk([&](MatmulOp op) {
      auto type = dyn_cast<RankedTensorType>(op.getResult().getType());
      bool ranked = type && isa<RankedTensorType>(op.getX().getType()) &&
                    isa<RankedTensorType>(op.getY().getType());
      if (ranked && isa<ComplexType>(type.getElementType()) && !isSmall(op))
        products.push_back(op);
    });
    for (MatmulOp op : products)
      splitProduct(op);
  }
};

} // namespace
