//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Planes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

static constexpr llvm::StringLiteral planesAttribute = "tfc.planes";

bool lowering::hasPlanes(Value memref) {
  auto alloc = memref.getDefiningOp<memref::AllocOp>();
  return alloc && alloc->hasAttr(planesAttribute);
}

Array lowering::planesOr(Kernel &k, const Array &real, ArrayRef<Dim> dims) {
  if (!k.isComplexKernel())
    return real;
  SmallVector<int64_t> shape{2};
  SmallVector<Value> sizes;
  for (Dim dim : dims) {
    shape.push_back(dim >= 0 ? dim : ShapedType::kDynamic);
    if (dim < 0)
      sizes.push_back(k.l.size(dim));
  }
  auto alloc =
      memref::AllocOp::create(k.b, k.loc, MemRefType::get(shape, k.realType()),
                              sizes, k.b.getI64IntegerAttr(64));
  alloc->setAttr(planesAttribute, k.b.getUnitAttr());
  return {k, alloc};
}

Array lowering::workArray(Kernel &k, ArrayRef<Dim> dims) {
  return k.isComplexKernel() ? planesOr(k, {}, dims)
                             : k.scratch(dims, k.element);
}

void lowering::addRows(Kernel &k, const Array &x, const Array &rows, Num from,
                       Num to, Num begin, Num end,
                       function_ref<Num(Num)> factor) {
  constexpr int64_t atOnce = 4;
  auto add = [&](Num first, int64_t count) {
    SmallVector<Num> factors;
    for (int64_t r = 0; r < count; ++r)
      factors.push_back(factor(first + r));
    k.loop(begin, end, [&](Num m) {
      Num sum = x(m);
      for (auto [r, c] : llvm::enumerate(factors))
        sum = sum + c * rows(first + r, m);
      x.set(m, sum);
    });
  };
  Num count = k.larger(to - from, k.index(0)),
      whole = to - k.remainder(count, k.index(atOnce));
  k.loopBy(from, whole, atOnce, [&](Num first) { add(first, atOnce); });
  k.loop(whole, to, [&](Num first) { add(first, 1); });
}

void lowering::copyMatrix(Kernel &k, const Array &from, const Array &to,
                          Num rows, Num columns) {
  k.loop(k.index(0), rows, [&](Num i) {
    k.loop(k.index(0), columns, [&](Num j) { to.set(i, j, from(i, j)); });
  });
}
