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
using linalg::LinalgOp;

std::optional<Combiner> tfc::device::matchCombiner(LinalgOp op) {
  if (op.getNumDpsInits() != 1)
    return std::nullopt;
  Combiner combiner;
  Value out = op.getMatchingBlockArgument(op.getDpsInitOperand(0));
  Value last = op.getBlock()->getTerminator()->getOperand(0);
  auto isCast = [](Operation *cast) {
    return isa_and_present<arith::ExtFOp, arith::TruncFOp, arith::ExtUIOp,
                           arith::TruncIOp>(cast);
  };
  if (!out.hasOneUse())
    return std::nullopt;
  if (Operation *cast = last.getDefiningOp(); isCast(cast)) {
    combiner.narrow = cast;
    last = cast->getOperand(0);
  }
  Operation *user = *out.getUsers().begin();
  if (isCast(user) && user->getResult(0).hasOneUse()) {
    combiner.widen = user;
    out = user->getResult(0);
    user = *out.getUsers().begin();
  }
  if (bool(combiner.narrow) != bool(combiner.widen) ||
      user->getNumOperands() != 2 || last.getDefiningOp() != user ||
      user->getOperand(0) == user->getOperand(1))
    return std::nullopt;
  // A sum in another order is another sum.
  if (auto fast = dyn_cast<arith::ArithFastMathInterface>(user);
      fast && isa<arith::AddFOp, arith::MulFOp>(user) &&
      !bitEnumContainsAll(fast.getFastMathFlagsAttr().getValue(),
                          arith::FastMathFlags::reassoc))
    return std::nullopt;
  if (!isa<arith::ArithDialect>(user->getDialect()))
    return std::nullopt;
  std::optional<TypedAttr> neutral = arith::getNeutralElement(user);
  if (!neutral)
    return std::nullopt;
  combiner.op = user;
  combiner.accumulated = user->getOperand(0) == out ? 0 : 1;
  combiner.neutral = *neutral;
  return combiner;
}

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

Value Writer::loadAt(Value memref, ArrayRef<Value> indices) {
  auto [base, linear] = locate(memref, indices, indices);
  return memref::LoadOp::create(b, base, linear);
}

void Writer::storeAt(Value value, Value memref, ArrayRef<Value> indices) {
  auto [base, linear] = locate(memref, indices, indices);
  memref::StoreOp::create(b, value, base, linear);
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

Values Writer::reduce(Step &step, unsigned position, ArrayRef<Value> sizes,
                      Values &ivs, ValueRange carried) {
  if (position == sizes.size()) {
    Values arguments = loadInputs(step, ivs);
    llvm::append_range(arguments, carried);
    return body(step, arguments, ivs);
  }
  return loop(constant(0), sizes[position], constant(1), carried,
              [&](Value i, ValueRange now) {
                ivs[step.loops.order[position]] = i;
                return reduce(step, position + 1, sizes, ivs, now);
              });
}

void Writer::point(Step &step, ArrayRef<Value> sizes, Values ivs) {
  bool reduces = sizes.size() > step.loops.numParallel;
  Values inits;
  for (OpOperand &init : step.op.getDpsInitsMutable())
    inits.push_back(reduces || step.op.payloadUsesValueFromOperand(&init)
                        ? load(step, init, ivs)
                        : Value());
  Values results = reduce(step, step.loops.numParallel, sizes, ivs, inits);
  for (auto [init, value] : llvm::zip(step.op.getDpsInitsMutable(), results))
    store(step, init, ivs, value);
}

Value Writer::combine(const Combiner &combiner, Value x, Value y) {
  Operation *clone = b.clone(*combiner.op);
  clone->setOperand(combiner.accumulated, x);
  clone->setOperand(1 - combiner.accumulated, y);
  return clone->getResult(0);
}

Value Writer::update(Step &step, const Combiner &combiner, ArrayRef<Value> ivs,
                     Value accumulator) {
  Values arguments = loadInputs(step, ivs);
  if (!combiner.widen) {
    arguments.push_back(accumulator);
    return body(step, arguments, ivs).front();
  }
  // The body works on the accumulator in the type of the buffer; the casts
  // there and back are left out.
  arguments.push_back(Value());
  IRMapping mapping;
  Block &block = *step.op.getBlock();
  for (auto [argument, value] : llvm::zip(block.getArguments(), arguments))
    if (value)
      mapping.map(argument, value);
  mapping.map(combiner.widen->getResult(0), accumulator);
  for (Operation &nested : block.without_terminator()) {
    if (&nested == combiner.widen || &nested == combiner.narrow)
      continue;
    if (auto index = dyn_cast<linalg::IndexOp>(nested)) {
      mapping.map(index.getResult(), ivs[index.getDim()]);
      continue;
    }
    Operation *clone = b.clone(nested, mapping);
    rewriteLoads(clone);
  }
  return mapping.lookup(combiner.op->getResult(0));
}

Value Writer::accumulate(Step &step, const Combiner &combiner,
                         ArrayRef<Value> sizes, Values &ivs, Value first,
                         Value stride) {
  Value neutral = arith::ConstantOp::create(b, combiner.neutral);
  ArrayRef<Value> reduced = sizes.drop_front(step.loops.numParallel);
  Value count = reduced.front();
  for (Value size : reduced.drop_front())
    count = outer.createOrFold<arith::MulIOp>(count, size);
  auto each = [&](Value i, ValueRange now) {
    for (auto [k, iv] : llvm::enumerate(delinearize(i, reduced)))
      ivs[step.loops.order[step.loops.numParallel + k]] = iv;
    return Values{update(step, combiner, ivs, now.front())};
  };
  return loop(first, count, stride, neutral, each).front();
}

Value Writer::addPartials(Step &step, const Combiner &combiner,
                          ArrayRef<Value> sizes, ArrayRef<Value> ivs) {
  auto [buffer, number] = partials.lookup(step.op);
  Value at = constant(0);
  for (unsigned i = 0; i < step.loops.numParallel; ++i)
    at = add(mul(at, sizes[i]), ivs[step.loops.order[i]]);
  at = mul(at, constant(number));
  Value neutral = arith::ConstantOp::create(b, combiner.neutral);
  return loop(thread(), constant(number), constant(numThreads), neutral,
              [&, buffer = buffer](Value i, ValueRange now) {
                Value value = memref::LoadOp::create(b, buffer, add(at, i));
                return Values{combine(combiner, now.front(), value)};
              })
      .front();
}

/// Registers are exchanged within subgroups, then one value of each goes
/// through shared memory; without subgroups, all do.
Value Writer::combineThreads(const Combiner &combiner, Value mine) {
  Type type = mine.getType();
  bool shuffles = subgroup > 1 && numThreads % subgroup == 0 &&
                  (type.isF32() || type.isInteger(32));
  Scratch &pieces = scratch[type];
  Value &room = pieces.rooms[pieces.next];
  pieces.next ^= 1;
  if (!room && !(shuffles && numThreads == subgroup))
    room = shared(shuffles ? numThreads / subgroup : numThreads, type);
  if (!shuffles) {
    memref::StoreOp::create(b, mine, room, thread());
    barrier();
    for (int64_t half = numThreads / 2; half > 0; half /= 2) {
      when(less(thread(), constant(half)), [&] {
        Value low = memref::LoadOp::create(b, room, thread());
        Value high =
            memref::LoadOp::create(b, room, add(thread(), constant(half)));
        memref::StoreOp::create(b, combine(combiner, low, high), room,
                                thread());
      });
      barrier();
    }
    return memref::LoadOp::create(b, room, constant(0));
  }
  // After this, each of `width` neighbours has what all of them had.
  auto exchange = [&](Value value, int64_t width) {
    for (int64_t offset = width / 2; offset > 0; offset /= 2) {
      auto shuffle = gpu::ShuffleOp::create(
          b, value, static_cast<int32_t>(offset),
          static_cast<int32_t>(subgroup), gpu::ShuffleMode::XOR);
      value = combine(combiner, value, shuffle.getShuffleResult());
    }
    return value;
  };
  Value value = exchange(mine, subgroup);
  for (int64_t left = numThreads / subgroup; left > 1;) {
    // One of each subgroup writes; threads beyond `left` subgroups have copies.
    Value isFirst = arith::CmpIOp::create(
        b, arith::CmpIPredicate::eq,
        b.createOrFold<arith::RemUIOp>(thread(), constant(subgroup)),
        constant(0));
    Value writes = arith::AndIOp::create(
        b, isFirst, less(thread(), constant(left * subgroup)));
    Value at = b.createOrFold<arith::DivUIOp>(thread(), constant(subgroup));
    when(writes, [&] { memref::StoreOp::create(b, value, room, at); });
    barrier();
    value = memref::LoadOp::create(
        b, room, b.createOrFold<arith::RemUIOp>(thread(), constant(left)));
    int64_t width = std::min(left, subgroup);
    value = exchange(value, width);
    left /= width;
    if (left > 1)
      barrier();
  }
  return value;
}

void Writer::together(Step &step, const Combiner &combiner,
                      ArrayRef<Value> sizes, Values ivs) {
  Value mine = partials.contains(step.op)
                   ? addPartials(step, combiner, sizes, ivs)
                   : accumulate(step, combiner, sizes, ivs, thread(),
                                constant(numThreads));
  Value sum = combineThreads(combiner, mine);
  when(less(thread(), constant(1)),
       [&] { addToResult(step, combiner, ivs, sum); });
  barrier();
}

void Writer::addToResult(Step &step, const Combiner &combiner,
                         ArrayRef<Value> ivs, Value sum) {
  OpOperand &init = *step.op.getDpsInitOperand(0);
  Value value = load(step, init, ivs);
  IRMapping mapping;
  if (combiner.widen) {
    mapping.map(combiner.widen->getOperand(0), value);
    value = b.clone(*combiner.widen, mapping)->getResult(0);
  }
  value = combine(combiner, value, sum);
  if (combiner.narrow) {
    mapping.map(combiner.narrow->getOperand(0), value);
    value = b.clone(*combiner.narrow, mapping)->getResult(0);
  }
  store(step, init, ivs, value);
}
