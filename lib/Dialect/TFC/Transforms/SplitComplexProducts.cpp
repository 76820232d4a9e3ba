//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Complex matrix products as real ones: of both parts on top of each other and
// both parts side by side, which is shared out among threads as one loop. Where
// sizes are unknown, as four products.
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

/// Where the rows of the left operand are, and the columns of the right one.
int64_t rowsOf(MatmulOp op) {
  auto x = cast<RankedTensorType>(op.getX().getType());
  return x.getRank() - (op.getTransposeX() ? 1 : 2);
}
int64_t columnsOf(MatmulOp op) {
  auto y = cast<RankedTensorType>(op.getY().getType());
  return y.getRank() - (op.getTransposeY() ? 2 : 1);
}

bool hasKnownSizes(MatmulOp op) {
  auto x = cast<RankedTensorType>(op.getX().getType()),
       y = cast<RankedTensorType>(op.getY().getType()),
       z = cast<RankedTensorType>(op.getResult().getType());
  return !x.isDynamicDim(rowsOf(op)) && !y.isDynamicDim(columnsOf(op)) &&
         llvm::none_of(z.getShape().take_back(2), ShapedType::isDynamic);
}

/// Both parts along a dimension of known size.
Value join(OpBuilder &b, Location loc, Parts parts, int64_t axis) {
  auto type = cast<RankedTensorType>(parts.real.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] *= 2;
  return ConcatOp::create(b, loc, type.clone(shape),
                          ValueRange{parts.real, parts.imag},
                          b.getI64IntegerAttr(axis));
}

/// One of the four products in that of joined parts.
Value quarter(OpBuilder &b, Location loc, Value product, RankedTensorType part,
              bool down, bool right) {
  int64_t rank = part.getRank();
  SmallVector<int64_t> starts(rank, 0), sizes(part.getShape()),
      strides(rank, 1);
  if (down)
    starts[rank - 2] = sizes[rank - 2];
  if (right)
    starts[rank - 1] = sizes[rank - 1];
  return SliceOp::create(b, loc, part, product, starts, sizes, strides);
}

/// Parts of x on top of each other, those of y side by side.
Parts multiplyJoined(OpBuilder &b, MatmulOp op, Parts x, Parts y,
                     RankedTensorType part) {
  Location loc = op.getLoc();
  int64_t last = part.getRank() - 1;
  Value rows = join(b, loc, x, rowsOf(op));
  Value columns = join(b, loc, y, columnsOf(op));
  SmallVector<int64_t> shape(part.getShape());
  shape[last - 1] *= 2, shape[last] *= 2;
  Value all = MatmulOp::create(b, loc, part.clone(shape), rows, columns,
                               op.getTransposeXAttr(), op.getTransposeYAttr());
  auto at = [&](bool down, bool right) {
    return quarter(b, loc, all, part, down, right);
  };
  return {SubOp::create(b, loc, part, at(false, false), at(true, true)),
          AddOp::create(b, loc, part, at(false, true), at(true, false))};
}

Parts multiply(OpBuilder &b, MatmulOp op, Parts x, Parts y,
               RankedTensorType part) {
  Location loc = op.getLoc();
  auto product = [&](Value left, Value right) -> Value {
    return MatmulOp::create(b, loc, part, left, right, op.getTransposeXAttr(),
                            op.getTransposeYAttr());
  };
  return {SubOp::create(b, loc, part, product(x.real, y.real),
                        product(x.imag, y.imag)),
          AddOp::create(b, loc, part, product(x.real, y.imag),
                        product(x.imag, y.real))};
}

void splitProduct(MatmulOp op) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  Parts x = split(b, loc, op.getX()), y = split(b, loc, op.getY());
  auto type = cast<RankedTensorType>(op.getResult().getType());
  auto part =
      type.clone(cast<ComplexType>(type.getElementType()).getElementType());
  Parts z = hasKnownSizes(op) ? multiplyJoined(b, op, x, y, part)
                              : multiply(b, op, x, y, part);
  op.replaceAllUsesWith(
      ComplexOp::create(b, loc, type, z.real, z.imag).getResult());
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
