//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// Lists as tensors with one more dimension. Setting an element writes in place,
// by bufferization. A list whose elements' size shows with the first one set
// gets a new buffer then. One that grows is a tensor with room for more
// elements, which are zero, and its length beside it: a new buffer is twice as
// large.
//===----------------------------------------------------------------------===//

#include "Lists.h"
#include "Lowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "tfc/Dialect/TFC/IR/TFC.h"

using namespace mlir;
using namespace tfc;
using namespace tfc::lowering;

static RankedTensorType elementType(Value list) {
  return cast<RankedTensorType>(
      cast<ListType>(list.getType()).getElementType());
}

/// Zeros, of sizes that may be values.
static Value zeros(Lowering &l, ArrayRef<OpFoldResult> sizes, Type element) {
  Value init = tensor::EmptyOp::create(l.b, l.loc, sizes, storageType(element));
  Value zero =
      toStorage(l.b, l.loc, numberScalar(l.b, l.loc, element, 0), element);
  return linalg::FillOp::create(l.b, l.loc, zero, init).getResult(0);
}

/// Unknown sizes of elements count as 0 until the first element is set.
static LogicalResult lowerCreate(Lowering &l, ListCreateOp op) {
  RankedTensorType element = elementType(op.getList());
  Value length = l.toIndex(l.value(op.getSize()), elementOf(op.getSize()));
  SmallVector<OpFoldResult> sizes{length};
  for (int64_t size : element.getShape())
    sizes.push_back(l.b.getIndexAttr(ShapedType::isDynamic(size) ? 0 : size));
  Value tensor = zeros(l, sizes, element.getElementType());
  l.set(op.getList(), l.convert(tensor, l.loweredType(op.getList().getType())));
  if (op.getDynamicSize())
    l.setLength(op.getList(), length);
  return success();
}

/// Was one of the lists that `list` may be created to grow?
static bool wasMadeToGrow(Value list, llvm::SmallDenseSet<Value> &seen) {
  while (auto set = list.getDefiningOp<ListSetOp>())
    list = set.getList();
  if (!seen.insert(list).second)
    return false;
  if (auto argument = dyn_cast<BlockArgument>(list)) {
    auto loop = dyn_cast<WhileOp>(argument.getOwner()->getParentOp());
    if (!loop)
      return true;
    unsigned i = argument.getArgNumber();
    return wasMadeToGrow(loop.getInits()[i], seen) ||
           wasMadeToGrow(
               loop.getBodyRegion().front().getTerminator()->getOperand(i),
               seen);
  }
  Operation *op = list.getDefiningOp();
  if (auto create = dyn_cast<ListCreateOp>(op))
    return create.getDynamicSize();
  if (isa<ListUnstackOp>(op))
    return false;
  unsigned number = cast<OpResult>(list).getResultNumber();
  if (auto loop = dyn_cast<WhileOp>(op))
    return wasMadeToGrow(loop.getInits()[number], seen) ||
           wasMadeToGrow(
               loop.getBodyRegion().front().getTerminator()->getOperand(number),
               seen);
  if (auto branch = dyn_cast<IfOp>(op))
    return wasMadeToGrow(
               branch.getThenRegion().front().getTerminator()->getOperand(
                   number),
               seen) ||
           wasMadeToGrow(
               branch.getElseRegion().front().getTerminator()->getOperand(
                   number),
               seen);
  return true;
}

bool lowering::mayGrow(Value list) {
  llvm::SmallDenseSet<Value> seen;
  return isa<ListType>(list.getType()) && wasMadeToGrow(list, seen);
}

bool lowering::keepsSize(Value list) {
  return elementType(list).hasStaticShape() && !mayGrow(list);
}

static Value notEqual(Lowering &l, Value x, Value y) {
  return arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::ne, x, y);
}
static Value orOf(Lowering &l, Value x, Value y) {
  return x ? arith::OrIOp::create(l.b, l.loc, x, y).getResult() : y;
}
static Value sizeOf(Lowering &l, Value tensor, int64_t i) {
  return tensor::DimOp::create(l.b, l.loc, tensor, i);
}

Value Lowering::lengthOf(Value list) {
  if (Value length = lengths.lookup(list))
    return length;
  return sizeOf(*this, value(list), 0);
}

/// The list with room for an element of these sizes at `index`; it has to have
/// `needed` elements, if it grows.
static Value makeRoom(Lowering &l, Value list, ArrayRef<Dim> of, Value needed,
                      Type element) {
  auto type = cast<RankedTensorType>(list.getType());
  Value room = sizeOf(l, list, 0), isOther, tooSmall;
  for (auto [i, dim] : llvm::enumerate(of))
    if (type.isDynamicDim(i + 1))
      isOther =
          orOf(l, isOther, notEqual(l, sizeOf(l, list, i + 1), l.size(dim)));
  if (needed)
    tooSmall = arith::CmpIOp::create(l.b, l.loc, arith::CmpIPredicate::slt,
                                     room, needed);
  if (!isOther && !tooSmall)
    return list;
  Value lacks = tooSmall ? orOf(l, isOther, tooSmall) : isOther;
  auto branch = scf::IfOp::create(l.b, l.loc, TypeRange{type}, lacks,
                                  /*addThenBlock=*/true,
                                  /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(l.b);
  l.b.setInsertionPointToStart(branch.thenBlock());
  Value larger = room;
  if (needed) {
    Value twice = arith::MaxSIOp::create(
        l.b, l.loc, needed,
        arith::MulIOp::create(l.b, l.loc, room, l.constantIndex(2)));
    larger = arith::SelectOp::create(l.b, l.loc, tooSmall, twice, room);
  }
  SmallVector<OpFoldResult> sizes{larger}, old{room};
  for (auto [i, dim] : llvm::enumerate(of)) {
    sizes.push_back(type.isDynamicDim(i + 1) ? OpFoldResult(l.size(dim))
                                             : OpFoldResult(l.b.getIndexAttr(
                                                   type.getDimSize(i + 1))));
    // Elements of another size are those never set, of size 0: nothing to copy.
    if (type.isDynamicDim(i + 1))
      old.push_back(arith::MinSIOp::create(l.b, l.loc, sizeOf(l, list, i + 1),
                                           l.size(dim))
                        .getResult());
    else
      old.push_back(sizes.back());
  }
  Value buffer = l.convert(zeros(l, sizes, element), type);
  SmallVector<OpFoldResult> offsets(type.getRank(), l.b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), l.b.getIndexAttr(1));
  buffer = tensor::InsertSliceOp::create(l.b, l.loc, list, buffer, offsets, old,
                                         strides);
  scf::YieldOp::create(l.b, l.loc, buffer);
  l.b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(l.b, l.loc, list);
  return branch.getResult(0);
}

static LogicalResult lowerSet(Lowering &l, ListSetOp op) {
  Value list = l.value(op.getList());
  Value index = l.toIndex(l.value(op.getIndex()), elementOf(op.getIndex()));
  Type element = elementType(op.getList()).getElementType();
  ArrayRef<Dim> of = l.dims.of(op.getValue());
  auto type = cast<RankedTensorType>(list.getType());
  if (static_cast<int64_t>(of.size()) + 1 != type.getRank())
    return op.emitOpError("sets an element of type ")
           << op.getValue().getType() << " in a list of "
           << elementType(op.getList());
  Value needed;
  if (mayGrow(op.getList())) {
    Value end = arith::AddIOp::create(l.b, l.loc, index, l.constantIndex(1));
    needed = arith::MaxSIOp::create(l.b, l.loc, l.lengthOf(op.getList()), end);
    l.setLength(op.getResult(), needed);
  }
  list = makeRoom(l, list, of, needed, element);
  Value value = l.value(op.getValue());
  if (of.empty()) {
    l.set(op.getResult(), l.insert(value, list, index, element));
    return success();
  }
  SmallVector<OpFoldResult> offsets(type.getRank(), l.b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), l.b.getIndexAttr(1)),
      sizes{l.b.getIndexAttr(1)};
  offsets[0] = index;
  llvm::append_range(sizes, l.sizes(of));
  l.set(op.getResult(), tensor::InsertSliceOp::create(l.b, l.loc, value, list,
                                                      offsets, sizes, strides));
  return success();
}

static LogicalResult lowerGet(Lowering &l, ListGetOp op) {
  Value list = l.value(op.getList());
  Value index = l.toIndex(l.value(op.getIndex()), elementOf(op.getIndex()));
  auto type = cast<RankedTensorType>(list.getType());
  if (rankOf(op.getResult()) == 0) {
    l.set(op.getResult(), l.extract(list, index, elementOf(op.getResult())));
    return success();
  }
  SmallVector<OpFoldResult> offsets(type.getRank(), l.b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), l.b.getIndexAttr(1)),
      sizes{l.b.getIndexAttr(1)};
  offsets[0] = index;
  for (int64_t i = 1; i < type.getRank(); ++i)
    sizes.push_back(type.isDynamicDim(i)
                        ? OpFoldResult(sizeOf(l, list, i))
                        : OpFoldResult(l.b.getIndexAttr(type.getDimSize(i))));
  auto view = RankedTensorType::get(type.getShape().drop_front(),
                                    type.getElementType());
  Value element = tensor::ExtractSliceOp::create(l.b, l.loc, view, list,
                                                 offsets, sizes, strides);
  l.set(op.getResult(), l.convert(element, l.tensorType(op.getResult())));
  return success();
}

static LogicalResult lowerLength(Lowering &l, ListLengthOp op) {
  l.set(op.getResult(),
        l.fromIndex(l.lengthOf(op.getList()), elementOf(op.getResult())));
  return success();
}

static LogicalResult lowerStack(Lowering &l, ListStackOp op) {
  Value tensor = l.value(op.getList());
  if (mayGrow(op.getList())) {
    auto type = cast<RankedTensorType>(tensor.getType());
    SmallVector<OpFoldResult> offsets(type.getRank(), l.b.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(type.getRank(), l.b.getIndexAttr(1)),
        sizes{l.lengthOf(op.getList())};
    for (int64_t i = 1; i < type.getRank(); ++i)
      sizes.push_back(type.isDynamicDim(i)
                          ? OpFoldResult(sizeOf(l, tensor, i))
                          : OpFoldResult(l.b.getIndexAttr(type.getDimSize(i))));
    tensor = tensor::ExtractSliceOp::create(l.b, l.loc, type, tensor, offsets,
                                            sizes, strides);
  }
  l.set(op.getResult(), l.convert(tensor, l.tensorType(op.getResult())));
  return success();
}

static LogicalResult lowerUnstack(Lowering &l, ListUnstackOp op) {
  l.set(op.getList(),
        l.convert(l.value(op.getX()), l.loweredType(op.getList().getType())));
  return success();
}

void lowering::addListHandlers(Handlers &handlers) {
  addHandler<ListCreateOp, lowerCreate>(handlers);
  addHandler<ListSetOp, lowerSet>(handlers);
  addHandler<ListGetOp, lowerGet>(handlers);
  addHandler<ListLengthOp, lowerLength>(handlers);
  addHandler<ListStackOp, lowerStack>(handlers);
  addHandler<ListUnstackOp, lowerUnstack>(handlers);
}
