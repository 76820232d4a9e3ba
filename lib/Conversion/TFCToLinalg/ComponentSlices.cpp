//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Components are taken before they are computed with.
//
// Programs on points, boxes and colours compute with all coordinates at once,
// and take them apart then: `d = p - q; d[..., 0] * d[..., 1]`. The difference
// would be stored with its coordinates beside each other, which fill no vector,
// and be read in steps. Where all that is asked of a cheap elementwise op are
// slices that together are no larger than it, its operands are sliced instead,
// and each slice is part of the loops that use it.
//===----------------------------------------------------------------------===//

#include "Lowering.h"
#include "Scalars.h"
#include "mlir/IR/IRMapping.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// Longer rows fill vectors as they are.
static constexpr int64_t mostComponents = 16;

static RankedTensorType staticType(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() ? type : RankedTensorType();
}

/// The slices that are all that is asked of the op; none if there is more, or
/// if they do not take components apart.
static SmallVector<SliceOp> componentsOf(Operation *op) {
  if (!op->hasTrait<TFCElementwise>() || op->getNumResults() != 1 ||
      op->getNumRegions() || op->use_empty())
    return {};
  const ScalarRow *row = findScalarRow(op);
  RankedTensorType type = staticType(op->getResult(0));
  if (!row || row->cost > cheapCost || !type || type.getRank() < 2 ||
      type.getShape().back() < 2 || type.getShape().back() > mostComponents ||
      !llvm::all_of(op->getOperands(), staticType))
    return {};
  SmallVector<SliceOp> slices;
  int64_t elements = 0;
  for (Operation *user : op->getUsers()) {
    auto slice = dyn_cast<SliceOp>(user);
    RankedTensorType part =
        slice ? staticType(slice.getResult()) : RankedTensorType();
    if (!part || slice->getBlock() != op->getBlock() ||
        part.getShape().back() == type.getShape().back())
      return {};
    elements += part.getNumElements();
    slices.push_back(slice);
  }
  return elements <= type.getNumElements() ? slices : SmallVector<SliceOp>();
}

/// What `slice` takes of an operand that is broadcast to what it slices.
static Value sliceOperand(OpBuilder &builder, SliceOp slice, Value operand) {
  RankedTensorType type = staticType(operand), whole = staticType(slice.getX());
  int64_t missing = whole.getRank() - type.getRank();
  SmallVector<int64_t> starts, sizes, strides;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    bool isRepeated = type.getDimSize(dim) == 1;
    starts.push_back(isRepeated ? 0 : slice.getStarts()[dim + missing]);
    strides.push_back(isRepeated ? 1 : slice.getStrides()[dim + missing]);
    sizes.push_back(
        isRepeated ? 1
                   : staticType(slice.getResult()).getDimSize(dim + missing));
  }
  auto isWhole = [&](int64_t dim) {
    return sizes[dim] == type.getDimSize(dim) && strides[dim] == 1;
  };
  if (llvm::all_of(llvm::seq<int64_t>(0, type.getRank()), isWhole))
    return operand;
  return SliceOp::create(builder, slice.getLoc(),
                         RankedTensorType::get(sizes, type.getElementType()),
                         operand, builder.getDenseI64ArrayAttr(starts),
                         builder.getDenseI64ArrayAttr(sizes),
                         builder.getDenseI64ArrayAttr(strides));
}

static void sliceOperands(Operation *op, ArrayRef<SliceOp> slices) {
  OpBuilder builder(op);
  for (SliceOp slice : slices) {
    IRMapping mapping;
    for (Value operand : op->getOperands())
      if (!mapping.contains(operand))
        mapping.map(operand, sliceOperand(builder, slice, operand));
    Operation *part = builder.clone(*op, mapping);
    auto element =
        cast<RankedTensorType>(op->getResult(0).getType()).getElementType();
    part->getResult(0).setType(RankedTensorType::get(
        staticType(slice.getResult()).getShape(), element));
    slice.getResult().replaceAllUsesWith(part->getResult(0));
    slice->erase();
  }
  op->erase();
}

void lowering::takeComponentsFirst(Region &region) {
  for (Block &block : region)
    // From users to producers: then all users of a producer are slices already.
    for (Operation *op = block.empty() ? nullptr : &block.back(); op;) {
      for (Region &nested : op->getRegions())
        takeComponentsFirst(nested);
      SmallVector<SliceOp> slices = componentsOf(op);
      if (slices.empty()) {
        op = op->getPrevNode();
        continue;
      }
      // What is made stands before the op, operands' slices among it.
      Operation *before = op->getPrevNode();
      sliceOperands(op, slices);
      op = before;
    }
}
