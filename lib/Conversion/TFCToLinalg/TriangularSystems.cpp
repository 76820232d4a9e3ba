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

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// The depth of products.
static constexpr int64_t panelDepth = chunkWidth;
/// Columns that are solved for at once.
static constexpr int64_t columnsAtOnce = 64;

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
struct WideColumns {
  Kernel &k;
  const Array &x;
  Dim order;
  Num from, count;
  int64_t width;
  Num n = k.size(order);
  Array own = k.scratch({wholeChunks(k, order), width}, k.element);

  void load();
  void store();
  void exchange(Num i, Num j);
  void solve(const Triangle &a);

private:
  using Row = SmallVector<Num, 8>;
  Row load(Num i);
  void store(Num i, ArrayRef<Num> row);
  void copy(bool isBack);
  void solveRow(const Triangle &a, Num number, Num start, Num end, Num i);
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

WideColumns::Row WideColumns::load(Num i) {
  Row row;
  for (int64_t at = 0; at < width; at += lanesOf(k))
    row.push_back(own.at({i}).vector(k.index(at), lanesOf(k)));
  return row;
}

void WideColumns::store(Num i, ArrayRef<Num> row) {
  for (auto [number, part] : llvm::enumerate(row))
    own.at({i}).setVector(k.index(int64_t(number) * lanesOf(k)), part);
}

void WideColumns::copy(bool isBack) {
  auto whole = [&](Num i) {
    for (int64_t at = 0; at < width; at += lanesOf(k)) {
      Array row = x.at({i}), here = own.at({i});
      if (isBack)
        row.setVector(from + at, here.vector(k.index(at), lanesOf(k)));
      else
        here.setVector(k.index(at), row.vector(from + at, lanesOf(k)));
    }
  };
  auto some = [&](Num i) {
    if (!isBack)
      clearVectors(k, own.at({i}), k.index(0), k.index(width));
    k.loop(k.index(0), count, [&](Num m) {
      if (isBack)
        x.set(i, from + m, own(i, m));
      else
        own.set(i, m, x(i, from + m));
    });
  };
  k.when(
      count == k.index(width), [&] { k.loop(k.index(0), n, whole); },
      [&] { k.loop(k.index(0), n, some); });
}

void WideColumns::load() {
  copy(/*isBack=*/false);
  k.loop(n, k.size(wholeChunks(k, order)), [&](Num i) {
    clearVectors(k, own.at({i}), k.index(0), k.index(width));
  });
}

void WideColumns::store() { copy(/*isBack=*/true); }

void WideColumns::exchange(Num i, Num j) {
  Row a = load(i), b = load(j);
  store(i, b);
  store(j, a);
}

/// What is to be lost is in row i, minus the row.
void WideColumns::solveRow(const Triangle &a, Num number, Num start, Num end,
                           Num i) {
  Num origin = a.origin(k, number);
  Array columns = a.panels(number);
  Row row;
  for (Num part : load(i))
    row.push_back(-part);
  row = Row(k.folds(a.lower ? start : i + 1, a.lower ? i : end, 1, row,
                    [&](Num j, ArrayRef<Num> so) {
                      Num c = k.splat(-columns(i, j - origin), lanesOf(k));
                      SmallVector<Num> next;
                      for (auto [sum, part] : llvm::zip(so, load(j)))
                        next.push_back(sum + c * part);
                      return next;
                    }));
  if (!a.unit) {
    Num d = k.splat(columns(i, i - origin), lanesOf(k));
    for (Num &part : row)
      part = part / d;
  }
  store(i, row);
}

/// Are these rows zero?
Num WideColumns::isNothing(Num start, Num end) {
  Num zero = k.splat(k.real(0), lanesOf(k)),
      one = k.splat(k.real(1), lanesOf(k));
  Num found = k.folds(start, end, 1, zero, [&](Num i, ArrayRef<Num> so) {
                 Num any = so.front();
                 for (Num part : load(i))
                   any = k.choose(part != zero, one, any);
                 return SmallVector<Num>{any};
               }).front();
  return k.no(k.anyOf(found != zero));
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
  OpFoldResult depth = k.b.getIndexAttr(panelDepth),
               across = k.b.getIndexAttr(width);
  Cell passed = k.cell(zero);
  auto numberOf = [&](Num turn) { return a.lower ? turn : panels - 1 - turn; };
  k.loop(zero, panels, [&](Num turn) {
    Num number = numberOf(turn), first = number * wide - shift;
    Num start = k.larger(first, zero), end = k.smaller(first + panelDepth, n);
    OpFoldResult rows = isWhole ? depth : OpFoldResult((end - start).value);
    k.loop(start, end, [&](Num i) {
      Row row = load(i);
      for (Num &part : row)
        part = -part;
      store(i, row);
    });
    k.loop(passed, turn, [&](Num before) {
      Num other = numberOf(before), from = other * wide - shift;
      k.addProduct(
          a.panels(other).block(start, from - a.origin(k, other), rows, depth),
          /*transposeLeft=*/false, own.block(from, zero, depth, across),
          own.block(start, zero, rows, across));
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
      known ? std::min<int64_t>(columnsAtOnce, llvm::alignTo(*known, lanes))
            : columnsAtOnce;
  double rows = order >= 0 ? double(order) : double(leastShared),
         nanoseconds = rows * rows * columnsAtOnce / flopsPerNanosecond;
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
