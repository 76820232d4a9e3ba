//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Long sums, without the rounding errors that pile up when millions of numbers
// are added one after the other.
//
// A sum of everything is made of blocks, each in vectors of partial results as
// before; blocks are added with Knuth's two-sum, which keeps what each rounding
// took away in a second number. The error is that of one block, however many
// there are. Sums along other dimensions than the innermost (columns) add some
// rows at a time in this way to each element of the result, beside which the
// lost parts have a buffer.
//
// Only sums that may be computed in any order; the cost is six additions for a
// block.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include <algorithm>

using namespace mlir;
using namespace tfc::loops;

/// Additions one after the other to one partial result: as many as a sum may do
/// without blocks, and in a block.
static constexpr int64_t longest = 64, chain = 32;
/// Of columns: rows that are added at a time, and the number of rows that may
/// be added without compensation.
static constexpr int64_t rowsAtATime = 8, fewRows = 256;

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

/// yield(accumulator + f(inputs)) of floats or complex numbers, in an order
/// that does not matter.
bool NestLowering::isSum() {
  if (!options.reassociate || op.getNumDpsInits() != 1 ||
      !isa<MemRefType>(op.getDpsInitOperand(0)->get().getType()))
    return false;
  Block &block = *op.getBlock();
  Value accumulator = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
  Operation *sum = block.getTerminator()->getOperand(0).getDefiningOp();
  if (!sum || sum->getBlock() != &block || !accumulator.hasOneUse() ||
      !sum->hasOneUse() || !llvm::is_contained(sum->getOperands(), accumulator))
    return false;
  if (auto floats = dyn_cast<arith::AddFOp>(sum))
    return arith::bitEnumContainsAll(floats.getFastmath(),
                                     arith::FastMathFlags::reassoc);
  return isa<complex::AddOp>(sum);
}

/// The number of iterations of a loop, 0 if it is not known.
static int64_t knownSize(const Range &range) {
  return getConstantIntValue(range.size).value_or(0);
}

void NestLowering::chooseBlocks() {
  if (!isSum())
    return;
  if (strategy.jam) {
    // Matrix products have no operand of the size of all loops.
    bool isContraction =
        llvm::none_of(op.getDpsInputOperands(), [&](OpOperand *input) {
          return llvm::all_of(strategy.order,
                              [&](unsigned dim) { return uses(*input, dim); });
        });
    if (isContraction)
      return;
    int64_t rows = 1;
    for (unsigned dim : strategy.order)
      if (isReduction(dim))
        rows = rows && knownSize(ranges[dim])
                   ? std::min(rows * knownSize(ranges[dim]), fewRows)
                   : fewRows;
    strategy.compensated = rows >= fewRows;
    return;
  }
  if (!strategy.accumulated)
    return;
  // Sizes of the loops that carry partial results, from the innermost one
  // outwards.
  int64_t partials = strategy.combiner ? strategy.lanes * strategy.unroll : 1,
          block = partials * chain, inside = 1;
  for (unsigned level = strategy.order.size();
       level-- > strategy.order.size() - strategy.accumulated;) {
    int64_t size = knownSize(ranges[strategy.order[level]]);
    if (!size || inside * size > partials * longest) {
      strategy.blockLevel = level;
      strategy.blockStep = std::max<int64_t>(1, block / inside);
      return;
    }
    inside *= size;
  }
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

static Value plus(OpBuilder &b, Location loc, Value x, Value y) {
  if (isa<ComplexType>(x.getType()))
    return complex::AddOp::create(b, loc, x, y);
  return arith::AddFOp::create(b, loc, x, y);
}
static Value minus(OpBuilder &b, Location loc, Value x, Value y) {
  if (isa<ComplexType>(x.getType()))
    return complex::SubOp::create(b, loc, x, y);
  return arith::SubFOp::create(b, loc, x, y);
}

/// Negative zeros: x + -0 is x, whatever x is.
static Value nothing(OpBuilder &b, Location loc, Type type) {
  if (auto complex = dyn_cast<ComplexType>(type)) {
    Attribute part = b.getFloatAttr(complex.getElementType(), -0.0);
    return complex::ConstantOp::create(b, loc, complex,
                                       b.getArrayAttr({part, part}));
  }
  TypedAttr zero = b.getFloatAttr(getElementTypeOrSelf(type), -0.0);
  if (auto vector = dyn_cast<VectorType>(type))
    zero = DenseElementsAttr::get(vector, Attribute(zero));
  return arith::ConstantOp::create(b, loc, zero);
}

/// Adds `x` to the total, and what rounding took away to the other number.
NestLowering::Compensated NestLowering::twoSum(Compensated sum, Value x) {
  Value total = plus(builder, loc, sum.total, x),
        part = minus(builder, loc, total, sum.total);
  Value error =
      plus(builder, loc,
           minus(builder, loc, sum.total, minus(builder, loc, total, part)),
           minus(builder, loc, x, part));
  return {total, plus(builder, loc, sum.lost, error)};
}

/// The total with what it lost; where it is infinite that is no number.
Value NestLowering::settle(Compensated sum) {
  auto real = [&](Value total, Value lost) -> Value {
    Value isLost = arith::CmpFOp::create(builder, loc,
                                         arith::CmpFPredicate::UNO, lost, lost);
    return arith::SelectOp::create(builder, loc, isLost, total,
                                   plus(builder, loc, total, lost));
  };
  auto type = dyn_cast<ComplexType>(sum.total.getType());
  if (!type)
    return real(sum.total, sum.lost);
  Type part = type.getElementType();
  auto re = [&](Value z) {
    return complex::ReOp::create(builder, loc, part, z).getResult();
  };
  auto im = [&](Value z) {
    return complex::ImOp::create(builder, loc, part, z).getResult();
  };
  return complex::CreateOp::create(builder, loc, type,
                                   real(re(sum.total), re(sum.lost)),
                                   real(im(sum.total), im(sum.lost)));
}

//===----------------------------------------------------------------------===//
// Sums of everything
//===----------------------------------------------------------------------===//

/// The sum of what the loops from `level` on go over now: in vectors, one
/// vector of partial results.
Value NestLowering::sumOfBlock(size_t level) {
  Type type = op.getBlock()->getTerminator()->getOperand(0).getType();
  Value none = nothing(builder, loc, type);
  if (!strategy.combiner)
    return accumulate(level, none).front();
  lanes = strategy.lanes;
  Value vector = spread(none);
  lanes = 1;
  Values partials(strategy.unroll, vector);
  partials.push_back(none);
  reducing = true;
  partials = accumulateLoops(level, partials);
  reducing = false;
  for (int64_t half = strategy.unroll / 2; half >= 1; half /= 2)
    for (int64_t i = 0; i < half; ++i)
      partials[i] = combine(partials[i], partials[i + half]);
  // What was left of the loop.
  Value left = partials.back(), rest = vector;
  auto insert = [&](Value x, int64_t place) {
    rest = vector::InsertOp::create(builder, loc, x, rest, place);
  };
  if (auto number = dyn_cast<ComplexType>(type)) {
    Type real = number.getElementType();
    insert(complex::ReOp::create(builder, loc, real, left), 0);
    insert(complex::ImOp::create(builder, loc, real, left), 1);
  } else {
    insert(left, 0);
  }
  return plus(builder, loc, partials[0], rest);
}

NestLowering::Compensated NestLowering::sumBlocks(size_t level,
                                                  Compensated sum) {
  unsigned dim = strategy.order[level];
  auto each = [&](Value from, Value to, int64_t step,
                  llvm::function_ref<Compensated(Compensated)> body) {
    auto loop = scf::ForOp::create(builder, loc, from, to, constant(step),
                                   ValueRange{sum.total, sum.lost});
    loop->setAttr(isRemainder, builder.getUnitAttr());
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(loop.getBody());
    ivs[dim] = loop.getInductionVar();
    Compensated next =
        body({loop.getRegionIterArgs()[0], loop.getRegionIterArgs()[1]});
    scf::YieldOp::create(builder, loc, ValueRange{next.total, next.lost});
    return Compensated{loop.getResult(0), loop.getResult(1)};
  };
  if (level < strategy.blockLevel)
    return each(first[dim], last[dim], 1,
                [&](Compensated sum) { return sumBlocks(level + 1, sum); });

  // Whole blocks have a known number of iterations; one that is not whole comes
  // last.
  Value begin = first[dim], end = last[dim];
  Value count = builder.createOrFold<arith::SubIOp>(loc, end, begin);
  Value rest = builder.createOrFold<arith::RemUIOp>(
      loc, count, constant(strategy.blockStep));
  Value whole = builder.createOrFold<arith::SubIOp>(loc, end, rest);
  auto block = [&](Value from, Value to) {
    return [&, from, to](Compensated sum) {
      first[dim] = from ? from : ivs[dim];
      last[dim] = to ? to
                     : builder.createOrFold<arith::AddIOp>(
                           loc, first[dim], constant(strategy.blockStep));
      wholeBlock = to ? 0 : strategy.blockStep;
      Value x = sumOfBlock(level);
      wholeBlock = 0;
      return twoSum(sum, x);
    };
  };
  sum = each(begin, whole, strategy.blockStep, block({}, {}));
  if (!isConstantIntValue(rest, 0))
    sum = block(whole, end)(sum);
  first[dim] = begin;
  last[dim] = end;
  return sum;
}

Value NestLowering::blockedSum(size_t level, Value init) {
  Type type = op.getBlock()->getTerminator()->getOperand(0).getType();
  Value none = nothing(builder, loc, type);
  if (strategy.combiner) {
    lanes = strategy.lanes;
    none = spread(none);
    lanes = 1;
  }
  Value sum = settle(sumBlocks(level, {none, none}));
  if (strategy.combiner)
    sum = sumOfLanes(sum);
  return plus(builder, loc, init, sum);
}

//===----------------------------------------------------------------------===//
// Columns
//===----------------------------------------------------------------------===//

Value NestLowering::noSum() {
  return nothing(builder, loc,
                 op.getBlock()->getTerminator()->getOperand(0).getType());
}

/// Adds the sum of some rows to the elements of the result at hand.
void NestLowering::addToColumn(OpOperand &init, Value x) {
  Values at = indices(init);
  Value before =
      lanes > 1 ? loadVector(lost, at)
                : memref::LoadOp::create(builder, loc, lost, at).getResult();
  Compensated sum = twoSum({loadElement(init), before}, spread(x));
  storeElement(init, sum.total);
  storeAt(lost, at, sum.lost);
}

int64_t NestLowering::jamDepth() const {
  if (strategy.compensated)
    return rowsAtATime;
  return strategy.jamRow ? strategy.jamRow : jamFactor;
}

/// A buffer for what the elements of the result lose, as long as `body` builds
/// the loops.
void NestLowering::withLostParts(llvm::function_ref<void()> body) {
  Value result = op.getDpsInitOperand(0)->get();
  auto type = cast<MemRefType>(result.getType());
  SmallVector<Value> sizes;
  for (auto [dim, size] : llvm::enumerate(type.getShape()))
    if (ShapedType::isDynamic(size))
      sizes.push_back(memref::DimOp::create(builder, loc, result, dim));
  auto dense = MemRefType::get(type.getShape(), type.getElementType());
  lost = memref::AllocOp::create(builder, loc, dense, sizes,
                                 builder.getI64IntegerAttr(64));
  auto run = [&](linalg::LinalgOp made) {
    NestLowering(builder, made, options).run();
  };
  OpBuilder::InsertionGuard guard(builder);
  Value zero = nothing(builder, loc, type.getElementType());
  auto fill = linalg::FillOp::create(builder, loc, zero, lost);
  builder.setInsertionPointAfter(fill);
  run(fill);
  builder.setInsertionPoint(op);
  body();
  builder.setInsertionPoint(op);
  AffineMap map = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> parallel(type.getRank(),
                                            utils::IteratorType::parallel);
  auto add = linalg::GenericOp::create(
      builder, loc, ValueRange{lost}, ValueRange{result}, {map, map}, parallel,
      [&](OpBuilder &b, Location, ValueRange args) {
        OpBuilder::InsertionGuard inner(builder);
        builder.setInsertionPointToEnd(b.getInsertionBlock());
        linalg::YieldOp::create(builder, loc, settle({args[1], args[0]}));
      });
  run(add);
  lost = {};
}
