//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Copies of the operands of a product of bfloat16, in squares of pairs, and the
// least exponent of what was copied; or of bytes, in squares of fours.
//
// 32 neighbouring elements of bfloat16 are a cache line, which both squares of
// a tile's 32 lanes, or all pairs of a lane, take at once: rows are often so
// far apart that their lines are in the same few sets of the caches, and gone
// when somebody comes back for the other half.
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "PairEmitter.h"
#include "Routine.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tfc::kernels;

static constexpr int64_t groups = 2; ///< of lanes, of which each has squares

/// Where the square of this number is, in the operand.
PairEmitter::Place PairEmitter::placeOf(Value square, bool isLeft) {
  Value perTap = squaresOfTap(), tap = b.divide(square, perTap);
  Place place{b.mul(b.sub(square, b.mul(tap, perTap)), b.constant(squareDepth)),
              b.constant(0)};
  for (size_t level = p.taps.size(); level-- > 0;) {
    const Tap &loop = p.taps[level];
    Value index = tap;
    if (level > 0) {
      index = make<arith::RemUIOp>(tap, loop.size);
      tap = b.divide(tap, loop.size);
    }
    place.offset = b.add(place.offset,
                         b.mul(index, isLeft ? loop.leftStep : loop.rightStep));
  }
  return place;
}

/// So many neighbouring tiles of lanes at once. Lanes past the last one repeat
/// it, or are zero, as are k past the last one. In memory a tile is `toNext`
/// pairs behind the one before it. Returns the least exponent of each tile.
Values PairEmitter::copy(const Lanes &from, Value firstLane, const Block &block,
                         const Squares &to, int64_t tiles, Value toNext) {
  Value zero = b.constant(0), last = b.sub(from.count, b.constant(1));
  if (!toNext)
    toNext = zero; // a single tile
  int64_t tileLanes = groups * side;
  // Where a lane begins takes quotients if rows are places of an image.
  Values lanes;
  Value starts;
  if (isCopiedInLoop(from) && from.matrix.rowStrides.size() > 1) {
    starts = allocate(tileLanes, b.builder.getIndexType());
    b.loop(zero, b.constant(tileLanes), 1, [&](Value lane) {
      memref::StoreOp::create(
          b.builder, b.loc,
          from.at(b, b.min(b.add(firstLane, lane), last), zero), starts, lane);
    });
  } else if (from.depthIsContiguous() && !isCopiedInLoop(from))
    for (int64_t lane = 0; lane < tiles * tileLanes; ++lane)
      lanes.push_back(from.at(b, b.min(offset(firstLane, lane), last), zero));
  // Without a sign, a number grows with its bits; zero becomes the largest.
  Values none(tiles, splat(-1, halves()));
  auto least = b.loop(
      zero, block.squares, 1, none, [&](Value square, ValueRange carried) {
        Value at = b.add(to.start, b.mul(square, b.constant(squareSize)));
        Place place = placeOf(b.add(block.first, square), from.isLeft);
        Values next;
        int64_t step = tilesOfLine(from, tiles);
        for (int64_t tile = 0; tile < tiles; tile += step) {
          ArrayRef<Value> lanesHere = lanes;
          if (!lanes.empty())
            lanesHere = lanesHere.slice(tile * tileLanes, tileLanes);
          if (starts)
            lanesHere = starts;
          Value least = copySquares(
              from, offset(firstLane, tile * tileLanes), lanesHere, place,
              {to.memory, b.add(at, b.mul(toNext, b.constant(tile)))}, block,
              carried[tile], step, toNext);
          next.append(step, least);
        }
        return next;
      });
  Values exponents;
  if (ofBytes)
    return Values(tiles, pair(0));
  for (Value halves : least.getResults()) {
    Value bits = vector::ReductionOp::create(
        b.builder, b.loc, vector::CombiningKind::MINUI, halves);
    bits = arith::ExtUIOp::create(b.builder, b.loc, pairType, bits);
    exponents.push_back(
        make<arith::ShRUIOp>(make<arith::AddIOp>(bits, pair(1)), pair(7)));
  }
  return exponents;
}

Value PairEmitter::least(Value vector, Value soFar) {
  if (ofBytes)
    return soFar;
  Value bits = bitcast(vector, halves());
  bits = make<arith::AndIOp>(bits, splat(0x7fff, halves()));
  bits = make<arith::SubIOp>(bits, splat(1, halves()));
  return make<arith::MinUIOp>(soFar, bits);
}

/// How many of `tiles` neighbouring tiles' lanes a cache line has.
int64_t PairEmitter::tilesOfLine(const Lanes &from, int64_t tiles) const {
  return ofBytes && tiles % 2 == 0 && !from.depthIsContiguous() &&
                 from.lanesAreContiguous()
             ? 2
             : 1;
}

/// The element k of so many neighbouring lanes, as bits.
Value PairEmitter::rowOfLanes(const Lanes &from, Value lane, Value k,
                              Value move, int64_t count, Value mask) {
  auto row = VectorType::get(count, b.builder.getIntegerType(bits()));
  if (!from.isLeft && p.producer)
    return bitcast(
        p.producer->produceStored(b, p.producerOperands, k, lane, count, mask),
        row);
  Value at = b.add(from.at(b, lane, k), move);
  // The row of the next square, which is on another page, where processors do
  // not foresee it.
  if (!mask)
    memref::PrefetchOp::create(
        b.builder, b.loc, from.matrix.memory,
        b.add(from.at(b, lane, offset(k, squareDepth)), move),
        /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
  return bitcast(b.loadAs(from.matrix.memory, at, count, mask), row);
}

/// A square changes sides, by a function that all products of the module have
/// in common.
void PairEmitter::turnSquare(Value from, Value fromAt, Value to, Value toAt) {
  auto none = arith::FastMathFlags::none;
  KernelBuilder turn(b.builder, b.loc, pairType, none, none);
  Value step = b.constant(side);
  emitSquareCopy(turn, {from, fromAt, step, to, toAt, step}, side);
}

/// A row of pairs of each group of lanes of so many tiles, from neighbouring
/// lanes of two k (of bytes, four). With a mask for lanes there may be fewer k,
/// too: what is read instead of those that are missing is set to zero.
Values PairEmitter::rowsOfPairs(const Lanes &from, Value firstLane, Value k,
                                Value move, int64_t tiles, Value mask) {
  int64_t lanesHere = tiles * groups * side;
  auto rowType = VectorType::get(lanesHere, b.builder.getIntegerType(bits()));
  auto row = [&](int64_t number) {
    Value at = offset(k, number);
    if (!mask)
      return rowOfLanes(from, firstLane, at, move, lanesHere, mask);
    Value exists = b.builder.createOrFold<arith::CmpIOp>(
        b.loc, arith::CmpIPredicate::slt, at, p.depth);
    return b.choose(exists,
                    rowOfLanes(from, firstLane,
                               b.choose(exists, at, b.constant(0)), move,
                               lanesHere, mask),
                    splat(0, rowType));
  };
  // Lanes of one, then of the other, in turn.
  auto zip = [&](Value first, Value second, int64_t from, int64_t count) {
    int64_t size = cast<VectorType>(first.getType()).getNumElements();
    SmallVector<int64_t> lanes;
    for (int64_t lane = from; lane < from + count; ++lane)
      lanes.append({lane, size + lane});
    return vector::ShuffleOp::create(b.builder, b.loc, first, second, lanes);
  };
  Value rows[4];
  for (int64_t i = 0; i < squareDepth / side; ++i)
    rows[i] = row(i);
  Values made;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    int64_t at = tile * groups * side;
    Value first = rows[0], second = rows[1];
    if (ofBytes) {
      first = bitcast(zip(first, second, at, groups * side), halves());
      second = bitcast(zip(rows[2], rows[3], at, groups * side), halves());
    }
    for (int64_t group = 0; group < groups; ++group)
      made.push_back(bitcast(zip(first, second, group * side, side), pairs));
  }
  return made;
}

/// Both squares of the lanes of each tile at this place. Rows of the left
/// operand's squares are lanes, those of the right one's are pairs.
Value PairEmitter::copySquares(const Lanes &from, Value firstLane,
                               ArrayRef<Value> starts, const Place &place,
                               const Squares &to, const Block &block,
                               Value soFar, int64_t tiles, Value toNext) {
  Value depth = b.sub(p.depth, place.k), count = b.sub(from.count, firstLane);
  // Without a rest there is no code for one.
  auto hasRest = [](Value size, int64_t step) {
    return !isKnown(known(size)) || known(size) % step != 0;
  };
  Value enough = hasRest(p.depth, squareDepth)
                     ? b.atLeast(depth, b.constant(squareDepth))
                     : b.boolean(true);
  auto startOf = [&](int64_t group) {
    Value tile = b.add(to.start, b.mul(toNext, b.constant(group / groups)));
    return b.add(tile, b.mul(block.groupSize, b.constant(group % groups)));
  };
  auto store = [&](Values vectors, bool lanesAreRows, int64_t group,
                   Value least) {
    for (Value vector : vectors)
      least = this->least(vector, least);
    if (lanesAreRows != from.isLeft)
      vectors = b.transpose(vectors);
    Value start = startOf(group);
    for (auto [number, vector] : llvm::enumerate(vectors)) {
      if (from.isLeft && movesLeft())
        vector = make<arith::XOrIOp>(vector, moved());
      b.store(vector, to.memory, offset(start, number * side));
    }
    return least;
  };
  if (isCopiedInLoop(from)) {
    auto all = [&](Value mask) {
      return copyLanes(from, firstLane, starts.empty() ? Value() : starts[0],
                       place, to, block, soFar, mask);
    };
    return either(
        enough, [&] { return all({}); },
        [&] { return all(b.mask(b.max(depth, b.constant(0)), squareDepth)); });
  }
  if (from.depthIsContiguous()) {
    Value move = b.add(place.offset, place.k),
          last = b.sub(from.count, b.constant(1));
    auto row = [&](int64_t lane, Value mask) {
      if (!from.isLeft && p.producer)
        return p.producer->produceStored(b, p.producerOperands, place.k,
                                         b.min(offset(firstLane, lane), last),
                                         squareDepth, mask);
      return b.loadAs(from.matrix.memory, b.add(starts[lane], move),
                      squareDepth, mask);
    };
    auto all = [&](Value mask) {
      Value least = soFar;
      for (int64_t group = 0; group < groups; ++group) {
        Values vectors;
        for (int64_t lane = group * side; lane < (group + 1) * side; ++lane)
          vectors.push_back(bitcast(row(lane, mask), pairs));
        least = store(vectors, /*lanesAreRows=*/true, group, least);
      }
      return least;
    };
    return either(
        enough, [&] { return all({}); },
        [&] { return all(b.mask(b.max(depth, b.constant(0)), squareDepth)); });
  }
  if (from.lanesAreContiguous()) {
    int64_t lanesHere = tiles * groups * side;
    bool isWhole =
        from.isLeft
            ? p.left.rowStrides.size() == 1 && !hasRest(p.rows, lanesHere)
            : !hasRest(p.columns, panelsAtOnce() * tileColumns);
    auto all = [&](bool whole) {
      Value mask;
      if (!whole)
        mask = b.mask(b.max(count, b.constant(0)), lanesHere);
      auto rows = [&](Value number) {
        Value k = b.add(place.k, b.mul(number, b.constant(squareDepth / side)));
        return rowsOfPairs(from, firstLane, k, place.offset, tiles, mask);
      };
      // Rows of the right operand's squares need no code of their own.
      constexpr int64_t atOnce = 2;
      if (!from.isLeft)
        return b
            .loop(b.constant(0), b.constant(side), atOnce, ValueRange{soFar},
                  [&](Value first, ValueRange carried) -> Values {
                    Value least = carried[0];
                    for (int64_t i = 0; i < atOnce; ++i) {
                      Value number = offset(first, i);
                      for (auto [group, vector] :
                           llvm::enumerate(rows(number))) {
                        least = this->least(vector, least);
                        Value start = startOf(int64_t(group));
                        b.store(vector, to.memory,
                                b.add(start, b.mul(number, b.constant(side))));
                      }
                    }
                    return {least};
                  })
            .getResult(0);
      Value turned = allocate(tiles * groups * squareSize, pairType);
      auto copyRow = [&](Value number, ValueRange carried) -> Values {
        Value least = carried[0];
        for (auto [group, vector] : llvm::enumerate(rows(number))) {
          least = this->least(vector, least);
          if (movesLeft())
            vector = make<arith::XOrIOp>(vector, moved());
          b.store(vector, turned,
                  offset(b.mul(number, b.constant(side)),
                         int64_t(group) * squareSize));
        }
        return {least};
      };
      Value least =
          b.loop(b.constant(0), b.constant(side), 1, ValueRange{soFar}, copyRow)
              .getResult(0);
      for (int64_t group = 0; group < tiles * groups; ++group)
        turnSquare(turned, b.constant(group * squareSize), to.memory,
                   startOf(group));
      return least;
    };
    return either(
        b.both(enough, isWhole ? b.boolean(true)
                               : b.atLeast(count, b.constant(lanesHere))),
        [&] { return all(true); }, [&] { return all(false); });
  }
  return copyElements(from, firstLane, place, to, block, soFar);
}

/// Lanes that become rows of squares as they are need no code of their own.
bool PairEmitter::isCopiedInLoop(const Lanes &from) const {
  return from.isLeft && from.depthIsContiguous();
}

/// `starts`: memory that tells where each lane begins, or null: each is a
/// constant behind the one before it.
Value PairEmitter::copyLanes(const Lanes &from, Value firstLane, Value starts,
                             const Place &place, const Squares &to,
                             const Block &block, Value soFar, Value mask) {
  constexpr int64_t atOnce = 4;
  Value last = b.sub(from.count, b.constant(1));
  for (int64_t group = 0; group < groups; ++group) {
    Value start = b.add(to.start, b.mul(block.groupSize, b.constant(group)));
    auto some = [&](Value first, ValueRange carried) -> Values {
      Value least = carried[0];
      for (int64_t i = 0; i < atOnce; ++i) {
        Value number = offset(first, i);
        Value lane = b.add(b.constant(group * side), number), at;
        if (starts)
          at = b.add(memref::LoadOp::create(b.builder, b.loc, starts, lane),
                     place.k);
        else
          at = from.at(b, b.min(b.add(firstLane, lane), last), place.k);
        at = b.add(at, place.offset);
        Value vector =
            bitcast(b.loadAs(from.matrix.memory, at, squareDepth, mask), pairs);
        least = this->least(vector, least);
        if (movesLeft())
          vector = make<arith::XOrIOp>(vector, moved());
        b.store(vector, to.memory,
                b.add(start, b.mul(number, b.constant(side))));
      }
      return {least};
    };
    soFar =
        b.loop(b.constant(0), b.constant(side), atOnce, ValueRange{soFar}, some)
            .getResult(0);
  }
  return soFar;
}

/// The same element by element.
Value PairEmitter::copyElements(const Lanes &from, Value firstLane,
                                const Place &place, const Squares &to,
                                const Block &block, Value soFar) {
  Value zero = b.constant(0), lastLane = b.sub(from.count, b.constant(1));
  Value depth = b.sub(p.depth, place.k);
  auto type = cast<MemRefType>(from.matrix.memory.getType()).getElementType();
  b.loop(zero, b.constant(groups * side), 1, [&](Value number) {
    Value lane = b.min(b.add(firstLane, number), lastLane);
    Value group = b.divide(number, b.constant(side)),
          within = make<arith::RemUIOp>(number, b.constant(side));
    Value start = b.add(to.start, b.mul(group, block.groupSize));
    b.loop(zero, b.constant(side), 1, [&](Value pair) {
      int64_t count = 32 / bits();
      auto element = [&](int64_t number) {
        Value k = b.add(b.mul(pair, b.constant(count)), b.constant(number));
        Value exists = b.builder.createOrFold<arith::CmpIOp>(
            b.loc, arith::CmpIPredicate::slt, k, depth);
        Value at = from.at(b, lane, b.add(place.k, b.choose(exists, k, zero)));
        Value value =
            memref::LoadOp::create(b.builder, b.loc, type, from.matrix.memory,
                                   b.add(at, place.offset));
        if (!ofBytes)
          value = arith::BitcastOp::create(b.builder, b.loc,
                                           b.builder.getI16Type(), value);
        value = arith::ExtUIOp::create(b.builder, b.loc, pairType, value);
        return b.choose(exists, value, this->pair(0));
      };
      Value all = element(0);
      for (int64_t number = 1; number < count; ++number)
        all = make<arith::OrIOp>(
            all,
            make<arith::ShLIOp>(element(number), this->pair(number * bits())));
      if (from.isLeft && movesLeft())
        all = make<arith::XOrIOp>(all, this->pair(0x80808080));
      Value row = from.isLeft ? within : pair,
            column = from.isLeft ? pair : within;
      memref::StoreOp::create(
          b.builder, b.loc, all, to.memory,
          b.add(start, b.add(b.mul(row, b.constant(side)), column)));
    });
  });
  for (int64_t group = 0; group < groups && !ofBytes; ++group) {
    Value start = b.add(to.start, b.mul(block.groupSize, b.constant(group)));
    soFar = b.loop(zero, b.constant(squareSize), side, ValueRange{soFar},
                   [&](Value at, ValueRange carried) -> Values {
                     return {least(b.loadAs(to.memory, b.add(start, at), side),
                                   carried[0])};
                   })
                .getResult(0);
  }
  return soFar;
}
