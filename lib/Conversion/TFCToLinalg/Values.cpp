//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//

#include "Body.h"
#include "Lowering.h"
#include "Scalars.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

Value Lowering::constantIndex(int64_t value) {
  return arith::ConstantIndexOp::create(b, loc, value);
}

Value Lowering::size(Dim dim) {
  if (dim >= 0)
    return constantIndex(dim);
  Value known = symbols.lookup(dim);
  assert(known && "size of an unknown dimension is not defined yet");
  return known;
}

bool Lowering::isDefined(Dim symbol) const {
  auto it = symbols.find(symbol);
  if (it == symbols.end())
    return false;
  Value size = it->second;
  Block *here = b.getInsertionBlock();
  return !size || !here ||
         size.getParentRegion()->isAncestor(here->getParent());
}

OpFoldResult Lowering::sizeFold(Dim dim) {
  return dim >= 0 ? OpFoldResult(b.getIndexAttr(dim)) : OpFoldResult(size(dim));
}

SmallVector<OpFoldResult> Lowering::sizes(ArrayRef<Dim> of) {
  SmallVector<OpFoldResult> result;
  for (Dim dim : of)
    result.push_back(sizeFold(dim));
  return result;
}

/// Broadcasts of sizes known at run time only: the one that is not 1. That of
/// three operands goes through one of two, which is no value's dimension.
void Lowering::defineStretched(Value result) {
  if (!dims.has(result))
    return;
  SmallVector<Dim> open(dims.of(result));
  while (!open.empty()) {
    Dim dim = open.back();
    const Dims *of = dim < 0 && !isDefined(dim) ? dims.stretched(dim) : nullptr;
    auto isOpen = [&](Dim d) { return d < 0 && !isDefined(d); };
    auto isUnknown = [&](Dim d) { return isOpen(d) && !dims.stretched(d); };
    if (!of || llvm::any_of(*of, isUnknown)) {
      open.pop_back();
      continue;
    }
    if (llvm::any_of(*of, isOpen)) {
      llvm::copy_if(*of, std::back_inserter(open), isOpen);
      continue;
    }
    open.pop_back();
    Value x = size((*of)[0]), y = size((*of)[1]);
    Value isOne = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, x,
                                        constantIndex(1));
    define(dim, arith::SelectOp::create(b, loc, isOne, y, x));
  }
}

void Lowering::defineSizes(Value old, Value shape) {
  auto isOpen = [&](Dim dim) { return dim < 0 && !isDefined(dim); };
  ArrayRef<Dim> of = dims.of(old);
  if (llvm::none_of(of, isOpen))
    return;
  SmallVector<Value> sizes;
  if (!cast<RankedTensorType>(shape.getType()).isDynamicDim(0))
    sizes = indices(shape);
  else
    for (size_t i = 0; i < of.size(); ++i)
      sizes.push_back(
          toIndex(extract(value(shape), constantIndex(i), elementOf(shape)),
                  elementOf(shape)));
  for (auto [dim, size] : llvm::zip(of, sizes))
    if (isOpen(dim))
      define(dim, size);
}

void Lowering::defineFrom(Value old, Value tensor) {
  if (!dims.has(old))
    return;
  for (auto [i, dim] : llvm::enumerate(dims.of(old)))
    if (dim < 0 && !isDefined(dim))
      define(dim, isa<MemRefType>(tensor.getType())
                      ? Value()
                      : tensor::DimOp::create(b, loc, tensor, i).getResult());
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

void Lowering::bind(Value old, Value lowered) {
  set(old, lowered);
  if (isa<RankedTensorType>(lowered.getType()))
    defineFrom(old, lowered);
}

Value Lowering::value(Value old) {
  if (Value known = values.lookup(old))
    return known;
  Operation *op = old.getDefiningOp();
  assert(op && plan.isInline(op) && "value used before it was lowered");
  return buildFused(*this, op);
}

Value Lowering::tensorOf(Value old, RankedTensorType type) {
  Value lowered = value(old);
  if (!lowered)
    return {};
  if (rankOf(old) == 0)
    return tensor::FromElementsOp::create(
        b, loc, RankedTensorType::get({}, type.getElementType()),
        toStorage(b, loc, lowered, elementOf(old)));
  return convert(lowered, type);
}

Value Lowering::convert(Value lowered, Type type) {
  if (lowered.getType() == type)
    return lowered;
  return tensor::CastOp::create(b, loc, type, lowered);
}

RankedTensorType Lowering::tensorType(ArrayRef<Dim> of, Type element) const {
  SmallVector<int64_t> shape;
  for (Dim dim : of)
    shape.push_back(dim >= 0 ? dim : ShapedType::kDynamic);
  return RankedTensorType::get(shape, storageType(element));
}

RankedTensorType Lowering::tensorType(Value old) const {
  return tensorType(dims.of(old), elementOf(old));
}

Value Lowering::empty(ArrayRef<Dim> of, Type element) {
  return tensor::EmptyOp::create(b, loc, sizes(of), storageType(element));
}

Value Lowering::filled(ArrayRef<Dim> of, Type element, Value stored) {
  return linalg::FillOp::create(b, loc, stored, empty(of, element))
      .getResult(0);
}

Value Lowering::extract(Value tensor, ValueRange indices, Type element) {
  return toScalar(b, loc, tensor::ExtractOp::create(b, loc, tensor, indices),
                  element);
}

Value Lowering::insert(Value scalar, Value tensor, ValueRange indices,
                       Type element) {
  return tensor::InsertOp::create(b, loc, toStorage(b, loc, scalar, element),
                                  tensor, indices);
}

Value Lowering::toIndex(Value integer, Type element) {
  if (isUnsigned(element))
    return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), integer);
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), integer);
}

Value Lowering::fromIndex(Value index, Type element) {
  Value number = arith::IndexCastOp::create(b, loc, b.getI64Type(), index);
  return castScalar(b, loc, number, b.getI64Type(), element);
}

Value Lowering::generate(ArrayRef<Dim> of, Type element,
                         function_ref<Value(ValueRange)> build) {
  Body body(*this, of);
  body.addOutput(empty(of, element), body.identity());
  SmallVector<Value> ivs;
  for (size_t i = 0; i < of.size(); ++i)
    ivs.push_back(body.iteration(i));
  // The caller builds with `b`: let it stand in the body meanwhile.
  OpBuilder::InsertPoint outside = b.saveInsertionPoint();
  b.restoreInsertionPoint(body.in.saveInsertionPoint());
  Value stored = build(ivs);
  body.in.restoreInsertionPoint(b.saveInsertionPoint());
  b.restoreInsertionPoint(outside);
  return body.finish(stored)[0];
}

SmallVector<Value> Lowering::loopNest(ArrayRef<Value> extents,
                                      ValueRange carried, LoopBody body) {
  SmallVector<Value> ivs;
  SmallVector<scf::ForOp> loops;
  SmallVector<Value> inner(carried);
  OpBuilder::InsertionGuard guard(b);
  Value zero = constantIndex(0), one = constantIndex(1);
  for (Value extent : extents) {
    auto loop = scf::ForOp::create(b, loc, zero, extent, one, inner);
    if (!loops.empty() && !inner.empty())
      scf::YieldOp::create(b, loc, loop.getResults());
    loops.push_back(loop);
    ivs.push_back(loop.getInductionVar());
    inner.assign(loop.getRegionIterArgs().begin(),
                 loop.getRegionIterArgs().end());
    // Without carried values the terminator is there already.
    b.setInsertionPointToStart(loop.getBody());
  }
  SmallVector<Value> next = body(ivs, inner);
  if (loops.empty())
    return next;
  if (!inner.empty())
    scf::YieldOp::create(b, loc, next);
  return SmallVector<Value>(loops.front().getResults());
}

/// Where an operand may be 1 at run time and the result more: a copy if it is
/// so.
Value Lowering::stretched(Value old, ArrayRef<Dim> to) {
  Value x = value(old);
  ArrayRef<Dim> from = dims.of(old);
  Type element = elementOf(old);
  Dims target;
  Value differs;
  // Sizes that only one branch has are not in its type: upstream's folds would
  // take them for a fact that holds outside of the branch, too.
  SmallVector<int64_t> shape;
  for (auto [f, t] : llvm::zip(from, to)) {
    target.push_back(f == 1 ? 1 : t);
    shape.push_back(target.back() < 0 ? ShapedType::kDynamic : target.back());
    if (f == 1 || f == t)
      continue;
    Value other = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne,
                                        size(f), size(t));
    shape[target.size() - 1] = ShapedType::kDynamic;
    differs = differs ? arith::OrIOp::create(b, loc, differs, other).getResult()
                      : other;
  }
  if (!differs)
    return x;
  auto open = RankedTensorType::get(
      shape, tensorType(target, element).getElementType());
  auto branch = scf::IfOp::create(b, loc, TypeRange{open}, differs,
                                  /*addThenBlock=*/true, /*addElseBlock=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    Value copy = generate(target, element, [&](ValueRange ivs) -> Value {
      SmallVector<Value> at;
      for (auto [iv, f, t] : llvm::zip(ivs, from, to)) {
        if (f == 1 || f == t) {
          at.push_back(f == 1 ? constantIndex(0) : iv);
          continue;
        }
        Value isOne = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                            size(f), constantIndex(1));
        at.push_back(
            arith::SelectOp::create(b, loc, isOne, constantIndex(0), iv));
      }
      return tensor::ExtractOp::create(b, loc, x, at);
    });
    scf::YieldOp::create(b, loc, convert(copy, open));
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, loc, convert(x, open));
  }
  return convert(branch.getResult(0), tensorType(target, element));
}
