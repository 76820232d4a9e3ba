//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Accesses as linear functions of loop indices.
//===----------------------------------------------------------------------===//

#include "Access.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"

using namespace mlir;
using namespace tfc::device;
using linalg::LinalgOp;

Value tfc::device::rootOf(Value memref) {
  while (auto view = memref.getDefiningOp<ViewLikeOpInterface>())
    memref = view.getViewSource();
  return memref;
}

bool tfc::device::isDistinct(Value root) {
  if (root.getDefiningOp<memref::AllocOp>() ||
      root.getDefiningOp<memref::GetGlobalOp>())
    return true;
  if (auto argument = dyn_cast<BlockArgument>(root))
    return isa<FunctionOpInterface>(argument.getOwner()->getParentOp());
  auto bind = root.getDefiningOp<rt::BindOp>();
  return bind && isa<BlockArgument>(bind.getPointer());
}

bool tfc::device::mayAlias(Value a, Value b) {
  if (a == b)
    return true;
  if (!isDistinct(a) || !isDistinct(b))
    return true;
  auto bindA = a.getDefiningOp<rt::BindOp>(),
       bindB = b.getDefiningOp<rt::BindOp>();
  return bindA && bindB && bindA.getPointer() == bindB.getPointer();
}

bool Loops::isStatic() const {
  return llvm::none_of(
      sizes, [](int64_t size) { return ShapedType::isDynamic(size); });
}

int64_t Loops::count(unsigned begin, unsigned end) const {
  int64_t result = 1;
  for (unsigned i = begin; i < end; ++i)
    result *= sizes[i];
  return result;
}

Loops tfc::device::loopsOf(LinalgOp op) {
  Loops loops;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  auto iterators = op.getIteratorTypesArray();
  for (bool reduction : {false, true})
    for (auto [dim, kind] : llvm::enumerate(iterators))
      if ((kind == utils::IteratorType::reduction) == reduction) {
        loops.order.push_back(dim);
        loops.sizes.push_back(ranges[dim]);
        loops.numParallel += !reduction;
      }
  return loops;
}

/// Adds `scale * expr` to the access; false if it is not linear in loops.
static bool addLinear(AffineExpr expr, int64_t scale, const Loops &loops,
                      Access &access) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    access.offset += scale * constant.getValue();
    return true;
  }
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    auto at = llvm::find(loops.order, dim.getPosition()) - loops.order.begin();
    access.coefficients[at] += scale;
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return false;
  if (binary.getKind() == AffineExprKind::Add)
    return addLinear(binary.getLHS(), scale, loops, access) &&
           addLinear(binary.getRHS(), scale, loops, access);
  auto factor = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return binary.getKind() == AffineExprKind::Mul && factor &&
         addLinear(binary.getLHS(), scale * factor.getValue(), loops, access);
}

static Access accessOf(LinalgOp op, OpOperand &operand, const Loops &loops) {
  Access access;
  access.root = rootOf(operand.get());
  access.coefficients.assign(loops.order.size(), 0);
  auto type = cast<MemRefType>(operand.get().getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)) ||
      ShapedType::isDynamic(offset))
    return access;
  access.offset = offset;
  AffineMap map = op.getMatchingIndexingMap(&operand);
  for (auto [expr, stride] : llvm::zip(map.getResults(), strides))
    if (ShapedType::isDynamic(stride) ||
        !addLinear(expr, stride, loops, access))
      return access;
  access.affine = loops.isStatic();
  return access;
}

SmallVector<Access> tfc::device::accessesOf(LinalgOp op, const Loops &loops) {
  SmallVector<Access> result;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    bool isInit = op.isDpsInit(&operand);
    Access access = accessOf(op, operand, loops);
    access.writes = isInit;
    result.push_back(std::move(access));
  }
  op.getBlock()->walk([&](memref::LoadOp load) {
    Access access;
    access.root = rootOf(load.getMemref());
    result.push_back(std::move(access));
  });
  return result;
}

bool tfc::device::crossesPrefix(const Access &a, const Loops &loopsA,
                                const Access &b, const Loops &loopsB,
                                unsigned prefix) {
  if ((!a.writes && !b.writes) || !mayAlias(a.root, b.root))
    return false;
  if (!a.affine || !b.affine || a.root != b.root)
    return true;
  // Points of the prefix own intervals of the buffer: equal strides, wide
  // enough apart.
  auto range = [&](const Access &x, const Loops &loops) {
    int64_t low = x.offset, high = x.offset;
    for (unsigned i = prefix; i < loops.sizes.size(); ++i) {
      int64_t reach =
          x.coefficients[i] * std::max<int64_t>(loops.sizes[i] - 1, 0);
      (reach < 0 ? low : high) += reach;
    }
    return std::make_pair(low, high);
  };
  SmallVector<std::pair<int64_t, int64_t>> strides; // (stride, size)
  for (unsigned i = 0; i < prefix; ++i) {
    if (loopsA.sizes[i] <= 1)
      continue;
    if (a.coefficients[i] != b.coefficients[i])
      return true;
    strides.push_back({std::abs(a.coefficients[i]), loopsA.sizes[i]});
  }
  auto [lowA, highA] = range(a, loopsA);
  auto [lowB, highB] = range(b, loopsB);
  int64_t width = std::max(highA, highB) - std::min(lowA, lowB) + 1;
  llvm::sort(strides);
  for (auto [stride, size] : strides) {
    if (stride < width)
      return true;
    width += stride * (size - 1);
  }
  return false;
}
