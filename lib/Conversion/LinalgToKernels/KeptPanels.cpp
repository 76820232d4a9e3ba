//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Buffers beyond the signature of an entry: pointers that its body takes, too.
//===----------------------------------------------------------------------===//

#include "KeptPanels.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "tfc/Dialect/TFCRT/IR/SharedGroup.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "tfc/Dialect/TFCRT/Transforms/KeptBuffers.h"

using namespace mlir;
using namespace tfc::kernels;
using tfc::rt::Body;
using tfc::rt::KeptBuffers;
using tfc::rt::SharedGroup;

/// More weights than that are copied in each call.
static constexpr int64_t mostKeptBytes = int64_t(512) * 1024 * 1024;

/// Is it the same part of its buffer in every call?
static bool isFixed(Value operand) {
  auto type = cast<MemRefType>(operand.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  return type.hasStaticShape() &&
         succeeded(type.getStridesAndOffset(strides, offset)) &&
         !ShapedType::isDynamic(offset) &&
         llvm::none_of(strides, ShapedType::isDynamic);
}

/// What `operand` is all of, or always the same part of: a constant argument of
/// the body of an entry, or a variable that it only reads; or null.
static BlockArgument keepableSource(Value operand) {
  if (!isa<MemRefType>(operand.getType()))
    return {};
  auto bind = tfc::rt::rootOf(operand).getDefiningOp<tfc::rt::BindOp>();
  auto pointer =
      bind ? dyn_cast<BlockArgument>(bind.getPointer()) : BlockArgument();
  auto body = pointer
                  ? dyn_cast<func::FuncOp>(pointer.getOwner()->getParentOp())
                  : func::FuncOp();
  if (!body || !Body::is(body) || !body->hasAttr(Body::signature))
    return {};
  auto has = [&](StringRef name) {
    return bool(body.getArgAttr(pointer.getArgNumber(), name));
  };
  bool isVariable = has(KeptBuffers::isVariable) && !has(Body::isWritten);
  bool isConstant = has(KeptBuffers::isConstant) &&
                    operand.getParentBlock() == &body.getBody().front();
  return isFixed(operand) && (isVariable || isConstant) ? pointer
                                                        : BlockArgument();
}

static func::FuncOp ownerOf(BlockArgument argument) {
  return cast<func::FuncOp>(argument.getOwner()->getParentOp());
}

static bool isConstant(BlockArgument source) {
  return bool(ownerOf(source).getArgAttr(source.getArgNumber(),
                                         KeptBuffers::isConstant));
}

/// The buffer that a function of equal layers takes, of which `operand` is all
/// or always the same part; or null.
static BlockArgument argumentOfGroup(Value operand) {
  auto root = dyn_cast<BlockArgument>(tfc::rt::rootOf(operand));
  auto function = root ? dyn_cast<func::FuncOp>(root.getOwner()->getParentOp())
                       : func::FuncOp();
  return function && function->hasAttr(SharedGroup::function) &&
                 isFixed(operand)
             ? root
             : BlockArgument();
}

/// All calls of a function, which are looked for once.
ArrayRef<func::CallOp> KeptPanels::callsOf(func::FuncOp function) {
  if (calls.empty())
    function->getParentOfType<ModuleOp>().walk([&](func::CallOp call) {
      calls[call.getCalleeAttr().getAttr()].push_back(call);
    });
  return calls[function.getSymNameAttr()];
}

/// The variable that a call of a group passes; or null.
static BlockArgument variableOf(func::CallOp call, BlockArgument argument) {
  BlockArgument source =
      keepableSource(call.getOperand(argument.getArgNumber()));
  return source && !isConstant(source) ? source : BlockArgument();
}

static bool isKeepable(Value operand) {
  if (keepableSource(operand))
    return true;
  BlockArgument argument = argumentOfGroup(operand);
  return argument && ownerOf(argument).getArgAttr(argument.getArgNumber(),
                                                  KeptBuffers::isVariable);
}

bool tfc::kernels::isKeptVariable(Value operand) {
  BlockArgument source = keepableSource(operand);
  return source && !isConstant(source);
}

bool tfc::kernels::isKeptConstant(const Contraction &c) {
  BlockArgument source = keepableSource(c.right.memref);
  return source && isConstant(source) && isWorthKeeping(c);
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
         isLarge && isRead && isKeepable(c.right.memref);
}

/// One more pointer for the body, which its entry reads from behind the buffers
/// of the signature.
Value KeptPanels::addPointer(func::FuncOp body, int64_t number) {
  auto pointer = LLVM::LLVMPointerType::get(body.getContext());
  int64_t place =
      body->getAttrOfType<DenseI64ArrayAttr>(Body::signature).size() / 3 +
      number;
  for (func::CallOp call : callsOf(body)) {
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

/// The memory that the host keeps, and what this call does with it, which is
/// known from the start.
KeptPanels::Kept KeptPanels::addBuffer(func::FuncOp body, BlockArgument source,
                                       int64_t elements, Type type) {
  OpBuilder builder = OpBuilder::atBlockBegin(&body.getBody().front());
  Location loc = body.getLoc();
  Entry &entry = entries[body];
  auto setSeparate = [&](Value pointer) {
    unsigned place = cast<BlockArgument>(pointer).getArgNumber();
    for (StringRef name : {"llvm.noalias", "llvm.noundef"})
      body.setArgAttr(place, name, builder.getUnitAttr());
    return place;
  };
  if (!entry.marks) {
    entry.marks = addPointer(body, 0);
    setSeparate(entry.marks);
  }
  auto append = [&](StringRef name, int64_t number) {
    SmallVector<int64_t> all;
    if (auto before = body->getAttrOfType<DenseI64ArrayAttr>(name))
      all.append(before.asArrayRef().begin(), before.asArrayRef().end());
    all.push_back(number);
    body->setAttr(name, builder.getDenseI64ArrayAttr(all));
    return int64_t(all.size());
  };
  append(KeptBuffers::sources, source.getArgNumber() - Body::firstBuffer);
  int64_t count =
      append(KeptBuffers::bytes, elements * type.getIntOrFloatBitWidth() / 8);
  Value pointer = addPointer(body, count);
  body.setArgAttr(setSeparate(pointer), "llvm.align",
                  builder.getI64IntegerAttr(64));
  auto bind = [&](MemRefType type, Value pointer) {
    return tfc::rt::BindOp::create(builder, loc, type, pointer, ValueRange());
  };
  Kept kept;
  kept.panels = bind(MemRefType::get({elements}, type), pointer);
  kept.marks =
      bind(MemRefType::get({2 * count}, builder.getI8Type()), entry.marks);
  kept.number = 2 * count - 1;
  Value place = arith::ConstantIndexOp::create(builder, loc, 2 * count - 2);
  Value use = memref::LoadOp::create(builder, loc, kept.marks, place);
  auto compare = [&](arith::CmpIPredicate predicate, KeptBuffers::Use other) {
    Value number =
        arith::ConstantIntOp::create(builder, loc, use.getType(), other);
    return arith::CmpIOp::create(builder, loc, predicate, use, number);
  };
  kept.copies = compare(arith::CmpIPredicate::ne, KeptBuffers::keep);
  kept.streams = compare(arith::CmpIPredicate::eq, KeptBuffers::stream);
  return kept;
}

/// What tells panels from others: of which part of what, in which order.
KeptPanels::Key KeptPanels::keyOf(BlockArgument source, Value operand,
                                  Layout layout) {
  auto [strides, offset] =
      cast<MemRefType>(operand.getType()).getStridesAndOffset();
  layout.push_back(offset);
  return {source.getAsOpaquePointer(), layout};
}

/// Those of a constant or a variable, or a part of it, in the body of an entry.
KeptPanels::Kept KeptPanels::findInEntry(Value operand, const Layout &layout,
                                         Type type, int64_t elements) {
  BlockArgument source = keepableSource(operand);
  auto [known, isNew] = made.try_emplace(keyOf(source, operand, layout));
  if (!isNew)
    return known->second;
  func::FuncOp body = ownerOf(source);
  int64_t bytes = elements * type.getIntOrFloatBitWidth() / 8;
  if (entries[body].bytes + bytes > mostKeptBytes)
    return {};
  entries[body].bytes += bytes;
  return known->second = addBuffer(body, source, elements, type);
}

/// A function of equal layers takes them from whoever calls it. Those that have
/// none let it copy.
KeptPanels::Kept KeptPanels::findInGroup(Value operand, const Layout &layout,
                                         Type type, int64_t elements) {
  BlockArgument argument = argumentOfGroup(operand);
  Key key = keyOf(argument, operand, layout);
  auto known = made.find(key);
  if (known != made.end())
    return known->second;
  func::FuncOp function = ownerOf(argument);
  Location loc = operand.getLoc();
  auto memory = MemRefType::get({elements}, type);
  auto add = [&](Type type) {
    unsigned last = function.getNumArguments();
    (void)function.insertArgument(last, type, {}, loc);
    return function.getArgument(last);
  };
  Kept kept;
  kept.panels = add(memory);
  function.setArgAttr(function.getNumArguments() - 1, SharedGroup::distinct,
                      UnitAttr::get(function.getContext()));
  kept.copies = add(IntegerType::get(function.getContext(), 1));
  kept.streams = add(kept.copies.getType());
  for (func::CallOp call : callsOf(function)) {
    OpBuilder builder(call);
    Kept here;
    // The key says of which part of what is passed.
    if (variableOf(call, argument))
      here = findInEntry(call.getOperand(argument.getArgNumber()), key.second,
                         type, elements);
    if (!here.panels) {
      auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
      here.panels = tfc::rt::BindOp::create(
          builder, loc, memory, LLVM::ZeroOp::create(builder, loc, pointer),
          ValueRange());
      here.copies = here.streams =
          arith::ConstantIntOp::create(builder, loc, true, 1);
    }
    call->insertOperands(call->getNumOperands(),
                         {here.panels, here.copies, here.streams});
    builder.setInsertionPointAfter(call);
    setMade(builder, loc, here);
  }
  return made[key] = kept;
}

KeptPanels::Kept KeptPanels::find(OpBuilder &builder, Value operand,
                                  const Layout &layout, Type type,
                                  int64_t elements,
                                  llvm::function_ref<void(Value)> fill) {
  BlockArgument source = keepableSource(operand);
  if (!source)
    return findInGroup(operand, layout, type, elements);
  Kept kept = findInEntry(operand, layout, type, elements);
  if (!kept.copies || !isConstant(source))
    return kept;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(operand);
  // Both come first in the entry.
  auto branch = scf::IfOp::create(builder, operand.getLoc(), kept.copies,
                                  /*withElse=*/false);
  builder.setInsertionPoint(branch.thenYield());
  fill(kept.panels);
  kept.copies = kept.streams = kept.marks = {};
  return made[keyOf(source, operand, layout)] = kept;
}

void KeptPanels::setMade(OpBuilder &builder, Location loc, const Kept &kept) {
  if (!kept.marks)
    return;
  Value yes =
      arith::ConstantIntOp::create(builder, loc, builder.getI8Type(), 1);
  Value place = arith::ConstantIndexOp::create(builder, loc, kept.number);
  memref::StoreOp::create(builder, loc, yes, kept.marks, place);
}
