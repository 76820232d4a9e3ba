//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Bodies of parallel loops become functions that the host can call.
//
// 1. What the region uses from outside is followed to what has to be passed:
// constants
//    and views are made again inside, memory is passed as pointer and sizes.
// 2. The region moves to a function that takes these as arguments, so that
// pointers can
//    be `noalias` there, as they are in the body of an entry.
// 3. A second function, of the type that the host knows, loads them from a
// structure on
//    the caller's stack.
//===----------------------------------------------------------------------===//

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/RegionUtils.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/Chains.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"
#include "llvm/ADT/SetVector.h"

namespace tfc::rt {
#define GEN_PASS_DEF_TFCOUTLINEPARALLELPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;
using namespace tfc::rt;

/// Costs nothing to make again in the function of a piece.
static bool isRepeatable(Operation *op) {
  return op->hasTrait<OpTrait::ConstantLike>() ||
         isa<BindOp, PartsOp, memref::GetGlobalOp, memref::SubViewOp,
             memref::CastOp, memref::ExpandShapeOp, memref::CollapseShapeOp,
             memref::ReinterpretCastOp, memref::ExtractStridedMetadataOp>(op);
}

/// Memory that nothing else in the function points to: an argument, a range of
/// the arena, a slot of the stack.
static bool isIdentified(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return isa<LLVM::LLVMPointerType>(value.getType()) &&
           isa<func::FuncOp>(argument.getOwner()->getParentOp());
  return isa_and_present<LLVM::GEPOp, memref::AllocaOp, memref::AllocOp>(
      value.getDefiningOp());
}

namespace {

class Outliner {
public:
  Outliner(func::FuncOp function, ParallelOp op, std::string name)
      : function(function), op(op), name(std::move(name)),
        builder(op.getContext()), loc(op.getLoc()), converter(op.getContext()),
        pointer(LLVM::LLVMPointerType::get(op.getContext())) {}

  void run();

private:
  /// One value that the function of a piece takes.
  struct Field {
    Value outside;
    bool isMemory;
  };

  void collect(Value value);
  void pass(Value value, bool isMemory = false) {
    fields.push_back({value, isMemory});
  }
  void passMemory(Value memref);
  Value receive() { return piece.getArgument(++received); }
  Value receiveMemory(Value memref);
  Value convert(Value value, Type type);
  void makePiece();
  func::FuncOp makeEntry();
  void launch(func::FuncOp entry);
  func::FuncOp makeFunction(const Twine &name, ArrayRef<Type> inputs);
  LLVM::LLVMStructType envType();

  func::FuncOp function;
  ParallelOp op;
  std::string name;
  OpBuilder builder;
  Location loc;
  LLVMTypeConverter converter;
  Type pointer;
  llvm::SetVector<Value> leaves;
  llvm::SetVector<Operation *> repeated; // operands before their users
  SmallVector<Field> fields;
  func::FuncOp piece;
  unsigned received = 0;
};

void Outliner::collect(Value value) {
  Operation *definition = value.getDefiningOp();
  // Buffers of a chain may share a range of the arena, one after the other:
  // pointers to them are no `noalias` arguments.
  bool inArena =
      op->hasAttr(runsChains) && isa_and_present<LLVM::GEPOp>(definition);
  if (!definition || !(inArena || isRepeatable(definition))) {
    leaves.insert(value);
    return;
  }
  if (repeated.contains(definition))
    return;
  for (Value operand : definition->getOperands())
    collect(operand);
  repeated.insert(definition);
}

/// Pointer and unknown sizes; of memory with a layout, the layout as well.
void Outliner::passMemory(Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  if (!type.getLayout().isIdentity()) {
    auto data = memref::ExtractStridedMetadataOp::create(builder, loc, memref);
    pass(data.getBaseBuffer(), true);
    pass(data.getOffset());
    for (Value size : data.getSizes())
      pass(size);
    for (Value stride : data.getStrides())
      pass(stride);
    return;
  }
  pass(memref, true);
  for (auto [i, size] : llvm::enumerate(type.getShape()))
    if (ShapedType::isDynamic(size))
      pass(memref::DimOp::create(builder, loc, memref, i));
}

Value Outliner::receiveMemory(Value memref) {
  auto type = cast<MemRefType>(memref.getType());
  Value address = receive();
  auto take = [&](int64_t count) {
    SmallVector<Value> values;
    for (int64_t i = 0; i < count; ++i)
      values.push_back(receive());
    return values;
  };
  if (type.getLayout().isIdentity())
    return BindOp::create(builder, loc, type, address,
                          take(type.getNumDynamicDims()));
  auto scalar = MemRefType::get({}, type.getElementType());
  Value base = BindOp::create(builder, loc, scalar, address, ValueRange());
  SmallVector<Value> offset = take(1), sizes = take(type.getRank()),
                     strides = take(type.getRank());
  auto dynamic = [](int64_t known, Value value, Builder &builder) {
    return ShapedType::isDynamic(known)
               ? OpFoldResult(value)
               : OpFoldResult(builder.getIndexAttr(known));
  };
  auto [knownStrides, knownOffset] = type.getStridesAndOffset();
  SmallVector<OpFoldResult> allSizes, allStrides;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    allSizes.push_back(dynamic(type.getDimSize(i), sizes[i], builder));
    allStrides.push_back(dynamic(knownStrides[i], strides[i], builder));
  }
  return memref::ReinterpretCastOp::create(
      builder, loc, type, base, dynamic(knownOffset, offset[0], builder),
      allSizes, allStrides);
}

Value Outliner::convert(Value value, Type type) {
  if (value.getType() == type)
    return value;
  return UnrealizedConversionCastOp::create(builder, loc, type, value)
      .getResult(0);
}

/// What a field is in the structure.
LLVM::LLVMStructType Outliner::envType() {
  SmallVector<Type> types;
  for (const Field &field : fields)
    types.push_back(field.isMemory
                        ? pointer
                        : converter.convertType(field.outside.getType()));
  return LLVM::LLVMStructType::getLiteral(builder.getContext(), types);
}

func::FuncOp Outliner::makeFunction(const Twine &name, ArrayRef<Type> inputs) {
  auto made = func::FuncOp::create(
      builder, loc, name.str(),
      builder.getFunctionType(inputs, builder.getI32Type()));
  made.setPrivate();
  made->setAttr(
      "llvm.linkage",
      LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
  made.addEntryBlock();
  return made;
}

void Outliner::makePiece() {
  builder.setInsertionPointAfter(function);
  SmallVector<Type> inputs{pointer};
  for (const Field &field : fields)
    inputs.push_back(field.isMemory ? pointer : field.outside.getType());
  inputs.append(2, builder.getIndexType());
  piece = makeFunction(name, inputs);
  piece->setAttr(Body::piece, builder.getUnitAttr());
  if (llvm::all_of(fields, [](const Field &field) {
        return !(field.isMemory ||
                 isa<LLVM::LLVMPointerType>(field.outside.getType())) ||
               isIdentified(field.outside);
      }))
    for (auto [i, field] : llvm::enumerate(fields))
      if (isa<LLVM::LLVMPointerType>(inputs[1 + i]))
        piece.setArgAttr(1 + i, "llvm.noalias", builder.getUnitAttr());

  builder.setInsertionPointToStart(&piece.getBody().front());
  IRMapping mapping;
  for (Value leaf : leaves)
    mapping.map(leaf, isa<MemRefType>(leaf.getType()) ? receiveMemory(leaf)
                                                      : receive());
  for (Operation *outside : repeated)
    builder.clone(*outside, mapping);
  Block &region = op.getBody().front();
  mapping.map(op.getFrom(), receive());
  mapping.map(op.getTo(), receive());
  for (Operation &inside : region.without_terminator())
    builder.clone(inside, mapping);
  Value ok =
      arith::ConstantIntOp::create(builder, loc, builder.getI32Type(), 0);
  func::ReturnOp::create(builder, loc, ok);
}

func::FuncOp Outliner::makeEntry() {
  builder.setInsertionPointAfter(piece);
  Type i64 = builder.getI64Type();
  func::FuncOp entry =
      makeFunction(name + ".entry", {pointer, pointer, i64, i64});
  entry->setAttr(Body::pieceEntry, builder.getUnitAttr());
  builder.setInsertionPointToStart(&entry.getBody().front());
  LLVM::LLVMStructType type = envType();
  SmallVector<Value> operands{entry.getArgument(0)};
  for (auto [i, field] : llvm::enumerate(type.getBody())) {
    Value address =
        LLVM::GEPOp::create(builder, loc, pointer, type, entry.getArgument(1),
                            ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(i)});
    operands.push_back(
        convert(LLVM::LoadOp::create(builder, loc, field, address),
                piece.getArgumentTypes()[1 + i]));
  }
  for (unsigned i : {2u, 3u})
    operands.push_back(arith::IndexCastOp::create(
        builder, loc, builder.getIndexType(), entry.getArgument(i)));
  auto call = func::CallOp::create(builder, loc, piece, operands);
  func::ReturnOp::create(builder, loc, call.getResults());
  return entry;
}

void Outliner::launch(func::FuncOp entry) {
  LLVM::LLVMStructType type = envType();
  builder.setInsertionPointToStart(&function.getBody().front());
  Value one = LLVM::ConstantOp::create(builder, loc, builder.getI64Type(), 1);
  Value env = LLVM::AllocaOp::create(builder, loc, pointer, type, one);
  builder.setInsertionPoint(op);
  for (auto [i, field] : llvm::enumerate(fields)) {
    Value value = field.outside;
    if (field.isMemory)
      value = LLVM::ExtractValueOp::create(
          builder, loc, convert(value, converter.convertType(value.getType())),
          ArrayRef<int64_t>{1});
    Value address =
        LLVM::GEPOp::create(builder, loc, pointer, type, env,
                            ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(i)});
    LLVM::StoreOp::create(builder, loc, convert(value, type.getBody()[i]),
                          address);
  }
  LaunchOp::create(builder, loc, FlatSymbolRefAttr::get(entry.getNameAttr()),
                   env, op.getBegin(), op.getEnd(), op.getGrain());
  op.erase();
}

void Outliner::run() {
  llvm::SetVector<Value> outside;
  getUsedValuesDefinedAbove(op.getBody(), outside);
  for (Value value : outside)
    collect(value);
  builder.setInsertionPoint(op);
  // The context is passed to every piece anyway, but the region may use it,
  // too.
  for (Value leaf : leaves)
    isa<MemRefType>(leaf.getType()) ? passMemory(leaf) : pass(leaf);
  makePiece();
  launch(makeEntry());
}

struct OutlineParallel
    : public tfc::rt::impl::TFCOutlineParallelPassBase<OutlineParallel> {
  void runOnOperation() override {
    for (auto function :
         llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      if (!Body::is(function))
        continue;
      SmallVector<ParallelOp> loops;
      function.walk([&](ParallelOp op) {
        // In a piece of another one it would run serially anyway.
        if (op->getParentOfType<ParallelOp>())
          runHere(op);
        else
          loops.push_back(op);
      });
      for (auto [number, op] : llvm::enumerate(loops))
        Outliner(function, op,
                 (function.getName() + ".loop" + Twine(number)).str())
            .run();
    }
  }
};

} // namespace
