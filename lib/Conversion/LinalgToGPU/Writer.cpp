//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Memory is addressed by one index: kernels take buffers of one dimension,
// which every target has, and strides are arithmetic that folds where they are
// known.
//===----------------------------------------------------------------------===//

#include "Writer.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace tfc::device;

Writer::Writer(Group &group, StringRef kind, int64_t threads)
    : Writer(group.steps.back().op, group.number, kind, threads) {}

Writer::Writer(Operation *before, int64_t number, StringRef kind,
               int64_t threads)
    : b(before->getLoc(), before->getContext()),
      outer(before->getLoc(), before), numThreads(threads) {
  Value one = arith::ConstantIndexOp::create(outer, 1);
  Value width = arith::ConstantIndexOp::create(outer, threads);
  launch = gpu::LaunchOp::create(outer, one, one, one, width, one, one);
  launch->setAttr("tfc.kind", outer.getStringAttr(kind));
  launch->setAttr("tfc.group", outer.getI64IntegerAttr(number));
  outer.setInsertionPoint(launch);
  b.setInsertionPointToEnd(&launch.getBody().front());
  auto end = gpu::TerminatorOp::create(b);
  b.setInsertionPoint(end);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

Value Writer::constant(int64_t value) {
  return arith::ConstantIndexOp::create(b, value);
}
Value Writer::add(Value x, Value y) {
  return b.createOrFold<arith::AddIOp>(x, y);
}
Value Writer::mul(Value x, Value y) {
  return b.createOrFold<arith::MulIOp>(x, y);
}
Value Writer::less(Value x, Value y) {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, x, y);
}

Values Writer::delinearize(Value linear, ArrayRef<Value> sizes) {
  Values result(sizes.size());
  // The outermost loop that is not 1 needs no remainder.
  size_t first = 0;
  while (first + 1 < sizes.size() && getConstantIntValue(sizes[first]) == 1)
    ++first;
  for (size_t i = sizes.size(); i-- > 0;) {
    if (i < first || getConstantIntValue(sizes[i]) == 1)
      result[i] = constant(0);
    else if (i == first)
      result[i] = linear;
    else {
      result[i] = b.createOrFold<arith::RemUIOp>(linear, sizes[i]);
      linear = b.createOrFold<arith::DivUIOp>(linear, sizes[i]);
    }
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Geometry and loops
//===----------------------------------------------------------------------===//

void Writer::setGrid(Value x, Value y, Value z) {
  launch.getGridSizeXMutable().assign(x);
  if (y)
    launch.getGridSizeYMutable().assign(y);
  if (z)
    launch.getGridSizeZMutable().assign(z);
}

Value Writer::shared(int64_t elements, Type type) {
  auto space =
      gpu::AddressSpaceAttr::get(b.getContext(), gpu::AddressSpace::Workgroup);
  return launch.addWorkgroupAttribution(
      MemRefType::get({elements}, type, AffineMap(), space), b.getLoc());
}

Value Writer::sharedElements(int64_t elements, Type type) {
  auto complex = dyn_cast<ComplexType>(type);
  return complex ? shared(2 * elements, complex.getElementType())
                 : shared(elements, type);
}

void Writer::barrier() { gpu::BarrierOp::create(b); }

/// Each complex number as its two parts.
static Values split(ImplicitLocOpBuilder &b, ValueRange values) {
  Values parts;
  for (Value value : values) {
    if (!isa<ComplexType>(value.getType())) {
      parts.push_back(value);
      continue;
    }
    parts.push_back(b.createOrFold<complex::ReOp>(value));
    parts.push_back(b.createOrFold<complex::ImOp>(value));
  }
  return parts;
}

/// The other way round.
static Values join(ImplicitLocOpBuilder &b, TypeRange types, ValueRange parts) {
  Values values;
  for (Type type : types) {
    bool isComplex = isa<ComplexType>(type);
    values.push_back(isComplex ? Value(complex::CreateOp::create(
                                     b, type, parts[0], parts[1]))
                               : parts[0]);
    parts = parts.drop_front(isComplex ? 2 : 1);
  }
  return values;
}

Values Writer::loop(Value from, Value to, Value step, ValueRange carried,
                    llvm::function_ref<Values(Value, ValueRange)> body) {
  if (getConstantIntValue(to) == 1 && getConstantIntValue(from) == 0)
    return body(from, carried);
  Values parts = split(b, carried);
  auto made = scf::ForOp::create(b, from, to, step, parts);
  {
    OpBuilder::InsertionGuard guard(b);
    if (carried.empty())
      b.setInsertionPoint(made.getBody()->getTerminator());
    else
      b.setInsertionPointToEnd(made.getBody());
    Values now = join(b, carried.getTypes(), made.getRegionIterArgs());
    Values next = body(made.getInductionVar(), now);
    if (!carried.empty())
      scf::YieldOp::create(b, split(b, next));
  }
  return join(b, carried.getTypes(), made.getResults());
}

void Writer::loop(Value from, Value to, Value step,
                  llvm::function_ref<void(Value)> body) {
  loop(from, to, step, {}, [&](Value i, ValueRange) {
    body(i);
    return Values();
  });
}

void Writer::when(Value condition, llvm::function_ref<void()> body) {
  auto made = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(made.thenYield());
  body();
}

Value Writer::ifElse(Value condition, Type type,
                     llvm::function_ref<Value()> then,
                     llvm::function_ref<Value()> otherwise) {
  auto complex = dyn_cast<ComplexType>(type);
  SmallVector<Type> types(complex ? 2 : 1,
                          complex ? complex.getElementType() : type);
  auto made = scf::IfOp::create(b, types, condition, /*withElseRegion=*/true);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(made.thenBlock());
    scf::YieldOp::create(b, split(b, then()));
    b.setInsertionPointToEnd(made.elseBlock());
    scf::YieldOp::create(b, split(b, otherwise()));
  }
  return join(b, type, made.getResults()).front();
}

Value Writer::select(Value condition, Value x, Value y) {
  Values parts;
  for (auto [a, c] : llvm::zip(split(b, x), split(b, y)))
    parts.push_back(arith::SelectOp::create(b, condition, a, c));
  return join(b, x.getType(), parts).front();
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// One argument for each buffer, however many views there are of it: drivers
/// may take arguments for different memory.
Value Writer::flat(Value memref) {
  Value root = rootOf(memref);
  auto type = cast<MemRefType>(root.getType());
  bool whole = type.getLayout().isIdentity();
  Value &found = flats[whole ? root : memref];
  if (found)
    return found;
  found = flatten(root, memref, whole);
  auto complex = dyn_cast<ComplexType>(type.getElementType());
  if (!complex)
    return found;
  // Kernels see pairs of floats. The cast is of the host, where only the
  // address counts.
  int64_t count = cast<MemRefType>(found.getType()).getDimSize(0);
  auto pairs =
      MemRefType::get({ShapedType::isDynamic(count) ? count : 2 * count},
                      complex.getElementType());
  return found = UnrealizedConversionCastOp::create(outer, pairs, found)
                     .getResult(0);
}

Value Writer::flatten(Value root, Value memref, bool whole) {
  auto type = cast<MemRefType>(root.getType());
  OpFoldResult zero = outer.getIndexAttr(0), one = outer.getIndexAttr(1);
  if (whole && type.hasStaticShape()) {
    int64_t count = std::max<int64_t>(type.getNumElements(), 1);
    auto flatType = MemRefType::get({count}, type.getElementType());
    OpFoldResult size = outer.getIndexAttr(count);
    return memref::ReinterpretCastOp::create(outer, flatType, root, zero, size,
                                             one);
  }
  if (whole) {
    Value unit = arith::ConstantIndexOp::create(outer, 1), size = unit;
    for (int64_t dim = 0; dim < type.getRank(); ++dim) {
      Value extent = type.isDynamicDim(dim)
                         ? Value(memref::DimOp::create(outer, root, dim))
                         : Value(arith::ConstantIndexOp::create(
                               outer, type.getDimSize(dim)));
      size = outer.createOrFold<arith::MulIOp>(size, extent);
    }
    size = outer.createOrFold<arith::MaxSIOp>(size, unit);
    auto flatType =
        MemRefType::get({ShapedType::kDynamic}, type.getElementType());
    return memref::ReinterpretCastOp::create(outer, flatType, root, zero,
                                             OpFoldResult(size), one);
  }
  // Up to the last element that the view reaches.
  auto metadata = memref::ExtractStridedMetadataOp::create(outer, memref);
  Value size = outer.create<arith::ConstantIndexOp>(1);
  Value unit = size;
  size = outer.createOrFold<arith::AddIOp>(size, metadata.getOffset());
  for (auto [extent, stride] :
       llvm::zip(metadata.getSizes(), metadata.getStrides())) {
    Value last = outer.createOrFold<arith::SubIOp>(extent, unit);
    size = outer.createOrFold<arith::AddIOp>(
        size, outer.createOrFold<arith::MulIOp>(last, stride));
  }
  size = outer.createOrFold<arith::MaxSIOp>(size, unit);
  auto flatType =
      MemRefType::get({ShapedType::kDynamic}, type.getElementType());
  return memref::ReinterpretCastOp::create(
      outer, flatType, metadata.getBaseBuffer(), zero, OpFoldResult(size), one);
}

void Writer::promote(Value root, int64_t low, int64_t width) {
  Type type = cast<MemRefType>(root.getType()).getElementType();
  promoted[root] = {shared(width, type), low};
}

std::pair<Value, Value> Writer::locate(Value memref, ArrayRef<Value> indices,
                                       ArrayRef<Value> indicesInPoint) {
  auto type = cast<MemRefType>(memref.getType());
  auto found = promoted.find(rootOf(memref));
  bool inShared = found != promoted.end();
  SmallVector<int64_t> strides;
  int64_t offset;
  (void)type.getStridesAndOffset(strides,
                                 offset); // checked before the group was made
  memref::ExtractStridedMetadataOp metadata;
  auto described = [&] {
    if (!metadata)
      metadata = memref::ExtractStridedMetadataOp::create(outer, memref);
    return metadata;
  };
  Value linear = ShapedType::isDynamic(offset)
                     ? Value(described().getOffset())
                     : constant(inShared ? offset - found->second.low : offset);
  for (auto [i, index] : llvm::enumerate(inShared ? indicesInPoint : indices)) {
    Value stride = ShapedType::isDynamic(strides[i])
                       ? Value(described().getStrides()[i])
                       : constant(strides[i]);
    linear = add(linear, mul(index, stride));
  }
  return {inShared ? found->second.memref : flat(memref), linear};
}

Values Writer::indices(Step &step, OpOperand &operand, ArrayRef<Value> ivs) {
  Values result;
  for (AffineExpr expr :
       step.op.getMatchingIndexingMap(&operand).getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      result.push_back(ivs[dim.getPosition()]);
    else if (auto number = dyn_cast<AffineConstantExpr>(expr))
      result.push_back(constant(number.getValue()));
    else
      result.push_back(affine::expandAffineExpr(b, b.getLoc(), expr, ivs, {}));
  }
  return result;
}

Values Writer::withoutPrefix(Step &step, ArrayRef<Value> ivs) {
  Values result(ivs);
  for (unsigned i = 0; i < prefix; ++i)
    result[step.loops.order[i]] = constant(0);
  return result;
}

/// Of the complex number at `linear`, where its parts are.
static std::pair<Value, Value> partsAt(Writer &writer, Value linear) {
  Value first = writer.add(linear, linear);
  return {first, writer.add(first, writer.constant(1))};
}

Value Writer::loadFrom(Value base, Value linear, Type element) {
  if (!isa<ComplexType>(element))
    return memref::LoadOp::create(b, base, linear);
  auto [re, im] = partsAt(*this, linear);
  Value real = memref::LoadOp::create(b, base, re);
  Value imaginary = memref::LoadOp::create(b, base, im);
  return complex::CreateOp::create(b, element, real, imaginary);
}

void Writer::storeTo(Value value, Value base, Value linear) {
  if (!isa<ComplexType>(value.getType())) {
    memref::StoreOp::create(b, value, base, linear);
    return;
  }
  auto [re, im] = partsAt(*this, linear);
  memref::StoreOp::create(b, b.createOrFold<complex::ReOp>(value), base, re);
  memref::StoreOp::create(b, b.createOrFold<complex::ImOp>(value), base, im);
}

Value Writer::load(Step &step, OpOperand &operand, ArrayRef<Value> ivs) {
  if (!isa<MemRefType>(operand.get().getType()))
    return operand.get();
  auto [base, linear] =
      locate(operand.get(), indices(step, operand, ivs),
             indices(step, operand, withoutPrefix(step, ivs)));
  return loadFrom(base, linear, getElementTypeOrSelf(operand.get().getType()));
}

void Writer::store(Step &step, OpOperand &operand, ArrayRef<Value> ivs,
                   Value value) {
  auto [base, linear] =
      locate(operand.get(), indices(step, operand, ivs),
             indices(step, operand, withoutPrefix(step, ivs)));
  storeTo(value, base, linear);
}

Value Writer::addressOf(Step &step, OpOperand &operand, ArrayRef<Value> ivs) {
  Values at = indices(step, operand, ivs);
  auto [base, linear] = locate(operand.get(), at, at);
  Type i64 = b.getI64Type();
  int64_t bytes =
      getElementTypeOrSelf(operand.get().getType()).getIntOrFloatBitWidth() / 8;
  Value start = arith::IndexCastOp::create(
      b, i64, memref::ExtractAlignedPointerAsIndexOp::create(b, base));
  Value offset =
      arith::IndexCastOp::create(b, i64, mul(linear, constant(bytes)));
  return arith::AddIOp::create(b, start, offset);
}

Value Writer::loadAt(Value memref, ArrayRef<Value> indices) {
  auto [base, linear] = locate(memref, indices, indices);
  return loadFrom(base, linear, getElementTypeOrSelf(memref.getType()));
}

void Writer::storeAt(Value value, Value memref, ArrayRef<Value> indices) {
  auto [base, linear] = locate(memref, indices, indices);
  storeTo(value, base, linear);
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

Values Writer::sizesOf(Step &step) {
  SmallVector<Range> ranges;
  if (!step.loops.isStatic())
    ranges = step.op.createLoopRanges(outer, outer.getLoc());
  Values sizes;
  for (auto [at, loop] : llvm::enumerate(step.loops.order))
    sizes.push_back(
        ranges.empty()
            ? Value(arith::ConstantIndexOp::create(outer, step.loops.sizes[at]))
            : getValueOrCreateConstantIndexOp(outer, outer.getLoc(),
                                              ranges[loop].size));
  return sizes;
}

/// Loads of the body go through the flat buffers too.
void Writer::rewriteLoads(Operation *clone) {
  SmallVector<memref::LoadOp> loads;
  clone->walk([&](memref::LoadOp load) { loads.push_back(load); });
  for (memref::LoadOp load : loads) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(load);
    Values at(load.getIndices());
    auto [base, linear] = locate(load.getMemref(), at, at);
    load.getMemrefMutable().assign(base);
    load.getIndicesMutable().assign(linear);
  }
}

Values Writer::body(Step &step, ArrayRef<Value> arguments,
                    ArrayRef<Value> ivs) {
  Block &block = *step.op.getBlock();
  IRMapping mapping;
  for (auto [argument, value] : llvm::zip(block.getArguments(), arguments))
    if (value)
      mapping.map(argument, value);
  for (Operation &nested : block.without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
      mapping.map(index.getResult(), ivs[index.getDim()]);
      continue;
    }
    if (auto choice = dyn_cast<arith::SelectOp>(nested);
        choice && isa<ComplexType>(choice.getType())) {
      mapping.map(choice.getResult(),
                  select(mapping.lookupOrDefault(choice.getCondition()),
                         mapping.lookupOrDefault(choice.getTrueValue()),
                         mapping.lookupOrDefault(choice.getFalseValue())));
      continue;
    }
    Operation *clone = b.clone(nested, mapping);
    SmallVector<linalg::IndexOp> inner;
    clone->walk([&](linalg::IndexOp index) { inner.push_back(index); });
    for (linalg::IndexOp index : inner) {
      index.replaceAllUsesWith(ivs[index.getDim()]);
      index.erase();
    }
    if (auto load = dyn_cast<memref::LoadOp>(clone);
        load || clone->getNumRegions())
      rewriteLoads(clone);
  }
  Values results;
  for (Value value : block.getTerminator()->getOperands())
    results.push_back(mapping.lookupOrDefault(value));
  return results;
}

Values Writer::loadInputs(Step &step, ArrayRef<Value> ivs) {
  Values values;
  for (OpOperand *input : step.op.getDpsInputOperands())
    values.push_back(step.op.payloadUsesValueFromOperand(input)
                         ? load(step, *input, ivs)
                         : Value());
  return values;
}
