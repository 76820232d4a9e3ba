//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Buffers beyond the signature of an entry: pointers that its body takes, too.
//===----------------------------------------------------------------------===//

#include "KeptPanels.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/KeptBuffers.h"

using namespace mlir;
using namespace tfc::kernels;
using tfc::rt::Body;
using tfc::rt::KeptBuffers;

/// More weights than that are copied in each call.
static constexpr int64_t mostKeptBytes = int64_t(512) * 1024 * 1024;

/// The body of an entry of which `operand` is a constant argument, or a view of
/// one outside of all loops and branches; or null.
static func::FuncOp bodyOfConstant(Value operand) {
  auto bind = tfc::rt::rootOf(operand).getDefiningOp<tfc::rt::BindOp>();
  auto pointer =
      bind ? dyn_cast<BlockArgument>(bind.getPointer()) : BlockArgument();
  auto body = pointer
                  ? dyn_cast<func::FuncOp>(pointer.getOwner()->getParentOp())
                  : func::FuncOp();
  bool isConstant =
      body && Body::is(body) && body->hasAttr(Body::signature) &&
      body.getArgAttr(pointer.getArgNumber(), KeptBuffers::isConstant) &&
      operand.getParentBlock() == &body.getBody().front();
  return isConstant ? body : func::FuncOp();
}

bool tfc::kernels::isWorthKeeping(const Contraction &c) {
  // Each row uses an element once, which is copied in the time of 32
  // operations.
  constexpr int64_t mostRows = 256;
  // Smaller operands stay in a near cache, and are read there as they are.
  constexpr int64_t leastBytes = 512 * 1024;
  auto product = [&](ArrayRef<unsigned> dims, int64_t from) {
    for (unsigned dim : dims)
      from = ShapedType::isDynamic(from) || ShapedType::isDynamic(c.size(dim))
                 ? ShapedType::kDynamic
                 : from * c.size(dim);
    return from;
  };
  int64_t rows = product(c.rows, 1),
          elements = product({c.column, c.inner}, product(c.taps, 1));
  bool isLarge = elements * c.type.getIntOrFloatBitWidth() / 8 > leastBytes;
  bool isRead =
      llvm::none_of(c.batch, [&](unsigned dim) { return c.right.uses(dim); });
  return rows > 1 && rows <= mostRows && !ShapedType::isDynamic(elements) &&
         isLarge && isRead && bodyOfConstant(c.right.memref);
}

/// One more pointer for the body, which its entry reads from behind the buffers
/// of the signature.
static Value addPointer(func::FuncOp body, int64_t number) {
  auto pointer = LLVM::LLVMPointerType::get(body.getContext());
  int64_t place =
      body->getAttrOfType<DenseI64ArrayAttr>(Body::signature).size() / 3 +
      number;
  auto module = body->getParentOfType<ModuleOp>();
  auto uses = SymbolTable::getSymbolUses(body, module);
  for (SymbolTable::SymbolUse use : *uses)
    if (auto call = dyn_cast<func::CallOp>(use.getUser())) {
      OpBuilder builder(call);
      Value buffers = call->getParentOfType<func::FuncOp>().getArgument(1);
      Value address = LLVM::GEPOp::create(
          builder, call.getLoc(), pointer, pointer, buffers,
          ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(place)});
      Value loaded =
          LLVM::LoadOp::create(builder, call.getLoc(), pointer, address);
      call->insertOperands(call->getNumOperands(), loaded);
    }
  unsigned last = body.getNumArguments();
  (void)body.insertArgument(last, pointer, {}, body.getLoc());
  return body.getArgument(last);
}

Value KeptPanels::isFirst(func::FuncOp body) {
  Entry &entry = entries[body];
  if (entry.isFirst)
    return entry.isFirst;
  Value pointer = addPointer(body, 0);
  OpBuilder builder = OpBuilder::atBlockBegin(&body.getBody().front());
  Value null = LLVM::ZeroOp::create(builder, body.getLoc(), pointer.getType());
  return entry.isFirst = LLVM::ICmpOp::create(
             builder, body.getLoc(), LLVM::ICmpPredicate::ne, pointer, null);
}

Value KeptPanels::addBuffer(func::FuncOp body, int64_t bytes) {
  (void)isFirst(body); // comes before them
  SmallVector<int64_t> all;
  if (auto before = body->getAttrOfType<DenseI64ArrayAttr>(KeptBuffers::bytes))
    all.append(before.asArrayRef().begin(), before.asArrayRef().end());
  all.push_back(bytes);
  Value pointer = addPointer(body, all.size());
  unsigned place = cast<BlockArgument>(pointer).getArgNumber();
  OpBuilder builder(body.getContext());
  body->setAttr(KeptBuffers::bytes, builder.getDenseI64ArrayAttr(all));
  body.setArgAttr(place, "llvm.noalias", builder.getUnitAttr());
  body.setArgAttr(place, "llvm.noundef", builder.getUnitAttr());
  body.setArgAttr(place, "llvm.align", builder.getI64IntegerAttr(64));
  return pointer;
}

Value KeptPanels::find(OpBuilder &builder, Value operand, const Layout &layout,
                       Type type, int64_t elements,
                       llvm::function_ref<void(Value)> fill) {
  func::FuncOp body = bodyOfConstant(operand);
  auto [known, isNew] =
      made.try_emplace({operand.getAsOpaquePointer(), layout});
  if (!isNew)
    return known->second;
  int64_t bytes = elements * type.getIntOrFloatBitWidth() / 8;
  Entry &entry = entries[body];
  if (entry.bytes + bytes > mostKeptBytes)
    return {};
  entry.bytes += bytes;
  Value pointer = addBuffer(body, bytes), first = isFirst(body);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(operand);
  Location loc = operand.getLoc();
  Value panels = tfc::rt::BindOp::create(
      builder, loc, MemRefType::get({elements}, type), pointer, ValueRange());
  auto branch = scf::IfOp::create(builder, loc, first, /*withElse=*/false);
  builder.setInsertionPoint(branch.thenYield());
  fill(panels);
  return known->second = panels;
}
