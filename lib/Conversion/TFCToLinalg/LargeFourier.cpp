//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A row that no cache holds with its scratch memory is a matrix of n = c r
// elements (D. H. Bailey, "FFTs in external or hierarchical memory", 1990):
//
//   y[k + c l] = sum over j < r of w^(j k) v^(j l) (sum over i < c of u^(i k)
//   x[r i + j])
//
// with roots u, v and w of c, r and n. Columns are transformed first, as many
// at once as a vector has lanes, and multiplied by powers of w; then rows are,
// as many at once, which change sides on the way in. So memory is read and
// written twice, by whole cache lines, and what is done between stays in a
// cache. Threads share the columns, and then the rows.
//===----------------------------------------------------------------------===//

#include "LargeFourier.h"
#include "tfc/Dialect/TFCRT/IR/Square.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// Tables of one root for each element of a column, and each lane.
static constexpr int64_t longestColumn = 1024;

//===----------------------------------------------------------------------===//
// Roots
//===----------------------------------------------------------------------===//

RootTable::RootTable(int64_t of, bool inverse)
    : of(of), step(int64_t(1) << llvm::divideCeil(llvm::Log2_64_Ceil(of), 2)),
      inverse(inverse) {}

void RootTable::tables(OpBuilder &b, Location loc, Type real,
                       SmallVectorImpl<Value> &to) const {
  SmallVector<std::complex<double>> coarse, fine;
  for (int64_t i = 0; i < of; i += step)
    coarse.push_back(KnownTransform::root(i, of, inverse));
  for (int64_t i = 0; i < step; ++i)
    fine.push_back(KnownTransform::root(i, of, inverse));
  to.push_back(KnownTransform::table(b, loc, real, coarse));
  to.push_back(KnownTransform::table(b, loc, real, fine));
}

std::pair<Num, Num> RootTable::product(const Array &coarse, Num c,
                                       const Array &fine, Num f) {
  Kernel &k = *c.kernel;
  Num zero = k.index(0), one = k.index(1);
  Num a = coarse(zero, c), b = coarse(one, c), x = fine(zero, f),
      y = fine(one, f);
  return {a * x - b * y, a * y + b * x};
}

std::pair<Num, Num> RootTable::at(const Array &coarse, const Array &fine,
                                  Num i) const {
  Num by = i.kernel->index(step);
  return product(coarse, i / by, fine, i.kernel->remainder(i, by));
}

//===----------------------------------------------------------------------===//
// Choices
//===----------------------------------------------------------------------===//

/// How long columns are, or 0: about as long as rows, but not longer, and both
/// fill a vector.
static int64_t columnOf(int64_t size, Type real) {
  int64_t lanes = KnownTransform::lanesOf(real);
  int64_t most = std::min<int64_t>(std::sqrt(double(size)), longestColumn);
  for (int64_t column = most; column >= lanes; --column)
    if (size % column == 0 && KnownTransform::isFor(column) &&
        KnownTransform::isFor(size / column))
      return column;
  return 0;
}

bool RowTransform::isFor(Dim size, Type real) {
  return KnownTransform::isFor(size) || (size > 1 && columnOf(size, real));
}

static int64_t rowOf(int64_t size, Type real) {
  return KnownTransform::isFor(size) ? size : size / columnOf(size, real);
}

RowTransform::RowTransform(int64_t size, Type real, bool inverse)
    : size(size), real(real), rows(rowOf(size, real), real, inverse) {
  if (rows.size != size)
    columns.emplace(size / rows.size, real, inverse);
}

SmallVector<Value> RowTransform::tables(OpBuilder &b, Location loc) const {
  SmallVector<Value> made{rows.roots(b, loc)};
  if (!columns)
    return made;
  made.push_back(columns->roots(b, loc));
  SmallVector<std::complex<double>> lanes;
  for (int64_t i = 0; i < columns->size; ++i)
    for (int64_t lane = 0; lane < KnownTransform::lanesOf(real); ++lane)
      lanes.push_back(KnownTransform::root(i * lane, size, rows.inverse));
  made.push_back(KnownTransform::table(b, loc, real, lanes));
  RootTable(size, rows.inverse).tables(b, loc, real, made);
  return made;
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

void RowTransform::run(Kernel &k, unsigned first, Load load,
                       Store store) const {
  if (columns)
    return runLarge(k, first, load, store);
  Num zero = k.index(0), one = k.index(1);
  Array end = run(k, first, load);
  k.loop(zero, k.index(size),
         [&](Num i) { store(i, end(zero, i), end(one, i)); });
}

Array RowTransform::run(Kernel &k, unsigned first, Load load) const {
  Num zero = k.index(0), one = k.index(1);
  // Rows of a power of two would meet in the same sets of a cache.
  if (columns) {
    Array end = k.scratch({2, size + 16}, real);
    runLarge(k, first, load, [&](Num i, Num re, Num im) {
      end.set(zero, i, re);
      end.set(one, i, im);
    });
    return end;
  }
  Array memory = k.scratch({2, 2, size + 16}, real), start = memory.at({zero});
  k.loop(zero, k.index(size), [&](Num i) {
    auto [re, im] = load(i);
    start.set(zero, i, re);
    start.set(one, i, im);
  });
  return rows.run(k, memory, k.input(first));
}

void RowTransform::runLarge(Kernel &k, unsigned first, Load load,
                            Store store) const {
  // Rows of a power of two would meet in the same sets of a cache.
  Array matrix = k.scratch(
      {2, columns->size, rows.size + KnownTransform::lanesOf(real)}, real);
  transformColumns(k, first, matrix, load);
  transformRows(k, first, matrix, store);
}

/// In pieces of a vector's width, the last of which may begin before the one
/// before it has ended.
static void inPieces(Kernel &k, int64_t size, int64_t lanes, double nanoseconds,
                     llvm::function_ref<void(Num)> body) {
  k.independent({int64_t(llvm::divideCeil(size, lanes))}, nanoseconds,
                [&](ArrayRef<Num> at) {
                  Num from = at[0] * k.index(lanes);
                  body(size % lanes ? k.smaller(from, k.index(size - lanes))
                                    : from);
                });
}

static double nanosecondsOf(int64_t size) {
  return 0.15 * size * llvm::Log2_64_Ceil(size);
}

void RowTransform::transformColumns(Kernel &k, unsigned first,
                                    const Array &matrix, Load load) const {
  int64_t lanes = KnownTransform::lanesOf(real), height = columns->size,
          width = rows.size;
  Num zero = k.index(0), one = k.index(1), count = k.index(lanes);
  Array near = k.input(first + 2), coarse = k.input(first + 3),
        fine = k.input(first + 4);
  RootTable powers(size, rows.inverse);
  inPieces(k, width, lanes, lanes * nanosecondsOf(height), [&](Num from) {
    Array memory = k.scratch({2, 2, height * lanes + 16}, real),
          start = memory.at({zero});
    k.loop(zero, k.index(height), [&](Num i) {
      k.loop(zero, count, [&](Num lane) {
        auto [re, im] = load(i * k.index(width) + from + lane);
        start.set(zero, i * count + lane, re);
        start.set(one, i * count + lane, im);
      });
    });
    Array end = columns->run(k, memory, k.input(first + 1), lanes);
    k.loop(zero, k.index(height), [&](Num i) {
      auto [c, s] = powers.at(coarse, fine, i * from);
      c = k.splat(c, lanes), s = k.splat(s, lanes);
      Num at = i * count;
      auto vector = [&](const Array &array, Num part) {
        return array.at({part}).vector(at, lanes);
      };
      Num x = vector(near, zero), y = vector(near, one);
      Num cosine = c * x - s * y, sine = c * y + s * x;
      Num re = vector(end, zero), im = vector(end, one);
      matrix.at({zero, i}).setVector(from, re * cosine - im * sine);
      matrix.at({one, i}).setVector(from, re * sine + im * cosine);
    });
  });
}

void RowTransform::transformRows(Kernel &k, unsigned first, const Array &matrix,
                                 Store store) const {
  int64_t lanes = KnownTransform::lanesOf(real), height = columns->size,
          width = rows.size;
  Num zero = k.index(0), one = k.index(1), count = k.index(lanes);
  inPieces(k, height, lanes, lanes * nanosecondsOf(width), [&](Num from) {
    Array memory = k.scratch({2, 2, width * lanes + 16}, real),
          start = memory.at({zero});
    k.loop(zero, k.index(llvm::divideCeil(width, lanes)), [&](Num piece) {
      Num j = piece * count;
      if (width % lanes)
        j = k.smaller(j, k.index(width - lanes));
      for (Num part : {zero, one}) {
        SmallVector<Value> square;
        for (int64_t lane = 0; lane < lanes; ++lane)
          square.push_back(
              matrix.at({part, from + lane}).vector(j, lanes).value);
        square = rt::transposeSquare(k.b, k.loc, std::move(square));
        for (auto [lane, x] : llvm::enumerate(square))
          start.at({part}).setVector((j + static_cast<int64_t>(lane)) * count,
                                     k.num(x));
      }
    });
    Array end = rows.run(k, memory, k.input(first), lanes);
    k.loop(zero, k.index(width), [&](Num j) {
      k.loop(zero, count, [&](Num lane) {
        Num at = j * count + lane;
        store(j * k.index(height) + from + lane, end(zero, at), end(one, at));
      });
    });
  });
}
