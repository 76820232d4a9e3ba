//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A routine takes flat memory as a buffer of one element, which becomes a
// pointer (`tfc-share-loops`), and what differs between its callers as indices.
//===----------------------------------------------------------------------===//

#include "Routine.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "tfc/Dialect/TFCRT/IR/SharedGroup.h"

using namespace mlir;
using namespace tfc::kernels;
using tfc::rt::SharedGroup;

static Value recast(KernelBuilder &b, Value memory, int64_t size) {
  auto type = cast<MemRefType>(memory.getType());
  OpFoldResult length = b.builder.getIndexAttr(size);
  if (ShapedType::isDynamic(size)) // never asked for
    length = b.constant(int64_t(1) << 48);
  return memref::ReinterpretCastOp::create(
      b.builder, b.loc, MemRefType::get(size, type.getElementType()), memory,
      OpFoldResult(b.builder.getIndexAttr(0)), {length},
      {OpFoldResult(b.builder.getIndexAttr(1))});
}

namespace {

/// An operand of a routine.
struct RoutineOperand {
  Value value;
  bool isWritten = false; ///< if it is memory
};

class Routine {
public:
  Routine(KernelBuilder &b, const Twine &name) : b(b), name(name.str()) {}

  /// Calls the function; `body` writes it if it is not there yet.
  void call(ArrayRef<RoutineOperand> operands, double nanoseconds,
            llvm::function_ref<void(KernelBuilder &, ValueRange)> body) {
    Values values;
    SmallVector<bool> writes;
    for (const RoutineOperand &operand : operands) {
      bool isMemory = isa<MemRefType>(operand.value.getType());
      values.push_back(isMemory ? recast(b, operand.value, 1) : operand.value);
      writes.push_back(operand.isWritten);
    }
    func::FuncOp function = find(values, body);
    auto call = func::CallOp::create(b.builder, b.loc, function, values);
    call->setAttr(SharedGroup::cost, b.builder.getF64FloatAttr(nanoseconds));
    call->setAttr(SharedGroup::writes, b.builder.getDenseBoolArrayAttr(writes));
  }

private:
  func::FuncOp
  find(ValueRange operands,
       llvm::function_ref<void(KernelBuilder &, ValueRange)> body) {
    auto module = b.builder.getInsertionBlock()
                      ->getParentOp()
                      ->getParentOfType<ModuleOp>();
    if (auto known = module.lookupSymbol<func::FuncOp>(name))
      return known;
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    auto function = func::FuncOp::create(
        builder, b.loc, name, builder.getFunctionType(TypeRange(operands), {}));
    function.setPrivate();
    function->setAttr(
        "llvm.linkage",
        LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
    function->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
    function->setAttr(SharedGroup::routine, builder.getUnitAttr());
    builder.setInsertionPointToStart(function.addEntryBlock());
    KernelBuilder inner(builder, b.loc, b.type, b.product, b.sum);
    Values arguments;
    for (BlockArgument argument : function.getArguments()) {
      bool isMemory = isa<MemRefType>(argument.getType());
      if (isMemory)
        function.setArgAttr(argument.getArgNumber(), SharedGroup::distinct,
                            builder.getUnitAttr());
      arguments.push_back(
          isMemory ? recast(inner, argument, ShapedType::kDynamic) : argument);
    }
    body(inner, arguments);
    func::ReturnOp::create(builder, b.loc);
    return function;
  }

  KernelBuilder &b;
  std::string name;
};

} // namespace

/// "f32", "bf16", "i8", ...
static std::string nameOf(Type type) {
  std::string name;
  llvm::raw_string_ostream(name) << type;
  return name;
}

void tfc::kernels::emitSquareCopy(KernelBuilder &b, const SquareCopy &copy,
                                  int64_t lanes) {
  std::string name =
      "tfc.square." + nameOf(b.type) + "x" + std::to_string(lanes);
  RoutineOperand operands[] = {{copy.from},     {copy.fromAt}, {copy.fromStep},
                               {copy.to, true}, {copy.toAt},   {copy.toStep}};
  double nanoseconds = 0.3 * double(lanes * lanes);
  Routine(b, name).call(
      operands, nanoseconds, [lanes](KernelBuilder &b, ValueRange arguments) {
        Values square;
        for (int64_t i = 0; i < lanes; ++i)
          square.push_back(b.load(
              arguments[0],
              b.add(arguments[1], b.mul(arguments[2], b.constant(i))), lanes));
        for (auto [i, row] : llvm::enumerate(b.transpose(square)))
          b.store(row, arguments[3],
                  b.add(arguments[4], b.mul(arguments[5], b.constant(i))));
      });
}

template <typename T> static std::string number(T value) {
  return std::to_string(static_cast<int64_t>(value));
}

void tfc::kernels::emitTileCall(KernelBuilder &b, const TileCall &tile) {
  int64_t rows = tile.rows, vectors = tile.vectors, lanes = tile.lanes,
          panelWidth = tile.panelWidth;
  std::string name =
      "tfc.tile." + nameOf(b.type) + "x" + number(rows) + "x" +
      number(vectors) + "x" + number(lanes) + "." + number(b.product) + "." +
      number(b.sum) + (tile.width ? ".edge" : "") +
      (panelWidth != vectors * lanes ? ".of" + number(panelWidth) : "") +
      (tile.ahead ? ".ahead" + number(tile.aheadStep) : "") +
      (tile.aheadEvery ? "." + number(tile.aheadEvery) : "") +
      (tile.near ? ".near" + number(tile.near) : "") +
      (tile.resultLast ? ".last" : "") + (tile.copy ? ".copy" : "");
  Value to = b.at(tile.result, tile.firstRow, tile.firstColumn);
  SmallVector<RoutineOperand> operands{{tile.left},
                                       {tile.leftAt},
                                       {tile.leftRow},
                                       {tile.panel},
                                       {tile.panelAt},
                                       {tile.depth},
                                       {tile.result.memory, true},
                                       {to},
                                       {tile.result.rowStrides[0]},
                                       {tile.fresh}};
  if (tile.width)
    operands.push_back({tile.width});
  bool isEdge = bool(tile.width), fetches = bool(tile.ahead),
       copies = bool(tile.copy);
  if (fetches)
    operands.push_back({tile.ahead});
  int64_t aheadStep = tile.aheadStep, aheadEvery = tile.aheadEvery,
          near = tile.near;
  bool resultLast = tile.resultLast;
  if (aheadEvery)
    operands.append({{tile.aheadMemory}, {tile.aheadRow}, {tile.aheadLines}});
  if (copies)
    operands.append({{tile.copy, true}, {tile.copyStart}, {tile.panelStep}});
  constexpr double usualDepth = 256;
  double nanoseconds =
      2.0 * double(rows * vectors * lanes) / b.flopsPerNanosecond *
      double(getConstantIntValue(tile.depth).value_or(usualDepth));
  Routine(b, name).call(
      operands, nanoseconds, [=](KernelBuilder &b, ValueRange given) {
        Tile inner;
        inner.left = given[0];
        for (int64_t row = 0; row < rows; ++row) {
          Value number = b.constant(row);
          inner.rows.push_back(number);
          inner.leftStart.push_back(b.add(given[1], b.mul(given[2], number)));
        }
        inner.leftStep = b.constant(1);
        inner.right = given[3];
        inner.rightStep = b.constant(panelWidth);
        inner.depth = given[5];
        inner.result = {given[6],           given[7],   b.constant(1),
                        {b.constant(rows)}, {given[8]}, {}};
        inner.fresh = given[9];
        inner.last = b.boolean(true);
        inner.near = near;
        inner.resultLast = resultLast;
        for (int64_t v = 0; v < vectors; ++v) {
          Value first = b.constant(v * lanes), mask;
          if (isEdge)
            mask = b.mask(b.sub(given[10], first), lanes);
          inner.columns.push_back({first, lanes, mask});
          inner.rightStart.push_back(b.add(given[4], first));
        }
        ValueRange others = given.drop_front(10 + isEdge);
        auto take = [&] {
          Value next = others.front();
          others = others.drop_front();
          return next;
        };
        if (fetches) {
          inner.ahead = take();
          inner.aheadStep = aheadStep;
          inner.aheadEvery = aheadEvery;
        }
        if (aheadEvery) {
          inner.aheadMemory = take();
          inner.aheadRow = take();
          inner.aheadLines = take();
        }
        if (copies) {
          inner.copy = take();
          inner.copyStart = take();
          inner.copyStep = panelWidth;
          inner.rightStep = take();
        }
        b.tile(inner);
      });
}

void tfc::kernels::emitTileCall(KernelBuilder &b, const Tile &tile,
                                Value result, ArrayRef<Value> places,
                                double nanoseconds) {
  int64_t rows = tile.rows.size(), vectors = tile.columns.size(),
          lanes = tile.columns.front().lanes, near = tile.near;
  size_t taps = tile.taps.size();
  bool resultLast = tile.resultLast;
  std::optional<int64_t> leftStep = getConstantIntValue(tile.leftStep),
                         rightStep = getConstantIntValue(tile.rightStep);
  // Those of panels, and those along contiguous memory, are the same for many.
  if (leftStep != 1 || rightStep != vectors * lanes)
    leftStep = rightStep = std::nullopt;
  std::string name =
      "tfc.rows." + nameOf(b.type) + "x" + number(rows) + "x" +
      number(vectors) + "x" + number(lanes) + "." + number(b.product) + "." +
      number(b.sum) + (taps ? ".taps" + number(taps) : "") +
      (leftStep ? "" : ".steps") +
      (tile.ahead ? ".ahead" + number(tile.aheadStep) : "") +
      (tile.aheadEvery ? "." + number(tile.aheadEvery) : "") +
      (near ? ".near" + number(near) : "") + (resultLast ? ".last" : "") +
      (tile.copy ? ".copy" + number(tile.copyStep) : "");
  SmallVector<RoutineOperand> operands{{tile.left},          {tile.right},
                                       {result, true},       {tile.depth},
                                       {tile.rightStart[0]}, {tile.fresh}};
  auto append = [&](ValueRange values) {
    for (Value value : values)
      operands.push_back({value});
  };
  append(tile.leftStart);
  append(places);
  if (!leftStep)
    append({tile.leftStep, tile.rightStep});
  for (const Tap &tap : tile.taps)
    append({tap.size, tap.leftStep, tap.rightStep});
  bool fetches = bool(tile.ahead), copies = bool(tile.copy);
  int64_t aheadStep = tile.aheadStep, aheadEvery = tile.aheadEvery,
          copyStep = tile.copyStep;
  if (fetches)
    append(tile.ahead);
  if (aheadEvery)
    append({tile.aheadMemory, tile.aheadRow, tile.aheadLines});
  if (copies)
    operands.append({{tile.copy, true}, {tile.copyStart}});
  Routine(b, name).call(
      operands, nanoseconds, [=](KernelBuilder &b, ValueRange given) {
        auto take = [&] {
          Value next = given.front();
          given = given.drop_front();
          return next;
        };
        Tile inner;
        inner.left = take();
        inner.right = take();
        Value zero = b.constant(0), one = b.constant(1);
        inner.result = {take(), zero, one, {b.constant(rows)}, {one}, {}};
        inner.depth = take();
        Value right = take();
        inner.fresh = take();
        inner.last = b.boolean(true);
        for (int64_t row = 0; row < rows; ++row)
          inner.leftStart.push_back(take());
        // A row's number is its place.
        for (int64_t row = 0; row < rows; ++row)
          inner.rows.push_back(take());
        inner.leftStep = leftStep ? one : take();
        inner.rightStep = rightStep ? b.constant(*rightStep) : take();
        inner.carriesSteps = !leftStep;
        inner.near = near;
        inner.resultLast = resultLast;
        for (int64_t v = 0; v < vectors; ++v) {
          Value first = b.constant(v * lanes);
          inner.columns.push_back({first, lanes, Value()});
          inner.rightStart.push_back(b.add(right, first));
        }
        for (size_t tap = 0; tap < taps; ++tap) {
          Value size = take(), left = take();
          inner.taps.push_back({size, left, take()});
        }
        inner.aheadStep = aheadStep;
        inner.aheadEvery = aheadEvery;
        inner.copyStep = copyStep;
        if (fetches)
          inner.ahead = take();
        if (aheadEvery) {
          inner.aheadMemory = take();
          inner.aheadRow = take();
          inner.aheadLines = take();
        }
        if (copies) {
          inner.copy = take();
          inner.copyStart = take();
        }
        b.tile(inner);
      });
}
