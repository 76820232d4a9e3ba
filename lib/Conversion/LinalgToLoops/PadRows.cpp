//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// A padded copy, and what is filled around it, are one loop over rows.
//
// Margins beside an image share lines of the cache with it, and those above and
// below are rows like others. Loops of their own are too short for threads, so
// that one of them filled all margins, and the others fetched these lines from
// its cache. In the loop over rows each thread writes whole rows, and reads
// them back afterwards.
//
// For each row: copy the image's part if it has one; fill the parts of the
// margins that lie in it. What is written there stays in its order.
//===----------------------------------------------------------------------===//

#include "Margins.h"
#include "NestLowering.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "tfc/Dialect/TFCRT/IR/MayAlias.h"
#include "tfc/Dialect/TFCRT/IR/ParallelLoop.h"
#include "tfc/Dialect/TFCRT/Transforms/Body.h"

using namespace mlir;
using namespace tfc::loops;

namespace {

/// A part of a buffer, and where it lies in it.
struct PartOfPadded {
  Operation *writer;
  SmallVector<int64_t> offsets, sizes;
};

/// What writes a buffer, one behind the other: the copy first.
struct PaddedRows {
  memref::AllocOp buffer;
  memref::CopyOp copy;
  SmallVector<PartOfPadded> parts;
};

class PadRowsEmitter {
public:
  PadRowsEmitter(OpBuilder &builder, PaddedRows &rows, Location loc)
      : builder(builder), rows(rows), loc(loc) {}
  void run(ArrayRef<unsigned> dims, double nanoseconds);

private:
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }
  Value isInside(const PartOfPadded &part);
  Value row(Value memory, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes,
            ArrayRef<int64_t> shift);
  void emit(const PartOfPadded &part);

  OpBuilder &builder;
  PaddedRows &rows;
  Location loc;
  ArrayRef<unsigned> dims;    // that tell rows apart
  SmallVector<Value> indices; // of the row at hand, in these
};

} // namespace

/// What a view of a buffer is a part of it, if that is known.
static std::optional<PartOfPadded> partOfPadded(Operation *writer, Value target,
                                                Value buffer) {
  auto view = target.getDefiningOp<memref::SubViewOp>();
  if (!view || view.getSource() != buffer || !view.hasUnitStride() ||
      ShapedType::isDynamicShape(view.getStaticOffsets()) ||
      ShapedType::isDynamicShape(view.getStaticSizes()))
    return std::nullopt;
  return PartOfPadded{writer, llvm::to_vector(view.getStaticOffsets()),
                      llvm::to_vector(view.getStaticSizes())};
}

static std::optional<PaddedRows> matchPaddedRows(memref::CopyOp copy) {
  PaddedRows rows;
  rows.copy = copy;
  auto view = copy.getTarget().getDefiningOp<memref::SubViewOp>();
  if (!view || view.getDroppedDims().any())
    return std::nullopt;
  rows.buffer = view.getSource().getDefiningOp<memref::AllocOp>();
  if (!rows.buffer || !rows.buffer.getType().hasStaticShape() ||
      rows.buffer.getType().getRank() < 2 ||
      tfc::rt::mayAlias(tfc::rt::rootOf(copy.getSource()),
                        rows.buffer.getResult()))
    return std::nullopt;
  auto image = partOfPadded(copy, copy.getTarget(), rows.buffer);
  if (!image)
    return std::nullopt;
  rows.parts.push_back(*image);
  for (Operation *op = copy->getNextNode(); op; op = op->getNextNode()) {
    auto other = dyn_cast<memref::CopyOp>(op);
    if ((other && other.getSource() == other.getTarget()) ||
        (isMemoryEffectFree(op) && !op->getNumRegions()))
      continue;
    auto fill = dyn_cast<linalg::FillOp>(op);
    if (!fill)
      break;
    auto margin = partOfPadded(fill, fill.getOutputs()[0], rows.buffer);
    if (!margin)
      break;
    rows.parts.push_back(*margin);
  }
  if (rows.parts.size() < 2)
    return std::nullopt;
  return rows;
}

/// Is there a part of it in the row? Null if there always is.
Value PadRowsEmitter::isInside(const PartOfPadded &part) {
  Value all;
  for (auto [dim, index] : llvm::zip(dims, indices)) {
    int64_t offset = part.offsets[dim], size = part.sizes[dim];
    if (size == rows.buffer.getType().getDimSize(dim))
      continue;
    // One comparison: what is before the first row is a large number.
    Value at =
        offset ? arith::SubIOp::create(builder, loc, index, constant(offset))
               : index;
    Value inside = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::ult, at, constant(size));
    all = all ? arith::AndIOp::create(builder, loc, all, inside).getResult()
              : inside;
  }
  return all;
}

/// The part of `memory` in this row, which is counted from `shift` on.
Value PadRowsEmitter::row(Value memory, ArrayRef<int64_t> offsets,
                          ArrayRef<int64_t> sizes, ArrayRef<int64_t> shift) {
  auto type = cast<MemRefType>(memory.getType());
  SmallVector<OpFoldResult> from, extents,
      steps(type.getRank(), builder.getIndexAttr(1));
  SmallVector<int64_t> shape;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    const unsigned *found = llvm::find(dims, unsigned(dim));
    if (found == dims.end()) {
      from.push_back(builder.getIndexAttr(offsets[dim]));
      extents.push_back(builder.getIndexAttr(sizes[dim]));
      // What has one element is no dimension of an op.
      if (sizes[dim] != 1)
        shape.push_back(sizes[dim]);
      continue;
    }
    Value index = indices[found - dims.begin()];
    from.push_back(shift[dim] ? arith::SubIOp::create(builder, loc, index,
                                                      constant(shift[dim]))
                                    .getResult()
                              : index);
    extents.push_back(builder.getIndexAttr(1));
  }
  auto slice = memref::SubViewOp::inferRankReducedResultType(shape, type, from,
                                                             extents, steps);
  return memref::SubViewOp::create(builder, loc, cast<MemRefType>(slice),
                                   memory, from, extents, steps);
}

void PadRowsEmitter::emit(const PartOfPadded &part) {
  SmallVector<int64_t> none(part.offsets.size(), 0);
  Value inside = isInside(part);
  OpBuilder::InsertionGuard guard(builder);
  if (inside) {
    auto only = scf::IfOp::create(builder, loc, inside, /*withElse=*/false);
    builder.setInsertionPointToStart(only.thenBlock());
  }
  Value target = row(rows.buffer, part.offsets, part.sizes, none);
  if (auto fill = dyn_cast<linalg::FillOp>(part.writer)) {
    linalg::FillOp::create(builder, part.writer->getLoc(), fill.getInputs()[0],
                           target);
    return;
  }
  Value source = row(rows.copy.getSource(), none, part.sizes, part.offsets);
  memref::CopyOp::create(builder, part.writer->getLoc(), source, target);
}

void PadRowsEmitter::run(ArrayRef<unsigned> of, double nanoseconds) {
  dims = of;
  MemRefType type = rows.buffer.getType();
  int64_t count = 1;
  for (unsigned dim : dims)
    count *= type.getDimSize(dim);
  builder.setInsertionPoint(rows.parts.back().writer);
  auto loop = scf::ForOp::create(builder, loc, constant(0), constant(count),
                                 constant(1));
  loop->setAttr(tfc::rt::independent, builder.getF64FloatAttr(nanoseconds));
  builder.setInsertionPointToStart(loop.getBody());
  Value rest = loop.getInductionVar();
  indices.assign(dims.size(), Value());
  for (size_t i = dims.size(); i-- > 1;) {
    Value size = constant(type.getDimSize(dims[i]));
    indices[i] = arith::RemUIOp::create(builder, loc, rest, size);
    rest = arith::DivUIOp::create(builder, loc, rest, size);
  }
  indices[0] = rest;
  for (const PartOfPadded &part : rows.parts)
    emit(part);
  for (const PartOfPadded &part : rows.parts)
    part.writer->erase();
}

/// Windows of linalg are shared by one of their loops, the first one that is
/// long enough; products go over all rows.
static SmallVector<unsigned> dimsOfPaddedRows(memref::AllocOp buffer) {
  constexpr int64_t enough = 16;
  MemRefType type = buffer.getType();
  unsigned last = 0;
  while (last + 2 < type.getRank() && type.getDimSize(last) < enough)
    ++last;
  if (llvm::any_of(buffer->getUsers(), [](Operation *user) {
        return isa<linalg::GenericOp>(user);
      }))
    return {last};
  return llvm::to_vector(llvm::seq(0u, last + 1));
}

void tfc::loops::padByRows(OpBuilder &builder, Operation *root,
                           const NestOptions &options) {
  constexpr double ofElement = 0.12, enough = 6000; // nanoseconds
  if (!options.parallel)
    return;
  SmallVector<memref::CopyOp> copies;
  root->walk([&](memref::CopyOp copy) { copies.push_back(copy); });
  for (memref::CopyOp copy : copies) {
    std::optional<PaddedRows> rows = matchPaddedRows(copy);
    if (!rows)
      continue;
    MemRefType type = rows->buffer.getType();
    SmallVector<unsigned> dims = dimsOfPaddedRows(rows->buffer);
    double elements = double(type.getNumElements()), count = 1;
    for (unsigned dim : dims)
      count *= double(type.getDimSize(dim));
    if (elements * ofElement < enough)
      continue;
    PadRowsEmitter(builder, *rows, copy.getLoc())
        .run(dims, elements * ofElement / count);
  }
}
