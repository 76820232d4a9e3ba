//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Panels that are made once for several products: before a loop that does not
// change the operand, by the first call, or by the compiler.
//===----------------------------------------------------------------------===//

#include "ContractionLowering.h"
#include "KeptPanels.h"
#include "PairProducts.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/MayAlias.h"
#include "tfc/Dialect/TFCRT/IR/SharedGroup.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"

using namespace mlir;
using namespace tfc::kernels;

/// What a buffer is a view of, whatever loop the view is made in.
static Value behindViews(Value memref) {
  Operation *view = memref.getDefiningOp();
  bool isAlone = isa_and_present<ViewLikeOpInterface>(view) &&
                 view->getNumOperands() == 1 && view->getNumRegions() == 0;
  return isAlone ? behindViews(view->getOperand(0)) : memref;
}

/// The outermost loop around the contraction that does not change the right
/// operand, or null.
static Operation *findInvariantLoop(const Contraction &c) {
  Value right = c.right.memref, root = tfc::rt::rootOf(right);
  // Where it is defined, or which part of it is chosen.
  Operation *home = behindViews(right).getParentBlock()->getParentOp();
  auto isChanged = [&](Value value) {
    return !isa<MemRefType>(value.getType()) ||
           tfc::rt::mayAlias(tfc::rt::rootOf(value), root);
  };
  auto changes = [&](Operation *op) {
    // Tiles of other products in the loop, which are calls by now.
    if (auto writes =
            op->getAttrOfType<DenseBoolArrayAttr>(tfc::rt::SharedGroup::writes))
      return llvm::any_of(llvm::zip(op->getOperands(), writes.asArrayRef()),
                          [&](auto operand) {
                            auto [value, isWritten] = operand;
                            return isWritten && isChanged(value);
                          });
    auto effects = dyn_cast<MemoryEffectOpInterface>(op);
    // What is in their regions is looked at by itself.
    if (!effects)
      return !op->hasTrait<OpTrait::HasRecursiveMemoryEffects>() &&
             !isMemoryEffectFree(op);
    SmallVector<MemoryEffects::EffectInstance> all;
    effects.getEffects(all);
    return llvm::any_of(all, [&](const MemoryEffects::EffectInstance &effect) {
      if (!isa<MemoryEffects::Write, MemoryEffects::Free>(effect.getEffect()))
        return false;
      return !effect.getValue() || isChanged(effect.getValue());
    });
  };
  Operation *found = nullptr;
  for (Operation *op = c.op->getParentOp(); op && !isa<func::FuncOp>(op);
       op = op->getParentOp()) {
    if (isa<scf::IfOp>(op))
      continue;
    bool isLoop = isa<scf::ForOp, scf::WhileOp, tfc::rt::ParallelOp>(op);
    if (!isLoop || op->isAncestor(home) ||
        op->walk([&](Operation *nested) {
            return nested != op && changes(nested) ? WalkResult::interrupt()
                                                   : WalkResult::advance();
          }).wasInterrupted())
      break;
    found = op;
  }
  return found;
}

/// The operand, outside of a loop that it does not depend on.
static Value viewOutside(OpBuilder &builder, Value memref, Operation *loop) {
  Operation *view = memref.getDefiningOp();
  if (!view || !loop->isAncestor(view))
    return memref;
  IRMapping mapping;
  mapping.map(view->getOperand(0),
              viewOutside(builder, view->getOperand(0), loop));
  return builder.clone(*view, mapping)->getResult(0);
}

/// Elements of the right operand, if that is one matrix (or one for each tap)
/// of a known size; else 0.
int64_t ContractionLowering::elementsOfRight(const Product &product) {
  int64_t elements = 1;
  auto times = [&](int64_t size) {
    elements *= ShapedType::isDynamic(size) ? 0 : size;
  };
  times(c.size(c.column));
  times(c.size(c.inner));
  for (unsigned dim : c.taps)
    times(c.size(dim));
  bool repeats =
      llvm::none_of(c.batch, [&](unsigned dim) { return c.right.uses(dim); });
  return repeats && !producer ? elements : 0;
}

/// The product as it is at the insertion point, with what panels depend on.
Product ContractionLowering::productHere(const Product &product,
                                         const Operand &right) {
  Buffer here = open(right);
  Product whole = product;
  // More rows than one tile: how panels look depends on no more.
  whole.rows = b.constant(getConstantIntValue(product.rows).value_or(64));
  whole.columns = b.constant(c.size(c.column));
  whole.depth = b.constant(c.size(c.inner));
  whole.right = {here.memory,
                 here.offset,
                 stride(right, here, c.column),
                 {whole.depth},
                 {stride(right, here, c.inner)},
                 {}};
  whole.taps.clear();
  for (unsigned dim : c.taps)
    whole.taps.push_back(
        {b.constant(c.size(dim)), b.constant(0), stride(right, here, dim)});
  return whole;
}

/// Panels of a right operand that a loop does not change are made before it.
void ContractionLowering::packOutside(Product &product, bool onPairs) {
  if (elementsOfRight(product) < fewElements ||
      getConstantIntValue(product.rows) == 1)
    return;
  Operation *loop = findInvariantLoop(c);
  if (!loop)
    return;
  OpBuilder::InsertionGuard guard(b.builder);
  b.builder.setInsertionPoint(loop);
  Operand outside = c.right;
  outside.memref = viewOutside(b.builder, c.right.memref, loop);
  Product whole = productHere(product, outside);
  if (!onPairs) {
    product.panels = b.allocate(shapeOfPanels(b, whole, options).elements);
    return emitPanels(b, whole, product.panels, options);
  }
  auto type = MemRefType::get(shapeOfPairPanels(b, whole).elements,
                              b.builder.getI32Type());
  product.pairPanels = memref::AllocOp::create(b.builder, b.loc, type,
                                               b.builder.getI64IntegerAttr(64));
  emitPairPanels(b, whole, product.pairPanels, options);
}

/// Panels of a tensor that is the same in every call are made by the first one;
/// those of a variable by one that finds it as it was before.
void ContractionLowering::keepPanels(Product &product, bool onPairs) {
  if (!options.kept || producer || !isWorthKeeping(c))
    return;
  // Before a loop, any call that copies does so.
  if (!isKeptConstant(c) && findInvariantLoop(c))
    return;
  OpBuilder::InsertionGuard guard(b.builder);
  PanelsShape shape = onPairs ? shapeOfPairPanels(b, product)
                              : shapeOfPanels(b, product, options);
  KeptPanels::Layout layout = shape.layout;
  layout.append({c.size(c.column), c.size(c.inner), c.right.stride(c.column),
                 c.right.stride(c.inner)});
  for (unsigned dim : c.taps)
    layout.append({c.size(dim), c.right.stride(dim)});
  for (int64_t start : c.right.start())
    layout.push_back(start);
  Type type = onPairs ? Type(b.builder.getI32Type()) : c.type;
  kept = options.kept->find(b.builder, c.right.memref, layout, type,
                            shape.elements, [&](Value panels) {
                              (onPairs ? emitPairPanels : emitPanels)(
                                  b, productHere(product, c.right), panels,
                                  options);
                            });
  (onPairs ? product.pairPanels : product.panels) = kept.panels;
  product.copies = kept.copies;
  product.streams = kept.streams;
}

/// A constant that only this product reads is kept as panels instead.
void ContractionLowering::packConstantOperand(Product &product) {
  auto get = c.right.memref.getDefiningOp<memref::GetGlobalOp>();
  auto module = dyn_cast_or_null<ModuleOp>(
      get ? SymbolTable::getNearestSymbolTable(c.op) : nullptr);
  bool known = getConstantIntValue(product.columns) &&
               getConstantIntValue(product.depth);
  if (!module || !known || product.panels || producer || !c.taps.empty() ||
      c.right.type().getElementType() != c.type ||
      llvm::any_of(c.batch, [&](unsigned dim) { return c.right.uses(dim); }))
    return;
  auto global = module.lookupSymbol<memref::GlobalOp>(get.getName());
  auto values = global && global.getConstant()
                    ? dyn_cast_or_null<DenseElementsAttr>(
                          global.getInitialValue().value_or(Attribute()))
                    : DenseElementsAttr();
  auto isView = [&](Operation *user) {
    return user == c.op || isa<memref::ExtractStridedMetadataOp>(user);
  };
  if (!values || !llvm::all_of(get->getUsers(), isView) ||
      llvm::range_size(*SymbolTable::getSymbolUses(global, module)) != 1)
    return;
  DenseElementsAttr panels =
      packConstant(b, product, values, c.right.stride(c.inner),
                   c.right.stride(c.column), options);
  auto type = MemRefType::get(panels.getType().getShape(), c.type);
  OpBuilder::InsertionGuard guard(b.builder);
  b.builder.setInsertionPoint(global);
  auto made = memref::GlobalOp::create(
      b.builder, global.getLoc(), (global.getName() + "_panels").str(),
      global.getSymVisibilityAttr(), type, panels, /*constant=*/true,
      b.builder.getI64IntegerAttr(64));
  b.builder.setInsertionPoint(c.op);
  product.panels =
      memref::GetGlobalOp::create(b.builder, b.loc, type, made.getSymName());
  packedConstant = global;
}
