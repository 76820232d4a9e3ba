//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// The one signature that compiled entries have; see tfc_rt.h.
//
// The body of an entry keeps its tensors: arguments become `bind` +
// `to_tensor`, results `materialize_in_destination`, so that bufferization sees
// where everything has to go. Pointers are arguments of the body because only
// there can `llvm.noalias` be said.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/KeptBuffers.h"
#include "tfc/Dialect/TFCRT/Transforms/Passes.h"

namespace tfc::rt {
#define GEN_PASS_DEF_TFCPACKABIPASS
#include "tfc/Dialect/TFCRT/Transforms/Passes.h.inc"
} // namespace tfc::rt

using namespace mlir;
using namespace tfc::rt;

namespace {

/// One buffer of the interface: its place in `buffers` and in `sizes`.
struct Slot {
  ShapedType type;
  int64_t index;
  int64_t offset;

  int64_t numSizes() const { return type.getNumDynamicDims(); }
  SmallVector<int64_t> unknownDims() const {
    SmallVector<int64_t> dims;
    for (auto [dim, size] : llvm::enumerate(type.getShape()))
      if (ShapedType::isDynamic(size))
        dims.push_back(dim);
    return dims;
  }
};

class Packer {
public:
  Packer(func::FuncOp entry)
      : entry(entry), builder(entry.getContext()), loc(entry.getLoc()),
        pointer(LLVM::LLVMPointerType::get(entry.getContext())) {}

  LogicalResult run() {
    if (failed(check()))
      return failure();
    assignSlots();
    func::FuncOp body = makeBody();
    makeEntry(body);
    entry.erase();
    return success();
  }

private:
  LogicalResult check();
  void assignSlots();
  func::FuncOp makeBody();
  void describeBuffers(func::FuncOp body);
  void makeEntry(func::FuncOp body);
  void bindArguments(Block &block, func::FuncOp body);
  void bindReplaceable(func::FuncOp body, Value memref, const Slot &slot);
  void describeVariable(func::FuncOp body, Value memref, unsigned place);
  SmallVector<Value> loadSizes(func::FuncOp body, const Slot &slot);
  void returnResults(Block &block);
  Value loadElement(Value array, int64_t index, Type type);

  func::FuncOp entry;
  OpBuilder builder;
  Location loc;
  Type pointer;
  SmallVector<Slot> arguments, results;
  /// A function of the host may read and write every variable.
  bool callsHost = false;
};

LogicalResult Packer::check() {
  callsHost = entry.walk([](HostCallOp) { return WalkResult::interrupt(); })
                  .wasInterrupted();
  if (entry.isExternal())
    return entry.emitError("expected an entry with a body, got a declaration");
  if (!entry.getBody().hasOneBlock())
    return entry.emitError("expected structured control flow, got ")
           << entry.getBody().getBlocks().size() << " blocks";
  for (Type type : entry.getArgumentTypes())
    if (!isa<RankedTensorType, MemRefType>(type))
      return entry.emitError("expected arguments that are ranked tensors or "
                             "variables (memrefs), got ")
             << type;
  for (Type type : entry.getResultTypes())
    if (!isa<RankedTensorType>(type))
      return entry.emitError("expected results that are ranked tensors, got ")
             << type;
  WalkResult calls = entry.walk([](func::CallOp call) {
    call.emitError("call of '")
        << call.getCallee()
        << "' is left; calls are inlined before the ABI is packed";
    return WalkResult::interrupt();
  });
  return failure(calls.wasInterrupted());
}

void Packer::assignSlots() {
  int64_t index = 0, offset = 0;
  auto next = [&](Type type) {
    Slot slot{cast<ShapedType>(type), index++, offset};
    offset += slot.numSizes();
    return slot;
  };
  for (Type type : entry.getArgumentTypes())
    arguments.push_back(next(type));
  for (Type type : entry.getResultTypes())
    results.push_back(next(type));
}

Value Packer::loadElement(Value array, int64_t index, Type type) {
  Value address =
      LLVM::GEPOp::create(builder, loc, pointer, type, array,
                          ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  return LLVM::LoadOp::create(builder, loc, type, address);
}

/// The sizes of a buffer, as they are at the insertion point.
SmallVector<Value> Packer::loadSizes(func::FuncOp body, const Slot &slot) {
  SmallVector<Value> sizes;
  for (int64_t k = 0; k < slot.numSizes(); ++k)
    sizes.push_back(arith::IndexCastOp::create(
        builder, loc, builder.getIndexType(),
        loadElement(Body::sizes(body), slot.offset + k, builder.getI64Type())));
  return sizes;
}

void Packer::describeVariable(func::FuncOp body, Value memref, unsigned place) {
  if (callsHost)
    for (StringRef access :
         {StringRef(Body::isRead), StringRef(Body::isWritten)})
      body.setArgAttr(place, access, builder.getUnitAttr());
  for (Operation *user : memref.getUsers())
    body.setArgAttr(place,
                    isa<bufferization::MaterializeInDestinationOp>(user)
                        ? Body::isWritten
                        : Body::isRead,
                    builder.getUnitAttr());
}

/// A variable that may change its size is wherever the last write has put it.
/// What is read of it is copied, since a write may free or overwrite it.
void Packer::bindReplaceable(func::FuncOp body, Value memref,
                             const Slot &slot) {
  auto type = MemRefType::get(slot.type.getShape(), slot.type.getElementType());
  for (Operation *user : llvm::make_early_inc_range(memref.getUsers())) {
    builder.setInsertionPoint(user);
    if (auto write =
            dyn_cast<bufferization::MaterializeInDestinationOp>(user)) {
      SetVariableOp::create(builder, write.getLoc(), write.getSource(),
                            slot.index, slot.offset, slot.unknownDims());
      write.erase();
      continue;
    }
    Value pointerNow = loadElement(Body::buffers(body), slot.index, pointer);
    Value bound =
        BindOp::create(builder, loc, type, pointerNow, loadSizes(body, slot));
    auto read = dyn_cast<bufferization::ToTensorOp>(user);
    if (!read) {
      user->replaceUsesOfWith(memref, bound);
      continue;
    }
    auto tensor = cast<RankedTensorType>(read.getType());
    Value value =
        bufferization::ToTensorOp::create(builder, read.getLoc(), tensor, bound,
                                          /*restrict=*/true);
    read.replaceAllUsesWith(
        bufferization::AllocTensorOp::create(builder, read.getLoc(), tensor,
                                             ValueRange(), value)
            .getResult());
    read.erase();
  }
}

void Packer::bindArguments(Block &block, func::FuncOp body) {
  size_t first = Body::firstBuffer;
  for (auto [i, slot] : llvm::enumerate(arguments)) {
    Value old = block.getArgument(first + arguments.size() + i);
    auto tensor = dyn_cast<RankedTensorType>(slot.type);
    if (!tensor)
      describeVariable(body, old, first + i);
    if (!tensor && slot.numSizes() &&
        body.getArgAttr(first + i, Body::isWritten)) {
      bindReplaceable(body, old, slot);
      builder.setInsertionPointToStart(
          &block); // the op it stood before may be gone
      continue;
    }
    SmallVector<Value> sizes = loadSizes(body, slot);
    auto type =
        MemRefType::get(slot.type.getShape(), slot.type.getElementType());
    Value value =
        BindOp::create(builder, loc, type, block.getArgument(first + i), sizes);
    if (tensor)
      value = bufferization::ToTensorOp::create(builder, loc, tensor, value,
                                                /*restrict=*/true);
    old.replaceAllUsesWith(value);
  }
}

void Packer::returnResults(Block &block) {
  Operation *terminator = block.getTerminator();
  builder.setInsertionPoint(terminator);
  size_t place = Body::firstBuffer + arguments.size();
  for (auto [slot, value] : llvm::zip(results, terminator->getOperands())) {
    if (slot.numSizes()) {
      SetResultOp::create(builder, value.getLoc(), value, slot.index,
                          slot.offset, slot.unknownDims(), /*in_place=*/false);
      continue;
    }
    auto type =
        MemRefType::get(slot.type.getShape(), slot.type.getElementType());
    // At the start, so that whatever computes the result can write there.
    Value target;
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(&block);
      target = BindOp::create(builder, loc, type, block.getArgument(place++),
                              ValueRange());
      target.getDefiningOp()->setAttr("result", builder.getUnitAttr());
    }
    bufferization::MaterializeInDestinationOp::create(
        builder, value.getLoc(), /*result=*/Type(), value, target,
        /*restrict=*/true, /*writable=*/true);
  }
  Value ok =
      arith::ConstantIntOp::create(builder, loc, builder.getI32Type(), 0);
  func::ReturnOp::create(builder, terminator->getLoc(), ok);
  terminator->erase();
}

/// Bytes of an element in memory.
static int64_t bytesOf(Type type) {
  if (auto complex = dyn_cast<ComplexType>(type))
    return 2 * bytesOf(complex.getElementType());
  return type.isIntOrFloat() ? llvm::divideCeil(type.getIntOrFloatBitWidth(), 8)
                             : 8;
}

void Packer::describeBuffers(func::FuncOp body) {
  SmallVector<int64_t> numbers;
  auto add = [&](const Slot &slot, int64_t use) {
    int64_t bytes = bytesOf(slot.type.getElementType());
    for (int64_t size : slot.type.getShape())
      bytes *= ShapedType::isDynamic(size) ? 1 : size;
    numbers.append({use, bytes, slot.numSizes()});
  };
  for (auto [i, slot] : llvm::enumerate(arguments)) {
    bool isWritten =
        bool(body.getArgAttr(Body::firstBuffer + i, Body::isWritten));
    add(slot, isa<RankedTensorType>(slot.type) ? Body::argument
              : isWritten                      ? Body::variable
                                               : Body::readVariable);
  }
  for (const Slot &slot : results)
    add(slot, Body::result);
  body->setAttr(Body::signature, builder.getDenseI64ArrayAttr(numbers));
}

func::FuncOp Packer::makeBody() {
  // Arguments: context, buffers, sizes, arena; one pointer per argument and per
  // static result. The results' pointers come before the old arguments are
  // gone.
  SmallVector<Type> types(Body::firstBuffer + arguments.size(), pointer);
  for (const Slot &slot : results)
    if (!slot.numSizes())
      types.push_back(pointer);
  auto type = builder.getFunctionType(types, builder.getI32Type());

  builder.setInsertionPoint(entry);
  auto body = func::FuncOp::create(builder, loc,
                                   (entry.getName() + ".body").str(), type);
  body.setPrivate();
  body->setAttr(
      "llvm.linkage",
      LLVM::LinkageAttr::get(builder.getContext(), LLVM::Linkage::Internal));
  body->setAttr(Body::attribute, FlatSymbolRefAttr::get(entry.getNameAttr()));
  for (size_t i = Body::arenaIndex; i < types.size(); ++i) {
    body.setArgAttr(i, "llvm.noalias", builder.getUnitAttr());
    body.setArgAttr(i, "llvm.noundef", builder.getUnitAttr());
  }
  body.setArgAttr(Body::arenaIndex, "llvm.align",
                  builder.getI64IntegerAttr(64));
  for (size_t i = 0; i < arguments.size(); ++i)
    if (Attribute isConstant = entry.getArgAttr(i, KeptBuffers::isConstant))
      body.setArgAttr(Body::firstBuffer + i, KeptBuffers::isConstant,
                      isConstant);
  for (size_t i = 0; i < arguments.size(); ++i)
    if (Attribute isVariable = entry.getArgAttr(i, KeptBuffers::isVariable))
      body.setArgAttr(Body::firstBuffer + i, KeptBuffers::isVariable,
                      isVariable);
  for (auto [i, slot] : llvm::enumerate(arguments))
    if (callsHost && isa<MemRefType>(slot.type))
      body.removeArgAttr(Body::firstBuffer + i, "llvm.noalias");

  body.getBody().takeBody(entry.getBody());
  Block &block = body.getBody().front();
  SmallVector<Location> locs(Body::firstBuffer + arguments.size(), loc);
  for (auto [i, argument] : llvm::enumerate(arguments))
    (void)argument, locs[Body::firstBuffer + i] = block.getArgument(i).getLoc();
  for (size_t i = 0; i < locs.size(); ++i)
    block.insertArgument(i, pointer, locs[i]);
  builder.setInsertionPointToStart(&block);
  bindArguments(block, body);
  block.eraseArguments(locs.size(), arguments.size());
  while (block.getNumArguments() < types.size())
    block.addArgument(pointer, loc);
  returnResults(block);
  describeBuffers(body);
  return body;
}

void Packer::makeEntry(func::FuncOp body) {
  builder.setInsertionPointAfter(body);
  auto type = builder.getFunctionType({pointer, pointer, pointer},
                                      builder.getI32Type());
  auto packed = func::FuncOp::create(builder, loc, entry.getName(), type);
  packed->setDiscardableAttrs(entry->getDiscardableAttrDictionary());
  Block *block = packed.addEntryBlock();
  builder.setInsertionPointToStart(block);
  Value context = block->getArgument(0), buffers = block->getArgument(1);
  SmallVector<Value> operands(block->getArguments());
  Value arena = LLVM::GEPOp::create(
      builder, loc, pointer, contextType(builder.getContext()), context,
      ArrayRef<LLVM::GEPArg>{0, ContextField::arena});
  operands.push_back(LLVM::LoadOp::create(builder, loc, pointer, arena));
  for (const Slot &slot : arguments)
    operands.push_back(loadElement(buffers, slot.index, pointer));
  for (const Slot &slot : results)
    if (!slot.numSizes())
      operands.push_back(loadElement(buffers, slot.index, pointer));
  auto call = func::CallOp::create(builder, loc, body, operands);
  func::ReturnOp::create(builder, loc, call.getResults());
}

struct PackABI : public tfc::rt::impl::TFCPackABIPassBase<PackABI> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> entries;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr("tfc.entry") && !isPacked(function))
        entries.push_back(function);
    for (func::FuncOp entry : entries)
      if (failed(Packer(entry).run()))
        return signalPassFailure();
  }

  static bool isPacked(func::FuncOp function) {
    return llvm::all_of(
               function.getArgumentTypes(),
               [](Type type) { return isa<LLVM::LLVMPointerType>(type); }) &&
           function.getNumArguments() == 3;
  }
};

} // namespace
