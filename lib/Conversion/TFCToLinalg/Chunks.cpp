//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Chunks.h"
#include "Reflections.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// What a step is worth from the least order on.
static constexpr double taskNanoseconds = 20000;

Dim lowering::wholeChunks(Kernel &k, Dim size) {
  if (size >= 0)
    return llvm::alignTo(size, chunkWidth);
  return k.l.dimOf(
      floorTo(k, k.size(size) + (chunkWidth - 1), chunkWidth).value);
}

Array lowering::chunksOf(Kernel &k, Dim rows, Dim columns) {
  Dim whole = wholeChunks(k, columns), height = wholeChunks(k, rows);
  Dim count = whole >= 0
                  ? Dim(whole / chunkWidth)
                  : k.l.dimOf((k.size(whole) / k.index(chunkWidth)).value);
  Array chunks = k.scratch({count, height, chunkWidth}, k.element);
  if (columns < 0 || columns % chunkWidth)
    k.loop(k.index(0), k.size(height), [&](Num i) {
      clearVectors(k, chunks.at({k.size(count) - 1, i}), k.index(0),
                   k.index(chunkWidth));
    });
  return chunks;
}

void lowering::tasks(Kernel &k, Num count, Num order, int64_t least,
                     Kernel::Step body) {
  Num groups = k.choose(order >= k.index(least), count, k.index(1));
  k.independent(
      {k.l.dimOf(groups.value)}, taskNanoseconds, [&](ArrayRef<Num> at) {
        Num group = at.front();
        k.loop(group * count / groups, (group + 1) * count / groups, body);
      });
}

void lowering::stepTasks(Kernel &k, Num step, Num count, Num order,
                         int64_t least, int64_t worth,
                         function_ref<void(Num, Num)> body) {
  tasks(k, count + worth, order, least, [&](Num number) {
    Num isNext = number == k.index(0), first = k.index(worth);
    Num other = interleaved(k, k.larger(number - worth, k.index(0)), count);
    Num at = k.choose(isNext, step, other);
    k.when(isNext || number >= first, [&] { body(at, isNext); });
  });
}

void lowering::inHalves(Kernel &k, Num rows, int64_t least, Kernel::Step body) {
  tasks(k, k.index(2), rows, least, body);
}

Num lowering::firstOfHalf(Kernel &k, Num from, int64_t group, Num half) {
  Num number = from / k.index(group);
  return from + k.remainder(number + half, k.index(2)) * k.index(group);
}

void lowering::overMatrices(Kernel &k, ArrayRef<Dim> batch,
                            std::array<Dim, 3> sizes, double work,
                            function_ref<void(ArrayRef<Num>)> body,
                            Kernel::Body prepare) {
  constexpr int64_t small = 96, expected = 32;
  constexpr double least = 50, each = 0.25; // nanoseconds
  auto isKnown = [](Dim size) { return size >= 0; };
  bool several = llvm::any_of(batch, [](Dim dim) { return dim > 1; }) &&
                 (!prepare || llvm::all_of(sizes, isKnown)),
       areSmall = llvm::all_of(
           sizes, [&](Dim size) { return isKnown(size) && size < small; });
  if (batch.empty() || (!several && !areSmall)) {
    if (prepare)
      prepare();
    return k.loops(batch, body);
  }
  for (Dim size : sizes)
    work *= isKnown(size) ? double(size) : double(expected);
  k.independent(batch, least + each * work, [&](ArrayRef<Num> at) {
    if (prepare)
      prepare();
    body(at);
  });
}

Num lowering::interleaved(Kernel &k, Num number, Num count) {
  Num half = (count + 1) / k.index(2), two = k.index(2);
  return k.choose(number < half, two * number, two * (number - half) + 1);
}

void lowering::overWidth(Kernel &k, Dim columns, Num from, Kernel::Body whole,
                         Kernel::Step rest) {
  if (columns >= 0 && columns % chunkWidth == 0)
    return whole();
  Num left = k.size(columns) - from;
  k.when(left >= k.index(chunkWidth), whole, [&] { rest(left); });
}

ChunkRow lowering::loadRow(Kernel &k, const Array &x, Num i) {
  ChunkRow row;
  for (int64_t at = 0; at < chunkWidth; at += lanesOf(k))
    row.push_back(x.at({i}).vector(k.index(at), lanesOf(k)));
  return row;
}
void lowering::storeRow(Kernel &k, const Array &x, Num i, ArrayRef<Num> row) {
  for (auto [number, part] : llvm::enumerate(row))
    x.at({i}).setVector(k.index(number * lanesOf(k)), part);
}

void lowering::copyChunk(Kernel &k, const Array &matrix, const Array &x,
                         Num from, Num rows, std::optional<Num> width,
                         bool isBack) {
  Num zero = k.index(0);
  k.loop(zero, rows, [&](Num i) {
    Array row = matrix.at({i}), own = x.at({i});
    if (width)
      return k.loop(zero, *width, [&](Num j) {
        isBack ? row.set(from + j, own(j)) : own.set(j, row(from + j));
      });
    for (int64_t at = 0; at < chunkWidth; at += lanesOf(k)) {
      Num here = from + at, there = k.index(at);
      if (isBack)
        row.setVector(here, own.vector(there, lanesOf(k)));
      else
        own.setVector(there, row.vector(here, lanesOf(k)));
    }
  });
}

void lowering::transposeBlock(Kernel &k, Value from, Value to, bool negate) {
  AffineExpr row = k.b.getAffineDimExpr(0), column = k.b.getAffineDimExpr(1);
  auto map = [&](AffineExpr first, AffineExpr second) {
    return AffineMap::get(2, 0, {first, second}, k.b.getContext());
  };
  auto parallel = utils::IteratorType::parallel;
  linalg::GenericOp::create(
      k.b, k.loc, TypeRange(), ValueRange{from}, ValueRange{to},
      ArrayRef<AffineMap>{map(column, row), map(row, column)},
      ArrayRef<utils::IteratorType>{parallel, parallel},
      [&](OpBuilder &nested, Location at, ValueRange x) {
        Value value = x[0];
        if (negate)
          value = arith::NegFOp::create(nested, at, value);
        linalg::YieldOp::create(nested, at, value);
      });
}
