//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Running sums and products.
//
// byVectors  along contiguous memory: the prefixes of a vector in log2(lanes)
// steps of a
//            shuffle and an addition (Hillis and Steele), then the sum of all
//            vectors before; only that last addition waits for the vector
//            before. Of floats, what that loses is carried beside it (two-sum),
//            so that errors do not pile up.
// byRows     along another dimension: each row is the one before plus the
// input's, which
//            LLVM vectorizes.
// byElements one after the other: in strict order, and what has no vectors.
//===----------------------------------------------------------------------===//

#include "Scan.h"
#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Complex/IR/Complex.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"

using namespace mlir;
using tfc::loops::ScanOptions;
using tfc::rt::ScanOp;

namespace {

using Values = SmallVector<Value>;

class Lowering {
public:
  Lowering(OpBuilder &builder, ScanOp op, const ScanOptions &options)
      : b(builder), op(op), loc(op.getLoc()), options(options),
        input(op.getInput()), output(op.getInit()),
        type(cast<MemRefType>(output.getType())), axis(op.getDimension()),
        element(getElementTypeOrSelf(input.getType())),
        accumulator(op.getAccumulatorType()) {}

  void run();

private:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value add(Value x, Value y) {
    return b.createOrFold<arith::AddIOp>(loc, x, y);
  }
  Value sub(Value x, Value y) {
    return b.createOrFold<arith::SubIOp>(loc, x, y);
  }
  Value neutral(Type type);
  Value combine(Value x, Value y);
  Value widen(Value x, Type to);
  Value narrow(Value x, Type to);
  Values loop(Value from, Value to, int64_t step, ValueRange carried,
              llvm::function_ref<Values(Value, ValueRange)> body);
  void overOthers(ArrayRef<int64_t> dims, double nanoseconds,
                  llvm::function_ref<void(Values)> body);
  /// The index of the step-th element in the order of the scan.
  Value place(Value step) {
    return op.getReverse() ? sub(sub(extent, constant(1)), step) : step;
  }
  bool isContiguous(Value memref);
  void fetchAhead(Value memref, Values at, bool isWrite);
  Values start();
  void finish(ValueRange carried);
  /// Is the carried sum compensated? Then it is two values.
  bool keepsLost() {
    return options.reassociate && !op.getProduct() &&
           isa<FloatType>(accumulator);
  }
  Values carryOn(ValueRange carried, Value x);
  Value settle(ValueRange carried);
  void byElements(Values at, Value from, ValueRange start);
  void byVectors(Values at);
  void byRows(Values at);

  OpBuilder &b;
  ScanOp op;
  Location loc;
  const ScanOptions &options;
  Value input, output;
  MemRefType type;
  int64_t axis;
  Type element, accumulator;
  Values sizes;
  Value extent;
};

Value Lowering::neutral(Type type) {
  Type scalar = getElementTypeOrSelf(type);
  double number = op.getProduct() ? 1 : 0;
  if (auto complex = dyn_cast<ComplexType>(scalar)) {
    Type part = complex.getElementType();
    return complex::ConstantOp::create(
        b, loc, complex,
        b.getArrayAttr(
            {b.getFloatAttr(part, number), b.getFloatAttr(part, 0)}));
  }
  TypedAttr value =
      isa<FloatType>(scalar)
          ? TypedAttr(b.getFloatAttr(scalar, number))
          : TypedAttr(b.getIntegerAttr(scalar, static_cast<int64_t>(number)));
  if (auto vector = dyn_cast<VectorType>(type))
    value = DenseElementsAttr::get(vector, Attribute(value));
  return arith::ConstantOp::create(b, loc, value);
}

Value Lowering::combine(Value x, Value y) {
  Type scalar = getElementTypeOrSelf(x.getType());
  if (isa<ComplexType>(scalar))
    return op.getProduct() ? complex::MulOp::create(b, loc, x, y).getResult()
                           : complex::AddOp::create(b, loc, x, y).getResult();
  if (isa<FloatType>(scalar))
    return op.getProduct() ? arith::MulFOp::create(b, loc, x, y).getResult()
                           : arith::AddFOp::create(b, loc, x, y).getResult();
  return op.getProduct() ? arith::MulIOp::create(b, loc, x, y).getResult()
                         : arith::AddIOp::create(b, loc, x, y).getResult();
}

Value Lowering::widen(Value x, Type to) {
  return x.getType() == to ? x
                           : arith::ExtFOp::create(b, loc, to, x).getResult();
}
Value Lowering::narrow(Value x, Type to) {
  return x.getType() == to ? x
                           : arith::TruncFOp::create(b, loc, to, x).getResult();
}

/// Returns the carried values after the loop.
Values Lowering::loop(Value from, Value to, int64_t step, ValueRange carried,
                      llvm::function_ref<Values(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(b, loc, from, to, constant(step), carried);
  OpBuilder::InsertionGuard guard(b);
  if (carried.empty()) {
    b.setInsertionPoint(loop.getBody()->getTerminator());
    body(loop.getInductionVar(), {});
    return {};
  }
  b.setInsertionPointToEnd(loop.getBody());
  scf::YieldOp::create(b, loc,
                       body(loop.getInductionVar(), loop.getRegionIterArgs()));
  return Values(loop.getResults());
}

/// The carried sum after `x`.
Values Lowering::carryOn(ValueRange carried, Value x) {
  Value total = combine(carried[0], x);
  if (!keepsLost())
    return {total};
  auto minus = [&](Value x, Value y) {
    return arith::SubFOp::create(b, loc, x, y).getResult();
  };
  Value part = minus(total, carried[0]);
  Value error = combine(minus(carried[0], minus(total, part)), minus(x, part));
  return {total, combine(carried[1], error)};
}

/// The carried sum with what it lost; where it is infinite that is no number.
Value Lowering::settle(ValueRange carried) {
  if (!keepsLost())
    return carried[0];
  Value isLost = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO,
                                       carried[1], carried[1]);
  return arith::SelectOp::create(b, loc, isLost, carried[0],
                                 combine(carried[0], carried[1]));
}

/// `body` for all indices of these dimensions; the others are null.
void Lowering::overOthers(ArrayRef<int64_t> dims, double nanoseconds,
                          llvm::function_ref<void(Values)> body) {
  Value total = constant(1), work = constant(1);
  for (auto [dim, size] : llvm::enumerate(sizes)) {
    Value &product =
        llvm::is_contained(dims, static_cast<int64_t>(dim)) ? total : work;
    product = b.createOrFold<arith::MulIOp>(loc, product, size);
  }
  auto piece = [&](Value from, Value to) {
    loop(from, to, 1, {}, [&](Value number, ValueRange) {
      Values at(sizes.size());
      for (int64_t dim : llvm::reverse(dims)) {
        at[dim] = number;
        if (dim == dims.front())
          break;
        at[dim] = b.createOrFold<arith::RemUIOp>(loc, number, sizes[dim]);
        number = b.createOrFold<arith::DivUIOp>(loc, number, sizes[dim]);
      }
      body(at);
      return Values();
    });
  };
  if (options.parallel)
    tfc::rt::buildParallel(b, loc, constant(0), total,
                           {getAsOpFoldResult(work), nanoseconds}, piece);
  else
    piece(constant(0), total);
}

bool Lowering::isContiguous(Value memref) {
  SmallVector<int64_t> strides;
  int64_t offset;
  return succeeded(cast<MemRefType>(memref.getType())
                       .getStridesAndOffset(strides, offset)) &&
         strides[axis] == 1;
}

/// What lies a page further along a row of at least that length, of a large
/// buffer: as in `NestLowering`.
void Lowering::fetchAhead(Value memref, Values at, bool isWrite) {
  constexpr int64_t large = 2 * 1024 * 1024, page = 4096;
  auto whole = dyn_cast<MemRefType>(tfc::rt::rootOf(memref).getType());
  int64_t bytes = element.getIntOrFloatBitWidth() / 8,
          row = whole && whole.hasStaticShape() && whole.getRank()
                    ? whole.getShape().back()
                    : 0;
  if (!bytes || row * bytes < page || whole.getNumElements() * bytes <= large)
    return;
  Value by = constant(page / bytes);
  at[axis] = op.getReverse() ? sub(at[axis], by)
                             : b.createOrFold<arith::AddIOp>(loc, at[axis], by);
  memref::PrefetchOp::create(b, loc, memref, at, isWrite, /*localityHint=*/3,
                             /*isDataCache=*/true);
}

/// What the elements before this block have given.
Values Lowering::start() {
  Values carried{op.getCarry()
                     ? memref::LoadOp::create(b, loc, op.getCarry()).getResult()
                     : neutral(accumulator)};
  if (keepsLost())
    carried.push_back(neutral(accumulator));
  return carried;
}

void Lowering::finish(ValueRange carried) {
  if (op.getCarry())
    memref::StoreOp::create(b, loc, settle(carried), op.getCarry());
}

void Lowering::byElements(Values at, Value from, ValueRange start) {
  Values total =
      loop(from, extent, 1, start, [&](Value step, ValueRange carried) {
        at[axis] = place(step);
        Value x = widen(memref::LoadOp::create(b, loc, input, at), accumulator);
        Values after = carryOn(carried, x);
        memref::StoreOp::create(
            b, loc,
            narrow(settle(op.getExclusive() ? carried : ValueRange(after)),
                   element),
            output, at);
        return after;
      });
  finish(total);
}

void Lowering::byVectors(Values at) {
  int64_t lanes = std::max<int64_t>(2, options.vectorBits /
                                           accumulator.getIntOrFloatBitWidth());
  bool reverse = op.getReverse();
  auto wide = VectorType::get(lanes, accumulator),
       stored = VectorType::get(lanes, element);
  Value none = neutral(wide);
  /// Lane i becomes the one `by` lanes before (`reverse`: after) it, the first
  /// ones those of `fill`.
  auto shifted = [&](Value vector, Value fill, int64_t by) {
    SmallVector<int64_t> picks;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      int64_t from = reverse ? lane + by : lane - by;
      picks.push_back(0 <= from && from < lanes ? from : lanes + lane);
    }
    return vector::ShuffleOp::create(b, loc, vector, fill, picks).getResult();
  };
  // Wide registers add under a mask; a shuffle with neutral elements would
  // become an expansion, which is slow.
  bool expands = options.vectorBits >= 512 && isa<FloatType>(accumulator);
  auto addedWhere = [&](Value vector, int64_t by) -> Value {
    SmallVector<int64_t> picks;
    SmallVector<bool> takes;
    for (int64_t lane = 0; lane < lanes; ++lane) {
      int64_t from = reverse ? lane + by : lane - by;
      takes.push_back(0 <= from && from < lanes);
      picks.push_back((from + lanes) % lanes);
    }
    Value moved = vector::ShuffleOp::create(b, loc, vector, vector, picks);
    auto mask =
        DenseElementsAttr::get(VectorType::get(lanes, b.getI1Type()), takes);
    Value where = arith::ConstantOp::create(b, loc, mask);
    return arith::SelectOp::create(b, loc, where, combine(moved, vector),
                                   vector);
  };
  Value rest = b.createOrFold<arith::RemUIOp>(loc, extent, constant(lanes)),
        whole = sub(extent, rest);
  bool nontemporal = !reverse && tfc::loops::hasWholeLines(output.getType()) &&
                     tfc::loops::isForMemory(op, output);
  Values carry = loop(
      constant(0), whole, lanes, start(), [&](Value step, ValueRange carried) {
        // The vector with the next `lanes` elements begins at the last of them
        // when going backwards.
        at[axis] = reverse ? sub(sub(extent, constant(lanes)), step) : step;
        fetchAhead(input, at, /*isWrite=*/false);
        Value x = widen(vector::LoadOp::create(b, loc, stored, input, at),
                        wide),
              prefix = x;
        for (int64_t by = 1; by < lanes; by *= 2)
          prefix = expands ? addedWhere(prefix, by)
                           : combine(shifted(prefix, none, by), prefix);
        Value total =
            vector::ExtractOp::create(b, loc, prefix, reverse ? 0 : lanes - 1);
        Value before =
            vector::BroadcastOp::create(b, loc, wide, settle(carried));
        Value result = combine(
            before, op.getExclusive() ? shifted(prefix, none, 1) : prefix);
        if (!nontemporal)
          fetchAhead(output, at, /*isWrite=*/true);
        vector::StoreOp::create(b, loc, narrow(result, stored), output, at,
                                nontemporal);
        return carryOn(carried, total);
      });
  byElements(at, whole, carry);
}

/// Rows are what the indices after the axis go over.
void Lowering::byRows(Values at) {
  auto row = [&](size_t dim, llvm::function_ref<void()> body,
                 auto &self) -> void {
    if (dim == sizes.size())
      return body();
    loop(constant(0), sizes[dim], 1, {}, [&](Value index, ValueRange) {
      at[dim] = index;
      self(dim + 1, body, self);
      return Values();
    });
  };
  auto load = [&](Value memref, Value index) {
    Values indices(at);
    indices[axis] = index;
    return memref::LoadOp::create(b, loc, memref, indices).getResult();
  };
  // Without elements along the axis there is no first row.
  Value one = constant(1);
  Value first = arith::MinSIOp::create(b, loc, one, extent);
  loop(constant(0), first, 1, {}, [&](Value step, ValueRange) {
    Value index = place(step);
    row(
        axis + 1,
        [&] {
          at[axis] = index;
          memref::StoreOp::create(
              b, loc, op.getExclusive() ? neutral(element) : load(input, index),
              output, at);
        },
        row);
    return Values();
  });
  loop(one, extent, 1, {}, [&](Value step, ValueRange) {
    Value index = place(step), before = place(sub(step, one));
    row(
        axis + 1,
        [&] {
          Value sum = combine(load(output, before),
                              load(input, op.getExclusive() ? before : index));
          at[axis] = index;
          memref::StoreOp::create(b, loc, sum, output, at);
        },
        row);
    return Values();
  });
}

void Lowering::run() {
  b.setInsertionPoint(op);
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    sizes.push_back(type.isDynamicDim(dim)
                        ? memref::DimOp::create(b, loc, output, dim).getResult()
                        : constant(type.getDimSize(dim)));
  extent = sizes[axis];
  bool last = axis + 1 == type.getRank();
  SmallVector<int64_t> others, outer;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (dim != axis)
      others.push_back(dim);
    if (dim < axis)
      outer.push_back(dim);
  }
  bool anyOrder = options.reassociate || isa<IntegerType>(element);
  if (isContiguous(input) && isContiguous(output) && element.isIntOrFloat() &&
      anyOrder)
    overOthers(others, 0.15, [&](Values at) { byVectors(at); });
  else if (!last && element == accumulator)
    overOthers(outer, 0.15, [&](Values at) { byRows(at); });
  else
    overOthers(others, 1.5,
               [&](Values at) { byElements(at, constant(0), start()); });
  op.erase();
}

} // namespace

void tfc::loops::lowerScan(OpBuilder &builder, ScanOp op,
                           const ScanOptions &options) {
  Lowering(builder, op, options).run();
}
