//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Bodies of entries, with branches, meet their host.
//===----------------------------------------------------------------------===//

#include "Helpers.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Transforms/RegionUtils.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

namespace tfc {
#define GEN_PASS_DEF_RUNTIMETOLLVMPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using namespace tfc::rt;

/// "file:line:column" of the user's program, empty if unknown.
static std::string describePlace(Location loc) {
  std::string text;
  loc->walk([&](Location nested) {
    auto file = dyn_cast<FileLineColLoc>(nested);
    if (!file)
      return WalkResult::advance();
    text = (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" +
            Twine(file.getColumn()))
               .str();
    return WalkResult::interrupt();
  });
  return text;
}

namespace {

/// Strings and helpers of one module.
class ModuleState {
public:
  explicit ModuleState(ModuleOp module) : module(module) {}

  LLVM::GlobalOp string(StringRef text);
  LogicalResult addHelpers();

  ModuleOp module;

private:
  llvm::StringMap<LLVM::GlobalOp> strings;
};

LLVM::GlobalOp ModuleState::string(StringRef text) {
  LLVM::GlobalOp &global = strings[text];
  if (global)
    return global;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  std::string bytes = text.str();
  bytes.push_back('\0');
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
  std::string name;
  do
    name = "tfc.string." + std::to_string(strings.size());
  while (module.lookupSymbol(name));
  global = LLVM::GlobalOp::create(builder, module.getLoc(), type,
                                  /*isConstant=*/true, LLVM::Linkage::Internal,
                                  name, builder.getStringAttr(bytes));
  return global;
}

LogicalResult ModuleState::addHelpers() {
  if (module.lookupSymbol("tfc.report"))
    return success();
  OwningOpRef<ModuleOp> source =
      parseSourceString<ModuleOp>(helpers, ParserConfig(module.getContext()));
  if (!source)
    return module.emitError("internal: the runtime helpers do not parse");
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  for (Operation &op : *source->getBody())
    builder.clone(op);
  return success();
}

class BodyLowering {
public:
  BodyLowering(func::FuncOp body, ModuleState &state,
               const LLVMTypeConverter &converter)
      : body(body), state(state), converter(converter),
        builder(body.getContext()),
        pointer(LLVM::LLVMPointerType::get(body.getContext())),
        i32(builder.getI32Type()), i64(builder.getI64Type()) {}

  LogicalResult run();

private:
  void makeExit();
  void lower(PrintOp op);
  void lower(AbortOp op);
  void lower(HostCallOp op);
  void lower(PollOp op);
  void lower(DiscardOp op);
  void lower(memref::AllocOp op);
  void lower(memref::DeallocOp op) { op.erase(); }
  void lower(SetResultOp op);
  void lower(SetVariableOp op);
  void lower(MarkOp op);
  void lower(ReleaseOp op);
  void lower(LaunchOp op);

  Value i32Constant(int64_t value) {
    return arith::ConstantIntOp::create(builder, loc, i32, value);
  }
  Value i64Constant(int64_t value) {
    return arith::ConstantIntOp::create(builder, loc, i64, value);
  }
  Value stringAddress(StringRef text) {
    return LLVM::AddressOfOp::create(builder, loc, state.string(text));
  }
  Value call(StringRef callee, Type result, ValueRange arguments) {
    auto op = LLVM::CallOp::create(builder, loc,
                                   result ? TypeRange(result) : TypeRange(),
                                   callee, arguments);
    return result ? op.getResult() : Value();
  }
  Value slot(Type type, int64_t count);
  Value element(Type type, Value array, int64_t index) {
    return LLVM::GEPOp::create(
        builder, loc, pointer, type, array,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  }
  /// The address of a field of an element of an array of tfc_tensor_desc.
  Value descField(Value array, size_t index, size_t field) {
    return LLVM::GEPOp::create(
        builder, loc, pointer, tensorDescType(builder.getContext()), array,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index),
                               static_cast<int32_t>(field)});
  }
  Value dataPointer(Value memref);
  SmallVector<Value> shapeOf(Value memref);
  Value bytesOf(MemRefType type, ValueRange shape);
  Value describeTensors(ValueRange memrefs, ArrayRef<int32_t> dtypes);
  void exitUnless(Value holds, Value status);

  func::FuncOp body;
  ModuleState &state;
  const LLVMTypeConverter &converter;
  OpBuilder builder;
  Type pointer, i32, i64;
  Location loc = UnknownLoc::get(body.getContext());
  Block *exit = nullptr;
  Value head; // address of the list of dynamic buffers
};

/// A stack slot of the function, not of the loop we may be in.
Value BodyLowering::slot(Type type, int64_t count) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&body.getBody().front());
  Value size = LLVM::ConstantOp::create(builder, loc, i64, count);
  return LLVM::AllocaOp::create(builder, loc, pointer, type, size);
}

Value BodyLowering::dataPointer(Value memref) {
  Type descriptor = converter.convertType(memref.getType());
  Value cast =
      UnrealizedConversionCastOp::create(builder, loc, descriptor, memref)
          .getResult(0);
  return LLVM::ExtractValueOp::create(builder, loc, cast, ArrayRef<int64_t>{1});
}

/// Sizes as i64.
SmallVector<Value> BodyLowering::shapeOf(Value memref) {
  SmallVector<Value> shape;
  for (auto [i, size] :
       llvm::enumerate(cast<MemRefType>(memref.getType()).getShape()))
    shape.push_back(ShapedType::isDynamic(size)
                        ? arith::IndexCastOp::create(
                              builder, loc, i64,
                              memref::DimOp::create(builder, loc, memref, i))
                              .getResult()
                        : i64Constant(size));
  return shape;
}

Value BodyLowering::bytesOf(MemRefType type, ValueRange shape) {
  int64_t size = DataLayout::closest(body)
                     .getTypeSize(type.getElementType())
                     .getFixedValue();
  if (type.hasStaticShape())
    return i64Constant(size * type.getNumElements());
  // Sizes are the program's, so their product may be any number: one that no
  // allocator has memory for stays one.
  Value bytes = i64Constant(size);
  for (Value dim : shape)
    bytes = call("tfc.multiply_sizes", i64, {bytes, dim});
  return bytes;
}

/// An array of tfc_tensor_desc.
Value BodyLowering::describeTensors(ValueRange memrefs,
                                    ArrayRef<int32_t> dtypes) {
  if (memrefs.empty())
    return LLVM::ZeroOp::create(builder, loc, pointer);
  Type desc = tensorDescType(builder.getContext());
  Value array = slot(desc, memrefs.size());
  for (auto [i, memref] : llvm::enumerate(memrefs)) {
    SmallVector<Value> shape = shapeOf(memref);
    Value sizes = slot(i64, std::max<size_t>(shape.size(), 1));
    for (auto [k, size] : llvm::enumerate(shape))
      LLVM::StoreOp::create(builder, loc, size, element(i64, sizes, k));
    Value fields[] = {dataPointer(memref), i32Constant(dtypes[i]),
                      i32Constant(shape.size()), sizes};
    for (auto [k, field] : llvm::enumerate(fields))
      LLVM::StoreOp::create(builder, loc, field, descField(array, i, k));
  }
  return array;
}

/// Goes on in a block of its own if `holds`.
void BodyLowering::exitUnless(Value holds, Value status) {
  Block *block = builder.getInsertionBlock();
  Block *rest = block->splitBlock(builder.getInsertionPoint());
  builder.setInsertionPointToEnd(block);
  cf::CondBranchOp::create(builder, loc, holds, rest, ValueRange(), exit,
                           ValueRange(status));
  builder.setInsertionPointToStart(rest);
}

void BodyLowering::lower(PrintOp op) {
  Value tensors = describeTensors(op.getData(), op.getDtypes());
  Value status =
      call("tfc.print", i32,
           {Body::context(body), stringAddress(op.getFormat()),
            i32Constant(op.getSummarize()), stringAddress(op.getStream()),
            i32Constant(op.getData().size()), tensors});
  if (op.getStatus()) {
    op.getStatus().replaceAllUsesWith(status);
  } else {
    Value holds = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                        status, i32Constant(0));
    exitUnless(holds, status);
  }
  op.erase();
}

void BodyLowering::lower(AbortOp op) {
  Block *block = op->getBlock();
  if (Value status = op.getStatus()) {
    block->splitBlock(std::next(op->getIterator())); // unreachable from here on
    builder.setInsertionPointToEnd(block);
    cf::BranchOp::create(builder, loc, exit, ValueRange(status));
    op.erase();
    return;
  }
  Value code = i32Constant(op.getCode());
  Value tensors = describeTensors(op.getData(), op.getDtypes());
  call("tfc.report", Type(),
       {Body::context(body), code, stringAddress(op.getMessage()),
        stringAddress(describePlace(loc)), i32Constant(op.getSummarize()),
        i32Constant(op.getData().size()), tensors});
  block->splitBlock(std::next(op->getIterator())); // unreachable from here on
  builder.setInsertionPointToEnd(block);
  cf::BranchOp::create(builder, loc, exit, ValueRange(code));
  op.erase();
}

void BodyLowering::lower(HostCallOp op) {
  Value inputs = describeTensors(op.getData(), op.getDtypes());
  Type desc = tensorDescType(builder.getContext());
  size_t count = op.getOutputs().size();
  Value outputs = slot(desc, std::max<size_t>(count, 1));
  Value shapes = slot(pointer, std::max<size_t>(count, 1));
  SmallVector<Value> sizes;
  for (auto [i, output] : llvm::enumerate(op.getOutputs())) {
    auto type = cast<MemRefType>(output.getType());
    sizes.push_back(slot(i64, std::max<int64_t>(type.getRank(), 1)));
    for (auto [k, size] : llvm::enumerate(type.getShape()))
      LLVM::StoreOp::create(
          builder, loc, i64Constant(ShapedType::isDynamic(size) ? -1 : size),
          element(i64, sizes[i], k));
    LLVM::StoreOp::create(builder, loc, sizes[i], element(pointer, shapes, i));
    Value fields[] = {LLVM::ZeroOp::create(builder, loc, pointer),
                      i32Constant(op.getResultDtypes()[i]),
                      i32Constant(type.getRank()), sizes[i]};
    for (auto [k, field] : llvm::enumerate(fields))
      LLVM::StoreOp::create(builder, loc, field, descField(outputs, i, k));
  }
  Value status =
      call("tfc.call_host", i32,
           {Body::context(body), i64Constant(op.getId()),
            i32Constant(op.getData().size()), inputs, i32Constant(count),
            outputs, shapes, stringAddress(describePlace(loc))});
  Value holds = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                      status, i32Constant(0));
  exitUnless(holds, status);
  for (auto [i, output] : llvm::enumerate(op.getOutputs())) {
    auto type = cast<MemRefType>(output.getType());
    Value data =
        LLVM::LoadOp::create(builder, loc, pointer, descField(outputs, i, 0));
    SmallVector<Value> unknown;
    for (auto [k, size] : llvm::enumerate(type.getShape()))
      if (ShapedType::isDynamic(size))
        unknown.push_back(arith::IndexCastOp::create(
            builder, loc, builder.getIndexType(),
            LLVM::LoadOp::create(builder, loc, i64,
                                 element(i64, sizes[i], k))));
    output.replaceAllUsesWith(
        BindOp::create(builder, loc, type, data, unknown).getResult());
  }
  op.erase();
}

void BodyLowering::lower(PollOp op) {
  Value since = slot(i64, 1);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointAfterValue(since);
    LLVM::StoreOp::create(builder, loc, i64Constant(0), since);
  }
  Value next =
      call("tfc.poll", i32, {Body::context(body), op.getAsked(), since});
  Value holds = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne,
                                      next, i32Constant(0));
  exitUnless(holds, i32Constant(7)); // TFC_CANCELLED
  op.replaceAllUsesWith(next);
  op.erase();
}

void BodyLowering::lower(DiscardOp op) {
  call("tfc.deallocate", Type(),
       {Body::context(body), dataPointer(op.getMemref())});
  op.erase();
}

void BodyLowering::lower(memref::AllocOp op) {
  MemRefType type = op.getType();
  SmallVector<Value> shape;
  auto dynamic = op.getDynamicSizes().begin();
  for (int64_t size : type.getShape())
    shape.push_back(
        ShapedType::isDynamic(size)
            ? arith::IndexCastOp::create(builder, loc, i64, *dynamic++)
                  .getResult()
            : i64Constant(size));
  Value bytes = bytesOf(type, shape), where = stringAddress(describePlace(loc)),
        data;
  auto result = op->getAttrOfType<IntegerAttr>("tfcrt.result");
  if (result)
    data = call("tfc.allocate_result", pointer,
                {Body::context(body), bytes, where});
  else
    data = call("tfc.allocate", pointer,
                {Body::context(body), head, bytes, where});
  Value null = LLVM::ZeroOp::create(builder, loc, pointer);
  Value holds =
      LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne, data, null);
  exitUnless(holds, i32Constant(3)); // TFC_OUT_OF_MEMORY
  if (result)
    LLVM::StoreOp::create(
        builder, loc, data,
        element(pointer, Body::buffers(body), result.getInt()));
  op.replaceAllUsesWith(
      BindOp::create(builder, loc, type, data, op.getDynamicSizes())
          .getResult());
  op.erase();
}

void BodyLowering::lower(SetResultOp op) {
  SmallVector<Value> shape = shapeOf(op.getValue());
  auto type = cast<MemRefType>(op.getValue().getType());
  if (!op.getInPlace()) {
    Value bytes = bytesOf(type, shape);
    Value data =
        call("tfc.allocate_result", pointer,
             {Body::context(body), bytes, stringAddress(describePlace(loc))});
    Value null = LLVM::ZeroOp::create(builder, loc, pointer);
    Value holds =
        LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne, data, null);
    exitUnless(holds, i32Constant(3));
    LLVM::MemcpyOp::create(builder, loc, data, dataPointer(op.getValue()),
                           bytes,
                           /*isVolatile=*/false);
    LLVM::StoreOp::create(builder, loc, data,
                          element(pointer, Body::buffers(body), op.getIndex()));
  }
  // The sizes that the entry's signature does not know; the memref may know
  // more.
  int64_t next = op.getOffset();
  for (int64_t dim : op.getDims())
    LLVM::StoreOp::create(builder, loc, shape[dim],
                          element(i64, Body::sizes(body), next++));
  op.erase();
}

void BodyLowering::lower(SetVariableOp op) {
  SmallVector<Value> shape = shapeOf(op.getValue());
  Value bytes = bytesOf(cast<MemRefType>(op.getValue().getType()), shape);
  Value next = slot(i64, op.getDims().size());
  for (auto [k, dim] : llvm::enumerate(op.getDims()))
    LLVM::StoreOp::create(builder, loc, shape[dim], element(i64, next, k));
  Value status = call("tfc.set_variable", i32,
                      {Body::context(body),
                       element(pointer, Body::buffers(body), op.getIndex()),
                       body.getArgument(Body::firstBuffer + op.getIndex()),
                       dataPointer(op.getValue()), bytes,
                       element(i64, Body::sizes(body), op.getOffset()), next,
                       i64Constant(op.getDims().size()),
                       stringAddress(describePlace(loc))});
  Value holds = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                      status, i32Constant(0));
  exitUnless(holds, status);
  op.erase();
}

void BodyLowering::lower(MarkOp op) {
  op.replaceAllUsesWith(
      LLVM::LoadOp::create(builder, loc, pointer, head).getResult());
  op.erase();
}

void BodyLowering::lower(ReleaseOp op) {
  Value kept = slot(pointer, std::max<size_t>(op.getKept().size(), 1));
  for (auto [i, memref] : llvm::enumerate(op.getKept()))
    LLVM::StoreOp::create(builder, loc, dataPointer(memref),
                          element(pointer, kept, i));
  call("tfc.release", Type(),
       {Body::context(body), head, op.getMark(), kept,
        i64Constant(op.getKept().size())});
  op.erase();
}

void BodyLowering::lower(LaunchOp op) {
  Type type = builder.getFunctionType({pointer, pointer, i64, i64}, i32);
  Value function =
      func::ConstantOp::create(builder, loc, type, op.getCalleeAttr());
  Value address =
      UnrealizedConversionCastOp::create(builder, loc, pointer, function)
          .getResult(0);
  auto number = [&](Value index) {
    return arith::IndexCastOp::create(builder, loc, i64, index).getResult();
  };
  Value status =
      call("tfc.parallel_for", i32,
           {Body::context(body), number(op.getBegin()), number(op.getEnd()),
            number(op.getGrain()), address, op.getEnv()});
  Value holds = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                                      status, i32Constant(0));
  exitUnless(holds, status);
  op.erase();
}

/// One block that all returns go to, with the status.
void BodyLowering::makeExit() {
  SmallVector<func::ReturnOp> returns;
  body.walk([&](func::ReturnOp op) { returns.push_back(op); });
  loc = body.getLoc();
  exit = &body.getBody().emplaceBlock();
  Value status = exit->addArgument(i32, loc);
  for (func::ReturnOp op : returns) {
    builder.setInsertionPoint(op);
    cf::BranchOp::create(builder, loc, exit, op.getOperands());
    op.erase();
  }
  builder.setInsertionPointToStart(exit);
  if (head) {
    Value null = LLVM::ZeroOp::create(builder, loc, pointer);
    call("tfc.release", Type(),
         {Body::context(body), head, null, null, i64Constant(0)});
  }
  func::ReturnOp::create(builder, loc, status);
}

LogicalResult BodyLowering::run() {
  SmallVector<Operation *> ops;
  bool dynamic = false;
  body.walk([&](Operation *op) {
    if (isa<PrintOp, AbortOp, HostCallOp, PollOp, DiscardOp, memref::AllocOp,
            memref::DeallocOp, SetResultOp, SetVariableOp, MarkOp, ReleaseOp,
            LaunchOp>(op))
      ops.push_back(op);
    if (isa<MarkOp, ReleaseOp>(op) ||
        (isa<memref::AllocOp>(op) && !op->hasAttr("tfcrt.result")))
      dynamic = true;
  });
  if (ops.empty())
    return success();
  if (failed(state.addHelpers()))
    return failure();
  if (dynamic) {
    head = slot(pointer, 1);
    builder.setInsertionPointAfterValue(head);
    LLVM::StoreOp::create(builder, loc,
                          LLVM::ZeroOp::create(builder, loc, pointer), head);
  }
  makeExit();
  for (Operation *op : ops) {
    loc = op->getLoc();
    builder.setInsertionPoint(op);
    llvm::TypeSwitch<Operation *>(op)
        .Case<PrintOp, AbortOp, HostCallOp, PollOp, DiscardOp, memref::AllocOp,
              memref::DeallocOp, SetResultOp, SetVariableOp, MarkOp, ReleaseOp,
              LaunchOp>([&](auto typed) { lower(typed); });
  }
  IRRewriter rewriter(body.getContext());
  (void)eraseUnreachableBlocks(rewriter, body->getRegions());
  return success();
}

struct RuntimeToLLVM : public tfc::impl::RuntimeToLLVMPassBase<RuntimeToLLVM> {
  void runOnOperation() override {
    ModuleState state(getOperation());
    LLVMTypeConverter converter(&getContext());
    for (auto function : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if ((Body::is(function) || function->hasAttr(Body::piece)) &&
          failed(BodyLowering(function, state, converter).run()))
        return signalPassFailure();
  }
};

} // namespace
