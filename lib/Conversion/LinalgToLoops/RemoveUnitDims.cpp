//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Dimensions and loops of one element, gone before anybody looks at buffers.
//
// 1. What makes a buffer (an allocation, a constant, an argument) makes it
//    without them; others see it as it was through a view.
// 2. Each other buffer has one view without them, right behind it: those who
//    ask whether two ops use the same buffer compare values.
// 3. Linalg ops, scans, copies, loads and stores use those.
// 4. A reduction that has no loops left is no reduction: where it begins with a
//    fill, the fill's value is what it combines its one element with.
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Conversion/Passes.h"
#include "tfc/Dialect/TFCRT/IR/MayAlias.h"
#include "tfc/Dialect/TFCRT/IR/TFCRT.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"

namespace tfc {
#define GEN_PASS_DEF_REMOVEUNITDIMSPASS
#include "tfc/Conversion/Passes.h.inc"
} // namespace tfc

using namespace mlir;
using linalg::LinalgOp;

static bool hasUnits(MemRefType type) {
  return llvm::is_contained(type.getShape(), 1);
}

static SmallVector<int64_t> withoutUnits(ArrayRef<int64_t> shape) {
  return llvm::to_vector(
      llvm::make_filter_range(shape, [](int64_t size) { return size != 1; }));
}

/// Dense rows, of the same elements.
static MemRefType withoutUnits(MemRefType type) {
  return MemRefType::get(withoutUnits(type.getShape()), type.getElementType());
}

/// Each unit dimension in the group of one that is none; no groups if there is
/// no other one.
static SmallVector<ReassociationIndices> groupsOf(ArrayRef<int64_t> shape) {
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices group;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    group.push_back(dim);
    if (size != 1)
      groups.push_back(std::exchange(group, {}));
  }
  if (!groups.empty())
    groups.back().append(group);
  return groups;
}

namespace {

class Remover {
public:
  explicit Remover(ModuleOp module)
      : module(module), builder(module.getContext()) {}

  void run();

private:
  void remakeGlobal(memref::GlobalOp global);
  void remake(Operation *maker);
  Value without(Value buffer);
  Value viewOf(memref::SubViewOp slice);
  Value partOf(Value view, ArrayRef<int64_t> shape);
  void change(LinalgOp op);
  void change(tfc::rt::ScanOp scan);
  void change(memref::CopyOp copy);
  void change(memref::DimOp dim);
  template <typename Access> void changeIndices(Access access);
  bool startFromFills(linalg::GenericOp op);
  void eraseUnusedViews();

  ModuleOp module;
  OpBuilder builder;
  DenseMap<Value, Value> views;
};

} // namespace

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

/// A constant: its elements are the same.
void Remover::remakeGlobal(memref::GlobalOp global) {
  auto values = dyn_cast_or_null<DenseElementsAttr>(
      global.getInitialValue().value_or(Attribute()));
  MemRefType type = global.getType();
  if (!values || !global.getConstant() || !hasUnits(type) ||
      !type.getLayout().isIdentity())
    return;
  auto uses = SymbolTable::getSymbolUses(global.getOperation(), module);
  if (!uses || !llvm::all_of(*uses, [](SymbolTable::SymbolUse use) {
        return isa<memref::GetGlobalOp>(use.getUser());
      }))
    return;
  MemRefType without = withoutUnits(type);
  global.setTypeAttr(TypeAttr::get(without));
  global.setInitialValueAttr(
      values.reshape(values.getType().clone(without.getShape())));
  for (SymbolTable::SymbolUse use : *uses)
    remake(use.getUser());
}

/// Do all users see the buffer by its indices? Others, as loops that carry
/// it, look for what has made it.
static bool isIndexed(Value buffer) {
  return llvm::all_of(buffer.getUsers(), [](Operation *user) {
    return isa<LinalgOp, tfc::rt::ScanOp, memref::LoadOp, memref::StoreOp,
               memref::CopyOp, memref::DimOp, memref::SubViewOp,
               memref::ExpandShapeOp, memref::CollapseShapeOp>(user);
  });
}

/// The op has one result, of a dense type; its operands are the sizes that are
/// not known.
void Remover::remake(Operation *maker) {
  Value buffer = maker->getResult(0);
  auto type = cast<MemRefType>(buffer.getType());
  if (!hasUnits(type) || !type.getLayout().isIdentity())
    return;
  builder.setInsertionPointAfter(maker);
  Operation *made = builder.clone(*maker);
  Value without = made->getResult(0);
  without.setType(withoutUnits(type));
  SmallVector<OpFoldResult> sizes;
  ValueRange unknown = maker->getOperands().take_back(type.getNumDynamicDims());
  for (int64_t size : type.getShape()) {
    if (!ShapedType::isDynamic(size)) {
      sizes.push_back(builder.getIndexAttr(size));
      continue;
    }
    sizes.push_back(unknown.front());
    unknown = unknown.drop_front();
  }
  Value view =
      memref::ExpandShapeOp::create(builder, maker->getLoc(), type, without,
                                    groupsOf(type.getShape()), sizes);
  views[view] = without;
  buffer.replaceAllUsesWith(view);
  maker->erase();
}

/// The same slice, of what its source is without them.
Value Remover::viewOf(memref::SubViewOp slice) {
  Value source = without(slice.getSource());
  SmallVector<OpFoldResult> offsets, sizes, steps;
  SmallVector<int64_t> shape;
  for (auto [length, offset, size, step] :
       llvm::zip(slice.getSourceType().getShape(), slice.getMixedOffsets(),
                 slice.getMixedSizes(), slice.getMixedStrides())) {
    std::optional<int64_t> known = getConstantIntValue(size);
    // An empty slice of one element, or one at an offset that is not known to
    // be 0.
    if (length == 1 && (known != 1 || !isConstantIntValue(offset, 0)))
      return {};
    if (length == 1)
      continue;
    offsets.push_back(offset);
    sizes.push_back(size);
    steps.push_back(step);
    if (known != 1)
      shape.push_back(known.value_or(ShapedType::kDynamic));
  }
  if (!llvm::equal(shape, withoutUnits(slice.getType().getShape())))
    return {};
  builder.setInsertionPointAfter(slice);
  auto type = memref::SubViewOp::inferRankReducedResultType(
      shape, cast<MemRefType>(source.getType()), offsets, sizes, steps);
  return memref::SubViewOp::create(builder, slice.getLoc(),
                                   cast<MemRefType>(type), source, offsets,
                                   sizes, steps);
}

/// The one view of the buffer without its unit dimensions; the buffer itself if
/// it has none.
Value Remover::without(Value buffer) {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  if (!type || !hasUnits(type))
    return buffer;
  if (Value known = views.lookup(buffer))
    return known;
  Value view;
  auto reshaped = [&](Value source) {
    auto from = cast<MemRefType>(source.getType());
    if (llvm::equal(withoutUnits(from.getShape()),
                    withoutUnits(type.getShape())))
      view = without(source);
  };
  if (auto expand = buffer.getDefiningOp<memref::ExpandShapeOp>())
    reshaped(expand.getSrc());
  else if (auto collapse = buffer.getDefiningOp<memref::CollapseShapeOp>())
    reshaped(collapse.getSrc());
  else if (auto slice = buffer.getDefiningOp<memref::SubViewOp>())
    view = viewOf(slice);
  if (!view) {
    builder.setInsertionPointAfterValue(buffer);
    view = memref::CollapseShapeOp::create(builder, buffer.getLoc(), buffer,
                                           groupsOf(type.getShape()));
  }
  return views[buffer] = view;
}

//===----------------------------------------------------------------------===//
// Users
//===----------------------------------------------------------------------===//

/// The loops that are left: their new numbers; the others are at 0.
static SmallVector<AffineExpr>
numberLoops(ArrayRef<int64_t> sizes, MLIRContext *context, unsigned &count) {
  SmallVector<AffineExpr> loops;
  count = 0;
  for (int64_t size : sizes)
    loops.push_back(size == 1 ? getAffineConstantExpr(0, context)
                              : getAffineDimExpr(count++, context));
  return loops;
}

/// The size of the loop that has this new number.
static int64_t rangeOf(ArrayRef<AffineExpr> loops, ArrayRef<int64_t> sizes,
                       AffineDimExpr loop) {
  for (auto [number, size] : llvm::zip(loops, sizes))
    if (number == loop)
      return size;
  llvm_unreachable("each loop that is left has a number");
}

/// The first elements in each dimension.
Value Remover::partOf(Value view, ArrayRef<int64_t> shape) {
  auto type = dyn_cast<MemRefType>(view.getType());
  if (!type || type.getShape() == shape)
    return view;
  SmallVector<OpFoldResult> starts(shape.size(), builder.getIndexAttr(0)),
      steps(shape.size(), builder.getIndexAttr(1)), sizes;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    if (ShapedType::isDynamic(size))
      sizes.push_back(memref::DimOp::create(builder, view.getLoc(), view,
                                            static_cast<int64_t>(dim))
                          .getResult());
    else
      sizes.push_back(builder.getIndexAttr(size));
  }
  return memref::SubViewOp::create(builder, view.getLoc(), view, starts, sizes,
                                   steps);
}

void Remover::change(LinalgOp op) {
  if (!op.hasPureBufferSemantics())
    return;
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  bool hasUnitLoops = llvm::is_contained(sizes, 1);
  auto isUnit = [](Value operand) {
    auto type = dyn_cast<MemRefType>(operand.getType());
    return type && hasUnits(type);
  };
  if (!hasUnitLoops && llvm::none_of(op->getOperands(), isUnit))
    return;
  unsigned count = 0;
  SmallVector<AffineExpr> loops =
      numberLoops(sizes, builder.getContext(), count);
  SmallVector<AffineMap> maps;
  // Sizes of parts of operands that are indexed by one loop now, and were by a
  // sum of loops: all of such a dimension has to be that loop's.
  SmallVector<SmallVector<int64_t>> parts;
  for (OpOperand &operand : op->getOpOperands()) {
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    SmallVector<AffineExpr> indices;
    SmallVector<int64_t> part;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (auto [dim, index] : llvm::enumerate(map.getResults())) {
      if (type && type.getDimSize(dim) == 1)
        continue;
      AffineExpr now =
          simplifyAffineExpr(index.replaceDims(loops), count, /*symbols=*/0);
      indices.push_back(now);
      part.push_back(type ? type.getDimSize(dim) : 0);
      auto loop = dyn_cast<AffineDimExpr>(now);
      if (!loop || isa<AffineDimExpr>(index))
        continue;
      int64_t size = rangeOf(loops, sizes, loop);
      if (ShapedType::isDynamic(size) || ShapedType::isDynamic(part.back()))
        return;
      part.back() = size;
    }
    maps.push_back(AffineMap::get(count, 0, indices, op.getContext()));
    parts.push_back(std::move(part));
  }
  // A loop of unknown size may have been known by a dimension of one only.
  if (!isa<linalg::FillOp>(op) &&
      !inversePermutation(concatAffineMaps(maps, op.getContext())))
    return;

  SmallVector<Value> operands;
  for (auto [operand, part] : llvm::zip_equal(op->getOperands(), parts)) {
    Value view = without(operand);
    builder.setInsertionPoint(op);
    operands.push_back(partOf(view, part));
  }
  if (isa<linalg::FillOp>(op)) {
    op->setOperands(operands);
    return;
  }
  SmallVector<utils::IteratorType> kinds;
  for (auto [size, kind] : llvm::zip(sizes, op.getIteratorTypesArray()))
    if (size != 1)
      kinds.push_back(kind);
  ValueRange all(operands);
  auto made = linalg::GenericOp::create(
      builder, op.getLoc(), TypeRange(), all.take_front(op.getNumDpsInputs()),
      all.drop_front(op.getNumDpsInputs()), maps, kinds);
  made->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  IRMapping mapping;
  op->getRegion(0).cloneInto(&made.getRegion(), mapping);
  made.walk([&](linalg::IndexOp index) {
    if (auto loop = dyn_cast<AffineDimExpr>(loops[index.getDim()])) {
      index.setDim(loop.getPosition());
      return;
    }
    OpBuilder inside(index);
    index.replaceAllUsesWith(
        arith::ConstantIndexOp::create(inside, index.getLoc(), 0).getResult());
    index.erase();
  });
  bool wasReduction = op.getNumReductionLoops() > 0;
  op->erase();
  if (wasReduction && made.getNumReductionLoops() == 0)
    (void)startFromFills(made);
}

/// The op sets all elements of what fills before it have set.
bool Remover::startFromFills(linalg::GenericOp op) {
  auto overlap = [](Value x, Value y) {
    return isa<MemRefType>(x.getType()) &&
           tfc::rt::mayAlias(tfc::rt::rootOf(x), tfc::rt::rootOf(y));
  };
  bool looksUp =
      op.getBody()
          ->walk([](memref::LoadOp) { return WalkResult::interrupt(); })
          .wasInterrupted();
  if (looksUp)
    return false;
  SmallVector<linalg::FillOp> fills;
  for (OpOperand &init : op.getDpsInitsMutable()) {
    linalg::FillOp fill;
    for (Operation *before = op->getPrevNode(); before && !fill;
         before = before->getPrevNode()) {
      auto other = dyn_cast<linalg::FillOp>(before);
      if (other && other.getOutputs()[0] == init.get())
        fill = other;
      else if (other ? overlap(other.getOutputs()[0], init.get())
                     : !isMemoryEffectFree(before) &&
                           !isa<memref::AllocOp>(before))
        return false;
    }
    bool isSeen = llvm::any_of(op->getOpOperands(), [&](OpOperand &other) {
      return &other != &init && overlap(other.get(), init.get());
    });
    if (!fill || isSeen || !op.getMatchingIndexingMap(&init).isPermutation() ||
        fill.getInputs()[0].getType() !=
            op.getMatchingBlockArgument(&init).getType())
      return false;
    fills.push_back(fill);
  }
  for (auto [fill, init] : llvm::zip(fills, op.getDpsInitsMutable())) {
    op.getMatchingBlockArgument(&init).replaceAllUsesWith(fill.getInputs()[0]);
    fill.erase();
  }
  return true;
}

void Remover::change(tfc::rt::ScanOp scan) {
  auto type = dyn_cast<MemRefType>(scan.getInput().getType());
  int64_t dimension = scan.getDimension();
  if (!type || scan.getCarry() || !hasUnits(type) ||
      type.getDimSize(dimension) == 1)
    return;
  Value input = without(scan.getInput()), init = without(scan.getInit());
  if (cast<MemRefType>(input.getType()).getShape() !=
      cast<MemRefType>(init.getType()).getShape())
    return;
  scan.getInputMutable().assign(input);
  scan.getInitMutable().assign(init);
  scan.setDimension(withoutUnits(type.getShape().take_front(dimension)).size());
}

void Remover::change(memref::CopyOp copy) {
  auto from = dyn_cast<MemRefType>(copy.getSource().getType()),
       to = dyn_cast<MemRefType>(copy.getTarget().getType());
  if (!from || !to || from.getShape() != to.getShape())
    return;
  copy.getSourceMutable().assign(without(copy.getSource()));
  copy.getTargetMutable().assign(without(copy.getTarget()));
}

void Remover::change(memref::DimOp dim) {
  auto type = dyn_cast<MemRefType>(dim.getSource().getType());
  std::optional<int64_t> place = dim.getConstantIndex();
  if (!type || !place || *place < 0 || *place >= type.getRank() ||
      !hasUnits(type) || type.getDimSize(*place) == 1)
    return;
  Value view = without(dim.getSource());
  builder.setInsertionPoint(dim);
  dim.replaceAllUsesWith(
      memref::DimOp::create(
          builder, dim.getLoc(), view,
          withoutUnits(type.getShape().take_front(*place)).size())
          .getResult());
  dim.erase();
}

/// Loads and stores: the index of one element is 0.
template <typename Access> void Remover::changeIndices(Access access) {
  MemRefType type = access.getMemRefType();
  if (!hasUnits(type))
    return;
  SmallVector<Value> indices;
  for (auto [size, index] : llvm::zip(type.getShape(), access.getIndices()))
    if (size != 1)
      indices.push_back(index);
  Value view = without(access.getMemRef());
  access.getMemrefMutable().assign(view);
  access.getIndicesMutable().assign(indices);
}

/// They would count as users of what they are views of.
void Remover::eraseUnusedViews() {
  SmallVector<Operation *> all;
  module.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<memref::SubViewOp, memref::ExpandShapeOp, memref::CollapseShapeOp,
            memref::GetGlobalOp>(op))
      all.push_back(op);
  });
  for (Operation *view : llvm::reverse(all))
    if (view->use_empty())
      view->erase();
}

void Remover::run() {
  SmallVector<memref::GlobalOp> globals(module.getOps<memref::GlobalOp>());
  for (memref::GlobalOp global : globals)
    remakeGlobal(global);
  SmallVector<Operation *> makers, users;
  module.walk([&](Operation *op) {
    if (isa<memref::AllocOp, tfc::rt::BindOp>(op) &&
        isIndexed(op->getResult(0)))
      makers.push_back(op);
  });
  for (Operation *maker : makers)
    remake(maker);
  module.walk([&](Operation *op) { users.push_back(op); });
  for (Operation *user : users) {
    if (auto op = dyn_cast<LinalgOp>(user))
      change(op);
    else if (auto scan = dyn_cast<tfc::rt::ScanOp>(user))
      change(scan);
    else if (auto copy = dyn_cast<memref::CopyOp>(user))
      change(copy);
    else if (auto dim = dyn_cast<memref::DimOp>(user))
      change(dim);
    else if (auto load = dyn_cast<memref::LoadOp>(user))
      changeIndices(load);
    else if (auto store = dyn_cast<memref::StoreOp>(user))
      changeIndices(store);
  }
  eraseUnusedViews();
}

namespace {
struct RemoveUnitDims
    : public tfc::impl::RemoveUnitDimsPassBase<RemoveUnitDims> {
  void runOnOperation() override { Remover(getOperation()).run(); }
};
} // namespace
