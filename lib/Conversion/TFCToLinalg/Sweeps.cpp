//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Sweeps.h"
#include "Chunks.h"
#include "Reflections.h"
#include "VectorBits.h"

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

/// A row of each matrix has more elements or rows than it needs.
static Dim withEdges(Kernel &k, Dim count, int64_t edge) {
  return count >= 0 ? count + 2 * edge
                    : k.l.dimOf((k.size(count) + 2 * edge).value);
}

static int64_t groupWidth(Kernel &k) { return vectorsAtOnce * lanesOf(k); }

static Dim groupsOf(Kernel &k, Dim columns) {
  int64_t width = groupWidth(k);
  if (columns >= 0)
    return llvm::divideCeil(columns, width);
  return k.l.dimOf(((k.size(columns) + (width - 1)) / k.index(width)).value);
}

/// Rows of all of them are in registers: of eight vectors, where a vector is
/// two there.
static int64_t sweepsAtOnce(Kernel &k) {
  Operation *op = k.b.getInsertionBlock()->getParentOp();
  return vectorBits(op).value_or(512) >= 512 ? 4 : 2;
}

Sweeps::Sweeps(Kernel &k, Dim rowDim, Dim columnDim)
    : k(k), atOnce(sweepsAtOnce(k)), edge(atOnce - 1),
      nanoseconds(50 * double(rowDim >= 0 ? rowDim : 256)),
      numColumns(k.size(groupsOf(k, columnDim)) * k.index(groupWidth(k))),
      begins(k.cell(k.index(0))), count(k.cell(k.index(0))),
      applied(k.cell(k.index(most))), pending(k.cell(k.index(0))) {
  Dim edged = withEdges(k, rowDim, edge);
  groups = k.scratch({groupsOf(k, columnDim), edged, groupWidth(k)}, k.element);
  cosines = k.scratch({2 * most, edged}, k.element);
  sines = k.scratch({2 * most, edged}, k.element);
  bounds = k.scratch({2 * most, 2}, k.b.getIndexType());
  k.loop(k.index(0), numGroups(), [&](Num group) {
    k.loop(k.index(0), k.size(edged), [&](Num i) {
      clearVectors(k, groups.at({group, i}), k.index(0),
                   k.index(groupWidth(k)));
    });
  });
}

void Sweeps::overGroups(Num length, Kernel::Step whole,
                        function_ref<void(Num, Num)> rest) const {
  Num zero = k.index(0), width = k.index(groupWidth(k)), full = length / width;
  k.loop(zero, full, whole);
  std::optional<int64_t> known = getConstantIntValue(length.value);
  if (known && *known % groupWidth(k) == 0)
    return;
  k.when(full * width < length, [&] { rest(full, length - full * width); });
}

void Sweeps::load(const Array &x, Num first, OpFoldResult columns, Num length) {
  Num zero = k.index(0), width = k.index(groupWidth(k));
  auto some = [&](Num group, OpFoldResult count) {
    transposeBlock(k, x.block(group * width, zero, count, columns),
                   groups.at({group}).block(first + edge, zero, columns, count),
                   /*negate=*/false);
  };
  overGroups(
      length, [&](Num group) { some(group, k.b.getIndexAttr(groupWidth(k))); },
      [&](Num group, Num count) { some(group, count.value); });
}

void Sweeps::store(const Array &x, Num columns, Num length) const {
  Num zero = k.index(0), width = k.index(groupWidth(k));
  auto some = [&](Num group, OpFoldResult count) {
    transposeBlock(
        k, groups.at({group}).block(k.index(edge), zero, columns.value, count),
        x.block(group * width, zero, count, columns.value),
        /*negate=*/false);
  };
  overGroups(
      length, [&](Num group) { some(group, k.b.getIndexAttr(groupWidth(k))); },
      [&](Num group, Num count) { some(group, count.value); });
}

void Sweeps::overRows(
    Num i, Num j,
    function_ref<void(const Array &, const Array &, Num)> body) const {
  k.loop(k.index(0), numGroups(), [&](Num group) {
    Array x = groups.at({group, i + edge}), y = groups.at({group, j + edge});
    for (int64_t v = 0; v < vectorsAtOnce; ++v)
      body(x, y, k.index(v * lanesOf(k)));
  });
}

void Sweeps::exchange(Num i, Num j) {
  int64_t lanes = lanesOf(k);
  overRows(i, j, [&](const Array &x, const Array &y, Num at) {
    Num a = x.vector(at, lanes), b = y.vector(at, lanes);
    x.setVector(at, b);
    y.setVector(at, a);
  });
}

void Sweeps::negate(Num i) {
  int64_t lanes = lanesOf(k);
  overRows(i, i, [&](const Array &x, const Array &, Num at) {
    x.setVector(at, -x.vector(at, lanes));
  });
}

void Sweeps::rotate(Num i, Num j, Num c, Num s) {
  int64_t lanes = lanesOf(k);
  Num cosine = k.splat(c, lanes), sine = k.splat(s, lanes);
  overRows(i, j, [&](const Array &x, const Array &y, Num at) {
    Num a = x.vector(at, lanes), b = y.vector(at, lanes);
    x.setVector(at, cosine * a + sine * b);
    y.setVector(at, cosine * b - sine * a);
  });
}

// Rotation i is element i + `edge` of its row. Several sweeps are applied to
// the rows of all, so those behind the ends of one do nothing there.
void Sweeps::begin(Num lo, Num hi) {
  Num at = Num(begins) + count;
  bounds.set(at, k.index(0), lo);
  bounds.set(at, k.index(1), hi);
}
void Sweeps::add(Num i, Num c, Num s) {
  Num at = Num(begins) + count;
  cosines.set(at, i + edge, c);
  sines.set(at, i + edge, s);
}
void Sweeps::finish() { count = Num(count) + 1; }

/// What was found is made ready.
void Sweeps::close() {
  Num first = k.index(0), second = k.index(1), start = begins;
  // Some that do nothing fill up the last of several.
  k.when(Num(count) > k.index(0), [&] {
    k.repeatWhile(
        [&] { return k.remainder(count, k.index(atOnce)) != k.index(0); },
        [&] {
          Num lo = bounds(start + Num(count) - 1, first);
          begin(lo, lo);
          finish();
        });
  });
  auto still = [&](Num sweep, Num from, Num to) {
    k.loop(from, to, [&](Num i) {
      cosines.set(sweep, i, k.one());
      sines.set(sweep, i, k.zero());
    });
  };
  k.loopBy(start, start + count, atOnce, [&](Num sweep) {
    Num lo = bounds(sweep, first), hi = bounds(sweep, second);
    for (int64_t each = 1; each < atOnce; ++each) {
      lo = k.smaller(lo, bounds(sweep + each, first));
      hi = k.larger(hi, bounds(sweep + each, second));
    }
    k.loop(sweep, sweep + atOnce, [&](Num one) {
      still(one, lo, bounds(one, first) + edge);
      still(one, bounds(one, second) + edge, hi + 2 * edge);
    });
    bounds.set(sweep, first, lo);
    bounds.set(sweep, second, hi);
  });
}

Num Sweeps::numGroups() const { return numColumns / k.index(groupWidth(k)); }

/// Columns do not depend on each other.
void Sweeps::apply(Num group) {
  Num from = applied;
  Array x = groups.at({group});
  k.loopBy(from, from + pending, atOnce,
           [&](Num sweep) { applySeveral(x, sweep); });
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

/// Each sweep follows a row behind the one before. A row that all are done with
/// is stored.
void Sweeps::applySeveral(const Array &x, Num sweep) {
  int64_t lanes = lanesOf(k);
  Num lo = bounds(sweep, k.index(0)), hi = bounds(sweep, k.index(1));
  auto load = [&](Num i) {
    SmallVector<Num> parts;
    for (int64_t v = 0; v < vectorsAtOnce; ++v)
      parts.push_back(x.at({i}).vector(k.index(v * lanes), lanes));
    return parts;
  };
  auto store = [&](Num i, ArrayRef<Num> parts) {
    for (auto [v, part] : llvm::enumerate(parts))
      x.at({i}).setVector(k.index(int64_t(v) * lanes), part);
  };
  // What each has of its next row: sweep number `each` has row i - each of the
  // matrix, which is that of memory `edge` behind.
  SmallVector<Num> held;
  for (int64_t each = 0; each < atOnce; ++each)
    llvm::append_range(held, load(lo + (edge - each)));
  held = k.folds(lo, hi + edge, 1, held, [&](Num i, ArrayRef<Num> so) {
    SmallVector<Num> next, passed = load(i + (edge + 1));
    for (int64_t each = 0; each < atOnce; ++each) {
      Num at = i + (edge - each);
      Num c = k.splat(cosines(sweep + each, at), lanes),
          s = k.splat(sines(sweep + each, at), lanes);
      for (int64_t v = 0; v < vectorsAtOnce; ++v) {
        // Products of what came last are the first ones: the other ones are
        // added to them, and the row that is held waits for one operation.
        Num held = so[each * vectorsAtOnce + v], y = passed[v];
        passed[v] = c * held + s * y;
        next.push_back(-s * held + c * y);
      }
    }
    store(i, passed);
    return next;
  });
  store(hi + edge, ArrayRef(held).take_back(vectorsAtOnce));
}
