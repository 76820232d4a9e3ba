//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The first few positions of a sorted row, in one pass: the best elements so
// far are kept in order, and vectors of the row are compared with the last of
// them. Only where one comes before that, its elements are looked at one by
// one.
//===----------------------------------------------------------------------===//

#include "Kernel.h"
#include "Ordered.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// An element is put in its place by moving the worse ones: a sort is better at
/// many.
static constexpr int64_t mostKept = 64;

int64_t lowering::numFirst(ArgsortOp op) {
  auto type = cast<RankedTensorType>(op.getX().getType());
  int64_t axis = op.getAxis(), most = 0;
  if (axis + 1 != type.getRank() || type.isDynamicDim(axis))
    return 0;
  for (Operation *user : op.getResult().getUsers()) {
    auto slice = dyn_cast<SliceOp>(user);
    if (!slice || slice.getStarts()[axis] != 0 || slice.getStrides()[axis] != 1)
      return 0;
    int64_t size =
        cast<RankedTensorType>(slice.getResult().getType()).getDimSize(axis);
    if (ShapedType::isDynamic(size) || size > mostKept)
      return 0;
    most = std::max(most, size);
  }
  return most;
}

namespace {

class Best {
public:
  Best(Kernel &k, Type element, bool descending, int64_t kept)
      : k(k), element(element), descending(descending),
        keys(k.scratch({kept}, widened(storageType(element)))),
        places(k.scratch({kept}, k.b.getI32Type())), kept(kept) {}

  /// Looks at all `n` elements of a row, of which there are enough.
  void look(const Array &row, Num n);
  Num place(Num i) const { return places(i); }

private:
  static constexpr int64_t lanes = 16, vectors = 4;

  Type widened(Type type) const {
    return isHalf(type) ? Type(k.b.getF32Type()) : type;
  }
  Num read(const Array &row, Num i) const { return widen(row(i)); }
  Num widen(Num x) const {
    Type type = x.value.getType();
    if (!isHalf(getElementTypeOrSelf(type)))
      return x;
    Type wide = k.b.getF32Type();
    if (auto vector = dyn_cast<VectorType>(type))
      wide = vector.clone(wide);
    return k.num(arith::ExtFOp::create(k.b, k.loc, wide, x.value));
  }
  Num comesFirst(Num x, Num y) const {
    return k.num(lowering::comesFirst(k.b, k.loc, element, descending, x.value,
                                      y.value));
  }
  /// Puts an element among the first `count`; the last of more than are kept is
  /// lost.
  void insert(Num x, Num at, Num count);
  void consider(const Array &row, Num i);

  Kernel &k;
  Type element;
  bool descending;
  Array keys, places;
  int64_t kept;
};

void Best::insert(Num x, Num at, Num count) {
  auto loop = scf::WhileOp::create(k.b, k.loc, TypeRange{k.b.getIndexType()},
                                   ValueRange{count.value}, nullptr, nullptr);
  {
    OpBuilder::InsertionGuard guard(k.b);
    k.b.setInsertionPointToEnd(loop.getBeforeBody());
    Num i = k.num(loop.getBeforeBody()->getArgument(0));
    Num zero = k.index(0), hasBefore = i > zero;
    // The first is compared with itself, which it does not come before.
    Num before = k.choose(hasBefore, i - 1, zero);
    Num moves = hasBefore && comesFirst(x, keys(before));
    scf::ConditionOp::create(k.b, k.loc, moves.value, i.value);
    k.b.setInsertionPointToEnd(loop.getAfterBody());
    Num to = k.num(loop.getAfterBody()->getArgument(0)), from = to - 1;
    keys.set(to, keys(from));
    places.set(to, places(from));
    scf::YieldOp::create(k.b, k.loc, from.value);
  }
  Num to = k.num(loop.getResult(0));
  keys.set(to, x);
  places.set(to, k.num(arith::IndexCastOp::create(k.b, k.loc, k.b.getI32Type(),
                                                  at.value)));
}

void Best::consider(const Array &row, Num i) {
  Num x = read(row, i), last = k.index(kept - 1);
  k.when(comesFirst(x, keys(last)), [&] { insert(x, i, last); });
}

void Best::look(const Array &row, Num n) {
  Num first = k.index(kept), last = k.index(kept - 1);
  k.loop(k.index(0), first, [&](Num i) { insert(read(row, i), i, i); });
  Num block = k.index(lanes * vectors), numBlocks = (n - first) / block;
  Num end = first + numBlocks * block;
  k.loopBy(first, end, lanes * vectors, [&](Num from) {
    Num worst = k.splat(keys(last), lanes), found;
    for (int64_t v = 0; v < vectors; ++v) {
      Num better =
          comesFirst(widen(row.vector(from + v * lanes, lanes)), worst);
      found = v == 0 ? better : found || better;
    }
    k.when(k.anyOf(found), [&] {
      k.loop(from, from + block, [&](Num i) { consider(row, i); });
    });
  });
  k.loop(end, n, [&](Num i) { consider(row, i); });
}

} // namespace

Value lowering::firstPositions(Lowering &l, ArgsortOp op, int64_t kept) {
  Value x = op.getX();
  ArrayRef<Dim> of = l.dims.of(x);
  Type element = elementOf(x);
  Dims to(of);
  to.back() = kept;
  Kernel k(l, {x}, {{to, l.b.getI32Type()}}, element, Kernel::Loops::ofVectors);
  double length = of.back() >= 0 ? of.back() : 1000;
  k.independent(of.drop_back(), 100 + length * 0.3, [&](ArrayRef<Num> at) {
    Best best(k, element, op.getDescending(), kept);
    best.look(k.input(0).at(at), k.size(of.back()));
    Array result = k.output(0).at(at);
    k.loop(k.index(0), k.index(kept),
           [&](Num i) { result.set(i, best.place(i)); });
  });
  return k.finish()[0];
}
