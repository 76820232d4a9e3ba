//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Products of few columns, of which vectors of the result would be half empty.
//
// rowSums   vectors along k, where both operands are contiguous in k: for tiles
//           of rows { for k by vectors { each row times each column } }, and
//           the lanes of every sum are added up at the end.
// rowLanes  vectors of rows, where those are neighbours in the left operand:
//           the result changes sides in registers.
//===----------------------------------------------------------------------===//

#include "Elementwise.h"
#include "Emitter.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"
#include <functional>

using namespace mlir;
using namespace tfc::kernels;

/// Sums that stay in registers, beside the operands.
static int64_t mostSums(const KernelOptions &options) {
  return options.unit.registers >= 32 ? 24 : 12;
}

/// The columns as vectors of powers of two, the last one under a mask; or one
/// by one.
static SmallVector<Columns> columnsOf(KernelBuilder &b, int64_t count,
                                      int64_t lanes, bool masks) {
  SmallVector<Columns> columns;
  for (int64_t first = 0; first < count;) {
    int64_t rest = std::min(count - first, lanes);
    int64_t width = masks ? llvm::bit_ceil(uint64_t(rest)) : 1;
    columns.push_back(
        {b.constant(first), width,
         width > rest ? b.mask(b.constant(rest), width) : Value()});
    first += std::min(rest, width);
  }
  return columns;
}

static Value shuffle(KernelBuilder &b, Value x, Value y,
                     ArrayRef<int64_t> lanes) {
  return vector::ShuffleOp::create(b.builder, b.loc, x, y, lanes);
}

/// `count` lanes from `first` on.
static Value lanesFrom(KernelBuilder &b, Value vector, int64_t first,
                       int64_t count) {
  return shuffle(b, vector, vector,
                 llvm::to_vector(llvm::seq(first, first + count)));
}

/// As many vectors as each has lanes, of which some may be null: lane i is the
/// sum of the lanes of vector i. Halves of two vectors are added up until one
/// is left.
static Value sumOfEach(KernelBuilder &b, Values vectors) {
  int64_t lanes = vectors.size();
  for (int64_t size = lanes; size > 1; size /= 2) { // lanes of a partial sum
    Values next;
    for (size_t i = 0; i < vectors.size(); i += 2) {
      Value x = vectors[i], y = vectors[i + 1];
      if (!x && !y) {
        next.push_back({});
        continue;
      }
      SmallVector<int64_t> near, far;
      for (int64_t lane = 0; lane < 2 * lanes; ++lane)
        (lane % size < size / 2 ? near : far).push_back(lane);
      x = x ? x : b.zero(lanes);
      y = y ? y : b.zero(lanes);
      next.push_back(b.plus(shuffle(b, x, y, near), shuffle(b, x, y, far)));
    }
    vectors = std::move(next);
  }
  return vectors.front() ? vectors.front() : b.zero(lanes);
}

/// Columns, as many as a power of two, as vectors of rows: vector i has the
/// elements of whole rows, from row i * lanes / columns on.
static Values rowsOf(KernelBuilder &b, Values columns) {
  int64_t lanes = cast<VectorType>(columns.front().getType()).getNumElements();
  // Parts of rows, `size` columns each: `groups[g][i]` has those of group g.
  SmallVector<Values> groups;
  for (Value column : columns)
    groups.push_back({column});
  for (int64_t size = 1; groups.size() > 1; size *= 2) {
    SmallVector<Values> next;
    for (size_t g = 0; g < groups.size(); g += 2) {
      Values joined;
      for (auto [x, y] : llvm::zip(groups[g], groups[g + 1]))
        for (int64_t half : {0, 1}) {
          SmallVector<int64_t> order;
          for (int64_t part = half * lanes / size / 2;
               part < (half + 1) * lanes / size / 2; ++part)
            for (int64_t from : {int64_t(0), lanes})
              for (int64_t i = 0; i < size; ++i)
                order.push_back(from + part * size + i);
          joined.push_back(shuffle(b, x, y, order));
        }
      next.push_back(std::move(joined));
    }
    groups = std::move(next);
  }
  return groups.front();
}

bool Emitter::isNarrow() const {
  // A vector of columns costs as much as one that is full.
  int64_t vectors = llvm::divideCeil(n, lanes);
  return isKnown(n) && n > 1 && n <= mostSums(options) && lanes > 2 &&
         4 * n <= 3 * vectors * lanes && b.type.getIntOrFloatBitWidth() >= 32 &&
         !p.producer;
}

/// Are sums along k fewer operations than vectors of columns? All of them are
/// added up at the end, which takes as long as four multiply-adds each; and a
/// vector of the right operand has to be worth its load.
bool Emitter::paysRowSums() const {
  constexpr int64_t fewestRows = 2;
  if (!isNarrow() || fewestRows * n > mostSums(options) || !isKnown(k) ||
      k < lanes || known(p.left.columnStride) != 1)
    return false;
  int64_t steps = 1;
  for (const Tap &tap : p.taps) {
    if (!isKnown(known(tap.size)))
      return false;
    steps *= known(tap.size);
  }
  // A right operand that has to be copied is read for each copy.
  bool isCopied = known(p.right.rowStrides[0]) != 1;
  if (isKnown(m) && m < (isCopied ? 16 : 4))
    return false;
  int64_t along = n * int64_t(llvm::divideCeil(k, lanes)) * steps + 4 * n,
          across = int64_t(llvm::divideCeil(n, lanes)) * k * steps;
  return along < across;
}

/// Vectors of rows have no empty lanes but at the end.
bool Emitter::paysRowLanes() const {
  return isNarrow() && p.taps.empty() && p.left.rowStrides.size() == 1 &&
         known(p.left.rowStrides[0]) == 1 && !p.left.firstRow &&
         (!isKnown(m) || m >= lanes);
}

/// What was summed up for some rows, row by row and vector by vector of
/// columns.
void Emitter::finishRows(ArrayRef<Value> rows, ArrayRef<Columns> columns,
                         Values sums) {
  if (!p.fresh) {
    Values before;
    for (Value row : rows)
      for (const Columns &vector : columns)
        before.push_back(b.load(p.result.memory,
                                b.at(p.result, row, vector.first), vector.lanes,
                                vector.mask));
    for (auto [sum, start] : llvm::zip(sums, before))
      sum = b.plus(start, sum);
  }
  if (p.epilogue)
    return p.epilogue->finish(b, p.epilogueOperands, p.result, rows, columns,
                              sums);
  unsigned number = 0;
  for (Value row : rows)
    for (const Columns &vector : columns)
      b.store(sums[number++], p.result.memory,
              b.at(p.result, row, vector.first), vector.mask);
}

//===----------------------------------------------------------------------===//
// Along k
//===----------------------------------------------------------------------===//

/// Sums of all rows and columns of a tile, in vectors along k. Without masks,
/// the last vector begins so early that it is full, and counts only what the
/// one before has not.
Values Emitter::sumsAlong(ArrayRef<Value> rows, Value leftMove, Value rightMove,
                          ValueRange start) {
  auto step = [&](Value at, ValueRange sums, Value mask, Value chosen) {
    auto load = [&](Value memory, Value index) {
      Value vector = b.load(memory, index, lanes, mask);
      return chosen ? Value(arith::SelectOp::create(b.builder, b.loc, chosen,
                                                    vector, b.zero(lanes)))
                    : vector;
    };
    Values left, next(sums);
    for (Value row : rows)
      left.push_back(
          load(p.left.memory, b.add(leftMove, b.at(p.left, row, at))));
    for (int64_t column = 0; column < n; ++column) {
      Value right =
          load(p.right.memory,
               b.add(rightMove, b.at(p.right, at, b.constant(column))));
      for (int64_t row = 0; row < int64_t(rows.size()); ++row) {
        Value &sum = next[row * n + column];
        sum = b.multiplyAdd(left[row], right, sum);
      }
    }
    return next;
  };
  int64_t whole = k / lanes * lanes;
  Values sums(b.loop(b.constant(0), b.constant(whole), lanes, start,
                     [&](Value at, ValueRange carried) {
                       return step(at, carried, {}, {});
                     })
                  .getResults());
  if (whole == k)
    return sums;
  if (options.unit.masks())
    return step(b.constant(whole), sums, b.mask(b.constant(k - whole), lanes),
                {});
  SmallVector<bool> isNew;
  for (int64_t lane = 0; lane < lanes; ++lane)
    isNew.push_back(lane >= lanes - (k - whole));
  auto bits = VectorType::get(lanes, b.builder.getI1Type());
  Value chosen = arith::ConstantOp::create(
      b.builder, b.loc, bits, DenseElementsAttr::get(bits, ArrayRef(isNew)));
  return step(b.constant(k - lanes), sums, {}, chosen);
}

void Emitter::rowSums() {
  SmallVector<Columns> columns = columnsOf(b, n, lanes, options.unit.masks());
  std::function<Values(ArrayRef<Value>, size_t, Value, Value, ValueRange)>
      over = [&](ArrayRef<Value> rows, size_t level, Value left, Value right,
                 ValueRange sums) -> Values {
    if (level == p.taps.size())
      return sumsAlong(rows, left, right, sums);
    const Tap &tap = p.taps[level];
    return Values(
        b.loop(b.constant(0), tap.size, 1, sums,
               [&](Value number, ValueRange carried) {
                 return over(
                     rows, level + 1, b.add(left, b.mul(number, tap.leftStep)),
                     b.add(right, b.mul(number, tap.rightStep)), carried);
               })
            .getResults());
  };
  overRows(std::min<int64_t>(mostSums(options) / n, 6), true,
           [&](ArrayRef<Value> rows) {
             Values start(rows.size() * n, b.zero(lanes));
             Values sums = over(rows, 0, b.constant(0), b.constant(0), start);
             finishRows(rows, columns, addLanes(rows.size(), columns, sums));
           });
}

/// The sums of the lanes, as the columns have them. Several rows are added up
/// at once if they fill one vector.
Values Emitter::addLanes(int64_t rows, ArrayRef<Columns> columns,
                         ArrayRef<Value> sums) {
  Values totals(rows * columns.size());
  for (auto [number, vector] : llvm::enumerate(columns)) {
    int64_t first = known(vector.first), width = vector.lanes;
    for (int64_t row = 0; row < rows; row += lanes / width) {
      int64_t count = std::min(rows - row, lanes / width);
      Values parts(lanes);
      for (int64_t i = 0; i < count; ++i)
        for (int64_t j = 0; j < std::min(width, n - first); ++j)
          parts[i * width + j] = sums[(row + i) * n + first + j];
      Value all = sumOfEach(b, parts);
      for (int64_t i = 0; i < count; ++i)
        totals[(row + i) * columns.size() + number] =
            width == lanes ? all : lanesFrom(b, all, i * width, width);
    }
  }
  return totals;
}

//===----------------------------------------------------------------------===//
// Vectors of rows
//===----------------------------------------------------------------------===//

void Emitter::rowLanes() {
  // `count` vectors of `width` rows from `row` on.
  auto compute = [&](Value row, int64_t count, int64_t width, Value mask,
                     bool vectors) {
    Values starts = offsets(row, count, width);
    auto step = [&](Value at, ValueRange sums) {
      Values left, next(sums);
      for (Value start : starts)
        left.push_back(
            b.load(p.left.memory, b.at(p.left, start, at), width, mask));
      for (int64_t column = 0; column < n; ++column) {
        Value right = b.spread(
            b.load(p.right.memory, b.at(p.right, at, b.constant(column))),
            width);
        for (int64_t i = 0; i < count; ++i) {
          Value &sum = next[i * n + column];
          sum = b.multiplyAdd(left[i], right, sum);
        }
      }
      return next;
    };
    Values sums(b.loop(b.constant(0), p.depth, 1,
                       Values(count * n, b.zero(width)), step)
                    .getResults());
    SmallVector<Columns> columns =
        columnsOf(b, n, lanes, vectors && options.unit.masks());
    for (int64_t i = 0; i < count; ++i)
      storeLanes(starts[i], width, mask, columns,
                 ArrayRef(sums).slice(i * n, n));
  };
  // What follows is done for each row by itself: code for one vector is enough.
  int64_t count =
      p.epilogue ? 1 : std::clamp<int64_t>(mostSums(options) / n, 1, 4);
  Value zero = b.constant(0), whole = b.roundDown(p.rows, count * lanes);
  b.parallelLoop(zero, whole, count * lanes,
                 flops(b.constant(count * lanes), p.columns, p.depth),
                 [&](Value row) { compute(row, count, lanes, {}, true); });
  Value vectorized = b.roundDown(p.rows, lanes);
  b.loop(whole, vectorized, lanes,
         [&](Value row) { compute(row, 1, lanes, {}, true); });
  if (options.unit.masks())
    b.loop(vectorized, p.rows, lanes, [&](Value row) {
      compute(row, 1, lanes, b.mask(b.sub(p.rows, row), lanes), true);
    });
  else
    b.loop(vectorized, p.rows, 1,
           [&](Value row) { compute(row, 1, 1, {}, false); });
}

/// One vector for each column becomes rows of the result, of those that there
/// are.
void Emitter::storeLanes(Value first, int64_t width, Value mask,
                         ArrayRef<Columns> columns, ArrayRef<Value> sums) {
  Values totals(width * columns.size());
  for (auto [number, vector] : llvm::enumerate(columns)) {
    int64_t from = known(vector.first);
    Values parts;
    for (int64_t j = 0; j < vector.lanes; ++j)
      parts.push_back(from + j < n ? sums[from + j] : b.zero(width));
    Values rows = rowsOf(b, parts);
    int64_t inEach = width / rows.size();
    for (int64_t row = 0; row < width; ++row)
      totals[row * columns.size() + number] = lanesFrom(
          b, rows[row / inEach], row % inEach * vector.lanes, vector.lanes);
  }
  if (!mask)
    return finishRows(offsets(first, width), columns, totals);
  // Only some of the rows are there.
  for (int64_t row = 0; row < width; ++row)
    b.branch(
        b.atLeast(offset(first, row), p.rows), [] {},
        [&] {
          finishRows({offset(first, row)}, columns,
                     Values(ArrayRef(totals).slice(row * columns.size(),
                                                   columns.size())));
        });
}
