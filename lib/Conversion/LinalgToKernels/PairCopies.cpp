//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Copies of the operands of a product of bfloat16, in squares of pairs, and the
// least exponent of what was copied.
//===----------------------------------------------------------------------===//

#include "PairEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tfc::kernels;

/// Lanes past the last one repeat it; k past the last one are zero.
void PairEmitter::copy(const Lanes &from, Value firstLane, const Block &block,
                       const Squares &to) {
  Value zero = b.constant(0);
  b.loop(zero, b.constant(2), 1, [&](Value group) {
    Value lane = b.add(firstLane, b.mul(group, b.constant(side))),
          start = b.add(to.start, b.mul(group, block.groupSize));
    b.loop(zero, block.squares, 1, [&](Value square) {
      Value k = b.mul(square, b.constant(squareDepth));
      copySquare(from, lane, b.add(block.first, k), b.sub(from.count, lane),
                 b.sub(block.depth, k),
                 b.add(start, b.mul(square, b.constant(squareSize))),
                 to.memory);
    });
  });
}

/// The elements k and k + 1 of 16 neighbouring lanes.
Value PairEmitter::pairOfRows(const Lanes &from, Value lane, Value k,
                              Value depth, Value mask, bool whole) {
  auto halves = VectorType::get(side, b.builder.getI16Type());
  auto row = [&](int64_t number) {
    Value at = b.add(k, b.constant(number));
    // What is read instead of a missing element is set to zero.
    Value exists;
    if (!whole) {
      exists = b.builder.createOrFold<arith::CmpIOp>(
          b.loc, arith::CmpIPredicate::slt, at, depth);
      at = b.choose(exists, at, b.constant(0));
    }
    Value bits = bitcast(
        b.loadAs(from.matrix.memory, from.at(b, lane, at), side, mask), halves);
    if (exists)
      bits = b.choose(exists, bits, splat(0, halves));
    return arith::ExtUIOp::create(b.builder, b.loc, pairs, bits).getResult();
  };
  Value low = row(0), high = row(1);
  return make<arith::OrIOp>(low, make<arith::ShLIOp>(high, splat(16, pairs)));
}

/// Rows of the left operand's squares are lanes, those of the right one's are
/// pairs.
void PairEmitter::copySquare(const Lanes &from, Value firstLane, Value firstK,
                             Value lanes, Value depth, Value to, Value memory) {
  Value zero = b.constant(0), lastLane = b.sub(from.count, b.constant(1));
  auto store = [&](Values vectors, bool lanesAreRows) {
    if (lanesAreRows != from.isLeft)
      vectors = b.transpose(vectors);
    for (auto [number, vector] : llvm::enumerate(vectors))
      b.store(vector, memory, offset(to, number * side));
  };
  auto elements = VectorType::get(squareDepth, b.builder.getBF16Type());
  if (from.depthIsContiguous()) {
    auto all = [&](Value mask) {
      Values vectors;
      for (int64_t lane = 0; lane < side; ++lane) {
        Value at = b.min(offset(firstLane, lane), lastLane);
        vectors.push_back(
            bitcast(b.loadAs(from.matrix.memory, from.at(b, at, firstK),
                             elements.getNumElements(), mask),
                    pairs));
      }
      store(vectors, /*lanesAreRows=*/true);
    };
    return b.branch(
        b.atLeast(depth, b.constant(squareDepth)), [&] { all({}); },
        [&] { all(b.mask(b.max(depth, zero), squareDepth)); });
  }
  if (from.lanesAreContiguous()) {
    auto all = [&](Value mask, bool whole) {
      Values vectors;
      for (int64_t pair = 0; pair < side; ++pair)
        vectors.push_back(pairOfRows(from, firstLane, offset(firstK, 2 * pair),
                                     b.add(firstK, depth), mask, whole));
      store(vectors, /*lanesAreRows=*/false);
    };
    Value whole = b.both(b.atLeast(depth, b.constant(squareDepth)),
                         b.atLeast(lanes, b.constant(side)));
    return b.branch(
        whole, [&] { all({}, true); },
        [&] { all(b.mask(b.max(lanes, zero), side), false); });
  }
  // Element by element.
  auto type = cast<MemRefType>(from.matrix.memory.getType()).getElementType();
  b.loop(zero, b.constant(side), 1, [&](Value number) {
    Value lane = b.min(b.add(firstLane, number), lastLane);
    b.loop(zero, b.constant(side), 1, [&](Value pair) {
      auto element = [&](int64_t half) {
        Value k = b.add(b.mul(pair, b.constant(2)), b.constant(half));
        Value exists = b.builder.createOrFold<arith::CmpIOp>(
            b.loc, arith::CmpIPredicate::slt, k, depth);
        Value at = b.add(firstK, b.choose(exists, k, zero));
        Value value = memref::LoadOp::create(
            b.builder, b.loc, type, from.matrix.memory, from.at(b, lane, at));
        Value bits = arith::BitcastOp::create(b.builder, b.loc,
                                              b.builder.getI16Type(), value);
        bits = arith::ExtUIOp::create(b.builder, b.loc, pairType, bits);
        return b.choose(exists, bits, this->pair(0));
      };
      Value low = element(0), high = element(1);
      Value both =
          make<arith::OrIOp>(low, make<arith::ShLIOp>(high, this->pair(16)));
      Value row = from.isLeft ? number : pair,
            column = from.isLeft ? pair : number;
      memref::StoreOp::create(
          b.builder, b.loc, both, memory,
          b.add(to, b.add(b.mul(row, b.constant(side)), column)));
    });
  });
}

/// The least exponent, as it is stored, of elements that are not zero; a large
/// number if there are none.
Value PairEmitter::leastExponent(const Squares &squares, const Block &block) {
  auto halves = VectorType::get(2 * side, b.builder.getI16Type());
  // Without its sign, a number grows with its bits; zero becomes the largest.
  Value none = splat(-1, halves);
  auto least = b.loop(
      b.constant(0), b.mul(block.groupSize, b.constant(2)), side,
      ValueRange{none}, [&](Value at, ValueRange carried) -> Values {
        Value bits = bitcast(
            b.loadAs(squares.memory, b.add(squares.start, at), side), halves);
        bits = make<arith::AndIOp>(bits, splat(0x7fff, halves));
        bits = make<arith::SubIOp>(bits, splat(1, halves));
        return {make<arith::MinUIOp>(carried[0], bits)};
      });
  Value bits = vector::ReductionOp::create(
      b.builder, b.loc, vector::CombiningKind::MINUI, least.getResult(0));
  bits = arith::ExtUIOp::create(b.builder, b.loc, pairType, bits);
  return make<arith::ShRUIOp>(make<arith::AddIOp>(bits, pair(1)), pair(7));
}
