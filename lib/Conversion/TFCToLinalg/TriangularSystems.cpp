//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Systems of triangles in blocks: a panel of rows is solved for, and what it
// means for others is a product of matrices.
//===----------------------------------------------------------------------===//

#include "TriangularSystems.h"
#include "Reflections.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// The depth of products.
static constexpr int64_t panelDepth = chunkWidth;
/// Columns that are solved for at once.
static int64_t columnsAtOnce(Kernel &k) {
  return k.isComplexKernel() ? 32 : 64;
}

namespace {

/// A few columns of right sides, where they are.
struct NarrowColumns {
  Kernel &k;
  const Array &x;
  Dim order;
  Num from;
  OpFoldResult width;

  void exchange(Num i, Num j);
  void solve(const Triangle &a);

private:
  Num behind() {
    return from + k.num(getValueOrCreateConstantIndexOp(k.b, k.loc, width));
  }
  void solveRows(const Triangle &a, Num number, Num start, Num end);
  void update(const Triangle &a, Num number, const Array &part, Num first,
              Num last);
};

/// Columns in memory of their own, a row after the other, as many as whole
/// vectors hold: those behind `count` are zero, as are rows behind the last.
/// Real parts of a row are followed by its imaginary parts; `turned` has i
/// times the rows that are solved for.
struct WideColumns {
  Kernel &k;
  const Array &x;
  Dim order;
  Num from, count;
  int64_t width;
  int64_t parts = k.isComplexKernel() ? 2 : 1, across = parts * width;
  Num n = k.size(order);
  Array own = k.scratch({wholeChunks(k, order), across}, k.realType());
  Array turned = parts == 1
                     ? Array()
                     : k.scratch({wholeChunks(k, order), across}, k.realType());

  void load();
  void store();
  void exchange(Num i, Num j);
  void solve(const Triangle &a);

private:
  using Row = SmallVector<Num, 8>;
  Row load(const Array &of, Num i);
  void store(const Array &to, Num i, ArrayRef<Num> row);
  void clear(Num i);
  void copy(bool isBack);
  void solveRow(const Triangle &a, Num number, Num start, Num end, Num i);
  void addSquare(const Array &square, Num row, Num column, Num from, Num start,
                 OpFoldResult rows);
  Num isNothing(Num start, Num end);
};

} // namespace

void NarrowColumns::exchange(Num i, Num j) {
  k.loop(from, behind(), [&](Num m) {
    Num a = x(i, m), b = x(j, m);
    x.set(i, m, b);
    x.set(j, m, a);
  });
}

/// With rows [start, end), whose triangle is on the diagonal.
void NarrowColumns::solveRows(const Triangle &a, Num number, Num start,
                              Num end) {
  Num to = behind(), origin = a.origin(k, number);
  Array columns = a.panels(number);
  auto row = [&](Num i) {
    k.loop(a.lower ? start : i + 1, a.lower ? i : end, [&](Num j) {
      Num c = columns(i, j - origin);
      k.loop(from, to, [&](Num m) { x.set(i, m, x(i, m) - c * x(j, m)); });
    });
    if (a.unit)
      return;
    Num d = columns(i, i - origin);
    k.loop(from, to, [&](Num m) { x.set(i, m, x(i, m) / d); });
  };
  if (a.lower)
    k.loop(start, end, row);
  else
    k.loopDown(start, end, row);
}

/// Rows [first, last) lose what a whole panel of rows is multiplied by.
void NarrowColumns::update(const Triangle &a, Num number, const Array &part,
                           Num first, Num last) {
  Num zero = k.index(0), start = number * k.index(panelDepth),
      begin = start - a.origin(k, number);
  Array columns = a.panels(number);
  OpFoldResult depth = k.b.getIndexAttr(panelDepth),
               rows = (last - first).value;
  k.loop(first, last, [&](Num i) {
    ChunkRow row;
    for (int64_t at = 0; at < panelDepth; at += lanesOf(k))
      row.push_back(-columns.at({i}).vector(begin + at, lanesOf(k)));
    storeRow(k, part, i, row);
  });
  k.addProduct(part.block(first, zero, rows, depth), /*transposeLeft=*/false,
               x.block(start, from, depth, width),
               x.block(first, from, rows, width));
}

void NarrowColumns::solve(const Triangle &a) {
  Num n = k.size(order), zero = k.index(0), wide = k.index(panelDepth);
  Num to = behind();
  Array part = k.scratch({order, panelDepth}, k.element);
  auto step = [&](Num number) {
    Num start = number * wide, end = k.smaller(start + panelDepth, n);
    solveRows(a, number, start, end);
    if (a.lower)
      return k.when(end < n, [&] { update(a, number, part, end, n); });
    // A last block may have less.
    k.when(
        start + panelDepth <= n, [&] { update(a, number, part, zero, start); },
        [&] {
          Array columns = a.panels(number);
          Num origin = a.origin(k, number);
          k.loop(zero, start, [&](Num i) {
            k.loop(start, n, [&](Num j) {
              Num c = columns(i, j - origin);
              k.loop(from, to,
                     [&](Num m) { x.set(i, m, x(i, m) - c * x(j, m)); });
            });
          });
        });
  };
  Num count = (n + (panelDepth - 1)) / wide;
  if (a.lower)
    k.loop(zero, count, step);
  else
    k.loopDown(zero, count, step);
}

WideColumns::Row WideColumns::load(const Array &of, Num i) {
  Row row;
  for (int64_t at = 0; at < across; at += lanesOf(k))
    row.push_back(of.at({i}).vector(k.index(at), lanesOf(k)));
  return row;
}

void WideColumns::store(const Array &to, Num i, ArrayRef<Num> row) {
  for (auto [number, part] : llvm::enumerate(row))
    to.at({i}).setVector(k.index(int64_t(number) * lanesOf(k)), part);
}

void WideColumns::clear(Num i) {
  Num nothing = k.splat(k.real(0), lanesOf(k));
  store(own, i, Row(across / lanesOf(k), nothing));
  if (parts > 1)
    store(turned, i, Row(across / lanesOf(k), nothing));
}

void WideColumns::copy(bool isBack) {
  auto whole = [&](Num i) {
    for (int64_t at = 0; at < across; at += lanesOf(k)) {
      Array row = parts == 1 ? x.at({i}) : x.at({k.index(at / width), i}),
            here = own.at({i});
      Num there = from + at % width;
      if (isBack)
        row.setVector(there, here.vector(k.index(at), lanesOf(k)));
      else
        here.setVector(k.index(at), row.vector(there, lanesOf(k)));
    }
  };
  auto some = [&](Num i) {
    if (!isBack)
      clear(i);
    k.loop(k.index(0), count, [&](Num m) {
      if (isBack && parts > 1)
        x.set(i, from + m, k.complex(own(i, m), own(i, m + width)));
      else if (isBack)
        x.set(i, from + m, own(i, m));
      else
        own.set(i, m, k.realPart(x(i, from + m)));
      if (!isBack && parts > 1)
        own.set(i, m + width, k.imagPart(x(i, from + m)));
    });
  };
  k.when(
      count == k.index(width), [&] { k.loop(k.index(0), n, whole); },
      [&] { k.loop(k.index(0), n, some); });
}

void WideColumns::load() {
  copy(/*isBack=*/false);
  k.loop(n, k.size(wholeChunks(k, order)), [&](Num i) { clear(i); });
}

void WideColumns::store() { copy(/*isBack=*/true); }

void WideColumns::exchange(Num i, Num j) {
  Row a = load(own, i), b = load(own, j);
  store(own, i, b);
  store(own, j, a);
}

/// What is to be lost is in row i, minus the row.
void WideColumns::solveRow(const Triangle &a, Num number, Num start, Num end,
                           Num i) {
  int64_t lanes = lanesOf(k);
  Num origin = a.origin(k, number);
  Array columns = a.panels(number);
  Row row;
  for (Num part : load(own, i))
    row.push_back(-part);
  auto isComplex = parts > 1;
  row = Row(k.folds(a.lower ? start : i + 1, a.lower ? i : end, 1, row,
                    [&](Num j, ArrayRef<Num> so) {
                      Num factor = -columns(i, j - origin),
                          c = k.splat(k.realPart(factor), lanes);
                      SmallVector<Num> next;
                      for (auto [sum, part] : llvm::zip(so, load(own, j)))
                        next.push_back(sum + c * part);
                      if (!isComplex)
                        return next;
                      Num s = k.splat(k.imagPart(factor), lanes);
                      for (auto [sum, part] : llvm::zip(next, load(turned, j)))
                        sum = sum + s * part;
                      return next;
                    }));
  auto turn = [&] {
    int64_t half = row.size() / 2;
    Row other;
    for (int64_t v = 0; v < half; ++v)
      other.push_back(-row[half + v]);
    other.append(row.begin(), row.begin() + half);
    return other;
  };
  if (!a.unit && !isComplex) {
    Num d = k.splat(columns(i, i - origin), lanes);
    for (Num &part : row)
      part = part / d;
  }
  if (!a.unit && isComplex) {
    Num inverse = k.one() / columns(i, i - origin);
    Num c = k.splat(k.realPart(inverse), lanes),
        s = k.splat(k.imagPart(inverse), lanes);
    for (auto [part, other] : llvm::zip(row, turn()))
      part = c * part + s * other;
  }
  store(own, i, row);
  if (isComplex)
    store(turned, i, turn());
}

/// Are these rows zero?
Num WideColumns::isNothing(Num start, Num end) {
  Num zero = k.splat(k.real(0), lanesOf(k)),
      one = k.splat(k.real(1), lanesOf(k));
  Num found = k.folds(start, end, 1, zero, [&](Num i, ArrayRef<Num> so) {
                 Num any = so.front();
                 for (Num part : load(own, i))
                   any = k.choose(part != zero, one, any);
                 return SmallVector<Num>{any};
               }).front();
  return k.no(k.anyOf(found != zero));
}

/// Rows from `start` on get what a square of a triangle means for them, which
/// is multiplied by rows from `from` on.
void WideColumns::addSquare(const Array &square, Num row, Num column, Num from,
                            Num start, OpFoldResult rows) {
  OpFoldResult depth = k.b.getIndexAttr(panelDepth),
               all = k.b.getIndexAttr(across);
  Num zero = k.index(0);
  auto add = [&](const Array &left, const Array &right) {
    k.addProduct(left.block(row, column, rows, depth), /*transposeLeft=*/false,
                 right.block(from, zero, depth, all),
                 own.block(start, zero, rows, all));
  };
  if (parts == 1)
    return add(square, own);
  add(square.at({zero}), own);
  add(square.at({k.index(1)}), turned);
}

/// A panel of rows gets what all before mean for it, as products of squares,
/// and then is solved for. Rows of zeros before the first others (of triangles'
/// inverses) mean nothing. Those of an upper triangle in a matrix end where the
/// matrix ends, so that only the last one that is solved for may have less.
void WideColumns::solve(const Triangle &a) {
  Num zero = k.index(0), wide = k.index(panelDepth),
      panels = (n + (panelDepth - 1)) / wide;
  Num shift = a.lower || a.inChunks ? zero : panels * wide - n;
  bool isWhole = order >= 0 && order % panelDepth == 0;
  OpFoldResult depth = k.b.getIndexAttr(panelDepth);
  Cell passed = k.cell(zero);
  auto numberOf = [&](Num turn) { return a.lower ? turn : panels - 1 - turn; };
  k.loop(zero, panels, [&](Num turn) {
    Num number = numberOf(turn), first = number * wide - shift;
    Num start = k.larger(first, zero), end = k.smaller(first + panelDepth, n);
    OpFoldResult rows = isWhole ? depth : OpFoldResult((end - start).value);
    k.loop(start, end, [&](Num i) {
      Row row = load(own, i);
      for (Num &part : row)
        part = -part;
      store(own, i, row);
    });
    k.loop(passed, turn, [&](Num before) {
      Num other = numberOf(before), from = other * wide - shift;
      addSquare(a.panels(other), start, from - a.origin(k, other), from, start,
                rows);
    });
    auto row = [&](Num i) { solveRow(a, number, start, end, i); };
    if (a.lower)
      k.loop(start, end, row);
    else
      k.loopDown(start, end, row);
    k.when(passed == turn,
           [&] { k.when(isNothing(start, end), [&] { passed = turn + 1; }); });
  });
}

void lowering::solveColumns(Kernel &k, const Array &x, Dim order, Num columns,
                            function_ref<void(Exchange)> exchanges,
                            ArrayRef<Triangle> triangles) {
  auto solve = [&](auto &part) {
    exchanges([&](Num i, Num j) { part.exchange(i, j); });
    for (const Triangle &triangle : triangles)
      part.solve(triangle);
  };
  auto narrow = [&](Num from, OpFoldResult width) {
    NarrowColumns part{k, x, order, from, width};
    solve(part);
  };
  std::optional<int64_t> known = getConstantIntValue(columns.value);
  int64_t lanes = lanesOf(k);
  if (known && *known < lanes)
    return narrow(k.index(0), k.b.getIndexAttr(*known));
  int64_t width =
      known ? std::min<int64_t>(columnsAtOnce(k), llvm::alignTo(*known, lanes))
            : columnsAtOnce(k);
  double rows = order >= 0 ? double(order) : double(leastShared),
         nanoseconds = rows * rows * columnsAtOnce(k) / flopsPerNanosecond;
  Num groups = (columns + (width - 1)) / k.index(width);
  k.independent({k.l.dimOf(groups.value)}, nanoseconds, [&](ArrayRef<Num> at) {
    Num from = at.front() * k.index(width),
        count = k.smaller(columns - from, k.index(width));
    auto wide = [&] {
      WideColumns part{k, x, order, from, count, width};
      part.load();
      solve(part);
      part.store();
    };
    if (known)
      return wide();
    k.when(count >= k.index(lanes), wide, [&] { narrow(from, count.value); });
  });
}

void lowering::solveTriangleInBlocks(Kernel &k, const Array &a, const Array &x,
                                     Dim order, Num columns, bool lower,
                                     bool unit) {
  auto whole = [&](Num) { return a; };
  Triangle triangle{whole, /*inChunks=*/false, lower, unit};
  solveColumns(k, x, order, columns, [](Exchange) {}, triangle);
}

bool lowering::hasWideColumns(Kernel &k, Num columns) {
  return getConstantIntValue(columns.value).value_or(0) >= lanesOf(k);
}

void lowering::solveFactorsInBlocks(Kernel &k, const Array &factors,
                                    const Array &x, Dim order, Num columns) {
  auto whole = [&](Num) { return factors; };
  Triangle lower{whole, /*inChunks=*/false, /*lower=*/true, /*unit=*/true},
      upper{whole, /*inChunks=*/false, /*lower=*/false, /*unit=*/false};
  solveColumns(k, x, order, columns, [](Exchange) {}, {lower, upper});
}

/// Is row i of a real matrix, or of one part of a complex one, a one on the
/// diagonal, or nothing?
static Num isUnitRow(Kernel &k, const Array &row, Num i, Num n, bool hasOne) {
  int64_t lanes = lanesOf(k);
  Num nothing = k.splat(k.real(0), lanes), one = k.splat(k.real(1), lanes);
  Num found = k.folds(k.index(0), floorTo(k, n, lanes), lanes, nothing,
                      [&](Num j, ArrayRef<Num> so) {
                        Num other = row.vector(j, lanes) != nothing;
                        return SmallVector<Num>{so.front() +
                                                k.choose(other, one, nothing)};
                      })
                  .front();
  // The last elements, those of a vector again where it has more.
  Cell count = k.cell(k.sumOf(found));
  k.loop(floorTo(k, n, lanes), n, [&](Num j) {
    Num same = k.num(vector::ExtractOp::create(
        k.b, k.loc, row.vector(j, 1).value, ArrayRef<int64_t>{0}));
    count = Num(count) + k.choose(same != k.real(0), k.real(1), k.real(0));
  });
  Num isAlone = Num(count) == k.real(hasOne ? 1 : 0);
  if (!hasOne)
    return isAlone;
  Num diagonal = k.num(vector::ExtractOp::create(
      k.b, k.loc, row.vector(i, 1).value, ArrayRef<int64_t>{0}));
  return isAlone && diagonal == k.real(1);
}

Num lowering::isIdentity(Kernel &k, const Array &x, Num n) {
  Num zero = k.index(0);
  Cell next = k.cell(zero), goesOn = k.cell(k.truth(true));
  k.repeatWhile([&] { return Num(goesOn) && Num(next) < n; },
                [&] {
                  Num i = next;
                  if (!k.isComplexKernel())
                    goesOn = isUnitRow(k, x.at({i}), i, n, /*hasOne=*/true);
                  else
                    goesOn = isUnitRow(k, x.at({zero, i}), i, n, true) &&
                             isUnitRow(k, x.at({k.index(1), i}), i, n, false);
                  next = i + 1;
                });
  return Num(goesOn);
}
