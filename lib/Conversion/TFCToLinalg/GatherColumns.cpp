//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Elements at places whose numbers are columns of their own, joined only to be
// taken apart again: one number for each place, which is computed where the
// element is read. Indices are in range: that was checked before.
//===----------------------------------------------------------------------===//

#include "GatherColumns.h"
#include "Rows.h"
#include "mlir/IR/Builders.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

/// The columns, without their dimension of one element; nothing if the indices
/// are not made of such.
static SmallVector<Value> columnsOf(OpBuilder &b, Value indices) {
  auto join = indices.getDefiningOp<ConcatOp>();
  if (!join || int64_t(join.getAxis()) != rankOf(indices) - 1)
    return {};
  SmallVector<Value> columns;
  for (Value part : join.getXs())
    if (cast<RankedTensorType>(part.getType()).getShape().back() != 1)
      return {};
  int64_t last = rankOf(indices) - 1;
  for (Value part : join.getXs()) {
    auto expanded = part.getDefiningOp<ExpandDimsOp>();
    columns.push_back(
        expanded && llvm::equal(expanded.getAxes(), ArrayRef<int64_t>(last))
            ? expanded.getX()
            : SqueezeOp::create(b, join.getLoc(), part,
                                b.getDenseI64ArrayAttr({last})));
  }
  return columns;
}

static void gatherByNumber(GatherNdOp op) {
  auto type = dyn_cast<RankedTensorType>(op.getX().getType());
  auto integer = dyn_cast<IntegerType>(elementOf(op.getIndices()));
  int64_t depth =
      cast<RankedTensorType>(op.getIndices().getType()).getShape().back();
  if (!type || !type.hasStaticShape() || !integer || isForDevice(op) ||
      op.getBatchDims() != 0 || rankOf(op.getIndices()) < 2 || depth < 2)
    return;
  ArrayRef<int64_t> sizes = type.getShape().take_front(depth);
  int64_t places = 1;
  for (int64_t size : sizes)
    if (llvm::MulOverflow(places, size, places))
      return;
  if (!llvm::isIntN(integer.getWidth(), places))
    return;
  OpBuilder b(op);
  SmallVector<Value> columns = columnsOf(b, op.getIndices());
  if (columns.empty())
    return;
  Location loc = op.getLoc();
  Value number;
  for (auto [column, size] : llvm::zip_equal(columns, sizes)) {
    if (!number) {
      number = column;
      continue;
    }
    Value width = ConstantOp::create(
        b, loc,
        DenseElementsAttr::get(RankedTensorType::get({}, integer),
                               APInt(integer.getWidth(), size)));
    number =
        AddOp::create(b, loc, MulOp::create(b, loc, number, width), column);
  }
  SmallVector<int64_t> shape{places};
  llvm::append_range(shape, type.getShape().drop_front(depth));
  Value flat =
      ReshapeOp::create(b, loc, op.getX(), b.getDenseI64ArrayAttr(shape));
  Value found =
      GatherOp::create(b, loc, op.getResult().getType(), flat, number,
                       b.getI64IntegerAttr(0), b.getI64IntegerAttr(0));
  op.getResult().replaceAllUsesWith(found);
  op.erase();
}

void lowering::gatherByNumbers(Region &region) {
  SmallVector<GatherNdOp> all;
  region.walk([&](GatherNdOp op) { all.push_back(op); });
  for (GatherNdOp op : all)
    gatherByNumber(op);
}

bool lowering::isOnlyShown(Operation *op) {
  auto join = dyn_cast<ConcatOp>(op);
  if (!join || !join.getResult().hasOneUse() ||
      cast<RankedTensorType>(join.getResult().getType())
          .isDynamicDim(join.getAxis()))
    return false;
  auto check = dyn_cast<AssertOp>(*join->user_begin());
  return check && check->getBlock() == join->getBlock() &&
         llvm::is_contained(check.getData(), join.getResult());
}

LogicalResult lowering::lowerShown(Lowering &l, Value old) {
  Operation *op = old.getDefiningOp();
  if (!op || l.isStored(old) || !isOnlyShown(op))
    return success();
  return handlers().find(op->getName().getStringRef())->second(l, op);
}
