//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Few channels: a row of pixels and their channels as one loop.
//
// The colours of a pixel fill no vector, but a row of pixels does: also where
// each colour has weights of its own (a depthwise convolution, a scale), or
// where the pixels are those of a window. What is told by the colour alone is
// copied first, once for each pixel of a row.
//===----------------------------------------------------------------------===//

#include "NestLowering.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/STLExtras.h"
#include <optional>

using namespace mlir;
using namespace tfc::loops;

/// Loops that are too short for vectors.
static constexpr int64_t mostChannels = 15;
/// The same of rows in steps, or of a part of a row's channels: eight are a
/// vector that is loaded as it is.
static constexpr int64_t mostSpread = 7;

namespace {
/// What is worth it.
struct Limits {
  int64_t leastRow;
  /// How often each element that is copied must be read, and what may be
  /// copied.
  int64_t leastReads, mostBytes;
};
} // namespace

/// Copies that stay in a near cache.
static constexpr Limits ofCheap = {32, 8, 256 * 1024};
/// Functions in vectors take a tenth of what single ones take: more than any
/// copy.
static constexpr Limits ofFunctions = {8, 1, 4 * 1024 * 1024};
/// Bodies of so many ops are functions, which are arithmetic by now.
static constexpr int64_t leastOps = 16;

namespace {
/// How an operand moves along the loops over pixels and channels; a row may be
/// read in steps, or backwards.
enum class Along { neither, row, spread, repeated, other };
} // namespace

/// How many elements one pixel is from the next, where neighbours are
/// neighbours in memory; else 0.
static int64_t pixelStride(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset, rank = type.getRank();
  if (rank < 2 || failed(type.getStridesAndOffset(strides, offset)) ||
      strides.back() != 1 || ShapedType::isDynamic(strides[rank - 2]))
    return 0;
  return strides[rank - 2];
}

static bool isDense(MemRefType type) {
  return pixelStride(type) == type.getShape().back();
}

static bool isPlain(AffineMap map) {
  return llvm::all_of(map.getResults(), [](AffineExpr index) {
    return isa<AffineDimExpr, AffineConstantExpr>(index);
  });
}

/// `index` where the loop is at 0.
static AffineExpr without(AffineExpr index, unsigned loop) {
  MLIRContext *context = index.getContext();
  return index.replace(getAffineDimExpr(loop, context),
                       getAffineConstantExpr(0, context));
}

/// `spread`: by how many pixels a row is read, and in which order its channels.
static Along along(OpOperand &operand, AffineMap map, unsigned pixels,
                   unsigned channels, int64_t count, Spread *spread = nullptr) {
  bool usesPixels = map.isFunctionOfDim(pixels),
       usesChannels = map.isFunctionOfDim(channels);
  if (!usesPixels && !usesChannels)
    return Along::neither;
  auto type = dyn_cast<MemRefType>(operand.get().getType());
  if (!type || !type.hasStaticShape())
    return Along::other;
  if (!usesPixels || !usesChannels)
    return isPlain(map) ? Along::repeated : Along::other;
  ArrayRef<AffineExpr> indices = map.getResults();
  MLIRContext *context = map.getContext();
  int64_t stride = pixelStride(type);
  if (stride < count || type.getShape().back() != count)
    return Along::other;
  AffineExpr pixel = indices[indices.size() - 2], channel = indices.back(),
             forward = getAffineDimExpr(channels, context);
  std::optional<int64_t> steps = factorOf(pixel, pixels, map.getNumDims());
  bool isForward = channel == forward,
       isBackward =
           simplifyAffineExpr(channel + forward, map.getNumDims(), 0) ==
           getAffineConstantExpr(count - 1, context);
  if (pixel.isFunctionOfDim(channels) || !steps || *steps == 0 ||
      !(isForward || isBackward) ||
      llvm::any_of(indices.drop_back(2), [&](AffineExpr index) {
        return index.isFunctionOfDim(pixels) || index.isFunctionOfDim(channels);
      }))
    return Along::other;
  if (isForward && *steps == 1 && stride == count)
    return Along::row;
  stride *= *steps;
  if (spread)
    *spread = {count, stride, isForward ? 1 : -1};
  bool isFew =
      count <= mostSpread && std::abs(stride) <= Spread::mostSteps * count &&
      (stride > 0 || isDense(type)) && type.getElementType().isIntOrFloat() &&
      type.getElementTypeBitWidth() >= 8;
  return isFew ? Along::spread : Along::other;
}

static const Limits &limitsOf(linalg::LinalgOp op) {
  bool found =
      llvm::range_size(*op.getBlock()) >= leastOps ||
      llvm::any_of(*op.getBlock(), [](Operation &inside) {
        return isa<math::SinOp, math::CosOp, math::TanOp, math::PowFOp>(inside);
      });
  return found ? ofFunctions : ofCheap;
}

/// The loop over pixels that goes with the one over channels, if all operands
/// allow it and some must be copied, or are windows.
std::optional<unsigned> NestLowering::pixelsOf(unsigned channels) {
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  int64_t volume = 1;
  for (int64_t size : sizes)
    volume *= size;
  const Limits &limits = limitsOf(op);
  for (unsigned pixels = sizes.size(); pixels-- > 0;) {
    if (pixels == channels || isReduction(pixels) ||
        sizes[pixels] * sizes[channels] < limits.leastRow)
      continue;
    bool fits = true;
    for (OpOperand &operand : op->getOpOperands()) {
      Along kind = along(operand, maps[operand.getOperandNumber()], pixels,
                         channels, sizes[channels]);
      if (kind == Along::other ||
          (kind == Along::spread && options.vectorBits < 256) ||
          (kind != Along::row && op.isDpsInit(&operand)))
        fits = false;
      if (kind != Along::repeated || !fits)
        continue;
      auto type = cast<MemRefType>(operand.get().getType());
      bool usesChannels =
          maps[operand.getOperandNumber()].isFunctionOfDim(channels);
      int64_t elements =
          type.getNumElements() * sizes[usesChannels ? pixels : channels];
      fits = type.getElementType().isIntOrFloat() &&
             elements * limits.leastReads <= volume &&
             elements * type.getElementTypeBitWidth() / 8 <= limits.mostBytes;
    }
    if (fits)
      return pixels;
  }
  return std::nullopt;
}

/// A copy with the row as its last dimension, and how the op reads it.
static linalg::GenericOp repeat(OpBuilder &builder, Location loc, Value source,
                                AffineMap &map, ArrayRef<int64_t> sizes,
                                unsigned pixels, unsigned channels,
                                Value &row) {
  auto type = cast<MemRefType>(source.getType());
  MLIRContext *context = builder.getContext();
  // The source's other dimensions, then pixels and channels.
  unsigned rank = map.getNumResults() + 1;
  SmallVector<int64_t> shape;
  SmallVector<AffineExpr> from, kept;
  for (auto [dim, index] : llvm::enumerate(map.getResults())) {
    bool isMoved =
        index.isFunctionOfDim(pixels) || index.isFunctionOfDim(channels);
    if (isMoved) {
      from.push_back(getAffineDimExpr(
          index.isFunctionOfDim(pixels) ? rank - 2 : rank - 1, context));
      continue;
    }
    from.push_back(getAffineDimExpr(shape.size(), context));
    kept.push_back(index);
    shape.push_back(type.getDimSize(dim));
  }
  shape.append({sizes[pixels], sizes[channels]});
  Value copy = memref::AllocOp::create(
      builder, loc, MemRefType::get(shape, type.getElementType()),
      builder.getI64IntegerAttr(64));
  SmallVector<utils::IteratorType> kinds(rank, utils::IteratorType::parallel);
  auto made = linalg::GenericOp::create(
      builder, loc, TypeRange(), source, copy,
      ArrayRef<AffineMap>{AffineMap::get(rank, 0, from, context),
                          builder.getMultiDimIdentityMap(rank)},
      kinds, [](OpBuilder &b, Location l, ValueRange elements) {
        linalg::YieldOp::create(b, l, elements.front());
      });
  SmallVector<ReassociationIndices> groups;
  for (unsigned dim = 0; dim + 2 < rank; ++dim)
    groups.push_back({dim});
  groups.push_back({rank - 2, rank - 1});
  row = memref::CollapseShapeOp::create(builder, loc, copy, groups);
  kept.push_back(getAffineDimExpr(map.getNumDims(), context)); // the new loop
  map = AffineMap::get(map.getNumDims() + 1, 0, kept, context);
  return made;
}

/// Returns the copies; the op is another one then.
SmallVector<linalg::GenericOp> NestLowering::joinChannels() {
  auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
  if (!generic || iterators.size() < 2)
    return {};
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  if (llvm::any_of(sizes, [](int64_t size) {
        return ShapedType::isDynamic(size) || size == 0;
      }))
    return {};
  std::optional<unsigned> pixels, channels;
  for (unsigned dim = 0; dim < sizes.size() && !pixels; ++dim)
    if (!isReduction(dim) && sizes[dim] > 1 && sizes[dim] <= mostChannels) {
      channels = dim;
      pixels = pixelsOf(dim);
    }
  bool asksNumbers = pixels && op.getBlock()
                                   ->walk([&](linalg::IndexOp index) {
                                     return index.getDim() == *pixels ||
                                                    index.getDim() == *channels
                                                ? WalkResult::interrupt()
                                                : WalkResult::advance();
                                   })
                                   .wasInterrupted();
  if (!pixels || asksNumbers || mayOverlap())
    return {};

  // Loops that are left keep their order; the new one is the last.
  MLIRContext *context = builder.getContext();
  unsigned loops = sizes.size();
  SmallVector<AffineExpr> numbers;
  SmallVector<utils::IteratorType> kinds;
  for (unsigned dim = 0; dim < loops; ++dim) {
    bool joined = dim == *pixels || dim == *channels;
    numbers.push_back(joined ? getAffineConstantExpr(0, context)
                             : getAffineDimExpr(kinds.size(), context));
    if (!joined)
      kinds.push_back(iterators[dim]);
  }
  AffineExpr row = getAffineDimExpr(kinds.size(), context);
  numbers.push_back(row);
  kinds.push_back(utils::IteratorType::parallel);

  builder.setInsertionPoint(op);
  SmallVector<linalg::GenericOp> copies;
  SmallVector<Value> values;
  SmallVector<AffineMap> newMaps;
  DenseMap<Value, Value> views; // the same stays the same
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = maps[operand.getOperandNumber()];
    Value value = operand.get();
    SmallVector<AffineExpr> indices(map.getResults());
    Spread spread;
    Along kind =
        along(operand, map, *pixels, *channels, sizes[*channels], &spread);
    switch (kind) {
    case Along::repeated: {
      copies.push_back(repeat(builder, loc, operand.get(), map, sizes, *pixels,
                              *channels, value));
      indices.assign(map.getResults().begin(), map.getResults().end());
      break;
    }
    case Along::spread:
    case Along::row: {
      auto type = cast<MemRefType>(value.getType());
      int64_t count = sizes[*channels];
      AffineExpr pixel = without(indices[indices.size() - 2], *pixels),
                 channel = without(indices.back(), *channels),
                 along = getAffineDimExpr(loops, context);
      if (kind == Along::spread) {
        spreads[operand.getOperandNumber()] = spread;
        AffineExpr number = along.floorDiv(count);
        along = along % count * spread.inner;
        if (!isDense(type)) {
          indices[indices.size() - 2] =
              pixel + number * (spread.stride / pixelStride(type));
          indices.back() = channel + along;
          break;
        }
        along = number * spread.stride + along;
      }
      indices.pop_back();
      indices.back() = pixel * count + channel + along;
      Value &view = views[value];
      if (!view) {
        SmallVector<ReassociationIndices> groups;
        int64_t rank = type.getRank();
        for (int64_t dim = 0; dim + 2 < rank; ++dim)
          groups.push_back({dim});
        groups.push_back({rank - 2, rank - 1});
        view = memref::CollapseShapeOp::create(builder, loc, value, groups);
      }
      value = view;
      break;
    }
    default:
      break;
    }
    values.push_back(value);
    for (AffineExpr &index : indices)
      index = index.replaceDims(numbers);
    newMaps.push_back(
        simplifyAffineMap(AffineMap::get(kinds.size(), 0, indices, context)));
  }
  ValueRange all(values);
  auto made = linalg::GenericOp::create(
      builder, loc, TypeRange(), all.take_front(op.getNumDpsInputs()),
      all.drop_front(op.getNumDpsInputs()), newMaps, kinds);
  made->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  IRMapping mapping;
  generic.getRegion().cloneInto(&made.getRegion(), mapping);
  made.walk([&](linalg::IndexOp index) {
    index.setDim(cast<AffineDimExpr>(numbers[index.getDim()]).getPosition());
  });
  op->erase();
  op = made;
  maps = std::move(newMaps);
  iterators = std::move(kinds);
  return copies;
}
