//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Matrix products stay whole, as linalg ops that later passes tile.
//===----------------------------------------------------------------------===//

#include "Scalars.h"
#include "Windows.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

Value lowering::multiplyAdd(OpBuilder &b, Location loc, Type type, Value x,
                            Value y, Value sum) {
  if (isComplex(type))
    return complex::AddOp::create(b, loc, sum,
                                  complex::MulOp::create(b, loc, x, y));
  if (!isFloat(type))
    return arith::AddIOp::create(b, loc, sum,
                                 arith::MulIOp::create(b, loc, x, y));
  auto contract = arith::FastMathFlags::contract;
  Value product = arith::MulFOp::create(b, loc, x, y, contract);
  return arith::AddFOp::create(b, loc, sum, product,
                               contract | arith::FastMathFlags::reassoc);
}

Value lowering::addNumbers(OpBuilder &b, Location loc, Type type, Value x,
                           Value y) {
  if (isComplex(type))
    return complex::AddOp::create(b, loc, x, y);
  if (!isFloat(type))
    return arith::AddIOp::create(b, loc, x, y);
  return arith::AddFOp::create(b, loc, x, y);
}

namespace {
/// An operand of a product.
struct Factor {
  Value value;
  bool transposed;
};
} // namespace

/// Matrices that are transposed first are read as they were: kernels take any
/// order.
static Factor factorOf(Value value, bool transposed) {
  while (auto transpose = value.getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> swapped =
        llvm::to_vector(llvm::seq<int64_t>(0, rankOf(value)));
    std::swap(swapped[swapped.size() - 1], swapped[swapped.size() - 2]);
    if (transpose.getPerm() != ArrayRef(swapped))
      break;
    value = transpose.getX();
    transposed = !transposed;
  }
  return {value, transposed};
}

/// The general form: batches that broadcast, transposed operands.
static Value contractMatrices(Lowering &l, Factor first, Factor second,
                              ArrayRef<Dim> result, Value init,
                              Type accumulator) {
  Dims space(result);
  ArrayRef<Dim> x = l.dims.of(first.value), y = l.dims.of(second.value);
  space.push_back(x[x.size() - (first.transposed ? 2 : 1)]);
  size_t rank = result.size();

  Body body(l, space);
  SmallVector<AffineExpr> loops = body.identity();
  AffineExpr row = loops[rank - 2], column = loops[rank - 1],
             inner = loops[rank];
  SmallVector<AffineExpr> resultIndices(loops.begin(), loops.end() - 1);
  auto indices = [&](ArrayRef<Dim> of, AffineExpr first, AffineExpr second,
                     bool transposed) {
    SmallVector<AffineExpr> at;
    size_t batch = of.size() - 2, missing = rank - 2 - batch;
    for (size_t i = 0; i < batch; ++i)
      at.push_back(of[i] == 1 ? l.b.getAffineConstantExpr(0)
                              : loops[missing + i]);
    at.push_back(transposed ? second : first);
    at.push_back(transposed ? first : second);
    return at;
  };
  auto operand = [&](Value old, ArrayRef<AffineExpr> at) {
    Dims to(result.take_front(rank - 2));
    ArrayRef<Dim> from = l.dims.of(old);
    to.erase(to.begin(), to.begin() + (rank - from.size()));
    llvm::append_range(to, from.take_back(2));
    Value element = body.load(l.stretched(old, to), at);
    return castScalar(body.in, l.loc, element, elementOf(old), accumulator);
  };
  Value left = operand(first.value, indices(x, row, inner, first.transposed));
  Value right =
      operand(second.value, indices(y, inner, column, second.transposed));
  Value sum = body.addOutput(init, resultIndices);
  return body.finish(multiplyAdd(body.in, l.loc, accumulator, left, right, sum),
                     static_cast<int64_t>(rank))[0];
}

static LogicalResult lowerMatmul(Lowering &l, MatmulOp op) {
  Type element = elementOf(op.getResult());
  Type factor = elementOf(op.getX());
  // Of bytes with sums of 32 bits (`multiplyBeforeCasts`).
  Type accumulator =
      isFloat(factor) || isComplex(factor) ? sumType(factor) : element;
  Dims result(l.dims.of(op.getResult()));
  Value init =
      l.filled(result, accumulator, numberScalar(l.b, l.loc, accumulator, 0));
  Factor first = factorOf(op.getX(), op.getTransposeX()),
         second = factorOf(op.getY(), op.getTransposeY());
  ArrayRef<Dim> x = l.dims.of(first.value), y = l.dims.of(second.value);
  bool isUnsigned = accumulator != factor &&
                    (!factor.isSignlessInteger() ||
                     !elementOf(op.getY()).isSignlessInteger()) &&
                    !isFloat(factor);
  bool plain = !first.transposed && !second.transposed && !isUnsigned;
  Value product;
  if (plain && x.size() == 2 && y.size() == 2)
    product = linalg::MatmulOp::create(
                  l.b, l.loc,
                  ValueRange{l.value(first.value), l.value(second.value)}, init)
                  .getResult(0);
  else if (plain && x.size() == 3 && y.size() == 3 && x[0] == y[0])
    product = linalg::BatchMatmulOp::create(
                  l.b, l.loc,
                  ValueRange{l.value(first.value), l.value(second.value)}, init)
                  .getResult(0);
  else
    product = contractMatrices(l, first, second, result, init, accumulator);
  if (accumulator != element) {
    Body body(l, result);
    Value narrow =
        castScalar(body.in, l.loc, body.load(product, body.identity()),
                   accumulator, element);
    body.addOutput(l.empty(result, element), body.identity());
    product = body.finish(narrow)[0];
  }
  l.set(op.getResult(), product);
  return success();
}

void lowering::addContractionHandlers(Handlers &handlers) {
  addHandler<MatmulOp, lowerMatmul>(handlers);
}
