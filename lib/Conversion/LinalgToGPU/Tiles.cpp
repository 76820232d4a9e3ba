//===----------------------------------------------------------------------===//
// Part of the tfc project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// For each slice of the sum, the block copies a tile of each operand to shared
// memory. Elements outside count as zero. What follows element by element is
// computed before the thread leaves its elements.
//===----------------------------------------------------------------------===//

#include "Tiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace tfc::device;

Tiles::Tiles(Group &group, StringRef kind, int64_t threads, int64_t depth)
    : group(group), step(group.steps.front()), product(*group.product),
      writer(group, kind, threads), b(writer.b), depth(depth) {}

Value Tiles::placeLeft(Value row, Value k) {
  return writer.add(writer.mul(row, writer.constant(depth)), k);
}

Value Tiles::placeRight(Value k, Value column) {
  return writer.add(writer.mul(k, writer.constant(width)), column);
}

int64_t Tiles::count(ArrayRef<unsigned> positions) const {
  int64_t result = 1;
  for (unsigned at : positions)
    result *= step.loops.sizes[at];
  return result;
}

/// Sets the loops at these positions from one index.
void Tiles::placeLoops(Values &ivs, ArrayRef<unsigned> positions,
                       Value linear) {
  Values sizes;
  for (unsigned at : positions)
    sizes.push_back(writer.constant(step.loops.sizes[at]));
  if (positions.empty())
    return;
  for (auto [at, value] :
       llvm::zip(positions, writer.delinearize(linear, sizes)))
    ivs[step.loops.order[at]] = value;
}

Values Tiles::indicesOf(Value row, Value column) {
  Values ivs(step.loops.order.size());
  placeLoops(ivs, product.batch, batch);
  placeLoops(ivs, product.rows, row);
  placeLoops(ivs, product.columns, column);
  return ivs;
}

Values Tiles::indicesAt(ArrayRef<unsigned> down, Value row,
                        ArrayRef<unsigned> across, Value column) {
  Values ivs(step.loops.order.size());
  placeLoops(ivs, product.batch, batch);
  placeLoops(ivs, down, row);
  placeLoops(ivs, across, column);
  for (Value &iv : ivs)
    if (!iv)
      iv = writer.constant(0);
  return ivs;
}

Value Tiles::inside(Value index, ArrayRef<unsigned> positions) {
  return writer.less(index, writer.constant(count(positions)));
}

Value Tiles::isInside(Value row, Value column) {
  return arith::AndIOp::create(b, inside(row, product.rows),
                               inside(column, product.columns));
}

Value Tiles::loadIf(Value condition, Type type,
                    llvm::function_ref<Value()> load) {
  auto choice =
      scf::IfOp::create(b, TypeRange(type), condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(choice.thenBlock());
  scf::YieldOp::create(b, load());
  b.setInsertionPointToEnd(choice.elseBlock());
  scf::YieldOp::create(
      b, Value(arith::ConstantOp::create(b, b.getZeroAttr(type))));
  return choice.getResult(0);
}

void Tiles::start(int64_t high, int64_t wide, int64_t leftRoom,
                  int64_t rightRoom) {
  height = high;
  width = wide;
  auto extent = [&](int64_t size) -> Value {
    return arith::ConstantIndexOp::create(writer.outer, size);
  };
  writer.setGrid(extent(llvm::divideCeil(columns(), width)),
                 extent(llvm::divideCeil(rows(), height)),
                 extent(count(product.batch)));
  tileLeft = writer.shared(std::max(height * depth, leftRoom),
                           elementOf(product.left));
  tileRight = writer.shared(std::max(depth * width, rightRoom),
                            elementOf(product.right));
  auto blocks = writer.launch.getBlockIds();
  batch = blocks.z;
  top = writer.mul(blocks.y, writer.constant(height));
  left = writer.mul(blocks.x, writer.constant(width));
}

/// Neighbouring threads copy neighbouring elements of memory.
void Tiles::copyTile(OpOperand &operand, Value tile, int64_t high, int64_t wide,
                     Value first, Value second, ArrayRef<unsigned> down,
                     ArrayRef<unsigned> across, Place place) {
  const Access *access = &step.accessOf(operand);
  bool byColumns = access->affine &&
                   std::abs(access->coefficients[down.back()]) == 1 &&
                   std::abs(access->coefficients[across.back()]) != 1;
  bool whole = count(down) % high == 0 && count(across) % wide == 0;
  for (int64_t part = 0; part < high * wide; part += writer.threads()) {
    Value at = writer.add(writer.thread(), writer.constant(part));
    Value extent = writer.constant(byColumns ? high : wide);
    Value slow = b.createOrFold<arith::DivUIOp>(at, extent);
    Value fast = b.createOrFold<arith::RemUIOp>(at, extent);
    Value row = byColumns ? fast : slow, column = byColumns ? slow : fast;
    Value r = writer.add(first, row), c = writer.add(second, column);
    auto fetch = [&] {
      return writer.load(step, operand, indicesAt(down, r, across, c));
    };
    Value element;
    if (whole)
      element = fetch();
    else
      element =
          loadIf(arith::AndIOp::create(b, inside(r, down), inside(c, across)),
                 elementOf(&operand), fetch);
    memref::StoreOp::create(b, convert(element), tile, place(row, column));
  }
}

Values Tiles::sum(ValueRange initial,
                  llvm::function_ref<Values(ValueRange)> multiply) {
  return writer.loop(
      writer.constant(0), writer.constant(inner()), writer.constant(depth),
      initial, [&](Value k, ValueRange now) {
        copyTile(*product.left, tileLeft, height, depth, top, k, product.rows,
                 product.inner,
                 [&](Value row, Value inner) { return placeLeft(row, inner); });
        copyTile(*product.right, tileRight, depth, width, k, left,
                 product.inner, product.columns,
                 [&](Value inner, Value column) {
                   return placeRight(inner, column);
                 });
        publish();
        Values next = multiply(now);
        writer.barrier();
        return next;
      });
}

Value Tiles::initial(Value row, Value column) {
  if (group.fill)
    return group.fill.getInputs()[0];
  return loadIf(isInside(row, column), elementOf(product.result), [&] {
    return writer.load(step, *product.result, indicesOf(row, column));
  });
}

void Tiles::finish(Value row, Value column, Value sum) {
  auto run = [&] {
    Values ivs = indicesOf(row, column);
    for (Value &iv : ivs)
      if (!iv)
        iv = writer.constant(0);
    writer.store(step, *product.result, ivs, sum);
    for (Step &next : llvm::drop_begin(group.steps)) {
      Values own(next.loops.order.size());
      for (unsigned at = 0; at < step.loops.numParallel; ++at)
        own[next.loops.order[at]] = ivs[step.loops.order[at]];
      Values sizes;
      for (int64_t size : next.loops.sizes)
        sizes.push_back(writer.constant(size));
      writer.point(next, sizes, own);
    }
  };
  if (rows() % height == 0 && columns() % width == 0)
    return run();
  writer.when(isInside(row, column), run);
}
