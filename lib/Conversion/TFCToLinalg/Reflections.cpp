//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Reflections.h"
#include "Chunks.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

//===----------------------------------------------------------------------===//
// Rows of vectors
//===----------------------------------------------------------------------===//

int64_t lowering::lanesOf(Kernel &k) {
  return 512 / k.realType().getIntOrFloatBitWidth();
}

Num lowering::floorTo(Kernel &k, Num i, int64_t step) {
  return i - k.remainder(i, k.index(step));
}

Num lowering::wholeVectors(Kernel &k, Num count) {
  return floorTo(k, count + (lanesOf(k) - 1), lanesOf(k));
}

// An odd number of vectors.
Dim lowering::paddedDim(Kernel &k, Dim count) {
  int64_t lanes = lanesOf(k);
  if (count >= 0)
    return (llvm::divideCeil(count, lanes) | 1) * lanes;
  Num whole = wholeVectors(k, k.size(count)) / k.index(lanes);
  Num odd = whole + 1 - k.remainder(whole, k.index(2));
  return k.l.dimOf((odd * k.index(lanes)).value);
}

void lowering::overElements(Kernel &k, Num from, Num to,
                            function_ref<void(Num, int64_t)> body) {
  int64_t lanes = lanesOf(k);
  Num whole = from + floorTo(k, k.larger(to - from, k.index(0)), lanes);
  k.loopBy(from, whole, lanes, [&](Num i) { body(i, lanes); });
  k.loop(whole, to, [&](Num i) { body(i, 1); });
}

void lowering::copyElements(Kernel &k, const Array &from, const Array &x,
                            Num begin, Num end) {
  overElements(k, begin, end, [&](Num i, int64_t lanes) {
    if (lanes == 1)
      x.set(i, from(i));
    else
      x.setVector(i, from.vector(i, lanes));
  });
}

void lowering::fillElements(Kernel &k, const Array &x, Num begin, Num end,
                            Num value) {
  Num wide = k.splat(value, lanesOf(k));
  overElements(k, begin, end, [&](Num i, int64_t lanes) {
    if (lanes == 1)
      x.set(i, value);
    else
      x.setVector(i, wide);
  });
}

void lowering::copyVectors(Kernel &k, const Array &from, const Array &x,
                           Num begin, Num end) {
  int64_t lanes = lanesOf(k);
  k.loopBy(begin, end, lanes,
           [&](Num i) { x.setVector(i, from.vector(i, lanes)); });
}

void lowering::clearVectors(Kernel &k, const Array &x, Num begin, Num end) {
  Num wide = k.splat(k.zero(), lanesOf(k));
  k.loopBy(begin, end, lanesOf(k), [&](Num i) { x.setVector(i, wide); });
}

FewNums lowering::dotsOfRows(Kernel &k, const Array &x, Num first,
                             const Array &v, Num from, Num to) {
  int64_t lanes = lanesOf(k);
  FewNums nothing(rowsAtOnce, k.splat(k.real(0), lanes));
  FewNums sums =
      k.folds(from, to, lanes, nothing, [&](Num i, ArrayRef<Num> so) {
        FewNums next;
        Num right = v.vector(i, lanes);
        for (int64_t row = 0; row < rowsAtOnce; ++row)
          next.push_back(so[row] +
                         x.at({first + row}).vector(i, lanes) * right);
        return next;
      });
  for (Num &sum : sums)
    sum = k.sumOf(sum);
  return sums;
}

void lowering::addToRows(Kernel &k, const Array &x, Num first,
                         ArrayRef<Num> factors, const Array &v, Num from,
                         Num to) {
  int64_t lanes = lanesOf(k);
  FewNums wide;
  for (Num factor : factors)
    wide.push_back(k.splat(factor, lanes));
  k.loopBy(from, to, lanes, [&](Num i) {
    Num right = v.vector(i, lanes);
    for (auto [row, factor] : llvm::enumerate(wide)) {
      Array left = x.at({first + row});
      left.setVector(i, left.vector(i, lanes) + factor * right);
    }
  });
}

void lowering::addRowsTo(Kernel &k, const Array &v, const Array &x, Num begin,
                         Num count, function_ref<Num(Num)> factor, Num from,
                         Num to) {
  int64_t lanes = lanesOf(k);
  k.loopBy(k.index(0), count, rowsAtOnce, [&](Num first) {
    FewNums wide;
    for (int64_t row = 0; row < rowsAtOnce; ++row) {
      Num i = first + row;
      Num c = k.choose(i < count, factor(k.smaller(i, count - 1)), k.real(0));
      wide.push_back(k.splat(c, lanes));
    }
    k.loopBy(from, to, lanes, [&](Num i) {
      Num sum = v.vector(i, lanes);
      for (auto [row, c] : llvm::enumerate(wide))
        sum = sum + c * x.at({begin + first + row}).vector(i, lanes);
      v.setVector(i, sum);
    });
  });
}

void lowering::copyColumns(Kernel &k, const Array &some, const Array &to,
                           Num from, Num rows, OpFoldResult columns) {
  std::optional<int64_t> known = getConstantIntValue(columns);
  int64_t lanes = lanesOf(k);
  Num zero = k.index(0),
      width = k.num(getValueOrCreateConstantIndexOp(k.b, k.loc, columns));
  k.loop(zero, rows, [&](Num i) {
    Array row = to.at({i}), own = some.at({i});
    if (!known || *known % lanes)
      return overElements(k, zero, width, [&](Num j, int64_t count) {
        if (count == 1)
          row.set(from + j, own(j));
        else
          row.setVector(from + j, own.vector(j, count));
      });
    for (int64_t at = 0; at < *known; at += lanes)
      row.setVector(from + at, own.vector(k.index(at), lanes));
  });
}

static Num sumOfSquares(Kernel &k, const Array &v, Num from, Num to) {
  int64_t lanes = lanesOf(k);
  Num nothing = k.splat(k.real(0), lanes);
  return k.sumOf(
      k.folds(from, to, lanes, nothing, [&](Num i, ArrayRef<Num> so) {
         Num x = v.vector(i, lanes);
         return SmallVector<Num>{so.front() + x * x};
       }).front());
}

static void scaleRow(Kernel &k, const Array &v, Num factor, Num from, Num to) {
  int64_t lanes = lanesOf(k);
  Num wide = k.splat(factor, lanes);
  k.loopBy(from, to, lanes,
           [&](Num i) { v.setVector(i, v.vector(i, lanes) * wide); });
}

Reflection lowering::reflectRow(Kernel &k, const Array &v, Num start, Num from,
                                Num to) {
  Num nothing = k.real(0), unit = k.real(1), alpha = v(start);
  v.set(start, nothing);
  Cell head = k.cell(alpha), divisor = k.cell(unit),
       sum = k.cell(sumOfSquares(k, v, from, to));
  double small = k.realType().isF64() ? 0x1p-900 : 0x1p-80;
  Num isSafe = Num(sum) > k.real(small) && Num(sum) < k.real(1 / small);
  // Squares of scaled elements neither overflow nor vanish.
  k.when(k.no(isSafe), [&] {
    Num most = k.fold(from, to, k.abs(alpha),
                      [&](Num i, Num so) { return k.larger(so, k.abs(v(i))); });
    divisor = k.choose(most > nothing, most, unit);
    k.loop(from, to, [&](Num i) { v.set(i, v(i) / Num(divisor)); });
    head = alpha / Num(divisor);
    sum = sumOfSquares(k, v, from, to);
  });
  Num none = Num(sum) == nothing;
  Num beta = -k.withSign(k.hypot(head, k.sqrt(sum)), head);
  Num safe = k.choose(none, unit, beta);
  Num tau = k.choose(none, nothing, (beta - Num(head)) / safe);
  scaleRow(k, v, k.choose(none, unit, unit / (Num(head) - safe)), from, to);
  v.set(start, unit);
  return {tau, k.choose(none, alpha, beta * Num(divisor))};
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

static constexpr int64_t leastReflected = 48;

Kernel::Loops lowering::loopsOfReflections(Type element, Dim length) {
  return isFloat(element) && length >= leastReflected
             ? Kernel::Loops::ofVectors
             : Kernel::Loops::ofElements;
}

void lowering::keepLoops(Kernel &k, Kernel::Loops loops) {
  MLIRContext *context = k.b.getContext();
  BoolAttr yes = k.b.getBoolAttr(true), no;
  bool inVectors = loops == Kernel::Loops::ofVectors;
  LLVM::LoopVectorizeAttr vectorize;
  if (inVectors)
    vectorize =
        LLVM::LoopVectorizeAttr::get(context, yes, {}, {}, {}, {}, {}, {});
  // Without any unrolling, vectors that LLVM makes would not take turns either.
  auto unroll = LLVM::LoopUnrollAttr::get(context, inVectors ? yes : no, {},
                                          inVectors ? no : yes, {}, {}, {}, {});
  auto annotation = LLVM::LoopAnnotationAttr::get(
      context, {}, vectorize, {}, unroll, {}, {}, {}, {}, {}, {}, {}, {}, {},
      {}, ArrayRef<LLVM::AccessGroupAttr>());
  // The name is that of branches, whose attribute it becomes.
  k.b.getInsertionBlock()->getParentOp()->walk(
      [&](scf::ForOp loop) { loop->setAttr("loop_annotation", annotation); });
}

void lowering::chooseReflectionBlocks(Kernel &k, Dim length,
                                      Kernel::Body inBlocks,
                                      Kernel::Body plain) {
  bool isKnown = length >= 0;
  if (!isFloat(k.element) || (isKnown && length < leastReflected))
    return plain();
  if (isKnown)
    return inBlocks();
  k.when(k.size(length) >= k.index(leastReflected), inBlocks, plain);
}

static void clearRows(Kernel &k, const Array &x, Num rows, Num from, Num to) {
  k.loop(k.index(0), rows,
         [&](Num i) { clearVectors(k, x.at({i}), from, to); });
}

/// A multiple of `depth`.
static Dim wholePanels(Kernel &k, Dim count, int64_t depth) {
  if (count >= 0)
    return llvm::alignTo(count, depth);
  Num last = k.size(count) + (depth - 1);
  return k.l.dimOf(floorTo(k, last, depth).value);
}

ReflectionBlocks::ReflectionBlocks(Kernel &k, Dim count, Dim length)
    : k(k), depth(count > 0 && count < panel ? llvm::alignTo(count, rowsAtOnce)
                                             : panel),
      lengthDim(length), length(k.size(length)),
      end(wholeVectors(k, this->length)) {
  Dim rows = wholePanels(k, count, depth), padded = paddedDim(k, length),
      square = llvm::alignTo(depth, lanesOf(k));
  v = k.scratch({rows, padded}, k.element);
  negated = k.scratch({rows, square}, k.element);
  dots = k.scratch({square}, k.element);
  // What is behind the last reflection counts for nothing.
  clearRows(k, v, k.size(rows), k.index(0), end);
  clearRows(k, negated, k.size(rows), k.index(0), k.index(square));
  clearVectors(k, dots, k.index(0), k.index(square));
}

void ReflectionBlocks::addReflection(Num start, Num at, Num tau, Num from) {
  int64_t lanes = lanesOf(k), parts = llvm::divideCeil(depth, lanes);
  Num zero = k.index(0), j = at - start;
  k.loopBy(zero, j, rowsAtOnce, [&](Num first) {
    FewNums found = dotsOfRows(k, v, start + first, v.at({at}), from, end);
    for (auto [row, dot] : llvm::enumerate(found))
      dots.set(first + row, dot);
  });
  SmallVector<Num> nothing(parts, k.splat(k.real(0), lanes));
  SmallVector<Num> column =
      k.folds(zero, j, 1, nothing, [&](Num i, ArrayRef<Num> so) {
        Num dot = k.splat(dots(i), lanes);
        SmallVector<Num> next;
        for (int64_t part = 0; part < parts; ++part)
          next.push_back(
              so[part] +
              dot *
                  negated.at({start + i}).vector(k.index(part * lanes), lanes));
        return next;
      });
  Num factor = k.splat(-tau, lanes);
  for (auto [part, x] : llvm::enumerate(column))
    negated.at({at}).setVector(k.index(part * lanes), factor * x);
  negated.set(at, j, -tau);
}

ReflectionBlocks::Side ReflectionBlocks::sideOf(int64_t mostColumns,
                                                OpFoldResult columns) {
  int64_t vectors = llvm::divideCeil(mostColumns, lanesOf(k));
  auto memory = [&] {
    return k.scratch({depth, vectors * lanesOf(k)}, k.element);
  };
  return {memory(), memory(), vectors, columns};
}

void ReflectionBlocks::clearLeft(const Side &side) {
  clearRows(k, side.left, k.index(depth), k.index(0),
            k.index(side.vectors * lanesOf(k)));
}

/// Adds V M, where M is -T or -T^T times what is on the left.
void ReflectionBlocks::multiply(const Side &side, const Array &x, Num start,
                                Num row, bool transposed) {
  int64_t lanes = lanesOf(k);
  Num zero = k.index(0), all = k.index(depth);
  k.loop(zero, all, [&](Num i) {
    // -T^T is a lower triangle.
    SmallVector<Num> sums(side.vectors, k.splat(k.real(0), lanes));
    sums = k.folds(
        transposed ? zero : i, transposed ? i + 1 : all, 1, sums,
        [&](Num j, ArrayRef<Num> so) {
          Num c = transposed ? negated(start + i, j) : negated(start + j, i);
          Num wide = k.splat(c, lanes);
          SmallVector<Num> next;
          for (auto [at, sum] : llvm::enumerate(so))
            next.push_back(sum +
                           wide * side.left.at({j}).vector(
                                      k.index(int64_t(at) * lanes), lanes));
          return next;
        });
    for (auto [at, sum] : llvm::enumerate(sums))
      side.right.at({i}).setVector(k.index(int64_t(at) * lanes), sum);
  });
  OpFoldResult rows = (length - row).value, panels = k.b.getIndexAttr(depth);
  k.addProduct(v.block(start, row, panels, rows), /*transposeLeft=*/true,
               side.right.block(zero, zero, panels, side.width),
               x.block(row, zero, rows, side.width));
}

/// What is on the left: V^T times rows of `x`.
void ReflectionBlocks::project(const Side &side, const Array &x, Num start,
                               Num row) {
  Num zero = k.index(0);
  OpFoldResult rows = (length - row).value, panels = k.b.getIndexAttr(depth);
  k.addProduct(v.block(start, row, panels, rows), /*transposeLeft=*/false,
               x.block(row, zero, rows, side.width),
               side.left.block(zero, zero, panels, side.width));
}

void ReflectionBlocks::apply(const Side &side, const Array &x, Num start,
                             Num row, bool transposed) {
  clearLeft(side);
  project(side, x, start, row);
  multiply(side, x, start, row, transposed);
}

/// From the last panel that means something for a column of the identity to the
/// first.
void ReflectionBlocks::form(
    Num reflections, Dim columns, int64_t shift,
    function_ref<void(const Array &, Num, OpFoldResult)> place) {
  constexpr int64_t most = 64;
  bool isKnown = columns >= 0;
  int64_t widest = isKnown ? std::min<int64_t>(columns, most) : most;
  Num zero = k.index(0), wide = k.index(most), width = k.size(columns);
  Num count = (width + (most - 1)) / wide;
  double rows = lengthDim >= 0 ? double(lengthDim) : 256,
         nanoseconds = 2 * rows * rows * most / flopsPerNanosecond;
  k.independent({k.l.dimOf(count.value)}, nanoseconds, [&](ArrayRef<Num> at) {
    Num from = interleaved(k, at.front(), count) * wide;
    OpFoldResult some = k.smaller(width - from, wide).value;
    if (isKnown && (columns < most || columns % most == 0))
      some = k.b.getIndexAttr(widest);
    Side side = sideOf(widest, some);
    int64_t lanes = lanesOf(k), padded = side.vectors * lanes;
    Array x = k.scratch({lengthDim, padded}, k.element);
    k.loop(zero, length,
           [&](Num i) { clearVectors(k, x.at({i}), zero, k.index(padded)); });
    Num stop = k.smaller(from + padded, width);
    k.loop(from, stop, [&](Num i) { x.set(i, i - from, k.one()); });
    // Columns [from, stop) of the identity.
    Num last = k.smaller(k.larger(stop - shift, zero), reflections);
    Num panels = (last + (panel - 1)) / k.index(panel);
    k.loopDown(zero, panels, [&](Num number) {
      Num start = number * k.index(panel), row = start + shift;
      clearLeft(side);
      // Rows of the identity pick those of V.
      k.when(
          number == panels - 1,
          [&] {
            Num behind = k.smaller(k.index(padded), end - from);
            k.loop(zero, k.index(depth), [&](Num j) {
              k.loopBy(zero, behind, lanes, [&](Num i) {
                side.left.at({j}).setVector(
                    i, v.at({start + j}).vector(from + i, lanes));
              });
            });
          },
          [&] { project(side, x, start, row); });
      multiply(side, x, start, row, /*transposed=*/false);
    });
    place(x, from, some);
  });
}
