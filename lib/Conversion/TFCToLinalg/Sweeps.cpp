//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Sweeps.h"
#include "Chunks.h"
#include "Reflections.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// Vectors of a row that are rotated at once.
static constexpr int64_t vectorsAtOnce = 2;

Rotation lowering::rotationOf(Kernel &k, Num x, Num y) {
  Num square = x * x + y * y, nothing = k.real(0), unit = k.real(1);
  double small = k.realType().isF64() ? 0x1p-900 : 0x1p-80;
  Num isSafe = square > k.real(small) && square < k.real(1 / small);
  Cell c = k.cell(nothing), s = k.cell(nothing), r = k.cell(nothing);
  k.when(
      isSafe,
      [&] {
        Num root = k.sqrt(square), inverse = unit / root;
        r = root;
        c = x * inverse;
        s = y * inverse;
      },
      [&] {
        Num root = k.hypot(x, y), none = root == nothing;
        Num safe = k.choose(none, unit, root);
        r = root;
        c = k.choose(none, unit, x / safe);
        s = k.choose(none, nothing, y / safe);
      });
  return {c, s, r};
}

/// A row of each matrix has two more elements or rows than it needs.
static Dim withEdges(Kernel &k, Dim count) {
  return count >= 0 ? count + 2 : k.l.dimOf((k.size(count) + 2).value);
}

/// Whole groups of vectors.
static Dim widthOf(Kernel &k, Dim columns) {
  int64_t width = vectorsAtOnce * lanesOf(k);
  if (columns >= 0)
    return llvm::alignTo(columns, width) + lanesOf(k);
  Num padded = floorTo(k, k.size(columns) + (width - 1), width);
  return k.l.dimOf((padded + lanesOf(k)).value);
}

Sweeps::Sweeps(Kernel &k, Dim rowDim, Dim columnDim)
    : k(k), nanoseconds(50 * double(rowDim >= 0 ? rowDim : 256)),
      numColumns(floorTo(k,
                         k.size(columnDim) + (vectorsAtOnce * lanesOf(k) - 1),
                         vectorsAtOnce * lanesOf(k))),
      begins(k.cell(k.index(0))), count(k.cell(k.index(0))),
      applied(k.cell(k.index(most))), pending(k.cell(k.index(0))) {
  Dim edged = withEdges(k, rowDim), width = widthOf(k, columnDim);
  rows = k.scratch({edged, width}, k.element);
  cosines = k.scratch({2 * most, edged}, k.element);
  sines = k.scratch({2 * most, edged}, k.element);
  bounds = k.scratch({2 * most, 2}, k.b.getIndexType());
  k.loop(k.index(0), k.size(edged),
         [&](Num i) { clearVectors(k, rows.at({i}), k.index(0), numColumns); });
}

void Sweeps::load(const Array &x, Num first, OpFoldResult columns, Num length) {
  Num zero = k.index(0);
  transposeBlock(k, x.block(zero, zero, length.value, columns),
                 rows.block(first + 1, zero, columns, length.value),
                 /*negate=*/false);
}

void Sweeps::store(const Array &x, Num columns, Num length) const {
  Num zero = k.index(0);
  transposeBlock(k, rows.block(k.index(1), zero, columns.value, length.value),
                 x.block(zero, zero, length.value, columns.value),
                 /*negate=*/false);
}

void Sweeps::exchange(Num i, Num j) {
  int64_t lanes = lanesOf(k);
  Array x = row(i), y = row(j);
  k.loopBy(k.index(0), numColumns, lanes, [&](Num at) {
    Num a = x.vector(at, lanes), b = y.vector(at, lanes);
    x.setVector(at, b);
    y.setVector(at, a);
  });
}

void Sweeps::negate(Num i) {
  int64_t lanes = lanesOf(k);
  Array x = row(i);
  k.loopBy(k.index(0), numColumns, lanes,
           [&](Num at) { x.setVector(at, -x.vector(at, lanes)); });
}

void Sweeps::rotate(Num i, Num j, Num c, Num s) {
  int64_t lanes = lanesOf(k);
  Array x = row(i), y = row(j);
  Num cosine = k.splat(c, lanes), sine = k.splat(s, lanes);
  k.loopBy(k.index(0), numColumns, lanes, [&](Num at) {
    Num a = x.vector(at, lanes), b = y.vector(at, lanes);
    x.setVector(at, cosine * a + sine * b);
    y.setVector(at, cosine * b - sine * a);
  });
}

// Rotation i is element i + 1 of its row. Two sweeps are applied to the rows of
// both, so those behind the ends of one do nothing there.
void Sweeps::begin(Num lo, Num hi) {
  Num at = Num(begins) + count;
  bounds.set(at, k.index(0), lo);
  bounds.set(at, k.index(1), hi);
}
void Sweeps::add(Num i, Num c, Num s) {
  Num at = Num(begins) + count;
  cosines.set(at, i + 1, c);
  sines.set(at, i + 1, s);
}
void Sweeps::finish() { count = Num(count) + 1; }

/// What was found is made ready.
void Sweeps::close() {
  Num first = k.index(0), second = k.index(1), start = begins;
  // One that does nothing makes them even.
  k.when(k.remainder(count, k.index(2)) == second, [&] {
    Num lo = bounds(start + Num(count) - 1, first);
    begin(lo, lo);
    finish();
  });
  auto still = [&](Num sweep, Num from, Num to) {
    k.loop(from, to, [&](Num i) {
      cosines.set(sweep, i, k.one());
      sines.set(sweep, i, k.zero());
    });
  };
  k.loopBy(start, start + count, 2, [&](Num sweep) {
    Num lo = k.smaller(bounds(sweep, first), bounds(sweep + 1, first)),
        hi = k.larger(bounds(sweep, second), bounds(sweep + 1, second));
    for (Num one : {sweep, sweep + 1}) {
      Num from = bounds(one, first), to = bounds(one, second);
      still(one, lo, from + 1);
      still(one, to + 1, hi + 2);
    }
    bounds.set(sweep, first, lo);
    bounds.set(sweep, second, hi);
  });
}

Num Sweeps::numGroups() {
  return numColumns / k.index(vectorsAtOnce * lanesOf(k));
}

/// Columns do not depend on each other.
void Sweeps::apply(Num group) {
  Num column = group * k.index(vectorsAtOnce * lanesOf(k)), from = applied;
  k.loopBy(from, from + pending, 2,
           [&](Num sweep) { applyTwo(sweep, column); });
}

/// One half of the numbers are groups, of the other one only the first one is a
/// task: who begins with it finds sweeps, then takes groups that are left.
void Sweeps::run(Kernel &k, ArrayRef<Sweeps *> all, Kernel::Body find) {
  Num zero = k.index(0), groups = zero;
  for (Sweeps *each : all)
    groups = groups + each->numGroups();
  auto task = [&](Num number) {
    k.when(number == zero, [&] {
      find();
      for (Sweeps *each : all)
        each->close();
    });
    Num first = groups;
    for (Sweeps *each : all) {
      Num behind = first + each->numGroups();
      k.when(number >= first && number < behind,
             [&] { each->apply(number - first); });
      first = behind;
    }
  };
  Cell goesOn = k.cell(k.truth(true));
  k.repeatWhile([&] { return Num(goesOn); },
                [&] {
                  k.independent({k.l.dimOf((groups + groups).value)},
                                all.front()->nanoseconds,
                                [&](ArrayRef<Num> at) { task(at.front()); });
                  goesOn = k.truth(false);
                  for (Sweeps *each : all) {
                    Num found = each->count, from = each->begins;
                    each->begins = Num(each->applied);
                    each->applied = from;
                    each->pending = found;
                    each->count = zero;
                    k.when(found > zero, [&] { goesOn = k.truth(true); });
                  }
                });
}

/// The second sweep follows a row behind the first one. A row that both are
/// done with is stored.
void Sweeps::applyTwo(Num sweep, Num column) {
  int64_t lanes = lanesOf(k);
  Num lo = bounds(sweep, k.index(0)), hi = bounds(sweep, k.index(1));
  auto load = [&](Num i) {
    SmallVector<Num> parts;
    for (int64_t v = 0; v < vectorsAtOnce; ++v)
      parts.push_back(rows.at({i}).vector(column + v * lanes, lanes));
    return parts;
  };
  auto store = [&](Num i, ArrayRef<Num> parts) {
    for (auto [v, part] : llvm::enumerate(parts))
      rows.at({i}).setVector(column + v * lanes, part);
  };
  // What each of both has of its next row, which is row i or i - 1 of the
  // matrix and row i + 1 or i of memory.
  SmallVector<Num> held = load(lo + 1);
  llvm::append_range(held, load(lo));
  held = k.folds(lo, hi + 1, 1, held, [&](Num i, ArrayRef<Num> so) {
    SmallVector<Num> next, passed = load(i + 2);
    for (int64_t each : {0, 1}) {
      Num at = i + (1 - each);
      Num c = k.splat(cosines(sweep + each, at), lanes),
          s = k.splat(sines(sweep + each, at), lanes);
      for (int64_t v = 0; v < vectorsAtOnce; ++v) {
        Num x = so[each * vectorsAtOnce + v], y = passed[v];
        passed[v] = c * x + s * y;
        next.push_back(c * y - s * x);
      }
    }
    store(i, passed);
    return next;
  });
  store(hi + 1, ArrayRef(held).drop_front(vectorsAtOnce));
}
