//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Windows on a padded image read the image itself.
//
// An image, its padded copy and the result are together more than a
// second-level cache, and the copy takes as long as the windows. So places are
// split: where the whole window lies inside, elements are loaded as they are;
// at the margins, an element outside is the number that the copy would have
// there. The same numbers are combined in the same order.
//===----------------------------------------------------------------------===//

#include "Margins.h"
#include "NestLowering.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/MayAlias.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace tfc::loops;
using linalg::LinalgOp;

//===----------------------------------------------------------------------===//
// The padded copy
//===----------------------------------------------------------------------===//

namespace {

/// A buffer that holds an image, and one number around it.
struct Padded {
  memref::AllocOp buffer;
  memref::CopyOp copy;
  Value image, fill;
  SmallVector<int64_t> before; // elements outside, in each dimension
  SmallVector<Operation *> writers;
  SmallVector<std::pair<LinalgOp, OpOperand *>> readers;
};

} // namespace

static bool isSame(Value x, Value y) {
  Attribute first, second;
  return x == y || (matchPattern(x, m_Constant(&first)) &&
                    matchPattern(y, m_Constant(&second)) && first == second);
}

/// Notes who fills `view`, and who reads it; false if anybody does anything
/// else.
static bool findUsers(Value view, Padded &padded,
                      SmallVectorImpl<linalg::FillOp> &fills) {
  for (OpOperand &use : view.getUses()) {
    Operation *user = use.getOwner();
    if (auto copy = dyn_cast<memref::CopyOp>(user)) {
      if (copy.getSource() == copy.getTarget())
        continue; // does nothing
      if (copy.getTarget() != view || padded.copy)
        return false;
      padded.copy = copy;
    } else if (auto fill = dyn_cast<linalg::FillOp>(user)) {
      if (fill.getOutputs()[0] != view ||
          (padded.fill && !isSame(padded.fill, fill.getInputs()[0])))
        return false;
      padded.fill = fill.getInputs()[0];
      fills.push_back(fill);
    } else if (auto part = dyn_cast<memref::SubViewOp>(user)) {
      if (view != padded.buffer.getResult() ||
          !findUsers(part.getResult(), padded, fills))
        return false;
    } else if (auto reader = dyn_cast<linalg::GenericOp>(user)) {
      if (!reader.isDpsInput(&use))
        return false;
      padded.readers.push_back({cast<LinalgOp>(user), &use});
    } else {
      return false;
    }
  }
  return true;
}

/// Does a fill write all of what lies before or behind the image in this
/// dimension?
static bool fillsSlab(linalg::FillOp fill, Padded &padded, unsigned dim,
                      int64_t from, int64_t size) {
  Value target = fill.getOutputs()[0];
  if (target == padded.buffer.getResult())
    return fill->isBeforeInBlock(padded.copy);
  auto part = target.getDefiningOp<memref::SubViewOp>();
  if (!part || !part.hasUnitStride())
    return false;
  // The slab itself may have lost a dimension of one element.
  for (int64_t i = 0; i < part.getSourceType().getRank(); ++i) {
    int64_t wanted = i == dim ? size : part.getSourceType().getDimSize(i);
    if (!isConstantIntValue(part.getMixedOffsets()[i], i == dim ? from : 0) ||
        !isConstantIntValue(part.getMixedSizes()[i], wanted))
      return false;
  }
  return true;
}

static std::optional<Padded> matchPadded(memref::AllocOp alloc) {
  Padded padded;
  padded.buffer = alloc;
  SmallVector<linalg::FillOp> fills;
  if (!alloc.getType().hasStaticShape() ||
      !alloc.getType().getLayout().isIdentity() ||
      !findUsers(alloc.getResult(), padded, fills) || !padded.copy ||
      !padded.fill || padded.readers.empty())
    return std::nullopt;
  Block *block = padded.copy->getBlock();
  auto inner = padded.copy.getTarget().getDefiningOp<memref::SubViewOp>();
  padded.image = padded.copy.getSource();
  auto type = dyn_cast<MemRefType>(padded.image.getType());
  if (!inner || !inner.hasUnitStride() || !type ||
      type.getRank() != alloc.getType().getRank() ||
      type.getShape() != inner.getType().getShape() ||
      llvm::any_of(fills, [&](linalg::FillOp fill) {
        return fill->getBlock() != block;
      }))
    return std::nullopt;
  for (auto [dim, offset] : llvm::enumerate(inner.getMixedOffsets())) {
    std::optional<int64_t> before = getConstantIntValue(offset);
    if (!before)
      return std::nullopt;
    padded.before.push_back(*before);
    auto isFilled = [&](int64_t from, int64_t size) {
      return size == 0 || llvm::any_of(fills, [&](linalg::FillOp fill) {
               return fillsSlab(fill, padded, dim, from, size);
             });
    };
    int64_t end = *before + type.getDimSize(dim);
    if (!isFilled(0, *before) ||
        !isFilled(end, alloc.getType().getDimSize(dim) - end))
      return std::nullopt;
  }
  padded.writers.append(fills.begin(), fills.end());
  // All of it is there before anybody reads it, in this block or inside of its
  // ops.
  for (auto &[reader, operand] : padded.readers) {
    Operation *above = block->findAncestorOpInBlock(*reader);
    if (!above || !padded.copy->isBeforeInBlock(above) ||
        llvm::any_of(fills, [&](linalg::FillOp fill) {
          return !fill->isBeforeInBlock(above);
        }))
      return std::nullopt;
  }
  return padded;
}

/// May `op`, or what is in it, write to this memory?
static bool mayWrite(Operation *op, Value root) {
  return op
      ->walk([&](Operation *nested) {
        // Ops of linalg have both, effects and a body.
        auto interface = dyn_cast<MemoryEffectOpInterface>(nested);
        if (!interface) {
          bool isBody =
              nested->hasTrait<OpTrait::HasRecursiveMemoryEffects>() ||
              nested->hasTrait<OpTrait::IsTerminator>();
          return isBody ? WalkResult::advance() : WalkResult::interrupt();
        }
        SmallVector<MemoryEffects::EffectInstance> effects;
        interface.getEffects(effects);
        for (auto &effect : effects) {
          if (isa<MemoryEffects::Read, MemoryEffects::Allocate>(
                  effect.getEffect()))
            continue;
          Value value = effect.getValue();
          if (!value || !isa<MemRefType>(value.getType()) ||
              tfc::rt::mayAlias(root, tfc::rt::rootOf(value)))
            return WalkResult::interrupt();
        }
        return WalkResult::advance();
      })
      .wasInterrupted();
}

/// Is the image still what was copied when windows read it?
static bool staysUntilRead(Padded &padded) {
  Value root = tfc::rt::rootOf(padded.image);
  Block *block = padded.copy->getBlock();
  for (auto [reader, operand] : padded.readers) {
    Operation *above = block->findAncestorOpInBlock(*reader);
    for (Operation *op = padded.copy->getNextNode(); op;
         op = op->getNextNode()) {
      if (mayWrite(op, root))
        return false;
      if (op == above)
        break;
    }
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// Factors of the loops in a sum of loops times constants.
static bool addFactors(AffineExpr expr, int64_t by,
                       MutableArrayRef<int64_t> factors) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
    factors[dim.getPosition()] += by;
    return true;
  }
  auto both = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!both)
    return false;
  if (both.getKind() == AffineExprKind::Add)
    return addFactors(both.getLHS(), by, factors) &&
           addFactors(both.getRHS(), by, factors);
  auto factor = dyn_cast<AffineConstantExpr>(both.getRHS());
  return both.getKind() == AffineExprKind::Mul && factor &&
         factor.getValue() > 0 &&
         addFactors(both.getLHS(), by * factor.getValue(), factors);
}

/// Which places have all of their window in the image.
static std::optional<Margins::Axis> axisOf(LinalgOp op, AffineMap map,
                                           utils::IteratorType places,
                                           unsigned index, int64_t before,
                                           int64_t size) {
  SmallVector<int64_t> factors(map.getNumDims(), 0),
      sizes = op.getStaticLoopRanges();
  if (!addFactors(map.getResult(index), 1, factors))
    return std::nullopt;
  Margins::Axis axis{index, ~0u, before, size, 0, 0};
  int64_t reach = 0, stride = 0;
  for (auto [dim, factor] : llvm::enumerate(factors)) {
    if (factor == 0)
      continue;
    if (ShapedType::isDynamic(sizes[dim]))
      return std::nullopt;
    if (op.getIteratorTypesArray()[dim] != places) {
      reach += factor * (sizes[dim] - 1);
    } else if (axis.place != ~0u) {
      return std::nullopt;
    } else {
      axis.place = dim;
      stride = factor;
    }
  }
  if (axis.place == ~0u || sizes[axis.place] < 1)
    return std::nullopt;
  int64_t count = sizes[axis.place], room = before + size - reach;
  axis.from = std::min<int64_t>(llvm::divideCeil(before, stride), count);
  axis.to = std::clamp<int64_t>(room > 0 ? llvm::divideCeil(room, stride) : 0,
                                axis.from, count);
  return axis;
}

/// The part of the image that a slice of the padded one, for an iteration of
/// loops around the reader, corresponds to.
static Value imagePart(OpBuilder &builder, const Padded &padded,
                       OpOperand *operand, SmallVectorImpl<int64_t> &before) {
  auto part = operand->get().getDefiningOp<memref::SubViewOp>();
  if (!part) {
    before = padded.before;
    return padded.image;
  }
  if (!part.hasUnitStride())
    return {};
  auto type = cast<MemRefType>(padded.image.getType());
  llvm::SmallBitVector dropped = part.getDroppedDims();
  SmallVector<OpFoldResult> sizes = part.getMixedSizes();
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    bool isPadded =
        part.getSourceType().getDimSize(dim) != type.getDimSize(dim);
    bool isWhole =
        isConstantIntValue(part.getMixedOffsets()[dim], 0) &&
        isConstantIntValue(sizes[dim], part.getSourceType().getDimSize(dim));
    std::optional<int64_t> size = getConstantIntValue(sizes[dim]);
    if ((isPadded && (!isWhole || dropped[dim])) || !size)
      return {};
    if (isPadded)
      sizes[dim] = builder.getIndexAttr(*size = type.getDimSize(dim));
    if (dropped[dim])
      continue;
    shape.push_back(*size);
    before.push_back(padded.before[dim]);
  }
  builder.setInsertionPoint(part);
  auto sliced = memref::SubViewOp::inferRankReducedResultType(
      shape, type, part.getMixedOffsets(), sizes, part.getMixedStrides());
  return memref::SubViewOp::create(
      builder, operand->getOwner()->getLoc(), cast<MemRefType>(sliced),
      padded.image, part.getMixedOffsets(), sizes, part.getMixedStrides());
}

static std::optional<Margins> marginsOf(OpBuilder &builder,
                                        const Padded &padded, LinalgOp op,
                                        OpOperand *operand,
                                        utils::IteratorType places) {
  Margins margins;
  SmallVector<int64_t> before;
  margins.operand = operand->getOperandNumber();
  margins.fill = padded.fill;
  margins.image = imagePart(builder, padded, operand, before);
  if (!margins.image)
    return std::nullopt;
  AffineMap map = op.getMatchingIndexingMap(operand);
  auto image = cast<MemRefType>(margins.image.getType()),
       whole = cast<MemRefType>(operand->get().getType());
  for (unsigned index = 0; index < map.getNumResults(); ++index) {
    if (image.getDimSize(index) == whole.getDimSize(index))
      continue;
    std::optional<Margins::Axis> axis =
        axisOf(op, map, places, index, before[index], image.getDimSize(index));
    if (!axis || index + 1 == map.getNumResults() ||
        image.getDimSize(index) < 1)
      return std::nullopt;
    margins.axes.push_back(*axis);
  }
  SmallVector<int64_t> strides;
  int64_t offset;
  if (margins.axes.empty() ||
      failed(image.getStridesAndOffset(strides, offset)) || strides.back() != 1)
    return std::nullopt;
  return margins;
}

MarginReaders tfc::loops::takeMargins(OpBuilder &builder, Operation *root,
                                      const NestOptions &options) {
  MarginReaders found;
  SmallVector<memref::AllocOp> buffers;
  root->walk([&](memref::AllocOp alloc) { buffers.push_back(alloc); });
  for (memref::AllocOp buffer : buffers) {
    std::optional<Padded> padded = matchPadded(buffer);
    if (!padded || !staysUntilRead(*padded))
      continue;
    SmallVector<std::pair<Operation *, Margins>> all;
    for (auto [reader, operand] : padded->readers) {
      std::optional<Margins> margins;
      std::optional<utils::IteratorType> places =
          NestLowering(builder, reader, options).placesOf(*operand);
      if (places && !found.margins.contains(reader))
        margins = marginsOf(builder, *padded, reader, operand, *places);
      if (!margins || llvm::any_of(all, [&](auto &other) {
            return other.first == reader.getOperation();
          }))
        break;
      all.push_back({reader, *margins});
    }
    if (all.size() != padded->readers.size())
      continue;
    for (auto &entry : all)
      found.margins.insert(entry);
    for (Operation *writer : padded->writers)
      writer->erase();
    padded->copy->erase();
    found.unused.push_back(buffer);
  }
  return found;
}

std::optional<Margins> MarginReaders::take(Operation *op) {
  auto found = margins.find(op);
  if (found == margins.end())
    return std::nullopt;
  Margins taken = found->second;
  margins.erase(found);
  return taken;
}

bool MarginReaders::hasMargin(Operation *op, unsigned loop) const {
  auto found = margins.find(op);
  return found != margins.end() &&
         llvm::any_of(found->second.axes, [&](const Margins::Axis &axis) {
           return axis.place == loop;
         });
}

/// Also views of views: of rows of a part of the copy.
static void eraseWithViews(Operation *op) {
  for (Operation *view : llvm::make_early_inc_range(op->getUsers()))
    eraseWithViews(view);
  op->erase();
}

void MarginReaders::eraseUnused() {
  for (memref::AllocOp buffer : unused)
    eraseWithViews(buffer);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Which loops are over places, if the op is a reduction over small windows, or
/// for each element of a small window, in vectors.
std::optional<utils::IteratorType> NestLowering::placesOf(OpOperand &operand) {
  builder.setInsertionPoint(op);
  ranges = llvm::to_vector(op.createLoopRanges(builder, loc));
  ivs.resize(iterators.size());
  chooseStrategy();
  chooseVectors();
  chooseTaps();
  bool isWhole = strategy.jam && !strategy.jamWhole.empty(),
       isVectors = strategy.lanes > 1 && !strategy.spread &&
                   op.payloadUsesValueFromOperand(&operand) &&
                   uses(operand, strategy.order.back());
  if (isVectors && readsTapsWithin())
    return utils::IteratorType::reduction;
  return isVectors && isWhole ? std::optional(utils::IteratorType::parallel)
                              : std::nullopt;
}

/// `body` for the places before, among and behind those whose windows are
/// inside.
void NestLowering::throughMargins(unsigned dim,
                                  llvm::function_ref<void()> body) {
  if (margins)
    for (auto [number, axis] : llvm::enumerate(margins->axes))
      if (axis.place == dim) {
        Value begin = first[dim], end = last[dim];
        auto within = [&](int64_t at) {
          Value low =
              builder.createOrFold<arith::MaxSIOp>(loc, constant(at), begin);
          return builder.createOrFold<arith::MinSIOp>(loc, low, end);
        };
        Value from = within(axis.from), to = within(axis.to);
        for (auto [start, stop, isInside] : {std::tuple(begin, from, false),
                                             {from, to, true},
                                             {to, end, false}}) {
          std::optional<int64_t> known = getConstantIntValue(start);
          if (known && known == getConstantIntValue(stop))
            continue;
          first[dim] = start;
          last[dim] = stop;
          inside[number] = isInside;
          body();
        }
        inside[number] = false;
        first[dim] = begin;
        last[dim] = end;
        return;
      }
  body();
}

/// Are windows at hand partly outside?
bool NestLowering::isAtMargin() const {
  return margins && llvm::is_contained(inside, false);
}

/// An element of a window.
Value NestLowering::loadWithin(OpOperand &operand) {
  AffineMap map = maps[operand.getOperandNumber()];
  Values at = indices(operand);
  Value isInside;
  SmallVector<Attribute> known(map.getNumDims());
  for (auto [dim, iv] : llvm::enumerate(ivs))
    if (std::optional<int64_t> number =
            iv ? getConstantIntValue(iv) : std::nullopt)
      known[dim] = builder.getIndexAttr(*number);
  for (auto [number, axis] : llvm::enumerate(margins->axes)) {
    Value index = builder.createOrFold<arith::SubIOp>(loc, at[axis.index],
                                                      constant(axis.before));
    at[axis.index] = index;
    if (inside[number])
      continue;
    SmallVector<Attribute> folded;
    // The numbers of all loops are known at the corners.
    if (succeeded(map.getSubMap({axis.index}).constantFold(known, folded))) {
      int64_t place = cast<IntegerAttr>(folded[0]).getInt() - axis.before;
      if (place < 0 || place >= axis.size)
        return spread(margins->fill);
      at[axis.index] = constant(place);
      continue;
    }
    Value zero = constant(0), end = constant(axis.size - 1);
    Value fits = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult,
                                       index, constant(axis.size));
    isInside = isInside
                   ? builder.createOrFold<arith::AndIOp>(loc, isInside, fits)
                   : fits;
    // Loaded all the same, from somewhere else.
    index = arith::MaxSIOp::create(builder, loc, index, zero);
    at[axis.index] = arith::MinSIOp::create(builder, loc, index, end);
  }
  // A mask, where there are some, is no branch.
  if (isInside && lanes > 1 && strategy.masks &&
      !isa<ComplexType>(
          cast<MemRefType>(margins->image.getType()).getElementType())) {
    Value none = spread(margins->fill), read = spread(isInside);
    if (mask)
      read = arith::AndIOp::create(builder, loc, read, mask);
    return vector::MaskedLoadOp::create(builder, loc, none.getType(),
                                        margins->image, at, read, none);
  }
  Value loaded = lanes > 1
                     ? loadVector(margins->image, at)
                     : memref::LoadOp::create(builder, loc, margins->image, at)
                           .getResult();
  return isInside ? arith::SelectOp::create(builder, loc, isInside, loaded,
                                            spread(margins->fill))
                  : loaded;
}
