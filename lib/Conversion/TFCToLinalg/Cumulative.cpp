//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Running sums, products and logarithms of sums: a loop along the axis inside loops over the others.
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

template <typename FloatOp, typename IntOp, typename ComplexOp>
static Value combine(Lowering &l, Type type, Value x, Value y) {
  if (isComplex(type))
    return ComplexOp::create(l.b, l.loc, x, y);
  if (isFloat(type))
    return FloatOp::create(l.b, l.loc, x, y);
  return IntOp::create(l.b, l.loc, x, y);
}

/// log(exp(x) + exp(y)): the larger one and what the smaller one adds.
static Value logAddExp(Lowering &l, Value x, Value y) {
  Value top = arith::MaximumFOp::create(l.b, l.loc, x, y);
  Value low = arith::MinimumFOp::create(l.b, l.loc, x, y);
  Value gap = arith::SubFOp::create(l.b, l.loc, low, top);
  Value more = math::Log1pOp::create(l.b, l.loc, math::ExpOp::create(l.b, l.loc, gap));
  // Of two infinities the difference is no number.
  Value same = arith::CmpFOp::create(l.b, l.loc, arith::CmpFPredicate::OEQ, low, top);
  Value two = arith::ConstantOp::create(l.b, l.loc, l.b.getFloatAttr(x.getType(), 0.693147180559945309417));
  more = arith::SelectOp::create(l.b, l.loc, same, two, more);
  return arith::AddFOp::create(l.b, l.loc, top, more);
}

template <typename Op> static LogicalResult lowerCumulative(Lowering &l, Op op) {
  constexpr bool isSum = std::is_same_v<Op, CumsumOp>, isLog = std::is_same_v<Op, CumlogsumexpOp>;
  Value x = op.getX();
  ArrayRef<Dim> of = l.dims.of(x);
  Type element = elementOf(x), type = isHalf(element) ? Type(l.b.getF32Type()) : element;
  size_t axis = op.getAxis();
  SmallVector<Value> others;
  for (auto [i, dim] : llvm::enumerate(of))
    if (i != axis)
      others.push_back(l.size(dim));
  Value source = l.value(x), extent = l.size(of[axis]);

  auto row = [&](ValueRange outer, ValueRange carried) -> SmallVector<Value> {
    Value start = isLog ? extremeScalar(l.b, l.loc, type, /*greatest=*/false)
                        : numberScalar(l.b, l.loc, type, isSum ? 0 : 1);
    auto step = [&](ValueRange ivs, ValueRange args) -> SmallVector<Value> {
      Value place = ivs[0];
      if (op.getReverse()) {
        Value last = arith::SubIOp::create(l.b, l.loc, extent, l.constantIndex(1));
        place = arith::SubIOp::create(l.b, l.loc, last, place);
      }
      SmallVector<Value> at(outer);
      at.insert(at.begin() + axis, place);
      Value scalar = castScalar(l.b, l.loc, l.extract(source, at, element), element, type);
      Value after = isLog ? logAddExp(l, args[1], scalar)
                    : isSum ? combine<arith::AddFOp, arith::AddIOp, complex::AddOp>(l, type, args[1], scalar)
                            : combine<arith::MulFOp, arith::MulIOp, complex::MulOp>(l, type, args[1], scalar);
      Value stored = castScalar(l.b, l.loc, op.getExclusive() ? args[1] : after, type, element);
      return {l.insert(stored, args[0], at, element), after};
    };
    return {l.loopNest(extent, {carried[0], start}, step)[0]};
  };
  l.set(op.getResult(), l.loopNest(others, l.empty(of, element), row)[0]);
  return success();
}

void lowering::addCumulativeHandlers(Handlers &handlers) {
  addHandler<CumsumOp, lowerCumulative<CumsumOp>>(handlers);
  addHandler<CumprodOp, lowerCumulative<CumprodOp>>(handlers);
  addHandler<CumlogsumexpOp, lowerCumulative<CumlogsumexpOp>>(handlers);
}
