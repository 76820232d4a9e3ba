//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The positions of true elements.
//===----------------------------------------------------------------------===//

#include "TrueElements.h"
#include "Body.h"
#include "Kernel.h"
#include "Ordered.h"
#include "Scalars.h"
#include "Slices.h"
#include "SortNetwork.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

static Value countTrue(Lowering &l, Value x) {
  Type i64 = l.b.getI64Type();
  Value zero = numberScalar(l.b, l.loc, i64, 0);
  Value init = l.filled({}, i64, zero);
  Body body(l, l.dims.of(x));
  Value element = body.element(x, body.identity());
  Value before = body.addOutput(init, {});
  Value one = arith::ExtUIOp::create(body.in, l.loc, i64, element);
  SmallVector<int64_t> all = llvm::to_vector(llvm::seq<int64_t>(0, rankOf(x)));
  Value sum = arith::AddIOp::create(body.in, l.loc, before, one);
  return l.toIndex(l.extract(body.finish(sum, all)[0], {}, i64), i64);
}

/// On a device: a running count of true elements, in which each row of the
/// result is searched.
static Value searchTrue(Lowering &l, Value x, ArrayRef<Dim> to) {
  Type i32 = l.b.getI32Type(), i64 = l.b.getI64Type();
  ArrayRef<Dim> of = l.dims.of(x);
  Value source = l.value(x);
  SmallVector<Value> sizes;
  for (Dim dim : of)
    sizes.push_back(l.size(dim));
  Dim total = 1;
  for (Dim dim : of)
    total = dim < 0 || total < 0 ? -1 : total * dim;
  Value count = l.numElements(of), one = l.constantIndex(1),
        zero = l.constantIndex(0);
  if (total < 0)
    total = l.dimOf(count);
  auto coordinates = [&](Value flat) {
    SmallVector<Value> at(of.size());
    for (size_t i = of.size(); i-- > 0;) {
      at[i] =
          i ? Value(arith::RemUIOp::create(l.b, l.loc, flat, sizes[i])) : flat;
      flat =
          i ? Value(arith::DivUIOp::create(l.b, l.loc, flat, sizes[i])) : flat;
    }
    return at;
  };
  Value flags = l.generate(total, i32, [&](ValueRange ivs) -> Value {
    return arith::ExtUIOp::create(
        l.b, l.loc, i32, l.extract(source, coordinates(ivs[0]), elementOf(x)));
  });
  Value empty = l.empty(total, i32);
  Value counts = rt::ScanOp::create(l.b, l.loc, empty.getType(), flags, empty,
                                    0, false, false, false, /*carry=*/Value())
                     .getResult();
  // Enough to halve any range that an i32 counts.
  Value steps = l.constantIndex(
      total >= 0 ? llvm::Log2_64_Ceil(std::max<int64_t>(total, 1)) + 1 : 32);
  return l.generate(to, i64, [&](ValueRange ivs) -> Value {
    Value wanted = l.fromIndex(ivs[0], i32);
    auto search = scf::ForOp::create(l.b, l.loc, zero, steps, one,
                                     ValueRange{zero, count});
    {
      OpBuilder::InsertionGuard guard(l.b);
      l.b.setInsertionPointToEnd(search.getBody());
      Value low = search.getRegionIterArgs()[0],
            high = search.getRegionIterArgs()[1];
      Value half = arith::DivUIOp::create(
          l.b, l.loc, arith::AddIOp::create(l.b, l.loc, low, high),
          l.constantIndex(2));
      Value last = arith::SubIOp::create(l.b, l.loc, count, one);
      Value seen = l.extract(
          counts, ValueRange{arith::MinSIOp::create(l.b, l.loc, half, last)},
          i32);
      Value isBefore = arith::CmpIOp::create(
          l.b, l.loc, arith::CmpIPredicate::sle, seen, wanted);
      Value open = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::slt,
                                         low, high);
      Value next = arith::AddIOp::create(l.b, l.loc, half, one);
      auto choose = [&](Value condition, Value x, Value y) -> Value {
        return arith::SelectOp::create(l.b, l.loc, condition, x, y);
      };
      scf::YieldOp::create(
          l.b, l.loc,
          ValueRange{choose(open, choose(isBefore, next, low), low),
                     choose(open, choose(isBefore, high, half), high)});
    }
    SmallVector<Value> at = coordinates(search.getResult(0));
    Value result = at[0];
    for (size_t i = 1; i < at.size(); ++i) {
      Value isThis = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::eq,
                                           ivs[1], l.constantIndex(i));
      result = arith::SelectOp::create(l.b, l.loc, isThis, at[i], result);
    }
    return l.fromIndex(result, i64);
  });
}

/// Positions of the true elements of a vector, and behind them what means
/// nothing: eight are looked at at a time. As everywhere, only the last bit of
/// a byte says whether it is true: memory of others may have any number there.
static Value packTrue(Lowering &l, Value x, Value count) {
  constexpr int64_t lanes = 8;
  Type i64 = l.b.getI64Type(), byte = storageType(elementOf(x));
  Dim n = l.dims.of(x)[0];
  Dim room =
      l.dimOf(arith::AddIOp::create(l.b, l.loc, count, l.constantIndex(lanes)));
  Kernel k(l, {x}, {{{room}, i64}}, i64, Kernel::Loops::ofVectors);
  Array flags = k.input(0), positions = k.output(0);
  Num zero = k.index(0), size = k.size(n);
  Num whole = size - k.remainder(size, k.index(lanes));
  Num last = k.num(numberScalar(l.b, l.loc, byte, 1)),
      lastOfAll = k.splat(last, lanes);
  Num none = k.splat(k.num(numberScalar(l.b, l.loc, byte, 0)), lanes);
  auto lastBit = [&](Num x, Num one) {
    return k.num(arith::AndIOp::create(l.b, l.loc, x.value, one.value));
  };
  Num numbers = k.lanesFromZero(VectorType::get(lanes, i64));
  Cell next = k.cell(zero);
  k.loopBy(zero, whole, lanes, [&](Num i) {
    Num chosen = lastBit(flags.vector(i, lanes), lastOfAll) != none, to = next;
    Num first = k.num(l.fromIndex(i.value, i64));
    positions.setVector(to,
                        k.compress(k.splat(first, lanes) + numbers, chosen));
    next = to + k.countOf(chosen);
  });
  k.loop(whole, size, [&](Num i) {
    Num to = next;
    positions.set(to, k.num(l.fromIndex(i.value, i64)));
    next = to + k.num(l.toIndex(lastBit(flags(i), last).value, byte));
  });
  return k.finish()[0];
}

/// Pieces of many elements, which threads share: how many are true in each is
/// counted first, which says where its positions begin. All but the last have
/// as many elements.
static constexpr int64_t piecesOfMany = 32, manyElements = 1 << 18;

static int64_t lengthOfPiece(int64_t count) {
  constexpr int64_t step = 64;
  return count / piecesOfMany / step * step;
}

/// How many are true in each piece, and in all.
static Value countPieces(Lowering &l, Value x) {
  constexpr int64_t lanes = 64;
  Type i64 = l.b.getI64Type(), byte = storageType(elementOf(x));
  int64_t count = l.dims.of(x)[0], length = lengthOfPiece(count);
  Kernel k(l, {x}, {{{piecesOfMany + 1}, i64}}, i64, Kernel::Loops::ofVectors);
  Array flags = k.input(0), counts = k.output(0);
  Num one = k.num(numberScalar(l.b, l.loc, byte, 1)),
      ones = k.splat(one, lanes);
  Num none = k.splat(k.num(numberScalar(l.b, l.loc, byte, 0)), lanes);
  auto lastBit = [&](Num x, Num one) {
    return k.num(arith::AndIOp::create(l.b, l.loc, x.value, one.value));
  };
  auto asNumber = [&](Num index) {
    return k.num(l.fromIndex(index.value, i64));
  };
  k.independent({piecesOfMany}, 0.02 * length, [&](ArrayRef<Num> piece) {
    Num begin = piece[0] * k.index(length);
    Num sum = k.folds(begin, begin + length, lanes, {k.index(0)},
                      [&](Num i, ArrayRef<Num> before) {
                        Num isTrue =
                            lastBit(flags.vector(i, lanes), ones) != none;
                        return SmallVector<Num>{before[0] + k.countOf(isTrue)};
                      })[0];
    counts.set(piece[0], asNumber(sum));
  });
  Num rest = k.fold(
      k.index(length * piecesOfMany), k.index(count), k.index(0),
      [&](Num i, Num before) {
        return before + k.num(l.toIndex(lastBit(flags(i), one).value, byte));
      });
  Num total = k.fold(k.index(0), k.index(piecesOfMany), asNumber(rest),
                     [&](Num i, Num before) { return before + counts(i); });
  counts.set(k.index(piecesOfMany), total);
  return k.finish()[0];
}

/// As `packTrue`. What a piece writes stays before the next one's positions.
static Value packPieces(Lowering &l, Value x, Value numbers, Value count) {
  constexpr int64_t lanes = 8;
  Type i64 = l.b.getI64Type(), byte = storageType(elementOf(x));
  int64_t size = l.dims.of(x)[0], length = lengthOfPiece(size);
  Dim room =
      l.dimOf(arith::AddIOp::create(l.b, l.loc, count, l.constantIndex(lanes)));
  Kernel k(l, {x}, {{{room}, i64}}, i64, Kernel::Loops::ofVectors, {numbers});
  Array flags = k.input(0), counts = k.input(1), positions = k.output(0);
  Num one = k.num(numberScalar(l.b, l.loc, byte, 1)),
      ones = k.splat(one, lanes);
  Num none = k.splat(k.num(numberScalar(l.b, l.loc, byte, 0)), lanes);
  auto lastBit = [&](Num x, Num one) {
    return k.num(arith::AndIOp::create(l.b, l.loc, x.value, one.value));
  };
  auto countAt = [&](Num i) { return k.num(l.toIndex(counts(i).value, i64)); };
  Num steps = k.lanesFromZero(VectorType::get(lanes, i64));
  auto pack = [&](Num begin, Num end, Num from, Num to) {
    Cell next = k.cell(from);
    k.loopBy(begin, end, lanes, [&](Num i) {
      Num chosen = lastBit(flags.vector(i, lanes), ones) != none, at = next,
          many = k.countOf(chosen);
      Num first = k.num(l.fromIndex(i.value, i64));
      Num packed = k.compress(k.splat(first, lanes) + steps, chosen);
      k.when(
          at + lanes <= to, [&] { positions.setVector(at, packed); },
          [&] {
            Num left = k.splat(k.num(l.fromIndex(many.value, i64)), lanes);
            positions.setVector(at, packed, steps < left);
          });
      next = at + many;
    });
    return Num(next);
  };
  k.independent({piecesOfMany}, 0.2 * length, [&](ArrayRef<Num> piece) {
    Num from = k.fold(k.index(0), piece[0], k.index(0),
                      [&](Num i, Num before) { return before + countAt(i); });
    Num begin = piece[0] * k.index(length);
    pack(begin, begin + length, from, from + countAt(piece[0]));
  });
  Num before = k.fold(k.index(0), k.index(piecesOfMany), k.index(0),
                      [&](Num i, Num before) { return before + countAt(i); });
  Cell next = k.cell(before);
  k.loop(k.index(length * piecesOfMany), k.index(size), [&](Num i) {
    Num to = next;
    positions.set(to, k.num(l.fromIndex(i.value, i64)));
    next = to + k.num(l.toIndex(lastBit(flags(i), one).value, byte));
  });
  return k.finish()[0];
}

LogicalResult lowering::lowerNonzero(Lowering &l, NonzeroOp op) {
  Value x = op.getX();
  int64_t rank = rankOf(x);
  if (rank == 0)
    return op.emitOpError(
        "of a scalar has no lowering; reshape it to one element");
  ArrayRef<Dim> to = l.dims.of(op.getResult());
  Type i64 = l.b.getI64Type();
  Value source = l.value(x);
  bool isList = rank == 1 && hasWideVectors(op) && !isForDevice(op);
  Value pieces;
  if (isList && to[0] < 0 && l.dims.of(x)[0] >= manyElements) {
    pieces = countPieces(l, x);
    Value total = l.extract(pieces, {l.constantIndex(piecesOfMany)}, i64);
    l.define(to[0], l.toIndex(total, i64));
  }
  if (to[0] < 0 && !pieces)
    l.define(to[0], countTrue(l, x));
  if (isForDevice(op)) {
    l.set(op.getResult(), searchTrue(l, x, to));
    return success();
  }
  if (isList) {
    Value list = pieces ? packPieces(l, x, pieces, l.size(to[0]))
                        : packTrue(l, x, l.size(to[0]));
    Attribute zero = l.b.getIndexAttr(0), one = l.b.getIndexAttr(1);
    list = extractSlice(l, l.tensorType(to[0], i64), list, {zero},
                        l.sizes(to[0]), {one});
    SmallVector<ReassociationIndices> rows{{0, 1}};
    l.set(op.getResult(),
          tensor::ExpandShapeOp::create(l.b, l.loc, l.tensorType(to, i64), list,
                                        rows, l.sizes(to)));
    return success();
  }
  SmallVector<Value> extents;
  for (Dim dim : l.dims.of(x))
    extents.push_back(l.size(dim));
  // Each element is written to the next row, and stays there if it counts: a
  // branch would be mispredicted as often as not. The last row is for those
  // that come after the last one.
  Value count = l.size(to[0]);
  Dims roomy(to);
  roomy[0] =
      l.dimOf(arith::AddIOp::create(l.b, l.loc, count, l.constantIndex(1)));
  SmallVector<Value> carried{l.empty(roomy, i64), l.constantIndex(0)};
  auto result = l.loopNest(
      extents, carried,
      [&](ValueRange ivs, ValueRange args) -> SmallVector<Value> {
        Value isTrue = l.extract(source, ivs, elementOf(x)), list = args[0];
        for (int64_t i = 0; i < rank; ++i)
          list = l.insert(l.fromIndex(ivs[i], i64), list,
                          {args[1], l.constantIndex(i)}, i64);
        Value more = arith::IndexCastUIOp::create(l.b, l.loc,
                                                  l.b.getIndexType(), isTrue);
        return {list, arith::AddIOp::create(l.b, l.loc, args[1], more)};
      });
  SmallVector<OpFoldResult> zeros(2, l.b.getIndexAttr(0)),
      ones(2, l.b.getIndexAttr(1));
  l.set(op.getResult(), extractSlice(l, l.tensorType(to, i64), result[0], zeros,
                                     l.sizes(to), ones));
  return success();
}
