//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Rows that are read in steps or backwards, in vectors.
//
// Every second element of a row, or a row from its end (a flip); and where a
// row of pixels with their few channels is one loop (Repeat.cpp), every second
// pixel (windows with strides), pixels from the last one on, or channels in
// opposite order; colours without what else a pixel has. What the lanes of a
// vector need is in a few vectors that follow each other in memory: those are
// loaded, and lanes are picked from them. Which lanes is known when code is
// generated, since a body does as many vectors as channels repeat after.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace mlir;
using namespace tfc::loops;

/// Vectors from which the lanes of one are picked.
static constexpr int64_t mostPieces = 4;
/// Vectors of a body.
static constexpr int64_t mostRepeats = 7;

std::optional<int64_t> tfc::loops::factorOf(AffineExpr index, unsigned loop,
                                            unsigned loops) {
  MLIRContext *context = index.getContext();
  AffineExpr at = getAffineDimExpr(loop, context),
             start = index.replace(at, getAffineConstantExpr(0, context)),
             next = index.replace(at, getAffineConstantExpr(1, context));
  auto factor =
      dyn_cast<AffineConstantExpr>(simplifyAffineExpr(next - start, loops, 0));
  if (!factor ||
      simplifyAffineExpr(index - start - at * factor.getValue(), loops, 0) !=
          getAffineConstantExpr(0, context))
    return std::nullopt;
  return factor.getValue();
}

/// How the operand moves along the innermost loop, where that is neither not at
/// all nor by one.
std::optional<Spread> NestLowering::spreadOf(OpOperand &operand) {
  if (auto known = spreads.find(operand.getOperandNumber());
      known != spreads.end())
    return known->second;
  unsigned inner = strategy.order.back();
  ArrayRef<AffineExpr> indices = maps[operand.getOperandNumber()].getResults();
  if (indices.empty() || !indices.back().isFunctionOfDim(inner))
    return std::nullopt;
  std::optional<int64_t> factor =
      factorOf(indices.back(), inner, iterators.size());
  if (!factor || *factor == 1 || *factor == 0 ||
      std::abs(*factor) > Spread::mostSteps)
    return std::nullopt;
  return Spread{1, *factor, 1};
}

/// Can as many elements at once be picked from a few vectors?
static bool isNear(const Spread &spread, int64_t lanes) {
  for (int64_t phase = 0; phase < spread.group; ++phase) {
    int64_t low = spread.place(phase), high = low;
    for (int64_t lane = 1; lane < lanes; ++lane) {
      low = std::min(low, spread.place(phase + lane));
      high = std::max(high, spread.place(phase + lane));
    }
    if (high - low + 1 > mostPieces * lanes)
      return false;
  }
  return true;
}

/// Inputs of an op whose innermost loop is parallel and of known size.
bool NestLowering::mayBeSpread(OpOperand &operand) {
  unsigned inner = strategy.order.back();
  auto type = cast<MemRefType>(operand.get().getType());
  ArrayRef<AffineExpr> indices = maps[operand.getOperandNumber()].getResults();
  return options.vectorBits >= 256 && !op.isDpsInit(&operand) &&
         !isReduction(inner) && getConstantIntValue(ranges[inner].size) &&
         type.getElementType().isIntOrFloat() && isContiguous(type) &&
         spreadOf(operand) &&
         (spreads.contains(operand.getOperandNumber()) ||
          llvm::none_of(indices.drop_back(), [&](AffineExpr index) {
            return index.isFunctionOfDim(inner);
          }));
}

/// As many vectors at once as it takes until groups begin with one again; false
/// if that does not do.
bool NestLowering::unrollSpread(ArrayRef<OpOperand *> operands) {
  int64_t repeats = 1;
  for (OpOperand *operand : operands) {
    Spread spread = *spreadOf(*operand);
    if (!isNear(spread, strategy.lanes))
      return false;
    repeats = std::lcm(repeats,
                       spread.group / std::gcd(spread.group, strategy.lanes));
  }
  if (repeats > mostRepeats)
    return false;
  strategy.spread = !operands.empty();
  if (strategy.spread)
    strategy.unroll = repeats * std::max<int64_t>(1, strategy.unroll / repeats);
  return true;
}

/// The operand's elements of the next iterations.
Value NestLowering::loadSpread(OpOperand &operand) {
  Spread spread = *spreadOf(operand);
  unsigned inner = strategy.order.back();
  Value at = ivs[inner];
  // Loops begin with a group, and so does each of their bodies.
  int64_t phase = getConstantIntValue(at).value_or(behind) % spread.group,
          count = knownLanes ? knownLanes : lanes;
  SmallVector<int64_t> places;
  for (int64_t lane = 0; lane < count; ++lane)
    places.push_back(spread.place(phase + lane));
  int64_t low = *llvm::min_element(places), high = *llvm::max_element(places);

  // Where the group of the first lane begins: further on in the last
  // dimension, and perhaps behind its end, where the next ones are.
  unsigned loops = iterators.size();
  AffineExpr along = builder.getAffineDimExpr(inner),
             none = builder.getAffineConstantExpr(0), groups = along - phase;
  bool isEven = spread.stride % spread.group == 0;
  if (!isEven)
    ivs[inner] = builder.createOrFold<arith::DivUIOp>(
        loc, builder.createOrFold<arith::SubIOp>(loc, at, constant(phase)),
        constant(spread.group));
  SmallVector<AffineExpr> exprs;
  for (AffineExpr index : maps[operand.getOperandNumber()].getResults())
    exprs.push_back(simplifyAffineExpr(index.replace(along, none), loops, 0));
  exprs.back() = simplifyAffineExpr(
      exprs.back() + (isEven ? groups * (spread.stride / spread.group)
                             : along * spread.stride),
      loops, 0);
  Values indices = llvm::map_to_vector(exprs, [&](AffineExpr index) {
    return affine::expandAffineExpr(builder, loc, index, ivs, {});
  });
  ivs[inner] = at;
  return pickLanes(places, low, high, operand.get(), indices);
}

/// The elements at `places` behind `begin`, from pieces of `low` to `high`.
Value NestLowering::pickLanes(ArrayRef<int64_t> places, int64_t low,
                              int64_t high, Value memref, Values begin) {
  auto type = VectorType::get(
      lanes, cast<MemRefType>(memref.getType()).getElementType());
  int64_t span = high - low + 1;
  auto truths = VectorType::get(lanes, builder.getI1Type());
  auto load = [&](int64_t start) -> Value {
    Values at = begin;
    at.back() =
        builder.createOrFold<arith::AddIOp>(loc, at.back(), constant(start));
    if (span >= lanes)
      return vector::LoadOp::create(builder, loc, type, memref, at);
    SmallVector<bool> there(lanes, false);
    std::fill_n(there.begin(), span, true);
    return vector::MaskedLoadOp::create(
        builder, loc, type, memref, at,
        arith::ConstantOp::create(
            builder, loc, truths,
            DenseElementsAttr::get(truths, ArrayRef(there))),
        arith::ConstantOp::create(builder, loc, builder.getZeroAttr(type)));
  };
  // The last piece ends where the last place is, and reads nothing behind it;
  // the first one that has a place has the lane.
  auto pieceOf = [&](int64_t place) { return (place - low) / lanes; };
  auto startOf = [&](int64_t piece) {
    return std::min(low + piece * lanes, std::max(low, high - lanes + 1));
  };
  Value picked;
  SmallVector<int64_t> from(lanes, 0);
  int64_t firstPiece = 0;
  for (int64_t piece = 0; piece * lanes < span; ++piece) {
    if (llvm::none_of(places, [&](int64_t at) { return pieceOf(at) == piece; }))
      continue;
    Value next = load(startOf(piece));
    if (!picked) {
      picked = next;
      firstPiece = piece;
      continue;
    }
    // The first step picks from both; later ones leave what is there.
    bool isFirst = firstPiece >= 0;
    for (auto [lane, at] : llvm::enumerate(places)) {
      int64_t place = at - startOf(pieceOf(at));
      from[lane] = pieceOf(at) == piece             ? lanes + place
                   : isFirst && pieceOf(at) < piece ? place
                                                    : int64_t(lane);
    }
    picked = vector::ShuffleOp::create(builder, loc, picked, next, from);
    firstPiece = -1;
  }
  if (firstPiece < 0)
    return picked;
  for (auto [lane, at] : llvm::enumerate(places))
    from[lane] = at - startOf(pieceOf(at));
  if (llvm::equal(from, llvm::seq<int64_t>(0, lanes)))
    return picked;
  return vector::ShuffleOp::create(builder, loc, picked, picked, from);
}
